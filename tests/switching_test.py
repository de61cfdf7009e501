#!/usr/bin/env python3
"""Keeps docs/switching.md true: each difference in it has tests, and these exist.

Also the test of one difference that needs a large repository.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from named_tests import ROOT, cases, fault

DEFECTS = 21
ROW = re.compile(r"^\| ([DB]\d+) \|(.*)\|([^|]*)\|$", re.MULTILINE)


def rows(text):
    """The tests of each difference, by its id; ids that stand there twice are kept apart."""
    return [(match[1], re.findall(r"`([^`]+)`", match[3])) for match in ROW.finditer(text)]


def faults(text):
    """What is wrong with the list."""
    wrong = []
    known = cases()
    listed = rows(text)
    count = collections.Counter(name for name, _ in listed)
    wrong += [f"{name} stands there {times} times" for name, times in count.items() if times > 1]
    for letter, last in (("D", DEFECTS), ("B", max([int(name[1:]) for name in count if name[0] == "B"], default=1))):
        wrong += [f"{letter}{n} is missing" for n in range(1, last + 1) if f"{letter}{n}" not in count]
    for name, tests in listed:
        if not tests:
            wrong.append(f"{name} has no test")
        for test in tests:
            problem = fault(test, known)
            if problem:
                wrong.append(f"{name}: {problem}")
    return wrong


class Switching(unittest.TestCase):
    def setUp(self):
        self.text = (ROOT / "docs" / "switching.md").read_text()

    def test_every_difference_has_its_tests(self):
        self.assertEqual([], faults(self.text))

    def test_every_row_of_the_lists_is_seen(self):
        lines = [line for line in self.text.splitlines() if line.startswith("| ") and not line.startswith("| id")]
        self.assertEqual(len(lines), len(rows(self.text)))

    def test_cases_of_defects_name_a_defect(self):
        for name, case in cases().items():
            if "defect" in case:
                self.assertIn(case["defect"], range(1, DEFECTS + 1), name)

    def test_the_checker_finds_what_is_gone(self):
        for old, new, expected in (
            ("`remove/no-publish`", "", "B15 has no test"),
            ("`remove/no-publish`", "`remove/no-such`", "B15: there is no case remove/no-such"),
            ("| D7 |", "| D70 |", "D7 is missing"),
            ("| D7 |", "| D6 |", "D6 stands there 2 times"),
            ("::no_credentials`", "::no_such`", "B3: there is no test tests/troubles.rs::no_such"),
            ("tests/troubles.rs::no_credentials", "tests/gone.rs::x", "B3: there is no file tests/gone.rs"),
        ):
            self.assertIn(old, self.text)
            self.assertIn(expected, faults(self.text.replace(old, new, 1)))

    def test_30000_manifests(self):
        target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()
        with tempfile.TemporaryDirectory(prefix="switching test ") as folder:
            prefix = pathlib.Path(folder) / "bucket" / "dist"
            prefix.mkdir(parents=True)
            for number in range(30_000):
                name = f"library-{number}"
                manifest = {
                    "type": "heroku-sys-library",
                    "name": f"heroku-sys/library{number % 500}",
                    "version": f"1.{number}",
                    "require": {},
                    "dist": {"type": "heroku-sys-tar", "url": f"https://bucket.s3.amazonaws.com/dist/{name}.tar.gz"},
                    "time": "2026-01-01 00:00:00",
                }
                (prefix / f"{name}.composer.json").write_text(json.dumps(manifest, sort_keys=True))
            done = subprocess.run(
                [ROOT / "bin-wrappers" / "mkrepo.sh", "bucket", "dist/"],
                env={
                    "PATH": f"{target / 'debug'}:{os.environ['PATH']}",
                    "HOME": folder,
                    "AWS_ENDPOINT_URL_S3": "file://" + folder.replace(" ", "%20"),
                },
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=300,
                check=False,
            )
        self.assertEqual(0, done.returncode, done.stderr.decode())
        packages = json.loads(done.stdout)["packages"]
        self.assertEqual(30_000, sum(len(versions) for versions in packages.values()))


if __name__ == "__main__":
    unittest.main()
