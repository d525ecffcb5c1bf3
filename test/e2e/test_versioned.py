# SPDX-License-Identifier: Apache-2.0
"""Tables WITH SYSTEM VERSIONING: the log holds rows of the past too, so they are refused by name; a copy is fine."""

TABLE = (
    "CREATE TABLE {} (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING; "
    "INSERT INTO {} SELECT seq, seq FROM seq_1_to_9;"
)


def test_versioned_table_is_refused_by_name(ctx):
    db = ctx.database(TABLE.format("t", "t") + "CREATE TABLE u (id INT PRIMARY KEY)")
    path = ctx.pipeline(f"{db}.\\.*")
    ctx.fails(path, f"{db}.t", "WITH SYSTEM VERSIONING", command="check")
    ctx.fails(path, f"{db}.t", "WITH SYSTEM VERSIONING")
    assert not ctx.lake.exists(f"{db}.t")
    ctx.catch_up(ctx.pipeline(f"{db}.u", name="other.yaml"), state=ctx.state + "-other")


def test_versioned_table_can_be_copied(ctx):
    db = ctx.database(TABLE.format("t", "t") + "UPDATE t SET v = 0 WHERE id < 5; DELETE FROM t WHERE id = 9")
    ctx.catch_up(ctx.pipeline(f"{db}.t", source={"scan.startup.mode": "snapshot"}))
    ctx.equal(f"{db}.t")


def test_table_that_becomes_versioned_stops_the_job_by_name(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1)")
    path = ctx.pipeline(f"{db}.\\.*")
    ctx.catch_up(path)
    ctx.server.execute("INSERT INTO t VALUES (2, 2); ALTER TABLE t ADD SYSTEM VERSIONING", db)
    ctx.fails(path, f"{db}.t", "WITH SYSTEM VERSIONING")


def test_versioned_table_that_is_made_later_stops_the_job_by_name(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1)")
    path = ctx.pipeline(f"{db}.\\.*")
    ctx.catch_up(path)
    ctx.server.execute(TABLE.format("later", "later"), db)
    ctx.fails(path, f"{db}.later", "WITH SYSTEM VERSIONING")
