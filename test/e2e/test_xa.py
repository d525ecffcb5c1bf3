# SPDX-License-Identifier: Apache-2.0
"""XA transactions that are prepared apart from their commit: their rows show at XA COMMIT, once, and never before."""

import random

import pymysql

import harness
import processes
from test_copy_ddl import Copy

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40)); INSERT INTO t SELECT seq, 'first' FROM seq_1_to_100; "
    "CREATE TABLE log (n INT, v VARCHAR(40)); INSERT INTO log VALUES (0, 'first'); "
    "CREATE TABLE other (id INT)"
)
WORK = (
    "INSERT INTO t VALUES ({n}001, 'xa{n}'), ({n}002, 'xa{n}'); UPDATE t SET v = 'xa{n}' WHERE id = {n}; "
    "DELETE FROM t WHERE id = {n} + 50; UPDATE t SET id = {n}003 WHERE id = {n} + 30; "
    "INSERT INTO log VALUES ({n}, 'xa')"
)


class Xa:
    """XA transactions of one database: prepared by connections that end, committed or rolled back by others."""

    def __init__(self, server, db):
        self.server, self.db = server, db

    def xid(self, n):
        return f"'{self.db}-{n}', 'b'"  # XIDs are the server's, not the database's

    def prepare(self, n, work=WORK):
        xid = self.xid(n)
        self.server.execute(f"XA START {xid}; {work.format(n=n)}; XA END {xid}; XA PREPARE {xid}", self.db)

    def commit(self, n, verb="COMMIT"):
        """Waits until the server has noticed that the connection which prepared it is gone."""

        def done():
            try:
                self.server.execute(f"XA {verb} {self.xid(n)}", self.db)
                return True
            except pymysql.err.MySQLError as error:
                assert "XAER" in str(error), error
                return False

        processes.wait_until(done, f"XA {verb} {n}", 20)

    def rollback(self, n):
        self.commit(n, "ROLLBACK")

    def run(self, sql):
        self.server.execute(sql, self.db)


def setup(ctx, server=None, source=None):
    db = ctx.database(SCRIPT, server)
    return db, ctx.pipeline(f"{db}.t,{db}.log", server=server, source=source), Xa(server or ctx.server, db)


def equal(ctx, db, server=None):
    ctx.equal(f"{db}.t", server=server)
    ctx.equal(f"{db}.log", server=server)


def test_prepare_commit_and_rollback(ctx):
    db, path, xa = setup(ctx)
    ctx.catch_up(path)
    xa.prepare(1)
    xa.run("INSERT INTO t VALUES (900, 'between')")
    xa.commit(1)
    xa.prepare(2)
    xa.rollback(2)
    xa.prepare(3, "INSERT INTO other VALUES (1)")
    xa.commit(3)
    xa.prepare(4)
    ctx.catch_up(path)
    equal(ctx, db)
    assert ("1001", "xa1") in ctx.lake.rows(f"{db}.t")[1]
    xa.prepare(5)
    xa.run("UPDATE t SET v = 'later' WHERE id = 900; INSERT INTO log VALUES (6, 'plain')")
    ctx.catch_up(path)
    equal(ctx, db)
    xa.commit(4)
    xa.run("UPDATE t SET v = 'after' WHERE id = 4001")
    xa.rollback(5)
    xa.run("DELETE FROM t WHERE id = 4002")
    ctx.catch_up(path)
    equal(ctx, db)


def test_killed_between_prepare_and_commit(ctx):
    db, path, xa = setup(ctx)
    job = ctx.start_run(path, interval="50ms")
    ctx.wait_equal(f"{db}.log", job=job)
    xa.prepare(1)
    xa.run("INSERT INTO log VALUES (9, 'mark')")
    ctx.wait_equal(f"{db}.log", job=job)
    job.kill()
    xa.run("INSERT INTO t VALUES (800, 'while away')")
    xa.commit(1)
    ctx.catch_up(path)
    equal(ctx, db)
    xa.prepare(2)
    xa.prepare(3)
    ctx.catch_up(path)
    xa.rollback(2)
    xa.run("UPDATE t SET v = 'x' WHERE id = 2")
    xa.commit(3)
    ctx.catch_up(path)
    equal(ctx, db)


def test_server_restarted_between_prepare_and_commit(ctx):
    server = ctx.new_server(**{"innodb-flush-log-at-trx-commit": "1", "sync-binlog": "1"})
    db, path, xa = setup(ctx, server)
    ctx.catch_up(path)
    xa.prepare(1)
    xa.prepare(2)
    ctx.catch_up(path)
    for crash in (False, True):
        (server.kill if crash else server.stop)()
        server.start()
        xa.run(f"INSERT INTO t VALUES ({700 + crash}, 'restarted')")
        xa.commit(2 if crash else 1)
        ctx.catch_up(path)
        equal(ctx, db, server)


