# SPDX-License-Identifier: Apache-2.0
"""Iceberg metadata beside Paimon tables (metadata.iceberg.storage): under updates, deletes, compactions, changes of
columns, truncations, rollbacks and kills PyIceberg reads what pypaimon reads."""

import json
import os
import shutil

import lake as lake_module
import paimon_iceberg
import paimon_job
import test_paimon_changelog as changelog
import test_paimon_clock
from paimon_iceberg import BESIDE, IN_CATALOG

WIDE = "deletion-vectors.bitmap64"
KEEPS = {"ignore-delete": "true"}
OFTEN = {"num-sorted-run.compaction-trigger": 2}
KINDS = (
    {"bucket": 2},
    {"bucket": 1, **OFTEN},
    {"dynamic-bucket.target-row-num": 60, **OFTEN},
    {"bucket": 2, "write-only": "true"},
    {"bucket": 2, "changelog-producer": "input", **OFTEN},
    {"bucket": 2, "changelog-producer": "lookup"},
    {"bucket": 2, "changelog-producer": "full-compaction", "full-compaction.delta-commits": 2},
    {"bucket": 2, "deletion-vectors.enabled": "true"},
    {"bucket": 1, "deletion-vectors.enabled": "true", WIDE: "true", **OFTEN},
    {"bucket": 2, "sequence.field": "v", **OFTEN},
)


def rounds(ctx, options, seed, count=4):
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, table=options)
    for round_ in range(count):
        ctx.catch_up(path)
        if WIDE not in options:  # pypaimon does not read those
            paimon_job.equal(ctx, table)
        paimon_iceberg.equal(ctx, table)
        changelog.change(ctx, db, seed * 100 + round_)
    return table


def test_every_kind_of_table(ctx):
    for number, options in enumerate(KINDS):
        ctx.state = paimon_job.state(ctx, str(number))  # of the table before, a job would want other options
        table = rounds(ctx, {**options, **BESIDE}, number)
        rows = paimon_iceberg.by_sluice(ctx, table) if WIDE in options else None
        assert paimon_iceberg.shows(ctx, table, rows) > 2
        paimon_iceberg.files_are_named(ctx, table)


test_every_kind_of_table.seconds = 300


def test_format_version_3(ctx):
    """Deletion vectors in Puffin files, and row ids, which no two rows share."""
    for number, options in enumerate((KINDS[1], KINDS[7], {**KINDS[1], "merge-engine": "partial-update", **KEEPS})):
        engine = "merge-engine" in options
        db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
        table = f"{db}.t"
        path = paimon_job.pipeline(ctx, table, {**options, **BESIDE, "metadata.iceberg.format-version": 3})
        for round_ in range(5):
            ctx.catch_up(path)
            if not engine:
                paimon_iceberg.equal(ctx, table)
            changelog.change(ctx, db, number * 100 + round_)
        assert paimon_iceberg.shows(ctx, table, paimon_iceberg.by_sluice(ctx, table)) > 3
        paimon_iceberg.files_are_named(ctx, table)
        paimon_iceberg.row_ids_are_apart(ctx, table)
        names = os.listdir(os.path.join(ctx.lake.folder(table), "metadata"))
        assert any(name.endswith(".puffin") for name in names), names
        assert not any(name.startswith("deletes-") and name.endswith(".parquet") for name in names), names


def test_in_a_hadoop_catalog(ctx):
    table = rounds(ctx, {"bucket": 2, **OFTEN, **IN_CATALOG}, 20, 3)
    paimon_iceberg.shows(ctx, table)
    assert os.path.isdir(os.path.join(ctx.warehouse, "iceberg", *table.split("."), "metadata"))
    assert not os.path.exists(os.path.join(ctx.lake.folder(table), "metadata"))


