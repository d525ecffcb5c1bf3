# SPDX-License-Identifier: Apache-2.0
"""When nothing comes, buckets that were written over are compacted into one sorted run, and no others."""

import signal

import paimon_iceberg
import paimon_job

ROWS = 6000
TABLE = f"""CREATE TABLE t (id INT PRIMARY KEY, text VARCHAR(1000));
INSERT INTO t SELECT seq, CONCAT(SHA2(seq, 512), SHA2(-seq, 512), REPEAT(SHA2(seq % 97, 512), 4)) FROM seq_1_to_{ROWS}
"""
LARGE = {"bucket": 2, "file.compression": "none"}  # 2 MB a bucket: small ones are left alone
OVER = "UPDATE t SET text = CONCAT({n}, '. ', text) WHERE id % 10 < {tenths}"
NOTE = "compacted while nothing comes"


def runs(ctx, table) -> list[int]:
    """Sorted runs of each bucket: files of level 0 and the other levels."""
    buckets = paimon_job.files(ctx, table).levels().values()
    return [len(levels.get(0, ())) + sum(level > 0 for level in levels) for levels in buckets]


def write_over(ctx, db, times, tenths=10):
    for n in range(times):
        ctx.server.execute(OVER.format(n=n, tenths=tenths), db)


def copied(ctx, options=None, sink=None):
    db = ctx.database(TABLE)
    ctx.state = paimon_job.state(ctx, db)
    path = paimon_job.pipeline(ctx, f"{db}.t", {**LARGE, **(options or {})}, sink)
    assert NOTE not in ctx.catch_up(path).err, "a copy is no change"
    return db, path


def test_a_run_that_writes_a_table_over_leaves_one_run(ctx):
    db, path = copied(ctx)
    table = f"{db}.t"
    write_over(ctx, db, times=3)
    assert NOTE in ctx.catch_up(path).err
    assert runs(ctx, table) == [1, 1], runs(ctx, table)
    assert paimon_job.kinds(ctx, table)[-1] == "COMPACT"
    paimon_job.equal(ctx, table)
    write_over(ctx, db, times=3, tenths=3)  # fewer changes than rows
    assert NOTE not in ctx.catch_up(path).err
    assert runs(ctx, table) == [2, 2], runs(ctx, table)
    paimon_job.equal(ctx, table)


def test_a_running_job_compacts_once_when_nothing_comes(ctx):
    db, path = copied(ctx)
    table = f"{db}.t"
    job = ctx.start_run(path)
    for n in range(5):  # the fourth makes five runs, which are compacted at once
        ctx.server.execute(OVER.format(n=n, tenths=10), db)
        ctx.wait_equal(table, job=job)
    job.wait_text(NOTE, 60)
    assert runs(ctx, table) == [1, 1], runs(ctx, table)
    write_over(ctx, db, times=1, tenths=2)
    ctx.wait_equal(table, job=job)
    job.terminate()
    assert job.err().count(NOTE) == 1 and "another writer" not in job.err(), job.err()
    paimon_job.equal(ctx, table)


def test_tables_of_each_kind(ctx):
    for options, rests in (
        ({"changelog-producer": "input"}, True),
        ({"changelog-producer": "lookup"}, None),  # each epoch compacts, so that one run may be left
        ({"bucket": -1, "dynamic-bucket.target-row-num": 3000}, True),
        ({"merge-engine": "partial-update"}, True),
        (paimon_iceberg.BESIDE, True),
        ({"changelog-producer": "full-compaction", "full-compaction.delta-commits": "1000"}, False),
        ({"deletion-vectors.enabled": "true"}, False),
        ({"write-only": "true"}, False),
    ):
        db, path = copied(ctx, options)
        table = f"{db}.t"
        write_over(ctx, db, times=3)
        rested = NOTE in ctx.catch_up(path).err
        assert rests in (None, rested), options
        paimon_job.equal(ctx, table)
        write_over(ctx, db, times=1, tenths=1)
        ctx.catch_up(path)
        paimon_job.equal(ctx, table)
        if options == paimon_iceberg.BESIDE:
            assert paimon_iceberg.shows(ctx, table) > 2


def test_killed_in_it(ctx):
    db, path = copied(ctx)
    table = f"{db}.t"
    for point in ("paimon.after_manifest_lists:2", "paimon.after_snapshot:2", "paimon.after_snapshot:1"):
        write_over(ctx, db, times=5)
        result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": point}, code=None)
        assert result.code == -signal.SIGKILL, f"{point}: {result.code}\n{result.err}"
        ctx.catch_up(path)
        paimon_job.equal(ctx, table, orphans=True)
