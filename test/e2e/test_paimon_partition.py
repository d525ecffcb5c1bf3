# SPDX-License-Identifier: Apache-2.0
"""Partitioned Paimon tables: `partition.key` names columns, which become part of the key; rows move between them."""

import os

import paimon_job
from paimon_job import FIXED

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, d DATE NOT NULL, name VARCHAR(40) NOT NULL, n BIGINT NOT NULL, small SMALLINT"
    " NOT NULL, flag BOOL NOT NULL, amount DECIMAL(10,2) NOT NULL, at DATETIME(3) NOT NULL, v INT); INSERT INTO t"
    " SELECT seq, DATE_ADD('1969-12-20', INTERVAL seq % 9 DAY), CONCAT('nä/me=', seq % 5, '%é:*'), CAST(seq % 4 AS"
    " SIGNED) *"
    " 5000000000 - 1, CAST(seq % 3 AS SIGNED) - 1, seq % 2, CAST(seq % 4 AS SIGNED) / 7 - 0.2,"
    " DATE_ADD('2024-01-01', INTERVAL (seq % 3) * 1001 * 1000 MICROSECOND), seq FROM seq_1_to_120"
)
CHANGES = (
    "UPDATE t SET v = v + 1 WHERE id % 7 = 1; UPDATE t SET d = '2024-02-29', name = 'moved', n = -7, small = 9,"
    " flag = NOT flag, amount = -0.07, at = '2020-02-02 02:02:02.5' WHERE id % 10 = 3; DELETE FROM t WHERE id % 10 = 4;"
    " UPDATE t SET id = id + 1000 WHERE id % 10 = 5; INSERT INTO t SELECT 5000 + id, d, name, n, small, flag, amount,"
    " at, v FROM t WHERE id < 9; UPDATE t SET name = CONCAT('back', id % 2) WHERE id % 20 = 3;"
    " REPLACE INTO t SELECT id, d, 'replaced', n, small, flag, amount, at, v FROM t WHERE id % 30 = 8"
)


def check(ctx, columns, options):
    """Copy, changes that move rows, and moves back, for a table partitioned by `columns`."""
    name = f"{columns.replace(',', '-')}-{len(options)}"
    ctx.state = paimon_job.state(ctx, name)
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(
        ctx, f"{db}.t", options, {"partition.key": f"{db}.t:{columns}"}, os.path.join(ctx.dir, "lake-" + name)
    )
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    schema = ctx.lake.schema(f"{db}.t")
    assert schema["partitionKeys"] == columns.split(","), schema
    assert schema["primaryKeys"] == ["id", *columns.split(",")], schema
    before = ctx.lake.rows(f"{db}.t")
    for n in range(2):
        ctx.server.execute(CHANGES.replace("5000", str(5000 * (n + 1))), db)
        ctx.catch_up(path)
        paimon_job.equal(ctx, f"{db}.t")
    assert len(paimon_job.files(ctx, f"{db}.t").levels()) > 2, "the table has not several partitions"
    assert sorted(before[1]) != sorted(ctx.lake.rows(f"{db}.t")[1])


def test_texts_with_odd_characters(ctx):
    check(ctx, "name", FIXED)


def test_dates(ctx):
    check(ctx, "d", FIXED)


def test_numbers_and_booleans(ctx):
    for column in ("n", "small", "flag", "amount"):
        check(ctx, column, FIXED)


def test_timestamps(ctx):
    check(ctx, "at", FIXED)


def test_several_columns(ctx):
    check(ctx, "d,flag,name", FIXED)


def test_dynamic_buckets(ctx):
    check(ctx, "d,flag", {})


def test_changelog_of_a_row_that_moves(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, p INT NOT NULL, v INT); INSERT INTO t VALUES (1, 1, 1), (2, 1, 2)"
    )
    options = {**FIXED, "changelog-producer": "input"}
    path = paimon_job.pipeline(ctx, f"{db}.t", options, {"partition.key": f"{db}.t:p"})
    ctx.catch_up(path)
    ctx.server.execute("UPDATE t SET p = 2 WHERE id = 1; UPDATE t SET p = 3, v = 9 WHERE id = 1", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    changes = [(kind, row["p"]) for kind, row in paimon_job.changelog(ctx, f"{db}.t") if row["id"] == "1"]
    gone, come = sorted(p for kind, p in changes if kind in (1, 3)), sorted(p for kind, p in changes if kind in (0, 2))
    assert gone == ["1", "2"] and come == ["1", "2", "3"], changes


def test_compaction_of_partitions(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, p INT NOT NULL, v INT); INSERT INTO t SELECT seq, seq % 3, 0 FROM"
        " seq_1_to_90"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, {"partition.key": f"{db}.t:p"})
    ctx.catch_up(path)
    for n in range(12):
        ctx.server.execute(
            f"UPDATE t SET p = (p + 1) % 3 WHERE id % 5 = {n % 5}; UPDATE t SET v = v + 1 WHERE p = 1", db
        )
        ctx.catch_up(path)
        paimon_job.equal(ctx, f"{db}.t")
        paimon_job.levels_bounded(ctx, f"{db}.t", 5)
    assert paimon_job.compactions_change_nothing(ctx, f"{db}.t") >= 1, paimon_job.kinds(ctx, f"{db}.t")


