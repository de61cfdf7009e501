#!/usr/bin/env bash
# moto 5.2.5: a condition that one request keeps is ignored by its plural.
#
# S3 takes an ETag for each key of a DeleteObjects request, and an If-Match header with DeleteObject.
# moto answers the latter with 412 where the ETag is another one, and deletes with the former.
# Source: the API reference of Amazon S3 on DeleteObjects (element ETag of ObjectIdentifier).
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
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check 'moto[server]==5.2.5' boto3==1.44.8
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$dir/data"
"$dir/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$dir/log" 2>&1 &
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
for key in ("one", "two"):
    s3.put_object(Bucket="box", Key=key, Body=b"content")
try:
    s3.delete_object(Bucket="box", Key="one", IfMatch=other)
    single = "deleted"
except s3.exceptions.ClientError as error:
    single = error.response["Error"]["Code"]
answer = s3.delete_objects(Bucket="box", Delete={"Objects": [{"Key": "two", "ETag": other}]})
several = [entry["Key"] for entry in answer.get("Deleted", [])]
left = [entry["Key"] for entry in s3.list_objects_v2(Bucket="box")["Contents"]]
print("DeleteObject:", single)
print("DeleteObjects: deleted", several, "left", left)
assert single == "PreconditionFailed"
assert several == ["two"] and left == ["one"]
PYTHON
