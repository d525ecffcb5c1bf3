# SPDX-License-Identifier: Apache-2.0
"""Paimon tables with postponed buckets (bucket = -2): what the sink writes is seen after `sluice paimon compact`."""

import re

import paimon_job
from test_paimon_actions import action

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, dt VARCHAR(10), v VARCHAR(40));"
    "INSERT INTO t SELECT seq, CONCAT('d', seq % 2), 'v' FROM seq_1_to_400"
)
STEPS = (
    "UPDATE t SET v = 'u' WHERE id % 3 = 0; DELETE FROM t WHERE id % 10 = 1",
    "INSERT INTO t VALUES (1, 'd1', 'again'), (1000, 'd0', 'new'); UPDATE t SET v = 'w' WHERE id % 6 = 0",
    "ALTER TABLE t ADD COLUMN more INT; UPDATE t SET more = id WHERE id < 50",
    "UPDATE t SET dt = 'd2' WHERE id < 20",
)
# As Java's compaction expects them, which it orders by the writer.
NAME = re.compile(r"data--u-[^-]+-s-\d+-w-[-0-9a-f]{36}-0\.parquet")


def postponed(ctx, table):
    walk = paimon_job.files(ctx, table)
    return [file for file in walk.live(walk.snapshots()[-1]) if file.bucket == -2]


def test_rows_are_seen_after_a_compaction(ctx):
    for name, options, key in (
        ("sized", {"postpone.target-row-num-per-bucket": 150}, None),
        ("given", {"postpone.default-bucket-num": 2}, "dt"),
    ):
        db = ctx.database(SCRIPT)
        table = f"{db}.t"
        ctx.state = paimon_job.state(ctx, name)
        sink = {"partition.key": f"{table}:{key}"} if key else None
        path = paimon_job.pipeline(ctx, table, {"bucket": -2, **options}, sink=sink)
        ctx.catch_up(path)
        assert ctx.lake.rows(table)[1] == [] and postponed(ctx, table)
        assert all(NAME.fullmatch(file.name) for file in postponed(ctx, table)), postponed(ctx, table)
        action(ctx, "compact", table)
        assert not postponed(ctx, table) and paimon_job.kinds(ctx, table) == ["APPEND", "COMPACT"]
        paimon_job.equal(ctx, table)
        walk = paimon_job.files(ctx, table)
        live = walk.live(walk.snapshots()[-1])
        assert {(file.bucket, file.total_buckets) for file in live} == (
            {(0, 2), (1, 2)} if key else {(0, 3), (1, 3), (2, 3)}
        )
        for step in STEPS:
            before = sorted(ctx.lake.rows(table, ["id", "v"])[1])
            ctx.server.execute(step, db)
            ctx.catch_up(path)
            assert sorted(ctx.lake.rows(table, ["id", "v"])[1]) == before
            action(ctx, "compact", table)
            paimon_job.equal(ctx, table)


def test_several_epochs_keep_their_order(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": -2}, pipeline={"schema.change.behavior": "evolve"})
    ctx.catch_up(path)
    for step in STEPS[:3]:
        ctx.server.execute(step, db)
        ctx.catch_up(path)
    assert len(postponed(ctx, table)) >= 4
    action(ctx, "compact", table, compact_strategy="minor")
    levels = list(paimon_job.files(ctx, table).levels().values())
    assert [list(each) for each in levels] == [[0]], levels  # no more than moved
    paimon_job.equal(ctx, table)
    ctx.server.execute("TRUNCATE t; INSERT INTO t VALUES (7, 'd', 'last', 1)", db)
    ctx.catch_up(path)
    action(ctx, "compact", table)
    paimon_job.equal(ctx, table)


def test_what_cannot_be_is_refused(ctx):
    db = ctx.database(SCRIPT + "; CREATE TABLE k (id INT)")
    for name, options, words in (
        ("t", {"changelog-producer": "input"}, "changelog-producer"),
        ("k", {}, "primary key"),
        ("t", {"postpone.default-bucket-num": 0}, "postpone.default-bucket-num"),
    ):
        path = paimon_job.pipeline(ctx, f"{db}.{name}", {"bucket": -2, **options})
        result = ctx.command("check", path)
        ctx.jobs.pop()
        assert result.code != 0 and words in result.err + result.out, result.err + result.out
