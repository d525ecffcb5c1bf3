# SPDX-License-Identifier: Apache-2.0
"""What must hold of the files of a Paimon table, whoever wrote it; each finding is a sentence.

Snapshots follow each other and count right. Manifests tell the truth about the data files: rows, keys, sequence
numbers, deletes, statistics. In a file keys are sorted and distinct; files of a level above 0 of a bucket do not
overlap; a key is in one bucket, which its hash or the hash index says; newer levels have the newer rows of a key."""

import os
import struct

import pyarrow

import paimon_files
import paimon_row
from paimon_files import KEY, SEQUENCE, VALUE_KIND

KEY_ID, SEQUENCE_ID, VALUE_KIND_ID = 1073741823, 2147483646, 2147483645
DELETES = 1, 3  # -U and -D
EMPTY_ROW = bytes(12)
LAST_OF_USER = 9223372036854775807  # the identifier of batch jobs, which have no epochs


def problems(table: paimon_files.Table, field_ids=True) -> list[str]:
    """Everything that is wrong, [] of a good table. Of the data files those of the newest snapshot are read. pypaimon
    writes Parquet files without field ids: `field_ids` says whether they are asked for."""
    snapshots = table.snapshots()
    out = snapshots_problems(table, snapshots)
    if not snapshots or out:
        return out
    out += table.damaged()
    if out:
        return out
    checker = Files(table, snapshots[-1], field_ids)
    return out + checker.problems() + changelog_problems(table, snapshots)


def snapshots_problems(table, snapshots) -> list[str]:
    out, before, epochs = [], None, {}
    ids = [snapshot["id"] for snapshot in snapshots]
    if ids != table.snapshot_ids() or ids != list(range(ids[0], ids[0] + len(ids)) if ids else []):
        out.append(f"snapshots {table.snapshot_ids()} with the ids {ids} do not follow each other")
    if ids and table.hint("EARLIEST") not in (None, ids[0]):
        out.append(f"EARLIEST is {table.hint('EARLIEST')}, the first snapshot is {ids[0]}")
    if ids and (table.hint("LATEST") or 0) > ids[-1]:
        out.append(f"LATEST is {table.hint('LATEST')}, the last snapshot is {ids[-1]}")
    for snapshot in snapshots:
        name = f"snapshot {snapshot['id']}"
        if snapshot["schemaId"] not in table.schema_ids():
            out.append(f"{name} has schema {snapshot['schemaId']}, there are {table.schema_ids()}")
        try:
            live, delta = table.live(snapshot), table.delta(snapshot)
        except (AssertionError, FileNotFoundError) as error:
            out.append(f"{name}: {error}")
            continue
        out += [f"{name}: {text}" for text in counts_problems(snapshot, live, delta, table.changelog(snapshot))]
        out += [f"{name}: {text}" for text in manifests_problems(table, snapshot)]
        base = {file.identity for file in replayed(table.entries(snapshot["baseManifestList"]))}
        if before is not None and base != before:
            out.append(f"{name}: its base list has other files than the snapshot before it")
        before = {file.identity for file in live}
        key = snapshot["commitUser"], snapshot["commitIdentifier"], snapshot["commitKind"]
        if key in epochs and snapshot["commitIdentifier"] != LAST_OF_USER:
            out.append(f"{name} is the commit {key} that snapshot {epochs[key]} is already")
        epochs[key] = snapshot["id"]
    return out


def replayed(entries):
    files = {}
    for file in entries:
        if file.add:
            files[file.identity] = file
        else:
            files.pop(file.identity, None)
    return files.values()


def counts_problems(snapshot, live, delta, changelog):
    """Sentences on the record counts of a snapshot and on what its delta may not hold."""
    sums = {
        "totalRecordCount": sum(file.rows for file in live),
        "deltaRecordCount": sum(file.rows if file.add else -file.rows for file in delta),
        "changelogRecordCount": sum(file.rows for file in changelog),
    }
    for key, total in sums.items():
        if (snapshot.get(key) or 0) != total:
            yield f"{key} is {snapshot.get(key)}, its files have {total}"
    both = {f.identity for f in delta if f.add} & {f.identity for f in delta if not f.add}
    if both:
        yield f"its delta adds and deletes {sorted(both)[0]}"
    if any(not file.add for file in changelog):
        yield "its changelog has a DELETE"


