"""compare.py PROGRAMS WRAPPERS PYTHON MANIFESTS CALLS: see ../manifest.sh.

PROGRAMS is the folder of our programs, PYTHON one that has natsort.
"""

import filecmp
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS, WRAPPERS, PYTHON = (os.path.abspath(path) for path in sys.argv[1:4])
SAME = [PYTHON, os.path.join(HERE, "same.py")]
# An environment that is the same everywhere, and leads to no network.
ENV = {
    "PATH": PROGRAMS + ":" + os.environ["PATH"],
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
    if not filecmp.cmp(*outputs, shallow=False):
        sys.exit("%s: the outputs differ" % title)
    ours, python = (
        (statistics.median(wall), statistics.median(busy), max(memory))
        for wall, busy, memory in (zip(*results) for results in measured)
    )
    print(title)
    for name, (wall, busy, memory) in (("ours", ours), ("Python", python)):
        print("  %-7s %9.1f ms  processor %9.1f ms  %5.0f MiB" % (name, wall * 1e3, busy * 1e3, memory))
    print("  ratio   %9.3f     processor %9.3f     %5.2f" % tuple(o / p for o, p in zip(ours, python)))


def main():
    number, calls = int(sys.argv[4]), int(sys.argv[5])
    with tempfile.TemporaryDirectory() as scratch:
        args = [
            "heroku-sys-php-extension",
            "heroku-sys/ext-redis",
            "6.0.2",
            "ext-redis-6.0.2_php-8.3.tar.gz",
            '{"heroku-sys/php": "8.3.*"}',
            '{"heroku-sys/hhvm": "*"}',
        ]
        ours = [os.path.join(PROGRAMS, "manifest-gen")] + args
        compare("manifest-gen", ours, SAME + ["generate"] + args, calls, scratch)

        # In a process of its own: what a program is started from counts as its memory, until the
        # program itself has more.
        subprocess.run([PYTHON, os.path.join(HERE, "data.py"), str(number), scratch], check=True)
        folders = [os.path.join(scratch, side) for side in ("source", "destination")]
        files = sorted(entry.path for entry in os.scandir(folders[0]))
        ours = [os.path.join(WRAPPERS, "mkrepo.sh")] + files
        title = "mkrepo.sh, %d manifests" % len(files)
        compare(title, ours, SAME + ["index"] + files, 9, scratch)

        args = ["us-east-1", "bucket", "dist-heroku-24-develop/", folders[0]]
        args += ["eu-west-1", "mirror", "dist-heroku-24-stable/", folders[1]]
        ours = [os.path.join(PROGRAMS, "repo-sync"), "ops", "--dry-run"] + args
        title = "repo-sync ops, %d and %d manifests" % tuple(len(os.listdir(f)) for f in folders)
        compare(title, ours, SAME + ["plan"] + args, 9, scratch)
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("(Memory below %.0f MiB, that of this script, cannot be told.)" % floor)


main()
