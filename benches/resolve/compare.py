"""Resolving beside Composer; see ../resolve.sh.

compare.py PLATFORM_INSTALL VERSIONS...
"""

import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

import data


def run(command, environment, folder):
    """Wall seconds, processor seconds and output of a process."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        command, env=environment, cwd=folder, check=True, capture_output=True, encoding="utf-8"
    )
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, done.stdout + done.stderr


def picks(output):
    """What is installed, in order, but for the plugin, which only Composer needs."""
    lines = re.findall(r"^ *- (?:Installing )?(\S+) \((\S+)\)$", output, re.MULTILINE)
    return [
        (name.removeprefix("heroku-sys/"), version)
        for name, version in lines
        if name != "heroku/installer-plugin"
    ]


def measure(program, versions):
    with tempfile.TemporaryDirectory() as base:
        folder = pathlib.Path(base) / "app"
        data.write(folder, versions)
        environment = dict(
            os.environ,
            COMPOSER_HOME=base,
            COMPOSER_ALLOW_SUPERUSER="1",
        )
        theirs = [
            "composer", "update", "--dry-run", "--no-dev", "--no-plugins", "--no-ansi",
            "--no-interaction",
        ]
        ours = [str(pathlib.Path(program).resolve()), "--dry-run", "--no-dev"]
        best = {}
        seen = {}
        for _ in range(7):
            for name, command in [("ours", ours), ("composer", theirs)]:
                wall, cpu, output = run(command, environment, folder)
                known = best.get(name, (wall, cpu))
                best[name] = (min(wall, known[0]), min(cpu, known[1]))
                seen[name] = picks(output)
    if seen["ours"] != seen["composer"] or not seen["ours"]:
        sys.exit(f"not the same: {seen}")
    (wall, cpu), (their_wall, their_cpu) = best["ours"], best["composer"]
    print(
        f"{versions:6} versions: ours {wall * 1000:.1f} ms wall, {cpu * 1000:.1f} ms cpu;"
        f" Composer {their_wall * 1000:.0f} ms wall, {their_cpu * 1000:.0f} ms cpu;"
        f" ratio {wall / their_wall:.3f} wall, {cpu / their_cpu:.3f} cpu"
    )


def main():
    for versions in sys.argv[2:]:
        measure(sys.argv[1], int(versions))


if __name__ == "__main__":
    main()
