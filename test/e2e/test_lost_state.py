# SPDX-License-Identifier: Apache-2.0
"""The state directory is lost or an old copy: the tables say where to go on; what does not fit there stops the job."""

import os
import shutil
import signal

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO t VALUES (1, 'a'), (2, 'b'); "
    "CREATE TABLE log (n INT); INSERT INTO log VALUES (0)"
)


def older_copy(ctx, db, path):
    """The state directory is one of three epochs before."""
    ctx.catch_up(path)
    shutil.copytree(ctx.state, ctx.state + ".old")
    for n in range(1, 4):
        ctx.server.execute(f"INSERT INTO log VALUES ({n}); UPDATE t SET id = id + 10 WHERE id % 10 = 1", db)
        ctx.catch_up(path)
    shutil.rmtree(ctx.state)
    shutil.copytree(ctx.state + ".old", ctx.state)
    ctx.server.execute("INSERT INTO log VALUES (9); DELETE FROM t WHERE id = 2", db)
    result = ctx.catch_up(path)
    assert "position stored in the sink's tables" in result.err, result.err


def of_another_run(ctx, db, path):
    """The state directory is that of a run with the same epoch numbers, which was killed before its commit. Only the
    state id tells them apart; rows of a table without a key show it if they come twice."""
    ctx.catch_up(path)
    ctx.server.execute("INSERT INTO log VALUES (1)", db)
    killed = ctx.catch_up(path, env={"SLUICE_FAILPOINT": "checkpoint.after_rename"}, code=None)
    assert killed.code == -signal.SIGKILL, killed.err
    os.rename(ctx.state, ctx.state + ".other")
    ctx.server.execute("INSERT INTO log VALUES (2); INSERT INTO t VALUES (3, 'c')", db)
    ctx.catch_up(path)
    shutil.rmtree(ctx.state)
    os.rename(ctx.state + ".other", ctx.state)
    ctx.server.execute("INSERT INTO log VALUES (3)", db)
    result = ctx.catch_up(path)
    assert "of another run" in result.err, result.err


def test_older_copy_of_the_state_directory(ctx):
    db = ctx.database(SCRIPT)
    older_copy(ctx, db, ctx.pipeline(f"{db}.\\.*"))
    ctx.equal(f"{db}.t")
    ctx.equal(f"{db}.log")


def test_schema_change_after_the_stored_position_stops_by_name(ctx):
    for ddl, name in (
        ("INSERT INTO t VALUES (3, 'c'); ALTER TABLE t ADD c INT; INSERT INTO t VALUES (4, 'd', 5)", "t"),
        ("ALTER TABLE t RENAME COLUMN v TO w; INSERT INTO t VALUES (4, 'd')", "t"),
        ("CREATE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (5)", "u"),
        ("INSERT INTO t VALUES (3, 'c'); DROP TABLE t", "t"),
    ):
        db = ctx.database(SCRIPT)
        path = ctx.pipeline(f"{db}.\\.*", pipeline={"schema.change.behavior": "evolve"})
        ctx.catch_up(path)
        before = ctx.lake.rows(f"{db}.t")
        ctx.server.execute(ddl, db)
        shutil.rmtree(ctx.state)
        result = ctx.catch_up(path, code=1)
        assert db in result.err and f"{name}" in result.err and "hint" in result.err, result.err
        assert ctx.lake.rows(f"{db}.t") == before, f"{ddl}: {ctx.lake.rows(f'{db}.t')}"
        shutil.rmtree(ctx.state)


def test_state_directory_of_another_run_with_the_same_epoch_numbers(ctx):
    db = ctx.database(SCRIPT)
    of_another_run(ctx, db, ctx.pipeline(f"{db}.\\.*"))
    ctx.equal(f"{db}.t")
    ctx.equal(f"{db}.log")
