# SPDX-License-Identifier: Apache-2.0
"""DDL of a session whose character set is not UTF-8: its text stands in the log in that character set."""

import harness


def run(ctx, statements):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, c INT); INSERT INTO t VALUES (1, 1)")
    path = ctx.pipeline(f"{db}.\\.*", pipeline={"schema.change.behavior": "evolve"})
    ctx.catch_up(path)
    with ctx.server.connect(db) as session, session.cursor() as cursor:
        session.set_character_set("latin1")
        for sql in statements:
            cursor.execute(sql)
    ctx.catch_up(path)
    for (table,) in ctx.server.execute("SHOW TABLES", db):
        ctx.equal(f"{db}.{table}")


def test_column_name(ctx):
    run(ctx, ["ALTER TABLE t ADD COLUMN größe INT DEFAULT 5", "INSERT INTO t VALUES (2, 2, 2)"])


def test_member_and_default(ctx):
    run(
        ctx,
        ["ALTER TABLE t ADD COLUMN e ENUM('é','ü') DEFAULT 'ü', ADD COLUMN v VARCHAR(9) DEFAULT 'ä'"]
        + ["INSERT INTO t (id, e) VALUES (2, 'é')"],
    )


def test_table_name(ctx):
    run(ctx, ["CREATE TABLE tür (größe INT PRIMARY KEY, v VARCHAR(9))", "INSERT INTO tür VALUES (1, 'ß')"])


def test_an_alter_while_verify_waits(ctx):
    """The rows before and behind it have other columns: verify has to see it, and reads the source again."""
    db = ctx.database("CREATE TABLE tür (id INT PRIMARY KEY, c INT); INSERT INTO tür VALUES (1, 1)")
    path = ctx.pipeline(f"{db}.\\.*")
    ctx.catch_up(path)
    ctx.server.execute("INSERT INTO tür VALUES (2, 2)", db)
    waiting = ctx.start("verify", path, "--wait", "60s")
    harness.wait_until(lambda: "waiting" in waiting.err() or not waiting.running(), "verify to wait", 30)
    with ctx.server.connect(db) as session, session.cursor() as cursor:
        session.set_character_set("latin1")
        cursor.execute("ALTER TABLE tür ADD COLUMN d INT FIRST")
    ctx.server.execute("UPDATE tür SET d = 7 WHERE id = 2", db)
    ctx.catch_up(path)
    result = waiting.wait()
    assert result.code == 0 and "the source is read again" in result.err, result.out + result.err
