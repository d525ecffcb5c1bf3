# SPDX-License-Identifier: Apache-2.0
"""Paimon tables of a file system warehouse: rows by pypaimon, which a worker process holds, all else from the JSON
files. The files of a table without any reader: paimon_files.py."""

import json
import os
import re
import select
import subprocess

import canonical
import processes

PYTHON = os.path.join(processes.root_dir(), ".deps", "venv-paimon", "bin", "python3")
WORKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "paimon_worker.py")
ANSWER_SECONDS = 120


class ReaderError(AssertionError):
    """pypaimon refused a request; the text is its own."""


class PyPaimon:
    """The worker: started by the first request, and again by the next one after it has ended."""

    def __init__(self, folder: str):
        self.log, self._process = os.path.join(folder, "pypaimon.log"), None

    @staticmethod
    def missing() -> str:
        """Why there is no pypaimon on this machine, "" if there is one."""
        return "" if os.path.exists(PYTHON) else "pypaimon is not installed; hint: run scripts/setup"

    def _start(self):
        os.makedirs(os.path.dirname(self.log), exist_ok=True)
        with open(self.log, "ab") as log:
            self._process = processes.start(
                [PYTHON, WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )

    def ask(self, do: str, **arguments):
        if self._process is None or self._process.poll() is not None:
            self._start()
        self._process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_SECONDS * processes.PATIENCE)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            self.close()
            raise ReaderError(f"no answer from pypaimon, see {self.log}")
        answer = json.loads(line)
        if "error" in answer:
            raise ReaderError(f"pypaimon: {answer['error']}")
        return answer["ok"]

    def close(self):
        if self._process is not None:
            processes.end(self._process)
            self._process = None


