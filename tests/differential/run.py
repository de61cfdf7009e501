#!/usr/bin/env python3
"""run.py [--wrappers DIR] [--store folder|s3] [--record] [--list] [CASE…]

Runs the cases of cases/ and compares what a script says, how it ends, and what it leaves in the
bucket and in its folder. README.md beside this file says what a case looks like.

  --wrappers DIR  the folder of bob, deploy.sh, mkrepo.sh, …; default: our bin-wrappers/
  --tools DIR     a folder that goes first on $PATH; default for our wrappers: the debug build
  --store STORE   `folder` (default), or `s3`: the test-s3-server of crates/test-kit
  --record        writes what happened into the cases, instead of comparing; for review
  --list          prints the names of the cases
  CASE            names, or shell patterns of names, of the cases to run
"""

import argparse
import concurrent.futures
import difflib
import fnmatch
import gzip
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import storage
import terminal

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
S3_COMMAND = "'s5cmd' 'cp' '--destination-region' 'us-east-1' '--content-type' 'application/json'"
LIMIT = 60  # seconds that a case may take


def target():
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve() / "debug"


def load(path):
    case = json.loads(path.read_text())
    case["name"] = str(path.relative_to(HERE / "cases"))[: -len(".json")]
    case["path"] = path
    return case


def with_setups(case, setups):
    """The case's files and objects, on top of those of the set-ups that it names."""
    files, before = {}, {}
    for name in case.get("setup", []):
        files.update(setups[name].get("files", {}))
        before.update(setups[name].get("before", {}))
    files.update(case.get("files", {}))
    before.update(case.get("before", {}))
    keep = lambda some: {name: content for name, content in some.items() if content is not None}
    return keep(files), keep(before)


def to_bytes(content, fill):
    """What a content in a case stands for."""
    if isinstance(content, str):
        return fill(content).encode()
    if "json" in content:  # exactly as Python's json module writes it
        return fill(json.dumps(content["json"], sort_keys=True)).encode()
    if "tar" in content:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, text in content["tar"].items():
                member = tarfile.TarInfo(name)
                member.mode = 0o644
                if text.startswith("-> "):
                    member.type, member.linkname = tarfile.SYMTYPE, text[3:]
                    text = ""
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
        return gzip.compress(packed.getvalue(), mtime=0)
    raise ValueError(f"not a content: {content}")


def from_bytes(data, mask):
    """A content that stands for these bytes: the opposite of `to_bytes`."""
    if data[:2] == b"\x1f\x8b":
        members = {}
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                if member.issym():
                    members[member.name] = "-> " + member.linkname
                elif member.isfile():
                    members[member.name] = mask(archive.extractfile(member).read().decode())
                else:
                    members[member.name + "/"] = ""
        return {"tar": members}
    text = mask(data.decode())
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return {"json": value} if json.dumps(value, sort_keys=True) == text else text


