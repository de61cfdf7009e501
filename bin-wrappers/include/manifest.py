#!/usr/bin/env python3
"""manifest.py TYPE NAME VERSION ARCHIVE [REQUIRE [CONFLICT [REPLACE [PROVIDE [EXTRA]]]]]

Writes a manifest to stdout. Formulae call this file with an interpreter of their own choice
("python .../include/manifest.py"), so it stays valid for every one of them and only hands over to
the program "manifest-gen": one on $PATH, one beside the wrappers, or that of the checkout.
"""
import os
import sys

PROGRAM = "manifest-gen"


def candidates():
    yield PROGRAM  # without a slash: looked up on $PATH
    wrappers = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    yield os.path.join(wrappers, PROGRAM)
    for profile in ("release", "debug"):
        yield os.path.join(os.path.dirname(wrappers), "target", profile, PROGRAM)


for candidate in candidates():
    try:
        os.execvp(candidate, [PROGRAM] + sys.argv[1:])
    except OSError:  # not there, or not for this machine: the next one
        pass

sys.stderr.write(
    "manifest.py: cannot find the program '%s': put it on $PATH, or build it with 'make build'\n"
    % PROGRAM
)
sys.exit(127)
