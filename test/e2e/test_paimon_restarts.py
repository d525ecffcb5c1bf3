# SPDX-License-Identifier: Apache-2.0
"""What happens to jobs that write Paimon tables: options that change between runs, a second process of the same job,
a table that goes or gets columns while the job runs, a disk that fills in a compaction."""

import json
import os
import shutil
import subprocess

import harness
import paimon_job
import test_paimon_faults
from paimon_job import FIXED

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, n TINYINT, v VARCHAR(40), at TIME(3), m INT);"
    "INSERT INTO t SELECT seq, seq, 'v', SEC_TO_TIME(seq), 0 FROM seq_1_to_60"
)
VECTORS = {"deletion-vectors.enabled": "true"}
BESIDE = {"metadata.iceberg.storage": "table-location"}
# (of the first run, of the second): the table keeps those of the first, and it is said.
CHANGED = (
    ({"bucket": 2}, {"bucket": 4}),
    ({}, {"bucket": 4}),
    ({"bucket": 4}, {}),
    ({**FIXED}, {**FIXED, "file.format": "avro", "file.compression": "snappy"}),
    ({**FIXED}, {**FIXED, "merge-engine": "first-row"}),
    ({**FIXED}, {**FIXED, "sequence.field": "m"}),
    ({**FIXED, "write-only": "true"}, {**FIXED, "write-only": "false"}),
    ({**FIXED}, {**FIXED, "changelog-producer": "lookup"}),
    ({**FIXED, **VECTORS}, {**FIXED, "deletion-vectors.enabled": "false"}),
    ({**FIXED}, {**FIXED, **VECTORS, "changelog-producer": "lookup"}),
    ({**FIXED}, {**FIXED, **BESIDE}),
    ({**FIXED, **BESIDE}, {**FIXED}),
)


def add_column(ctx, table, name):
    """A new version of the schema, as ALTER TABLE of another engine makes it."""
    schema = ctx.lake.schema(table)
    schema["id"] += 1
    schema["highestFieldId"] += 1
    schema["fields"].append({"id": schema["highestFieldId"], "name": name, "type": "INT"})
    path = os.path.join(ctx.lake.folder(table), "schema", f"schema-{schema['id']}")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(schema, file)


def change(ctx, db, n):
    ctx.server.execute(
        f"UPDATE t SET v = 'u{n}', n = -n, m = {n} WHERE id % 5 = {n % 5}; DELETE FROM t WHERE id = {n} + 30;"
        f"INSERT INTO t VALUES ({n} + 100, {n}, 'new', '10:00:00.5', {n})",
        db,
    )


def test_options_that_change_between_runs(ctx):
    for number, (before, after) in enumerate(CHANGED):
        # Beside Iceberg metadata a TIME is a text.
        db = ctx.database(SCRIPT.replace("TIME(3)", "VARCHAR(20)") if "metadata.iceberg.storage" in before else SCRIPT)
        ctx.state = paimon_job.state(ctx, f"state{number}")
        warehouse = os.path.join(ctx.dir, f"lake{number}")
        differs = [key for key, value in after.items() if before.get(key) != value]
        for n, options in enumerate((before, after, after, before)):
            path = paimon_job.pipeline(ctx, f"{db}.t", options, warehouse=warehouse)
            result = ctx.catch_up(path)
            change(ctx, db, n)
            told = "keeps its own options" in result.out + result.err
            assert told == (bool(differs) and options is after), f"{before} {after} {n}: {result.out}{result.err}"
            for key in differs if told else ():
                assert key in result.out + result.err, f"{key} is not told: {result.out}{result.err}"
        ctx.catch_up(path)
        try:
            paimon_job.equal(ctx, f"{db}.t")
        except AssertionError as error:
            raise AssertionError(f"{before} became {after}: {error}") from error


def test_a_second_process_of_the_same_job(ctx):
    """With another state directory, as on another machine: one of them ends with an error, and no row is lost."""
    db = ctx.database(SCRIPT + "; CREATE TABLE log (n INT)")
    path = paimon_job.pipeline(ctx, f"{db}.\\.*", {}, source={"server-id": None})
    step = lambda cursor, n: cursor.execute(f"UPDATE t SET m = {n} WHERE id = {n % 60 + 1}; ") or cursor.execute(
        f"INSERT INTO log VALUES ({n})"
    )
    first = ctx.start_run(path, interval="70ms")
    ctx.wait_equal(f"{db}.t", job=first)
    load = harness.Load(ctx.server, step, db, pause=0.003)
    second = ctx.start_run(path, interval="50ms", state=os.path.join(ctx.dir, "other-state"))
    harness.wait_until(lambda: not first.running() or not second.running(), "one of the two to end", 40)
    load.stop()
    ended, left = (second, first) if first.running() else (first, second)
    text = ended.tail()
    assert "two run the same job" in text and "hint" in text, text
    assert left.running(), left.tail()
    ctx.wait_equal(f"{db}.t", job=left)
    ctx.wait_equal(f"{db}.log", job=left)
    left.terminate(5)
    paimon_job.equal(ctx, f"{db}.t", orphans=True)


