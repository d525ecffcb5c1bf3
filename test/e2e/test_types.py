# SPDX-License-Identifier: Apache-2.0
"""Every type of docs/types.md: min, max, NULL, zero and special values; snapshot and stream give the same."""

import harness
from column_values import BINARY, GEOMETRY, KEYS, NUMBERS, TEMPORAL, TEXT


def create(name, cases):
    columns = ", ".join(f"c{i} {kind}" for i, (kind, _) in enumerate(cases))
    return f"CREATE TABLE {name} (id INT NOT NULL PRIMARY KEY, {columns}) CHARACTER SET utf8mb4"


def inserts(name, cases):
    """Row 0 is all NULL; row i has the i-th value of every column (or its last)."""
    depth = max(len(values) for _, values in cases)
    rows = ["(0" + ", NULL" * len(cases) + ")"]
    for i in range(depth):
        rows.append(f"({i + 1}, " + ", ".join(values[min(i, len(values) - 1)] for _, values in cases) + ")")
    return [f"INSERT INTO {name} VALUES {row}" for row in rows]


def run_matrix(ctx, cases, geometry=(), server=None, source=None):
    """Three tables: read by snapshot; filled by the stream; filled by the stream's updates. All equal the source."""
    server = server or ctx.server
    db = ctx.database(server=server)
    mode = "SET sql_mode = ''; SET time_zone = '+00:00'; "
    for table in ("snap", "live", "moved"):
        server.execute(mode + create(table, cases), db)
    server.execute(mode + ";".join(inserts("snap", cases)), db)
    # `moved` begins with the rows one off, so that every value arrives by an UPDATE's after-image.
    depth = len(inserts("snap", cases))
    server.execute(
        mode
        + f"INSERT INTO moved SELECT * FROM snap; UPDATE moved SET id = (id + 1) % {depth} + 1000; "
        "UPDATE moved SET id = id - 1000",
        db,
    )
    path = ctx.pipeline(f"{db}.\\.*", server=server, source=source)
    ctx.catch_up(path)
    ctx.equal(f"{db}.snap", geometry=geometry, server=server)
    ctx.equal(f"{db}.moved", geometry=geometry, server=server)
    assignments = ", ".join(f"m.c{i} = s.c{i}" for i in range(len(cases)))
    server.execute(
        mode
        + ";".join(inserts("live", cases))
        + f"; UPDATE moved m JOIN snap s ON m.id = s.id SET {assignments}; DELETE FROM snap WHERE id = 1",
        db,
    )
    ctx.catch_up(path)
    for table in ("live", "moved", "snap"):
        ctx.equal(f"{db}.{table}", geometry=geometry, server=server)
    return db


def test_numbers(ctx):
    db = run_matrix(ctx, NUMBERS)
    types = dict(ctx.lake.columns(f"{db}.snap"))
    kinds = {kind: types[f"c{i}"] for i, (kind, _) in enumerate(NUMBERS)}
    expected = {
        "TINYINT(1)": "boolean",
        "BOOL": "boolean",
        "BIT(1)": "boolean",
        "TINYINT": "int",
        "SMALLINT UNSIGNED": "int",
        "MEDIUMINT UNSIGNED": "int",
        "INT": "int",
        "INT UNSIGNED": "long",
        "BIGINT": "long",
        "BIGINT UNSIGNED": "decimal(20, 0)",
        "FLOAT": "float",
        "FLOAT(7,4)": "double",
        "DOUBLE": "double",
        "DECIMAL(10,2)": "decimal(10, 2)",
        "DECIMAL(38,10)": "decimal(38, 10)",
        "DECIMAL(65,0)": "string",
        "BIT(9)": "binary",
        "YEAR": "int",
    }
    wrong = {k: (kinds[k], v) for k, v in expected.items() if kinds[k] != v}
    assert not wrong, f"(is, should be): {wrong}"


def test_temporal(ctx):
    db = run_matrix(ctx, TEMPORAL)
    types = {t for _, t in ctx.lake.columns(f"{db}.snap")}
    assert types == {"int", "date", "time", "timestamp", "timestamptz"}, types


def test_temporal_in_another_time_zone(ctx):
    server = ctx.new_server(default_time_zone="-03:30", binlog_row_metadata="NO_LOG")
    run_matrix(ctx, TEMPORAL, server=server, source={"server-time-zone": "-03:30"})


def test_text(ctx):
    run_matrix(ctx, TEXT)


def test_text_without_row_metadata(ctx):
    run_matrix(ctx, TEXT + NUMBERS, server=ctx.new_server(binlog_row_metadata="MINIMAL"))


def test_binary(ctx):
    run_matrix(ctx, BINARY)


def test_geometry(ctx):
    run_matrix(ctx, GEOMETRY, geometry=[f"c{i}" for i in range(len(GEOMETRY))])


def test_tinyint1_as_number(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v TINYINT(1)); INSERT INTO t VALUES (1, -128), (2, 0), (3, 127)"
    )
    ctx.catch_up(ctx.pipeline(f"{db}.t", source={"treat-tinyint1-as-boolean.enabled": False}))
    ctx.equal(f"{db}.t", tinyint1_as_boolean=False)


