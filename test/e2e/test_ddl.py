# SPDX-License-Identifier: Apache-2.0
"""DDL on live tables under the five modes of schema.change.behavior."""

import itertools
import json
import os
import shutil
import threading

import harness
import processes
import samples
import zones
from mariadb import split_statements


def shown(ctx, table):
    """(columns as name:type text, rows as lists sorted by id)."""
    names, rows = ctx.lake.rows(table)
    at = names.index("id")
    return (
        [f"{n} {t}" for n, t in ctx.lake.columns(table)],
        [list(row) for row in sorted(rows, key=lambda row: int(row[at]))],
    )


def check_step(ctx, expected, number, behaviour):
    for table, want in expected.get(str(number), {}).items():
        columns, rows = shown(ctx, f"crm.{table}")
        assert (
            columns == want["columns"]
        ), f"{behaviour} step {number}, {table}: columns {columns}, expected {want['columns']}"
        got = [[json.dumps(v, ensure_ascii=False) for v in row] for row in rows]
        wanted = [[json.dumps(v, ensure_ascii=False) for v in row] for row in want["rows"]]
        assert got == wanted, f"{behaviour} step {number}, {table}: rows {got}, expected {wanted}"


def scenario(ctx, behaviour, live, sink=None):
    server = ctx.new_server()
    path = ctx.pipeline(
        "crm.\\.*",
        server=server,
        pipeline={"schema.change.behavior": behaviour},
        source={"scan.binlog.newly-added-table.enabled": True},
        sink=sink,
    )
    expected = samples.evolution_expected(behaviour)
    job = None
    for number, sql in samples.evolution_steps():
        if number > max(map(int, expected)):
            break
        server.execute(sql)
        if live:
            job = job or ctx.start_run(path, interval="200ms")

            def reached(n=number):
                try:
                    check_step(ctx, expected, n, behaviour)
                    return True
                except (AssertionError, FileNotFoundError, ValueError):
                    return not job.running()

            try:
                harness.wait_until(reached, "the step", 15)
            except harness.Timeout:
                pass
            assert job.running(), f"step {number}: sluice ended:\n{job.tail()}"
        else:
            ctx.catch_up(path)
        check_step(ctx, expected, number, behaviour)
    if job:
        job.terminate(5)


def test_scenario_evolve(ctx):
    scenario(ctx, "evolve", False)
    ids = {}
    for file in sorted(os.listdir(os.path.join(ctx.lake.folder("crm.lead"), "metadata"))):
        if file.endswith(".metadata.json"):
            with open(os.path.join(ctx.lake.folder("crm.lead"), "metadata", file), encoding="utf-8") as text:
                for schema in json.load(text)["schemas"]:
                    for field in schema["fields"]:
                        ids.setdefault(field["name"], set()).add(field["id"])
    assert ids["note"] == ids["remark"] and ids["name"] == ids["full_name"], f"a rename is not a rename: {ids}"
    assert len(ids["region"]) == 2, f"the second region has the field id of the first: {ids}"


def test_scenario_evolve_live(ctx):
    scenario(ctx, "evolve", True)


def test_scenario_lenient(ctx):
    scenario(ctx, "lenient", False)


def all_steps(ctx, pipeline, check):
    """All DDL lies in the log between two runs; each row is decoded by the schema of its time. `pipeline(tables,
    options…)` writes the file."""
    server = ctx.new_server(binlog_row_metadata="NO_LOG")
    steps = samples.evolution_steps()
    server.execute(steps[0][1])
    path = pipeline(
        "crm.\\.*",
        server=server,
        pipeline={"schema.change.behavior": "evolve"},
        source={"scan.binlog.newly-added-table.enabled": True},
    )
    ctx.catch_up(path)
    for _, sql in steps[1:]:
        server.execute(sql)
    ctx.catch_up(path)
    expected = samples.evolution_expected("evolve")
    check(ctx, expected, 10, "evolve")
    check(ctx, expected, 9, "evolve")


