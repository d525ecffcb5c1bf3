# SPDX-License-Identifier: Apache-2.0
"""`sluice verify` compares at one position: beside a running job, behind it, and with tables that are not there."""

import re
import signal

import harness

TABLES = """
CREATE TABLE orders (id INT PRIMARY KEY, customer INT NOT NULL, note VARCHAR(80));
CREATE TABLE log (at DATETIME(3), what VARCHAR(50));
CREATE TABLE `rank` (id INT PRIMARY KEY, points INT);
INSERT INTO orders SELECT seq, seq % 97, CONCAT('note ', seq) FROM seq_1_to_2000;
INSERT INTO log VALUES ('2024-01-01 10:00:00.123', 'a'), ('2024-01-01 10:00:00.123', 'a');
INSERT INTO `rank` SELECT seq, 0 FROM seq_1_to_100;
"""


def verify(ctx, path, *more, code, seconds=90.0):
    result = ctx.command("verify", path, *more, seconds=seconds)
    assert result.code == code, f"verify gave {result.code}, expected {code}:\n{result.out}{result.err}"
    assert re.search(r"^source at binlog\.\d+:\d+", result.out, re.M), result.out
    assert re.search(r"^tables at binlog\.\d+:\d+, epoch \d+", result.out, re.M), result.out
    return result


def running_job(ctx, interval="300ms"):
    db = ctx.database(TABLES)
    path = ctx.pipeline(f"{db}.\\.*")
    job = ctx.start_run(path, interval=interval)
    for table in ("orders", "log", "rank"):
        ctx.wait_equal(f"{db}.{table}", job=job)
    return db, path, job


def test_beside_a_running_job_of_an_idle_source(ctx):
    db, path, job = running_job(ctx)
    other = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)")  # moves the log only
    result = verify(ctx, path, code=0)
    assert "equal: 3 tables" in result.out, result.out
    ctx.server.execute("SET sql_log_bin = 0; UPDATE orders SET note = 'behind the back' WHERE id = 77", db)
    ctx.server.execute("INSERT INTO t VALUES (2)", other)
    result = verify(ctx, path, "--state", ctx.state, code=1)
    assert "DIFFERENT: 1 of 3 tables" in result.out and "id=77: differs" in result.out, result.out
    assert "BEHIND" not in result.out and "waiting" not in result.err, result.out + result.err
    job.terminate(5)


def test_beside_a_running_job_of_a_writer_that_pauses(ctx):
    db, path, job = running_job(ctx, interval="2s")
    for step in range(3):
        ctx.server.execute(
            f"UPDATE orders SET note = 'step {step}' WHERE id % 7 = {step}; DELETE FROM orders WHERE id = {step + 50};"
            f"INSERT INTO log VALUES (NOW(3), 'step {step}')",
            db,
        )
        result = verify(ctx, path, code=0)
        assert "equal: 3 tables" in result.out, result.out
    job.terminate(5)


def steps(cursor, n):
    cursor.execute("BEGIN")
    cursor.execute(f"UPDATE orders SET customer = customer + 1 WHERE id IN ({n % 2000 + 1}, {n * 7 % 2000 + 1})")
    cursor.execute(f"DELETE FROM orders WHERE id = {n * 31 % 2000 + 1}")
    cursor.execute(f"REPLACE INTO orders VALUES ({n * 13 % 4000 + 1}, {n}, 'again')")
    cursor.execute(f"INSERT INTO log VALUES (NOW(3), '{n}')")
    cursor.execute("COMMIT")
    cursor.execute(f"UPDATE orders SET id = {1000000 + n} WHERE id = {n * 17 % 2000 + 1}")


def test_beside_a_running_job_under_load(ctx):
    db, path, job = running_job(ctx)
    load = harness.Load(ctx.server, steps, db, pause=0.002)
    harness.wait_until(lambda: load.steps > 50 or load.error, "the load to begin", 30)
    for _ in range(3):
        result = verify(ctx, path, "--state", ctx.state, code=0)
        assert re.search(r"brought to binlog\.\d+:\d+ by \d+ changes of the log", result.out), result.out
    ctx.server.execute(
        "SET sql_log_bin = 0; DELETE FROM `rank` WHERE id = 7; UPDATE `rank` SET points = 1 WHERE id = 8", db
    )
    result = verify(ctx, path, code=1)
    load.stop()
    assert "DIFFERENT: 1 of 3 tables" in result.out, result.out
    assert "id=7: only in the sink" in result.out and "id=8: differs" in result.out, result.out
    job.terminate(5)


