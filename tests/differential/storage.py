"""The stores that cases run on: a folder, or an S3 server, both with nothing but the standard library."""

import datetime
import hashlib
import hmac
import re
import subprocess
import urllib.parse
import urllib.request
import xml.etree.ElementTree

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


def ours(key):
    """Whether an object is what a tool keeps for itself: no part of the repository, and full of dates."""
    return ".slipway" in key.split("/")


class Folder:
    """The embedded store: a bucket is a folder, a key is a file."""

    def __init__(self, work, buckets, _target):
        self.root = work / "store"
        for bucket in buckets:
            (self.root / bucket).mkdir(parents=True)
        self.root.mkdir(exist_ok=True)
        self.url = "file://" + urllib.parse.quote(str(self.root))
        self.shown = f"{self.root}/"
        self.env = {"AWS_ENDPOINT_URL_S3": self.url}

    def put(self, key, data):
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def contents(self):
        files = (path for path in self.root.rglob("*") if path.is_file())
        named = ((str(path.relative_to(self.root)), path) for path in files)
        return {name: path.read_bytes() for name, path in named if not ours(name)}

    def close(self):
        pass


class S3:
    """The S3 server of the tests, one for each case."""

    shown = None

    def __init__(self, _work, buckets, target):
        self.buckets = buckets
        self.server = subprocess.Popen(
            [target / "test-s3-server", *buckets], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.env = {}
        for line in self.server.stdout:
            if line.strip() == "ready":
                break
            name, value = re.fullmatch(r"export (\w+)='(.*)'\n", line).groups()
            self.env[name] = value
        self.url = self.env["AWS_ENDPOINT_URL_S3"]

    def request(self, method, path, query="", data=b""):
        """A request with a signature of version 4."""
        host = self.url.split("//")[1]
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(data).hexdigest()
        path = urllib.parse.quote("/" + path)
        signed = "host;x-amz-content-sha256;x-amz-date"
        canonical = "\n".join(
            [method, path, query, f"host:{host}", f"x-amz-content-sha256:{digest}", f"x-amz-date:{now}", "", signed, digest]
        )
        scope = f"{now[:8]}/us-east-1/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + self.env["AWS_SECRET_ACCESS_KEY"]).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        credential = f"{self.env['AWS_ACCESS_KEY_ID']}/{scope}"
        headers = {
            "x-amz-content-sha256": digest,
            "x-amz-date": now,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}",
        }
        if method == "PUT":
            headers["Content-Type"] = "application/json" if path.endswith(".json") else "application/octet-stream"
        url = self.url + path + ("?" + query if query else "")
        asked = urllib.request.Request(url, data if method == "PUT" else None, headers, method=method)
        return urllib.request.urlopen(asked, timeout=30)

    def put(self, key, data):
        self.request("PUT", key, data=data).close()

    def contents(self):
        objects = {}
        for bucket in self.buckets:
            with self.request("GET", bucket, "list-type=2") as answer:
                listing = xml.etree.ElementTree.parse(answer)
            for element in listing.iter(NAMESPACE + "Key"):
                if ours(element.text):
                    continue
                with self.request("GET", f"{bucket}/{element.text}") as answer:
                    objects[f"{bucket}/{element.text}"] = answer.read()
        return objects

    def content_type(self, key):
        with self.request("HEAD", key) as answer:
            return answer.headers["Content-Type"]

    def close(self):
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()