def test_scenario_all_steps_in_one_run(ctx):
    all_steps(ctx, ctx.pipeline, check_step)


def one_table(ctx, behaviour, ddl, rows="", first="", sink=None, code=0):
    """Snapshot of t(id, a, b), then `ddl` and `rows` by the stream."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, b VARCHAR(20)); "
        f"INSERT INTO t VALUES (1, 10, 'one'), (2, 20, 'two'); {first}"
    )
    path = ctx.pipeline(f"{db}.t", pipeline={"schema.change.behavior": behaviour} if behaviour else None, sink=sink)
    ctx.catch_up(path)
    ctx.server.execute(f"{ddl}; {rows}", db)
    return db, ctx.catch_up(path, code=code)


def names(ctx, db):
    return [n for n, _ in ctx.lake.columns(f"{db}.t")]


def test_exception_mode_stops_and_names_the_change(ctx):
    db, result = one_table(
        ctx, "exception", "ALTER TABLE t ADD COLUMN c INT", "INSERT INTO t VALUES (3, 3, 'x', 3)", code=1
    )
    text = result.err + result.out
    assert f"{db}.t" in text and "c" in text and "EXCEPTION" in text.upper(), text
    assert names(ctx, db) == ["id", "a", "b"]


def test_ignore_mode_keeps_the_schema(ctx):
    db, _ = one_table(
        ctx,
        "ignore",
        "ALTER TABLE t ADD COLUMN c INT FIRST, MODIFY a BIGINT",
        "INSERT INTO t VALUES (33, 3, 30, 'x'); UPDATE t SET b = 'ONE' WHERE id = 1",
    )
    assert ctx.lake.columns(f"{db}.t") == [("id", "int"), ("a", "int"), ("b", "string")]
    ctx.equal(f"{db}.t", columns=["id", "a", "b"])
    ctx.server.execute("TRUNCATE TABLE t; ALTER TABLE t DROP COLUMN b; INSERT INTO t (id, a) VALUES (9, 9)", db)
    ctx.catch_up(os.path.join(ctx.dir, "pipeline.yaml"))
    rows = dict((r[0], r) for r in ctx.lake.rows(f"{db}.t")[1])
    assert rows["9"] == ("9", "9", None) and "1" in rows, rows


def test_lenient_is_the_default(ctx):
    db, _ = one_table(
        ctx,
        None,
        "ALTER TABLE t ADD COLUMN c INT NOT NULL DEFAULT 5 FIRST, DROP COLUMN a, CHANGE b bb VARCHAR(40)",
        "INSERT INTO t (id, c, bb) VALUES (3, 33, 'three'); DELETE FROM t WHERE id = 2",
    )
    assert set(names(ctx, db)) == {"id", "a", "b", "c", "bb"} and names(ctx, db)[:3] == ["id", "a", "b"], names(
        ctx, db
    )
    rows = {r[0]: r[1:] for r in ctx.lake.rows(f"{db}.t", ["id", "a", "b", "c", "bb"])[1]}
    assert rows["3"] == (None, None, "33", "three") and "2" not in rows, rows
    fields = {f.name: f.required for f in ctx.lake.open(f"{db}.t").schema().fields}
    assert not fields["a"] and not fields["c"], f"lenient makes columns nullable: {fields}"
    ctx.server.execute("DROP TABLE t", db)
    ctx.catch_up(os.path.join(ctx.dir, "pipeline.yaml"))
    assert len(ctx.lake.rows(f"{db}.t")[1]) == 2


def test_try_evolve_keeps_the_type_it_cannot_change(ctx):
    db, result = one_table(
        ctx, "try_evolve", "ALTER TABLE t MODIFY a VARCHAR(20)", "INSERT INTO t VALUES (3, '33', 'x')"
    )
    assert dict(ctx.lake.columns(f"{db}.t"))["a"] == "int"
    assert {r[0]: r[1] for r in ctx.lake.rows(f"{db}.t")[1]} == {"1": "10", "2": "20", "3": "33"}
    assert "a" in result.err


def test_evolve_refuses_what_iceberg_cannot(ctx):
    _, result = one_table(
        ctx, "evolve", "ALTER TABLE t MODIFY a VARCHAR(20)", "INSERT INTO t VALUES (3, 'x', 'x')", code=1
    )
    text = result.err + result.out
    assert "VARCHAR" in text.upper() and "INT" in text.upper() and "hint" in text, text


def test_widening_and_nullability(ctx):
    db, _ = one_table(
        ctx,
        "evolve",
        "ALTER TABLE t ADD f FLOAT, ADD d DECIMAL(5,2)",
        "INSERT INTO t VALUES (3, 3, 'x', 1.5, 999.99)",
    )
    ctx.server.execute(
        "ALTER TABLE t MODIFY a BIGINT NULL COMMENT 'now long', MODIFY f DOUBLE, MODIFY d DECIMAL(12,2);"
        "INSERT INTO t VALUES (4, NULL, NULL, 1.0000000001, 1234567890.12)",
        db,
    )
    ctx.catch_up(os.path.join(ctx.dir, "pipeline.yaml"))
    ctx.equal(f"{db}.t")
    assert [t for _, t in ctx.lake.columns(f"{db}.t")] == ["int", "long", "string", "double", "decimal(12, 2)"]


def test_include_and_exclude_schema_changes(ctx):
    db, _ = one_table(
        ctx,
        "evolve",
        "ALTER TABLE t ADD COLUMN c INT; ALTER TABLE t DROP COLUMN b",
        "INSERT INTO t VALUES (3, 3, 33)",
        sink={"exclude.schema.changes": ["drop"]},
    )
    assert names(ctx, db) == ["id", "a", "b", "c"]
    ctx.equal(f"{db}.t", columns=["id", "a", "c"])


def test_truncate_and_drop_under_evolve(ctx):
    db, _ = one_table(ctx, "evolve", "TRUNCATE TABLE t", "INSERT INTO t VALUES (7, 7, 'seven')")
    ctx.equal(f"{db}.t")
    path = os.path.join(ctx.dir, "pipeline.yaml")
    ctx.server.execute(
        "DELETE FROM t; INSERT INTO t VALUES (8, 8, 'x'); TRUNCATE t; INSERT INTO t VALUES (8, 9, 'y')", db
    )
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    ctx.server.execute("DROP TABLE t", db)
    ctx.catch_up(path)
    assert not ctx.lake.exists(f"{db}.t") or not ctx.lake.rows(f"{db}.t")[1], "the dropped table still shows rows"


def test_drop_and_create_again(ctx):
    db, _ = one_table(
        ctx,
        "evolve",
        "DROP TABLE t; CREATE TABLE t (id INT PRIMARY KEY, z VARCHAR(9))",
        "INSERT INTO t VALUES (5, 'new')",
    )
    ctx.equal(f"{db}.t")


def test_create_or_replace(ctx):
    db, _ = one_table(
        ctx,
        "evolve",
        "CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, z VARCHAR(9))",
        "INSERT INTO t VALUES (5, 'new')",
    )
    ctx.equal(f"{db}.t")


def test_statements_that_change_nothing_we_hold(ctx):
    ddl = """ALTER TABLE t ADD INDEX i (a); CREATE INDEX j ON t (b); DROP INDEX j ON t; ALTER TABLE t DROP INDEX i;
        ALTER TABLE t COMMENT 'c'; ALTER TABLE t ENGINE=InnoDB; OPTIMIZE TABLE t; ANALYZE TABLE t; ALTER TABLE t FORCE;
        ALTER TABLE t AUTO_INCREMENT = 100; CREATE VIEW v AS SELECT * FROM t; DROP VIEW v; CREATE TABLE other (x INT);
        CREATE TEMPORARY TABLE tmp (id INT); DROP TEMPORARY TABLE tmp; RENAME TABLE other TO other2; DROP TABLE other2;
        CREATE OR REPLACE TABLE o3 (id INT); ALTER TABLE t PARTITION BY HASH(id) PARTITIONS 3;
        ALTER TABLE t REMOVE PARTITIONING;
        ALTER TABLE t CONVERT TO CHARACTER SET latin1; FLUSH TABLES; CREATE PROCEDURE p() SELECT 1; DROP PROCEDURE p"""
    db, _ = one_table(ctx, "evolve", ddl, "INSERT INTO t VALUES (3, 3, 'Grüße'); UPDATE t SET b = 'é' WHERE id = 1")
    ctx.equal(f"{db}.t")


def test_comments_quotes_and_case_in_ddl(ctx):
    ddl = """/* hello */ alter /*!100100 ignore */ table `t` add column `we;ird ``name` int default 3
        comment 'it''s; -- fine',
        Add Column ( e1 ENUM('a','b)') , e2 Int ) # end
        """
    db, _ = one_table(ctx, "evolve", "SELECT 1", "SELECT 1")
    with ctx.server.connect(db) as connection, connection.cursor() as cursor:
        cursor.execute(ddl)
        cursor.execute("INSERT INTO t VALUES (3, 3, 'x', 4, 'b)', 5)")
    ctx.catch_up(os.path.join(ctx.dir, "pipeline.yaml"))
    ctx.equal(f"{db}.t", where="WHERE id = 3 OR 1", columns=["id", "a", "b", "e1", "e2"])
    assert "we;ird `name" in names(ctx, db)
    assert split_statements("a;b") == ["a", "b"]


def test_rename_table_swap(ctx):
    """What gh-ost and pt-osc do: the new table takes the old one's name in one statement."""
    db, _ = one_table(ctx, "evolve", "SELECT 1")
    path = ctx.pipeline(
        f"{db}.t",
        pipeline={"schema.change.behavior": "evolve"},
        source={"scan.parse.online.schema.changes.enabled": True},
    )
    ctx.server.execute(
        """CREATE TABLE _t_gho LIKE t; ALTER TABLE _t_gho ADD COLUMN c INT DEFAULT 9;
        INSERT INTO _t_gho (id, a, b) SELECT * FROM t;
        RENAME TABLE t TO _t_del, _t_gho TO t; INSERT INTO t VALUES (3, 30, 'three', 3);
        UPDATE t SET a = 11 WHERE id = 1""",
        db,
    )
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")


