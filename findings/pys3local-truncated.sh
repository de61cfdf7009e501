#!/usr/bin/env bash
# pys3local 0.2.1: a listing that goes on, without a way to go on.
#
# Of 1,100 keys ListObjectsV2 gives 1,000, says IsTruncated, and has no NextContinuationToken. StartAfter,
# the other way to the rest, is ignored: the first keys come again. Clients see 1,000 keys, or loop.
# Source: the API reference of Amazon S3 on ListObjectsV2 (IsTruncated, NextContinuationToken, StartAfter).
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
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pys3local==0.2.1 boto3==1.44.8
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$dir/data"
HOME="$dir" "$dir/venv/bin/pys3local" serve --path "$dir/data" --listen "127.0.0.1:$port" --no-auth --allow-bucket-creation >"$dir/log" 2>&1 &
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
for number in range(1100):
    s3.put_object(Bucket="box", Key=f"{number:05d}", Body=b"x")
page = s3.list_objects_v2(Bucket="box")
keys = [entry["Key"] for entry in page["Contents"]]
rest = s3.list_objects_v2(Bucket="box", StartAfter=keys[-1])["Contents"]
print(len(keys), "keys, truncated:", page["IsTruncated"], "token:", page.get("NextContinuationToken"))
print("after", keys[-1], "comes", rest[0]["Key"])
assert len(keys) == 1000 and page["IsTruncated"] and "NextContinuationToken" not in page
assert rest[0]["Key"] == keys[0]
PYTHON
