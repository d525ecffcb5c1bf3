# SPDX-License-Identifier: Apache-2.0
"""Every column type of MariaDB in Paimon tables: as values, by the copy, by the log and by updates, and as keys."""

import os

import paimon_job
import test_types
from column_values import BINARY, GEOMETRY, KEYS, NUMBERS, TEMPORAL, TEXT
from paimon_job import FIXED

MODE = "SET sql_mode = ''; SET time_zone = '+00:00'; "


def run_matrix(ctx, cases, geometry=(), table=None):
    """As test_types.run_matrix: a table read by the copy, one filled by the log, one by updates of the log."""
    db = ctx.database()
    for name in ("snap", "live", "moved"):
        ctx.server.execute(MODE + test_types.create(name, cases), db)
    inserts = test_types.inserts("snap", cases)
    ctx.server.execute(MODE + ";".join(inserts), db)
    ctx.server.execute(
        MODE + f"INSERT INTO moved SELECT * FROM snap; UPDATE moved SET id = (id + 1) % {len(inserts)} + 1000; "
        "UPDATE moved SET id = id - 1000",
        db,
    )
    path = paimon_job.pipeline(ctx, f"{db}.\\.*", table if table is not None else FIXED)
    ctx.catch_up(path)
    for name in ("snap", "moved"):
        paimon_job.equal(ctx, f"{db}.{name}", geometry=geometry)
    assignments = ", ".join(f"m.c{i} = s.c{i}" for i in range(len(cases)))
    ctx.server.execute(
        MODE + ";".join(test_types.inserts("live", cases))
        + f"; UPDATE moved m JOIN snap s ON m.id = s.id SET {assignments}; DELETE FROM snap WHERE id = 1",
        db,
    )
    ctx.catch_up(path)
    for name in ("live", "moved", "snap"):
        paimon_job.equal(ctx, f"{db}.{name}", geometry=geometry)
    return [kind for _, kind in ctx.lake.columns(f"{db}.snap")][1:]


def check_types(cases, found, expected):
    """The types of the first column of each kind. Lengths of texts and bytes may be left out."""
    first = {}
    for (kind, _), is_now in zip(cases, found):
        first.setdefault(kind, is_now)
    wrong = {kind: (first[kind], should) for kind, should in expected.items() if first[kind] not in should.split("|")}
    assert not wrong, f"(is, should be): {wrong}"
    empty = [kind for kind in found if "(0)" in kind and not kind.startswith(("TIME(0)", "TIMESTAMP(0)"))]
    assert not empty, f"Paimon has no texts and bytes of length 0: {empty}"


def test_numbers(ctx):
    found = run_matrix(ctx, NUMBERS)
    expected = {
        "TINYINT(1)": "BOOLEAN",
        "BOOL": "BOOLEAN",
        "BIT(1)": "BOOLEAN",
        "TINYINT": "TINYINT",
        "TINYINT UNSIGNED": "SMALLINT",
        "SMALLINT": "SMALLINT",
        "SMALLINT UNSIGNED": "INT",
        "MEDIUMINT UNSIGNED": "INT",
        "INT": "INT",
        "INT UNSIGNED": "BIGINT",
        "BIGINT": "BIGINT",
        "BIGINT UNSIGNED": "DECIMAL(20, 0)",
        "FLOAT": "FLOAT",
        "FLOAT(7,4)": "DOUBLE",
        "DOUBLE": "DOUBLE",
        "DECIMAL(10,2)": "DECIMAL(10, 2)",
        "DECIMAL(38,10)": "DECIMAL(38, 10)",
        "DECIMAL(65,0)": "STRING",
        "BIT(9)": "BYTES|BINARY(2)|VARBINARY(2)",
        "YEAR": "INT",
    }
    check_types(NUMBERS, found, expected)


def test_temporal(ctx):
    found = run_matrix(ctx, TEMPORAL)
    expected = {
        "DATE": "DATE",
        "TIME": "TIME(0)",
        "TIME(3)": "TIME(3)",
        "DATETIME": "TIMESTAMP(0)",
        "DATETIME(3)": "TIMESTAMP(3)",
        "DATETIME(4)": "TIMESTAMP(4)",
        "DATETIME(6)": "TIMESTAMP(6)",
        "TIMESTAMP NULL": "TIMESTAMP(0) WITH LOCAL TIME ZONE",
        "TIMESTAMP(6) NULL": "TIMESTAMP(6) WITH LOCAL TIME ZONE",
    }
    check_types(TEMPORAL, found, expected)


