# SPDX-License-Identifier: Apache-2.0
"""DDL on live tables in Paimon: columns come, go, change name and type; old rows keep what the server shows of them."""

import os
import shutil

import harness
import paimon_job
import samples
import test_ddl
from paimon_job import FIXED


def check_step(ctx, expected, number, behaviour):
    """Columns and rows of a step of samples/schema-evolution, which are written with Iceberg's names of types."""
    for name, want in expected.get(str(number), {}).items():
        table = f"crm.{name}"
        columns = paimon_job.iceberg_columns(ctx, table)
        names, rows = ctx.lake.rows(table)
        where = f"{behaviour} step {number}, {name}"
        assert columns == want["columns"], f"{where}: columns {columns}, expected {want['columns']}"
        got = sorted(([*row] for row in rows), key=lambda row: int(row[names.index("id")]))
        assert got == want["rows"], f"{where}: rows {got}, expected {want['rows']}"
        ours = ctx.lake.rows_of_jsonl(table, paimon_job.read(ctx, table))[1]
        assert sorted(map(list, ours), key=str) == sorted(got, key=str), f"{where}: sluice read shows {ours}"
        paimon_job.sound(ctx, table)


def scenario(ctx, behaviour, table):
    server = ctx.new_server()
    path = paimon_job.pipeline(
        ctx, "crm.\\.*", table, server=server, pipeline={"schema.change.behavior": behaviour},
        source={"scan.binlog.newly-added-table.enabled": True},
    )
    expected = samples.evolution_expected(behaviour)
    for number, sql in samples.evolution_steps():
        if number > max(map(int, expected)):
            break
        server.execute(sql)
        ctx.catch_up(path)
        check_step(ctx, expected, number, behaviour)
    return server


def test_scenario_evolve(ctx):
    scenario(ctx, "evolve", FIXED)
    ids, schemas = {}, []
    for number in ctx.lake.schema_ids("crm.lead"):
        schemas.append(ctx.lake.schema("crm.lead", number))
        for field in schemas[-1]["fields"]:
            ids.setdefault(field["name"], set()).add(field["id"])
    assert ids["note"] == ids["remark"] and ids["name"] == ids["full_name"], f"a rename is not a rename: {ids}"
    assert len(ids["region"]) == 2, f"the second region has the field id of the first: {ids}"
    highest = [schema["highestFieldId"] for schema in schemas]
    assert highest == sorted(highest) and highest[-1] == max(max(found) for found in ids.values()), (highest, ids)


def test_scenario_evolve_in_dynamic_buckets(ctx):
    scenario(ctx, "evolve", {})


def test_scenario_lenient(ctx):
    scenario(ctx, "lenient", FIXED)


def test_scenario_all_steps_in_one_run(ctx):
    test_ddl.all_steps(ctx, lambda tables, **more: paimon_job.pipeline(ctx, tables, FIXED, **more), check_step)


