# SPDX-License-Identifier: Apache-2.0
"""`sluice read` of changes: --incremental-between, --incremental-between-timestamp and --follow."""

import json

import paimon_job
import test_paimon_changelog
from harness import wait_until

SCHEMA, FILL = test_paimon_changelog.SCHEMA, test_paimon_changelog.FILL
ADDS = ("+I", "+U")


def rows_of(text):
    return [json.loads(line) for line in text.splitlines()]


def read(ctx, table, *arguments):
    return rows_of(paimon_job.read(ctx, table, *arguments))


def applied(rows, changes, strict):
    """The rows by key after the changes; `strict`: what goes is there as it is told."""
    state = {row["id"]: row for row in rows}
    for change in changes:
        change = dict(change)
        kind, key = change.pop("rowkind"), change["id"]
        if kind in ADDS:
            assert not strict or key not in state, f"{kind} {change}, there is {state[key]}"
            state[key] = change
        else:
            assert not strict or state.get(key) == change, f"{kind} {change}, there is {state.get(key)}"
            state.pop(key, None)
    return sorted(state.values(), key=lambda row: row["id"])


def by_key(rows):
    return sorted(rows, key=lambda row: row["id"])


def snapshots_of(ctx, table, first, last):
    return [number for number in ctx.lake.snapshot_ids(table) if first <= number <= last]


def test_changes_between_two_snapshots_turn_one_into_the_other(ctx):
    formats = {"input": "avro", "lookup": "orc"}
    for number, producer in enumerate(("none", "input", "lookup", "full-compaction")):
        db = ctx.database(f"{SCHEMA}; {FILL}")
        table = f"{db}.t"
        options = {"changelog-producer": producer, "bucket": 2, "file.format": formats.get(producer, "parquet")}
        ctx.state = paimon_job.state(ctx, producer)  # of the table before, a job would want other options
        path = paimon_job.pipeline(ctx, table, table=options)
        ends = []
        for round_ in range(4):
            ctx.catch_up(path)
            ends.append(ctx.lake.snapshot_ids(table)[-1])
            test_paimon_changelog.change(ctx, db, number * 10 + round_)
        for first, last in ((ends[0], ends[1]), (ends[0], ends[3]), (0, ends[2])):
            before = read(ctx, table, "--snapshot", str(first)) if first else []
            after = by_key(read(ctx, table, "--snapshot", str(last)))
            between = ("--incremental-between", f"{first},{last}")
            for mode, strict in (("auto", producer != "none"), ("diff", True), ("delta", False)):
                changes = read(ctx, table, *between, "--incremental-between-scan-mode", mode)
                if mode == "delta" and producer == "full-compaction":
                    continue  # those of compactions are no delta
                assert applied(before, changes, strict) == after, f"{producer}, {mode}, {first} to {last}"
        times = {snapshot["id"]: snapshot["timeMillis"] for snapshot in ctx.lake.snapshots(table)}
        span = f"{times[ends[0]]},{times[ends[2]]}"
        by_time = read(ctx, table, "--incremental-between-timestamp", span)
        assert by_time == read(ctx, table, "--incremental-between", f"{ends[0]},{ends[2]}")


def test_between_tags(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)")
    path = paimon_job.pipeline(ctx, f"{db}.t", table={"bucket": 1})
    for tag, sql in (("a", "UPDATE t SET n = 9 WHERE id = 2; DELETE FROM t WHERE id = 3"), ("b", "DO 1")):
        ctx.catch_up(path)
        result = ctx.command(
            "paimon", "create_tag", "--warehouse", ctx.warehouse, "--database", db, "--table", "t", "--tag_name", tag
        )
        assert result.code == 0, result.err
        ctx.server.execute(sql, db)
    changes = read(ctx, f"{db}.t", "--incremental-between", "a,b")
    assert [tuple(row.values()) for row in changes] == [("-U", 2, 2), ("+U", 2, 9), ("-D", 3, 3)]


def test_output_and_conditions(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 1), (2, 2)")
    path = paimon_job.pipeline(ctx, f"{db}.t", table={"bucket": 1, "changelog-producer": "lookup"})
    ctx.catch_up(path)
    ctx.server.execute("UPDATE t SET n = 5 WHERE id = 1; DELETE FROM t WHERE id = 2", db)
    ctx.catch_up(path)
    folder, last = ctx.lake.folder(f"{db}.t"), ctx.lake.snapshot_ids(f"{db}.t")[-1]
    between = ("read", folder, "--incremental-between", f"0,{last}")
    csv = ctx.command(*between, "--format", "csv")
    assert csv.out == "rowkind,id,n\n+I,1,1\n+I,2,2\n-U,1,1\n+U,1,5\n-D,2,2\n", csv.out + csv.err
    text = ctx.command(*between, "--columns", "n", "--where", "rowkind = '-D' AND id > 0")
    assert text.out.split() == ["rowkind", "n", "-------", "-", "-D", "2", "1", "row"], text.out + text.err
    for arguments, word in (
        (("--incremental-between", "1"), "1"),
        (("--incremental-between", "3,1"), "is before"),
        (("--incremental-between", "1,900"), "the table has snapshots"),
        (("--incremental-between", "x,y"), "x"),
        (("--incremental-between-timestamp", "1,soon"), "soon"),
        (("--follow", "--from-snapshot", "900", "--until", "caught-up"), "snapshot 900"),
        (("--from-snapshot", "1"), "--follow"),
        (("--follow", "--snapshot", "1"), "--snapshot"),
    ):
        failed = ctx.command("read", folder, *arguments)
        assert failed.code != 0 and word in failed.err and "hint" in failed.err, f"{arguments}: {failed.err}"


def test_follow_until_caught_up(ctx):
    for producer in ("none", "lookup", "full-compaction"):
        db = ctx.database(f"{SCHEMA}; {FILL}")
        path = paimon_job.pipeline(ctx, f"{db}.t", table={"changelog-producer": producer, "bucket": 2})
        ctx.catch_up(path)
        begin = ctx.lake.snapshot_ids(f"{db}.t")[-1]
        start = read(ctx, f"{db}.t")
        everything = read(ctx, f"{db}.t", "--follow", "--until", "caught-up")
        assert {row["rowkind"] for row in everything} == {"+I"}
        assert applied([], everything, True) == by_key(start)
        for round_ in range(2):
            test_paimon_changelog.change(ctx, db, round_)
            ctx.catch_up(path)
        changes = read(ctx, f"{db}.t", "--follow", "--from-snapshot", str(begin + 1), "--until", "caught-up")
        assert applied(start, changes, producer != "none") == by_key(read(ctx, f"{db}.t"))


def test_follow_until_a_signal(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 1)")
    path = paimon_job.pipeline(ctx, f"{db}.t", table={"bucket": 1, "changelog-producer": "lookup"})
    ctx.catch_up(path)
    job = ctx.start("read", ctx.lake.folder(f"{db}.t"), "--follow", "--format", "jsonl")
    wait_until(lambda: rows_of(job.out()), "the first row", 30)
    ctx.server.execute("UPDATE t SET n = 2; INSERT INTO t VALUES (2, 2)", db)
    ctx.catch_up(path)
    wait_until(lambda: len(rows_of(job.out())) == 4, "the changes", 30)
    result = job.terminate()
    assert result.code == 143 and not result.err, f"{result.code}: {result.err}"
    assert [tuple(row.values()) for row in rows_of(result.out)] == [
        ("+I", 1, 1), ("-U", 1, 1), ("+U", 1, 2), ("+I", 2, 2),
    ]
