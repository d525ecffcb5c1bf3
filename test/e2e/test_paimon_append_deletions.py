# SPDX-License-Identifier: Apache-2.0
"""Deletion vectors of Paimon tables without a primary key, which Paimon's Java code made (deleted.tar.xz in
test/data/paimon): they are read, a job's appends leave them alone, and compactions apply them."""

import json
import os
import signal
import tarfile

import lake as lake_module
import paimon_check
import paimon_job
import processes
from test_paimon_actions import action

ARCHIVE = os.path.join(processes.root_dir(), "test", "data", "paimon", "deleted.tar.xz")
GONE = {3, 4, 5, 25, 26, 27, 28}
TABLES = {"plain": GONE | {41}, "wide": GONE | {41}, "parted": GONE, "bucketed": GONE}
SCRIPT = "CREATE TABLE t (id INT, v VARCHAR(20), dt VARCHAR(10)); INSERT INTO t VALUES (100, 'ours', 'p0')"


def row(number):
    return str(number), f"v{number}", f"p{number % 2}"


def rows_of(name):
    return [row(number) for number in range(50) if number not in TABLES[name]]


def unpack(ctx, name, write_only=True):
    """The warehouse gets the table, which Java has left write-only."""
    folder = os.path.join(ctx.warehouse, "gone.db", name)
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(ctx.warehouse, [m for m in archive.getmembers() if m.name.startswith(f"gone.db/{name}/")])
    paimon_job.use(ctx)
    if not write_only:
        path = os.path.join(folder, "schema", "schema-0")
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        del schema["options"]["write-only"]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(schema, file)
    return f"gone.{name}"


def same(ctx, table, expected, snapshot=()):
    """`sluice read` shows these rows; so does pypaimon, which reads vectors of 32 bits only."""
    read = ctx.lake.rows_of_jsonl(table, paimon_job.read(ctx, table, *snapshot))
    text = lake_module.first_differences(read[0], sorted(expected), read[0], sorted(map(tuple, read[1])))
    assert not text, f"{table}: Java (source) and sluice read (lake): {text}"
    if not snapshot and vectors(ctx, table) and table.endswith("wide"):
        return
    names, rows = ctx.lake.rows(table, snapshot_id=int(snapshot[1]) if snapshot else None)
    text = lake_module.first_differences(names, sorted(expected), names, sorted(map(tuple, rows)))
    assert not text, f"{table}: Java (source) and pypaimon (lake): {text}"


def vectors(ctx, table):
    """Files that have one, in the newest snapshot."""
    walk = paimon_job.files(ctx, table)
    entries = walk.index_entries(walk.snapshots()[-1])
    return [each for entry in entries for each in entry["_DELETIONS_VECTORS_RANGES"] or []]


def sound(ctx, table):
    walk = paimon_job.files(ctx, table)
    found = paimon_check.problems(walk) + [f"nothing names {path}" for path in walk.orphans()]
    assert not found, f"{table}: {found[:12]}"


def job(ctx, table, name="job"):
    """A pipeline from a table with one row into that one."""
    db = ctx.database(SCRIPT)
    ctx.state = paimon_job.state(ctx, f"{table}-{name}")
    return db, paimon_job.pipeline(
        ctx, f"{db}.t", route=[{"source-table": f"{db}.t", "sink-table": table}], name=table + ".yaml"
    )


def test_are_read(ctx):
    for name in TABLES:
        table = unpack(ctx, name)
        assert vectors(ctx, table)
        same(ctx, table, rows_of(name))
        same(ctx, table, [row(number) for number in range(40)], ("--snapshot", "2"))
        found = paimon_job.read(ctx, table, "--where", "id > 2 AND id < 7").splitlines()
        assert [json.loads(line)["id"] for line in found] == [6], found


def test_appends_leave_them(ctx):
    for name in ("plain", "bucketed"):
        table = unpack(ctx, name)
        before = vectors(ctx, table)
        _, path = job(ctx, table)
        ctx.catch_up(path)
        assert vectors(ctx, table) == before
        same(ctx, table, [*rows_of(name), ("100", "ours", "p0")])


def test_a_killed_job_deletes_no_row_twice_and_brings_none_back(ctx):
    """Small files with vectors are joined with the first commit, after which no file needs one."""
    points = (None, "paimon.after_data_files", "paimon.after_manifest_lists", "paimon.between_snapshots")
    for name, point in zip(("wide", "plain", "plain", "plain"), points):
        ctx.warehouse = os.path.join(ctx.dir, f"lake-{point}")
        table = unpack(ctx, name, write_only=False)
        db, path = job(ctx, table, str(point))
        if point:
            result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": point}, code=None)
            assert result.code == -signal.SIGKILL, f"{point}: exit code {result.code}"
        ctx.server.execute("INSERT INTO t VALUES (101, 'ours', 'p1')", db)
        ctx.catch_up(path)
        expected = [*rows_of(name), ("100", "ours", "p0"), ("101", "ours", "p1")]
        assert "COMPACT" in paimon_job.kinds(ctx, table) and not vectors(ctx, table), point
        same(ctx, table, expected)
        if not point:
            sound(ctx, table)


def test_a_full_compaction_drops_the_rows(ctx):
    for name in TABLES:
        table = unpack(ctx, name)
        action(ctx, "compact", table)
        assert not vectors(ctx, table)
        same(ctx, table, rows_of(name))
        walk = paimon_job.files(ctx, table)
        assert sum(file.rows for file in walk.live(walk.snapshots()[-1])) == len(rows_of(name))
        sound(ctx, table)
