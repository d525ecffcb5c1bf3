# SPDX-License-Identifier: Apache-2.0
"""Snapshots of Paimon tables expire with their files; `sluice tables orphans` finds what a killed job left."""

import os
import signal

import harness
import paimon_job
import test_orphans
import test_paimon_changelog
from paimon_job import FIXED
from test_paimon_changes import applied, by_key, rows_of

FEW = {"snapshot.num-retained.min": 2, "snapshot.num-retained.max": 4}
KINDS = (
    ("fixed", {**FIXED, "num-sorted-run.compaction-trigger": 2, "changelog-producer": "input"}),
    ("dynamic", {"dynamic-bucket.target-row-num": 500, "num-sorted-run.compaction-trigger": 3}),
)
SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40)); INSERT INTO t SELECT seq, 'v' FROM seq_1_to_2000;"
    "CREATE TABLE s (id INT PRIMARY KEY, v VARCHAR(40)); INSERT INTO s SELECT seq, 'v' FROM seq_1_to_10"
)
EPOCHS = 90
MAINTAIN_EPOCHS = 20  # of a job that is never idle


def few_snapshots(ctx, table, most):
    ids = paimon_job.files(ctx, table).snapshot_ids()
    assert len(ids) <= most, f"{table} has {len(ids)} snapshots"
    assert ids == list(range(ids[0], ids[-1] + 1)), ids
    return ids


def readable(ctx, table):
    """pypaimon reads every snapshot that is there."""
    walk = paimon_job.files(ctx, table)
    ids = walk.snapshot_ids()
    assert walk.hint("EARLIEST") == ids[0] and walk.hint("LATEST") == ids[-1], ids
    for number in ids:
        assert ctx.lake.rows(table, snapshot_id=number)[1], f"{table}: snapshot {number} has no rows"


def test_many_epochs_leave_few_snapshots_and_files(ctx):
    for name, options in KINDS:
        db = ctx.database(SCRIPT)
        ctx.state = paimon_job.state(ctx, name)
        warehouse = os.path.join(ctx.dir, "lake-" + name)
        path = paimon_job.pipeline(ctx, f"{db}.\\.*", {**options, **FEW}, warehouse=warehouse)
        table = f"{db}.t"

        def step(cursor, n):
            cursor.execute(f"UPDATE t SET v = 'u{n}' WHERE id % 40 = {n % 40}")
            cursor.execute(f"REPLACE INTO t VALUES ({n * 7919 % 3000}, 'r{n}')")
            cursor.execute(f"DELETE FROM t WHERE id = {n * 31 % 2000}")

        job = ctx.start_run(path, interval="50ms")
        harness.wait_until(lambda: ctx.lake.exists(table) or not job.running(), "the table", 20)
        load = harness.Load(ctx.server, step, db, pause=0.01)
        most = 0

        def enough():
            nonlocal most
            ids = paimon_job.files(ctx, table).snapshot_ids()
            most = max(most, len(ids))
            return (ids and ids[-1] >= EPOCHS) or not job.running()

        harness.wait_until(enough, f"{EPOCHS} snapshots", 120)
        load.stop()
        assert 4 < most <= 4 + 2 * MAINTAIN_EPOCHS + 10, most  # two snapshots an epoch
        ctx.wait_equal(table, job=job)
        harness.wait_until(lambda: len(ctx.lake.snapshots(table)) <= 4, "the expiry of an idle job", 20)
        result = job.terminate(5)
        assert result.code in (0, 143) and "upkeep failed" not in result.err, result.err
        few_snapshots(ctx, table, 4)
        readable(ctx, table)
        named = paimon_job.files(ctx, table).named()
        assert len(named) < 150, f"{len(named)} files"
        for each in ("t", "s"):
            paimon_job.equal(ctx, f"{db}.{each}")
        # The position of the job is still there.
        ctx.server.execute("UPDATE t SET v = 'last' WHERE id < 9; UPDATE s SET v = 'last'", db)
        result = ctx.catch_up(path, state=paimon_job.state(ctx, name + "-second"))
        assert "position stored in the sink's tables" in result.err, result.err
        for each in ("t", "s"):
            paimon_job.equal(ctx, f"{db}.{each}")
        ctx.jobs.clear()


test_many_epochs_leave_few_snapshots_and_files.seconds = 400


