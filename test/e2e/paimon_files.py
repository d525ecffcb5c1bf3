# SPDX-License-Identifier: Apache-2.0
"""The files of a Paimon table, walked without any reader of such tables: what its snapshots name, and what lies there
unnamed. paimon_check.py has the rules that must hold of them. Manifests never change, so each is read once."""

import json
import os
import re

import fastavro
import pyarrow
import pyarrow.orc
import pyarrow.parquet

import iceberg_files
import paimon_row

ADD, DELETE = 0, 1
COMPACT = 1
SEQUENCE, VALUE_KIND, KEY = "_SEQUENCE_NUMBER", "_VALUE_KIND", "_KEY_"
ROOTS = re.compile(
    r"schema/schema-\d+|(snapshot|changelog)/(\w+-\d+|LATEST|EARLIEST)|tag/tag-.*|branch/.*|consumer/.*|(.*/)?_SUCCESS"
)
ESCAPED = re.compile(r"[\x00-\x1f\x7f\"#%'*/:=?\\{}\[\]^]")
LISTS = ("baseManifestList", "deltaManifestList", "changelogManifestList")
_UNIT = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}


class DataFile:
    """One entry of a manifest: the file, and where it belongs."""

    def __init__(self, entry, folder):
        meta = entry["_FILE"]
        self.meta, self.folder = meta, folder
        self.add = entry["_KIND"] == ADD
        self.partition, self.bucket = entry["_PARTITION"], entry["_BUCKET"]
        self.total_buckets = entry["_TOTAL_BUCKETS"]
        self.name, self.size, self.rows = meta["_FILE_NAME"], meta["_FILE_SIZE"], meta["_ROW_COUNT"]
        self.level, self.schema_id = meta["_LEVEL"], meta["_SCHEMA_ID"]
        self.min_sequence, self.max_sequence = meta["_MIN_SEQUENCE_NUMBER"], meta["_MAX_SEQUENCE_NUMBER"]
        self.deletes = meta["_DELETE_ROW_COUNT"]
        self.compacted = meta.get("_FILE_SOURCE") == COMPACT

    @property
    def identity(self):
        """As Java's: a file with another index is another one."""
        index = tuple(self.meta["_EXTRA_FILES"] or ()), self.meta.get("_EMBEDDED_FILE_INDEX")
        return self.partition, self.bucket, self.level, self.name, *index

    @property
    def path(self):
        return os.path.join(self.folder, self.name)

    def __str__(self):
        return f"{self.path} (level {self.level})"


