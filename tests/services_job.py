"""The main job on one service: deploy, publish, sync, remove, snapshot, roll back, check, collect."""

import hashlib
import json
import pathlib
import subprocess
import tempfile

DEVELOP, STABLE = "job/", "job-stable/"


def records(folder, endpoint, bucket, name, content, day):
    """The records of a build, as bob-build leaves them."""
    package, version = name.rsplit("-", 1)
    url = f"{endpoint}/{bucket}/{DEVELOP}{name}.tar.gz"
    manifest = {
        "dist": {"type": "heroku-sys-tar", "url": url},
        "name": f"heroku-sys/{package}",
        "require": {},
        "time": f"2026-01-{day:02} 00:00:00",
        "type": "heroku-sys-library",
        "version": version,
    }
    files = {}
    for ending, text in ((".tar.gz", content), (".composer.json", json.dumps(manifest))):
        path = folder / f"{name}{ending}"
        path.write_text(text)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        files[ending] = {"path": str(path), "sha256": sha256}
    build = {
        "formula": name,
        "name": name,
        "build-path": "/app",
        "archive": {**files[".tar.gz"], "size-bytes": len(content)},
        "manifest": {**files[".composer.json"], "name": f"{name}.composer.json"},
        "seconds": 0.5,
        "temporary": False,
    }
    lines = [
        {"kind": "start.v1", "tool": "bob-build", "version": "0.1.0"},
        {"kind": "build.v1", **build},
        {"kind": "end.v1", "records": 1, "status": 0},
    ]
    return "".join(json.dumps({**line, "producer": "job"}) + "\n" for line in lines)


def run(tools, endpoint, bucket, environment):
    """Raises where a step ends with another status than 0, or leaves something wrong behind."""
    with tempfile.TemporaryDirectory(prefix="slipway-job-") as name:
        folder = pathlib.Path(name)
        variables = {
            **environment,
            "HOME": str(folder),
            "AWS_ENDPOINT_URL_S3": endpoint,
            "S3_BUCKET": bucket,
            "S3_PREFIX": DEVELOP,
        }

        def step(tool, *arguments, stdin=""):
            done = subprocess.run(
                [tools / tool, *arguments], input=stdin, text=True, env=variables, cwd=folder,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300,
            )  # fmt: skip
            if done.returncode:
                raise AssertionError(f"{endpoint}: {tool} {arguments}: {done.returncode}\n{done.stderr}")
            return done

        def deploy(package, content, day, *options):
            stdin = records(folder, endpoint, bucket, package, content, day)
            step("pkg-deploy", "--publish", *options, stdin=stdin)

        def sync():
            return step("repo-sync", "--yes", bucket, STABLE, bucket, DEVELOP).stderr

        def check(prefix):
            step("repo-check", bucket, prefix)

        deploy("a-1", "first", 1)
        deploy("b-1", "second", 1)
        check(DEVELOP)
        sync()
        check(STABLE)
        # A rebuilt package of the same length.
        deploy("a-1", "FIRST", 2, "--overwrite")
        assert "a-1" in sync(), f"{endpoint}: the sync does not see a rebuilt package"
        assert "Nothing to do" in sync(), f"{endpoint}: the sync does not see what it has done"
        step("pkg-remove", "--yes", "b-1")
        step("repo-mkrepo", "--upload", "-c", "rel", bucket, DEVELOP)
        sync()
        check(STABLE)
        step("repo-mkrepo", "rollback", "--yes", "2", bucket, DEVELOP)
        check(DEVELOP)
        step("repo-check", "--gc", "--yes", "--older-than", "0s", bucket, DEVELOP)
        check(DEVELOP)
        assert "b-1" in sync(), f"{endpoint}: the sync does not see what a rollback brought back"
        check(STABLE)
