# SPDX-License-Identifier: Apache-2.0
"""What the sink does by the clock for Paimon tables: tags of hours and days, and partitions that expire."""

import os
import time

import harness
import paimon_job
from paimon_job import FIXED

HOURLY = {"tag.automatic-creation": "process-time", "tag.creation-period": "hourly"}
EXPIRES = {"partition.expiration-time": "30 d", "partition.timestamp-formatter": "yyyyMMdd"}
AT_ONCE = {"partition.expiration-check-interval": "0 s"}


def tags(ctx, table):
    folder = os.path.join(ctx.lake.folder(table), "tag")
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def hour_before(clock=time.localtime):
    return time.strftime("tag-%Y-%m-%d %H", clock(time.time() - 3600))


def test_tags_by_the_clock(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, 1 FROM seq_1_to_50")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {**FIXED, **HOURLY, "tag.default-time-retained": "1 d"})
    before = hour_before()
    ctx.catch_up(path)
    first = ctx.lake.rows(table)
    made = tags(ctx, table)
    assert made in ([before], [hour_before()]), made
    name = made[0].removeprefix("tag-")
    ctx.server.execute("UPDATE t SET v = 2", db)
    ctx.catch_up(path)
    assert tags(ctx, table) == made or hour_before() != before, tags(ctx, table)
    assert sorted(ctx.lake.rows(table, tag=name)[1]) == sorted(first[1])
    names, rows = ctx.lake.rows_of_jsonl(table, paimon_job.read(ctx, table, "--tag", name))
    assert (names, sorted(rows)) == (first[0], sorted(first[1]))
    paimon_job.equal(ctx, table)


def test_tags_by_the_watermark(ctx):
    """Which is the clock, as that of Paimon's sync actions, of jobs that name the option."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, 1 FROM seq_1_to_50")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {**FIXED, **HOURLY, "tag.automatic-creation": "watermark"})
    before, began = hour_before(time.gmtime), time.time() * 1000
    ctx.catch_up(path)
    made = tags(ctx, table)
    assert made in ([before], [hour_before(time.gmtime)]), made
    snapshots = ctx.lake.snapshots(table)
    assert all(began - 1 <= s["watermark"] < time.time() * 1000 for s in snapshots), snapshots
    assert len(paimon_job.read(ctx, table, "--watermark", str(snapshots[0]["watermark"])).splitlines()) == 50
    path = paimon_job.pipeline(ctx, table, FIXED)
    ctx.server.execute("UPDATE t SET v = 2", db)
    result = ctx.catch_up(path)
    assert result.err.count("this job no watermark") == 1, result.err
    assert ctx.lake.snapshots(table)[-1]["watermark"] == snapshots[-1]["watermark"]
    assert tags(ctx, table) == made
    paimon_job.equal(ctx, table)


def partitioned(ctx, options, more=""):
    today = time.strftime("%Y%m%d")
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, day VARCHAR(10));"
        f"INSERT INTO t VALUES (1, '20240101'), (2, '20240102'), (3, '{today}'), (4, 'never')" + more
    )
    table = f"{db}.t"
    return db, table, paimon_job.pipeline(ctx, table, options, sink={"partition.key": f"{table}:day"})


def ids(ctx, table):
    return sorted(row[0] for row in ctx.lake.rows(table, ["id"])[1])


def test_partitions_expire(ctx):
    for options in ({"bucket": 1}, {"bucket": -1}):
        ctx.state = paimon_job.state(ctx, str(options["bucket"]))
        db, table, path = partitioned(ctx, {**options, **EXPIRES, **AT_ONCE})
        result = ctx.catch_up(path)
        assert ids(ctx, table) == ["3", "4"] and "partition day=20240101 has expired" in result.err, result.err
        assert "day=never cannot expire" in result.err, result.err
        assert paimon_job.kinds(ctx, table)[-1] == "OVERWRITE"
        ctx.server.execute("INSERT INTO t VALUES (5, '20240101'); UPDATE t SET day = 'late' WHERE id = 2", db)
        ctx.catch_up(path)
        assert ids(ctx, table) == ["2", "3", "4"]
        paimon_job.sound(ctx, table)


def test_partitions_of_an_idle_job_expire(ctx):
    db, table, path = partitioned(ctx, {"bucket": 1, **EXPIRES, **AT_ONCE})
    job = ctx.start_run(path)
    harness.wait_until(lambda: ctx.lake.exists(table) and ctx.lake.snapshot_ids(table), "the copy", 30)
    harness.wait_until(lambda: ids(ctx, table) == ["3", "4"], "the expiry of an idle job", 30)
    ctx.server.execute("INSERT INTO t VALUES (5, '20240101'), (6, 'x')", db)
    harness.wait_until(lambda: ids(ctx, table) == ["3", "4", "6"], "the expiry of late rows", 30)
    job.terminate(5)
    paimon_job.sound(ctx, table)


def test_a_write_only_table_is_left_alone(ctx):
    db, table, path = partitioned(ctx, {"bucket": 1, **EXPIRES, **HOURLY, "write-only": "true"})
    ctx.catch_up(path)
    assert ids(ctx, table) == ["1", "2", "3", "4"] and not tags(ctx, table)
    paimon_job.equal(ctx, table)


def test_options_that_are_not_done_are_refused(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY)")
    for key, value in (
        ("tag.automatic-creation", "later"),
        ("partition.expiration-strategy", "custom"),
        ("partition.timestamp-formatter", "yyyy-EEE"),
    ):
        path = paimon_job.pipeline(ctx, f"{db}.t", {**FIXED, key: value})
        result = ctx.command("check", path)
        ctx.jobs.pop()
        assert result.code != 0 and key in result.err + result.out, result.err + result.out
