#!/usr/bin/env python3
"""Our tools read the environment as boto3, s5cmd and bob do, but for what cases.json says.

    environment_test.py BINARIES

What those make of each case is recorded in tests/environment/answers.json; `make oracle` asks them
again.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "environment"))

from stage import HERE, Stage, cases  # noqa: E402

BINARIES = ROOT / "target" / "debug"


PAGE = ROOT / "docs" / "environment.md"
# Set to nothing is set (the generator of old), or decides where the test itself works.
NOT_EMPTY = {"HEROKU_PHP_INSTALL_DEV", "HOME", "TMPDIR"}
LOCK = """{"content-hash":"0","packages":[{"name":"v/l","version":"1.0.0","require":{"php":">=7.1"}}],
"packages-dev":[],"stability-flags":{},"platform":{},"platform-dev":{},"plugin-api-version":"2.6.0"}"""


def variables():
    """All that the page has in the first column of a table."""
    rows = re.findall(r"^\| (`[^|]*`) \|", PAGE.read_text(), re.MULTILINE)
    return sorted({name for row in rows for name in re.findall(r"`([A-Za-z][A-Za-z0-9_]*)`", row)} - NOT_EMPTY)


class Empty(unittest.TestCase):
    """An empty variable counts as one that is not set."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="environment-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("home", "tmp", "stores/b/p", "app", "formulae"):
            (self.root / name).mkdir(parents=True)
        (self.root / "app" / "composer.json").write_text("{}")
        (self.root / "app" / "composer.lock").write_text(LOCK)
        (self.root / "app" / "Main.class").write_text("")
        (self.root / "stores" / "b" / "p" / "x.composer.json").write_text(
            '{"name":"heroku-sys/x","version":"1","type":"heroku-sys-library",'
            '"dist":{"type":"heroku-sys-tar","url":"https://b.s3.amazonaws.com/p/x.tar.gz"}}')
        (self.root / "stores" / "b" / "p" / "x.tar.gz").write_bytes(b"")
        (self.root / "formulae" / "f").write_text(f"#!/bin/bash\n# Build Path: {self.root}/build\ntrue\n")

    def base(self):
        return {
            "HOME": str(self.root / "home"), "TMPDIR": str(self.root / "tmp"), "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL_S3": f"file://{self.root}/stores", "S3_BUCKET": "b", "S3_PREFIX": "p/",
            "STACK": "heroku-24", "NOW": "2026-01-01 00:00:00", "AWS_EC2_METADATA_DISABLED": "true",
            "WORKSPACE_DIR": str(self.root / "formulae"), "BUILDPACK_DIR": str(ROOT / "buildpacks/examples"),
        }

    def run_with(self, environment, words):
        base = self.base()
        for name, value in environment.items():
            base.pop(name, None)
            if value is not None:
                base[name] = value
        done = subprocess.run([BINARIES / words[0], *words[1:]], cwd=self.root / "app", env=base, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def test_everywhere(self):
        tools = [
            ["repo-mkrepo", "b", "p/"],
            ["repo-check", "--no-cache"],
            ["manifest-gen", "heroku-sys-library", "heroku-sys/x", "1", "x.tar.gz"],
            ["platform-gen", "-", "https://h.example/"],
            ["bob-build", "--dry-run", "f"],
            ["pkg-deploy", "--check", "x"],
            ["bp-detect", str(self.root / "app")],
        ]
        names = variables()
        self.assertGreater(len(names), 50)
        # Those that the tools need here one by one, all others at once.
        needed = [name for name in names if name in self.base()]
        groups = [[name] for name in needed] + [[name for name in names if name not in needed]]
        for group in groups:
            for words in tools:
                # What is made now differs from second to second.
                same = slice(0, 1) if group == ["NOW"] else slice(0, 3)
                with self.subTest(group, tool=words[0]):
                    unset, empty = (self.run_with(dict.fromkeys(group, value), words) for value in (None, ""))
                    self.assertEqual(unset[same], empty[same])


class Environment(unittest.TestCase):
    def test_as_the_tools_that_we_replace(self):
        answers = json.loads((HERE / "answers.json").read_text())
        with Stage() as stage, tempfile.TemporaryDirectory() as folder:
            for name, case in cases().items():
                with self.subTest(name):
                    ours = stage.ask(case, [BINARIES / "repo-check", "--no-cache"], folder)
                    self.assertNotIn("panicked", stage.said)
                    if "ours" in case:
                        self.assertEqual(case["ours"], ours, stage.said)
                    differs = case.get("differs", {})
                    for tool, theirs in answers[name].items():
                        self.assertEqual(tool in differs, theirs != ours, f"{tool}: {theirs}, ours: {ours}\n{stage.said}")

    def test_each_case_has_its_row(self):
        text = PAGE.read_text()
        for name, case in cases().items():
            for variable in case["env"]:
                self.assertIn(f"`{variable}`", text, name)
            if case.get("differs"):
                self.assertIn("ours", case, f"{name}: what differs is to be said")

    def test_each_case_was_asked(self):
        answers = json.loads((HERE / "answers.json").read_text())
        self.assertEqual(set(cases()), set(answers) - {"with"})


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BINARIES = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