def test_text(ctx):
    found = run_matrix(ctx, TEXT)
    expected = {
        "CHAR(10)": "CHAR(10)|STRING",
        "VARCHAR(300)": "VARCHAR(300)|STRING",
        "TEXT": "STRING",
        "JSON": "STRING",
        "SET('a','b','cé')": "ARRAY<STRING>",
        "UUID": "STRING",
        "INET6": "STRING",
    }
    check_types(TEXT, found, expected)


def test_binary(ctx):
    found = run_matrix(ctx, BINARY)
    expected = {
        "BINARY(5)": "BYTES|BINARY(5)",
        "VARBINARY(10)": "BYTES|VARBINARY(10)",
        "LONGBLOB": "BYTES",
    }
    check_types(BINARY, found, expected)


def test_geometry(ctx):
    found = run_matrix(ctx, GEOMETRY, geometry=[f"c{i}" for i in range(len(GEOMETRY))])
    assert set(found) == {"STRING"}, found


def test_every_type_in_dynamic_buckets_and_with_a_changelog(ctx):
    cases = NUMBERS + TEMPORAL + TEXT + BINARY
    run_matrix(ctx, cases, table={"changelog-producer": "input"})


def test_values_survive_compaction(ctx):
    """Rows of every type are merged again and again."""
    cases = NUMBERS + TEMPORAL + TEXT + BINARY
    db = ctx.database(MODE + test_types.create("t", cases))
    ctx.server.execute(MODE + ";".join(test_types.inserts("t", cases)), db)
    path = paimon_job.pipeline(ctx, f"{db}.t", {**FIXED, "num-sorted-run.compaction-trigger": 2})
    ctx.catch_up(path)
    for n in range(5):
        ctx.server.execute(
            f"SET sql_mode = ''; CREATE TEMPORARY TABLE m AS SELECT * FROM t WHERE id % 3 = {n % 3};"
            f"DELETE FROM t WHERE id % 3 = {n % 3}; INSERT INTO t SELECT * FROM m",
            db,
        )
        ctx.catch_up(path)
        paimon_job.equal(ctx, f"{db}.t")
    assert "COMPACT" in paimon_job.kinds(ctx, f"{db}.t")


THREE = (
    "CREATE TABLE k_three (a VARCHAR(10), b DATE, c INT UNSIGNED, v INT, PRIMARY KEY (b, a, c));INSERT INTO k_three"
    " SELECT CONCAT('a', seq % 5), DATE_ADD('2020-01-01', INTERVAL seq % 7 DAY), seq, seq FROM seq_1_to_300"
)


def every_key(ctx, options, rounds):
    script = ""
    for name, kind, value in KEYS:
        script += f"CREATE TABLE k_{name} (k {kind} NOT NULL PRIMARY KEY, v INT);"
        script += f"INSERT INTO k_{name} SELECT {value}, seq FROM seq_1_to_300;"
    tables = [f"k_{name}" for name, _, _ in KEYS] + ["k_three"]
    db = ctx.database(script + THREE)
    path = paimon_job.pipeline(
        ctx, f"{db}.\\.*", options, warehouse=os.path.join(ctx.dir, f"lake-{len(options)}"),
        source={"scan.incremental.snapshot.chunk.size": 100},
    )
    ctx.catch_up(path)
    for n in range(rounds):
        for table in tables:
            if n == 0:
                paimon_job.equal(ctx, f"{db}.{table}")
            ctx.server.execute(
                f"UPDATE {table} SET v = v + 1000 WHERE v % 3 = {n % 3}; DELETE FROM {table} WHERE v % 11 = {n % 11};"
                f"CREATE TEMPORARY TABLE m AS SELECT * FROM {table} WHERE v % 7 = 1; DELETE FROM {table} WHERE v % 7 ="
                f" 1;INSERT INTO {table} SELECT * FROM m; DROP TEMPORARY TABLE m",
                db,
            )
        ctx.catch_up(path)
    for table in tables:
        paimon_job.equal(ctx, f"{db}.{table}")
    return {table: ctx.lake.columns(f"{db}.{table}")[0][1] for table in tables}


