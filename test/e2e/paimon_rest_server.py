# SPDX-License-Identifier: Apache-2.0
"""A Paimon REST catalog of the tests, in a thread: it keeps tables in a folder and writes the files of schemas and
snapshots by the rules of Java's own test server. It can refuse, cut or garble what it answers. What alters a schema:
paimon_rest_alter.py."""

import json
import os
import shutil
import urllib.parse
import uuid

import paimon_rest_alter
import rest_server

TOKEN = "e2e-paimon-rest-token"
PREFIX = "the prefix"  # one part of each path, encoded
WAREHOUSE = "e2e"
PAGE = 2


class Refused(Exception):
    """An answer that says no: status, kind of resource, its name."""

    def __init__(self, status, resource, name, message="no"):
        super().__init__(message)
        self.status, self.body = status, {
            "resourceType": resource, "resourceName": name, "message": message, "code": status
        }


class Table:
    """A table in a folder; one in S3: test_paimon_rest.py."""

    external = False  # its snapshots are files alone

    def __init__(self, folder):
        self.id, self.folder, self.latest = str(uuid.uuid4()), folder, 0
        self.branches = {}
        self.location = "file:" + folder

    def branch(self, name, tag):
        """Makes one, with the snapshot of that tag."""
        self.branches[name] = made = Table(os.path.join(self.folder, "branch", "branch-" + name))
        made.id = self.id
        shutil.copytree(os.path.join(self.folder, "schema"), os.path.join(made.folder, "schema"))
        if tag:
            with open(os.path.join(self.folder, "tag", "tag-" + tag), encoding="utf-8") as file:
                made.latest = json.load(file)["id"]
            made.put("snapshot", made.latest, self.read("snapshot", made.latest))

    def forward(self, branch):
        """The snapshots of a branch take the place of those from its first one on."""
        first = next(number for number in range(1, branch.latest + 1) if branch.exists("snapshot", number))
        for number in range(first, self.latest + 1):
            os.remove(self.path("snapshot", number))
        for number in range(first, branch.latest + 1):
            self.put("snapshot", number, branch.read("snapshot", number))
        self.latest = branch.latest

    def path(self, kind, number):
        return os.path.join(self.folder, kind, f"{kind}-{number}")

    def read(self, kind, number):
        with open(self.path(kind, number), encoding="utf-8") as file:
            return json.load(file)

    def exists(self, kind, number):
        return os.path.exists(self.path(kind, number))

    def schema(self):
        number = 0
        while self.exists("schema", number + 1):
            number += 1
        return self.read("schema", number)

    def put(self, kind, number, content):
        path = self.path(kind, number)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".tmp", "x", encoding="utf-8") as file:
            json.dump(content, file)
        os.link(path + ".tmp", path)
        os.remove(path + ".tmp")


