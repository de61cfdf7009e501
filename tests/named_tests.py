"""Tests that documents name: `path::function`, or a case of tests/differential."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "differential" / "cases"


def cases():
    """All differential cases by name."""
    return {str(path.relative_to(CASES))[: -len(".json")]: json.loads(path.read_text()) for path in CASES.rglob("*.json")}


def is_test(source, function):
    """Is there such a function, not ignored, with a mark of a test above it (Python: in its name)?"""
    if re.search(rf"^ +def {function}\(", source, re.MULTILINE):
        return function.startswith("test_")
    found = re.search(rf"((?:^\s*(?:#\[.*|//.*)\n)*)^\s*fn {function}\(", source, re.MULTILINE)
    marked = found and "#[test]" in found[1] and "#[ignore" not in found[1]
    # Tests that every kind of store has to pass are called by a macro that names them; they may be
    # in other files.
    if "macro_rules!" not in source:
        return bool(marked)
    listed = re.search(rf"^ +{function};?$", source, re.MULTILINE)
    return bool(marked or listed or (found and len(re.findall(rf"\b{function}\b", source)) > 1))


def fault(test, known, root=ROOT):
    """What is wrong with the name of a test; `None` when the test exists. `known` are the cases."""
    path, _, function = test.partition("::")
    if not function:
        if test not in known:
            return f"there is no case {test}"
        return f"the case {test} is pending" if "pending" in known[test] else None
    if not (root / path).is_file():
        return f"there is no file {path}"
    return None if is_test((root / path).read_text(), function) else f"there is no test {test}"
