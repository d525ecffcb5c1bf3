# SPDX-License-Identifier: Apache-2.0
"""DDL on tables while they are copied: the copy goes on by itself and every table comes out right."""

import contextlib
import glob
import random
import threading
import time

import harness
import processes
from mariadb import split_statements

ROWS = 16000
SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(1200), n INT, c INT DEFAULT 7);"
    f"INSERT INTO t SELECT seq, REPEAT(CHAR(97 + seq % 26), 1000), seq, 7 FROM seq_1_to_{ROWS}; "
)
EVOLVE = {"schema.change.behavior": "evolve"}


class Copy:
    """A job in the middle of the copy of t: its readers wait for bytes, and hold the table's metadata lock."""

    def __init__(self, ctx, extra="", chunk=500, pipeline=None, source=None, prepare=None):
        self.ctx = ctx
        self.db = ctx.database(SCRIPT + extra)
        if prepare:
            prepare(self.db)
        self.proxy = ctx.proxy()
        self.path = ctx.pipeline(
            f"{self.db}.\\.*",
            server=ctx.server,
            port=self.proxy.port,
            pipeline=EVOLVE if pipeline is None else pipeline,
            source={"scan.incremental.snapshot.chunk.size": chunk, **(source or {})},
        )
        self.proxy.hold_after = 4_000_000
        self.job = ctx.start_run(self.path, interval="50ms")
        processes.wait_until(self.proxy.hold.is_set, "the middle of the copy", 30)
        # What was read is committed: the abandoned copy stands in the sink.
        table = f"{self.db}.t"
        processes.wait_until(lambda: ctx.lake.exists(table) and ctx.lake.count(table) > 500, "rows", 30)

    def execute(self, sql, wait="", kill=False):
        """Runs `sql`, of which the statement that begins with `wait` waits for the copy, then lets the copy go on."""
        error = []

        def run():
            try:
                self.ctx.server.execute("SET lock_wait_timeout = 60; " + sql, self.db)
            except Exception as failure:  # pylint: disable=broad-except
                error.append(failure)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        if wait:
            processes.wait_until(lambda: error or self.waits(wait), f"'{wait}' to wait for the table", 30)
        else:
            thread.join(30)
        if kill:
            self.job.kill()
        self.proxy.release()
        thread.join(60)
        assert not error and not thread.is_alive(), error
        if kill:
            self.job = self.ctx.start_run(self.path, interval="50ms")

    def waits(self, begin):
        rows = self.ctx.server.execute(
            f"SELECT INFO FROM information_schema.PROCESSLIST WHERE DB = '{self.db}' AND STATE LIKE 'Waiting for%'"
        )
        return any(str(row[0]).startswith(begin) for row in rows)

    def equal(self, *tables, **options):
        for table in tables or ("t",):
            self.ctx.wait_equal(f"{self.db}.{table}", job=self.job, seconds=60, **options)
        self.job.terminate(5)
        # The state it left is good for another run, and nothing is left to be copied.
        for table in tables or ("t",):
            if not options:
                self.ctx.server.execute(f"DELETE FROM {table} LIMIT 1", self.db)
        self.ctx.catch_up(self.path)
        for table in tables or ("t",):
            self.ctx.equal(f"{self.db}.{table}", **options)


BEFORE = (
    "UPDATE t SET n = -n WHERE id % 7 = 0; DELETE FROM t WHERE id % 11 = 0; "
    "UPDATE t SET id = id + 50000 WHERE id % 13 = 0; "
)
ALTER = (
    "ALTER TABLE t ADD COLUMN x INT NOT NULL DEFAULT 5 FIRST, DROP COLUMN c, MODIFY n BIGINT, RENAME COLUMN v TO w; "
)
AFTER = (
    "UPDATE t SET x = 6 WHERE id % 3 = 0; DELETE FROM t WHERE id % 17 = 0; "
    "UPDATE t SET id = id + 100000 WHERE id % 19 = 0; INSERT INTO t (id, w, n) VALUES (900000, 'new', 4000000); "
)


def test_altered(ctx):
    copy = Copy(ctx)
    copy.execute(BEFORE + ALTER + AFTER, "ALTER")
    copy.equal()
    assert "was altered during its copy" in copy.job.err(), copy.job.tail()