def test_time_beyond_a_day_is_refused_or_null_but_never_wrong(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v TIME(3)); INSERT INTO t VALUES (1, '01:00:00'), (2, '-00:00:01'), "
        "(3, '838:59:59'), (4, '-838:59:59'), (5, '24:00:00')"
    )
    result = ctx.catch_up(ctx.pipeline(f"{db}.t"), code=None)
    if result.code == 0:
        rows = dict(ctx.lake.rows(f"{db}.t")[1])
        assert rows == {"1": "01:00:00.000000", "2": None, "3": None, "4": None, "5": None}, rows
    else:
        assert result.code == 1 and "v" in result.err and "time" in result.err.lower(), result.err


def test_values_that_no_sink_holds_are_told_and_counted(ctx):
    db = ctx.database(
        "SET sql_mode = ''; CREATE TABLE t (id INT PRIMARY KEY, d DATE, t TIME, x VARCHAR(9) CHARACTER SET utf8mb3); "
        "INSERT INTO t VALUES (1, '0000-00-00', '-10:00:00', 'a'), (2, '2024-02-00', '25:00:00', 'b'), "
        "(3, '2024-02-01', '10:00:00', 'c')"
    )
    path = ctx.pipeline(f"{db}.t")
    result = ctx.catch_up(path)
    told = f"column {db}.t.d holds dates that are none"
    assert result.err.count(told) == 1 and f"column {db}.t.t holds times" in result.err, result.err
    dates, times = f"{db}.t.d: dates that are none, such as 0000-00-00", f"{db}.t.t: times that are no time of the day"
    assert result.summary["replaced_values"] == {dates: 2, times: 2}, result.summary
    ctx.server.execute("SET sql_mode = ''; UPDATE t SET d = '0000-00-00' WHERE id = 3", db)
    result = ctx.catch_up(path)
    assert result.err.count(told) == 1 and result.summary["replaced_values"][dates] >= 1, result.err
    ctx.server.execute("UPDATE t SET d = NULL, t = NULL", db)
    result = ctx.catch_up(path)
    assert f"column {db}.t." not in result.err and result.summary["replaced_values"] == {}, result.err


def test_not_null_zero_dates(ctx):
    db = ctx.database(
        "SET sql_mode = ''; CREATE TABLE t (id INT PRIMARY KEY, d DATE NOT NULL, dt DATETIME(3) NOT NULL, "
        "ts TIMESTAMP NOT NULL DEFAULT '0000-00-00'); INSERT INTO t (id) VALUES (1); INSERT INTO t VALUES "
        "(2, '2024-01-01', '2024-01-01 00:00:00.5', '2024-01-01')"
    )
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    ctx.server.execute(
        "SET sql_mode = ''; INSERT INTO t (id) VALUES (3); UPDATE t SET d = '0000-00-00' WHERE id = 2", db
    )
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")


def test_every_key_type(ctx):
    script = ""
    for name, kind, value in KEYS:
        script += f"CREATE TABLE k_{name} (k {kind} NOT NULL PRIMARY KEY, v INT);"
        script += f"INSERT INTO k_{name} SELECT {value}, seq FROM seq_1_to_500;"
    script += (
        "CREATE TABLE k_three (a VARCHAR(10), b DATE, c INT UNSIGNED, v INT, PRIMARY KEY (b, a, c));INSERT INTO"
        " k_three SELECT CONCAT('a', seq % 5), DATE_ADD('2020-01-01', INTERVAL seq % 7 DAY), seq, seq FROM"
        " seq_1_to_500"
    )
    tables = [f"k_{name}" for name, _, _ in KEYS] + ["k_three"]
    db = ctx.database(script)
    path = ctx.pipeline(f"{db}.\\.*", source={"scan.incremental.snapshot.chunk.size": 100})
    ctx.catch_up(path)
    for table in tables:
        ctx.equal(f"{db}.{table}")
        ctx.server.execute(
            f"UPDATE {table} SET v = v + 1000 WHERE v % 3 = 0; DELETE FROM {table} WHERE v % 5 = 0;", db
        )
        ctx.server.execute(
            f"CREATE TEMPORARY TABLE m AS SELECT * FROM {table} WHERE v % 11 = 1; DELETE FROM {table} WHERE v % 11 ="
            f" 1;INSERT INTO {table} SELECT * FROM m",
            db,
        )
    ctx.catch_up(path)
    for table in tables:
        ctx.equal(f"{db}.{table}")


def test_case_insensitive_key_that_changes_case(ctx):
    db = ctx.database(
        "CREATE TABLE t (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT); "
        "INSERT INTO t VALUES ('abc', 1), ('Äb', 2), ('trail', 3)"
    )
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path)
    ctx.server.execute(
        "UPDATE t SET k = 'ABC' WHERE k = 'abc'; UPDATE t SET k = 'ab', v = 22 WHERE k = 'Äb'; "
        "REPLACE INTO t VALUES ('TRAIL ', 4); DELETE FROM t WHERE k = 'aBC'; INSERT INTO t VALUES ('abC', 5)",
        db,
    )
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")


def test_generated_invisible_and_compressed_columns(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT AS (a * 2) VIRTUAL, c INT AS (a * 3) PERSISTENT, "
        "d TEXT COMPRESSED, e INT INVISIBLE DEFAULT 7, f VARBINARY(2000) COMPRESSED); "
        "INSERT INTO t (id, a, d, f) VALUES (1, 1, REPEAT('x', 1000), REPEAT('y', 500)), (2, NULL, 'short', '')"
    )
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    ctx.server.execute(
        "INSERT INTO t (id, a, d, e, f) VALUES (3, 3, REPEAT('z', 2000), 8, REPEAT('q', 1500)); UPDATE t SET a = 9"
        " WHERE id = 1",
        db,
    )
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    assert isinstance(harness.Skip(), Exception)
