# SPDX-License-Identifier: Apache-2.0
"""What judges Paimon tables: pypaimon reads the golden tables as Flink did, the walk over the files finds nothing wrong
in them, and it finds each statement that is made false."""

import copy
import json
import os
import shutil
from collections import Counter

import canonical
import harness
import paimon_check
import paimon_files
import paimon_job
import paimon_lake
import paimon_row
import test_golden

ROWS = os.path.join(test_golden.DATA, "paimon", "rows.jsonl")
# Words of pypaimon's error -> tables of which a snapshot ends in it.
REFUSED = {
    "Invalid magic number": "dv.pk64 iceberg.pk_dv_v3",
    "does not yet implement": "engine.partial_update_delete engine.partial_update_groups",
    "with type dict": "engine.aggregation",
}
NOT_READ_ALIKE = ("format.append_orc", "format.pk_orc")  # old timestamps and padded CHAR in ORC
# Columns of types that no table of ours has.
UNKNOWN = ("ARRAY<INT", "MAP", "ROW", "MULTISET", "TIMESTAMP(9)")
# Branches and what a rollback left are not walked.
ORPHANS = ("refs.tags",)


def inner(value, kind):
    """A value of rows.jsonl as paimon_row has it."""
    if value is None:
        return None
    if kind.base == "DECIMAL":
        return paimon_row.decimal.Decimal(value)
    if kind.base == "TIMESTAMP":
        return value[0] * paimon_row.NANOS_OF_MILLI + value[1]
    if kind.base in ("FLOAT", "DOUBLE"):
        return float(value)
    return bytes.fromhex(value) if kind.base in ("BYTES", "BINARY", "VARBINARY") else value