def test_partitions_and_keyless_tables(ctx):
    """Rows move between partitions; a table without a key only grows, and its small files are joined."""
    db = ctx.database(
        "CREATE TABLE p (id INT, region VARCHAR(10), day DATE, n DECIMAL(20,3), PRIMARY KEY (id, region, day));"
        " INSERT INTO p SELECT seq, CONCAT('r ', seq % 3), '2026-01-01' + INTERVAL seq % 2 DAY, seq / 7 FROM"
        " seq_1_to_80; CREATE TABLE k (n INT, t VARCHAR(10)); INSERT INTO k SELECT seq, NULL FROM seq_1_to_10"
    )
    path = paimon_job.pipeline(
        ctx, f"{db}.\\.*", {**OFTEN, "compaction.min.file-num": 3, **BESIDE},
        sink={"partition.key": f"{db}.p:region,day"},
    )
    for n in range(6):
        ctx.catch_up(path)
        for name in ("p", "k"):
            paimon_job.equal(ctx, f"{db}.{name}")
            paimon_iceberg.equal(ctx, f"{db}.{name}")
        ctx.server.execute(
            f"UPDATE p SET region = CONCAT('r ', {n} % 4) WHERE id % 9 = {n}; UPDATE p SET n = -{n} WHERE id % 7 = {n};"
            f" DELETE FROM p WHERE id % 31 = {n}; INSERT INTO k VALUES ({n}, 'later'), ({n}, NULL)",
            db,
        )
    for name in ("p", "k"):
        paimon_iceberg.shows(ctx, f"{db}.{name}")
        paimon_iceberg.files_are_named(ctx, f"{db}.{name}")


def test_partitions_that_expire(ctx):
    """What the clock takes away is gone at once, not with the next commit."""
    _, table, path = test_paimon_clock.partitioned(
        ctx, {"bucket": 1, **test_paimon_clock.EXPIRES, **test_paimon_clock.AT_ONCE, **BESIDE}
    )
    ctx.catch_up(path)
    assert test_paimon_clock.ids(ctx, table) == ["3", "4"]
    assert paimon_iceberg.shows(ctx, table) == len(ctx.lake.snapshot_ids(table))


def test_merge_engines(ctx):
    """Rows that the engine makes of several are in no data file: Iceberg readers get files with them."""
    engines = (
        {"merge-engine": "partial-update"},
        {"merge-engine": "partial-update", "partial-update.remove-record-on-delete": "true"},
        {"merge-engine": "aggregation", "fields.a.aggregate-function": "sum", "fields.b.aggregate-function": "listagg"},
        {"merge-engine": "aggregation", "fields.a.aggregate-function": "max", "changelog-producer": "lookup"},
        {"merge-engine": "first-row"},
        {"merge-engine": "deduplicate"},
        {"merge-engine": "partial-update", "deletion-vectors.enabled": "true"},
    )
    for number, options in enumerate(engines):
        db = ctx.database(
            "CREATE TABLE t (id INT PRIMARY KEY, a INT, b TEXT); INSERT INTO t SELECT seq, seq, 'x' FROM seq_1_to_60"
        )
        aggregates = options["merge-engine"] == "aggregation"
        keeps = {} if "partial-update.remove-record-on-delete" in options else KEEPS
        path = paimon_job.pipeline(ctx, f"{db}.t", {"bucket": 2, **OFTEN, **options, **keeps, **BESIDE})
        for n in range(5):
            ctx.catch_up(path)
            statements = f"UPDATE t SET a = a + {n}, b = 'u' WHERE id % 5 = {n}; INSERT INTO t VALUES ({n + 70}, 1, '')"
            ctx.server.execute(statements + ("" if aggregates else f"; DELETE FROM t WHERE id % 13 = {n}"), db)
        ctx.catch_up(path)
        paimon_iceberg.shows(ctx, f"{db}.t", paimon_iceberg.by_sluice(ctx, f"{db}.t"))
        paimon_iceberg.files_are_named(ctx, f"{db}.t")