INITIAL = [
    "SET('a','b') NOT NULL DEFAULT ''",
    "SET('a','b') DEFAULT 'b,a'",
    "SET('a','b') NOT NULL",
    "ENUM('q','b') NOT NULL",
    "INT NOT NULL",
    "TEXT NOT NULL",
    "BINARY(3) NOT NULL",
    "BINARY(3) DEFAULT 'a'",
    "VARBINARY(9) DEFAULT x'00ff'",
    "BIT(1) NOT NULL",
    "BIT(9) NOT NULL",
    "BIT(9) DEFAULT b'101'",
    "TIME(3) NOT NULL",
    "YEAR NOT NULL",
    "DATE NOT NULL",
    "TIMESTAMP NOT NULL DEFAULT '2024-01-02 03:04:05'",
    "UUID NOT NULL",
    "INET4 NOT NULL",
    "INET6 NOT NULL",
    "DECIMAL(10,3) NOT NULL",
    "DECIMAL(65,3) NOT NULL",
    "FLOAT(7,4) DEFAULT 999.9999",
    "FLOAT(7,4) DEFAULT -0.0001",
    "DOUBLE(10,3) DEFAULT -0.001",
    "DOUBLE(10,3) NOT NULL DEFAULT 1234567.891",
    "FLOAT DEFAULT 0.1",
    "TINYINT(1) NOT NULL DEFAULT 1",
    "DATETIME DEFAULT NOW()",
    "DATETIME(6) DEFAULT NOW(6)",
    "TIMESTAMP DEFAULT CURRENT_TIMESTAMP",
    "TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6)",
]


