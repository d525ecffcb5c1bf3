# SPDX-License-Identifier: Apache-2.0
"""An S3 server of the tests: moto on a free loopback port, in memory. Its objects can be copied into a folder, where
the readers of local tables judge them."""

import os
import shutil
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml

import processes

KEYS = {"AWS_ACCESS_KEY_ID": "e2e-access-key", "AWS_SECRET_ACCESS_KEY": "e2e-secret-key"}
START_SECONDS = 60
# moto looks who asks, but not at the signature.
SOMEBODY = {
    "Authorization": f"AWS4-HMAC-SHA256 Credential={KEYS['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=none"
}
SPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class S3Server:
    """Started by the constructor; ended by close(), by its pid. With `tls` it has a certificate of its own, in `ca`."""

    def __init__(self, folder: str, tls=False):
        os.makedirs(folder, exist_ok=True)
        os.environ["no_proxy"] = ",".join(filter(None, [os.environ.get("no_proxy"), "127.0.0.1"]))
        self.port = processes.free_port()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        command = [sys.executable, os.path.abspath(__file__), str(self.port)]
        self.ca, self._context = None, None
        if tls:
            self.ca, key = os.path.join(folder, "ca.pem"), os.path.join(folder, "key.pem")
            make_certificate(self.ca, key)
            self._context = ssl.create_default_context(cafile=self.ca)
            command += [self.ca, key]
        with open(os.path.join(folder, "moto.log"), "wb") as log:
            self._process = processes.start(command, stdout=log, stderr=log)
        self._buckets = 0
        processes.wait_until(self._answers, "the S3 server", START_SECONDS)

    def _answers(self) -> bool:
        assert self._process.poll() is None, "the S3 server has ended, see moto.log"
        try:
            self._ask("GET", "/")
            return True
        except urllib.error.URLError:
            return False

    def _ask(self, method: str, path: str, body=None, **query) -> bytes:
        text = f"?{urllib.parse.urlencode(query)}" if query else ""
        headers = {**SOMEBODY, "Content-Type": "application/octet-stream"}  # urllib's own means a form
        request = urllib.request.Request(self.url + path + text, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30, context=self._context) as answer:
            return answer.read()

    def new_bucket(self) -> str:
        self._buckets += 1
        name = f"lake-{self._buckets}"
        self._ask("PUT", f"/{name}")
        return name

    def keys(self, bucket: str, prefix="") -> list[str]:
        found, query = [], {"list-type": "2", "prefix": prefix}
        while True:
            page = xml.fromstring(self._ask("GET", f"/{bucket}", **query))
            found += [entry.findtext(SPACE + "Key") for entry in page.iter(SPACE + "Contents")]
            query["continuation-token"] = page.findtext(SPACE + "NextContinuationToken")
            if not query["continuation-token"]:
                return found

    def get(self, bucket: str, key: str) -> bytes:
        return self._ask("GET", f"/{bucket}/{urllib.parse.quote(key)}")

    def put(self, bucket: str, key: str, body: bytes):
        self._ask("PUT", f"/{bucket}/{urllib.parse.quote(key)}", body)

    def begin_upload(self, bucket: str, key: str):
        """A multipart upload that nobody goes on with. moto says that it was begun in 2010."""
        self._ask("POST", f"/{bucket}/{urllib.parse.quote(key)}", b"", uploads="")

    def uploads(self, bucket: str) -> int:
        """Multipart uploads that were begun and neither finished nor given up."""
        return len(list(xml.fromstring(self._ask("GET", f"/{bucket}", uploads="")).iter(SPACE + "Upload")))

    def download(self, bucket: str, prefix: str, folder: str):
        """Makes `folder` a copy of what lies below the prefix."""
        shutil.rmtree(folder, ignore_errors=True)
        for key in self.keys(bucket, prefix + "/"):
            path = os.path.join(folder, key[len(prefix) + 1 :])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(self.get(bucket, key))

    def close(self):
        processes.end(self._process)


def make_certificate(path: str, key: str):
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", path, "-keyout", key]
    subprocess.run(command, check=True, capture_output=True)


def serve(port: int, *tls):
    """moto, one request after the other: it looks for an object and makes it in two steps, so that of two conditional
    writes at the same time both would succeed."""
    from moto.server import DomainDispatcherApplication, create_backend_app  # pylint: disable=import-outside-toplevel
    from werkzeug.serving import WSGIRequestHandler, run_simple  # pylint: disable=import-outside-toplevel

    moto, turn = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def one_by_one(environ, start_response):
        with turn:
            answer = moto(environ, start_response)
            try:
                return [b"".join(answer)]
            finally:
                if hasattr(answer, "close"):
                    answer.close()

    WSGIRequestHandler.disable_nagle_algorithm = True  # else each answer on a used connection waits 40 ms
    run_simple("127.0.0.1", port, one_by_one, threaded=True, ssl_context=tls or None)


if __name__ == "__main__":
    serve(int(sys.argv[1]), *sys.argv[2:])