def test_columns_change(ctx):
    """Added, renamed, dropped, moved and widened columns keep their ids."""
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    table = f"{db}.t"
    path = paimon_job.pipeline(
        ctx, table, {"bucket": 2, **OFTEN, **BESIDE}, pipeline={"schema.change.behavior": "evolve"}
    )
    for statement in (
        "ALTER TABLE t ADD COLUMN d INT DEFAULT 5",
        "ALTER TABLE t RENAME COLUMN a TO a2",
        "ALTER TABLE t MODIFY a2 BIGINT AFTER c",
        "ALTER TABLE t MODIFY c DECIMAL(14,2)",
        "ALTER TABLE t DROP COLUMN b",
        "ALTER TABLE t ADD COLUMN b TEXT",
        "TRUNCATE TABLE t",
    ):
        ctx.catch_up(path)
        ctx.server.execute(statement, db)
        ctx.server.execute("UPDATE t SET c = c + 1 WHERE id % 4 = 1; REPLACE INTO t (id) VALUES (990)", db)
        ctx.catch_up(path)
        paimon_job.equal(ctx, table)
        paimon_iceberg.equal(ctx, table)
    beside = paimon_iceberg.of(ctx)
    assert beside.field_ids(table) == ctx.lake.field_ids(table)


def test_types(ctx):
    """Every type that Iceberg has too, with bounds by which rows are found and files left out."""
    db = ctx.database(
        "CREATE TABLE t (id BIGINT PRIMARY KEY, t1 TINYINT, s SMALLINT, b BOOLEAN, f FLOAT, g DOUBLE, d DATE,"
        " ts0 DATETIME, ts3 DATETIME(3), ts6 DATETIME(6), z TIMESTAMP(3) NULL, dec9 DECIMAL(9,2), dec18 DECIMAL(18,4),"
        " dec38 DECIMAL(38,10), v VARCHAR(80), c CHAR(3), bin VARBINARY(20));"
        " INSERT INTO t VALUES (1, -7, 300, 1, 1.5, -2.25, '2026-02-03', '2026-02-03 04:05:06', "
        " '1969-12-31 23:59:59.123', '2026-02-03 04:05:06.654321', '2026-02-03 04:05:06.789', -1234567.89,"
        " 12345678901234.5678,"
        " -1234567890123456789012345678.0123456789, REPEAT('ü', 40), 'abc', X'00FF10'),"
        " (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
    )
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1, **BESIDE})
    ctx.catch_up(path)
    ctx.server.execute(
        "INSERT INTO t (id, v, dec9) VALUES (3, 'zz', 5), (4, 'aa', -5); UPDATE t SET f = 2 WHERE id = 1", db
    )
    ctx.catch_up(path)
    paimon_job.equal(ctx, table)
    paimon_iceberg.equal(ctx, table)
    opened = paimon_iceberg.of(ctx).open(table)
    for where, ids in (
        ("v = 'zz'", [3]),
        ("dec9 < -4 and dec9 > -6", [4]),
        ("s = 300", [1]),
        ("d >= '2026-02-03'", [1]),
        ("ts6 > '2026-02-03T04:05:06.654320'", [1]),
        ("id > 2", [3, 4]),
    ):
        found = sorted(opened.scan(row_filter=where).to_arrow().column("id").to_pylist())
        assert found == ids, f"{where}: {found}"


