#!/usr/bin/env bash
# localbucket 1.2.1: two of three conditions count.
#
# PUT with If-None-Match: * is refused where there is an object, and so is a copy whose source has another
# ETag. PUT with If-Match overwrites whatever is there, with 200. So that one condition works says nothing
# about another one. (Its help text names If-None-Match alone.)
# Source: the API reference of Amazon S3 on PutObject (If-Match), and localbucket --help.
set -euo pipefail

dir=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap finish EXIT

python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check localbucket==1.2.1 boto3==1.44.8
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$dir/data"
"$dir/venv/bin/localbucket" --port "$port" "$dir/data" >"$dir/log" 2>&1 &
server=$!

"$dir/venv/bin/python" - "$port" <<'PYTHON'
import socket
import sys
import time

import boto3
from botocore.config import Config

port = int(sys.argv[1])
for _ in range(300):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        break
    except OSError:
        time.sleep(0.1)
s3 = boto3.client(
    "s3",
    endpoint_url=f"http://127.0.0.1:{port}",
    aws_access_key_id="test",
    aws_secret_access_key="testtest",
    region_name="us-east-1",
    config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
)
s3.create_bucket(Bucket="box")
other = '"00000000000000000000000000000000"'


def status(call, **arguments):
    try:
        return call(Bucket="box", **arguments)["ResponseMetadata"]["HTTPStatusCode"]
    except s3.exceptions.ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]


s3.put_object(Bucket="box", Key="key", Body=b"first")
source = {"Bucket": "box", "Key": "key"}
absent = status(s3.put_object, Key="key", Body=b"second", IfNoneMatch="*")
copy = status(s3.copy_object, Key="copy", CopySource=source, CopySourceIfMatch=other)
match = status(s3.put_object, Key="key", Body=b"third", IfMatch=other)
content = s3.get_object(Bucket="box", Key="key")["Body"].read()
print("If-None-Match:", absent, "copy source:", copy, "If-Match:", match, content)
assert (absent, copy, match) == (412, 412, 200) and content == b"third"
PYTHON
