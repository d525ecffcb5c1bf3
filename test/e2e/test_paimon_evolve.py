# SPDX-License-Identifier: Apache-2.0
"""Columns of a Paimon table get other types while rows of before and of after are there: old files are read, merged and
compacted as the new type, and the values are those that the server made of them."""

import json
import os
import signal

import lake as lake_module
import paimon_by_sluice
import paimon_iceberg
import paimon_job
from paimon_job import FIXED

EVOLVE = {"schema.change.behavior": "evolve"}
OPEN = {**FIXED, "write-only": "true"}  # nothing is compacted: rows of before stay in the files of before

# Name, type, the type that it gets, the one of Paimon's table, values of before and of after.
COLUMNS = (
    ("text", "VARCHAR(10)", "VARCHAR(200)", "VARCHAR(200)", ("'a'", "'äöü'"), ("REPEAT('x', 150)",)),
    ("long_int", "INT", "BIGINT", "BIGINT", ("-7", "2147483647"), ("9000000000",)),
    ("real8", "FLOAT", "DOUBLE", "DOUBLE", ("0.1", "-2.5"), ("1e100",)),
    ("moment", "DATE", "DATETIME", "TIMESTAMP(0)", ("'2024-01-31'", "'1969-12-31'"), ("'2024-01-31 10:20:30'",)),
    ("micros", "DATETIME", "DATETIME(6)", "TIMESTAMP(6)", ("'2024-01-31 10:20:30'",), ("'2024-01-31 1:2:3.123456'",)),
    ("clock", "TIME", "TIME(3)", "TIME(0)", ("'10:20:30'",), ("'10:20:30.123'",)),
    ("flag", "TINYINT(1)", "INT", "INT", ("0", "1"), ("77",)),
    ("chars", "CHAR(5)", "TEXT", "STRING", ("'abc'", "''"), ("REPEAT('y', 300)",)),
    ("longer", "CHAR(3)", "CHAR(6)", "VARCHAR(6)", ("'ab'", "'ü'"), ("'abcdef'",)),
    ("label", "ENUM('a','b')", "ENUM('b','a','c')", "STRING", ("'a'", "'b'"), ("'c'",)),
    ("labels", "SET('x','y')", "SET('x','y','z')", "ARRAY<STRING>", ("'x,y'",), ("'z'",)),
    ("bytes", "BINARY(4)", "BLOB", "BYTES", ("'abcd'", "x'00010000'"), ("REPEAT('z', 300)",)),
    ("filled", "BINARY(3)", "BINARY(5)", "BINARY(5)", ("'abc'", "x'ff'"), ("'abcde'",)),
    ("whole", "BIGINT", "BIGINT UNSIGNED", "DECIMAL(20, 0)", ("7", "0"), ("18446744073709551615",)),
    ("more", "DECIMAL(10,2)", "DECIMAL(12,4)", "DECIMAL(12, 4)", ("-1.25", "99999999.99"), ("0.0001",)),
    ("less", "DECIMAL(12,4)", "DECIMAL(10,2)", "DECIMAL(10, 2)", ("1.2350", "-1.2350", "1.2349"), ("7.25",)),
    ("shifted", "DECIMAL(10,2)", "DECIMAL(10,4)", "DECIMAL(10, 4)", ("12.34",), ("999999.9999",)),
    ("int_text", "INT", "VARCHAR(20)", "VARCHAR(20)", ("-7", "0", "2147483647"), ("'seven'",)),
    ("decimal_text", "DECIMAL(10,2)", "VARCHAR(20)", "VARCHAR(20)", ("0.50", "-12.30", "0"), ("'x'",)),
    ("int_real", "INT", "DOUBLE", "DOUBLE", ("-7", "16777217"), ("0.5",)),
    ("int_decimal", "INT", "DECIMAL(9,2)", "DECIMAL(9, 2)", ("-7", "1234567"), ("0.25",)),
    ("decimal_int", "DECIMAL(9,0)", "BIGINT", "BIGINT", ("-7", "999999999"), ("9000000000",)),
    ("decimal_real", "DECIMAL(10,2)", "DOUBLE", "DOUBLE", ("0.10", "-99999999.99"), ("1e10",)),
    ("real_decimal", "DOUBLE", "DECIMAL(12,2)", "DECIMAL(12, 2)", ("0.125", "-2.675", "1e6"), ("1.5",)),
    ("to_flag", "INT", "TINYINT(1)", "BOOLEAN", ("0", "5"), ("1",)),
    ("day_text", "DATE", "TEXT", "STRING", ("'2024-01-31'", "'0001-01-01'"), ("'some day'",)),
    ("clock_text", "TIME", "TEXT", "STRING", ("'01:02:03'",), ("'soon'",)),
)
BEFORE, AFTER = 12, 4  # rows


def rows(first, count, place):
    """INSERT of rows whose columns take their values in turn, and NULL."""
    tuples = []
    for number in range(count):
        values = [(*column[place], "NULL")[number % (len(column[place]) + 1)] for column in COLUMNS]
        tuples.append(f"({first + number}, {', '.join(values)})")
    return f"INSERT INTO t VALUES {', '.join(tuples)}"