def manifests_problems(table, snapshot):
    """Sentences on manifest lists that do not tell the truth about their manifests."""
    for key in paimon_files.LISTS:
        for meta in table.manifests(snapshot.get(key)):
            entries = table.avro(meta["_FILE_NAME"])
            name = f"manifest {meta['_FILE_NAME']}"
            kinds = [entry["_KIND"] for entry in entries]
            if (meta["_NUM_ADDED_FILES"], meta["_NUM_DELETED_FILES"]) != (kinds.count(0), kinds.count(1)):
                yield f"{name} has {kinds.count(0)} added and {kinds.count(1)} deleted files: {meta}"
            if entries and meta["_SCHEMA_ID"] != max(entry["_FILE"]["_SCHEMA_ID"] for entry in entries):
                yield f"{name} has another _SCHEMA_ID than {meta['_SCHEMA_ID']}"
            for word, found in (
                ("BUCKET", [entry["_BUCKET"] for entry in entries]),
                ("LEVEL", [entry["_FILE"]["_LEVEL"] for entry in entries]),
            ):
                told = meta.get(f"_MIN_{word}"), meta.get(f"_MAX_{word}")
                if entries and told != (None, None) and told != (min(found), max(found)):
                    yield f"{name} has {word} {min(found)} to {max(found)}, the list says {told}"
            yield from (f"{name}: {text}" for text in partition_problems(table, meta["_PARTITION_STATS"], entries))


def partition_problems(table, stats, entries):
    kinds = table.partition_kinds()
    rows = [table.partition_values(entry["_PARTITION"]) for entry in entries]
    columns = [(name, kind, [row[i] for row in rows]) for i, (name, kind) in enumerate(kinds)]
    if columns:
        yield from stats_problems("partition", stats, columns)


def stats_problems(what, stats, columns):
    """Sentences on minima, maxima and null counts that would prune rows away. `columns`: (name, Kind, values)."""
    if not stats["_NULL_COUNTS"] and paimon_row.arity_of(stats["_MIN_VALUES"]) == 0:
        return
    kinds = [kind if kind.atomic else None for _, kind, _ in columns]
    least, most = ([], [])
    for target, data in ((least, stats["_MIN_VALUES"]), (most, stats["_MAX_VALUES"])):
        arity = paimon_row.arity_of(data)
        if arity != len(columns):
            yield f"{what} statistics have {arity} columns, not {len(columns)}"
            return
        known = [kind or paimon_row.Kind("INT") for kind in kinds]
        target += [value if kind else None for value, kind in zip(paimon_row.parse(data, known), kinds)]
    for i, (name, kind, found) in enumerate(columns):
        nulls = sum(value is None for value in found)
        told = stats["_NULL_COUNTS"][i] if stats["_NULL_COUNTS"] else None
        if told is not None and told != nulls:
            yield f"{what} {name} has {nulls} NULLs, the statistics say {told}"
        keys = [paimon_row.order(value, kind) for value in found if value is not None and value == value]
        if keys and least[i] is not None and paimon_row.order(least[i], kind) > min(keys):
            yield f"{what} {name}: the least value is below the statistics' {least[i]!r}"
        if keys and most[i] is not None and paimon_row.order(most[i], kind) < max(keys):
            yield f"{what} {name}: the greatest value is above the statistics' {most[i]!r}"


class Content:
    """A data file's columns as Python values."""

    def __init__(self, table, file, schema):
        self.file, self.schema = file, schema
        data, self.ids = paimon_files.load(file)
        self.names = data.column_names
        self.rows = data.num_rows
        self.kinds = {f["name"]: paimon_row.Kind(f["type"]) for f in schema["fields"]}
        partition = set(schema["partitionKeys"])
        self.key_names = [name for name in schema["primaryKeys"] if name not in partition]
        self.thin = schema["options"].get("data-file.thin-mode") == "true"
        self.keyed = bool(schema["primaryKeys"])
        self._data = data

    def column(self, name):
        kind = self.kinds[name.removeprefix(KEY) if name.startswith(KEY) else name]
        return paimon_files.values(self._data.column(name), kind)

    def plain(self, name):
        return self._data.column(name).to_pylist()

    def sequences(self):
        """The number of each row: that of its snapshot where snapshots order rows, unless a compaction wrote it."""
        by_snapshot = self.schema["options"].get("sequence.snapshot-ordering") == "true"
        if by_snapshot and not self.file.compacted:
            return [self.file.min_sequence] * self.rows
        return self.plain(SEQUENCE)

    def keys(self):
        """The key of each row, as a tuple."""
        prefix = "" if self.thin else KEY
        return list(zip(*(self.column(prefix + name) for name in self.key_names))) if self.rows else []

    def key_kinds(self):
        return [self.kinds[name] for name in self.key_names]

    def key_bytes(self, key):
        return paimon_row.build(key, self.key_kinds())

    def order(self, key):
        return tuple(paimon_row.order(value, kind) for value, kind in zip(key, self.key_kinds()))

    def expected_columns(self):
        """(name, field id) of the file's columns, by its schema."""
        ids = {f["name"]: f["id"] for f in self.schema["fields"]}
        own = [(name, ids[name]) for name in ids]
        if not self.keyed:
            return own
        keys = [] if self.thin else [(KEY + name, KEY_ID + ids[name]) for name in self.key_names]
        return [*keys, (SEQUENCE, SEQUENCE_ID), (VALUE_KIND, VALUE_KIND_ID), *own]


