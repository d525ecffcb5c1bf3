# SPDX-License-Identifier: Apache-2.0
"""sequence.snapshot-ordering: `sluice read` of a table that Paimon's Java code wrote (ordered.tar.xz in
test/data/paimon), where the rows of newer snapshots have lower sequence numbers than older ones that they replace."""

import json
import os
import tarfile

import paimon_job
import processes
from test_paimon_actions import action

ARCHIVE = os.path.join(processes.root_dir(), "test", "data", "paimon", "ordered.tar.xz")
FIRST = {number: f"old{192 + number}" for number in range(8)}
SECOND = {**{key: value for key, value in FIRST.items() if key != 3}, 1: "new", 2: "new"}
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


def test_writing_is_refused_by_name(ctx):
    table = unpack(ctx)
    assert "sequence.snapshot-ordering" in action(ctx, "compact", table, code=1)
    assert len(ctx.lake.snapshot_ids(table)) == len(SNAPSHOTS)
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))")
    path = paimon_job.pipeline(ctx, f"{db}.t", {"sequence.snapshot-ordering": "true"})
    ctx.fails(path, "sequence.snapshot-ordering", code=2)
