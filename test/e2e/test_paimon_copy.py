# SPDX-License-Identifier: Apache-2.0
"""The initial copy of a Paimon table by several connections: its files become the highest level as they are, so that
the log that follows finds one sorted run in each bucket; killed on the way, the copy goes on and is right."""

import paimon_job

ROWS = 6000
TABLE = f"""CREATE TABLE t (id INT PRIMARY KEY, text VARCHAR(1000));
INSERT INTO t SELECT seq, CONCAT(SHA2(seq, 512), SHA2(-seq, 512), REPEAT(SHA2(seq % 97, 512), 4)) FROM seq_1_to_{ROWS}
"""
# Files of 16 KiB and more can be raised, and a buffer holds the rows of about one part.
SMALL = {"bucket": 2, "target-file-size": "512 kb", "write-buffer-size": "512 kb", "file.compression": "none"}
PARTS = {"scan.incremental.snapshot.chunk.size": 700}
CHANGES = "UPDATE t SET text = CONCAT('changed ', id) WHERE id % 3 = {n}; DELETE FROM t WHERE id % 50 = {n}"


def copied(ctx, table=None, source=None):
    """(table, pipeline file, level -> files of each bucket) after the copy."""
    db = ctx.database(TABLE)
    ctx.state = paimon_job.state(ctx, db)
    path = paimon_job.pipeline(ctx, f"{db}.t", {**SMALL, **(table or {})}, source={**PARTS, **(source or {})})
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    return f"{db}.t", path, list(paimon_job.files(ctx, f"{db}.t").levels().values())


def test_one_run_in_each_bucket(ctx):
    table, path, buckets = copied(ctx)
    assert len(buckets) == 2, buckets
    for levels in buckets:
        rows = {level: sum(file.rows for file in files) for level, files in levels.items()}
        assert rows[5] > 0.8 * ROWS / 2, f"{rows} of {ROWS / 2} rows"
        assert not any(file.compacted for files in levels.values() for file in files), "a compaction wrote files"
    for n in range(3):  # the log
        ctx.server.execute(CHANGES.format(n=n), table.split(".", maxsplit=1)[0])
        ctx.catch_up(path)
        paimon_job.equal(ctx, table)


def test_tables_of_each_kind(ctx):
    for options in (
        {"changelog-producer": "input"},
        {"changelog-producer": "lookup"},
        {"changelog-producer": "full-compaction"},
        {"deletion-vectors.enabled": "true"},
        {"bucket": -1, "dynamic-bucket.target-row-num": 2000},
        {"file.format.per.level": "0:avro", "file.compression": "zstd"},
    ):
        table, path, _ = copied(ctx, options)
        ctx.server.execute(CHANGES.format(n=1), table.split(".", maxsplit=1)[0])
        ctx.catch_up(path)
        paimon_job.equal(ctx, table)


def test_killed_during_the_copy(ctx):
    db = ctx.database(TABLE)
    path = paimon_job.pipeline(ctx, f"{db}.t", SMALL, source=PARTS)
    for batches in (3, 5, 2, 6, 4, 7):  # commits come between
        env = {"SLUICE_FAILPOINT": f"snapshot.after_batch:{batches}"}
        ctx.catch_up(path, env=env, interval="10ms", code=None)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t", orphans=True)
    ctx.server.execute(CHANGES.format(n=1), db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t", orphans=True)
