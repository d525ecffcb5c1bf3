# SPDX-License-Identifier: Apache-2.0
"""Another program writes into the Paimon tables of a job: its rows stay, and what the source changes later wins."""

import harness
import paimon_job
from paimon_job import FIXED

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), d DATE); INSERT INTO t SELECT seq, CONCAT('v', seq),"
    " DATE_ADD('2024-01-01', INTERVAL seq % 3 DAY) FROM seq_1_to_60"
)
OURS = (
    "UPDATE t SET v = 'ours {n}' WHERE id % 8 = {n}; DELETE FROM t WHERE id = {n} + 20;"
    "INSERT INTO t VALUES ({n} + 500, 'new', NULL)"
)


def foreign_rows(ids, text="foreign"):
    return [{"id": number, "v": text, "d": "2024-05-05"} for number in ids]


def expected(ctx, db, extra):
    """The source's rows and those of the other program whose keys the source has not."""
    rows = ctx.server.execute("SELECT CAST(id AS CHAR), v, CAST(d AS CHAR) FROM t", db)
    return sorted([tuple(row) for row in rows] + extra, key=str)


def check(ctx, db, extra):
    table = f"{db}.t"
    rows = ctx.lake.rows(table)[1]
    assert sorted(rows, key=str) == expected(ctx, db, extra), f"{sorted(rows, key=str)}\n{expected(ctx, db, extra)}"
    ours = ctx.lake.rows_of_jsonl(table, paimon_job.read(ctx, table))[1]
    assert sorted(ours, key=str) == sorted(rows, key=str), "sluice read shows other rows"
    paimon_job.sound(ctx, table, field_ids=False)


def between_two_runs(ctx, options, sink=None):
    db = ctx.database(SCRIPT)
    sink = {key: value.format(db=db) for key, value in (sink or {}).items()}
    path = paimon_job.pipeline(ctx, f"{db}.t", options, sink)
    ctx.catch_up(path)
    extra = []
    for n in range(8):  # so many that the other's files are compacted with ours
        ids = [1000 + 10 * n + i for i in range(4)]
        ctx.lake.write(f"{db}.t", foreign_rows([*ids, 600 + n]))
        extra += [(str(number), "foreign", "2024-05-05") for number in ids]
        ctx.server.execute(OURS.format(n=n), db)
        ctx.server.execute(f"INSERT INTO t VALUES ({600 + n}, 'the source has it now', '2024-05-05')", db)
        ctx.catch_up(path)
        check(ctx, db, extra)
    assert "COMPACT" in paimon_job.kinds(ctx, f"{db}.t"), paimon_job.kinds(ctx, f"{db}.t")


def test_between_two_runs_in_fixed_buckets(ctx):
    between_two_runs(ctx, FIXED)


def test_between_two_runs_in_dynamic_buckets(ctx):
    between_two_runs(ctx, {})


def test_between_two_runs_in_partitions(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), d DATE NOT NULL); INSERT INTO t SELECT seq, 'v',"
        " DATE_ADD('2024-01-01', INTERVAL seq % 3 DAY) FROM seq_1_to_30"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, {"partition.key": f"{db}.t:d"})
    ctx.catch_up(path)
    for n in range(6):
        ctx.lake.write(f"{db}.t", foreign_rows([n + 100, n + 200]))
        ctx.server.execute(
            f"UPDATE t SET d = DATE_ADD(d, INTERVAL 1 DAY) WHERE id % 4 = {n % 4};"
            f"INSERT INTO t VALUES ({n} + 100, 'ours', '2024-05-05')",
            db,
        )
        ctx.catch_up(path)
        check(ctx, db, [(str(i + 200), "foreign", "2024-05-05") for i in range(n + 1)])


