# SPDX-License-Identifier: Apache-2.0
"""The Paimon source beyond following a table of whole rows: tables whose rows are merged when they are read, the rows
of a moment, and the changes between two."""

import json

import paimon_by_sluice
import paimon_job
import test_paimon_changelog
from lake import first_differences
from paimon_source import Second

PARTS = {"merge-engine": "partial-update", "ignore-delete": "true"}
SUMS = {"merge-engine": "aggregation", "fields.n.aggregate-function": "sum", "ignore-delete": "true"}
MERGED = {
    "parts": PARTS,
    "first": {"merge-engine": "first-row", "ignore-delete": "true"},
    "ordered": {"sequence.field": "g"},
    "postponed": {"bucket": -2},
}
SQL = "CREATE TABLE t (id INT PRIMARY KEY, g INT, n INT, v VARCHAR(20))"


def first(ctx, db, options):
    return paimon_job.pipeline(ctx, f"{db}.t", table={"bucket": 2, "num-sorted-run.compaction-trigger": 3, **options})


def same(ctx, second, table, snapshot=None):
    """The second table has the rows that the first one shows."""
    at = next((one for one in ctx.lake.snapshots(table) if one["id"] == snapshot), None)
    names, wanted = paimon_by_sluice.read(ctx.lake, table, at)
    columns, found = second.lake.rows(table)
    text = first_differences(names, wanted, columns, found)
    assert not text, f"{table}: {text}"


def change(ctx, db, number):
    ctx.server.execute(
        f"UPDATE t SET n = n + {number}, g = (g * 7 + {number}) % 10 WHERE id % 5 = {number % 5};"
        f"INSERT INTO t VALUES ({1000 + number}, {number % 3}, 1, NULL);"
        f"UPDATE t SET v = NULL, g = NULL WHERE id % 11 = {number};"
        f"DELETE FROM t WHERE id = {number * 3}", db,
    )


def compact(ctx, table):
    database, name = table.split(".")
    result = ctx.command("paimon", "compact", "--warehouse", ctx.warehouse, "--database", database, "--table", name)
    assert result.code == 0, result.err


def test_tables_whose_rows_are_merged_are_followed(ctx):
    for name, options in MERGED.items():
        db = ctx.database(f"{SQL}; INSERT INTO t SELECT seq, seq % 4, seq, CONCAT('v', seq) FROM seq_1_to_60")
        state = paimon_job.state(ctx, f"of-{name}")
        path = first(ctx, db, options)
        ctx.catch_up(path, state=state)
        second = Second(ctx, f"{db}.t", "iceberg", name)
        for round_ in range(2):
            second.catch_up(env={"SLUICE_FAILPOINT": "epoch.after_commit"}, code=None)  # killed there, or caught up
            second.catch_up()
            same(ctx, second, f"{db}.t")
            for step in (0, 4):  # two snapshots at once
                change(ctx, db, round_ + step + 1)
                ctx.catch_up(path, state=state)
            if name == "postponed":
                compact(ctx, f"{db}.t")
        second.catch_up()
        same(ctx, second, f"{db}.t")


def test_changes_of_merged_tables_are_exact(ctx):
    """Each row that goes is told as it was: `read --follow` from the first snapshot on replays to the table."""
    db = ctx.database(f"{SQL}; INSERT INTO t SELECT seq, seq % 4, seq, 'v' FROM seq_1_to_30")
    path = first(ctx, db, SUMS)
    ctx.catch_up(path)
    for number in (1, 2, 3):
        change(ctx, db, number)
        ctx.catch_up(path)
    text = paimon_job.read(ctx, f"{db}.t", "--follow", "--from-snapshot", "1", "--until", "caught-up")
    state, kinds = {}, set()
    for line in text.splitlines():
        row = json.loads(line)
        kind = row.pop("rowkind")
        kinds.add(kind)
        if kind in ("+I", "+U"):
            assert row["id"] not in state, row
            state[row["id"]] = row
        else:
            assert state.pop(row["id"], None) == row, row
    assert {"+I", "-U", "+U"} <= kinds, kinds
    wanted = [json.loads(line) for line in paimon_job.read(ctx, f"{db}.t").splitlines()]
    assert sorted(state.values(), key=lambda row: row["id"]) == sorted(wanted, key=lambda row: row["id"])


def batch(ctx, table, name, source):
    second = Second(ctx, table, "paimon", name, source=source, pipeline={"execution.runtime-mode": "BATCH"})
    result = ctx.command("run", second.path, "--state", second.state)
    assert result.code == 0, result.err
    return second


