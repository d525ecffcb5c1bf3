# SPDX-License-Identifier: Apache-2.0
"""ALTER TABLE that rewrites stored values without row events: it is said, and the way to copy again works."""

import os


def test_lossy_alter_is_named_and_the_table_can_be_copied_again(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, at DATETIME(6), v VARCHAR(20), d DECIMAL(10,3), n INT); "
        "INSERT INTO t SELECT seq, '2024-01-01 10:00:00.654321', 'a long text', 1.555, seq FROM seq_1_to_50"
    )
    ctx.server.execute("CREATE TABLE u LIKE t; INSERT INTO u SELECT * FROM t", db)
    evolve = {"schema.change.behavior": "evolve"}
    path = ctx.pipeline(f"{db}.\\.*", pipeline=evolve)
    ctx.catch_up(path)
    ctx.server.execute("ALTER TABLE t MODIFY v VARCHAR(40), MODIFY n BIGINT; ALTER TABLE t ADD COLUMN x INT", db)
    result = ctx.catch_up(path)
    assert "may have changed stored values" not in result.err, result.err
    ctx.equal(f"{db}.t")
    ctx.server.execute(
        "SET sql_mode = ''; ALTER TABLE t MODIFY at DATETIME, MODIFY v VARCHAR(6); INSERT INTO t (id) VALUES (900)", db
    )
    result = ctx.catch_up(path)
    line = next(text for text in result.err.splitlines() if "may have changed stored values" in text)
    assert f"{db}.t" in line and "at datetime(6) to datetime" in line and "v varchar(40) to varchar(6)" in line, line
    assert ("1", "a long text") in ctx.lake.rows(f"{db}.t", ["id", "v"])[1], "the lake should have the old value"
    # The way that the warning tells. What happens meanwhile comes with the log, also to rows that are copied.
    ctx.server.execute("UPDATE t SET n = 1 WHERE id = 5; DELETE FROM t WHERE id = 6", db)
    again = ctx.pipeline(
        f"{db}.t", pipeline={"name": "copy t again"}, source={"scan.startup.mode": "snapshot"}, name="again.yaml"
    )
    ctx.catch_up(again, state=os.path.join(ctx.dir, "state-again"))
    ctx.server.execute("UPDATE t SET n = 2 WHERE id = 7; INSERT INTO t (id, v) VALUES (901, 'new')", db)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    ctx.equal(f"{db}.u")


def test_strict_mode_refuses_what_would_not_fit(ctx):
    """A shorter VARCHAR that went through under a strict sql_mode has cut nothing."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO t VALUES (1, 'a')")
    path = ctx.pipeline(f"{db}.t", pipeline={"schema.change.behavior": "evolve"})
    ctx.catch_up(path)
    ctx.server.execute("SET sql_mode = 'STRICT_TRANS_TABLES'; ALTER TABLE t MODIFY v VARCHAR(6)", db)
    result = ctx.catch_up(path)
    assert "may have changed" not in result.err, result.err
    ctx.equal(f"{db}.t")