def one_table(ctx, behaviour, ddl, rows="", first="", table=None, code=0, **options):
    """Copy of t(id, a, b), then `ddl` and `rows` by the log."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, b VARCHAR(20)); "
        f"INSERT INTO t VALUES (1, 10, 'one'), (2, 20, 'two'); {first}"
    )
    path = paimon_job.pipeline(
        ctx, f"{db}.t", FIXED if table is None else table,
        pipeline={"schema.change.behavior": behaviour} if behaviour else None, **options,
    )
    ctx.catch_up(path)
    ctx.server.execute(f"{ddl}; {rows}", db)
    return db, ctx.catch_up(path, code=code)


def anew(ctx):
    """The next table begins without what the last one left."""
    shutil.rmtree(ctx.state, ignore_errors=True)
    shutil.rmtree(ctx.warehouse, ignore_errors=True)


def names(ctx, db):
    return [name for name, _ in ctx.lake.columns(f"{db}.t")]


def again(ctx, db, sql):
    """Further statements, which the log brings, and the comparison."""
    ctx.server.execute(sql, db)
    ctx.catch_up(os.path.join(ctx.dir, "pipeline.yaml"))
    paimon_job.equal(ctx, f"{db}.t")


def test_added_dropped_and_renamed_columns(ctx):
    for table in (FIXED, {}, {**FIXED, "changelog-producer": "input"}):
        db, _ = one_table(
            ctx,
            "evolve",
            "ALTER TABLE t ADD COLUMN c INT AFTER id, ADD d VARCHAR(9) FIRST",
            "INSERT INTO t VALUES ('d', 3, 33, 30, 'three'); UPDATE t SET c = 1 WHERE id = 1",
            table=table,
        )
        paimon_job.equal(ctx, f"{db}.t")
        assert names(ctx, db) == ["d", "id", "c", "a", "b"], names(ctx, db)
        again(ctx, db, "ALTER TABLE t RENAME COLUMN b TO bb; UPDATE t SET bb = 'ONE' WHERE id = 1")
        again(ctx, db, "ALTER TABLE t DROP COLUMN d, DROP COLUMN c; DELETE FROM t WHERE id = 2")
        again(ctx, db, "ALTER TABLE t ADD COLUMN d INT; INSERT INTO t VALUES (4, 40, 'four', 44)")
        assert dict(ctx.lake.columns(f"{db}.t"))["d"] == "INT", "the second d is the first one"
        anew(ctx)


def test_columns_change_between_compactions(ctx):
    """Files of all schemas are merged into files of the newest."""
    db, _ = one_table(ctx, "evolve", "SELECT 1", table={**FIXED, "num-sorted-run.compaction-trigger": 2})
    for n in range(6):
        again(
            ctx,
            db,
            f"ALTER TABLE t ADD COLUMN c{n} INT DEFAULT {n}; UPDATE t SET a = a + 1 WHERE id = 1; INSERT INTO t (id, a)"
            f" VALUES ({10 + n}, {n})" + (f"; ALTER TABLE t DROP COLUMN c{n - 1}" if n % 2 else ""),
        )
        # Filling a column rewrites every file; a run more is what calls for a compaction.
        again(ctx, db, f"UPDATE t SET a = a + 1 WHERE id = {10 + n}")
    assert "COMPACT" in paimon_job.kinds(ctx, f"{db}.t")


def test_widened_types(ctx):
    db, _ = one_table(
        ctx,
        "evolve",
        "ALTER TABLE t ADD f FLOAT, ADD d DECIMAL(5,2), ADD s SMALLINT, ADD y TINYINT",
        "INSERT INTO t VALUES (3, 3, 'x', 1.5, 999.99, -7, 5)",
    )
    again(
        ctx,
        db,
        "ALTER TABLE t MODIFY a BIGINT NULL, MODIFY f DOUBLE, MODIFY d DECIMAL(12,2), MODIFY s INT, MODIFY y SMALLINT,"
        " MODIFY b VARCHAR(200); INSERT INTO t VALUES (4, NULL, NULL, 1.0000000001, 1234567890.12, 70000, 300)",
    )
    found = [kind for _, kind in ctx.lake.columns(f"{db}.t")]
    assert found[1] == "BIGINT" and found[3:] == ["DOUBLE", "DECIMAL(12, 2)", "INT", "SMALLINT"], found
    again(ctx, db, "ALTER TABLE t MODIFY b TEXT, MODIFY s BIGINT; UPDATE t SET b = REPEAT('x', 3000) WHERE id < 3")


def test_widened_fractions_of_seconds(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, at DATETIME, ts TIMESTAMP(3) NULL); INSERT INTO t VALUES"
        " (1, '2024-03-01 10:11:12', '2024-03-01 10:11:12.123')"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, pipeline={"schema.change.behavior": "evolve"})
    ctx.catch_up(path)
    again(
        ctx,
        db,
        "ALTER TABLE t MODIFY at DATETIME(6), MODIFY ts TIMESTAMP(6) NULL; INSERT INTO t VALUES"
        " (2, '1969-12-31 23:59:59.999999', '2024-03-01 10:11:12.123456')",
    )


def test_comments(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY COMMENT 'the key', a INT COMMENT 'first') COMMENT 'a table';"
        "INSERT INTO t VALUES (1, 1)"
    )
    source, pipeline = {"include-comments.enabled": "true"}, {"schema.change.behavior": "evolve"}
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, source=source, pipeline=pipeline)
    ctx.catch_up(path)
    told = lambda: {f["name"]: f.get("description") for f in ctx.lake.schema(f"{db}.t")["fields"]}
    assert told() == {"id": "the key", "a": "first"}, told()
    assert ctx.lake.schema(f"{db}.t")["comment"] == "a table", ctx.lake.schema(f"{db}.t")
    ddl = "ALTER TABLE t MODIFY a BIGINT COMMENT 'second', ADD c INT COMMENT 'it''s'"
    again(ctx, db, ddl + "; INSERT INTO t VALUES (2, 2, 2)")
    assert told() == {"id": "the key", "a": "second", "c": "it's"}, told()


def test_added_columns_show_the_servers_values_in_old_rows(ctx):
    """Defaults, the types' implicit ones, and the time of the statement, which the log tells with its time zone."""
    clauses = ", ".join(f"ADD COLUMN z{i} {kind}" for i, kind in enumerate(test_ddl.INITIAL))
    for table in (FIXED, {}):
        ddl = f"SET sql_mode = '', time_zone = '+05:45'; ALTER TABLE t {clauses}"
        db, _ = one_table(ctx, "evolve", ddl, table=table)
        paimon_job.equal(ctx, f"{db}.t")
        more = "ALTER TABLE t ADD COLUMN last INT NOT NULL DEFAULT 7"
        again(ctx, db, f"UPDATE t SET a = a + 1; {more}; DELETE FROM t WHERE id = 2")
        anew(ctx)