def create(key="PRIMARY KEY"):
    columns = ", ".join(f"{name} {before}" for name, before, *_ in COLUMNS)
    return f"CREATE TABLE t (id INT {key}, {columns}); {rows(1, BEFORE, 4)}"


ALTER = "ALTER TABLE t " + ", ".join(f"MODIFY {name} {after}" for name, _, after, *_ in COLUMNS)


def equal(ctx, table):
    """As the source has it: `sluice read`, and the files."""
    lake_module.compare(ctx.server, paimon_by_sluice.Ours(ctx.lake), table)
    paimon_job.sound(ctx, table)


def altered(ctx, options, key="PRIMARY KEY"):
    """A table whose columns were altered: rows of before, some of them updated after it, and rows of after."""
    db = ctx.database(create(key))
    path = paimon_job.pipeline(ctx, f"{db}.t", options, pipeline=EVOLVE)
    ctx.catch_up(path)
    update = "UPDATE t SET text = 'changed' WHERE id IN (2, 5); DELETE FROM t WHERE id = 3" if key else "SELECT 1"
    ctx.server.execute(f"{ALTER}; {rows(100, AFTER, 5)}; {update}", db)
    result = ctx.catch_up(path)
    equal(ctx, f"{db}.t")
    return db, path, result


def test_every_type_that_widens_or_converts(ctx):
    db, path, result = altered(ctx, OPEN)
    found = dict(ctx.lake.columns(f"{db}.t"))
    wrong = {name: (found[name], kind) for name, _, _, kind, *_ in COLUMNS if found[name] != kind}
    assert not wrong, f"(is, should be): {wrong}"
    assert "column flag was BOOLEAN" in result.err, result.err
    walk = paimon_job.files(ctx, f"{db}.t")
    schemas = {file.schema_id for file in walk.live(walk.snapshots()[-1])}
    assert len(schemas) > 1, f"the files of before are gone: {schemas}"
    verified = ctx.command("verify", path)
    assert verified.code == 0, verified.out + verified.err
    ctx.server.execute("UPDATE t SET clock = '1:2:3.5', longer = 'x' WHERE id < 4", db)
    ctx.catch_up(path)
    equal(ctx, f"{db}.t")
    words = ["--warehouse", ctx.warehouse, "--database", db, "--table", "t"]
    made = ctx.command("paimon", "compact", *words)
    assert made.code == 0, made.err
    paimon_job.equal(ctx, f"{db}.t")  # pypaimon reads it too, as all rows are in files of the newest schema


def test_old_files_of_every_format_and_merge(ctx):
    """Rows of before are merged with rows of after, looked up for a changelog, and marked as deleted."""
    for options in (
        {"file.format": "orc", "num-sorted-run.compaction-trigger": 2},
        {"file.format": "avro", "changelog-producer": "lookup"},
        {"changelog-producer": "full-compaction", "bucket": 1},
        {"deletion-vectors.enabled": "true"},
        {"merge-engine": "partial-update", "ignore-delete": "true"},
    ):
        if "merge-engine" in options:
            db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, a INT, d DECIMAL(8,2)); INSERT INTO t VALUES"
                              " (1, 7, 1.25), (2, 8, NULL)")  # fmt: skip
            path = paimon_job.pipeline(ctx, f"{db}.t", {**FIXED, **options}, pipeline=EVOLVE)
            ctx.catch_up(path)
            ctx.server.execute("ALTER TABLE t MODIFY a VARCHAR(9), MODIFY d DECIMAL(10,4); UPDATE t SET d = 2", db)
            ctx.catch_up(path)
            lake_module.compare(ctx.server, paimon_by_sluice.Ours(ctx.lake), f"{db}.t")
        else:
            db, path, _ = altered(ctx, {**FIXED, **options})
            ctx.server.execute("UPDATE t SET text = 'again' WHERE id % 2 = 0", db)
            ctx.catch_up(path)
            equal(ctx, f"{db}.t")
        ctx.server.execute("INSERT INTO t (id) VALUES (500)", db)
        ctx.catch_up(path)
        equal(ctx, f"{db}.t")


def test_tables_without_a_key(ctx):
    db, path, _ = altered(ctx, {"compaction.min.file-num": 2}, key="")
    ctx.server.execute("INSERT INTO t (id) VALUES (500)", db)
    ctx.catch_up(path)
    equal(ctx, f"{db}.t")


