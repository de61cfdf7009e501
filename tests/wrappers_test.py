#!/usr/bin/env python3
"""Tests of bin-wrappers/ on stand-ins for our programs.

The stand-ins write down how they were called and do as they are told, so that
what is tested here is the wrappers alone: arguments, streams, statuses, signals,
litter, and where the programs are looked for. Every path has spaces in it.
"""

import itertools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
WRAPPERS = ROOT / "bin-wrappers"

# Prints its arguments into a file, one call a line; then plays its part.
STAND_IN = r"""#!/usr/bin/env bash
me=${0##*/}
line=$me
for word in "$@"; do line+="|$word"; done
printf '%s\n' "$line" >>"$CALLS"
role=${me//-/_}
for word in "$@"; do
	[[ $word == --check ]] && role=check
done
echo "$role says this"
echo "$role says that" >&2
[[ -z ${READ_STDIN:-} ]] || echo "stdin: $(cat)"
records=
while [[ $# -gt 0 ]]; do
	[[ $1 == --records ]] && records=$2
	shift
done
[[ -z $records ]] || echo "records of $me" >"$records"
sleeps=${role}_sleeps
[[ ! -r /proc/self/status ]] || sed -n 's/^SigIgn:\t*//p' /proc/self/status >"$CALLS.ignored" # sed's, as inherited
if [[ -n ${!sleeps:-} ]]; then
	echo $$ >"$CALLS.pid"
	exec sleep 30
fi
status=${role}_status
exit "${!status:-0}"
"""


