"""Services that write down who asks them for what, and programs that are run beside them.

A case (cases.json) says what the environment and the files of AWS hold. A program lists a bucket, or
looks at it. What counts is its first request to S3: to which service, with which access key, session
token and region.
"""

import http.server
import json
import os
import pathlib
import re
import ssl
import subprocess
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
LISTING = """<?xml version="1.0"?><ListBucketResult><Name>b</Name><Prefix>p/</Prefix><KeyCount>1</KeyCount>
<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>p/packages.json</Key>
<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"e"</ETag><Size>15</Size></Contents>
</ListBucketResult>"""
IDENTITY = """<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account>
<Arn>arn:aws:iam::1:user/u</Arn><UserId>u</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>"""
ASSUMED = """<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>AKWEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>TWEB</SessionToken>
<Expiration>2040-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>a</Arn>
<AssumedRoleId>i</AssumedRoleId></AssumedRoleUser></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_CONNECT(self):
        """A proxy that lets nobody through, and knows where all wanted to go."""
        host = self.path.rsplit(":", 1)[0]
        if host.startswith("b.s3") or host.startswith("s3"):
            # By path or by host name, the bucket is the same.
            self.server.stage.seen.append({"to": host.removeprefix("b.")})
        self.close_connection = True
        self.answer(502)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if "AssumeRoleWithWebIdentity" in body:
            self.answer(200, ASSUMED.encode(), Content_Type="text/xml")
        elif "GetCallerIdentity" in body:
            self.answer(200, IDENTITY.encode(), Content_Type="text/xml")
        else:
            self.answer(404)

    def do_GET(self):
        if self.path.startswith("/credentials"):
            return self.answer(200, json.dumps({
                "AccessKeyId": "AKCONTAINER", "SecretAccessKey": "s", "Token": "TCONTAINER",
                "Expiration": "2040-01-01T00:00:00Z"}).encode())
        sign = self.headers.get("Authorization") or ""
        scope = re.search(r"Credential=([^/]*)/\d+/([^/]*)/s3/", sign)
        request = {"to": self.server.name}
        if scope:
            request |= {"key": scope[1], "region": scope[2]}
        else:
            request["unsigned"] = True
        if self.headers.get("X-Amz-Security-Token"):
            request["token"] = self.headers["X-Amz-Security-Token"]
        self.server.stage.seen.append(request)
        if "list-type" in self.path or self.path.split("?")[0].rstrip("/") == "/b":
            return self.answer(200, LISTING.encode(), Content_Type="application/xml")
        date = "Thu, 01 Jan 2026 00:00:00 GMT"
        if "packages.json" in self.path:
            return self.answer(200, b'{"packages":[]}', ETag='"e"', Last_Modified=date)
        return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    do_HEAD = do_GET


class Stage:
    """The services: A and B, T (over TLS), STS with the credentials of containers, a proxy P."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="environment-")
        self.root = pathlib.Path(self.folder.name)
        self.seen = []
        self.servers = []
        self.urls = {}
        for name in ("A", "B", "T", "STS", "P"):
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            server.name, server.stage, server.daemon_threads = name, self, True
            self.servers.append(server)
            scheme = "http"
            if name == "T":
                scheme = "https"
                server.socket = self.tls().wrap_socket(server.socket, server_side=True)
            self.urls[name] = f"{scheme}://127.0.0.1:{server.server_address[1]}"
            threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.shutdown()
        self.folder.cleanup()

    def tls(self):
        """A certificate of an authority that nobody knows."""
        root = self.root
        run = lambda *words: subprocess.run(["openssl", *words], cwd=root, check=True, capture_output=True)
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-days", "2", "-subj", "/CN=test CA", "-addext", "basicConstraints=critical,CA:TRUE")
        run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "t.key", "-out", "t.csr", "-subj", "/CN=127.0.0.1")
        (root / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
        run("x509", "-req", "-in", "t.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "ext", "-out", "t.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(root / "t.pem", root / "t.key")
        return context

    def fill(self, text):
        """Puts addresses and paths in place of {A}, {HOME} and the like."""
        values = {**self.urls, "HOME": str(self.root / "home"), "CA": str(self.root / "ca.pem")}
        return re.sub(r"\{([A-Z]+)\}", lambda match: values[match[1]], text)

    def ask(self, case, command, folder):
        """Runs a program for a case; its first request to S3, or nothing."""
        home = self.root / "home"
        subprocess.run(["rm", "-rf", str(home)], check=True)
        home.mkdir()
        for name, text in case.get("files", {}).items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.fill(text).encode())
        environment = {
            "HOME": str(home), "PATH": os.environ["PATH"], "TMPDIR": str(self.root),
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "SLIPWAY_TIMEOUT": "5",
            "https_proxy": self.urls["P"], "HTTPS_PROXY": self.urls["P"],
            "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1",
            "AWS_ENDPOINT_URL_STS": self.urls["STS"],
            "S3_BUCKET": "b", "S3_PREFIX": "p/", "PYTHONDONTWRITEBYTECODE": "1",
        }
        for name, value in case["env"].items():
            environment[name] = self.fill(value)
        self.seen.clear()
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)
        self.said = done.stderr + done.stdout
        return dict(self.seen[0]) if self.seen else None


def cases():
    return json.loads((HERE / "cases.json").read_text())
