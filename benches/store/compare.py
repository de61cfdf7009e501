"""compare.py BUCKET S5CMD SERVER OBJECTS RUNS: see ../store.sh. BUCKET is our example program."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from server import start

SIZE = 2000


def measure(command, env):
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env)
    return time.perf_counter() - begin


def fetched(folder):
    """How many bytes lie in `folder`, which is emptied."""
    total = 0
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        total += os.path.getsize(path)
        os.remove(path)
    return total


def main(bucket, s5cmd, server, objects, runs):
    process, env = start(server, AWS_REGION="us-east-1")
    try:
        subprocess.run([bucket, "fill", "dist/", str(objects), str(SIZE)], check=True, env=env)
        endpoint = [s5cmd, "--endpoint-url", env["AWS_ENDPOINT_URL_S3"]]
        with tempfile.TemporaryDirectory() as folder:
            tasks = {
                "list": (
                    [bucket, "list", "dist/"],
                    endpoint + ["ls", "s3://bench/dist/*"],
                ),
                "fetch": (
                    [bucket, "fetch", "dist/", folder],
                    endpoint + ["cp", "s3://bench/dist/*", folder + "/"],
                ),
            }
            print("%-24s %9s %9s %7s" % ("%d objects" % objects, "slipway", "s5cmd", "ratio"))
            for name, commands in tasks.items():
                seconds = ([], [])
                for _ in range(runs):
                    for command, times in zip(commands, seconds):
                        times.append(measure(command, env))
                        total = fetched(folder)
                        if name == "fetch" and total != objects * SIZE:
                            sys.exit("%s: %d bytes came" % (command[0], total))
                ours, theirs = map(statistics.median, seconds)
                print("%-24s %9.3f %9.3f %7.3f" % (name, ours, theirs, ours / theirs))
    finally:
        process.stdin.close()
        process.wait()


main(*sys.argv[1:4], *map(int, sys.argv[4:6]))
