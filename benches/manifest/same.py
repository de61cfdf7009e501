"""same.py generate ARGUMENTS… | same.py index FILE…: the Python that ours is compared with."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../crates/manifest/tests"))

import oracle

if sys.argv[1] == "generate":
    sys.stdout.write(oracle.generate(sys.argv[2:], os.environ))
else:
    files = []
    for path in sys.argv[2:]:
        with open(path) as file:
            files.append((os.path.basename(path), file.read()))
    sys.stdout.write(oracle.index(files))