def test_added_columns_in_tables_without_a_key(ctx):
    db = ctx.database("CREATE TABLE log (n INT); INSERT INTO log VALUES (1), (1), (2)")
    path = paimon_job.pipeline(ctx, f"{db}.log", pipeline={"schema.change.behavior": "evolve"})
    ctx.catch_up(path)
    ctx.server.execute("ALTER TABLE log ADD COLUMN z INT NOT NULL DEFAULT 5; INSERT INTO log VALUES (3, 3)", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.log")


def test_without_backfill_old_rows_stay_null(ctx):
    ddl, rows = "ALTER TABLE t ADD COLUMN z INT DEFAULT 5", "INSERT INTO t (id, a) VALUES (3, 3)"
    db, _ = one_table(ctx, "evolve", ddl, rows, sink={"add-column.backfill": False})
    rows = {row[0]: row[3] for row in ctx.lake.rows(f"{db}.t")[1]}
    assert rows == {"1": None, "2": None, "3": "5"}, rows
    paimon_job.sound(ctx, f"{db}.t")


def test_truncate(ctx):
    for table in (FIXED, {}):
        db, _ = one_table(ctx, "evolve", "TRUNCATE TABLE t", "INSERT INTO t VALUES (7, 7, 'seven')", table=table)
        paimon_job.equal(ctx, f"{db}.t")
        again(
            ctx, db, "DELETE FROM t; INSERT INTO t VALUES (8, 8, 'x'); TRUNCATE t; INSERT INTO t VALUES (8, 9, 'y')"
        )
        again(ctx, db, "TRUNCATE t")
        again(ctx, db, "INSERT INTO t VALUES (1, 1, 'back')")
        anew(ctx)


def test_truncate_of_partitions_and_of_tables_without_a_key(ctx):
    db = ctx.database(
        "CREATE TABLE p (id INT PRIMARY KEY, d DATE NOT NULL); INSERT INTO p SELECT seq, DATE_ADD('2024-01-01',"
        " INTERVAL seq % 3 DAY) FROM seq_1_to_30; CREATE TABLE log (n INT); INSERT INTO log VALUES (1), (1)"
    )
    path = paimon_job.pipeline(
        ctx, f"{db}.\\.*", {}, {"partition.key": f"{db}.p:d"}, pipeline={"schema.change.behavior": "evolve"}
    )
    ctx.catch_up(path)
    for sql in ("TRUNCATE p; TRUNCATE log", "INSERT INTO p VALUES (1, '2024-01-02'); INSERT INTO log VALUES (2)"):
        ctx.server.execute(sql, db)
        ctx.catch_up(path)
        for table in ("p", "log"):
            paimon_job.equal(ctx, f"{db}.{table}")


def test_drop(ctx):
    db, _ = one_table(ctx, "evolve", "DROP TABLE t")
    assert not ctx.lake.exists(f"{db}.t") or not ctx.lake.rows(f"{db}.t")[1], "the dropped table still shows rows"


def test_drop_and_create_again(ctx):
    for table in (FIXED, {}):
        for made in ("DROP TABLE t; CREATE TABLE t (id INT PRIMARY KEY, z VARCHAR(9))",
                     "CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, z VARCHAR(9))"):
            db, _ = one_table(ctx, "evolve", made, "INSERT INTO t VALUES (5, 'new')", table=table)
            paimon_job.equal(ctx, f"{db}.t")
            again(ctx, db, "INSERT INTO t VALUES (6, 'newer'); UPDATE t SET z = 'u' WHERE id = 5")
            anew(ctx)


def test_drop_and_create_with_another_key(ctx):
    """Right, or refused by name: the old key places the rows."""
    ddl = "DROP TABLE t; CREATE TABLE t (k VARCHAR(9) PRIMARY KEY, id INT)"
    db, result = one_table(ctx, "evolve", ddl, "INSERT INTO t VALUES ('a', 1)", code=None)
    if result.code == 0:
        paimon_job.equal(ctx, f"{db}.t")
    else:
        assert result.code == 1 and f"{db}.t" in result.err and "hint" in result.err, result.err


def test_columns_that_place_rows_are_not_dropped_or_renamed_in_silence(ctx):
    """Of the key and of partitions Paimon changes neither name nor type: refused by name, or right."""
    for ddl in ("RENAME COLUMN p TO q", "MODIFY p BIGINT NOT NULL", "DROP COLUMN p", "RENAME COLUMN id TO k"):
        db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, p INT NOT NULL, v INT); INSERT INTO t VALUES (1, 1, 1)")
        path = paimon_job.pipeline(
            ctx, f"{db}.t", FIXED, {"partition.key": f"{db}.t:p"}, pipeline={"schema.change.behavior": "evolve"}
        )
        ctx.catch_up(path)
        ctx.server.execute(f"ALTER TABLE t {ddl}; UPDATE t SET v = 2", db)
        result = ctx.catch_up(path, code=None)
        if result.code == 0:
            paimon_job.equal(ctx, f"{db}.t")
        else:
            column = "id" if " id " in ddl else "p"
            assert result.code == 1 and f"{db}.t" in result.err and column in result.err, f"{ddl}: {result.err}"
            assert "hint" in result.err, result.err
        anew(ctx)


