# SPDX-License-Identifier: Apache-2.0
"""The files of an Iceberg table, walked without any reader's scan: what the metadata names, what lies there unnamed,
and the rows of a snapshot by data and delete files. Manifests and data files never change, so each is read once.
"""

import json
import os
import re

import pyarrow.parquet
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import DataFileContent, read_manifest_list


def local(path: str) -> str:
    return re.sub(r"^file:(//)?", "", path)


def size_or_zero(path: str) -> int:
    """The bytes of a file, 0 once it is gone."""
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return 0


def damaged(named) -> list[str]:
    """One sentence for each file of `named`, path -> bytes or None, that is missing or of another size."""
    out = []
    for path, size in named.items():
        try:
            actual = os.path.getsize(path)
        except OSError:
            out.append(f"{path} is missing")
            continue
        if size is not None and size != actual:
            out.append(f"{path} has {actual} bytes, the metadata says {size}")
    return out


def kind(path: str) -> str:
    """What a file of a table is, by its name."""
    name = os.path.basename(path)
    if name.endswith(".parquet"):
        return "delete file" if name.endswith("-deletes.parquet") else "data file"
    if name.endswith(".avro"):
        return "manifest list" if name.startswith("snap-") else "manifest"
    return "metadata file" if re.fullmatch(r"v\d+\.metadata\.json", name) else "temporary file"


class Snapshot:
    """id, epoch and position of sluice's commit (None without), first: nothing before it was expired."""

    def __init__(self, entry, known):
        summary = entry.get("summary", {})
        self.id, self.manifest_list = entry["snapshot-id"], local(entry["manifest-list"])
        self.sequence = entry.get("sequence-number", 0)
        self.epoch = int(summary["sluice.epoch"]) if "sluice.epoch" in summary else None
        self.position = next((v for k, v in summary.items() if re.fullmatch(r"sluice\..+\.position", k)), "")
        parent = entry.get("parent-snapshot-id")
        self.first = parent is None
        self.parent_known = parent is None or parent in known


class TableFiles:
    """One table of a lake.Lake. refresh() reads the newest metadata; all else answers from it."""

    def __init__(self, lake, table: str):
        self.lake, self.table, self.metadata, self.path = lake, table, {}, ""
        self._io = PyArrowFileIO()
        self._lists, self._entries, self._rows = {}, {}, {}
        self.refresh()

    def refresh(self):
        path = self.lake.metadata_path(self.table)
        if path != self.path:
            with open(path, encoding="utf-8") as file:
                self.metadata = json.load(file)
            self.path = path
        return self

    def snapshots(self) -> list[Snapshot]:
        """Oldest first."""
        entries = self.metadata.get("snapshots", [])
        known = {entry["snapshot-id"] for entry in entries}
        return sorted((Snapshot(e, known) for e in entries), key=lambda s: s.sequence)

    def epoch(self) -> tuple[int, int]:
        """(the newest epoch that sluice stored, how many tables it says to have changed in it); (0, 0) without."""
        properties = self.metadata.get("properties", {})
        for key, value in properties.items():
            if match := re.fullmatch(r"sluice\.(.+)\.epoch", key):
                return int(value), int(properties.get(f"sluice.{match.group(1)}.tables", 0))
        return 0, 0

    def _manifests(self, snapshot):
        if snapshot.manifest_list not in self._lists:
            found = list(read_manifest_list(self._io.new_input(snapshot.manifest_list)))
            self._lists[snapshot.manifest_list] = found
        return self._lists[snapshot.manifest_list]

    def _live(self, manifest):
        path = local(manifest.manifest_path)
        if path not in self._entries:
            self._entries[path] = manifest.fetch_manifest_entry(self._io)
        return self._entries[path]

    def named(self) -> dict[str, int | None]:
        """path -> size (None: not told) of every file that the newest metadata reaches."""
        out = {self.path: None}
        for entry in self.metadata.get("metadata-log", []):
            out[local(entry["metadata-file"])] = None
        for statistics in self.metadata.get("statistics", []):
            out[local(statistics["statistics-path"])] = statistics["file-size-in-bytes"]
        for snapshot in self.snapshots():
            out[snapshot.manifest_list] = None
            if not os.path.exists(snapshot.manifest_list):
                continue
            for manifest in self._manifests(snapshot):
                path = local(manifest.manifest_path)
                out[path] = manifest.manifest_length
                if path in self._entries or os.path.exists(path):
                    for entry in self._live(manifest):
                        out[local(entry.data_file.file_path)] = entry.data_file.file_size_in_bytes
        return out

    def damaged(self) -> list[str]:
        """One sentence for each file that is named and missing, or of another size."""
        return damaged(self.named())

    def orphans(self) -> list[tuple[str, int]]:
        """(path, bytes) of the files in the table's folder that nothing names."""
        named, out = set(self.named()), []
        for folder, _, names in os.walk(self.lake.folder(self.table)):
            for name in names:
                path = os.path.join(folder, name)
                if path not in named and name != "version-hint.text":
                    out.append((path, os.path.getsize(path)))
        return sorted(out)

    def metadata_bytes(self) -> int:
        """All bytes in the folder `metadata`; a running job may remove files while they are counted."""
        folder = os.path.join(self.lake.folder(self.table), "metadata")
        return sum(size_or_zero(os.path.join(folder, name)) for name in os.listdir(folder))

    def rows(self, snapshot, columns) -> list[tuple]:
        """The rows of a snapshot: live data files less the deleted positions. For tables whose columns never change."""
        data, deletes = [], {}
        for manifest in self._manifests(snapshot):
            for entry in self._live(manifest):
                file = entry.data_file
                if file.content == DataFileContent.DATA:
                    data.append((local(file.file_path), entry.sequence_number, file.record_count))
                    continue
                assert file.content == DataFileContent.POSITION_DELETES, f"{file.file_path}: {file.content}"
                for path, position in self._read(local(file.file_path), ("file_path", "pos"), file.record_count):
                    deletes.setdefault(local(path), []).append((position, entry.sequence_number))
        out = []
        for path, sequence, count in data:
            gone = {position for position, of in deletes.get(path, ()) if of >= sequence}
            rows = self._read(path, columns, count)
            out += [row for at, row in enumerate(rows) if at not in gone] if gone else rows
        return out

    def _read(self, path, columns, count):
        if path not in self._rows:
            table = pyarrow.parquet.ParquetFile(path).read(columns=list(columns))
            assert table.num_rows == count, f"{path} has {table.num_rows} rows, the manifest says {count}"
            self._rows[path] = list(zip(*(table.column(name).to_pylist() for name in columns)))
        return self._rows[path]