class Table:
    """One table's folder. Everything is read when it is asked for, JSON files anew each time; what partitions a table
    has never changes."""

    def __init__(self, folder: str):
        self.folder = folder
        self._avro, self._places = {}, {}

    # ---- schemas and snapshots

    def _numbers(self, kind):
        try:
            names = os.listdir(os.path.join(self.folder, kind))
        except FileNotFoundError:
            return []
        return sorted(int(match[1]) for name in names if (match := re.fullmatch(rf"{kind}-(\d+)", name)))

    def _json(self, *path):
        with open(os.path.join(self.folder, *path), encoding="utf-8") as file:
            return json.load(file)

    def schema(self, schema_id=None):
        number = self._numbers("schema")[-1] if schema_id is None else schema_id
        return self._json("schema", f"schema-{number}")

    def schema_ids(self):
        return self._numbers("schema")

    def snapshot_ids(self):
        return self._numbers("snapshot")

    def snapshot(self, number):
        return self._json("snapshot", f"snapshot-{number}")

    def snapshots(self):
        """Oldest first."""
        return [self.snapshot(number) for number in self.snapshot_ids()]

    def hint(self, name):
        """The number in snapshot/LATEST or snapshot/EARLIEST, None without."""
        try:
            with open(os.path.join(self.folder, "snapshot", name), encoding="ascii") as file:
                return int(file.read())
        except FileNotFoundError:
            return None

    # ---- manifests

    def avro(self, name):
        """The records of a file in the folder `manifest`."""
        if name not in self._avro:
            with open(os.path.join(self.folder, "manifest", name), "rb") as file:
                self._avro[name] = list(fastavro.reader(file))
        return self._avro[name]

    def manifests(self, name):
        """The manifest list `name`; of None nothing."""
        return self.avro(name) if name else []

    def entries(self, list_name):
        """The entries of all manifests of a list, in order."""
        out = []
        for manifest in self.manifests(list_name):
            out += [DataFile(entry, self.bucket_folder(entry)) for entry in self.avro(manifest["_FILE_NAME"])]
        return out

    def delta(self, snapshot):
        return self.entries(snapshot["deltaManifestList"])

    def changelog(self, snapshot):
        return self.entries(snapshot.get("changelogManifestList"))

    def live(self, snapshot) -> list[DataFile]:
        """The data files of a snapshot: base list, then delta list. An entry that fits nothing is an error."""
        found = {}
        for list_name in (snapshot["baseManifestList"], snapshot["deltaManifestList"]):
            for file in self.entries(list_name):
                if file.add:
                    assert file.identity not in found, f"snapshot {snapshot['id']} has {file} twice"
                    found[file.identity] = file
                else:
                    assert file.identity in found, f"snapshot {snapshot['id']} deletes {file}, which it has not"
                    del found[file.identity]
        return list(found.values())

    def index_entries(self, snapshot):
        return self.manifests(snapshot.get("indexManifest"))

    def index_path(self, entry):
        return os.path.join(self.folder, "index", entry["_FILE_NAME"])

    # ---- places

    def partition_kinds(self):
        schema = self.schema()
        types = {field["name"]: field["type"] for field in schema["fields"]}
        return [(name, paimon_row.Kind(types[name])) for name in schema["partitionKeys"]]

    def partition_values(self, row: bytes) -> list:
        kinds = [kind for _, kind in self.partition_kinds()]
        return paimon_row.parse(row, kinds)

    def bucket_folder(self, entry) -> str:
        place = entry["_PARTITION"], entry["_BUCKET"]
        if place not in self._places:
            self._places[place] = self._bucket_folder(entry)
        return self._places[place]

    def _bucket_folder(self, entry) -> str:
        schema = self.schema()
        parts = [self.folder, schema["options"].get("data-file.path-directory", "")]
        legacy = schema["options"].get("partition.legacy-name", "true") == "true"
        default = schema["options"].get("partition.default-name", "__DEFAULT_PARTITION__")
        kinds = self.partition_kinds()
        for (name, kind), value in zip(kinds, self.partition_values(entry["_PARTITION"])):
            text = partition_text(value, kind, legacy)
            parts.append(f"{escape(name)}={escape(default if text is None or not text.strip() else text)}")
        bucket = entry["_BUCKET"]
        return os.path.join(*parts, "bucket-postpone" if bucket == -2 else f"bucket-{bucket}")

    # ---- all that is named

    def _roots(self):
        """(JSON, its manifest lists) of all that keeps files: snapshots, tags, changelogs that outlive snapshots."""
        out = [(snapshot, LISTS) for snapshot in self.snapshots()]
        for folder, lists in (("tag", LISTS[:2]), ("changelog", LISTS[2:])):
            place = os.path.join(self.folder, folder)
            for name in sorted(os.listdir(place)) if os.path.isdir(place) else []:
                if name.startswith(folder + "-"):
                    root = self._json(folder, name)
                    if folder == "changelog":  # the others went with the snapshot
                        root = {key: value for key, value in root.items() if key not in ("indexManifest", "statistics")}
                    out.append((root, lists))
        return out

    def changelog_ids(self):
        return self._numbers("changelog")

    def _put_off(self):
        """JSON of changelogs without changelog files, and of the oldest snapshot after them: what their deltas added
        and deleted stays until they go, beside what compactions have written. Their manifests stay, too."""
        if self.schema()["options"].get("changelog-producer", "none") != "none" or not self.changelog_ids():
            return []
        out = [self._json("changelog", f"changelog-{number}") for number in self.changelog_ids()]
        return [root for root in out if not root.get("changelogManifestList")] + self.snapshots()[:1]

    def named(self) -> dict[str, int | None]:
        """path -> size (None: not told) of every manifest, data, changelog and index file that can be reached."""
        out = {}

        def manifest(name, size=None):
            path = os.path.join(self.folder, "manifest", name)
            out[path] = size
            return os.path.exists(path)

        for root, lists in self._roots():
            whole = []  # lists of which every manifest is there
            for key in lists:
                if root.get(key) and manifest(root[key], root.get(key + "Size")):
                    found = [manifest(entry["_FILE_NAME"], entry["_FILE_SIZE"]) for entry in self.manifests(root[key])]
                    whole += [root[key]] if all(found) else []
            for file in self._reached(whole):
                out[file.path] = file.size
                for extra in file.meta["_EXTRA_FILES"]:
                    out[os.path.join(file.folder, extra)] = None
            if root.get("indexManifest") and manifest(root["indexManifest"]):
                for entry in self.index_entries(root):
                    out[self.index_path(entry)] = entry["_FILE_SIZE"]
            if root.get("statistics"):
                out[os.path.join(self.folder, "statistics", root["statistics"])] = None
        for root in self._put_off():
            for key in LISTS[:2]:
                manifest(root[key], root.get(key + "Size"))
                for entry in self.manifests(root[key]):
                    manifest(entry["_FILE_NAME"], entry["_FILE_SIZE"])
            for file in self.entries(root["deltaManifestList"]):
                if not file.compacted:
                    out[file.path] = file.size
                    for extra in file.meta["_EXTRA_FILES"]:
                        out[os.path.join(file.folder, extra)] = None
        return out

    def _reached(self, lists):
        """The files that a reader of these lists opens."""
        files = {}
        for name in lists:
            for file in self.entries(name):
                if file.add:
                    files[file.identity] = file
                else:
                    files.pop(file.identity, None)
        return files.values()

    def damaged(self) -> list[str]:
        """One sentence for each file that is named and missing, or of another size."""
        return iceberg_files.damaged(self.named())

    def orphans(self) -> list[str]:
        """Files of the table's folder that nothing names, beside schemas, snapshots, tags, their hints and Iceberg's
        metadata."""
        named, out = set(self.named()), []
        for folder, _, names in os.walk(self.folder):
            if folder == os.path.join(self.folder, "metadata"):
                continue
            paths = [os.path.join(folder, name) for name in names]
            out += [p for p in paths if p not in named and not ROOTS.fullmatch(os.path.relpath(p, self.folder))]
        return sorted(out)

    # ---- data files

    def levels(self, snapshot=None) -> dict[tuple[bytes, int], dict[int, list[DataFile]]]:
        """(partition, bucket) -> level -> files of the newest snapshot, or of that one."""
        out = {}
        for file in self.live(snapshot or self.snapshots()[-1]):
            out.setdefault((file.partition, file.bucket), {}).setdefault(file.level, []).append(file)
        return out

    def level_0_max(self) -> int:
        """The most files that a bucket of the newest snapshot has at level 0."""
        return max((len(levels.get(0, ())) for levels in self.levels().values()), default=0)


