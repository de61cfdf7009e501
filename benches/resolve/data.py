"""Writes a platform repository as large as one likes, and an application's platform composer.json.

data.py FOLDER VERSIONS

As in the repositories that buildpacks use: PHP in several series, each extension in several
versions, and each of these for every series.
"""

import json
import pathlib
import sys

SERIES = ["7.3", "7.4", "8.0", "8.1", "8.2", "8.3"]
EXTENSIONS = [
    "amqp", "apcu", "blackfire", "cassandra", "ds", "ev", "event", "gd", "imagick", "igbinary",
    "intl", "mcrypt", "memcached", "mongodb", "newrelic", "oauth", "pcov", "phalcon", "pq",
    "protobuf", "psr", "raphf", "rdkafka", "redis", "scoutapm", "soap", "sqlite3", "tidyways",
    "uuid", "xsl",
]
# Those that come with PHP.
BUNDLED = [
    "ctype", "curl", "date", "dom", "exif", "fileinfo", "filter", "ftp", "hash", "iconv", "json",
    "libxml", "mbstring", "mysqli", "openssl", "pcre", "pdo", "phar", "posix", "session",
    "simplexml", "sockets", "spl", "tokenizer", "xml", "xmlreader", "xmlwriter", "zip", "zlib",
]
HOST = "https://packages.example.com/dist-heroku-24-stable/"


def package(name, version, kind, file, require=None):
    return {
        "conflict": {"heroku-sys/hhvm": "*"},
        "dist": {"type": "heroku-sys-tar", "url": HOST + file + ".tar.gz"},
        "name": "heroku-sys/" + name,
        "require": {
            "heroku-sys/heroku": "^24.0.0",
            "heroku/installer-plugin": "^1.6.0",
            **(require or {}),
        },
        "time": "2024-03-14 01:18:50",
        "type": kind,
        "version": version,
    }


def repository(versions):
    packages = {}

    def add(item):
        packages.setdefault(item["name"], []).append(item)

    # A tenth is PHP itself; the rest is extensions, each version for each series.
    for patch in range(max(1, versions // 10 // len(SERIES)), 0, -1):
        for series in reversed(SERIES):
            version = f"{series}.{patch}"
            item = package("php", version, "heroku-sys-php", f"php-{version}")
            item["provide"] = {"heroku-sys/php-64bit": version}
            item["replace"] = {"heroku-sys/ext-" + name: version for name in BUNDLED}
            add(item)
    for name in ["apache", "nginx", "composer"]:
        for minor in range(8, 0, -1):
            version = f"2.{minor}.1" if name != "nginx" else f"1.{minor * 4}.0"
            add(package(name, version, "heroku-sys-webserver", f"{name}-{version}"))
    left = versions - sum(len(items) for items in packages.values())
    releases = left // (len(EXTENSIONS) * len(SERIES))
    for extension in EXTENSIONS:
        for release in range(releases, 0, -1):
            version = f"{3 + release // 20}.{release // 4 % 5}.{release % 4}"
            for series in reversed(SERIES):
                add(package(
                    "ext-" + extension, version, "heroku-sys-php-extension",
                    f"extensions/{extension}-{version}_php-{series}",
                    {"heroku-sys/php": series + ".*"},
                ))
    return {"packages": packages}


def application(folder):
    metapackage = {
        "name": "composer.json/composer.lock", "version": "dev-5f2d1a6c", "type": "metapackage",
        "require": {"heroku-sys/php": "^8.1", "heroku-sys/ext-redis": "*", "heroku-sys/ext-gd": "*",
                    "heroku-sys/ext-intl": "*", "heroku-sys/ext-json": "*",
                    "heroku-sys/ext-mbstring": "*", "heroku-sys/ext-curl": "*"},
    }
    library = {
        "name": "acme/library", "version": "v2.1.0", "type": "metapackage",
        "require": {"heroku-sys/php": ">=7.4", "heroku-sys/ext-mongodb": "^3.0",
                    "heroku-sys/ext-imagick": "*", "heroku-sys/ext-apcu": "*",
                    "heroku-sys/ext-json": "*", "heroku-sys/ext-ctype": "*",
                    "heroku-sys/ext-xml": "*"},
    }
    return {
        "config": {"allow-plugins": True},
        "minimum-stability": "stable",
        "provide": {"heroku-sys/heroku": "24.2024.03.14"},
        "require": {
            "composer.json/composer.lock": "dev-5f2d1a6c",
            "acme/library": "v2.1.0",
            "heroku-sys/composer": "*",
            "heroku-sys/apache": "^2.4.1",
            "heroku-sys/nginx": "^1.8.0",
        },
        "repositories": [
            {"packagist": False},
            {"type": "package", "package": {
                "name": "heroku/installer-plugin", "version": "1.8.7", "type": "metapackage"}},
            {"type": "composer", "url": "file://" + str(folder / "repository")},
            {"type": "package", "package": [library, metapackage]},
        ],
    }


def write(folder, versions):
    (folder / "repository").mkdir(parents=True, exist_ok=True)
    (folder / "repository" / "packages.json").write_text(json.dumps(repository(versions)))
    (folder / "composer.json").write_text(json.dumps(application(folder), indent=4))


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]))