def test_added_columns_show_the_servers_values_in_old_rows(ctx):
    """Defaults, the types' implicit ones, and the time of the statement, which the log tells with its time zone."""
    clauses = ", ".join(f"ADD COLUMN z{i} {kind}" for i, kind in enumerate(INITIAL))
    db, _ = one_table(ctx, "evolve", f"SET sql_mode = '', time_zone = '+05:45'; ALTER TABLE t {clauses}")
    ctx.equal(f"{db}.t")


def test_added_columns_show_times_of_a_zone_with_a_name_in_old_rows(ctx):
    """The log has only the name; the server, asked later, knows its rules."""
    zones.load(ctx.server)
    kinds = [
        "TIMESTAMP(3) NULL DEFAULT '2024-03-01 10:11:12.123'",
        "TIMESTAMP NOT NULL DEFAULT '2024-07-01 10:11:12'",
        "DATETIME(6) DEFAULT NOW(6)",
        "DATETIME DEFAULT '2024-03-01 10:11:12'",
        "DATE NOT NULL DEFAULT '2024-03-01'",
    ]
    adds = [
        f"SET time_zone = '{zone}'; ALTER TABLE t "
        + ", ".join(f"ADD COLUMN z{i}_{j} {kind}" for j, kind in enumerate(kinds))
        for i, zone in enumerate(("America/New_York", "Europe/Berlin", "SYSTEM"))
    ]
    db, _ = one_table(ctx, "evolve", "; ".join(adds))
    ctx.equal(f"{db}.t")