def test_a_table_that_is_removed_while_the_job_runs(ctx):
    """An error that names the table, and no run that ends well without its rows."""
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED)
    job = ctx.start_run(path, interval="80ms")
    ctx.wait_equal(f"{db}.t", job=job)
    shutil.rmtree(ctx.lake.folder(f"{db}.t"))
    change(ctx, db, 1)
    harness.wait_until(lambda: not job.running() or "is no Paimon table any more" in job.tail(), "an error", 40)
    job.terminate(10)
    assert f"{db}.db/t is no Paimon table any more" in job.tail() and "hint" in job.tail(), job.tail()
    result = ctx.catch_up(path, code=None)
    assert result.code == 1 and f"table {db}.t of this job is gone" in result.err, result.err
    assert "remove the state directory" in result.err, result.err
    ctx.state = paimon_job.state(ctx, "anew")
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")


def test_another_engine_adds_a_column_while_the_job_runs(ctx):
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED)
    job = ctx.start_run(path, interval="80ms")
    ctx.wait_equal(f"{db}.t", job=job)
    add_column(ctx, f"{db}.t", "added")
    for n in range(8):
        change(ctx, db, n)
        want = sorted(str(row[0]) for row in ctx.server.execute("SELECT id FROM t", db))
        same = lambda want=want: sorted(row[0] for row in ctx.lake.rows(f"{db}.t")[1]) == want
        harness.wait_until(lambda same=same: same() or not job.running(), "the rows", 20)
        assert job.running(), job.tail()
    names, rows = ctx.lake.rows(f"{db}.t")
    assert names[-1] == "added" and all(row[-1] is None for row in rows), (names, rows[:2])
    assert [name for name, _ in ctx.lake.columns(f"{db}.t")][-1] == "added"
    job.terminate(5)
    ctx.server.execute("ALTER TABLE t ADD COLUMN more INT DEFAULT 5", db)
    change_more = "INSERT INTO t (id, more) VALUES (900, 6)"
    ctx.server.execute(change_more, db)
    ctx.catch_up(path)
    names, rows = ctx.lake.rows(f"{db}.t")
    assert names[-2:] == ["added", "more"], names
    assert {row[-1] for row in rows} == {"5", "6"}, rows[:3]


def test_kills_with_deletion_vectors_and_lookup(ctx):
    options = {"bucket": 4, "changelog-producer": "lookup", **VECTORS, "num-sorted-run.compaction-trigger": 2}
    test_paimon_faults.random_kills(ctx, options, "vectors")


test_kills_with_deletion_vectors_and_lookup.seconds = 300


def test_a_disk_that_fills_in_a_compaction(ctx):
    mount = ctx.mount_warehouse("size=3m")
    if mount is None:
        raise harness.Skip("needs the right to mount a tmpfs")
    warehouse = os.path.join(mount, "lake")
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARBINARY(200)); INSERT INTO t SELECT seq, SHA2(seq, 512) FROM"
        " seq_1_to_4000"
    )
    options = {"bucket": 2, "num-sorted-run.compaction-trigger": 3, "changelog-producer": "lookup"}
    path = paimon_job.pipeline(ctx, f"{db}.t", options, warehouse=warehouse)
    ctx.catch_up(path)
    failed = 0
    for n in range(12):
        ctx.server.execute(f"UPDATE t SET v = SHA2(id + {n} + .5, 512) WHERE id % 2 = {n % 2}", db)
        result = ctx.catch_up(path, code=None)
        if result.code == 0:
            continue
        failed += 1
        assert "no space" in result.err.lower() and "hint" in result.err, result.err
        ctx.lake.rows(f"{db}.t")
        if failed == 3:
            break
    assert failed, "the disk never was full"
    subprocess.run(["mount", "-o", "remount,size=200m", mount], check=True)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t", orphans=True)
