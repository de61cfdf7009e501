"""A SeaweedFS for a measurement."""

import os
import subprocess
import sys


def start(server, **more):
    """A server with the bucket `bench`, and the environment for its clients; it ends when its
    standard input closes. SERVER is our test-s3-server."""
    process = subprocess.Popen(
        [server, "--seaweedfs", "bench"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    env = dict(os.environ, S3_BUCKET="bench", AWS_DEFAULT_REGION="us-east-1", **more)
    for line in process.stdout:
        if line == "ready\n":
            return process, env
        name, value = line.removeprefix("export ").rstrip("\n").split("=", 1)
        env[name] = value.strip("'")
    sys.exit("the server does not start")