def test_columns_that_come_by_a_swap_show_what_an_insert_gave_them(ctx):
    """The tool fills the copy with INSERT IGNORE, perhaps long after the ALTER, in another process of the job."""
    kinds = [kind for kind in INITIAL if "NOW" not in kind and "CURRENT_" not in kind]
    clauses = ", ".join(f"ADD COLUMN z{i} {kind}" for i, kind in enumerate(kinds))
    db, _ = one_table(
        ctx,
        "evolve",
        f"CREATE TABLE _t_gho LIKE t; SET sql_mode = '', time_zone = '+05:45'; ALTER TABLE _t_gho {clauses}",
    )
    ctx.server.execute(
        "INSERT IGNORE INTO _t_gho (id, a, b) SELECT * FROM t; RENAME TABLE t TO _t_del, _t_gho TO t", db
    )
    ctx.catch_up(os.path.join(ctx.dir, "pipeline.yaml"))
    ctx.equal(f"{db}.t")


def test_the_time_at_which_a_swaps_rows_were_copied_stops_the_job(ctx):
    db, result = one_table(
        ctx,
        "evolve",
        "CREATE TABLE _t_gho LIKE t; ALTER TABLE _t_gho ADD COLUMN z TIMESTAMP DEFAULT CURRENT_TIMESTAMP; "
        "INSERT INTO _t_gho (id, a, b) SELECT * FROM t; RENAME TABLE t TO _t_del, _t_gho TO t",
        code=1,
    )
    text = result.err + result.out
    assert "column z" in text and "backfill" in text and f"{db}.t" in text, text


COMPUTED = [
    "z INT AS (a + 1) VIRTUAL",
    "z INT AS (a + 1) PERSISTENT",
    "z VARCHAR(40) DEFAULT (UUID())",
    "z INT DEFAULT (a + 1)",
    "z INT NOT NULL AUTO_INCREMENT UNIQUE",
]


def test_values_of_old_rows_that_only_the_server_knows_stop_the_job(ctx):
    for column in COMPUTED:
        db, result = one_table(ctx, "evolve", f"ALTER TABLE t ADD COLUMN {column}", code=1)
        text = result.err + result.out
        assert "column z" in text and "backfill" in text and f"{db}.t" in text, text
        shutil.rmtree(ctx.state)
        shutil.rmtree(ctx.warehouse)


