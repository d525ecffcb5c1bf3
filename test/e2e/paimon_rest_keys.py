# SPDX-License-Identifier: Apache-2.0
"""Keys of the fake Paimon REST catalog: requests that are signed as DLF wants it, keys of the storage that it lends for
a table, and what stands before the S3 server then: it takes requests with lent keys that have not ended, no others."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import rest_server

REGION = "cn-hangzhou"
SIGNED = ("content-md5", "content-type", "x-dlf-content-sha256", "x-dlf-date", "x-dlf-security-token", "x-dlf-version")


class Keys:
    """An access key of DLF."""

    def __init__(self, ends=None):
        self.id, self.secret, self.token = (f"{kind}-{uuid.uuid4()}" for kind in ("dlf-id", "dlf-secret", "dlf-token"))
        self.ends = ends

    def options(self):
        return {"token.provider": "dlf", "token": None, "dlf.region": REGION, "dlf.access-key-id": self.id,
                "dlf.access-key-secret": self.secret, "dlf.security-token": self.token}

    def json(self):
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.ends))
        return {"AccessKeyId": self.id, "AccessKeySecret": self.secret, "SecurityToken": self.token,
                "Expiration": expires, "Code": "Success"}

    def signs(self, method, path, query, headers, body):
        """Whether a request is these keys'; `query`: lists of values."""
        if headers.get("authorization", "").startswith("acs "):
            return self._signs_open_api(method, path, query, headers)
        if body and headers["content-md5"] != base64.b64encode(hashlib.md5(body).digest()).decode():
            return False
        pairs = [f"{name}={urllib.parse.quote_plus(values[-1], safe='*').replace('~', '%7E')}"
                 for name, values in sorted(query.items())]
        lines = [method, path, "&".join(pairs)]
        lines += [f"{name}:{headers[name].strip()}" for name in SIGNED if name in headers] + ["UNSIGNED-PAYLOAD"]
        moment = headers.get("x-dlf-date", "")
        scope = [moment[:8], REGION, "DlfNext", "aliyun_v4_request"]
        key = ("aliyun_v4" + self.secret).encode()
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        for part in [*scope, "\n".join(["DLF4-HMAC-SHA256", moment, "/".join(scope), digest])]:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        expected = f"DLF4-HMAC-SHA256 Credential={self.id}/{'/'.join(scope)},Signature={key.hex()}"
        return headers.get("authorization") == expected and headers.get("x-dlf-security-token") == self.token

    def _signs_open_api(self, method, path, query, headers):
        lines = [method, *(headers.get(name) or "" for name in ("accept", "content-md5", "content-type", "date"))]
        lines += [f"{name.lower()}:{value}" for name, value in sorted(headers.items()) if name.startswith("x-acs-")]
        pairs = [f"{name}={values[-1]}" for name, values in sorted(query.items())]
        text = "\n".join([*lines, urllib.parse.unquote_plus(path) + ("?" + "&".join(pairs) if pairs else "")])
        made = base64.b64encode(hmac.new(self.secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
        return headers["authorization"] == f"acs {self.id}:{made}" and headers["x-acs-security-token"] == self.token


class Machine(rest_server.RestServer):
    """Tells the role of a machine and its keys, as ECS does."""

    def __init__(self, keys):
        self.keys = keys
        super().__init__()

    @property
    def url(self):
        return self.uri + "/latest/roles/"

    def answer(self, method, path, query, headers, body):
        if path == "/latest/roles/":
            return 200, b"the-role"
        return (200, self.keys().json()) if path == "/latest/roles/the-role" else (404, None)


class Lender:
    """Stands before an S3 server and lends keys for tables there. They live so many seconds."""

    def __init__(self, server, seconds):
        self.server, self.seconds = server, seconds
        self.lent = {}  # access key: (secret key, session token, prefix, end)
        self.refused, self.used = [], set()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()

    def lend(self, location):
        """The answer to a request for the keys of the table at s3://…; with both PyPaimon's and Java's names."""
        key, secret, token = (f"{kind}-{uuid.uuid4()}" for kind in ("lent-id", "lent-secret", "lent-token"))
        ends = time.time() + self.seconds
        self.lent[key] = (secret, token, location.removeprefix("s3://"), ends)
        names = {"fs.s3.accessKeyId": key, "fs.s3.accessKeySecret": secret, "fs.s3.securityToken": token,
                 "fs.s3.endpoint": self.endpoint, "s3.access-key": key, "s3.secret-key": secret,
                 "s3.session.token": token, "s3.endpoint": self.endpoint, "s3.path.style.access": "true"}
        return {"token": names, "expiresAtMillis": int(ends * 1000)}

    def secrets(self):
        return [text for key, lent in self.lent.items() for text in (key, *lent[:2])]

    def refusal(self, path, query, headers):
        """The code of S3 for a request that is not taken."""
        match = re.search(r"Credential=([^/]+)/", headers.get("authorization", ""))
        _, token, place, ends = self.lent.get(match[1] if match else "", (None, None, None, 0))
        if place is None:
            return "InvalidAccessKeyId"
        if token != headers.get("x-amz-security-token"):
            return "InvalidToken"
        if ends < time.time():
            return "ExpiredToken"
        path = urllib.parse.unquote(path).strip("/")
        asked = "/".join([path, *query["prefix"]]) if "prefix" in query else path
        self.used.add(match[1])
        return None if (asked + "/").startswith(place + "/") else "AccessDenied"

    def _handler(self):
        lender = self

        class Handler(BaseHTTPRequestHandler):
            """One connection."""

            protocol_version = "HTTP/1.1"

            def handle_request(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                url = urllib.parse.urlsplit(self.path)
                refused = lender.refusal(url.path, urllib.parse.parse_qs(url.query), self.headers)
                if refused:
                    lender.refused.append((refused, self.command, self.path))
                    text = b"" if self.command == "HEAD" else f"<Error><Code>{refused}</Code></Error>".encode()
                    self._send(403, {}, text)
                    return
                link = http.client.HTTPConnection("127.0.0.1", lender.server.port, timeout=60)
                link.request(self.command, self.path, body, dict(self.headers.items()))
                answer = link.getresponse()
                self._send(answer.status, dict(answer.getheaders()), answer.read())
                link.close()

            def _send(self, status, headers, body):
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in ("content-length", "connection", "date", "server", "transfer-encoding"):
                        self.send_header(name, value)
                length = headers.get("content-length") or headers.get("Content-Length") or str(len(body))
                self.send_header("content-length", length if self.command == "HEAD" else str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

            def log_message(self, *_):
                pass

        return Handler


def written(path, keys):
    """A file of keys, replaced at once."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(keys.json(), file)
    os.replace(path + ".new", path)