def test_a_stopped_job_that_is_behind(ctx):
    db = ctx.database(TABLES)
    path = ctx.pipeline(f"{db}.\\.*")
    ctx.catch_up(path)
    ctx.server.execute("UPDATE orders SET note = 'new' WHERE id < 4; SET sql_log_bin = 0; DELETE FROM log", db)
    result = verify(ctx, path, "--state", ctx.state, code=1, seconds=20)
    at = re.search(r"BEHIND: the tables are at (\S+) of ([^;\s]+); 2 of 3 tables differ", result.out)
    assert at and at[1] != at[2], result.out
    assert f"`sluice run {path} --until caught-up`" in result.out and "no job is running" in result.out, result.out
    assert re.search(rf"behind +{db}\.orders", result.out), result.out
    assert re.search(rf"DIFFERENT +{db}\.log", result.out), f"no change of it is on its way:\n{result.out}"
    result = verify(ctx, path, "--wait", "1s", code=1, seconds=20)  # its state directory is another one
    assert "waiting for the tables to reach binlog" in result.err and "--state" in result.out, result.out + result.err
    ctx.catch_up(path)
    result = verify(ctx, path, "--state", ctx.state, code=1)
    assert "DIFFERENT: 1 of 3 tables" in result.out, result.out


def test_a_log_that_is_gone(ctx):
    server = ctx.new_server()
    db = ctx.database(TABLES, server=server)
    path = ctx.pipeline(f"{db}.\\.*", server=server)
    ctx.catch_up(path)
    server.execute("FLUSH BINARY LOGS")
    server.purge_logs()
    result = verify(ctx, path, code=0)  # equal rows need no proof
    server.execute("UPDATE orders SET note = 'new' WHERE id = 4; FLUSH BINARY LOGS", db)
    server.purge_logs()
    result = verify(ctx, path, code=1, seconds=20)
    assert re.search(rf"^unsettled +{db}\.orders", result.out, re.M) and "id=4: differs" in result.out, result.out
    assert re.search(r"NOT AT ONE POSITION: source at binlog\S+, tables at binlog\S+: ", result.out), result.out
    assert "remove" not in result.out, result.out


def test_a_wait_that_is_no_duration(ctx):
    path = ctx.pipeline("shop.\\.*")
    result = ctx.command("verify", path, "--wait", "soon")
    assert result.code == 2 and "--wait" in result.err, result.out + result.err


def test_a_running_job_that_does_not_come_on(ctx):
    db, path, job = running_job(ctx)
    job.process.send_signal(signal.SIGSTOP)
    ctx.cleanups.append(lambda: job.process.send_signal(signal.SIGCONT) if job.running() else None)
    ctx.server.execute("DELETE FROM orders WHERE id = 5", db)
    result = verify(ctx, path, "--state", ctx.state, "--wait", "500ms", code=1)
    assert "BEHIND" in result.out and "a job is running" in result.out and "sluice run" not in result.out, result.out
    job.process.send_signal(signal.SIGCONT)
    verify(ctx, path, "--state", ctx.state, code=0)
    job.terminate(5)


def caught_up_while_verify_waits(ctx, before, after):
    """A verify whose view has `before`, with tables that come to `before` and `after` in one epoch."""
    db = ctx.database(TABLES)
    path = ctx.pipeline(f"{db}.\\.*")
    ctx.catch_up(path)
    ctx.server.execute(before, db)
    waiting = ctx.start("verify", path, "--wait", "60s")
    harness.wait_until(lambda: "waiting" in waiting.err() or not waiting.running(), "verify to wait", 30)
    ctx.server.execute(after, db)
    ctx.catch_up(path, interval="1h")
    return waiting.wait()