def test_a_key_of_ours_that_the_other_has_overwritten(ctx):
    """The source's next change of it has the higher sequence number, whoever held the highest one."""
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED)
    for n in range(6):
        ctx.catch_up(path)
        for _ in range(4):
            ctx.lake.write(f"{db}.t", foreign_rows(range(1, 40), "overwritten"))
        shown = {row[0]: row[1] for row in ctx.lake.rows(f"{db}.t")[1]}
        assert shown["7"] == "overwritten", shown
        ctx.server.execute(f"UPDATE t SET v = 'mine {n}', d = '2024-02-02' WHERE id < 40", db)
    ctx.catch_up(path)
    check(ctx, db, [])


def test_while_the_job_runs(ctx):
    """A running job has counted sequence numbers and chosen files to compact: both must follow what is there."""
    for options in (FIXED, {}):
        db = ctx.database(SCRIPT)
        ctx.state = paimon_job.state(ctx, str(len(options)))
        path = paimon_job.pipeline(ctx, f"{db}.t", options, warehouse=f"{ctx.dir}/lake-{len(options)}")
        job = ctx.start_run(path, interval="100ms")
        ctx.wait_equal(f"{db}.t", job=job)
        for n in range(8):
            ctx.lake.write(f"{db}.t", foreign_rows([2000 + n, 5, 6], f"foreign {n}"))
            ctx.server.execute(f"UPDATE t SET v = 'ours {n}', d = '2024-05-05' WHERE id < 9", db)
            extra = [(str(2000 + i), f"foreign {i}", "2024-05-05") for i in range(n + 1)]
            want = expected(ctx, db, extra)

            def same(want=want):
                return not job.running() or sorted(ctx.lake.rows(f"{db}.t")[1], key=str) == want

            try:
                harness.wait_until(same, "the rows of both writers", 15)
            except harness.Timeout:
                pass
            assert job.running(), job.tail()
            check(ctx, db, extra)
        job.terminate(5)
        check(ctx, db, extra)


def test_while_the_job_commits_without_a_pause(ctx):
    """Both commit at the same moments. pypaimon's own rename may lose on a local disk; no row of the source may."""
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED)
    job = ctx.start_run(path, interval="50ms")
    ctx.wait_equal(f"{db}.t", job=job)
    step = lambda c, n: c.execute(f"REPLACE INTO t VALUES ({n % 50 + 1}, '{n}', '2024-01-01')")
    load = harness.Load(ctx.server, step, db, pause=0.005)
    for n in range(25):
        ctx.lake.write(f"{db}.t", foreign_rows([3000 + n]))
    load.stop()
    own = lambda: sorted((row for row in ctx.lake.rows(f"{db}.t")[1] if int(row[0]) < 3000), key=str)
    harness.wait_until(lambda: not job.running() or own() == expected(ctx, db, []), "the source's rows", 30)
    job.terminate(5)
    assert own() == expected(ctx, db, [])
    paimon_job.sound(ctx, f"{db}.t", field_ids=False, orphans=True)


def test_tables_without_a_key(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT, v VARCHAR(40), d DATE); INSERT INTO t VALUES (1, 'a', NULL), (1, 'a', NULL)"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t")
    ctx.catch_up(path)
    for n in range(4):
        ctx.lake.write(f"{db}.t", foreign_rows([n, n]))
        ctx.server.execute(f"INSERT INTO t VALUES ({n}, 'ours', NULL), ({n}, 'ours', NULL)", db)
        ctx.catch_up(path)
        check(ctx, db, [(str(i), "foreign", "2024-05-05") for i in range(n + 1) for _ in range(2)])


def test_a_table_that_was_there_before_the_job(ctx):
    """A table that another program has made and filled is taken as it is: its rows stay, keys of the source win."""
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(ctx, f"{db}.t")
    fields = [("id", "INT NOT NULL"), ("v", "VARCHAR(40)"), ("d", "DATE")]
    ctx.lake.create(f"{db}.t", fields, ["id"], options={"bucket": "3"})
    ctx.lake.write(f"{db}.t", foreign_rows([1, 2, 900]))
    result = ctx.catch_up(path, code=None)
    if result.code:  # refused, by name and with a way out
        assert f"{db}.t" in result.err and "hint" in result.err, result.err
        return
    check(ctx, db, [("900", "foreign", "2024-05-05")])