def test_the_rows_of_a_moment(ctx):
    db = ctx.database(f"{SQL}; INSERT INTO t SELECT seq, seq % 4, seq, CONCAT('v', seq) FROM seq_1_to_60")
    table = f"{db}.t"
    path = first(ctx, db, {})
    ends = []
    for number in (1, 2, 3):
        ctx.catch_up(path)
        ends.append(ctx.lake.snapshot_ids(table)[-1])
        change(ctx, db, number)
    snapshots = {snapshot["id"]: snapshot for snapshot in ctx.lake.snapshots(table)}
    result = ctx.command("paimon", "create_tag", "--warehouse", ctx.warehouse, "--database", db, "--table", "t",
                         "--tag_name", "there", "--snapshot", str(ends[1]))
    assert result.code == 0, result.err
    compacted = [number for number in snapshots if snapshots[number]["commitKind"] == "COMPACT"]
    for name, source, snapshot in (
        ("newest", {}, ends[2]),
        ("number", {"scan.snapshot-id": ends[0]}, ends[0]),
        ("tag", {"scan.tag-name": "there"}, ends[1]),
        ("version", {"scan.version": "there"}, ends[1]),
        ("time", {"scan.timestamp-millis": snapshots[ends[1]]["timeMillis"]}, ends[1]),
        ("compacted", {"scan.mode": "compacted-full"}, compacted[-1] if compacted else ends[2]),
    ):
        same(ctx, batch(ctx, table, name, source), table, snapshot)
    at_time = paimon_job.read(ctx, table, "--timestamp", str(snapshots[ends[0]]["timeMillis"]))
    assert at_time == paimon_job.read(ctx, table, "--snapshot", str(ends[0]))
    failed = ctx.command("read", ctx.lake.folder(table), "--watermark", "5")
    assert failed.code == 1 and "watermark" in failed.err and "hint" in failed.err, failed.err


def test_the_changes_between_two_moments(ctx):
    """A copy of the rows of the one becomes one of the other."""
    for producer in ("none", "lookup"):
        db = ctx.database(f"{test_paimon_changelog.SCHEMA}; {test_paimon_changelog.FILL}")
        table, ends = f"{db}.t", []
        state = paimon_job.state(ctx, producer)
        path = first(ctx, db, {"changelog-producer": producer})
        for round_ in range(3):
            ctx.catch_up(path, state=state)
            ends.append(ctx.lake.snapshot_ids(table)[-1])
            test_paimon_changelog.change(ctx, db, round_)
        for mode in ("auto", "diff"):
            name = f"{producer}-{mode}"
            second = batch(ctx, table, name, {"scan.snapshot-id": ends[0]})
            same(ctx, second, table, ends[0])
            batch_ = {"execution.runtime-mode": "BATCH", "name": f"changes of {name}"}  # another job, the same table
            more = Second(ctx, table, "paimon", name, pipeline=batch_,
                          source={"incremental-between": f"{ends[0]},{ends[2]}",
                                  "incremental-between-scan-mode": mode})
            for _ in range(2):  # the second run has nothing to do
                result = ctx.command("run", more.path, "--state", f"{more.state}-changes")
                assert result.code == 0, result.err
            same(ctx, second, table, ends[2])


def test_killed_between_two_moments(ctx):
    """Rows of a table without a key show it if they come twice: the changes of a range, and the rows of a tag."""
    db = ctx.database("CREATE TABLE log (n INT, v VARCHAR(9)); INSERT INTO log VALUES (0, 'a'), (0, 'a')")
    table = f"{db}.log"
    path = paimon_job.pipeline(ctx, table, table={"write-only": "true"})  # each epoch keeps its file
    ctx.catch_up(path)
    for number in range(1, 6):
        ctx.server.execute(f"INSERT INTO log VALUES ({number}, 'b'), ({number}, NULL)", db)
        ctx.catch_up(path)
    last = ctx.lake.snapshot_ids(table)[-1]
    result = ctx.command("paimon", "create_tag", "--warehouse", ctx.warehouse, "--database", db, "--table", "log",
                         "--tag_name", "all")
    assert result.code == 0, result.err
    for name, source in (("range", {"incremental-between": f"0,{last}"}), ("tag", {"scan.tag-name": "all"})):
        second = Second(ctx, table, "paimon", name, source=source, pipeline={"execution.runtime-mode": "BATCH"})
        for point in ("epoch.after_prepare", "checkpoint.after_rename", "epoch.after_commit"):
            run = ctx.run_args(second.path, interval="1ms", state=second.state)
            died = ctx.command(*run, env={"SLUICE_FAILPOINT": point})
            assert died.code != 0, f"{name}: {point} was not passed: {died.err}"
        result = ctx.command("run", second.path, "--state", second.state)
        assert result.code == 0, result.err
        second.equal(table)


def test_modes_that_do_not_go_together_are_refused(ctx):
    for source, runtime, words in (
        ({"scan.tag-name": "x"}, "STREAMING", "scan.tag-name needs execution.runtime-mode: BATCH"),
        ({"incremental-between": "1,2"}, "STREAMING", "incremental"),
        ({"scan.mode": "latest-delta"}, "STREAMING", "latest-delta"),
        ({"scan.mode": "incremental"}, "BATCH", "needs incremental-between or"),
        ({"scan.snapshot-id": 1, "scan.tag-name": "x"}, "BATCH", "do not go together"),
        ({"scan.bounded.watermark": 1}, "BATCH", "scan.bounded.watermark"),
        ({"scan.fallback-branch": "x"}, "STREAMING", "scan.fallback-branch goes with execution.runtime-mode: BATCH"),
        ({"scan.primary-branch": "x"}, "STREAMING", "scan.primary-branch goes with execution.runtime-mode: BATCH"),
        ({"scan.primary-branch": "x", "scan.fallback-branch": "y"}, "BATCH", "not with branch or scan.fallback-branch"),
        ({"incremental-between-scan-mode": "diff"}, "BATCH", "incremental-between-scan-mode"),
    ):
        refused = Second(ctx, "a.b", "paimon", "refused", source=source, pipeline={"execution.runtime-mode": runtime})
        result = ctx.command("check", refused.path)
        assert result.code == 2 and words in result.err, f"{source}: {result.err}"