def test_types_that_iceberg_lacks(ctx):
    """Tables that are made beside Iceberg metadata have types that both know: also as keys, and of later columns."""
    db = ctx.database(
        "CREATE TABLE t (id SMALLINT, at TIME(3), t1 TINYINT, ts0 DATETIME, z1 TIMESTAMP(1) NULL,"
        " PRIMARY KEY (id, at)); INSERT INTO t VALUES (300, '23:59:59.999', 7, NULL, NULL),"
        " (1, '10:20:30.5', -7, '2026-02-03 04:05:06', '2026-02-03 04:05:06.7'), (1, '00:00:00', NULL, NULL, NULL)"
    )
    table = f"{db}.t"
    path = paimon_job.pipeline(
        ctx, table, {"bucket": 2, **OFTEN, **BESIDE}, pipeline={"schema.change.behavior": "evolve"}
    )
    ctx.catch_up(path)
    ctx.server.execute(
        "UPDATE t SET t1 = 9 WHERE at = '10:20:30.5'; DELETE FROM t WHERE at = '00:00:00';"
        " UPDATE t SET at = '07:00:00' WHERE id = 300; ALTER TABLE t ADD COLUMN more TINYINT, ADD COLUMN later TIME(3)"
        " NOT NULL DEFAULT '08:00:00.250'; ALTER TABLE t MODIFY t1 SMALLINT; INSERT INTO t VALUES"
        " (2, '01:00:00', 400, NULL, NULL, 1, '09:00:00')", db
    )
    ctx.catch_up(path)
    assert paimon_iceberg.of(ctx).columns(table) == [
        ("id", "int"), ("at", "string"), ("t1", "int"), ("ts0", "timestamp"), ("z1", "timestamptz"), ("more", "int"),
        ("later", "string"),
    ]
    kinds = [kind for _, kind in ctx.lake.columns(table)]
    assert kinds[2:6] == ["INT", "TIMESTAMP(3)", "TIMESTAMP(3) WITH LOCAL TIME ZONE", "INT"], kinds
    found = sorted(paimon_iceberg.of(ctx).open(table).scan(selected_fields=("id", "at", "t1", "later")).to_arrow()
                   .to_pylist(), key=lambda row: row["id"])
    assert [tuple(row.values()) for row in found] == [
        (1, "10:20:30.5", 9, "08:00:00.25"), (2, "01:00:00", 400, "09:00:00"), (300, "07:00:00", 7, "08:00:00.25"),
    ], found
    assert paimon_iceberg.shows(ctx, table) > 1
    paimon_job.sound(ctx, table)
    ctx.catch_up(path)  # nothing is to be altered at a restart
    schemas = ctx.lake.schema_ids(table)
    ctx.state = paimon_job.state(ctx, "lost")
    ctx.server.execute("INSERT INTO t (id, at) VALUES (3, '03:00:00')", db)
    ctx.catch_up(path)
    assert ctx.lake.schema_ids(table) == schemas
    assert paimon_iceberg.shows(ctx, table) > 1
    checked = ctx.command("check", path)
    assert checked.code == 0 and "at " in checked.out and "TIME(3) NOT NULL" in checked.out, checked.out
    same = ctx.command("verify", path)
    assert same.code == 0 and "DIFFERENT" not in same.out, same.out + same.err


def test_time_of_another_writer(ctx):
    """A TIME column that is there cannot be shown, which is told by name."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, ti TIME(3)); INSERT INTO t VALUES (1, '10:00:00')")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1})
    ctx.catch_up(path)
    schema = ctx.lake.schema(table)
    schema["id"] += 1
    schema["options"].update(BESIDE)
    with open(os.path.join(ctx.lake.folder(table), "schema", f"schema-{schema['id']}"), "w", encoding="utf-8") as file:
        json.dump(schema, file)
    ctx.server.execute("INSERT INTO t VALUES (2, NULL)", db)
    result = ctx.catch_up(path, code=1)
    assert "column ti is a TIME" in result.err and table in result.err and "hint:" in result.err, result.err


def test_types_in_avro(ctx):
    """Each type in the form that both formats have; what a reader of Paimon sees is what one of Iceberg sees."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, n BIGINT, f FLOAT, d DOUBLE, c DECIMAL(20,4), v VARCHAR(40), ch CHAR(5),"
        " b VARBINARY(9), day DATE, at DATETIME(6), ms DATETIME(3), s DATETIME, z TIMESTAMP(6) NULL, zms TIMESTAMP(3)"
        " NULL, ti TIME(6), small TINYINT, yes BOOLEAN, tags SET('a','b')); INSERT INTO t SELECT seq, seq * 5000000000,"
        " seq / 2, seq / 4, seq / 8, CONCAT('v', seq), 'c', CHAR(seq), '1969-12-30' + INTERVAL seq DAY,"
        " '1969-12-29 23:59:59.999999' + INTERVAL seq DAY, '1969-12-31 23:59:59.5', '0001-01-01 10:11:12',"
        " '2024-02-28 10:11:12.654321', '2024-02-28 10:11:12.654', '10:11:12.123456', -seq, seq % 2, 'a,b' FROM"
        " seq_1_to_50; INSERT INTO t (id) VALUES (1000)"
    )
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1, "file.format": "avro", **OFTEN, **BESIDE},
                               pipeline={"schema.change.behavior": "evolve"})
    ctx.catch_up(path)
    ctx.server.execute("UPDATE t SET v = 'again', z = NULL WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0", db)
    ctx.catch_up(path)
    ctx.server.execute("ALTER TABLE t DROP COLUMN ti, RENAME COLUMN n TO m, ADD COLUMN n INT DEFAULT 5 FIRST, MODIFY"
                       " COLUMN small BIGINT; UPDATE t SET n = 6, small = 5000000000 WHERE id % 5 = 0", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, table)
    paimon_iceberg.equal(ctx, table)
    assert paimon_iceberg.shows(ctx, table) > 2
    files = paimon_job.files(ctx, table)
    assert {file.name.rsplit(".", 1)[1] for file in files.live(files.snapshots()[-1])} == {"avro"}