def test_binary_columns_come_and_go(ctx):
    copy = Copy(ctx, "ALTER TABLE t ADD COLUMN b BLOB DEFAULT 'b', ADD COLUMN k BINARY(4) DEFAULT 'k'; ")
    copy.execute(
        BEFORE + "ALTER TABLE t ADD COLUMN tiny TINYBLOB, ADD COLUMN fixed BINARY(255), ADD COLUMN var VARBINARY(10), "
        "MODIFY b MEDIUMBLOB, MODIFY k VARBINARY(9); UPDATE t SET tiny = 0xff, var = 'v', k = 'kk' WHERE id % 3 = 0",
        "ALTER",
    )
    copy.equal()


def test_altered_and_killed(ctx):
    copy = Copy(ctx)
    copy.execute(BEFORE + ALTER + AFTER, "ALTER", kill=True)
    copy.equal()


def test_altered_under_lenient(ctx):
    copy = Copy(ctx, pipeline={})
    copy.execute(BEFORE + "ALTER TABLE t ADD COLUMN x INT DEFAULT 5; " + AFTER.replace("w,", "v,"), "ALTER")
    copy.equal()


def test_key_renamed_and_widened(ctx):
    copy = Copy(ctx)
    copy.execute(
        BEFORE + "ALTER TABLE t CHANGE id k BIGINT; "
        "UPDATE t SET k = k + (1 << 40) WHERE k % 5 = 0; DELETE FROM t WHERE k % 3 = 0",
        "ALTER",
    )
    copy.equal()


def test_key_of_another_order(ctx):
    """The bounds of the chunks mean nothing any more: the table is copied anew over what the sink has."""
    for collation in ("utf8mb4_nopad_bin", "utf8mb4_general_ci"):
        ctx.state, ctx.warehouse = ctx.dir + "/state-" + collation, ctx.dir + "/lake-" + collation
        ctx.lake.warehouse = ctx.warehouse
        copy = Copy(
            ctx,
            "ALTER TABLE t ADD COLUMN k VARCHAR(9) COLLATE utf8mb4_bin NOT NULL DEFAULT 'k', DROP PRIMARY KEY, "
            "ADD PRIMARY KEY (id, k); ",
        )
        copy.execute(
            BEFORE + f"ALTER TABLE t MODIFY k VARCHAR(9) COLLATE {collation} NOT NULL DEFAULT 'k'; "
            "UPDATE t SET k = 'm' WHERE id % 3 = 0; DELETE FROM t WHERE id % 17 = 0; DELETE FROM t WHERE id = 5; "
            "INSERT INTO t (id, n) VALUES (5, 5), (800000, 1)",
            "ALTER",
        )
        copy.equal()


def test_several_alters_and_back_again(ctx):
    """The definition after them is the one before them; the values of the column are not."""
    copy = Copy(ctx)
    copy.execute(
        BEFORE + "ALTER TABLE t DROP COLUMN c; ALTER TABLE t ADD COLUMN c INT DEFAULT 7; "
        "UPDATE t SET c = id WHERE id % 3 = 0; "
        "DELETE FROM t WHERE id % 17 = 0; UPDATE t SET id = id + 100000 WHERE id % 19 = 0; ",
        "ALTER",
    )
    copy.equal()


def test_truncated(ctx):
    copy = Copy(ctx)
    copy.execute(
        BEFORE + "TRUNCATE TABLE t; INSERT INTO t VALUES (5, 'new', 1, 1), (15000, 'new', 1, 1), (90000, 'x', 1, 1); "
        "DELETE FROM t WHERE id = 90000",
        "TRUNCATE",
    )
    copy.equal()


def test_dropped(ctx):
    copy = Copy(ctx, "CREATE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (1); ")
    copy.execute("DROP TABLE t; INSERT INTO u VALUES (2)", "DROP")
    copy.equal("u")
    assert "was dropped or renamed during its copy" in copy.job.err(), copy.job.tail()
    assert ctx.lake.count(f"{copy.db}.t") == 0


def test_dropped_and_made_again(ctx):
    copy = Copy(ctx)
    copy.execute(BEFORE + "DROP TABLE t; " + SCRIPT.replace(str(ROWS), "3000") + "DELETE FROM t WHERE id = 7", "DROP")
    copy.equal()


def test_dropped_and_killed(ctx):
    copy = Copy(ctx, "CREATE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (1); ")
    copy.execute("DROP TABLE t; INSERT INTO u VALUES (2)", "DROP", kill=True)
    copy.equal("u")


GHOST = (
    "ALTER TABLE _t_gho ADD COLUMN x INT DEFAULT 9, DROP COLUMN c; "
    "INSERT INTO _t_gho (id, v, n) SELECT id, v, n FROM t; "
    "RENAME TABLE t TO _t_del, _t_gho TO t; INSERT INTO t VALUES (700000, 'new', 3, 3); DELETE FROM t WHERE id % 23 = 0"
)


