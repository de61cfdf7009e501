#!/usr/bin/env python3
"""docs/extending.md, followed to the letter, with the real programs.

extending_test.py BIN [unittest's arguments]

BIN is the folder of the built programs. All commands of the page are run, in their
order, in a copy of what of the checkout they need; and bp-new on its own.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path("target/debug").resolve()
LISTS = "containers: []\njres: []\nframeworks: []\n"


def commands_of(page):
    """The indented parts of a page: what a reader would type. Fenced is what belongs into files."""
    lines, block = [], []
    text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text())
    for line in [*text.splitlines(), "end"]:
        if re.match(r" {4}", line) or (block and not line):
            block.append(line)
        elif block:
            lines += textwrap.dedent("\n".join(block)).strip("\n").splitlines()
            block = []
    return lines


class Extending(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="extending test "))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("bin-wrappers", "buildpacks/template", "buildpacks/examples"):
            shutil.copytree(ROOT / name, self.folder / name, symlinks=True)
        # As `make build` leaves them.
        (self.folder / "target").mkdir()
        (self.folder / "target/release").symlink_to(BIN)
        self.components = self.folder / "my buildpack/config/components.yml"
        self.components.parent.mkdir(parents=True)
        self.components.write_text(LISTS)

    def run_in(self, folder, *command, **env):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "NO_COLOR": "1", **env}
        return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False)

    def bp_new(self, *arguments, **env):
        return self.run_in(self.folder, self.folder / "bin-wrappers/bp-new", *arguments, **env)

    def in_buildpack(self, *arguments):
        return self.bp_new("--buildpack", "my buildpack", *arguments)

    def test_the_page(self):
        commands = commands_of(ROOT / "docs/extending.md")
        self.assertGreater(len(commands), 25)
        done = self.run_in(self.folder, "bash", "-euxo", "pipefail", "-c", "\n".join(commands))
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(?m)^java-buildpack=\S+ my-container my-framework my-jre$")
        self.assertRegex(done.stdout, r"(?m)^started with .*-Dmy-framework=.*/app/my-framework.conf$")
        self.assertIn("-Dsetting=mine", done.stdout)

    def test_each_kind(self):
        for kind, name, simple in (
            ("container", "my_shop2", "MyShop2"), ("framework", "x_tracer", "XTracer"), ("jre", "zulu", "Zulu")
        ):
            with self.subTest(kind):
                done = self.in_buildpack(kind, name)
                self.assertEqual(0, done.returncode, done.stderr)
                made = [f"lib/java_buildpack/{kind}/{name}", f"config/{name}.yml", "config/components.yml"]
                self.assertEqual([f"my buildpack/{file}" for file in made], done.stdout.splitlines())
                self.assertTrue(os.access(self.folder / "my buildpack" / made[0], os.X_OK))
                self.assertNotIn("my_" + kind, (self.folder / "my buildpack" / made[0]).read_text())
                module = kind.capitalize()
                self.assertIn(f'  - "JavaBuildpack::{module}::{simple}"\n', self.components.read_text())
        (self.folder / "app").mkdir()
        (self.folder / "app/x-tracer.conf").touch()
        (self.folder / "app/my-application").touch()
        done = self.run_in(self.folder, BIN / "bp-detect", "--buildpack", "my buildpack", "app")
        self.assertEqual(["my-shop2", "x-tracer", "zulu"], done.stdout.split()[1:], done.stderr)

    def test_lists_as_people_write_them(self):
        line = '- "JavaBuildpack::Framework::New"'
        for before, after in (
            (LISTS, f"containers: []\njres: []\nframeworks:\n  {line}\n"),
            ("frameworks:\n\n# First.\n  - A\n  - B\n", f"frameworks:\n\n# First.\n  {line}\n  - A\n  - B\n"),
            ("frameworks:   # ours\n- A\njres:\n", f"frameworks:\n{line}\n- A\njres:\n"),
            ("frameworks:\njres:\n  - A\n", f"frameworks:\n  {line}\njres:\n  - A\n"),
            ("jres: [A]\n", f"jres: [A]\nframeworks:\n  {line}\n"),
            ("frameworks:", f"frameworks:\n  {line}\n"),
        ):
            with self.subTest(before):
                shutil.rmtree(self.components.parent.parent)
                self.components.parent.mkdir(parents=True)
                self.components.write_text(before)
                done = self.in_buildpack("framework", "new")
                self.assertEqual((0, after), (done.returncode, self.components.read_text()), done.stderr)

    def test_refused(self):
        self.in_buildpack("framework", "mine")
        (self.components.parent / "other.yml").write_text("a: 1\n")
        self.components.write_text(self.components.read_text() + "more: [\"JavaBuildpack::Jre::Listed\"]\n# ::Free\n")
        before = self.tree()
        for words in (
            ["container"], [], ["container", "a", "b"], ["widget", "a"], ["--what", "jre", "a"], ["--buildpack"],
            *(["jre", name] for name in ("", "A", "a_b_c", "a__b", "_a", "a_", "a-b", "../a", "a b", "a\nb", "my_2nd", "ä")),
        ):
            with self.subTest(words):
                done = self.in_buildpack(*words)
                self.assertEqual((2, ""), (done.returncode, done.stdout))
                self.assertTrue(done.stderr.startswith("bp-new: "), done.stderr)
        for words in (["framework", "mine"], ["jre", "other"], ["jre", "mine"]):
            with self.subTest(words):
                done = self.in_buildpack(*words)
                self.assertEqual((1, ""), (done.returncode, done.stdout), done.stderr)
        self.assertEqual(before, self.tree())
        self.components.write_text("jres: [A, B]\n")
        done = self.in_buildpack("jre", "mine2")
        self.assertEqual(1, done.returncode)
        self.assertIn('"JavaBuildpack::Jre::Mine2"', done.stderr)
        self.assertEqual("jres: [A, B]\n", self.components.read_text())
        done = self.bp_new("--buildpack", "nowhere", "jre", "a")
        self.assertEqual(1, done.returncode)
        self.assertIn("nowhere is no buildpack", done.stderr)

    def tree(self):
        return {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file() and BIN not in path.resolve().parents}

    def test_which_buildpack(self):
        buildpack = self.folder / "my buildpack"
        self.assertEqual(0, self.bp_new("jre", "one", BUILDPACK_DIR=str(buildpack)).returncode)
        done = self.run_in(buildpack, self.folder / "bin-wrappers/bp-new", "jre", "two")
        self.assertEqual("./lib/java_buildpack/jre/two", done.stdout.splitlines()[0], done.stderr)
        done = self.bp_new("--help")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        for word in ("Usage:", "--buildpack", "--help", "Exit status:"):
            self.assertIn(word, done.stdout)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BIN = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
