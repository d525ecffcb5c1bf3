# SPDX-License-Identifier: Apache-2.0
"""ROLLBACK TO SAVEPOINT after a change of a table without transactions: the log has the rows, then the rollback."""


def test_rollback_to_savepoint_that_is_in_the_log(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE plain (id INT PRIMARY KEY) ENGINE=MyISAM")
    path = ctx.pipeline(f"{db}.\\.*")
    ctx.catch_up(path)
    ctx.server.execute(
        "BEGIN; INSERT INTO t VALUES (1); INSERT INTO plain VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2); "
        "INSERT INTO plain VALUES (2); ROLLBACK TO SAVEPOINT s; INSERT INTO t VALUES (3); COMMIT",
        db,
    )
    ctx.fails(path, "rolled back to a savepoint", "do not mix")