def test_online_schema_change(ctx):
    copy = Copy(ctx, source={"tables.exclude": "\\.*.\\_t_\\.*"})
    copy.execute(BEFORE + "CREATE TABLE _t_gho LIKE t; " + GHOST, "RENAME")
    copy.equal()


def test_tables_of_one_read(ctx):
    """Tables without a key and of an order that only the server knows, changed before their view."""
    db = ctx.database(
        "CREATE TABLE x1 (a INT, b INT, c VARCHAR(9)); INSERT INTO x1 SELECT seq, seq, 'a' FROM seq_1_to_500; "
        "CREATE TABLE x2 (k VARCHAR(20) PRIMARY KEY, b INT); INSERT INTO x2 "
        "SELECT CONCAT('k', seq), 1 FROM seq_1_to_500; "
        "CREATE TABLE x3 LIKE x1; INSERT INTO x3 SELECT * FROM x1; "
        "CREATE TABLE x4 LIKE x1; INSERT INTO x4 SELECT * FROM x1"
    )
    path = ctx.pipeline(f"{db}.\\.*", pipeline=EVOLVE)
    changes = """INSERT INTO x1 VALUES (1001, 1, 'b'), (1002, 1, 'b');
        ALTER TABLE x1 DROP COLUMN b, ADD COLUMN d INT DEFAULT 4;
        INSERT INTO x1 (a) VALUES (2001), (2002); INSERT INTO x2 VALUES ('l1', 2), ('l2', 2), ('l3', 2);
        ALTER TABLE x2 DROP COLUMN b, ADD COLUMN d INT DEFAULT 4; INSERT INTO x2 (k) VALUES ('m1'), ('m2');
        DELETE FROM x2 WHERE k LIKE '%1'; UPDATE x2 SET d = 5 WHERE k LIKE '%2'; INSERT INTO x3 VALUES (0, 0, 'lost');
        TRUNCATE x3; INSERT INTO x3 VALUES (1, 1, 'new'), (1, 1, 'new'); ALTER TABLE x4 DROP COLUMN c;
        INSERT INTO x4 VALUES (1, 1); ALTER TABLE x4 ADD COLUMN c VARCHAR(9); INSERT INTO x4 VALUES (2, 2, 'two')"""
    with ctx.server.connect(db) as session, session.cursor() as cursor:
        cursor.execute("LOCK TABLES x1 WRITE, x2 WRITE, x3 WRITE, x4 WRITE")
        job = ctx.start_run(path, interval="50ms")
        processes.wait_until(lambda: "x4 created" in job.err() or not job.running(), "the start of the copy", 30)
        for sql in split_statements(changes):
            cursor.execute(sql)
        cursor.execute("UNLOCK TABLES")
    for table in ("x1", "x2", "x3", "x4"):
        ctx.wait_equal(f"{db}.{table}", job=job)
    job.terminate(5)


def test_table_made_during_the_copy(ctx, added=False):
    copy = Copy(ctx, source={"scan.newly-added-table.enabled": added})
    copy.execute("CREATE TABLE u (id INT PRIMARY KEY, v INT); INSERT INTO u VALUES (1, 1), (2, 2)", kill=True)
    copy.equal("t", "u")
    assert "is new to this job" not in copy.job.err(), copy.job.tail()


def test_table_made_during_the_copy_of_a_job_that_adds_tables(ctx):
    test_table_made_during_the_copy(ctx, True)


def test_copy_without_a_log_says_so(ctx):
    """Startup mode `snapshot` has no log to tell how a table was altered; one that is dropped is left out."""
    mode = {"scan.startup.mode": "snapshot"}
    copy = Copy(ctx, "CREATE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (1); ", source=mode)
    copy.execute("DROP TABLE t", "DROP")
    result = copy.job.wait(60)
    assert result.code == 0 and "it is left out" in result.err, result.err
    ctx.equal(f"{copy.db}.u")
    ctx.state = ctx.dir + "/state2"
    copy = Copy(ctx, source=mode)
    copy.execute(ALTER, "ALTER")
    result = copy.job.wait(60)
    assert result.code == 1 and "was altered during its copy" in result.err, result.err


def test_column_dropped_between_the_making_of_the_table_and_its_first_epoch(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT, c INT); INSERT INTO t VALUES (1, 2, 3)")
    path = ctx.pipeline(f"{db}.t", pipeline=EVOLVE)
    job = ctx.start_run(path, env={"SLUICE_FAILPOINT": "table.after_create"})
    assert job.wait(30).code == -9
    ctx.server.execute("ALTER TABLE t DROP COLUMN c, ADD COLUMN d INT DEFAULT 7 FIRST", db)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t", columns=["d", "id", "v"])
    ctx.server.execute("ALTER TABLE t ADD COLUMN c INT DEFAULT 4; INSERT INTO t VALUES (8, 2, 5, 6)", db)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t", columns=["d", "id", "v", "c"])