def test_filters_find_old_rows(ctx):
    """Neither statistics nor file indexes of before leave out rows whose values are read otherwise now."""
    indexed = {f"file-index.{kind}.columns": "int_text,text" for kind in ("bloom-filter", "bitmap")}
    db, _, _ = altered(ctx, {**OPEN, **indexed})

    def found(where):
        result = ctx.command("read", ctx.lake.folder(f"{db}.t"), "--format", "jsonl", "--where", where)
        assert result.code == 0, result.err
        return sorted(json.loads(line)["id"] for line in result.out.splitlines())

    for where in ("int_text = '-7'", "more = -1.25", "less = 1.24", "text = 'a'", "int_text > '1'", "less != 1.24"):
        want = [row[0] for row in ctx.server.execute(f"SELECT id FROM t WHERE {where} ORDER BY id", db)]
        assert found(where) == want and want, f"{where}: {found(where)}, the source has {want}"


def test_the_changelog_over_the_change(ctx):
    """A streaming source follows it, from files of before and of after."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, a INT, d DECIMAL(8,2)); INSERT INTO t VALUES (1, 7, 1.25)")
    first = paimon_job.pipeline(ctx, f"{db}.t", {**FIXED, "changelog-producer": "input"}, pipeline=EVOLVE)
    ctx.catch_up(first)
    ctx.server.execute("INSERT INTO t VALUES (2, 8, 2.50); UPDATE t SET a = 70 WHERE id = 1", db)
    ctx.catch_up(first)
    ctx.server.execute("ALTER TABLE t MODIFY a VARCHAR(9), MODIFY d DECIMAL(10,4); UPDATE t SET d = 2 WHERE id = 2", db)
    ctx.catch_up(first)
    printed = paimon_job.read(ctx, f"{db}.t", "--follow", "--from-snapshot", "1", "--until", "caught-up")
    seen = [json.loads(line) for line in printed.splitlines()]
    assert {(row["id"], row["a"], row["d"]) for row in seen} >= {(1, "70", "1.2500"), (2, "8", "2.0000")}, seen


def refused(ctx, statement, *words, behavior="evolve", table=None, code=1):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v DOUBLE, n INT, d DECIMAL(8,2), f DATE);"
                      "INSERT INTO t VALUES (1, 1, 1, 1.25, '2024-01-31')")  # fmt: skip
    path = paimon_job.pipeline(
        ctx, f"{db}.t", {**FIXED, **(table or {})}, pipeline={"schema.change.behavior": behavior}
    )
    state = os.path.join(ctx.dir, db)
    ctx.catch_up(path, state=state)
    before = ctx.lake.schema(f"{db}.t")
    ctx.server.execute(f"{statement}; INSERT INTO t VALUES (2, 2, 2, 2.5, NULL)", db)
    result = ctx.catch_up(path, code=code, state=state)
    for word in (f"{db}.t", *words):
        assert word in result.err, f"{statement}: no {word!r} in\n{result.err}"
    assert ctx.lake.schema(f"{db}.t") == before, "the table was altered"
    return db


def test_what_readers_would_show_otherwise_is_refused(ctx):
    """Java writes 1.0 for the server's 1, a hash and an order would be others, Iceberg has no such promotion."""
    refused(ctx, "ALTER TABLE t MODIFY v VARCHAR(30)", "column v cannot become VARCHAR(30)", "hint")
    refused(ctx, "ALTER TABLE t MODIFY n VARCHAR(9)", "column n", "option of the table", table={"sequence.field": "n"})
    bitmap = {"file-index.bitmap.columns": "n"}
    refused(ctx, "ALTER TABLE t MODIFY n DECIMAL(9,2)", "column n", "file-index.bitmap.columns", table=bitmap)
    explicit = {"disable-explicit-type-casting": "true"}
    refused(ctx, "ALTER TABLE t MODIFY n VARCHAR(9)", "column n", "disable-explicit-type-casting", table=explicit)
    beside = {"metadata.iceberg.storage": "hadoop-catalog"}
    db = refused(ctx, "ALTER TABLE t MODIFY d DECIMAL(10,4)", "column d", "Iceberg", table=beside)
    paimon_iceberg.of(ctx).rows(f"{db}.t")
    kept = refused(ctx, "ALTER TABLE t MODIFY v VARCHAR(30)", behavior="try_evolve", code=0)
    assert sorted(row[1] for row in ctx.lake.rows(f"{kept}.t")[1]) == ["1.0", "2.0"]


def test_killed_around_the_commit_of_the_change(ctx):
    passed = 0
    for name in paimon_job.failpoints(ctx, ("paimon.after_", "checkpoint.")):
        db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, a INT); INSERT INTO t VALUES (1, 7), (2, -8)")
        path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, pipeline=EVOLVE)
        state = os.path.join(ctx.dir, db)
        ctx.catch_up(path, state=state)
        ctx.server.execute("ALTER TABLE t MODIFY a VARCHAR(9); INSERT INTO t VALUES (3, 'x')", db)
        result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": name}, code=None, state=state)
        passed += result.code == -signal.SIGKILL
        ctx.catch_up(path, state=state)
        lake_module.compare(ctx.server, paimon_by_sluice.Ours(ctx.lake), f"{db}.t")
        paimon_job.sound(ctx, f"{db}.t", orphans=True)
    assert passed >= 4, f"{passed} of the failpoints were passed"
