# SPDX-License-Identifier: Apache-2.0
"""sequence.snapshot-ordering: a table that Paimon's Java code wrote (ordered.tar.xz in test/data/paimon), where rows of
newer snapshots have lower sequence numbers than older ones that they replace, and tables of jobs."""

import json
import os
import tarfile

import paimon_job
import processes
from test_paimon_actions import action

ARCHIVE = os.path.join(processes.root_dir(), "test", "data", "paimon", "ordered.tar.xz")
FIRST = {number: f"old{192 + number}" for number in range(8)}
SECOND = {**{key: value for key, value in FIRST.items() if key != 3}, 1: "new", 2: "new"}
ORDERED = {"bucket": 1, "write-only": "true", "sequence.snapshot-ordering": "true"}
SNAPSHOTS = {
    "1": FIRST,
    "2": SECOND,
    "3": SECOND,  # a compaction
    "4": {**SECOND, 2: "newer", 9: "nine"},
    "5": {**SECOND, 1: "newest", 2: "newer", 9: "nine again"},
}


def unpack(ctx):
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(ctx.warehouse)
    paimon_job.use(ctx)
    return "ordered.pk"


def test_the_newest_snapshot_wins(ctx):
    table = unpack(ctx)
    for snapshot, expected in SNAPSHOTS.items():
        lines = paimon_job.read(ctx, table, "--snapshot", snapshot).splitlines()
        rows = {row["id"]: row["v"] for row in map(json.loads, lines)}
        assert rows == expected and len(lines) == len(expected), f"snapshot {snapshot}: {rows}"


def rows_of(ctx, table):
    return {row["id"]: row["v"] for row in map(json.loads, paimon_job.read(ctx, table).splitlines())}


def same(ctx, db):
    """By `sluice read`: pypaimon goes by the rows' own numbers until they are compacted."""
    rows = {int(key): value for key, value in ctx.server.execute("SELECT id, v FROM t", db)}
    assert rows_of(ctx, f"{db}.t") == rows
    paimon_job.sound(ctx, f"{db}.t")


def numbers(ctx, table):
    """The snapshots that each file of the table has its rows from, first and last."""
    levels = paimon_job.files(ctx, table).levels().values()
    return sorted((f.min_sequence, f.max_sequence) for bucket in levels for files in bucket.values() for f in files)


def test_a_table_of_java_is_compacted(ctx):
    table = unpack(ctx)
    action(ctx, "compact", table)
    assert rows_of(ctx, table) == SNAPSHOTS["5"]
    assert numbers(ctx, table) == [(1, 5)]
    paimon_job.sound(ctx, table)


def test_a_job_writes_one(ctx):
    """Also with a buffer that is written several times in an epoch, and beside another writer's rows."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(60));"
        "INSERT INTO t SELECT seq, REPEAT('a', 50) FROM seq_1_to_20000"
    )
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {**ORDERED, "write-buffer-size": "256 kb"})
    ctx.catch_up(path)
    paimon_job.equal(ctx, table)
    ctx.server.execute(
        "UPDATE t SET v = CONCAT('b', id) WHERE id % 2 = 0; UPDATE t SET v = CONCAT('c', id);"
        "DELETE FROM t WHERE id > 19000",
        db,
    )
    ctx.catch_up(path)
    action(ctx, "delete", table, where="id = 7")
    ctx.server.execute("DELETE FROM t WHERE id = 7; UPDATE t SET v = 'd' WHERE id BETWEEN 5 AND 9", db)
    ctx.catch_up(path)
    same(ctx, db)
    last = ctx.lake.snapshot_ids(table)[-1]
    assert all(first == number <= last for first, number in numbers(ctx, table)), numbers(ctx, table)
    action(ctx, "compact", table)
    paimon_job.equal(ctx, table)
    assert numbers(ctx, table)[-1][1] == last
    ctx.server.execute("UPDATE t SET v = 'e' WHERE id < 100", db)
    ctx.catch_up(path)
    same(ctx, db)


def test_what_java_refuses_is_refused(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))")
    for options in (
        {"sequence.snapshot-ordering": "true"},
        {**ORDERED, "sequence.field": "v"},
        {**ORDERED, "bucket": -2},  # there Java gives rows another order
    ):
        path = paimon_job.pipeline(ctx, f"{db}.t", options)
        ctx.fails(path, "sequence.snapshot-ordering", code=1)
