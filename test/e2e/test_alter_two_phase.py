# SPDX-License-Identifier: Apache-2.0
"""binlog_alter_two_phase=ON: an ALTER stands in the log when it begins and when it ends; only the end counts."""

import threading

import processes

ROWS = 200_000
EVOLVE = {"schema.change.behavior": "evolve"}


def setup(ctx):
    server = ctx.new_server(binlog_alter_two_phase="ON")
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100), u INT); "
        f"INSERT INTO t SELECT seq, REPEAT('x', 90), seq DIV 2 FROM seq_1_to_{ROWS}; ",
        server,
    )
    return server, db, ctx.pipeline(f"{db}.t", server=server, pipeline=EVOLVE)


def logged(server, word, since):
    """The log has an event group with this mark after that position."""
    events = server.execute(f"SHOW BINLOG EVENTS IN '{since[0]}' FROM {since[1]}")
    return any(word in str(row[5]) for row in events)


def write_during(server, db, clause, after_five):
    """Runs the ALTER and, as long as it runs, statements; how many of them came before its end in the log."""
    since = server.position()
    alter = threading.Thread(
        target=server.execute, args=(f"ALTER TABLE t {clause}, FORCE, ALGORITHM=INPLACE, LOCK=NONE", db)
    )
    alter.start()
    processes.wait_until(lambda: logged(server, "START ALTER", since), "the start of the ALTER", 20, 0.005)
    during = 0
    for n in range(1, 2000):
        if not alter.is_alive():
            break
        server.execute(f"UPDATE t SET v = 'during' WHERE id = {n}; DELETE FROM t WHERE id = {n + 50_000}", db)
        during += not logged(server, "COMMIT ALTER", since)
        if n == 5:
            after_five()
    alter.join(60)
    return during


def test_rows_between_start_and_commit(ctx):
    """Rows that are written while the ALTER runs have the old columns; the job is killed meanwhile."""
    server, db, path = setup(ctx)
    ctx.catch_up(path)
    job = ctx.start_run(path, interval="50ms")

    def killed():
        nonlocal job
        job.kill()
        job = ctx.start_run(path, interval="50ms")

    columns = ["id", "v"]
    for n in range(10):  # an ALTER may be over before anything could be written
        columns.insert(0, f"x{n}")
        drop = ", DROP COLUMN u" if n == 0 else ""
        during = write_during(server, db, f"ADD COLUMN x{n} INT NOT NULL DEFAULT 5 FIRST{drop}", killed)
        if during > 1:
            break
    assert during > 1, "nothing was written while the ALTER ran"
    server.execute("INSERT INTO t (id, v) VALUES (900000, 'after'); UPDATE t SET x0 = 6 WHERE id = 7", db)
    ctx.wait_equal(f"{db}.t", job=job, server=server)
    job.terminate(5)
    assert [n for n, _ in ctx.lake.columns(f"{db}.t")] == columns


def test_alter_that_fails(ctx):
    server, db, path = setup(ctx)
    ctx.catch_up(path)
    since = server.position()
    try:
        server.execute("ALTER TABLE t ADD COLUMN y INT, ADD UNIQUE KEY (u), ALGORITHM=INPLACE, LOCK=NONE", db)
        raise AssertionError("the ALTER did not fail")
    except Exception as error:  # pylint: disable=broad-except
        assert "Duplicate" in str(error), error
    assert logged(server, "ROLLBACK ALTER", since), "the server did not log the failure"
    server.execute("INSERT INTO t VALUES (900000, 'after', 1)", db)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t", server=server)
    assert [n for n, _ in ctx.lake.columns(f"{db}.t")] == ["id", "v", "u"]
