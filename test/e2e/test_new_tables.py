# SPDX-License-Identifier: Apache-2.0
"""Tables that are added to `tables` between two runs of a job."""

import os
import signal

import harness

A = "CREATE TABLE a (id INT PRIMARY KEY, v INT); INSERT INTO a SELECT seq, seq FROM seq_1_to_500;"
NEW = """
CREATE TABLE b (id BIGINT PRIMARY KEY, v VARCHAR(40)); INSERT INTO b SELECT seq, CONCAT('b ', seq) FROM seq_1_to_30000;
CREATE TABLE c (v INT, w VARCHAR(20)); INSERT INTO c SELECT seq, 'no key' FROM seq_1_to_700;
"""
COPY_NEW = {"scan.newly-added-table.enabled": True, "scan.incremental.snapshot.chunk.size": 2000}


def started(ctx):
    """A job that has copied `a` of three tables, of which it should now read all. Gives database and patterns."""
    db = ctx.database(A + NEW)
    ctx.catch_up(ctx.pipeline(f"{db}.a"))
    ctx.server.execute(
        "UPDATE b SET v = 'changed' WHERE id < 9; UPDATE a SET v = -v WHERE id % 3 = 0; INSERT INTO a VALUES (1000, 1)",
        db,
    )
    return db, f"{db}.a, {db}.[bc]"


def all_equal(ctx, db):
    for table in "abc":
        ctx.equal(f"{db}.{table}")


def test_new_tables_are_left_out_unless_asked_for(ctx):
    db, tables = started(ctx)
    result = ctx.catch_up(ctx.pipeline(tables))
    text = result.out + result.err
    for table in "bc":
        assert f"{db}.{table} is new to this job and is left out" in text, text
    assert "scan.newly-added-table.enabled: true" in text, text
    ctx.equal(f"{db}.a")
    assert not os.path.exists(ctx.lake.folder(f"{db}.b"))
    ctx.catch_up(ctx.pipeline(tables, source=COPY_NEW))
    all_equal(ctx, db)


def test_new_tables_are_copied_while_writers_run(ctx):
    db, tables = started(ctx)

    def step(cursor, n):
        cursor.execute("BEGIN")
        cursor.execute(f"UPDATE b SET v = 'changed {n}' WHERE id % 997 = {n % 997}")
        cursor.execute(f"UPDATE b SET id = id + 1000000 WHERE id = {n * 7 + 1}")
        cursor.execute(f"DELETE FROM b WHERE id = {n * 11 + 2}")
        cursor.execute(f"INSERT INTO c VALUES ({n}, 'later')")
        cursor.execute(f"UPDATE a SET v = v + 1 WHERE id = {n % 500 + 1}")
        cursor.execute("COMMIT")

    load = harness.Load(ctx.server, step, db, 0.001)
    path = ctx.pipeline(tables, source=COPY_NEW)
    for passed in (1, 3, 2):  # dies between two batches of the new tables' copy
        result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": f"snapshot.after_batch:{passed}"}, code=None)
        assert result.code == -signal.SIGKILL, result.err
    ctx.catch_up(path)
    load.stop()
    ctx.catch_up(path)
    all_equal(ctx, db)


def test_a_table_that_is_created_between_two_runs(ctx):
    db = ctx.database(A)
    path = ctx.pipeline(f"{db}.\\.*", source={**COPY_NEW, "scan.binlog.newly-added-table.enabled": False})
    ctx.catch_up(path)
    ctx.server.execute("CREATE TABLE b (id INT PRIMARY KEY); INSERT INTO b VALUES (1), (2)", db)
    ctx.catch_up(path)
    for change in ("INSERT INTO b VALUES (3); DELETE FROM b WHERE id = 1", "UPDATE b SET id = 9 WHERE id = 2"):
        ctx.server.execute(change, db)
        ctx.catch_up(path)
        ctx.equal(f"{db}.a")
        ctx.equal(f"{db}.b")
