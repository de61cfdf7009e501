"""The Python that ours is compared with, written as one writes it with json and natsort.

same.py generate ARGUMENTS…: a manifest
same.py index FILE…: packages.json
same.py plan REGION BUCKET PREFIX FOLDER REGION BUCKET PREFIX FOLDER: the operations of a sync

Each prints the bytes that our program prints, for what data.py makes.
"""

import json
import os
import re
import sys
from datetime import datetime
from urllib.parse import quote, quote_plus, unquote, urlsplit

SUFFIX = ".composer.json"


def generate(arguments):
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../crates/manifest/tests"))
    import oracle

    sys.stdout.write(oracle.generate(arguments, os.environ))


def read(path):
    with open(path) as file:
        return json.load(file)


def php(manifest):
    return manifest.get("require", {}).get("heroku-sys/php", "0.0.0")


def index(paths):
    from natsort import natsort_keygen, natsorted

    natural = natsort_keygen()
    manifests = [read(path) for path in sorted(paths, key=os.path.basename)]

    def build_of(manifest):
        version, _, build = manifest["version"].partition("+")
        return (manifest["name"], version, php(manifest)), natural(build)

    latest = {}
    for manifest in manifests:
        group, build = build_of(manifest)
        latest[group] = max(latest.get(group, build), build)
    manifests = [m for m in manifests for group, build in [build_of(m)] if build == latest[group]]

    split = []
    for manifest in manifests:
        if manifest["type"] != "heroku-sys-php":
            continue
        shared = manifest.get("extra", {}).get("shared", {})
        for name, extension in sorted(shared.items()):
            if isinstance(extension, dict):
                url = manifest["dist"]["url"]
                extension["dist"]["url"] = url + "?extension=" + quote_plus(name)
                shared[name] = False
                split.append(extension)
    manifests += split

    for manifest in manifests:
        replace = manifest.setdefault("replace", {})
        for links in (replace, manifest["require"]):
            for name in list(links):
                if name.startswith("heroku-sys/ext-") and not name.endswith(".native"):
                    links[name + ".native"] = links[name]
        if manifest["type"] == "heroku-sys-php-extension":
            replace[manifest["name"] + ".native"] = "self.version"

    packages = {}
    order = lambda m: (m["name"], re.sub("[<>=*~^]", "0", php(m)))
    for manifest in natsorted(manifests, key=order, reverse=True):
        packages.setdefault(manifest["name"], []).append(manifest)
    json.dump({"packages": packages}, sys.stdout, sort_keys=True)


class Side:
    def __init__(self, region, bucket, prefix, folder):
        self.region, self.bucket, self.prefix, self.folder = region, bucket, prefix, folder
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))
        self.manifests = {name: read(os.path.join(folder, name)) for name in names}

    def path(self, manifest):
        """The archive below the prefix; None where it is elsewhere."""
        url = urlsplit(manifest["dist"]["url"])
        start = "/" + self.prefix
        here = re.match(re.escape(self.bucket) + r"\.s3[a-z0-9.-]*\.amazonaws\.com$", url.netloc)
        return unquote(url.path[len(start) :]) if here and url.path.startswith(start) else None

    def url(self, path):
        host = "%s.s3.dualstack.%s.amazonaws.com" % (self.bucket, self.region)
        return "https://%s/%s" % (host, quote(self.prefix + path, safe="/~"))

    def step(self, path, as_source=False):
        role = "source" if as_source else "destination"
        place = "s3://%s/%s%s" % (self.bucket, self.prefix, path)
        return {role: place, role + "-region": self.region}


def contents(manifest):
    return {key: value for key, value in manifest.items() if key not in ("time", "dist")}


def time_of(manifest):
    return datetime.strptime(manifest["time"], "%Y-%m-%d %H:%M:%S")


def plan(arguments):
    from natsort import natsorted

    source, destination = Side(*arguments[:4]), Side(*arguments[4:])
    ours, theirs = destination.manifests, source.manifests
    operations, added = [], set()

    def go_over(name, op):
        manifest = theirs[name]
        path, package = source.path(manifest), name[: -len(SUFFIX)]
        added.add(path)
        manifest["dist"]["url"] = destination.url(path)
        step = {"kind": "dist", **source.step(path, True), **destination.step(path)}
        operations.append({**step, "op": op, "package": package})
        step = {"kind": "manifest", "op": op, "package": package}
        step["source"] = os.path.join(destination.folder, name)
        operations.append({**step, **destination.step(name)})

    for name in natsorted(set(theirs) | set(ours), key=lambda name: name[: -len(SUFFIX)]):
        package = name[: -len(SUFFIX)]
        if name not in ours:
            go_over(name, "add")
        elif name not in theirs:
            for kind, what in (("dist", destination.path(ours[name])), ("manifest", name)):
                step = {"kind": kind, "op": "remove", "package": package}
                operations.append(dict(step, **destination.step(what)))
        else:
            old, new = time_of(ours[name]), time_of(theirs[name])
            if new > old:
                go_over(name, "update")
            elif new < old or contents(ours[name]) != contents(theirs[name]):
                newer = "destination is newer"
                differ = "contents differ, but times are identical"
                step = {"kind": "manifest", "op": "update", "skip": True, "package": package}
                step["source"] = os.path.join(source.folder, name)
                step["reason"] = newer if new < old else differ
                operations.append(step)
    # No archive goes that something of the result needs.
    kept = {destination.path(manifest) for name, manifest in ours.items() if name in theirs} | added
    assert not any(step["op"] == "remove" and step["destination"] in kept for step in operations)
    json.dump(operations, sys.stdout)


if __name__ == "__main__":
    {"generate": generate, "index": index, "plan": plan}[sys.argv[1]](sys.argv[2:])