def test_runs_that_end_when_they_have_caught_up(ctx):
    """As from cron: none of them is ever idle."""
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(ctx, f"{db}.t", {**FIXED, **FEW})
    for n in range(8):
        ctx.catch_up(path)
        few_snapshots(ctx, f"{db}.t", 4)
        ctx.server.execute(f"UPDATE t SET v = 'u{n}' WHERE id % 3 = 0", db)
    ctx.catch_up(path)
    readable(ctx, f"{db}.t")
    paimon_job.equal(ctx, f"{db}.t")


def test_write_only_tables_keep_their_snapshots(ctx):
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(ctx, f"{db}.s", {**FIXED, **FEW, "write-only": "true"})
    for n in range(6):
        ctx.catch_up(path)
        ctx.server.execute(f"UPDATE s SET v = 'u{n}'", db)
    assert len(few_snapshots(ctx, f"{db}.s", 6)) == 6
    readable(ctx, f"{db}.s")


def test_changelogs_outlive_their_snapshots(ctx):
    """The changes of snapshots that are gone are read until their changelogs go in turn, with exactly their files."""
    for producer in ("none", "lookup"):
        db = ctx.database(f"{test_paimon_changelog.SCHEMA}; {test_paimon_changelog.FILL}")
        table = f"{db}.t"
        options = {
            "bucket": 2,
            "num-sorted-run.compaction-trigger": 2,
            "snapshot.num-retained.min": 1,
            "snapshot.num-retained.max": 2,
            "changelog.num-retained.max": 6,
            "changelog-producer": producer,
        }
        path = paimon_job.pipeline(ctx, table, options)
        rows = {}  # after the snapshot
        for round_ in range(5):
            ctx.catch_up(path)
            rows[ctx.lake.snapshot_ids(table)[-1]] = rows_of(paimon_job.read(ctx, table))
            test_paimon_changelog.change(ctx, db, round_)
        ctx.catch_up(path)
        paimon_job.equal(ctx, table)
        walk = paimon_job.files(ctx, table)
        snapshots, changelogs = walk.snapshot_ids(), walk.changelog_ids()
        assert changelogs[0] > 1 and len(snapshots) == 2, f"{changelogs}, {snapshots}"
        assert changelogs + snapshots == list(range(snapshots[-1] - 5, snapshots[-1] + 1)), f"{changelogs}, {snapshots}"
        told = [number for number in rows if changelogs[0] <= number + 1 < snapshots[0]]
        assert told, f"{changelogs}, rows are known after {list(rows)}"
        now = by_key(rows_of(paimon_job.read(ctx, table)))
        for number in told:
            between = ("--incremental-between", f"{number},{snapshots[-1]}")
            follow = ("--follow", "--from-snapshot", str(number + 1), "--until", "caught-up")
            for arguments in (between, follow):
                changes = rows_of(paimon_job.read(ctx, table, *arguments))
                assert applied(rows[number], changes, producer != "none") == now, f"{producer}, {arguments}"
        folder = ctx.lake.folder(table)
        too_old = ("--follow", "--from-snapshot", str(changelogs[0] - 1), "--until", "caught-up")
        gone = ctx.command("read", folder, *too_old)
        assert gone.code != 0 and "has expired" in gone.err, gone.err
        result = ctx.command("tables", "orphans", folder, "--older-than", "0s")
        assert result.code == 0 and folder not in result.out, result.out + result.err


def test_orphans_command(ctx):
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(ctx, f"{db}.t", {"dynamic-bucket.target-row-num": 500, "changelog-producer": "input"})
    ctx.catch_up(path)
    ctx.server.execute("UPDATE t SET v = 'u' WHERE id % 7 = 0; INSERT INTO t VALUES (5000, 'i')", db)
    result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": "paimon.after_manifest_lists"}, code=None)
    assert result.code == -signal.SIGKILL, result.err
    folder = ctx.lake.folder(f"{db}.t")
    left = paimon_job.files(ctx, f"{db}.t").orphans()
    kinds = {os.path.relpath(file, folder).split("/")[0].split("-")[0] for file in left}
    assert kinds == {"bucket", "index", "manifest"} and len(left) >= 7, left

    rows = ctx.lake.rows(f"{db}.t")
    young = test_orphans.command_removes(ctx, folder, left)
    assert ctx.lake.rows(f"{db}.t") == rows
    assert paimon_job.files(ctx, f"{db}.t").orphans() == [young]
