# SPDX-License-Identifier: Apache-2.0
"""Iceberg metadata beside Paimon tables, judged by PyIceberg: each of its snapshots shows what readers of Paimon see of
the snapshot with the same number."""

import io
import logging
import os

import fastavro
import pyarrow.parquet
from pyiceberg.manifest import FileFormat, ManifestContent

import lake as lake_module
import paimon_by_sluice

logging.getLogger("pyiceberg.io.pyarrow").setLevel(logging.ERROR)  # ORC has nanoseconds, which it tells each time
DELETED = 2  # status of a manifest's entry
BESIDE = {"metadata.iceberg.storage": "table-location"}
IN_CATALOG = {"metadata.iceberg.storage": "hadoop-catalog"}


class AvroToo(lake_module.Lake):
    """Reads data files in Avro, which PyIceberg does not, as Iceberg's specification says: columns by their field ids,
    without the rows that position deletes name."""

    def cells(self, scan):
        tasks = list(scan.plan_files())
        if not any(task.file.file_format == FileFormat.AVRO for task in tasks):
            return super().cells(scan)
        out = {field.name: [] for field in scan.projection().fields}
        for task in tasks:
            assert task.file.file_format == FileFormat.AVRO, f"{task.file.file_path} is in another format"
            gone = positions(task)
            with open(path_of(task.file), "rb") as file:
                reader = fastavro.reader(file)
                found = {field.get("field-id"): field for field in reader.writer_schema["fields"]}
                kept = [record for number, record in enumerate(reader) if number not in gone]
            for field in scan.projection().fields:
                there = found.get(field.field_id)
                out[field.name] += [of_avro(field, there, record) if there else None for record in kept]
        return out


def path_of(file) -> str:
    return file.file_path.removeprefix("file://")


def positions(task) -> set[int]:
    """Of the rows that are deleted."""
    found = set()
    for deletes in task.delete_files:
        table = pyarrow.parquet.read_table(path_of(deletes)).to_pydict()
        pairs = zip(table["file_path"], table["pos"])
        found |= {number for path, number in pairs if path == task.file.file_path}
    return found


def of_avro(field, there, record):
    """A cell; its type must be one that Iceberg's specification has for the column."""
    kind, value = there["type"], record[there["name"]]
    kind = kind[1] if isinstance(kind, list) else kind
    logical = kind.get("logicalType", "") if isinstance(kind, dict) else ""
    assert not logical.startswith("local-") and not logical.endswith("-millis"), there
    if str(field.field_type).startswith("timestamp"):
        zoned = str(field.field_type) == "timestamptz"
        assert (logical, kind["adjust-to-utc"]) == ("timestamp-micros", zoned), there
        return value if zoned or value is None else value.replace(tzinfo=None)
    if str(field.field_type).startswith("list"):
        assert kind["element-id"] == field.field_type.element_id, there
    return value


class Beside(AvroToo):
    """The Iceberg tables in the folders of a Paimon warehouse's tables."""

    time_digits = 3

    def folder(self, table: str) -> str:
        database, name = table.split(".", 1)
        return os.path.join(self.warehouse, database + ".db", name)


def of(ctx) -> lake_module.Lake:
    """The Iceberg tables beside those of ctx.lake."""
    catalog = os.path.join(ctx.warehouse, "iceberg")
    return AvroToo(catalog) if os.path.isdir(catalog) else Beside(ctx.warehouse)


def shows(ctx, table, paimon_rows=None, beside=None):
    """Every snapshot of the Paimon table is one of the Iceberg table, with the same number and rows.
    `paimon_rows(snapshot)`: (names, rows) where pypaimon cannot read the table. `beside`: the Iceberg tables, if not
    those on disk."""
    beside = beside or of(ctx)
    ids = [snapshot["snapshot-id"] for snapshot in beside.snapshots(table)]
    paimon_ids = ctx.lake.snapshot_ids(table)
    assert ids, f"{table}: no Iceberg snapshot"
    assert beside.metadata(table)["current-snapshot-id"] == paimon_ids[-1], f"{table}: {ids[-1]} of {paimon_ids[-1]}"
    assert ids == paimon_ids, f"{table}: Iceberg has {ids}, Paimon {paimon_ids}"
    for number in ids:
        expected = paimon_rows(number) if paimon_rows else ctx.lake.rows(table, snapshot_id=number)
        text = lake_module.first_differences(*expected, *beside.rows(table, snapshot_id=number))
        assert not text, f"{table}, snapshot {number}: Paimon (source) and Iceberg (lake): {text}"
    return len(ids)


def by_sluice(ctx, table):
    snapshots = {snapshot["id"]: snapshot for snapshot in ctx.lake.snapshots(table)}
    return lambda number: paimon_by_sluice.read(ctx.lake, table, snapshots[number])


def is_beside(ctx, table) -> bool:
    return of(ctx).exists(table)


def equal(ctx, table):
    """The newest snapshot has the rows of the source."""
    lake_module.compare(ctx.server, of(ctx), table)


def files_are_named(ctx, table):
    """Nothing in the folder of the metadata is forgotten."""
    beside = of(ctx)
    folder = os.path.join(beside.folder(table), "metadata")
    named = {os.path.basename(path) for path in beside.files(table)}
    metadata = beside.metadata(table)
    named |= {os.path.basename(entry["metadata-file"]) for entry in metadata["metadata-log"]}
    named |= {os.path.basename(beside.metadata_path(table)), "version-hint.text"}
    left = sorted(set(os.listdir(folder)) - named)
    assert not left, f"{table}: nothing names {left}"


def row_ids_are_apart(ctx, table):
    """Of a table of format version 3: the ids that the live files' rows have, and what the metadata says of them."""
    opened = of(ctx).open(table)
    metadata = of(ctx).metadata(table)
    following = 0
    for snapshot in metadata["snapshots"]:
        assert snapshot["first-row-id"] >= following, snapshot
        following = snapshot["first-row-id"] + snapshot["added-rows"]
    assert metadata["next-row-id"] == following
    ranges = []
    for manifest in opened.current_snapshot().manifests(opened.io):
        if manifest.content != ManifestContent.DATA:
            continue
        with opened.io.new_input(manifest.manifest_path).open() as file:
            entries = list(fastavro.reader(io.BytesIO(file.read())))
        listed = [m for m in manifest_list(opened) if m["manifest_path"] == manifest.manifest_path]
        first = listed[0]["first_row_id"]
        for entry in entries:
            file, begin = entry["data_file"], entry["data_file"]["first_row_id"]
            if entry["status"] == DELETED:
                continue
            if begin is None:
                begin, first = first, first + file["record_count"]
            ranges.append((begin, begin + file["record_count"]))
    ranges.sort()
    assert all(a[1] <= b[0] for a, b in zip(ranges, ranges[1:])), ranges
    assert not ranges or ranges[-1][1] <= metadata["next-row-id"], ranges


def manifest_list(opened):
    with opened.io.new_input(opened.current_snapshot().manifest_list).open() as file:
        return list(fastavro.reader(io.BytesIO(file.read())))