def readable(file):
    """Whether the file can be read here: not ORC of Java with times that Arrow's reader cannot count."""
    try:
        paimon_files.load(file)
        return True
    except pyarrow.ArrowInvalid as error:
        if "out of range for nanosecond" in str(error):
            return False
        raise


class Files:
    """The data files of one snapshot."""

    def __init__(self, table, snapshot, field_ids=True):
        self.table, self.snapshot, self.field_ids = table, snapshot, field_ids
        self.schema = table.schema()
        self.options = self.schema["options"]

    def content(self, file):
        return Content(self.table, file, self.table.schema(file.schema_id))

    def problems(self) -> list[str]:
        out = []
        for place, levels in sorted(self.table.levels(self.snapshot).items()):
            where = f"bucket {place[1]}"
            contents = {}
            for level, files in sorted(levels.items()):
                for file in files:
                    if not readable(file):
                        continue
                    contents[file.identity] = content = self.content(file)
                    out += [f"{file}: {text}" for text in self.file_problems(content)]
            if not out and self.schema["primaryKeys"]:
                out += [f"{where}: {text}" for text in self.bucket_problems(levels, contents)]
        return out if out else self.key_problems()

    def file_problems(self, content):
        file = content.file
        if content.rows != file.rows:
            yield f"{content.rows} rows, the manifest says {file.rows}"
            return
        if file.meta.get("_WRITE_COLS") is not None:
            return
        expected = content.expected_columns()
        has_ids = self.field_ids and not file.name.endswith(".avro")
        ids = content.ids if has_ids or any(content.ids) else [number for _, number in expected]
        if list(zip(content.names, ids)) != expected:
            yield f"columns {list(zip(content.names, content.ids))}, expected {expected}"
            return
        if not content.rows:
            yield "no rows"
            return
        if content.keyed:
            yield from keyed_problems(content)
        yield from self.partition_values_problems(content)
        yield from value_stats_problems(content)

    def partition_values_problems(self, content):
        values = self.table.partition_values(content.file.partition)
        for (name, _), value in zip(self.table.partition_kinds(), values):
            others = set(content.column(name)) - {value}
            if others:
                yield f"partition {name}={value!r} holds rows of {sorted(map(repr, others))[:3]}"

    def bucket_problems(self, levels, contents):
        """Levels above 0 have disjoint files; a newer level has the newer rows of a key."""
        newest = {}  # key -> (sequence, file) of the newest level so far
        by_user = self.options.get("sequence.field") or self.options.get("merge-engine", "deduplicate") != "deduplicate"
        runs = [[file] for file in sorted(levels.get(0, ()), key=lambda f: -f.max_sequence)]
        for level in sorted(set(levels) - {0}):
            files = [file for file in levels[level] if file.identity in contents]
            files.sort(key=lambda file: contents[file.identity].order(contents[file.identity].keys()[0]))
            for left, right in zip(files, files[1:]):
                last, first = contents[left.identity].keys()[-1], contents[right.identity].keys()[0]
                if contents[left.identity].order(last) >= contents[right.identity].order(first):
                    yield f"{left} and {right} overlap: {last} and {first}"
            runs.append(files)
        for run in runs:
            for file in run:
                if file.identity not in contents:
                    continue
                content = contents[file.identity]
                for key, sequence in zip(content.keys(), content.sequences()):
                    above, holder = newest.setdefault(key, (sequence, file))
                    if holder is not file and above <= sequence and not by_user:
                        yield f"key {key} has sequence {sequence} in {file}, {above} in the newer {holder}"

    def key_problems(self):
        """A key is in one bucket of its partition, the one of its hash, or one whose hash index has it."""
        if not self.schema["primaryKeys"] or self.options.get("bucket-function.type", "default") != "default":
            return []
        out, seen = [], {}
        indexed = self.hashes()
        fixed = int(self.options.get("bucket", "-1"))
        bucket_key = self.options.get("bucket-key")
        for file in self.table.live(self.snapshot):
            if file.bucket < 0 or not readable(file):
                continue
            content = self.content(file)
            for key in content.keys():
                place = seen.setdefault((file.partition, key), file.bucket)
                if place != file.bucket:
                    out.append(f"key {key} is in the buckets {place} and {file.bucket}")
                if fixed > 0 and not bucket_key:
                    bucket = paimon_row.bucket_of(content.key_bytes(key), file.total_buckets)
                    if bucket != file.bucket:
                        out.append(f"{file}: key {key} belongs to bucket {bucket} of {file.total_buckets}")
                elif indexed and fixed == -1:
                    if paimon_row.hash_of(content.key_bytes(key)) not in indexed.get((file.partition, file.bucket), ()):
                        out.append(f"{file}: the hash of key {key} is not in the index of the bucket")
        return out[:20]

    def hashes(self) -> dict:
        """(partition, bucket) -> the hashes of its index file, for dynamic buckets."""
        out = {}
        for entry in self.table.index_entries(self.snapshot):
            if entry["_INDEX_TYPE"] == "HASH":
                with open(self.table.index_path(entry), "rb") as file:
                    data = file.read()
                assert len(data) == 4 * entry["_ROW_COUNT"], f"{self.table.index_path(entry)}: {len(data)} bytes"
                place = entry["_PARTITION"], entry["_BUCKET"]
                assert place not in out, f"two hash indexes for bucket {entry['_BUCKET']}"
                out[place] = {number for (number,) in struct.iter_unpack(">i", data)}
        return out