def test_modes_that_do_not_follow(ctx):
    db, result = one_table(
        ctx, "exception", "ALTER TABLE t ADD COLUMN c INT", "INSERT INTO t VALUES (3, 3, 'x', 3)", code=1
    )
    assert f"{db}.t" in result.err and "EXCEPTION" in result.err.upper(), result.err
    assert names(ctx, db) == ["id", "a", "b"]
    anew(ctx)
    db, _ = one_table(
        ctx,
        "ignore",
        "ALTER TABLE t ADD COLUMN c INT FIRST, MODIFY a BIGINT",
        "INSERT INTO t VALUES (33, 3, 30, 'x'); UPDATE t SET b = 'ONE' WHERE id = 1",
    )
    assert [name for name, _ in ctx.lake.columns(f"{db}.t")] == ["id", "a", "b"]
    ctx.equal(f"{db}.t", columns=["id", "a", "b"])
    paimon_job.sound(ctx, f"{db}.t")


def test_lenient_is_the_default(ctx):
    db, _ = one_table(
        ctx,
        None,
        "ALTER TABLE t ADD COLUMN c INT NOT NULL DEFAULT 5 FIRST, DROP COLUMN a, CHANGE b bb VARCHAR(40)",
        "INSERT INTO t (id, c, bb) VALUES (3, 33, 'three'); DELETE FROM t WHERE id = 2",
    )
    assert names(ctx, db)[:3] == ["id", "a", "b"] and set(names(ctx, db)) == {"id", "a", "b", "c", "bb"}, names(ctx, db)
    rows = {row[0]: row[1:] for row in ctx.lake.rows(f"{db}.t", ["id", "a", "b", "c", "bb"])[1]}
    assert rows["3"] == (None, None, "33", "three") and "2" not in rows, rows
    kinds = dict(ctx.lake.columns(f"{db}.t"))
    assert "NOT NULL" not in kinds["a"] + kinds["c"], f"lenient makes columns nullable: {kinds}"
    paimon_job.sound(ctx, f"{db}.t")


def test_rename_table_swap(ctx):
    """What gh-ost and pt-osc do: the new table takes the old one's name in one statement."""
    db, _ = one_table(
        ctx,
        "evolve",
        """CREATE TABLE _t_gho LIKE t; ALTER TABLE _t_gho ADD COLUMN c INT DEFAULT 9;
        INSERT INTO _t_gho (id, a, b) SELECT * FROM t;
        RENAME TABLE t TO _t_del, _t_gho TO t; INSERT INTO t VALUES (3, 30, 'three', 3);
        UPDATE t SET a = 11 WHERE id = 1""",
        source={"scan.parse.online.schema.changes.enabled": True},
    )
    paimon_job.equal(ctx, f"{db}.t")


def test_ddl_under_a_running_job(ctx):
    db = ctx.database("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO t (v) VALUES (1)")
    job = ctx.start_run(
        paimon_job.pipeline(ctx, f"{db}.t", FIXED, pipeline={"schema.change.behavior": "evolve"}), interval="100ms"
    )
    ctx.wait_equal(f"{db}.t", job=job)
    load = harness.Load(ctx.server, lambda c, n: c.execute(f"INSERT INTO t (v) VALUES ({n})"), db, pause=0.005)
    for n in range(6):
        before = load.steps
        harness.wait_until(lambda b=before: load.steps > b + 20 or load.error, "rows between ALTERs", 20)
        ctx.server.execute(f"ALTER TABLE t ADD COLUMN c{n} INT DEFAULT {n}", db)
    load.stop()
    ctx.wait_equal(f"{db}.t", job=job)
    job.terminate(5)
    paimon_job.equal(ctx, f"{db}.t")
