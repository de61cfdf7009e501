"""compare.py OURS THEIRS SERVER RUNS: see ../build.sh. OURS and THEIRS are a `bob` each."""

import http.server
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from server import start

IDENTITY = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::1:user/u</Arn><UserId>u</UserId><Account>1</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


class Sts(http.server.BaseHTTPRequestHandler):
    """bob-builder asks who it is before it does anything; SeaweedFS is not to be asked that."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(IDENTITY)))
        self.end_headers()
        self.wfile.write(IDENTITY)

    def log_message(self, *_):
        """Says nothing."""


def measure(command, env):
    begin = time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit("%s: %s%s" % (command, done.stdout, done.stderr))
    return time.perf_counter() - begin


def main(ours, theirs, server, runs):
    sts = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sts)
    threading.Thread(target=sts.serve_forever, daemon=True).start()
    process, env = start(server, S3_PREFIX="dist/")
    try:
        with tempfile.TemporaryDirectory() as folder:
            env["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:%d" % sts.server_port
            env["WORKSPACE_DIR"] = folder
            env["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
            env["TMPDIR"] = folder
            path = os.path.join(folder, "app")
            formulae = {
                "lib-1.0": "#!/bin/bash\n# Build Path: %s\nmkdir -p $1/lib; echo lib > $1/lib/lib\n",
                "tool-1.0": "#!/bin/bash\n# Build Path: %s\n# Build Deps: lib-1.*\ncp $1/lib/lib $1/tool\n",
            }
            for name, text in formulae.items():
                with open(os.path.join(folder, name), "w") as file:
                    file.write(text % path)
            tasks = {
                "build": ["build", "lib-1.0"],
                "deploy": ["deploy", "lib-1.0", "--overwrite"],
                "deploy with a dependency": ["deploy", "tool-1.0", "--overwrite"],
            }
            print("%-26s %9s %12s %7s" % ("", "slipway", "bob-builder", "ratio"))
            for name, arguments in tasks.items():
                seconds = ([], [])
                for _ in range(runs):
                    for program, times in zip((ours, theirs), seconds):
                        times.append(measure([program] + arguments, env))
                our, their = map(statistics.median, seconds)
                print("%-26s %9.3f %12.3f %7.3f" % (name, our, their, our / their))
    finally:
        process.stdin.close()
        process.wait()


main(*sys.argv[1:4], int(sys.argv[4]))