class PaimonRest(rest_server.RestServer):
    empty = b"{}"

    def __init__(self, folder, config=None, port=0):
        self.folder, self.config = folder, config or {}
        self.databases, self.tables = {}, {}  # (database, name): Table
        self.new_table = Table
        self.signers = None  # a list of paimon_rest_keys.Keys: who may ask instead of the token's owner
        self.lend = None     # of a table, the answer to who asks for keys of its storage
        super().__init__(port)

    def options(self, **more):
        return {"metastore": "rest", "uri": self.uri, "warehouse": WAREHOUSE, "token.provider": "bear", "token": TOKEN,
                **more}

    def count(self, method, word):
        return sum(m == method and word in path for m, path in self.requests)

    # ---- what is asked

    def answer(self, method, path, query, headers, body):
        try:
            self._authorize(method, path, query, headers, body)
            return 200, self._answer(method, path, {key: values[-1] for key, values in query.items()}, body)
        except Refused as error:
            return error.status, error.body

    def _authorize(self, method, path, query, headers, body):
        if self.signers is not None:
            known = any(keys.signs(method, path, query, headers, body) for keys in self.signers)
        else:
            known = headers.get("authorization") == f"Bearer {TOKEN}"
        if not known:
            told = [headers.get(name) for name in ("authorization", "x-dlf-security-token", "x-acs-security-token")]
            raise Refused(401, None, None, f"{told} is nobody's")

    def _answer(self, method, path, query, body):
        parts = [urllib.parse.unquote_plus(part) for part in path.strip("/").split("/")]
        if parts == ["v1", "config"]:
            if query.get("warehouse") != WAREHOUSE:
                raise Refused(404, None, None, "no such warehouse")
            return {"defaults": {"prefix": PREFIX, **self.config}, "overrides": {}}
        if parts[:3] != ["v1", PREFIX, "databases"]:
            raise Refused(404, None, None, f"nothing at {path}")
        given = json.loads(body) if body else {}
        with self.lock:
            if len(parts) < 5:
                return self._databases(method, parts[3:], given, query)
            if parts[3] not in self.databases:
                raise Refused(404, "DATABASE", parts[3])
            if parts[4] == "table-details" or len(parts) == 5:
                return self._tables(method, parts[3], given, query)
            name, _, branch = parts[5].partition("$branch_")
            found = self.tables.get((parts[3], name))
            if found and branch:
                found = found.branches.get(branch)
            if found is None:
                raise Refused(404, "TABLE", parts[5])
            if len(parts) == 6:
                return self._table(method, (parts[3], parts[5]), found, given)
            return getattr(self, "_" + parts[6])(method, found, given, parts[7:])

    def _databases(self, method, parts, given, query):
        if parts:
            if parts[0] not in self.databases:
                raise Refused(404, "DATABASE", parts[0])
            return {"id": parts[0], "name": parts[0], "location": self.databases[parts[0]], "options": {}}
        if method == "GET":
            return page("databases", sorted(self.databases), query, str)
        if given["name"] in self.databases:
            raise Refused(409, "DATABASE", given["name"], "it is there")
        self.databases[given["name"]] = os.path.join(self.folder, given["name"] + ".db")
        return {}

    def _tables(self, method, database, given, query):
        if method == "GET":
            names = sorted(name for of, name in self.tables if of == database)
            return page("tableDetails", names, query, lambda name: self.entry(database, name))
        assert given["identifier"]["database"] == database
        name, schema = given["identifier"]["object"], given["schema"]
        if (database, name) in self.tables:
            raise Refused(409, "TABLE", name, "it is there")
        made = self.new_table(os.path.join(self.databases[database], name))
        schema = {"version": 3, "id": 0, **schema, "timeMillis": 1,
                  "highestFieldId": paimon_rest_alter.highest(schema["fields"])}
        made.put("schema", 0, schema)
        self.tables[database, name] = made
        return {}

    def entry(self, database, name):
        table = self.tables[database, name]
        schema = table.schema()
        kept = {key: schema[key] for key in ("fields", "partitionKeys", "primaryKeys", "options", "comment")}
        return {"id": table.id, "database": database, "name": name, "path": table.location,
                "isExternal": table.external, "schemaId": schema["id"], "schema": kept}

    def _table(self, method, place, table, given):
        if method == "GET":
            return self.entry(*place)
        if method == "DELETE":
            shutil.rmtree(self.tables.pop(place).folder)
            return {}
        before = table.schema()
        try:
            after = paimon_rest_alter.altered(before, given["changes"])
        except paimon_rest_alter.No as error:
            raise Refused(error.status, "COLUMN", None, str(error)) from error
        table.put("schema", after["id"], after)
        return {}

    def _snapshot(self, method, table, given, _):
        assert method == "GET" and not given
        if table.external:
            raise Refused(501, "TABLE", None, "an external table")
        if not table.latest:
            raise Refused(404, "SNAPSHOT", None, "none yet")
        return {"snapshot": {"snapshot": table.read("snapshot", table.latest), "recordCount": 0, "fileSizeInBytes": 0,
                             "fileCount": 0, "lastFileCreationTime": 0}}

    def _commit(self, method, table, given, _):
        assert method == "POST" and not table.external
        if given["tableId"] != table.id:
            raise Refused(404, "TABLE", None, "another table")
        base = table.read("snapshot", table.latest).get("uuid") if table.latest else None
        snapshot = given["snapshot"]
        free = snapshot["id"] == table.latest + 1 and not table.exists("snapshot", snapshot["id"])
        if given["baseSnapshotUuid"] != base or not free:
            return {"success": False}
        table.put("snapshot", snapshot["id"], snapshot)
        table.latest = snapshot["id"]
        table.statistics = given["statistics"]
        return {"success": True}

    def _token(self, method, table, given, _):
        assert method == "GET" and not given
        return self.lend(table.location)

    def _rollback(self, method, table, given, _):
        assert method == "POST" and given["instant"]["type"] == "snapshot", given
        target = given["instant"]["snapshotId"]
        if not table.exists("snapshot", target):
            raise Refused(404, "SNAPSHOT", str(target))
        for number in range(target + 1, table.latest + 1):
            os.remove(table.path("snapshot", number))
        table.latest = target
        return {}

    def _branches(self, method, table, given, parts):
        folder = os.path.join(table.folder, "branch", "branch-" + (parts[0] if parts else given["branch"]))
        if method == "POST" and not parts:
            if os.path.exists(folder):
                raise Refused(409, "BRANCH", given["branch"], "it is there")
            table.branch(given["branch"], given["fromTag"])
        elif method == "POST" and parts[1:] == ["forward"]:
            table.forward(table.branches[parts[0]])
        elif method == "DELETE":
            shutil.rmtree(folder)
        else:
            raise Refused(501, None, None, "not here")
        return {}

    # ---- HTTP


def page(key, names, query, entry):
    """Two entries, and the name behind which the next ones are."""
    left = [name for name in names if name > query.get("pageToken", "")]
    more = len(left) > PAGE
    return {key: [entry(name) for name in left[:PAGE]], "nextPageToken": left[PAGE - 1] if more else None}