class Wrappers(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wrappers test "))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("bin", "tmp", "work space/php folder", "elsewhere"):
            (self.folder / name).mkdir(parents=True)
        self.workspace = self.folder / "work space"
        for name in ("php-8.3.9", "php folder/x-1.0"):
            (self.workspace / name).write_text("#!/usr/bin/env bash\n")
        for name in ("bob-build", "pkg-deploy", "repo-mkrepo", "repo-sync", "pkg-remove"):
            self.stand_in(self.folder / "bin" / name)
        self.calls = self.folder / "calls"
        self.env = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "CALLS": str(self.calls),
            "WORKSPACE_DIR": str(self.workspace),
        }

    def stand_in(self, path):
        path.write_text(STAND_IN)
        path.chmod(0o755)

    def run_wrapper(self, *arguments, stdin=subprocess.DEVNULL, text=None, cwd=None, **env):
        command = [str(WRAPPERS / arguments[0]), *arguments[1:]]
        if text is not None:
            stdin = None
        return subprocess.run(
            command,
            env={**self.env, **env},
            cwd=cwd or self.folder / "elsewhere",
            stdin=stdin,
            input=text,
            text=True,
            capture_output=True,
            timeout=30,
            check=False,
        )

    def called(self):
        """The calls so far, with the wrapper's work folder called WORK, the place for an archive ARCHIVE."""
        if not self.calls.exists():
            return []
        lines = self.calls.read_text().splitlines()
        self.calls.unlink()
        return [self.mask(line) for line in lines]

    def mask(self, line):
        words = []
        for word in line.split("|"):
            if word.startswith(str(self.folder / "tmp")):
                rest = word[len(str(self.folder / "tmp")) + 1 :].split("/", 1)
                # The archive has the name that the historical bob gave it.
                archive = re.fullmatch(r"bob-build-\w{8}\.tar\.gz", rest[0]) and len(rest) == 1
                word = "ARCHIVE" if archive else "/".join(["WORK", *rest[1:]])
            words.append(word)
        return " ".join(words)

    def assert_no_litter(self):
        self.assertEqual([], list((self.folder / "tmp").iterdir()))

    # The buildpack API

    def test_buildpack_api(self):
        buildpack = self.folder / "my buildpack"
        (buildpack / "bin").mkdir(parents=True)
        (buildpack / "config").mkdir()
        (buildpack / "config/components.yml").write_text("{}")
        for tool in ("bp-detect", "bp-compile", "bp-release"):
            path = self.folder / "bin" / tool
            self.stand_in(path)
            path.write_text(path.read_text().replace("line=$me", 'line="$me|$BUILDPACK_DIR"'))
        for wrapper, words, expected in (
            ("detect", ["a b"], "bp-detect {} -- a b"),
            ("compile", ["app", "cache", "environment"], "bp-compile {} -- app cache"),
            ("release", ["--odd"], "bp-release {} -- --odd"),
            ("finalize", ["app", "cache", "deps", "0", "x"], "bp-compile {} --finalize -- app cache deps 0"),
        ):
            link = buildpack / "bin" / wrapper
            link.symlink_to(WRAPPERS / wrapper)
            for called, folder in ((link, buildpack), (WRAPPERS / wrapper, ROOT / "buildpacks/java")):
                done = self.run_wrapper(called, *words)
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertEqual([expected.format(folder)], self.called())
            done = self.run_wrapper(link, *words, BUILDPACK_DIR="/other")
            self.assertEqual([expected.format("/other")], self.called())
            done = self.run_wrapper(link)
            self.assertEqual(2, done.returncode)
            self.assertIn(f"{wrapper}: usage: {wrapper} ", done.stderr)

    # bob

    def test_bob_build(self):
        for words in (["--name=N"], ["--name", "N"]):
            done = self.run_wrapper("bob", "build", "php-8.3.9", *words)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertEqual(
                ["bob-build --bob --no-manifest --name N --no-archive --output WORK --records /dev/null php-8.3.9"],
                self.called(),
            )
            self.assertEqual("bob_build says this\n", done.stdout)
            self.assertEqual("bob_build says that\n", done.stderr)

    def test_bob_deploy_checks_builds_and_uploads(self):
        done = self.run_wrapper("bob", "deploy", "php-8.3.9", "--overwrite")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(
            [
                "pkg-deploy --bob --no-manifest --overwrite --check php-8.3.9",
                "bob-build --bob --no-manifest --output WORK --archive ARCHIVE --records WORK/records php-8.3.9",
                "pkg-deploy --bob --no-manifest --overwrite --records /dev/null WORK/records",
            ],
            self.called(),
        )
        self.assert_no_litter()

    def test_bob_deploy_checks_the_name_that_the_archive_gets(self):
        self.run_wrapper("bob", "deploy", "php-8.3.9", "--name=N")
        self.assertEqual("pkg-deploy --bob --no-manifest --check N", self.called()[0])

    def test_bob_ends_with_1_but_for_signals(self):
        for status, expected in ((1, 1), (5, 1), (9, 1), (12, 1), (125, 1), (130, 130), (143, 143)):
            done = self.run_wrapper("bob", "build", "php-8.3.9", bob_build_status=str(status))
            self.assertEqual(expected, done.returncode)
        for variable in ("check_status", "bob_build_status", "pkg_deploy_status"):
            done = self.run_wrapper("bob", "deploy", "php-8.3.9", **{variable: "5"})
            self.assertEqual(1, done.returncode)
        self.assert_no_litter()

    def test_bob_stops_at_the_first_failure(self):
        self.run_wrapper("bob", "deploy", "php-8.3.9", check_status="5")
        self.assertEqual(1, len(self.called()))
        self.run_wrapper("bob", "deploy", "php-8.3.9", bob_build_status="3")
        self.assertEqual(2, len(self.called()))

    def test_bob_usage(self):
        for words in (
            [],
            ["build"],
            ["clean", "x"],
            ["build", "x", "y"],
            ["build", "x", "--name"],
            ["build", "x", "--overwrite"],
            ["deploy", "x", "--publish"],
        ):
            done = self.run_wrapper("bob", *words)
            self.assertEqual((1, ""), (done.returncode, done.stdout), words)
            self.assertIn("Usage: bob build", done.stderr)
            self.assertEqual([], self.called())
        done = self.run_wrapper("bob", "--help")
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    # deploy.sh

    def test_deploy(self):
        done = self.run_wrapper("deploy.sh", "php-8.3.9")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(
            [
                "pkg-deploy --bob --check php-8.3.9",
                "bob-build --bob --output WORK/output --archive ARCHIVE --records WORK/records php-8.3.9",
                "pkg-deploy --bob --records /dev/null WORK/records",
            ],
            self.called(),
        )
        self.assertEqual("", done.stderr)
        self.assertIn("bob_build says that", done.stdout)
        self.assertIn("pkg_deploy says that", done.stdout)
        self.assert_no_litter()

    def test_deploy_publish(self):
        for words in (["--publish", "php-8.3.9", "--overwrite"], ["php-8.3.9", "--overwrite", "--publish"]):
            done = self.run_wrapper("deploy.sh", *words)
            self.assertEqual(0, done.returncode, done.stderr)
            calls = self.called()
            self.assertEqual("pkg-deploy --bob --overwrite --resume --check php-8.3.9", calls[0])
            self.assertEqual("repo-mkrepo --bob --records /dev/null --upload", calls[3])
            self.assertEqual(4, len(calls))
            self.assertIn("Updating repository...\n", done.stdout)
            self.assertEqual("repo_mkrepo says that\n", done.stderr)

    def test_deploy_checks_what_it_publishes(self):
        done = self.run_wrapper("deploy.sh", "--publish", "--check", "php-8.3.9")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual("repo-mkrepo --bob --records /dev/null --upload --check", self.called()[3])

    def test_deploy_dry_run_only_builds(self):
        for words in (["--dry-run", "php-8.3.9"], ["--publish", "--dry-run", "php-8.3.9"]):
            done = self.run_wrapper("deploy.sh", *words)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertEqual(
                ["bob-build --bob --no-archive --output WORK/output --records /dev/null php-8.3.9"], self.called()
            )

    def test_deploy_passes_on_the_status(self):
        for status in (1, 9, 10, 12, 125, 137):
            done = self.run_wrapper("deploy.sh", "--publish", "php-8.3.9", bob_build_status=str(status))
            self.assertEqual(status, done.returncode)
            self.assertEqual(2, len(self.called()))
        done = self.run_wrapper("deploy.sh", "--publish", "php-8.3.9", pkg_deploy_status="5")
        self.assertEqual(5, done.returncode)
        self.assertEqual(3, len(self.called()))
        self.assert_no_litter()

    def test_deploy_without_credentials_says_so_on_stderr(self):
        done = self.run_wrapper("deploy.sh", "php-8.3.9", check_status="2")
        self.assertEqual(2, done.returncode)
        self.assertIn("check says that", done.stderr)
        self.assertEqual("", done.stdout)
        self.assertEqual(1, len(self.called()))

    def test_deploy_of_what_exists_says_so_on_stdout(self):
        done = self.run_wrapper("deploy.sh", "php-8.3.9", check_status="5")
        self.assertEqual(5, done.returncode)
        self.assertIn("check says that", done.stdout)
        self.assertEqual("", done.stderr)

    def test_deploy_usage(self):
        for words in ([], ["--publish"], ["--frobnicate", "x"], ["x", "--name"], ["x", "y", "--name=z"], ["x", "--check"]):
            done = self.run_wrapper("deploy.sh", *words)
            self.assertEqual((2, ""), (done.returncode, done.stdout), words)
            self.assertIn("Usage: deploy.sh", done.stderr)
            self.assertEqual([], self.called())

    def test_deploy_cuts_the_workspace_from_paths(self):
        link = self.folder / "link"
        link.symlink_to(self.workspace)
        cases = [
            (self.folder, "work space/php folder/x-1.0", "php folder/x-1.0", {}),
            (self.folder, "./work space//php folder/../php-8.3.9", "php-8.3.9", {}),
            (self.folder, str(self.workspace / "php-8.3.9"), "php-8.3.9", {}),
            (self.workspace / "php folder", "x-1.0", "php folder/x-1.0", {}),
            (self.workspace / "php folder", "../php-8.3.9", "php-8.3.9", {}),
            (self.folder, "link/php-8.3.9", "php-8.3.9", {}),
            (self.folder, "work space/php-8.3.9", "php-8.3.9", {"WORKSPACE_DIR": str(link)}),
            (self.folder, "work space/php-8.3.9", "php-8.3.9", {"WORKSPACE_DIR": "work space"}),
            (self.folder, "php folder/x-1.0", "php folder/x-1.0", {}),
            (self.folder, "not there", "not there", {}),
            (self.folder / "elsewhere", "/etc/passwd", "/etc/passwd", {}),
        ]
        for cwd, argument, expected, env in cases:
            done = self.run_wrapper("deploy.sh", "--dry-run", argument, cwd=cwd, **env)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertEqual(
                [f"bob-build --bob --no-archive --output WORK/output --records /dev/null {expected}"],
                self.called(),
                (cwd, argument),
            )

    def test_deploy_of_several_publishes_once(self):
        done = self.run_wrapper(
            "deploy.sh", "--publish", "work space/php-8.3.9", "work space/php folder/x-1.0", cwd=self.folder
        )
        self.assertEqual(0, done.returncode, done.stderr)
        calls = self.called()
        self.assertEqual(7, len(calls))
        self.assertEqual("pkg-deploy --bob --resume --check php folder/x-1.0", calls[3])
        self.assertEqual("repo-mkrepo --bob --records /dev/null --upload", calls[6])

    # The others

    def test_mkrepo_reads_nobodys_stdin(self):
        done = self.run_wrapper("mkrepo.sh", "-c", "a b", "--upload", text="records\n", READ_STDIN="1")
        self.assertEqual(["repo-mkrepo --bob --records /dev/null -c a b --upload"], self.called())
        self.assertIn("stdin: \n", done.stdout)

    def test_sync_and_remove_leave_stdin_alone(self):
        for wrapper, program in (("sync.sh", "repo-sync"), ("remove.sh", "pkg-remove")):
            done = self.run_wrapper(wrapper, "-c", "s", "a b", "c", text="y\n", READ_STDIN="1")
            self.assertEqual([f"{program} --bob --records /dev/null -c s a b c"], self.called())
            self.assertIn("stdin: y\n", done.stdout)

    def test_statuses_of_the_others(self):
        for wrapper, role in (
            ("mkrepo.sh", "repo_mkrepo"),
            ("sync.sh", "repo_sync"),
            ("remove.sh", "pkg_remove"),
        ):
            for status in (0, 1, 3, 4, 9):
                done = self.run_wrapper(wrapper, "x", **{f"{role}_status": str(status)})
                self.assertEqual(status, done.returncode)

    # All of them

    def test_programs_beside_the_build_output(self):
        checkout = self.folder / "check out"
        shutil.copytree(WRAPPERS, checkout / "bin-wrappers", ignore=shutil.ignore_patterns("__pycache__"))
        link = self.folder / "sync"
        link.symlink_to(checkout / "bin-wrappers" / "sync.sh")

        def found():
            done = subprocess.run(
                [link],
                env={**self.env, "PATH": os.environ["PATH"]},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
            return done

        done = found()
        self.assertEqual(127, done.returncode)
        self.assertIn("cannot find the program 'repo-sync'", done.stderr)
        for profile in ("debug", "release"):
            (checkout / "target" / profile).mkdir(parents=True)
            self.stand_in(checkout / "target" / profile / "repo-sync")
            (checkout / "target" / profile / "repo-sync").write_text(f"#!/bin/sh\necho {profile}\n")
            done = found()
            self.assertEqual((0, f"{profile}\n"), (done.returncode, done.stdout), done.stderr)

    def test_a_formula_with_a_copy_of_the_helpers_finds_the_programs(self):
        checkout = self.folder / "check out"
        shutil.copytree(WRAPPERS, checkout / "bin-wrappers", ignore=shutil.ignore_patterns("__pycache__"))
        programs = checkout / "target" / "debug"
        programs.mkdir(parents=True)
        copy = self.workspace / "util" / "include"
        shutil.copytree(WRAPPERS / "include", copy, ignore=shutil.ignore_patterns("__pycache__"))
        # In the place of a formula, which is run by that program.
        (programs / "bob-build").write_text(f"#!/bin/sh\nexec python3 '{copy}/manifest.py' TYPE\n")
        (programs / "bob-build").chmod(0o755)
        self.stand_in(programs / "manifest-gen")
        self.stand_in(programs / "pkg-deploy")
        system = {"PATH": os.environ["PATH"]}
        for words in (["bob", "build"], ["deploy.sh", "--dry-run"]):
            done = self.run_wrapper(checkout / "bin-wrappers" / words[0], *words[1:], "php-8.3.9", **system)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertEqual(["manifest-gen TYPE"], self.called())

    def test_closed_streams(self):
        calls = (["bob", "build", "x"], ["deploy.sh", "x"], ["mkrepo.sh"])
        for words, closed in itertools.product(calls, ("<&-", ">&-", "<&- >&-")):
            done = subprocess.run(
                ["bash", "-c", '"$@" ' + closed, "bash", str(WRAPPERS / words[0]), *words[1:]],
                env=self.env,
                cwd=self.folder,
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
            self.assertEqual(0, done.returncode, done.stderr)

    def start_and_signal(self, words, name, group, **env):
        """Starts a wrapper whose program sleeps; how it ends on a signal."""
        process = subprocess.Popen(
            [str(WRAPPERS / words[0]), *words[1:]],
            env={**self.env, **env},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        marker = pathlib.Path(f"{self.calls}.pid")
        deadline = time.monotonic() + 20
        while not (marker.exists() and marker.read_text().strip()):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        child = int(marker.read_text())
        marker.unlink()
        (os.killpg if group else os.kill)(process.pid, name)
        status = process.wait(timeout=20)
        with self.assertRaises(ProcessLookupError):
            os.kill(child, 0)
        return status

    def test_a_signal_ends_program_and_wrapper(self):
        cases = [
            (["bob", "build", "x"], "bob_build_sleeps"),
            (["bob", "deploy", "x"], "pkg_deploy_sleeps"),
            (["deploy.sh", "x"], "check_sleeps"),
            (["deploy.sh", "--publish", "x"], "repo_mkrepo_sleeps"),
            (["sync.sh", "x"], "repo_sync_sleeps"),
            (["remove.sh", "x"], "pkg_remove_sleeps"),
        ]
        for words, variable in cases:
            for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                for group in (False, True):
                    with self.subTest(words=words, signal=name, group=group):
                        status = self.start_and_signal(words, name, group, **{variable: "1"})
                        self.assertEqual(-name, status)
                        self.assert_no_litter()

    def test_no_signal_is_ignored_below_a_wrapper(self):
        for words in (["bob", "build", "x"], ["deploy.sh", "x"], ["sync.sh", "x"]):
            self.run_wrapper(*words)
            ignored = int(pathlib.Path(f"{self.calls}.ignored").read_text(), 16)
            for name in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
                self.assertEqual(0, ignored >> (name - 1) & 1, (words, name))

    def test_a_loop_around_a_wrapper_stops_at_ctrl_c(self):
        marker = pathlib.Path(f"{self.calls}.pid")
        process = subprocess.Popen(
            ["bash", "-c", 'for i in 1 2 3; do "$@"; done', "bash", str(WRAPPERS / "deploy.sh"), "x"],
            env={**self.env, "bob_build_sleeps": "1"},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 20
        while not marker.exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        self.assertEqual(-signal.SIGINT, process.wait(timeout=20))
        self.assertEqual(2, len(self.called()))

    # formulae-hash.sh

    def test_formulae_hash(self):
        names = ["php-8.3.10", "php-8.3.9", "php", "libraries/zlib-1.3", "_util/x-1.0", "a b-1.0"]
        tree = self.folder / "formulae tree"
        for name in names:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text("")
        listed = "a b-1.0\nlibraries/zlib-1.3\nphp-8.3.9\nphp-8.3.10\n"
        expected = subprocess.run(
            ["sha256sum"], input=listed, text=True, capture_output=True, check=True
        ).stdout.split()[0]
        for arguments, cwd, env in (
            ([str(tree)], None, {}),
            (["formulae tree"], self.folder, {}),
            ([], None, {"WORKSPACE_DIR": str(tree)}),
        ):
            done = self.run_wrapper("formulae-hash.sh", *arguments, cwd=cwd, **env)
            self.assertEqual((0, f"{expected}\n"), (done.returncode, done.stdout), done.stderr)
        done = self.run_wrapper("formulae-hash.sh", str(tree / "missing"))
        self.assertEqual((1, ""), (done.returncode, done.stdout))

    # include/manifest.sh

    def helper(self, script, *arguments, shell_options="-eu", **env):
        return subprocess.run(
            ["bash", shell_options, "-c", f'source "$0"; {script}', str(WRAPPERS / "include/manifest.sh"), *arguments],
            env={**self.env, **env},
            cwd=self.folder / "elsewhere",
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def test_the_upload_command(self):
        cases = [
            ({"S3_PREFIX": "p/"}, "'us-east-1'", "p/"),
            ({"S3_PREFIX": "p", "S3_REGION": "eu-west-1"}, "'eu-west-1'", "p/"),
            ({"S3_PREFIX": "/", "S3_REGION": "s3-eu-west-1"}, "'eu-west-1'", ""),
            ({"S3_PREFIX": "", "S3_REGION": "s3"}, "'us-east-1'", ""),
            ({"S3_REGION": "s3.eu-west-1"}, "'eu-west-1'", ""),
        ]
        for env, region, prefix in cases:
            done = self.helper('generate_manifest_cmd "$1"', "x-1.0.composer.json", S3_BUCKET="b", **env)
            self.assertEqual(
                f"'s5cmd' 'cp' '--destination-region' {region} '--content-type' 'application/json'"
                f" '{self.folder}/elsewhere/x-1.0.composer.json' 's3://b/{prefix}x-1.0.composer.json'\n",
                done.stdout,
                done.stderr,
            )

    def test_the_upload_command_survives_any_name(self):
        name = "it's \"odd\" $x `y` \\& z.composer.json"
        done = self.helper(
            's5cmd() { printf "%s\\n" "$@"; }; eval "$(generate_manifest_cmd "$1")"',
            name,
            S3_BUCKET="b",
            S3_PREFIX="p/",
        )
        self.assertEqual(
            [f"{self.folder}/elsewhere/{name}", f"s3://b/p/{name}"],
            done.stdout.splitlines()[-2:],
            done.stderr,
        )

    def test_the_upload_command_of_a_folder(self):
        (self.folder / "elsewhere/x.composer.json").write_text("x")
        root = self.folder / "100% s'tore"
        url = str(root).replace("%", "%25").replace(" ", "%20")
        for env in ({"AWS_ENDPOINT_URL_S3": f"file://{url}"}, {"S3_ENDPOINT_URL": f"file://localhost{url}/"}):
            done = self.helper(
                'eval "$(generate_manifest_cmd x.composer.json)"', S3_BUCKET="b", S3_PREFIX="p", **env
            )
            self.assertEqual((0, ""), (done.returncode, done.stderr))
            target = root / "b/p/x.composer.json"
            self.assertEqual("x", target.read_text())
            target.unlink()

    def test_print_or_export(self):
        done = self.helper('print_or_export_manifest_cmd "$1"', "do -n 'it'")
        self.assertEqual("-----> Done. To upload manifest, run: do -n 'it'\n", done.stdout)
        target = self.folder / "a command"
        done = self.helper('print_or_export_manifest_cmd "$1"', "-n it", MANIFEST_CMD=str(target))
        self.assertEqual(("", "-n it\n"), (done.stdout, target.read_text()))

    def test_helpers_change_no_shell_option(self):
        done = self.helper('echo "$-:$(shopt | sort | cksum)"', shell_options="-f")
        plain = subprocess.run(
            ["bash", "-f", "-c", 'echo "$-:$(shopt | sort | cksum)"'],
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(plain.stdout, done.stdout)

    def test_soname_version(self):
        for soname, expected in (("libx y.so.4", "4\n"), ("libx y.so.4.2", "4.2\n"), ("other.so.4", "")):
            library = self.folder / "libx y.so"
            subprocess.run(
                ["gcc", "-shared", "-nostdlib", "-x", "c", "/dev/null", f"-Wl,-soname,{soname}", "-o", library],
                check=True,
            )
            done = self.helper('soname_version "$1"', str(library))
            self.assertEqual((0 if expected else 1, expected), (done.returncode, done.stdout), done.stderr)


if __name__ == "__main__":
    unittest.main()