def test_files_of_others(ctx):
    """Other programs write ORC files without the attributes by which Iceberg readers find columns: names are told to
    those, as long as each is of one column; a rewrite helps where it is not."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9), n INT); INSERT INTO t VALUES (1, 'a', 1)")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1, "write-only": "true", "file.format": "orc", **BESIDE},
                               pipeline={"schema.change.behavior": "evolve"})
    ctx.catch_up(path)
    assert "schema.name-mapping.default" not in paimon_iceberg.of(ctx).metadata(table)["properties"]
    ctx.lake.write(table, [{"id": 2, "v": "b", "n": 2}])
    ctx.server.execute("INSERT INTO t VALUES (3, 'c', 3)", db)
    ctx.catch_up(path)
    assert "schema.name-mapping.default" in paimon_iceberg.of(ctx).metadata(table)["properties"]
    assert paimon_iceberg.shows(ctx, table) > 2
    ctx.server.execute("ALTER TABLE t RENAME COLUMN v TO w; INSERT INTO t VALUES (4, 'd', 4)", db)
    ctx.catch_up(path)
    ctx.lake.write(table, [{"id": 5, "w": "e", "n": 5}])
    ctx.server.execute("UPDATE t SET n = 6 WHERE id = 1", db)
    ctx.catch_up(path)
    paimon_iceberg.shows(ctx, table)
    ctx.server.execute("ALTER TABLE t ADD COLUMN v INT DEFAULT 7; INSERT INTO t VALUES (7, 'g', 7, 7)", db)
    ctx.catch_up(path)
    ctx.lake.write(table, [{"id": 8, "w": "h", "n": 8, "v": 8}])
    ctx.server.execute("UPDATE t SET n = 9 WHERE id = 1", db)
    result = ctx.catch_up(path, code=1)
    assert "column v is another one" in result.err and "compaction.force-rewrite-all-files" in result.err, result.err
    act(ctx, table, "compact", "--table_conf", "compaction.force-rewrite-all-files=true")
    ctx.catch_up(path)
    text = lake_module.first_differences(*ctx.lake.rows(table), *paimon_iceberg.of(ctx).rows(table))
    assert not text, text


def test_killed_before_the_metadata(ctx):
    """A process that dies between the Paimon commit and the Iceberg one: the next start completes it."""
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 2, **OFTEN, **BESIDE})
    names = ("paimon.before_mirror", "paimon.after_snapshot", "iceberg.after_manifests", "iceberg.after_metadata_temp",
             "iceberg.after_metadata_link", "iceberg.after_hint")
    for number, name in enumerate(names):
        for count in (1, 2):
            changelog.change(ctx, db, number * 10 + count)
            result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": f"{name}:{count}"}, code=None)
            assert result.code in (0, -9), result.err
            assert result.code == -9 or count == 2, f"{name} was not passed"
            ctx.catch_up(path)
            paimon_job.equal(ctx, table, orphans=True)
            paimon_iceberg.equal(ctx, table)
    paimon_iceberg.shows(ctx, table)


def test_rolled_back(ctx):
    """After a rollback the metadata is made anew: the numbers of snapshots come again."""
    table = rounds(ctx, {"bucket": 2, **OFTEN, **BESIDE}, 40, 4)
    ids = ctx.lake.snapshot_ids(table)
    database, name = table.split(".")
    result = ctx.command("paimon", "rollback_to", "--warehouse", ctx.warehouse, "--database", database, "--table", name,
                         "--version", str(ids[-2]))
    assert result.code == 0, result.err
    assert paimon_iceberg.shows(ctx, table) == len(ids) - 1
    result = ctx.command("paimon", "compact", "--warehouse", ctx.warehouse, "--database", database, "--table", name)
    assert result.code == 0, result.err
    paimon_iceberg.shows(ctx, table)


def test_tags(ctx):
    """A tag of Paimon is one of Iceberg, and keeps its snapshot when that expires."""
    retained = {"snapshot.num-retained.min": 2, "snapshot.num-retained.max": 2}
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 2, **OFTEN, **BESIDE, **retained})
    ctx.catch_up(path)
    act(ctx, table, "create_tag", "--tag_name", "one")
    first = ctx.lake.snapshot_ids(table)[-1]
    expected = ctx.lake.rows(table)
    act(ctx, table, "create_tag", "--tag_name", "main")  # of Iceberg the branch of that name: not shown
    for round_ in range(4):
        changelog.change(ctx, db, round_)
        ctx.catch_up(path)
    assert first not in ctx.lake.snapshot_ids(table)
    assert tags(ctx, table) == {"one": first}
    found = paimon_iceberg.of(ctx).rows(table, snapshot_id=first)
    assert not lake_module.first_differences(*expected, *found)
    newest = ctx.lake.snapshot_ids(table)[-1]
    act(ctx, table, "create_tag", "--tag_name", "two")
    assert tags(ctx, table) == {"one": first, "two": newest}
    act(ctx, table, "rename_tag", "--tag_name", "two", "--target_tag_name", "three")
    assert tags(ctx, table) == {"one": first, "three": newest}
    act(ctx, table, "replace_tag", "--tag_name", "one", "--snapshot", str(newest))
    assert tags(ctx, table) == {"one": newest, "three": newest}
    act(ctx, table, "delete_tag", "--tag_name", "one,three,main")
    assert tags(ctx, table) == {}
    paimon_iceberg.shows(ctx, table)
    paimon_iceberg.files_are_named(ctx, table)


def test_of_a_table_that_is_there(ctx):
    """Metadata that is made later shows all snapshots, each with its own columns, and those that only tags hold."""
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    table = f"{db}.t"
    path = paimon_job.pipeline(
        ctx, table, {"bucket": 2, **OFTEN, **BESIDE}, pipeline={"schema.change.behavior": "evolve"}
    )
    for round_ in range(4):
        if round_ == 2:
            ctx.server.execute("ALTER TABLE t ADD COLUMN d INT DEFAULT 5", db)
        ctx.catch_up(path)
        changelog.change(ctx, db, round_)
    ids = ctx.lake.snapshot_ids(table)
    act(ctx, table, "create_tag", "--tag_name", "old", "--snapshot", str(ids[1]))
    shutil.rmtree(os.path.join(ctx.lake.folder(table), "metadata"))
    ctx.catch_up(path)
    paimon_job.equal(ctx, table)
    assert paimon_iceberg.shows(ctx, table) >= len(ids)
    assert tags(ctx, table) == {"old": ids[1]}


def act(ctx, table, action, *arguments):
    database, name = table.split(".")
    result = ctx.command("paimon", action, "--warehouse", ctx.warehouse, "--database", database, "--table", name,
                         *arguments)
    assert result.code == 0, result.err


def tags(ctx, table) -> dict:
    """Of the Iceberg table: {name: snapshot}."""
    refs = paimon_iceberg.of(ctx).open(table).metadata.refs
    return {name: ref.snapshot_id for name, ref in refs.items() if ref.snapshot_ref_type == "tag"}
