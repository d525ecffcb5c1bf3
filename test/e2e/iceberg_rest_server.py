# SPDX-License-Identifier: Apache-2.0
"""An Iceberg REST catalog of the tests, in a thread: it applies the updates that it is sent by PyIceberg's own rules
and writes metadata files as other catalogs do. It can refuse, cut or garble what it answers."""

import json
import threading
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.io import load_file_io
from pyiceberg.table import CommitTableRequest
from pyiceberg.table.metadata import TableMetadataUtil
from pyiceberg.table.update import update_table_metadata
from pyiceberg.typedef import IcebergBaseModel

TOKEN = "e2e-rest-token"
CREDENTIAL = "e2e-client:e2e-rest-secret"


class Fault:
    """What happens to the next request of a method whose path has the word: before it is done, or after."""

    def __init__(self, method, word, answer, done=False, times=1):
        self.method, self.word, self.answer, self.done, self.times = method, word, answer, done, times


class IcebergRest:
    """`token`: who asks must show it; it is had by CREDENTIAL, or known. `file_io`: PyIceberg's, of metadata in S3, and
    `put` (URI, bytes), which makes a file there."""

    def __init__(self, token=None, prefix="", port=0, file_io=None, put=None):
        self.token, self.prefix = token, prefix
        self.file_io, self.put = file_io or load_file_io(), put or put_on_disk
        self.tables, self.namespaces = {}, set()  # (namespace, name): [metadata file, ...]
        self.requests, self.faults = [], []
        self.lock = threading.Lock()
        self._server, self.away = None, False
        self.port = port
        self.on()

    def on(self):
        """Begins to listen, on the port that it has had."""
        self.away = False
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def off(self):
        """Nothing is answered any more, also on connections that are there."""
        self.away = True
        self._server.shutdown()
        self._server.server_close()

    close = off

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def options(self, **more) -> dict:
        """Table options that publish to it."""
        return {
            "metadata.iceberg.storage": "rest-catalog",
            "metadata.iceberg.rest.uri": self.uri,
            **{f"metadata.iceberg.rest.{key}": value for key, value in more.items()},
        }

    def catalog(self, **options) -> RestCatalog:
        return RestCatalog("e2e", uri=self.uri, **({"token": self.token} if self.token else {}), **options)

    def fault(self, method, word, answer, done=False, times=1):
        """`answer`: a status, b"..." for a body that is no JSON, None to cut the connection."""
        self.faults.append(Fault(method, word, answer, done, times))

    def metadata(self, namespace, name) -> dict:
        with self.file_io.new_input(self.tables[namespace, name][-1]).open() as file:
            return json.loads(file.read())

    # ---- what is asked

    def answer(self, method, path, query, headers, body):
        """(status, JSON or None)."""
        parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
        if parts[:2] == ["v1", "oauth"]:
            form = urllib.parse.parse_qs(body.decode())
            known = f"{form.get('client_id', [''])[0]}:{form.get('client_secret', [''])[0]}" == CREDENTIAL
            return (200, {"access_token": self.token, "token_type": "bearer"}) if known else (401, {"error": "invalid"})
        if self.token and headers.get("authorization") != f"Bearer {self.token}":
            return 401, error("NotAuthorizedException", "who are you?")
        if parts == ["v1", "config"]:
            return 200, {"defaults": {}, "overrides": {"prefix": self.prefix} if self.prefix else {}}
        if self.prefix:
            assert parts[1] == self.prefix, path
            del parts[1]
        given = json.loads(body) if body else {}
        with self.lock:
            if len(parts) == 2:
                return self._namespaces(method, given)
            return self._tables(method, parts[2:], given, query)

    def _namespaces(self, method, given):
        if method == "GET":
            return 200, {"namespaces": [[name] for name in sorted(self.namespaces)]}
        (name,) = given["namespace"]
        if name in self.namespaces:
            return 409, error("AlreadyExistsException", "it is there")
        self.namespaces.add(name)
        return 200, given

    def _tables(self, method, parts, given, query):
        namespace = parts[0]
        if namespace not in self.namespaces:
            return 404, error("NoSuchNamespaceException", f"no namespace {namespace}")
        if parts[1:] == ["register"]:
            key = (namespace, given["name"])
            if key in self.tables:
                return 409, error("AlreadyExistsException", "it is there")
            self.tables[key] = [given["metadata-location"]]
            return 200, self._loaded(key)
        if parts[1:] == ["tables"]:
            names = [{"namespace": [space], "name": name} for space, name in sorted(self.tables) if space == namespace]
            return 200, {"identifiers": names}
        key = (namespace, parts[2])
        if key not in self.tables:
            return 404, error("NoSuchTableException", f"no table {key}")
        if method == "DELETE":
            assert query.get("purgeRequested") == ["false"], query
            del self.tables[key]
            return 204, None
        if method in ("GET", "HEAD"):
            return 200, self._loaded(key)
        return self._commit(key, given)

    def _loaded(self, key):
        return {"metadata-location": self.tables[key][-1], "metadata": self.metadata(*key), "config": {}}

    def _commit(self, key, given):
        request = CommitTableRequest.model_validate(given)
        base = TableMetadataUtil.parse_obj(self.metadata(*key))
        try:
            for requirement in request.requirements:
                requirement.validate(base)
        except Exception as why:  # pylint: disable=broad-except
            return 409, error("CommitFailedException", str(why))
        try:
            made = update_table_metadata(base, tuple(request.updates), True, self.tables[key][-1])
        except Exception as why:  # pylint: disable=broad-except
            return 400, error("ValidationException", str(why))
        path = f"{base.location}/metadata/{len(self.tables[key]):05}-{uuid.uuid4()}.metadata.json"
        self.put(path, IcebergBaseModel.model_dump_json(made).encode())  # of format version 3 too
        self.tables[key].append(path)
        return 200, self._loaded(key)

    def _handler(self):
        catalog = self

        class Handler(BaseHTTPRequestHandler):
            """One connection."""

            protocol_version = "HTTP/1.1"

            def handle_request(self):
                url = urllib.parse.urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                catalog.requests.append((self.command, url.path))
                fault = next((f for f in catalog.faults if f.method == self.command and f.word in url.path), None)
                if catalog.away:
                    self.close_connection = True
                    return
                if fault:
                    fault.times -= 1
                    if not fault.times:
                        catalog.faults.remove(fault)
                if not fault or fault.done:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    status, made = catalog.answer(
                        self.command, url.path, urllib.parse.parse_qs(url.query), headers, body
                    )
                if fault:
                    if fault.answer is None:
                        self.close_connection = True
                        self.connection.close()
                        return
                    status, made = (fault.answer, error("Fault", "injected")) if isinstance(fault.answer, int) else (
                        200, fault.answer)
                text = made if isinstance(made, bytes) else b"" if made is None else json.dumps(made).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text)

            do_GET = do_POST = do_DELETE = do_HEAD = handle_request

            def log_message(self, *_):
                pass

        return Handler


def put_on_disk(uri, body):
    with open(uri.removeprefix("file://"), "wb") as file:
        file.write(body)


def error(kind, message):
    return {"error": {"message": message, "type": kind, "code": 0}}