def test_prepared_before_the_job_began(ctx):
    """The copy's views do not show it, and the log is read from behind it: it is looked for in the older log."""
    server = ctx.new_server()
    db, path, xa = setup(ctx, server)
    xa.prepare(1, "INSERT INTO t VALUES (1001, 'rolled back')")
    xa.rollback(1)
    xa.prepare(1)
    xa.prepare(2)
    for n in (600, 601):
        xa.run(f"FLUSH BINARY LOGS; INSERT INTO t VALUES ({n}, 'x')")
    ctx.catch_up(path)
    equal(ctx, db, server)
    xa.commit(1)
    xa.rollback(2)
    ctx.catch_up(path)
    equal(ctx, db, server)
    assert ("1001", "xa1") in ctx.lake.rows(f"{db}.t")[1]


def test_prepared_in_a_log_that_is_gone(ctx):
    server = ctx.new_server()
    db, path, xa = setup(ctx, server)
    xa.prepare(1)
    server.execute("FLUSH BINARY LOGS")
    server.purge_logs()
    ctx.catch_up(path)
    xa.commit(1)
    ctx.fails(path, f"XA COMMIT X'{(db + '-1').encode().hex()}',X'62'", "deleted")
    assert not any(row[1] == "xa1" for row in ctx.lake.rows(f"{db}.t")[1])


def test_committed_during_the_copy(ctx):
    """Segments before the commit do not hold its rows, segments after it do."""
    for when in ("before", "during"):
        for kill in (False, True):
            committed_during_the_copy(ctx, when, kill)


test_committed_during_the_copy.seconds = 400


def committed_during_the_copy(ctx, when, kill):
    ctx.state, ctx.warehouse = ctx.dir + f"/state-{when}-{kill}", ctx.dir + f"/lake-{when}-{kill}"
    ctx.lake.warehouse = ctx.warehouse
    work = "UPDATE t SET n = -5 WHERE id % 4 = 0; DELETE FROM t WHERE id % 9 = 0; "
    work += "INSERT INTO t VALUES (700000, 'x', 1, 1)"

    def prepare(db):
        Xa(ctx.server, db).prepare(1, work)

    copy = Copy(ctx, prepare=prepare if when == "before" else None)
    xa = Xa(ctx.server, copy.db)
    if when == "during":
        prepare(copy.db)
    xa.prepare(2, "INSERT INTO t VALUES (800000, 'never', 1, 1)")
    if kill:
        copy.job.kill()
        copy.job = ctx.start_run(copy.path, interval="50ms")
    xa.commit(1)
    xa.rollback(2)
    copy.proxy.release()
    copy.equal()


def test_large_group_is_read_again(ctx):
    db, _, xa = setup(ctx)
    xa.run("CREATE TABLE t2 (id INT PRIMARY KEY, v VARCHAR(2000))")
    path = ctx.pipeline(f"{db}.t,{db}.t2")
    ctx.catch_up(path)
    job = ctx.start_run(path, interval="100ms")
    xa.prepare(1, "INSERT INTO t2 SELECT seq, REPEAT('x', 1000) FROM seq_1_to_30000")
    xa.prepare(2)
    xa.run("INSERT INTO t VALUES (901, 'mark')")
    ctx.wait_equal(f"{db}.t", job=job)
    xa.commit(1)
    xa.commit(2)
    ctx.wait_equal(f"{db}.t2", job=job)
    ctx.wait_equal(f"{db}.t", job=job)
    job.terminate(5)


def test_random_groups_and_kills(ctx):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    db, path, xa = setup(ctx, source={"scan.incremental.snapshot.chunk.size": 20})
    waiting = {}

    def step(cursor, n):
        """Groups touch keys of their own, so that nobody waits for the locks of a prepared one."""
        key = rng.randint(1, 40)
        if n % 3 == 0 and key not in waiting and len(waiting) < 6:
            base = 1_000_000 * key
            xa.prepare(
                n,
                f"REPLACE INTO t VALUES ({base}, 'p{n}'), ({base + n}, 'p{n}'); "
                f"DELETE FROM t WHERE id = {base + n - 3 * rng.randint(1, 40)}; INSERT INTO log VALUES ({n}, 'xa')",
            )
            waiting[key] = n
        elif waiting and rng.random() < 0.4:
            xa.commit(waiting.pop(rng.choice(list(waiting))), "COMMIT" if rng.random() < 0.7 else "ROLLBACK")
        else:
            cursor.execute(f"INSERT INTO log VALUES ({n}, 'plain')")
            cursor.execute(f"REPLACE INTO t VALUES ({100_000 + key}, 'q{n}')")

    load = harness.Load(ctx.server, step, db, pause=0.002)
    for _ in range(8):
        job = ctx.start_run(path, interval="40ms")
        job.kill_after(rng.uniform(0.1, 1.2), f"seed {seed}: ")
        ctx.jobs.remove(job)
    load.stop()
    ctx.catch_up(path)
    equal(ctx, db)
    for n in waiting.values():
        xa.commit(n)
    ctx.catch_up(path)
    equal(ctx, db)
