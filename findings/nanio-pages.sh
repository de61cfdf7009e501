#!/usr/bin/env bash
# nanio 0.1.7: keys are lost between the pages of a listing.
#
# The server walks its folders in the order of their names, and goes on after a key by the order of whole
# keys. "-" and "." sort before "/", so that "x-y/1" and "x.z" beside a folder "x" fall between two pages.
# One page that holds all of them is complete.
# Source: the API reference of Amazon S3 on ListObjectsV2 (keys in UTF-8 binary order, continuation).
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
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check nanio==0.1.7 boto3==1.44.8
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$dir/data"
NANIO_ACCESS_KEY=test NANIO_SECRET_KEY=testtest "$dir/venv/bin/nanio" serve --data-dir "$dir/data" --host 127.0.0.1 --port "$port" >"$dir/log" 2>&1 &
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
for key in ("a", "x-y/1", "x.z", "x/1", "x/2", "z"):
    s3.put_object(Bucket="box", Key=key, Body=b"x")


def listed(size):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="box", MaxKeys=size)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


whole, paged = listed(1000), listed(2)
print("one page:", whole)
print("pages of two:", paged)
assert whole == ["a", "x-y/1", "x.z", "x/1", "x/2", "z"]
assert set(whole) - set(paged) == {"x-y/1", "x.z"}
PYTHON
