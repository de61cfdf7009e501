#!/usr/bin/env python3
"""Keeps the code map true: who may depend on whom (docs/architecture.md).

check-layers.py [METADATA]

METADATA is the output of `cargo metadata --no-deps --format-version 1`, from a
file, or from stdin where it is not given. Prints each edge that is not allowed;
exit status 1 when there is one.
"""

import json
import sys

# Libraries, from the bottom up: each may use those above it in this list only.
LIBRARIES = [
    "parallel",
    "checksum",
    "printable",
    "manifest",
    "php-json",
    "composer",
    "location",
    "http-client",
    "record",
    "scratch",
    "archive",
    "store",
    "fetch",
    "repository",
    "platform",
    "resolution",
    "component",
    "tool",
    "repo-tool",
    "bp-tool",
]

# Without I/O and without a word of ours: every library may use them.
LEAVES = {"parallel", "printable"}

# These use nothing else of ours, so that they can be read, tested and fuzzed alone.
ALONE = {"checksum", "manifest", "php-json", "composer", "location", "record", "scratch", "archive"}

# What each of the others may use, where that is less than everything above it.
ONLY = {
    "http-client": {"location"},
    "store": {"checksum", "http-client", "location", "scratch"},
    "fetch": {"checksum", "http-client", "location", "scratch", "store"},
    "repository": {"checksum", "manifest", "location", "scratch", "store"},
    "platform": {"php-json"},
    "resolution": {"composer", "php-json", "platform"},
    "bp-tool": {"component", "tool"},
    "component": {"archive", "checksum", "http-client", "location", "printable", "scratch", "store"},
}

# A binary each; nothing uses them.
TOOLS = {
    "bob-build",
    "bp-compile",
    "bp-detect",
    "bp-release",
    "pkg-deploy",
    "repo-mkrepo",
    "repo-sync",
    "pkg-remove",
    "repo-check",
    "manifest-gen",
    "platform-gen",
    "platform-install",
}

# For tests only: others use them as dev-dependencies, never to be shipped.
DEV_ONLY = {"test-kit"}

# Crates that test everything together and are used by nothing.
TESTS = {"end-to-end"}


def reason(user, used, kind):
    """Why crate `user` may not depend on crate `used`; None where it may."""
    if used in TESTS:
        return "nothing depends on tests"
    if used in TOOLS and user not in TESTS:
        return "nothing depends on a tool"
    if used in DEV_ONLY and kind != "dev" and user not in TESTS:
        return "it is for tests only: make it a dev-dependency"
    if kind == "dev" or user in TESTS or user in DEV_ONLY or user in TOOLS:
        return None
    if used in LEAVES and user not in LEAVES:
        return None
    if user in ALONE | LEAVES:
        return f"{user} stands alone"
    if LIBRARIES.index(used) >= LIBRARIES.index(user):
        return "arrows point down the map only"
    if user in ONLY and used not in ONLY[user]:
        return f"{user} uses {', '.join(sorted(ONLY[user]))} only"
    return None


def findings(metadata):
    """All that is wrong with the workspace, a line each."""
    names = {package["name"] for package in metadata["packages"]}
    known = set(LIBRARIES) | TOOLS | DEV_ONLY | TESTS
    found = [
        f"{name}: not on the map; say in tests/check-layers.py where it belongs"
        for name in sorted(names - known)
    ]
    for package in metadata["packages"]:
        user = package["name"]
        for dependency in package["dependencies"]:
            used = dependency["name"]
            if user not in known or used not in names & known:
                continue
            why = reason(user, used, dependency["kind"] or "normal")
            if why is not None:
                found.append(f"{user} -> {used}: {why}")
    return found


def main(arguments):
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    if arguments:
        with open(arguments[0], encoding="utf-8") as file:
            metadata = json.load(file)
    else:
        metadata = json.load(sys.stdin)
    found = findings(metadata)
    for line in found:
        print(f"check-layers: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