def test_the_log_brings_the_view_forward(ctx):
    """Every kind of change that the log can have after the view was opened."""
    result = caught_up_while_verify_waits(
        ctx,
        "DELETE FROM orders WHERE id = 5; XA START 'a'; INSERT INTO `rank` VALUES (9001, 1);"
        "UPDATE `rank` SET points = 5 WHERE id = 9; XA END 'a'; XA PREPARE 'a'",
        """UPDATE orders SET note = 'a' WHERE id BETWEEN 10 AND 20; UPDATE orders SET id = id + 50000 WHERE id > 1900;
        DELETE FROM orders WHERE id BETWEEN 30 AND 40; INSERT INTO orders VALUES (5, 5, 'back'), (30, 1, NULL);
        INSERT INTO log VALUES ('2024-01-02', 'b'), ('2024-01-02', 'b'), (NULL, NULL);
        XA START 'b'; INSERT INTO orders VALUES (9002, 1, 'xa'); XA END 'b'; XA PREPARE 'b'; XA ROLLBACK 'b';
        BEGIN; INSERT INTO orders VALUES (9003, 1, 'x'); SAVEPOINT s; DELETE FROM orders; ROLLBACK TO SAVEPOINT s;
        COMMIT;
        FLUSH BINARY LOGS; ANALYZE TABLE orders; ALTER TABLE orders ADD INDEX (customer);
        XA COMMIT 'a'; UPDATE `rank` SET points = points + id WHERE id > 50""",
    )
    assert result.code == 0 and "brought to" in result.out, result.out + result.err


def test_a_table_is_altered_and_another_made_meanwhile(ctx):
    result = caught_up_while_verify_waits(
        ctx,
        "ALTER TABLE orders ADD COLUMN colour VARCHAR(9) NOT NULL DEFAULT 'red';"
        "CREATE TABLE late (id INT PRIMARY KEY)",
        "INSERT INTO late VALUES (1); UPDATE orders SET colour = 'blue' WHERE id = 3;"
        "ALTER TABLE log ADD COLUMN who INT",
    )
    assert result.code == 0 and "equal: 4 tables" in result.out, result.out + result.err
    assert "the source is read again" in result.err, result.err


def test_a_copy_that_the_log_overlaps(ctx):
    db = ctx.database(
        "CREATE TABLE big (id INT PRIMARY KEY, v CHAR(100)); INSERT INTO big SELECT seq, SHA2(seq, 256) FROM"
        " seq_1_to_400000"
    )
    line = ctx.proxy()
    line.hold_after = 4_000_000  # bytes: about a tenth of the table
    path = ctx.pipeline(f"{db}.big", port=line.port, source={"scan.incremental.snapshot.chunk.size": 2000})
    job = ctx.start_run(path, interval="100ms")
    harness.wait_until(lambda: ctx.lake.exists(f"{db}.big") and ctx.lake.count(f"{db}.big") > 0, "rows", 20)
    job.kill()
    line.release()
    result = verify(ctx, path, "--state", ctx.state, code=1)
    assert "in the first copy" in result.out and "BEHIND" in result.out, result.out
    ctx.server.execute("UPDATE big SET v = 'u' WHERE id > 399990; DELETE FROM big WHERE id = 399980", db)
    ctx.catch_up(path)
    verify(ctx, path, code=0)
    ctx.server.execute("SET sql_log_bin = 0; UPDATE big SET v = 't' WHERE id IN (399995, 3)", db)
    result = verify(ctx, path, code=1)
    assert "DIFFERENT: 1 of 1 tables" in result.out and "waiting" not in result.err, result.out + result.err
    assert "id=3: differs" in result.out and "id=399995: differs" in result.out, result.out


def test_tables_that_are_missing(ctx):
    db = ctx.database(TABLES)
    ctx.catch_up(ctx.pipeline(f"{db}.orders"))
    path = ctx.pipeline(f"{db}.\\.*", name="all.yaml")
    result = ctx.command("verify", path)
    assert result.code == 1, result.out + result.err
    for table in ("log", "rank"):
        assert re.search(rf"^MISSING +{db}\.{table}: the sink has no table of this name", result.out, re.M), result.out
    assert re.search(rf"^equal +{db}\.orders", result.out, re.M), result.out
    assert "tables at no position: they were not written by this job" in result.out, result.out
    assert "DIFFERENT: 2 of 3 tables" in result.out, result.out