def keyed_problems(content):
    """Sentences on a file of a table with a primary key."""
    file, keys = content.file, content.keys()
    order = [content.order(key) for key in keys]
    for at, (left, right) in enumerate(zip(order, order[1:])):
        if left >= right:
            yield f"row {at + 1}: key {keys[at + 1]} stands behind {keys[at]}"
            return
    for name in content.key_names if not content.thin else ():
        if content.column(KEY + name) != content.column(name):
            yield f"{KEY}{name} is not equal to {name}"
    told = [paimon_row.parse(file.meta[side], content.key_kinds()) for side in ("_MIN_KEY", "_MAX_KEY")]
    if told != [list(keys[0]), list(keys[-1])]:
        yield f"keys from {keys[0]} to {keys[-1]}, the manifest says {told}"
    if file.meta["_MIN_KEY"][4:] != content.key_bytes(keys[0]):
        yield f"_MIN_KEY {file.meta['_MIN_KEY'].hex()}, Java writes {content.key_bytes(keys[0]).hex()}"
    sequences, kinds = content.sequences(), content.plain(VALUE_KIND)
    if (min(sequences), max(sequences)) != (file.min_sequence, file.max_sequence):
        said = f"the manifest says {file.min_sequence} to {file.max_sequence}"
        yield f"sequence numbers {min(sequences)} to {max(sequences)}, {said}"
    deletes = sum(kind in DELETES for kind in kinds)
    if file.deletes is not None and file.deletes != deletes:
        yield f"{deletes} rows are deletes, the manifest says {file.deletes}"
    columns = [(name, content.kinds[name], content.column(name)) for name in content.key_names]
    yield from stats_problems("key", file.meta["_KEY_STATS"], columns)


def value_stats_problems(content):
    names = content.file.meta["_VALUE_STATS_COLS"]
    if names is None:
        names = [field["name"] for field in content.schema["fields"]]
    columns = []
    for name in names:
        kind = content.kinds[name]
        columns.append((name, kind, content.column(name) if kind.atomic else content.plain(name)))
    atomic = [column if column[1].atomic else (*column[:2], []) for column in columns]
    stats = content.file.meta["_VALUE_STATS"]
    if any(not kind.atomic for _, kind, _ in columns):  # arrays have no order
        counts = [n if kind.atomic else None for (_, kind, _), n in zip(columns, stats["_NULL_COUNTS"])]
        stats = {**stats, "_NULL_COUNTS": counts}
    yield from stats_problems("column", stats, atomic)


def changelog_problems(table, snapshots) -> list[str]:
    """Changelog files: the rows and their kinds; their order is that of the changes, not of the keys."""
    out = []
    for snapshot in snapshots:
        for file in table.changelog(snapshot):
            if not readable(file):
                continue
            content = Content(table, file, table.schema(file.schema_id))
            sequences = content.plain(SEQUENCE)
            if content.rows != file.rows:
                out.append(f"{file}: {content.rows} rows, the manifest says {file.rows}")
            elif (min(sequences), max(sequences)) != (file.min_sequence, file.max_sequence):
                out.append(f"{file}: sequence numbers {min(sequences)} to {max(sequences)}, not as in the manifest")
            if not os.path.basename(file.path).startswith("changelog-"):
                out.append(f"{file} is no changelog file by its name")
    return out