DDL = (
    "ALTER TABLE t ADD COLUMN x{n} INT DEFAULT {n}",
    "ALTER TABLE t DROP COLUMN IF EXISTS c",
    "ALTER TABLE t ADD COLUMN IF NOT EXISTS c INT DEFAULT {n}",
    "ALTER TABLE t ADD COLUMN IF NOT EXISTS c INT DEFAULT {n} FIRST",
    "ALTER TABLE t MODIFY n BIGINT",
    "ALTER TABLE t FORCE",
    "ALTER TABLE t MODIFY id BIGINT",
    "TRUNCATE TABLE t",
    "CREATE TABLE _t_gho LIKE t; ALTER TABLE _t_gho ADD COLUMN g{n} INT DEFAULT 1; INSERT INTO _t_gho (id, v, n)"
    " SELECT id, v, n FROM t; RENAME TABLE t TO _t_del, _t_gho TO t; DROP TABLE _t_del",
)


def test_random_ddl_and_kills(ctx):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    for run in range(6):
        try:
            random_run(ctx, random.Random(seed + run), run)
        except AssertionError as error:
            raise AssertionError(f"seed {seed} run {run}: {error}") from error


test_random_ddl_and_kills.seconds = 400


def random_run(ctx, rng, run):
    ctx.state, ctx.warehouse = ctx.dir + f"/state{run}", ctx.dir + f"/lake{run}"
    ctx.lake.warehouse = ctx.warehouse
    db = ctx.database(SCRIPT)
    path = ctx.pipeline(
        f"{db}.t", pipeline=EVOLVE, name=f"p{run}.yaml", source={"scan.incremental.snapshot.chunk.size": 200}
    )

    swap = threading.Lock()

    def step(cursor, n):
        for sql in (
            f"UPDATE t SET n = {n} WHERE id BETWEEN {rng.randint(1, ROWS)} AND {rng.randint(1, ROWS)} LIMIT 20",
            f"REPLACE INTO t (id, v, n) VALUES ({rng.randint(1, ROWS * 2)}, 'r{n}', {n})",
            f"DELETE FROM t WHERE id = {rng.randint(1, ROWS)}",
            f"UPDATE IGNORE t SET id = {rng.randint(1, ROWS * 2)} WHERE id = {rng.randint(1, ROWS)}",
        ):
            cursor.execute(sql)
        if n % 10 == 9:
            ddl = rng.choice(DDL).format(n=n)
            with swap if "RENAME" in ddl else contextlib.nullcontext():
                for sql in ddl.split("; "):
                    cursor.execute(sql)

    load = harness.Load(ctx.server, step, db, pause=0.002)
    for _ in range(4):
        end = time.monotonic() + rng.uniform(0.1, 1.2)
        with swap:  # its first process must not begin in the middle of one (README, Limits)
            job = ctx.start_run(path, interval="20ms")
            begun = lambda j=job: not j.running() or glob.glob(ctx.state + "/checkpoint-*")
            processes.poll(begun, end - time.monotonic(), 0.002)
        job.kill_after(end - time.monotonic())
        ctx.jobs.remove(job)
    load.stop()
    ctx.catch_up(path)
    columns = [row[0] for row in ctx.server.execute("SHOW COLUMNS FROM t", db)]
    # In their order only if no attempt made the table and died before its first checkpoint.
    held = {name for name, _ in ctx.lake.columns(f"{db}.t")}
    assert held == set(columns), f"the lake has {held}, the source {columns}"
    ctx.equal(f"{db}.t", columns=columns)
    ctx.server.execute("UPDATE t SET n = 1 LIMIT 5; DELETE FROM t LIMIT 5", db)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t", columns=columns)


def test_default_that_the_server_shows_otherwise(ctx):
    """The server shows the default of a TIMESTAMP in the time zone of who asks: not a reason to wait for ever."""
    copy = Copy(ctx)
    copy.execute(
        "SET time_zone = '+09:00'; ALTER TABLE t ADD COLUMN at TIMESTAMP(6) NULL DEFAULT '2030-01-02 03:04:05.5'; "
        "INSERT INTO t (id, n) VALUES (90000, 1)",
        "ALTER",
    )
    copy.equal()
