#!/usr/bin/env python3
"""sync.py [--dry-run] SRC_REGION SRC_BUCKET SRC_PREFIX SRC_DIR DST_REGION DST_BUCKET DST_PREFIX DST_DIR

Plans a sync of two local folders of manifests, as JSON on stdout: see "ops" in `repo-sync --help`.
Scripts call this file with an interpreter of their own choice ("python3 .../include/sync.py"), so
it stays valid for every one of them and only hands over to the program "repo-sync": one on $PATH,
one beside the wrappers, or that of the checkout.
"""
import os
import sys

PROGRAM = "repo-sync"


def candidates():
    yield PROGRAM  # without a slash: looked up on $PATH
    wrappers = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    yield os.path.join(wrappers, PROGRAM)
    for profile in ("release", "debug"):
        yield os.path.join(os.path.dirname(wrappers), "target", profile, PROGRAM)


for candidate in candidates():
    try:
        os.execvp(candidate, [PROGRAM, "ops"] + sys.argv[1:])
    except OSError:  # not there, or not for this machine: the next one
        pass

sys.stderr.write(
    "sync.py: cannot find the program '%s': put it on $PATH, or build it with 'make build'\n"
    % PROGRAM
)
sys.exit(127)
