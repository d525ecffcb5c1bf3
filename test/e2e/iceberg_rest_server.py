# SPDX-License-Identifier: Apache-2.0
"""An Iceberg REST catalog of the tests, in a thread: it applies the updates that it is sent by PyIceberg's own rules
and writes metadata files as other catalogs do. It can refuse, cut or garble what it answers."""

import json
import urllib.parse
import uuid

import rest_server
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.io import load_file_io
from pyiceberg.table import CommitTableRequest
from pyiceberg.table.metadata import TableMetadataUtil
from pyiceberg.table.update import update_table_metadata
from pyiceberg.typedef import IcebergBaseModel

TOKEN = "e2e-rest-token"
CREDENTIAL = "e2e-client:e2e-rest-secret"


class IcebergRest(rest_server.RestServer):
    """`token`: who asks must show it; it is had by CREDENTIAL, or known. `file_io`: PyIceberg's, of metadata in S3, and
    `put` (URI, bytes), which makes a file there."""

    def __init__(self, token=None, prefix="", port=0, file_io=None, put=None):
        self.token, self.prefix = token, prefix
        self.file_io, self.put = file_io or load_file_io(), put or put_on_disk
        self.tables, self.namespaces = {}, set()  # (namespace, name): [metadata file, ...]
        super().__init__(port)

    def options(self, **more) -> dict:
        """Table options that publish to it."""
        return {
            "metadata.iceberg.storage": "rest-catalog",
            "metadata.iceberg.rest.uri": self.uri,
            **{f"metadata.iceberg.rest.{key}": value for key, value in more.items()},
        }

    def catalog(self, **options) -> RestCatalog:
        return RestCatalog("e2e", uri=self.uri, **({"token": self.token} if self.token else {}), **options)

    def fault_body(self, made):
        return error("Fault", "injected")

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


def put_on_disk(uri, body):
    with open(uri.removeprefix("file://"), "wb") as file:
        file.write(body)


def error(kind, message):
    return {"error": {"message": message, "type": kind, "code": 0}}
