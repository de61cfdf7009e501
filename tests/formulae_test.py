#!/usr/bin/env python3
"""Tests of formulae/ with the real programs and wrappers, on a folder store.

formulae_test.py BIN [unittest's arguments]

BIN is the folder of the built programs. Every example is built, deployed and
published, twice from scratch, the way a person does it: with the wrappers.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path("target/debug").resolve()

# In an order in which dependencies come first.
FORMULAE = [
    "libraries/libgreet-1.2.0",
    "libraries/libtally-2.0.1",
    "php-8.3.9",
    "php-8.3.10",
    "php-8.4.2",
    "programs/hello-2.1.0",
    "programs/where-1.0.0",
    "ext-counter-1.0.0_php-8.3",
    "ext-counter-1.0.0_php-8.4",
]
SKIPPED = "programs/oldtimer-0.9.0"
PREFIX = "dist-heroku-24-amd64-develop/"


class Formulae(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="formulae test "))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.addClassCleanup(shutil.rmtree, "/tmp/slipway-demo", ignore_errors=True)
        cls.deploy_all("first")
        cls.deploy_all("second")

    @classmethod
    def deploy_all(cls, bucket):
        (cls.folder / "store" / bucket).mkdir(parents=True)
        for formula in FORMULAE:
            done = cls.run_wrapper("deploy.sh", formula, bucket=bucket)
            if done.returncode != 0:
                raise AssertionError(f"{formula}: {done.returncode}\n{done.stdout}{done.stderr}")
        done = cls.run_wrapper("mkrepo.sh", "--upload", bucket=bucket)
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    @classmethod
    def run_program(cls, program, *arguments, bucket="first", **env):
        for name in ("tmp", "cwd"):
            (cls.folder / name).mkdir(exist_ok=True)
        return subprocess.run(
            [str(program), *map(str, arguments)],
            env={
                "PATH": f"{BIN}:{os.environ['PATH']}",
                "HOME": str(cls.folder),
                "TMPDIR": str(cls.folder / "tmp"),
                "WORKSPACE_DIR": str(ROOT / "formulae"),
                # The same for both runs: one file, greet.pc, has the path in it.
                "DEFAULT_BUILD_PATH": str(cls.folder / "build path"),
                "STACK": "heroku-24-amd64",
                "S3_BUCKET": bucket,
                "S3_PREFIX": PREFIX,
                "AWS_ENDPOINT_URL_S3": "file://" + str(cls.folder / "store").replace(" ", "%20"),
                "NOW": "2026-01-02 03:04:05",
                **env,
            },
            cwd=cls.folder / "cwd",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @classmethod
    def run_wrapper(cls, wrapper, *arguments, **env):
        return cls.run_program(ROOT / "bin-wrappers" / wrapper, *arguments, **env)

    def path(self, name, bucket="first"):
        return self.folder / "store" / bucket / PREFIX / name

    def members(self, formula):
        with tarfile.open(self.path(formula + ".tar.gz")) as archive:
            return sorted(member.name for member in archive if not member.isdir())

    def test_the_list_above_is_complete(self):
        there = sorted(
            str(path.relative_to(ROOT / "formulae"))
            for folder in (".", "libraries", "programs")
            for path in (ROOT / "formulae" / folder).glob("*-[0-9]*.[0-9]*")
        )
        self.assertEqual(sorted([*FORMULAE, SKIPPED]), there)

    def test_two_builds_give_the_same_bytes(self):
        for formula in FORMULAE:
            name = formula + ".tar.gz"
            self.assertEqual(
                self.path(name).read_bytes(), self.path(name, "second").read_bytes(), name
            )

    def test_nothing_of_a_dependency_is_in_an_archive(self):
        self.assertEqual(["bin/hello"], self.members("programs/hello-2.1.0"))
        self.assertEqual(
            ["etc/php/conf.d/ext-counter.ini", "lib/php/extensions/no-debug-non-zts-20240924/counter.so"],
            self.members("ext-counter-1.0.0_php-8.4"),
        )

    def test_what_is_built_works(self):
        app = self.folder / "app"
        for formula in ("php-8.3.10", "ext-counter-1.0.0_php-8.3", "programs/hello-2.1.0"):
            app.mkdir(exist_ok=True)
            subprocess.run(
                ["tar", "-xzf", self.path(formula + ".tar.gz"), "-C", app], check=True
            )

        def says(*command):
            return subprocess.run(
                [app / "bin" / command[0], *command[1:]], capture_output=True, text=True, check=True
            ).stdout

        self.assertEqual("Hello, you!\n", says("hello", "you"))
        self.assertEqual("hello 2.1.0 (libgreet 1.2.0)\n", says("hello", "--version"))
        self.assertIn("8.3.10", says("php", "-v"))
        self.assertEqual("counter 1.0.0\n", says("php", "-m"))
        self.assertEqual("1\n", says("php", "-c", "counter"))

    def test_the_wildcard_took_the_newer_runtime(self):
        done = self.run_program(BIN / "bob-build", "--output", self.folder / "out", "ext-counter-1.0.0_php-8.3")
        self.assertEqual(0, done.returncode, done.stderr)
        build = [json.loads(line) for line in done.stdout.splitlines()][1]
        keys = [dependency["key"] for dependency in build["dependencies"]]
        self.assertEqual([f"{PREFIX}php-8.3.10.tar.gz", f"{PREFIX}libraries/libtally-2.0.1.tar.gz"], keys)

    def test_the_repository(self):
        index = json.loads(self.path("packages.json").read_text())["packages"]
        offered = {
            name: [(entry["version"], entry["require"].get("heroku-sys/php")) for entry in entries]
            for name, entries in index.items()
        }
        self.assertEqual(
            {
                "heroku-sys/ext-clock": [("8.4.2", "8.4.2"), ("8.3.10", "8.3.10"), ("8.3.9", "8.3.9")],
                "heroku-sys/ext-counter": [("1.0.0", "8.4.*"), ("1.0.0", "8.3.*")],
                "heroku-sys/ext-dice": [("1.4.0", "8.4.2"), ("1.4.0", "8.3.10"), ("1.4.0", "8.3.9")],
                "heroku-sys/hello": [("2.1.0", None)],
                "heroku-sys/libgreet": [("1.2.0", None)],
                "heroku-sys/php": [("8.3.10", None), ("8.3.9", None), ("8.4.2", None)],
                "heroku-sys/where": [("1.0.0", None)],
            },
            offered,
        )
        self.assertEqual({"soname-version": "1"}, index["heroku-sys/libgreet"][0]["extra"])
        self.assertEqual({"heroku-sys/hhvm": "*"}, index["heroku-sys/ext-counter"][0]["conflict"])

    def test_not_for_this_stack(self):
        done = self.run_wrapper("deploy.sh", SKIPPED)
        self.assertEqual(9, done.returncode)
        self.assertFalse(self.path(SKIPPED + ".tar.gz").exists())
        done = self.run_wrapper("deploy.sh", SKIPPED, STACK="heroku-18")
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertTrue(self.path(SKIPPED + ".tar.gz").exists())

    def test_a_second_deploy_is_refused(self):
        done = self.run_wrapper("deploy.sh", "php-8.3.9")
        self.assertEqual((5, ""), (done.returncode, done.stderr))
        self.assertIn(f"ERROR: Archive {PREFIX}php-8.3.9.tar.gz already exists.\n", done.stdout)

    def test_no_litter(self):
        self.assertEqual([], list((self.folder / "tmp").glob("deploy.sh*")))
        self.assertEqual([], list((self.folder / "tmp").glob("bob-build-*")))


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BIN = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