def load(file: DataFile):
    """The rows of a data file of any format, and the field ids of its columns (Avro has none)."""
    if file.name.endswith(".avro"):
        with open(file.path, "rb") as source:
            reader = fastavro.reader(source)
            records = list(reader)
            names = [field["name"] for field in reader.writer_schema["fields"]]
        columns = {name: pyarrow.array([record[name] for record in records]) for name in names}
        return pyarrow.table(columns), [None] * len(names)
    if file.name.endswith(".orc"):
        source, key = pyarrow.orc.ORCFile(file.path), b"paimon.id"
        schema = source.schema
    else:
        source, key = pyarrow.parquet.ParquetFile(file.path), b"PARQUET:field_id"
        schema = source.schema_arrow
    texts = [(field.metadata or {}).get(key) for field in schema]
    return source.read(), [int(text) if text is not None else None for text in texts]


def read(file: DataFile, columns=None) -> pyarrow.Table:
    return load(file)[0].select(columns) if columns else load(file)[0]


def values(column, kind) -> list:
    """The values of a column as paimon_row has them."""
    if pyarrow.types.is_null(column.type):
        return column.to_pylist()
    if kind.base == "TIME" and pyarrow.types.is_integer(column.type):
        return column.to_pylist()  # milliseconds
    if kind.base == "DATE":
        column = column.cast(pyarrow.int32())
    elif kind.base == "TIME":
        unit = _UNIT[column.type.unit]
        width = pyarrow.int32() if pyarrow.types.is_time32(column.type) else pyarrow.int64()
        return [None if v is None else v * unit // 1_000_000 for v in column.cast(width).to_pylist()]
    elif kind.base == "TIMESTAMP":
        unit = _UNIT[column.type.unit]
        return [None if v is None else v * unit for v in column.cast(pyarrow.int64()).to_pylist()]
    return column.to_pylist()


def escape(text: str) -> str:
    return ESCAPED.sub(lambda match: f"%{ord(match[0]):02X}", text)


def _fraction(nanos, digits):
    return f"{nanos:09d}"[:digits]


def _civil(days):
    return str(paimon_date(days))


def paimon_date(days):
    return pyarrow.scalar(days, pyarrow.date32()).as_py()


def partition_text(value, kind, legacy) -> str | None:
    """The text of a partition's value in its folder's name; for the types that keys of partitions have in the tests."""
    if value is None:
        return None
    if kind.base == "BOOLEAN":
        return "true" if value else "false"
    if kind.base == "DATE":
        return str(value) if legacy else _civil(value)
    if kind.base == "TIMESTAMP":
        return _timestamp_text(value, kind, legacy)
    if kind.base == "DECIMAL":
        return format(value, "f")
    return str(value)


def _timestamp_text(nanos, kind, legacy):
    days, rest = divmod(nanos, 86_400 * 1_000_000_000)
    seconds, fraction = divmod(rest, 1_000_000_000)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    if not legacy:
        text = f"{_civil(days)} {clock}:{seconds % 60:02d}"
        return text + ("." + _fraction(fraction, kind.precision) if kind.precision else "")
    text = f"{_civil(days)}T{clock}"  # LocalDateTime.toString: seconds and thousands only as far as they are not 0
    if seconds % 60 or fraction:
        text += f":{seconds % 60:02d}"
    if fraction:
        digits = 3 if fraction % 1_000_000 == 0 else 6 if fraction % 1_000 == 0 else 9
        text += "." + _fraction(fraction, digits)
    return text