class PaimonLake:
    """A warehouse folder; the same calls as lake.Lake has. Every call reads the newest state."""

    time_digits = 3  # Paimon keeps the milliseconds of a TIME

    def __init__(self, warehouse: str, reader: PyPaimon, catalog=None):
        """`catalog`: options of the catalog through which pypaimon comes to the same folders."""
        self.warehouse, self.reader, self.catalog = warehouse, reader, catalog or {}

    def folder(self, table: str) -> str:
        database, name = table.split(".", 1)
        return os.path.join(self.warehouse, database + ".db", name)

    def exists(self, table: str) -> bool:
        return bool(self.schema_ids(table))

    def tables(self) -> list[str]:
        found = []
        for database in sorted(os.listdir(self.warehouse)) if os.path.isdir(self.warehouse) else []:
            if database.endswith(".db"):
                names = sorted(os.listdir(os.path.join(self.warehouse, database)))
                found += [f"{database[:-3]}.{name}" for name in names if self.exists(f"{database[:-3]}.{name}")]
        return found

    def _numbers(self, table: str, kind: str) -> list[int]:
        """The N of the files <kind>/<kind>-N, ascending."""
        try:
            names = os.listdir(os.path.join(self.folder(table), kind))
        except FileNotFoundError:
            return []
        return sorted(int(match[1]) for name in names if (match := re.fullmatch(rf"{kind}-(\d+)", name)))

    def _json(self, table: str, kind: str, number: int) -> dict:
        with open(os.path.join(self.folder(table), kind, f"{kind}-{number}"), encoding="utf-8") as file:
            return json.load(file)

    def schema_ids(self, table: str) -> list[int]:
        return self._numbers(table, "schema")

    def schema(self, table: str, schema_id=None) -> dict:
        """The JSON of the newest schema, or of that one: fields, primaryKeys, partitionKeys, options, comment."""
        if schema_id is None:
            ids = self.schema_ids(table)
            if not ids:
                raise FileNotFoundError(f"{table} has no schema in {self.folder(table)}")
            schema_id = ids[-1]
        return self._json(table, "schema", schema_id)

    def columns(self, table: str) -> list[tuple[str, str]]:
        """(name, Paimon type, with NOT NULL where it is so) in order, of the newest schema."""
        return [(field["name"], type_text(field["type"])) for field in self.schema(table)["fields"]]

    def field_ids(self, table: str) -> dict[str, int]:
        return {field["name"]: field["id"] for field in self.schema(table)["fields"]}

    def options(self, table: str) -> dict[str, str]:
        return self.schema(table)["options"]

    def snapshot_ids(self, table: str) -> list[int]:
        return self._numbers(table, "snapshot")

    def snapshots(self, table: str) -> list[dict]:
        """The snapshots' JSON, oldest first: id, commitKind, commitUser, commitIdentifier, properties, …"""
        return [self._json(table, "snapshot", number) for number in self.snapshot_ids(table)]

    def last_snapshot(self, table: str) -> dict:
        return self._json(table, "snapshot", self.snapshot_ids(table)[-1])

    def epochs(self, table: str) -> list[tuple[int, str]]:
        """(commitIdentifier, commitKind) of each snapshot, oldest first."""
        return [(entry["commitIdentifier"], entry["commitKind"]) for entry in self.snapshots(table)]

    def count(self, table: str) -> int:
        return len(self.rows(table)[1])

    def rows(self, table: str, columns=None, snapshot_id=None, geometry=(), tag=None):
        """(names, rows) in canonical form, by pypaimon; `geometry` names STRING columns that hold GeoJSON."""
        answer = self.reader.ask(
            "rows", warehouse=self.warehouse, table=table, snapshot=snapshot_id, columns=list(columns or ()), tag=tag,
            catalog=self.catalog,
        )
        names = [name for name, _ in answer["columns"]]
        return names, with_geometry(names, answer["rows"], geometry)

    def create(self, table: str, fields, primary_keys=(), partition_keys=(), options=None):
        """A table made by pypaimon; `fields`: (name, type as in a schema file)."""
        self.reader.ask(
            "create", warehouse=self.warehouse, table=table, fields=list(fields), primary_keys=list(primary_keys),
            partition_keys=list(partition_keys), options=options or {}, catalog=self.catalog,
        )

    def write(self, table: str, rows: list[dict]):
        """One commit by pypaimon, as any other program makes it: rows of a key that is there take its place."""
        self.reader.ask("write", warehouse=self.warehouse, table=table, rows=rows, catalog=self.catalog)

    def write_plain(self, table: str, rows: list[dict]):
        """The same of rows with cells of any type, as JSON has them."""
        self.reader.ask("write_plain", warehouse=self.warehouse, table=table, rows=rows)

    def plain_rows(self, table: str) -> list[dict]:
        return self.reader.ask("plain_rows", warehouse=self.warehouse, table=table)

    def rows_of_jsonl(self, table: str, text: str, geometry=()):
        """(names, rows) in canonical form of what `sluice read --format jsonl` printed of the newest snapshot."""
        kinds = {name: canonical.paimon_kind(kind) for name, kind in self.columns(table)}
        names = list(kinds)
        rows = [json.loads(line) for line in text.splitlines()]
        assert not rows or list(rows[0]) == names, f"{table}: sluice read shows {list(rows[0])}, the schema has {names}"
        values = [[canonical.json_value(kinds[name], row[name]) for name in names] for row in rows]
        return names, with_geometry(names, values, geometry)


def type_text(kind) -> str:
    """The type of a schema's field; of arrays, which are objects there, the short form ARRAY<STRING>."""
    if isinstance(kind, str):
        return kind
    null = " NOT NULL" if kind["type"].endswith("NOT NULL") else ""
    return f"{kind['type'].removesuffix(' NOT NULL')}<{type_text(kind.get('element', '?'))}>{null}"


def with_geometry(names, rows, geometry):
    places = [i for i, name in enumerate(names) if name in geometry]
    out = []
    for row in rows:
        row = list(row)
        for i in places:
            row[i] = canonical.geojson(row[i])
        out.append(tuple(row))
    return out