def vectors():
    with open(ROWS, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_rows_hashes_and_buckets_are_javas(ctx):
    rows = [vector for vector in vectors() if "row" in vector and "types" in vector]
    for vector in rows:
        kinds = [paimon_row.Kind(text) for text in vector["types"]]
        values = [inner(value, kind) for value, kind in zip(vector["values"], kinds)]
        built = paimon_row.build(values, kinds)
        assert built.hex() == vector["row"], (vector, built.hex())
        assert paimon_row.hash_of(built) == vector["hash"], vector
        for count, bucket in vector["default"].items():
            assert paimon_row.bucket_of(built, int(count)) == bucket, (count, vector)
        parsed = paimon_row.parse(len(kinds).to_bytes(4, "big") + built, kinds)
        assert repr(parsed) == repr(values), (vector, parsed)
    assert len(rows) > 200, len(rows)


def test_folders_of_partitions_are_javas(ctx):
    seen = 0
    for vector in vectors():
        kind = paimon_row.Kind(vector.get("partition", "DOUBLE"))
        if kind.base in ("FLOAT", "DOUBLE", "BYTES", "BINARY", "VARBINARY", "TIME"):
            continue
        text = paimon_files.partition_text(inner(vector["value"], kind), kind, vector["legacy"])
        if kind.base == "DECIMAL" and text and len(text.partition(".")[2]) > 6:
            continue  # Java may write an exponent
        name = paimon_files.escape("__DEFAULT_PARTITION__" if text is None or not text.strip() else text)
        assert f"p={name}/" == vector["path"], (vector, name)
        seen += 1
    assert seen > 30, seen


def golden(ctx):
    """[(name, folder)] of the golden tables, and the lake with them."""
    folder = os.path.join(test_golden.unpack_paimon(ctx), "paimon")
    lake = paimon_lake.PaimonLake(folder, ctx.shared.pypaimon())
    return lake, [(name, lake.folder(name)) for name in lake.tables()]


def test_golden_tables_fulfil_every_rule(ctx):
    _, tables = golden(ctx)
    files = 0
    for name, folder in tables:
        table = paimon_files.Table(folder)
        found = paimon_check.problems(table)
        assert not found, f"{name}: {found}"
        orphans = table.orphans()
        assert bool(orphans) == (name in ORPHANS), f"{name}: {orphans}"
        files += len(table.live(table.snapshots()[-1])) if table.snapshot_ids() else 0
    assert len(tables) >= 57 and files > 100, (len(tables), files)


def test_pypaimon_reads_the_golden_tables_as_flink_did(ctx):
    lake, tables = golden(ctx)
    allowed = {(words, name) for words, names in REFUSED.items() for name in names.split()}
    same, seen = 0, set()
    for name, _ in tables:
        expected = os.path.join(ctx.dir, "golden", "expected", "paimon", name)
        columns = [column for column, kind in lake.columns(name) if not kind.startswith(UNKNOWN)]
        for file in sorted(os.listdir(expected)) if os.path.isdir(expected) else []:
            version = file.removesuffix(".jsonl")
            if version != "current" and not version.isdigit() or name in NOT_READ_ALIKE:
                continue
            if (name, version) in test_golden.OTHER_COLUMNS:
                continue
            snapshot = int(version) if version.isdigit() else None
            try:
                _, rows = lake.rows(name, columns if version == "current" else None, snapshot)
            except paimon_lake.ReaderError as error:
                if "does not know Paimon type" in str(error):
                    continue
                reasons = {(words, table) for words, table in allowed if table == name and words in str(error)}
                assert reasons, f"{name} {version}: {error}"
                seen |= reasons
                continue
            wanted = expected_rows(lake, name, columns, os.path.join(expected, file))
            missing, extra = Counter(wanted) - Counter(rows), Counter(rows) - Counter(wanted)
            assert not missing and not extra, f"{name} {version}: missing {list(missing)[:2]}, extra {list(extra)[:2]}"
            same += 1
    assert seen == allowed and same > 180, (same, allowed - seen)


def expected_rows(lake, name, columns, path):
    kinds = {column: canonical.paimon_kind(kind) for column, kind in lake.columns(name) if column in columns}
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [tuple(canonical.json_value(kinds[c], row[c]) for c in columns if c in row) for row in lines]


class Changed(paimon_files.Table):
    """A table of which one manifest entry (or one record of a manifest list) was changed."""

    def __init__(self, folder, change, which="manifest-"):
        super().__init__(folder)
        self.change, self.which, self.done = change, which, False

    def avro(self, name):
        known = name in self._avro
        records = super().avro(name)
        is_list = name.startswith("manifest-list-")
        if not known and not self.done and records and is_list == (self.which == "manifest-list-"):
            records = copy.deepcopy(records)
            self.done = self.change(records) is not False
            self._avro[name] = records
        return records


def in_file(key, change):
    """A change of the first entry's _FILE."""

    def apply(records):
        records[0]["_FILE"][key] = change(records[0]["_FILE"][key])

    return apply


def in_entry(key, change):
    def apply(records):
        records[0][key] = change(records[0][key])

    return apply


def in_stats(which, key, change):
    def apply(records):
        stats = records[0]["_FILE"][which]
        stats[key] = change(stats[key])

    return apply


def last_byte(number):
    return lambda data: data[:12] + bytes([number]) + data[13:]


FALSE = [
    (in_file("_ROW_COUNT", lambda n: n + 1), "totalRecordCount"),
    (in_file("_FILE_SIZE", lambda n: n + 1), "bytes, the metadata says"),
    (in_file("_FILE_NAME", lambda s: "data-none.parquet"), "missing"),
    (in_file("_MIN_KEY", last_byte(9)), "the manifest says"),
    (in_file("_MAX_KEY", last_byte(9)), "the manifest says"),
    (in_file("_MIN_SEQUENCE_NUMBER", lambda n: n + 7), "sequence numbers"),
    (in_file("_MAX_SEQUENCE_NUMBER", lambda n: n + 7), "sequence numbers"),
    (in_file("_DELETE_ROW_COUNT", lambda n: n + 1), "rows are deletes"),
    (in_stats("_KEY_STATS", "_MIN_VALUES", last_byte(99)), "key id: the least value"),
    (in_stats("_KEY_STATS", "_MAX_VALUES", last_byte(0)), "key id: the greatest value"),
    (in_stats("_VALUE_STATS", "_MIN_VALUES", last_byte(99)), "column id: the least value"),
    (in_stats("_VALUE_STATS", "_MAX_VALUES", last_byte(0)), "column id: the greatest value"),
    (in_stats("_VALUE_STATS", "_NULL_COUNTS", lambda counts: [n + 1 for n in counts]), "NULLs"),
    (in_entry("_BUCKET", lambda n: 1 - n), "has BUCKET 1 to 1"),
]


def test_each_false_statement_of_a_manifest_is_seen(ctx):
    _, tables = golden(ctx)
    folder = dict(tables)["pk.one_bucket_uncompacted"]
    for change, words in FALSE:
        table = Changed(folder, change)
        found = paimon_check.problems(table)
        assert table.done and any(words in text for text in found), f"{words}: {found}"
    for key in ("_NUM_ADDED_FILES", "_NUM_DELETED_FILES", "_SCHEMA_ID", "_MAX_BUCKET", "_MAX_LEVEL"):
        table = Changed(folder, in_entry(key, lambda n: n + 1), "manifest-list-")
        assert paimon_check.problems(table), key


def test_each_false_statement_of_a_snapshot_is_seen(ctx):
    _, tables = golden(ctx)
    folder = dict(tables)["changelog.input"]
    path = os.path.join(folder, "snapshot", "snapshot-3")
    with open(path, encoding="utf-8") as file:
        text = json.load(file)
    for change in (
        {"totalRecordCount": 99},
        {"deltaRecordCount": 99},
        {"changelogRecordCount": 99},
        {"id": 9},
        {"schemaId": 9},
        {"baseManifestList": text["deltaManifestList"]},
        {"deltaManifestList": text["baseManifestList"]},
        {"changelogManifestListSize": 1},
    ):
        ctx.write(os.path.relpath(path, ctx.dir), json.dumps({**text, **change}))
        assert paimon_check.problems(paimon_files.Table(folder)), change
    os.remove(path)
    assert any("follow" in text for text in paimon_check.problems(paimon_files.Table(folder)))


def swapped(ctx, name, files, change):
    """The problems of a table after `change(path)` of the first of its data files that are `files`."""
    _, tables = golden(ctx)
    folder = dict(tables)[name]
    table = paimon_files.Table(folder)
    found = [file for file in table.live(table.snapshots()[-1]) if files(file)]
    change(table, found)
    out = paimon_check.problems(paimon_files.Table(folder))
    shutil.rmtree(folder)
    return out


def test_unsorted_overlapping_and_misplaced_rows_are_seen(ctx):
    """The data are changed, and the sizes that the manifests have of them are not looked at."""
    import pyarrow.parquet  # pylint: disable=import-outside-toplevel

    def rewrite(order):
        def change(_, files):
            for file in files[:1]:
                data = pyarrow.parquet.read_table(file.path, partitioning=None)
                pyarrow.parquet.write_table(data.take(order(data.num_rows)), file.path)

        return change

    damaged = paimon_files.Table.damaged
    paimon_files.Table.damaged = lambda self: []
    try:
        several = lambda file: file.rows > 1
        found = swapped(ctx, "pk.fixed", several, rewrite(lambda n: list(reversed(range(n)))))
        assert any("stands behind" in text for text in found), found
        found = swapped(ctx, "pk.fixed", several, rewrite(lambda n: [0] * n))
        assert any("stands behind" in text for text in found), found
        found = swapped(ctx, "pk.fixed", several, rewrite(lambda n: list(range(n - 1))))
        assert any("rows, the manifest says" in text for text in found), found
    finally:
        paimon_files.Table.damaged = damaged


def files_problems(table):
    """Without a look at snapshots and manifest lists, which say the same in other words."""
    return paimon_check.Files(table, table.snapshots()[-1]).problems()


def test_levels_that_overlap_and_keys_in_two_buckets_are_seen(ctx):
    _, tables = golden(ctx)
    folder = dict(tables)["pk.one_bucket_uncompacted"]

    def to_level_1(records):
        for record in records:
            record["_FILE"]["_LEVEL"] = 1
        return False  # every manifest

    found = files_problems(Changed(folder, to_level_1))
    assert any("overlap" in text for text in found), found
    schema = os.path.join(folder, "schema", "schema-0")
    with open(schema, encoding="utf-8") as file:
        text = json.load(file)
    text["options"]["bucket"] = "2"
    ctx.write(os.path.relpath(schema, ctx.dir), json.dumps(text))

    def of_two(records):
        for record in records:
            record["_TOTAL_BUCKETS"] = 2
        return False

    found = files_problems(Changed(folder, of_two))
    assert any("belongs to bucket 1 of 2" in text for text in found), found


def test_older_rows_in_a_newer_level_are_seen(ctx):
    _, tables = golden(ctx)
    folder = dict(tables)["pk.fixed"]

    def exchanged(records):
        for record in records:
            level = record["_FILE"]["_LEVEL"]
            record["_FILE"]["_LEVEL"] = {0: 5, 5: 0}.get(level, level)
        return False

    found = files_problems(Changed(folder, exchanged))
    assert any("in the newer" in text for text in found), found


def test_tables_that_pypaimon_wrote_fulfil_the_rules(ctx):
    lake = paimon_lake.PaimonLake(ctx.warehouse, ctx.shared.pypaimon())
    fields = [("id", "INT NOT NULL"), ("d", "DATE NOT NULL"), ("v", "STRING")]
    for name, keys, partition, options in (
        ("db.fixed", ["id"], [], {"bucket": "2"}),
        ("db.parted", ["id", "d"], ["d"], {"bucket": "2"}),
        ("db.log", [], [], {}),
    ):
        lake.create(name, fields, keys, partition, options)
        lake.write(name, [{"id": n, "d": f"2024-01-{n % 3 + 1:02d}", "v": f"v{n}"} for n in range(100)])
        lake.write(name, [{"id": n, "d": f"2024-01-{n % 3 + 1:02d}", "v": "again"} for n in range(90, 110)])
        rows = {int(row[0]): row for row in lake.rows(name)[1]}
        assert len(rows) == 110 and rows[95][2] == "again" and rows[5] == ("5", "2024-01-03", "v5"), rows
        table = paimon_files.Table(lake.folder(name))
        found = paimon_check.problems(table, field_ids=False) + table.orphans()
        assert not found, f"{name}: {found}"
        assert [kind for _, kind in lake.epochs(name)] == ["APPEND", "APPEND"], lake.epochs(name)


COLUMNS = (
    ("k", "VARCHAR(40)", "VARCHAR(40) NOT NULL"),
    ("n", "BIGINT", "BIGINT"),
    ("m", "DECIMAL(20,3)", "DECIMAL(20, 3)"),
    ("d", "DATE", "DATE"),
    ("t", "TIME(6)", "TIME(6)"),
    ("at", "DATETIME(6)", "TIMESTAMP(6)"),
    ("at3", "DATETIME(3)", "TIMESTAMP(3)"),
    ("z", "TIMESTAMP(6) NULL", "TIMESTAMP(6) WITH LOCAL TIME ZONE"),
    ("f", "FLOAT", "FLOAT"),
    ("b", "BOOL", "BOOLEAN"),
    ("i8", "TINYINT", "TINYINT"),
    ("raw", "VARBINARY(20)", "BYTES"),
    ("tags", "SET('a','b','ü')", {"type": "ARRAY", "element": "STRING"}),
)


def test_the_comparison_with_mariadb_sees_equal_rows_and_each_difference(ctx):
    """pypaimon writes what MariaDB holds: both readers and the walk agree, until one value is another."""
    lake = paimon_job.use(ctx)
    db = ctx.database(
        f"SET time_zone = '+00:00'; CREATE TABLE t ({', '.join(f'{name} {kind}' for name, kind, _ in COLUMNS)}, PRIMARY"
        " KEY (k)); INSERT INTO t VALUES ('a', -1, 12345678901234567.891, '1582-10-10', '23:59:59.999999',"
        " '1969-12-31 23:59:59.999999', '2024-03-01 10:11:12.123', '2024-03-31 01:30:00.000001', 0.1, TRUE, -128,"
        " x'00ff', 'a,ü'); INSERT INTO t (k) VALUES ('é'), (''); INSERT INTO t (k, n) SELECT seq, seq FROM seq_1_to_20"
    )
    fields = [(name, kind) for name, _, kind in COLUMNS]
    with ctx.server.connect(text=True) as connection:
        names, rows = canonical.source_rows(connection, f"{db}.t")
    for name, options in (("fixed", {"bucket": "2"}), ("dynamic", {})):
        lake.create(f"{db}.{name}", fields, ["k"], options=options)
        for chosen in (rows[:15], rows[10:]):
            lake.write(f"{db}.{name}", [dict(zip(names, row)) for row in chosen])
        paimon_job.equal(ctx, f"{db}.t", f"{db}.{name}", field_ids=False)
        lake.write(f"{db}.{name}", [{"k": "a", "n": "-1"}])
        try:
            paimon_job.equal(ctx, f"{db}.t", f"{db}.{name}", field_ids=False)
        except harness.Difference as error:
            assert "m=12345678901234567.891" in str(error), error
            continue
        raise AssertionError("the difference was not seen")


def test_the_changelog_of_a_golden_table_leads_to_its_rows(ctx):
    lake, _ = golden(ctx)
    ctx.lake = lake
    changes = paimon_job.changelog(ctx, "changelog.input")
    assert {kind for kind, _ in changes} >= {0, 3} and len(changes) > 5, changes
    kept = {}
    for kind, row in changes:  # Flink's rows for an update have no image of what was before
        kept.pop(row["id"], None)
        if kind in (0, 2):
            kept[row["id"]] = tuple(row.values())
    assert sorted(kept.values()) == sorted(lake.rows("changelog.input")[1]), kept
    pairs = [(1, {"id": "1", "v": "b"}), (2, {"id": "1", "v": "c"})]
    assert paimon_job.replayed([(0, {"id": "1", "v": "b"}), *pairs], ["id"]) == [("1", "c")]
    for wrong in (pairs, [(0, {"id": "1", "v": "x"}), *pairs], [(0, {"id": "1", "v": "b"})] * 2):
        try:
            paimon_job.replayed(wrong, ["id"])
        except AssertionError:
            continue
        raise AssertionError(f"not seen: {wrong}")