def test_column_of_the_key(ctx):
    """It is not appended again."""
    db = ctx.database(
        "CREATE TABLE t (a INT, b INT, v INT, PRIMARY KEY (a, b)); INSERT INTO t SELECT seq % 3, seq, 0 FROM"
        " seq_1_to_30"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, {"partition.key": f"{db}.t:a"})
    ctx.catch_up(path)
    ctx.server.execute(
        "UPDATE t SET a = 2 WHERE b % 5 = 1; UPDATE t SET v = 1 WHERE b < 9; DELETE FROM t WHERE b = 2", db
    )
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    schema = ctx.lake.schema(f"{db}.t")
    assert schema["primaryKeys"] == ["a", "b"] and schema["partitionKeys"] == ["a"], schema


def test_table_without_a_key(ctx):
    db = ctx.database(
        "CREATE TABLE log (day DATE NOT NULL, what VARCHAR(20)); INSERT INTO log VALUES ('2024-01-01', 'a'),"
        " ('2024-01-01', 'a'), ('2024-01-02', NULL)"
    )
    path = paimon_job.pipeline(ctx, f"{db}.log", sink={"partition.key": f"{db}.log:day"})
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.log")
    ctx.server.execute("INSERT INTO log VALUES ('2024-01-03', 'b'), ('2024-01-01', 'a')", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.log")
    assert ctx.lake.schema(f"{db}.log")["primaryKeys"] == []


def test_no_row_has_come(ctx):
    """Nothing in the table says yet that its partition column has joined the source's key."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, day INT NOT NULL)")
    path = paimon_job.pipeline(ctx, f"{db}.t", sink={"partition.key": f"{db}.t:day"})
    for rows in (0, 1):
        ctx.catch_up(path)
        result = ctx.command("verify", path)
        assert result.code == 0 and f"rows {rows} / {rows}" in result.out, result.out + result.err
        ctx.server.execute("REPLACE INTO t VALUES (1, 7)", db)
    assert ctx.lake.schema(f"{db}.t")["primaryKeys"] == ["id", "day"]


def test_several_tables(ctx):
    db = ctx.database(
        SCRIPT + ";CREATE TABLE u (id INT PRIMARY KEY, flag BOOL NOT NULL); INSERT INTO u VALUES (1, 1), (2, 0);"
        "CREATE TABLE plain (id INT PRIMARY KEY); INSERT INTO plain VALUES (1)"
    )
    path = paimon_job.pipeline(ctx, f"{db}.\\.*", FIXED, {"partition.key": f"{db}.t:d,flag;{db}.u:flag"})
    ctx.catch_up(path)
    ctx.server.execute(CHANGES + "; UPDATE u SET flag = 0", db)
    ctx.catch_up(path)
    for table in ("t", "u", "plain"):
        paimon_job.equal(ctx, f"{db}.{table}")
    assert ctx.lake.schema(f"{db}.plain")["partitionKeys"] == []


def test_null_and_blank_values_are_refused_or_right_but_never_wrong(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, p VARCHAR(9)); INSERT INTO t VALUES (1, NULL), (2, ''), (3, ' '), (4, 'x')"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, {"partition.key": f"{db}.t:p"})
    result = ctx.catch_up(path, code=None)
    if result.code == 0:
        paimon_job.equal(ctx, f"{db}.t")
    else:
        assert result.code in (1, 2) and f"{db}.t" in result.err and "hint" in result.err, result.err


def test_bad_partition_keys(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9) NOT NULL, d DATE NOT NULL)")
    for spec, word in (("nope", "nope"), ("month(d)", "month"), ("bucket[2](id)", "bucket"), ("id", "id")):
        path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, {"partition.key": f"{db}.t:{spec}"})
        for result in (ctx.start("check", path).wait(20), ctx.catch_up(path, code=None)):
            assert result.code in (1, 2) and word in result.err, f"{spec}: {result.code} {result.out} {result.err}"


def test_blank_texts(ctx):
    """They have the folder of NULL; Java and pypaimon take an ideographic space for a blank too."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, p VARCHAR(40) NOT NULL) CHARACTER SET utf8mb4; INSERT INTO t VALUES"
        " (1, ''), (2, '  '), (3, '\u3000'), (4, '.'), (5, '..'), (6, 'a\nb'), (7, '__DEFAULT_PARTITION__'), (8, '日本')"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, {"partition.key": f"{db}.t:p"})
    for change in ("", "UPDATE t SET p = '' WHERE id > 4", "UPDATE t SET p = '\u3000' WHERE id IN (1, 4, 8)"):
        if change:
            ctx.server.execute(change, db)
        ctx.catch_up(path)
        paimon_job.equal(ctx, f"{db}.t")


def test_a_text_that_is_too_long_for_a_folder(ctx):
    """No file system has it, and no time heals that."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, p VARCHAR(400) NOT NULL); INSERT INTO t VALUES (1, REPEAT('x', 300))"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, {"partition.key": f"{db}.t:p"})
    ctx.fails(path, f"table {db}.t: folder of a bucket", "too long", "255 bytes")
