# SPDX-License-Identifier: Apache-2.0
"""Iceberg tables of a Hadoop-layout warehouse, read by PyIceberg, and compared with their MariaDB source."""

import json
import os
from collections import Counter

from pyiceberg.table import StaticTable

import canonical


class Difference(AssertionError):
    """Source and lake do not hold the same rows."""


class Lake:
    """A warehouse folder. Every call reads the newest state."""

    time_digits = 6  # of the fraction of a second in a TIME

    def __init__(self, warehouse: str):
        self.warehouse = warehouse

    def folder(self, table: str) -> str:
        database, name = table.split(".", 1)
        return os.path.join(self.warehouse, database, name)

    def metadata_path(self, table: str, version=None) -> str:
        folder = os.path.join(self.folder(table), "metadata")
        if version is None:
            try:
                with open(os.path.join(folder, "version-hint.text"), encoding="ascii") as hint:
                    version = int(hint.read().strip())
            except FileNotFoundError:  # killed before the first one: readers list the folder
                versions = [n[1:].split(".")[0] for n in os.listdir(folder) if n.endswith(".metadata.json")]
                version = min((int(n) for n in versions if n.isdigit()), default=0)
            # The hint may lag behind by a crash between the two: readers go forward from it.
            while os.path.exists(os.path.join(folder, f"v{version + 1}.metadata.json")):
                version += 1
        return os.path.join(folder, f"v{version}.metadata.json")

    def exists(self, table: str) -> bool:
        return os.path.isdir(os.path.join(self.folder(table), "metadata")) and os.path.exists(self.metadata_path(table))

    def tables(self) -> list[str]:
        found = []
        for database in sorted(os.listdir(self.warehouse)):
            folder = os.path.join(self.warehouse, database)
            for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
                if os.path.isdir(os.path.join(folder, name, "metadata")):
                    found.append(f"{database}.{name}")
        return found

    def metadata(self, table: str) -> dict:
        with open(self.metadata_path(table), encoding="utf-8") as file:
            return json.load(file)

    def open(self, table: str) -> StaticTable:
        return StaticTable.from_metadata(self.metadata_path(table))

    def columns(self, table: str, snapshot_id=None) -> list[tuple[str, str]]:
        """(name, Iceberg type) in order, of the newest schema or of that snapshot's."""
        fields = self.open(table).scan(snapshot_id=snapshot_id).projection().fields
        return [(f.name, str(f.field_type)) for f in fields]

    def field_ids(self, table: str) -> dict[str, int]:
        return {f.name: f.field_id for f in self.open(table).schema().fields}

    def snapshots(self, table: str) -> list[dict]:
        """The snapshots' JSON, oldest first."""
        return self.metadata(table).get("snapshots", [])

    def count(self, table: str) -> int:
        return self.open(table).scan().to_arrow().num_rows

    def rows(self, table: str, columns=None, snapshot_id=None, geometry=()):
        """(names, rows) in canonical form; `geometry` names string columns that hold GeoJSON."""
        scan = self.open(table).scan(snapshot_id=snapshot_id)
        kinds = {f.name: str(f.field_type) for f in scan.projection().fields}
        names = list(columns) if columns else list(kinds)
        cells = self.cells(scan)
        lists = []
        for name in names:
            values, kind = cells[name], kinds[name]
            if name in geometry:
                lists.append([canonical.geojson(v) for v in values])
            else:
                lists.append([canonical.lake_value(kind, v) for v in values])
        return names, list(zip(*lists)) if lists else []

    def cells(self, scan) -> dict[str, list]:
        """The rows of a scan of PyIceberg, by columns."""
        data = scan.to_arrow()
        return {name: data.column(name).to_pylist() for name in data.column_names}

    def files(self, table: str) -> list[str]:
        """Every path that the newest metadata refers to: manifest lists, manifests, data and delete files."""
        opened, paths = self.open(table), []
        for snapshot in opened.snapshots():
            paths.append(snapshot.manifest_list)
            for manifest in snapshot.manifests(opened.io):
                paths.append(manifest.manifest_path)
                paths += [entry.data_file.file_path for entry in manifest.fetch_manifest_entry(opened.io)]
        return sorted({path.removeprefix("file://").replace("//", "/") for path in paths})


def first_differences(source_names, source, lake_names, lake, limit=5) -> str:
    """Text that names what differs, or "". Rows are a multiset: order does not count, doubles do."""
    if source_names != lake_names:
        return f"columns differ: source {source_names}, lake {lake_names}"
    ours, theirs = Counter(lake), Counter(source)
    missing, extra = theirs - ours, ours - theirs
    if not missing and not extra:
        return ""
    lines = [
        f"source has {len(source)} rows, lake {len(lake)}; {sum(missing.values())} missing or stale in the lake, "
        f"{sum(extra.values())} extra (first {limit} by key):"
    ]
    key = lambda row: tuple((v is not None, v or "") for v in row)
    for label, rows, others in (("source", missing, extra), ("lake  ", extra, missing)):
        same_key = {row[0]: row for row in others}
        for row in sorted(rows, key=key)[:limit]:
            times = "x%d " % rows[row] if rows[row] > 1 else ""
            lines.append(f"  {label} {times}{_short(source_names, row, same_key.get(row[0]))}")
    return "\n".join(lines)


def _short(names, row, other=None) -> str:
    """Up to 12 columns; of two rows with the same first column, that one and those that differ."""

    def cut(value):
        return "NULL" if value is None else value if len(value) <= 60 else f"{value[:57]}… ({len(value)})"

    pairs = [(n, v) for i, (n, v) in enumerate(zip(names, row)) if other is None or i == 0 or v != other[i]]
    return ", ".join(f"{n}={cut(v)}" for n, v in pairs[:12])


def compare(
    server,
    lake: Lake,
    source_table: str,
    lake_table=None,
    columns=None,
    geometry=(),
    where="",
    tinyint1_as_boolean=True,
):
    """Raises Difference when the lake table does not hold exactly the rows of the source table."""
    lake_table = lake_table or source_table
    with server.connect(text=True) as db:
        digits = lake.time_digits
        names, source = canonical.source_rows(db, source_table, columns, tinyint1_as_boolean, where, digits)
    if not lake.exists(lake_table):
        raise Difference(f"{lake_table}: no such table in the lake; there are {lake.tables()}")
    lake_names, rows = lake.rows(lake_table, columns, geometry=geometry)
    text = first_differences(names, source, lake_names, rows)
    if text:
        raise Difference(f"{source_table} -> {lake_table}: {text}")
