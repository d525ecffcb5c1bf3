# SPDX-License-Identifier: Apache-2.0
"""Iceberg tables as the checked side: every commit with the position of the log that it says to hold. By PyIceberg."""

import json
import os
import re

import canonical
from pyiceberg.table import StaticTable

POSITION = re.compile(r"([^:\s]+):(\d+)$")


class Version:
    """One metadata version of a table that a commit of the job wrote."""

    def __init__(self, table: str, path: str, metadata: dict, end: dict):
        self.table, self.path, self.metadata = table, path, metadata
        file, offset = POSITION.match(end["position"]).groups()
        self.position = (file, int(offset))
        # While rows of the copy are newer than the position, the table shows no state that ever was.
        self.comparable = end["snapshot_done"] and not end["tables"]

    @property
    def snapshot_id(self):
        snapshot = self.metadata.get("current-snapshot-id")
        return None if snapshot in (None, -1) else snapshot

    def rows(self, newest: StaticTable, geometry):
        """(names, rows), by time travel in the newest metadata where that gives this version's schema."""
        schema_of = {s["snapshot-id"]: s.get("schema-id") for s in self.metadata.get("snapshots", [])}
        travel = self.snapshot_id is not None and schema_of[self.snapshot_id] == self.metadata["current-schema-id"]
        table = newest if travel else StaticTable.from_metadata(self.path)
        scan = table.scan(snapshot_id=self.snapshot_id) if travel else table.scan()
        return canonical_rows(scan.projection(), scan.to_arrow(), geometry)


def canonical_rows(schema, data, geometry):
    """Rows of an Arrow table as text; `geometry` names string columns that hold GeoJSON."""
    names, lists = [f.name for f in schema.fields], []
    for field in schema.fields:
        values, kind = data.column(field.name).to_pylist(), str(field.field_type)
        convert = canonical.geojson if field.name in geometry else lambda v, k=kind: canonical.lake_value(k, v)
        lists.append([convert(v) for v in values])
    return names, list(zip(*lists))


class IcebergSink:
    """What the harness needs of a sink: options for the file, the tables, their versions."""

    time_digits = 6  # of the fraction of a TIME that it keeps
    refused_keys = ("FLOAT", "DOUBLE", "SET('1','2')")  # types that no key of its tables can have

    has_engines = False  # tables beside, whose merge engine makes other rows of the source's

    def __init__(self):
        self._read: dict[str, Version | None] = {}  # by path; a metadata file never changes

    @staticmethod
    def wants_keys(_rng) -> bool:
        """Whether the tables of a seed must all have keys."""
        return False

    @staticmethod
    def wants_form(_rng) -> str:
        return ""

    @staticmethod
    def begins_later(_ctx, _table) -> bool:
        """Whether versions of the table have expired."""
        return False

    @staticmethod
    def tend(_ctx, _rng) -> bool:
        """What another program does to the tables while the job stands still, which changes no row; False: nothing."""
        return False

    @staticmethod
    def begin(_ctx, _history, _rng) -> dict:
        """The sink's block of the pipeline file."""
        return {"table.properties.write.metadata.previous-versions-max": 10000}

    def tables(self, ctx) -> list[str]:
        return ctx.lake.tables() if os.path.isdir(ctx.lake.warehouse) else []

    def versions(self, ctx, table: str) -> list[Version]:
        """Oldest first; only those of commits of the job."""
        folder, found = os.path.join(ctx.lake.folder(table), "metadata"), []
        names = [n for n in os.listdir(folder) if re.fullmatch(r"v\d+\.metadata\.json", n)]
        for name in sorted(names, key=lambda n: int(n[1:].split(".")[0])):
            path = os.path.join(folder, name)
            if path not in self._read:
                self._read[path] = self._version(table, path)
            if self._read[path]:
                found.append(self._read[path])
        return found

    @staticmethod
    def _version(table: str, path: str) -> Version | None:
        with open(path, encoding="utf-8") as file:
            metadata = json.load(file)
        ends = [v for k, v in metadata["properties"].items() if re.fullmatch(r"sluice\.cdc-\w+\.end", k)]
        return Version(table, path, metadata, json.loads(ends[0])) if ends else None

    def points(self, ctx) -> list:
        """The positions at which all tables show a state that was, oldest first."""
        return sorted({v.position for t in self.tables(ctx) for v in self.versions(ctx, t) if v.comparable})

    def forget(self):
        """The next seed has another lake."""
        self._read.clear()

    def newest(self, ctx, table: str) -> StaticTable:
        return ctx.lake.open(table)

    def rows(self, ctx, table: str, geometry):
        scan = self.newest(ctx, table).scan()
        return canonical_rows(scan.projection(), scan.to_arrow(), geometry)