class Place:
    """A folder and a store of a case's own."""

    def __init__(self, case, setups, options):
        self.case = case
        self.options = options
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="slipway differential "))
        for name in ("tmp", "home", "cwd", "workspace", "build"):
            (self.work / name).mkdir()
        kind = storage.Folder if options.store == "folder" else storage.S3
        self.store = kind(self.work, case.get("buckets", ["php-dev", "php-stable"]), target())
        self.files, self.before = with_setups(case, setups)
        for name, content in self.files.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, dict) and "link" in content:
                path.symlink_to(self.fill(content["link"]))
            else:
                path.write_bytes(to_bytes(content, self.fill))
        for key, content in self.before.items():
            self.store.put(key, to_bytes(content, self.fill))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.store.close()
        shutil.rmtree(self.work)

    def fill(self, text):
        return text.replace("<WORK>", str(self.work)).replace("<STORE>", self.store.url)

    def mask(self, text):
        quoted = str(self.work).replace(" ", "%20")
        text = text.replace(self.store.url, "<STORE>")
        if self.store.shown:
            text = text.replace(self.store.shown, "s3://")
        text = re.sub(re.escape(str(self.options.wrappers)) + r"(/\S+): line \d+:", r"<WRAPPERS>\1:", text)
        text = text.replace(str(self.work), "<WORK>").replace(quoted, "<WORK>")
        text = re.sub(r"(?m)^Created: <WORK>/tmp/bob-build-\w{8}\.tar\.gz$", "Created: <FILE>", text)
        text = re.sub(r"<WORK>/tmp/[^/:;'\s]*", "<TMP>/*", text)
        # What uploads a manifest to a folder, and what to S3, are the same to a case.
        text = text.replace("'install' '-D' '-m' '644'", S3_COMMAND)
        text = re.sub(r"undone until .* UTC:", "undone until <TIME>:", text)
        return re.sub(r"using mtime: .*", "using mtime: <TIME>", text)

    def environment(self):
        system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        path = [str(self.options.wrappers), os.environ.get("PATH", system)]
        env = {
            "PATH": ":".join([str(self.options.tools)] * bool(self.options.tools) + path),
            "HOME": str(self.work / "home"),
            "TMPDIR": str(self.work / "tmp"),
            "LC_ALL": "C.UTF-8",
            "WORKSPACE_DIR": str(self.work / "workspace"),
            "DEFAULT_BUILD_PATH": str(self.work / "build"),
            "S3_BUCKET": "php-dev",
            "S3_PREFIX": "dev/",
            "STACK": "heroku-24",
            "NOW": "2026-11-21 12:00:00",
            "UTIL": str(self.options.wrappers / "include"),
            **self.store.env,
        }
        for name, value in self.case.get("env", {}).items():
            env[name] = value and self.fill(value)
        return {name: value for name, value in env.items() if value is not None}

    def command(self):
        name, *words = (self.fill(word) for word in self.case["run"])
        program = self.options.wrappers / name
        if name.endswith(".py"):
            return [sys.executable, "-B", str(program), *words]
        return [str(program), *words]

    def run(self):
        stdin = self.case.get("stdin")
        command = self.command()
        if stdin == "closed":
            command, stdin = ["bash", "-c", 'exec "$@" <&-', "bash", *command], None
        if self.case.get("terminal"):
            status, stdout = terminal.run(
                command, self.work / self.case.get("cwd", "cwd"), self.environment(), stdin or "", LIMIT
            )
            return self.outcome(status, stdout, b"")
        process = subprocess.Popen(
            command,
            cwd=self.work / self.case.get("cwd", "cwd"),
            env=self.environment(),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        said = self.change_meanwhile(process) if "meanwhile" in self.case else b""
        try:
            stdout, stderr = process.communicate(None if stdin is None else stdin.encode(), LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return self.outcome(process.returncode, stdout, said + stderr)

    def outcome(self, status, stdout, stderr):
        """What there is to expect, in the form of a case."""
        expect = {"status": status}
        for stream, data in (("stdout", stdout), ("stderr", stderr)):
            content = from_bytes(data, self.mask)
            if isinstance(content, str):
                content = content.splitlines() + ([] if content.endswith("\n") else [""])
                content = content[:-1] + [] if content == [""] else content
            if content:
                expect[stream] = content
        expect["after"] = self.changes(self.before, self.store.contents())
        now = {}
        for folder in ("cwd", "workspace", "manifests", "destination", "build"):
            for path in (self.work / folder).rglob("*"):
                if path.is_file():
                    now[str(path.relative_to(self.work))] = path.read_bytes()
        was = {name: content for name, content in self.files.items() if name in now or "link" not in content}
        expect["files"] = self.changes(was, {name: data for name, data in now.items() if name in was or not name.startswith("build/")})
        litter = sorted(path.name for path in (self.work / "tmp").iterdir())
        expect["litter"] = len(litter)
        if self.options.store == "s3" and "types" in self.case.get("expect", {}):
            expect["types"] = {key: self.store.content_type(key) for key in self.case["expect"]["types"]}
        return {name: value for name, value in expect.items() if value or name == "status"}

    def change_meanwhile(self, process):
        """Puts objects into the store while the script waits for its answer."""
        said = b""
        for line in process.stderr:
            said += line
            if b"POTENTIALLY DESTRUCTIVE ACTION" in line:
                break
        for key, content in self.case["meanwhile"].items():
            self.store.put(key, to_bytes(content, self.fill))
        return said

    def changes(self, before, after):
        """What came or changed, with its content, and what went, with null."""
        changed = {}
        for key in sorted({*before, *after}):
            if key not in after:
                changed[key] = None
            elif key not in before or to_bytes(before[key], self.fill) != after[key]:
                changed[key] = from_bytes(after[key], self.mask)
        return changed


def attempt(case, setups, options):
    with Place(case, setups, options) as place:
        return place.run()


def difference(expected, actual):
    lines = [json.dumps(what, indent=1, sort_keys=True).splitlines() for what in (expected, actual)]
    return "\n".join(difflib.unified_diff(*lines, "expected", "actual", lineterm="", n=2))


def record(case, actual):
    path = case["path"]
    text = json.loads(path.read_text())
    types = text.get("expect", {}).get("types")
    text["expect"] = actual
    if types:
        text["expect"].setdefault("types", types)
    path.write_text(json.dumps(text, indent=1, ensure_ascii=True) + "\n")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wrappers", type=pathlib.Path)
    parser.add_argument("--tools", type=pathlib.Path)
    parser.add_argument("--store", choices=("folder", "s3"), default="folder")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("cases", nargs="*", default=[])
    options = parser.parse_args()
    if options.wrappers is None:
        options.wrappers = ROOT / "bin-wrappers"
        options.tools = options.tools or target()
    options.wrappers = options.wrappers.resolve()
    return options


def main():
    options = arguments()
    setups = json.loads((HERE / "setups.json").read_text())
    cases = [load(path) for path in sorted((HERE / "cases").rglob("*.json"))]
    if options.cases:
        cases = [case for case in cases if any(fnmatch.fnmatch(case["name"], some) for some in options.cases)]
    if not cases:
        sys.exit("run.py: no case of that name")
    if options.list:
        print("\n".join(case["name"] for case in cases))
        return 0
    failed, pending, surprises = [], [], []
    with concurrent.futures.ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        jobs = {case["name"]: pool.submit(attempt, case, setups, options) for case in cases}
        for case in cases:
            actual = jobs[case["name"]].result()
            if options.record:
                record(case, actual)
                continue
            expected = dict(case["expect"])
            if options.store != "s3":
                expected.pop("types", None)
            if expected == actual:
                if "pending" in case:
                    surprises.append(case["name"])
            elif "pending" in case:
                pending.append(case)
            else:
                failed.append(case["name"])
                print(f"--- {case['name']}: {case['about']}\n{difference(expected, actual)}\n")
    for case in pending:
        print(f"pending: {case['name']}: {case['pending']}")
    for name in surprises:
        print(f"no longer pending, take the mark away: {name}")
    print(f"{len(cases)} differential cases, {len(failed)} failed, {len(pending)} pending")
    for name in failed:
        print(f"failed: {name}")
    return 1 if failed or surprises else 0


if __name__ == "__main__":
    sys.exit(main())
