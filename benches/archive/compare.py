"""compare.py PACK RUNS [TREE]: see ../archive.sh. PACK is our example program."""

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SOURCES = ["/usr/bin", "/usr/include", "/usr/lib", "/usr/local", "/usr/share"]
BINARIES = 250 << 20
TEXTS = 100 << 20

# As bob-builder has it, in bob/utils.py.
PYTHON_PACK = """
import os, sys, tarfile
with tarfile.open(sys.argv[2], 'w:gz') as tar:
    for item in os.listdir(sys.argv[1]):
        tar.add(sys.argv[1] + '/' + item, arcname=item)
"""
PYTHON_UNPACK = """
import sys, tarfile
with tarfile.open(sys.argv[1], 'r:gz') as tar:
    tar.extractall(sys.argv[2], **({'filter': 'fully_trusted'} if hasattr(tarfile, 'data_filter') else {}))
"""


def sample(tree):
    """Copies programs and texts of this machine into `tree`, the same ones each time."""
    kinds = {"binaries": [], "texts": []}
    for source in SOURCES:
        for folder, _, names in os.walk(source):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    if os.path.islink(path) or not 0 < os.path.getsize(path) < 40 << 20:
                        continue
                    with open(path, "rb") as file:
                        start = file.read(4096)
                except OSError:
                    continue
                if start.startswith((b"\x7fELF", b"!<arch>\n")):
                    kinds["binaries"].append(path)
                elif b"\0" not in start and not path.endswith((".gz", ".xz")):
                    kinds["texts"].append(path)
    for kind, most in (("binaries", BINARIES), ("texts", TEXTS)):
        paths = sorted(kinds[kind])
        random.Random(1).shuffle(paths)
        total = 0
        for path in paths:
            total += os.path.getsize(path)
            if total > most:
                break
            copy = os.path.join(tree, kind) + path
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            shutil.copy2(path, copy)


def measure(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def report(title, rows):
    """Rows of name, seconds and size; everything is compared with the first of them, ours."""
    print("\n%-24s %9s %7s %12s %7s" % (title, "seconds", "ratio", "bytes", "ratio"))
    first = None
    for name, seconds, size in rows:
        first = first or (seconds, size)
        ratios = (first[0] / seconds, first[1] / size)
        print("%-24s %9.2f %7.3f %12d %7.4f" % (name, seconds, ratios[0], size, ratios[1]))


def compare(pack, runs, tree, scratch):
    archives = {}

    def shell(text):
        return lambda archive: ["bash", "-o", "pipefail", "-c", text, "bash", tree, archive]

    packers = {
        "slipway": lambda archive: [pack, tree, archive],
        "tar | pigz -9": shell('tar -C "$1" -cf - . | pigz -9 >"$2"'),
        "tar czf": shell('tar -C "$1" -czf "$2" .'),
        "Python (bob-builder)": lambda archive: [sys.executable, "-c", PYTHON_PACK, tree, archive],
    }
    seconds = {name: [] for name in packers}
    for _ in range(runs):
        for name, packer in packers.items():
            archives[name] = os.path.join(scratch, "%d.tar.gz" % list(packers).index(name))
            seconds[name].append(measure(packer(archives[name])))
    sizes = {name: os.path.getsize(path) for name, path in archives.items()}
    report(
        "packing",
        [(name, statistics.median(seconds[name]), sizes[name]) for name in packers],
    )

    archive = archives["slipway"]
    unpackers = {
        "slipway": lambda into: [pack, "--unpack", archive, into],
        "tar xzf": lambda into: ["tar", "-xzf", archive, "-C", into],
        "Python (bob-builder)": lambda into: [sys.executable, "-c", PYTHON_UNPACK, archive, into],
    }
    seconds = {name: [] for name in unpackers}
    for _ in range(runs):
        for name, unpacker in unpackers.items():
            into = tempfile.mkdtemp(dir=scratch)
            seconds[name].append(measure(unpacker(into)))
            if subprocess.run(["diff", "-r", "--no-dereference", tree, into]).returncode != 0:
                sys.exit("%s: the unpacked tree differs" % name)
            shutil.rmtree(into)
    size = sizes["slipway"]
    report(
        "unpacking",
        [(name, statistics.median(seconds[name]), size) for name in unpackers],
    )


def main():
    pack, runs = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="bench-archive-") as scratch:
        tree = os.path.abspath(sys.argv[3]) if sys.argv[3:] and sys.argv[3] else None
        if tree is None:
            tree = os.path.join(scratch, "tree")
            sample(tree)
        number = size = 0
        for folder, _, names in os.walk(tree):
            number += len(names)
            size += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
        print("%d files, %.0f MB, %d cores" % (number, size / 1e6, os.cpu_count()))
        print("Ratios are ours to theirs: below 1, ours is faster or smaller.")
        compare(pack, runs, tree, scratch)


main()