def test_every_key_type_in_fixed_buckets(ctx):
    found = every_key(ctx, {"bucket": 3}, 7)  # so many that they are compacted
    assert all(kind.endswith(" NOT NULL") for kind in found.values()), found
    assert found["k_bigint_unsigned"] == "DECIMAL(20, 0) NOT NULL", found
    assert found["k_datetimes"] == "TIMESTAMP(6) NOT NULL", found


def test_every_key_type_in_dynamic_buckets(ctx):
    every_key(ctx, {}, 2)


def test_case_insensitive_key_that_changes_case(ctx):
    db = ctx.database(
        "CREATE TABLE t (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT); "
        "INSERT INTO t VALUES ('abc', 1), ('Äb', 2), ('trail', 3)"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED)
    ctx.catch_up(path)
    ctx.server.execute(
        "UPDATE t SET k = 'ABC' WHERE k = 'abc'; UPDATE t SET k = 'ab', v = 22 WHERE k = 'Äb'; "
        "REPLACE INTO t VALUES ('TRAIL ', 4); DELETE FROM t WHERE k = 'aBC'; INSERT INTO t VALUES ('abC', 5)",
        db,
    )
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")


def test_not_null_zero_dates(ctx):
    """What has no value in the sink is NULL there, also where the source says NOT NULL."""
    db = ctx.database(
        "SET sql_mode = ''; CREATE TABLE t (id INT PRIMARY KEY, d DATE NOT NULL, dt DATETIME(3) NOT NULL, "
        "ts TIMESTAMP NOT NULL DEFAULT '0000-00-00'); INSERT INTO t (id) VALUES (1); INSERT INTO t VALUES "
        "(2, '2024-01-01', '2024-01-01 00:00:00.5', '2024-01-01')"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    ctx.server.execute(
        "SET sql_mode = ''; INSERT INTO t (id) VALUES (3); UPDATE t SET d = '0000-00-00' WHERE id = 2", db
    )
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")


def test_tinyint1_as_number(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v TINYINT(1)); INSERT INTO t VALUES (1, -128), (2, 0), (3, 127)"
    )
    ctx.catch_up(paimon_job.pipeline(ctx, f"{db}.t", FIXED, source={"treat-tinyint1-as-boolean.enabled": False}))
    paimon_job.equal(ctx, f"{db}.t", tinyint1_as_boolean=False)
    assert dict(ctx.lake.columns(f"{db}.t"))["v"] == "TINYINT"


def test_keys_that_paimon_cannot_hold_are_refused(ctx):
    """An array is no key; and of a TIME(6), of which milliseconds stay, two keys may become one."""
    for kind, value in (("SET('a','b')", "'a'"), ("TIME(6)", "'00:00:00.000001'")):
        db = ctx.database(f"CREATE TABLE t (k {kind} PRIMARY KEY, v INT); INSERT INTO t VALUES ({value}, 1)")
        ctx.state = paimon_job.state(ctx, kind[:3])
        ctx.fails(paimon_job.pipeline(ctx, f"{db}.t", FIXED), f"{db}.t", "k", code=1)


def test_odd_names(ctx):
    """Names of tables and columns that have a meaning in paths or in Paimon."""
    db = ctx.database(
        "CREATE TABLE `with space` (id INT PRIMARY KEY, `a b` INT, `ünï` INT, `_x` INT, `quote\"d` INT);"
        "INSERT INTO `with space` VALUES (1, 2, 3, 4, 5); CREATE TABLE UPPER (ID INT PRIMARY KEY, Vv INT);"
        "INSERT INTO UPPER VALUES (1, 2)"
    )
    path = paimon_job.pipeline(ctx, f"{db}.\\.*", FIXED)
    ctx.catch_up(path)
    ctx.server.execute("UPDATE `with space` SET `a b` = 9; UPDATE UPPER SET Vv = 3", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.with space")
    paimon_job.equal(ctx, f"{db}.UPPER")


def test_reserved_column_names_are_refused(ctx):
    for name in ("_SEQUENCE_NUMBER", "_VALUE_KIND", "_KEY_id"):
        db = ctx.database(f"CREATE TABLE t (id INT PRIMARY KEY, {name} INT); INSERT INTO t VALUES (1, 2)")
        ctx.state = paimon_job.state(ctx, name)
        ctx.fails(paimon_job.pipeline(ctx, f"{db}.t", FIXED), name)