def test_without_backfill_or_rows_computed_columns_are_added(ctx):
    add = f"ALTER TABLE t ADD COLUMN {COMPUTED[0]}"
    db, _ = one_table(ctx, "evolve", add, "INSERT INTO t (id, a) VALUES (3, 3)", sink={"add-column.backfill": False})
    rows = {r[0]: r[3] for r in ctx.lake.rows(f"{db}.t")[1]}
    assert rows == {"1": None, "2": None, "3": "4"}, rows
    shutil.rmtree(ctx.state)
    shutil.rmtree(ctx.warehouse)
    db, _ = one_table(ctx, "evolve", f"DELETE FROM t; {add}", "INSERT INTO t (id, a) VALUES (3, 3)")
    ctx.equal(f"{db}.t")


PARTITIONED = (
    "ALTER TABLE t PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (2), PARTITION p1 VALUES LESS THAN MAXVALUE);"
    "CREATE TABLE x LIKE t; ALTER TABLE x REMOVE PARTITIONING"
)
UNLOGGED = [
    "DROP PARTITION p0",
    "TRUNCATE PARTITION p0",
    "EXCHANGE PARTITION p0 WITH TABLE x",
    "CONVERT PARTITION p0 TO TABLE y",
]


def test_statements_that_remove_rows_without_row_events_stop_the_job(ctx):
    for part in UNLOGGED:
        db, result = one_table(ctx, "evolve", f"ALTER TABLE t {part}", first=PARTITIONED, code=1)
        text = (result.err + result.out).lower()
        assert f"{db}.t" in text and part.lower().rsplit(" p0", 1)[0] in text, text
        shutil.rmtree(ctx.state)
        shutil.rmtree(ctx.warehouse)
    first = "INSERT INTO t VALUES (3, 10, 'double')"
    _, result = one_table(ctx, "evolve", "ALTER IGNORE TABLE t ADD UNIQUE (a)", first=first, code=1)
    assert "ADD UNIQUE" in result.err, result.err


def test_create_or_replace_table(ctx):
    for made in ("(id INT PRIMARY KEY, z VARCHAR(9))", "(PRIMARY KEY (id)) SELECT 7 AS id, 'long' AS z"):
        db, _ = one_table(ctx, "evolve", f"CREATE OR REPLACE TABLE t {made}", "INSERT INTO t VALUES (5, 'new')")
        ctx.equal(f"{db}.t")
        shutil.rmtree(ctx.state)
        shutil.rmtree(ctx.warehouse)


def test_rows_arrive_while_ddl_goes_on(ctx):
    """Each ALTER passes on what came before it; that must not put off the end of the epoch."""
    db = ctx.database(
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY); CREATE TABLE altered (id INT PRIMARY KEY, n INT);"
    )
    path = ctx.pipeline(f"{db}.\\.*", pipeline={"schema.change.behavior": "evolve"})
    job = ctx.start_run(path, interval="100ms")
    processes.wait_until(lambda: ctx.lake.exists(f"{db}.t"), "the tables", 20)
    stop, errors = threading.Event(), []

    def write():
        try:
            types = itertools.cycle(("BIGINT", "INT"))
            while not stop.wait(0.05):
                ctx.server.execute(
                    f"INSERT INTO t VALUES (); ALTER TABLE altered ADD COLUMN c{next(numbers)} {next(types)}", db
                )
        except Exception as failure:  # pylint: disable=broad-except
            errors.append(failure)

    numbers = itertools.count()
    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        processes.wait_until(lambda: errors or ctx.lake.count(f"{db}.t") > 5, "rows between ALTERs", 15)
    finally:
        stop.set()
        writer.join(20)
    assert not errors, errors
    ctx.wait_equal(f"{db}.t", job=job)
    ctx.wait_equal(f"{db}.altered", job=job)
