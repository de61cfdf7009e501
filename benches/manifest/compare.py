"""compare.py FOLDER MANIFESTS CALLS: see ../manifest.sh. FOLDER holds our programs."""

import os
import random
import statistics
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = [sys.executable, os.path.join(HERE, "same.py")]
# An environment that is the same everywhere, and leads to no network.
ENV = {
    "PATH": os.environ["PATH"],
    "STACK": "heroku-24-amd64",
    "S3_BUCKET": "bucket",
    "S3_PREFIX": "dist-heroku-24-develop/",
    "NOW": "2026-01-02 03:04:05",
}


def run(command, out):
    """Runs a command with stdout to a file; seconds, those on a processor, peak memory in MiB."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    ]
    start = time.perf_counter()
    pid = os.posix_spawn(command[0], command, ENV, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        sys.exit("%s: status %d" % (command[0], os.waitstatus_to_exitcode(status)))
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(title, ours, python, number, scratch):
    """Runs both in turn, so that a busy moment hits both; prints medians and their ratio."""
    outputs = [os.path.join(scratch, name) for name in ("ours", "python")]
    measured = ([], [])
    for _ in range(number):
        for command, out, results in zip((ours, python), outputs, measured):
            results.append(run(command, out))
    contents = [open(path, "rb").read() for path in outputs]
    if contents[0] != contents[1]:
        sys.exit("%s: the outputs differ" % title)
    ours, python = (
        (statistics.median(wall), statistics.median(busy), max(memory))
        for wall, busy, memory in (zip(*results) for results in measured)
    )
    print(title)
    for name, (wall, busy, memory) in (("ours", ours), ("Python", python)):
        print("  %-7s %9.1f ms  processor %9.1f ms  %5.0f MiB" % (name, wall * 1e3, busy * 1e3, memory))
    print("  ratio   %9.3f     processor %9.3f" % (ours[0] / python[0], ours[1] / python[1]))


def manifests(number, scratch):
    """A repository of many extensions for several series of PHP, and some PHPs; their files."""
    sys.path.insert(0, os.path.join(HERE, "../../crates/manifest/tests"))
    from oracle import generate

    import json

    draw = random.Random(1)
    files = []
    for at in range(number):
        series = "8.%d" % draw.randrange(5)
        if at % 50 == 0:
            version = "%s.%d" % (series, at // 50)
            shared = {"heroku-sys/ext-s%d" % n: "self.version" for n in range(12)}
            replace = {"heroku-sys/ext-r%d" % n: "self.version" for n in range(20)}
            name = "php-" + version
            about = ["heroku-sys-php", "heroku-sys/php", version]
            objects = [{}, {}, replace, {}, {"export": "bin/export.sh", "shared": shared}]
        else:
            extension = "ext-e%d" % draw.randrange(60)
            version = "%d.%d.%d" % (draw.randrange(9), draw.randrange(9), at)
            name = "%s-%s_php-%s" % (extension, version, series)
            about = ["heroku-sys-php-extension", "heroku-sys/" + extension, version]
            objects = [{"heroku-sys/php": series + ".*"}, {"heroku-sys/hhvm": "*"}, {}, {}, {}]
        args = about + [name + ".tar.gz"] + [json.dumps(o) for o in objects]
        path = os.path.join(scratch, name + ".composer.json")
        with open(path, "w") as file:
            file.write(generate(args, ENV))
        files.append(path)
    return sorted(files)


def main():
    programs, number, calls = os.path.abspath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory() as scratch:
        args = [
            "heroku-sys-php-extension",
            "heroku-sys/ext-redis",
            "6.0.2",
            "ext-redis-6.0.2_php-8.3.tar.gz",
            '{"heroku-sys/php": "8.3.*"}',
            '{"heroku-sys/hhvm": "*"}',
        ]
        ours = [os.path.join(programs, "manifest-gen")] + args
        compare("manifest-gen", ours, PYTHON + ["generate"] + args, calls, scratch)

        folder = os.path.join(scratch, "manifests")
        os.mkdir(folder)
        files = manifests(number, folder)
        ours = [os.path.join(programs, "repo-mkrepo"), "--records", "/dev/null"] + files
        title = "repo-mkrepo, %d manifests" % number
        compare(title, ours, PYTHON + ["index"] + files, 5, scratch)


main()
