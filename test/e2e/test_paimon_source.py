# SPDX-License-Identifier: Apache-2.0
"""Paimon tables as a source: MariaDB -> Paimon -> Iceberg and Paimon, and each holds the rows of MariaDB."""

import json
import os
import random

import harness
import paimon_job
import test_paimon_changelog
from paimon_source import Second

SCHEMA, FILL = test_paimon_changelog.SCHEMA, test_paimon_changelog.FILL
ROUNDS = 4


def first(ctx, db, options):
    return paimon_job.pipeline(ctx, f"{db}.\\.*", table=options, pipeline={"schema.change.behavior": "evolve"})


def rounds(ctx, options, seed):
    """Both second jobs are caught up after each round of changes, and hold what MariaDB has."""
    log = "; CREATE TABLE log (n INT, v VARCHAR(9)); INSERT INTO log VALUES (1, 'a')"
    keyless = "bucket" not in options  # a table without a key cannot have the others' options
    db = ctx.database(f"{SCHEMA}; {FILL}{log if keyless else ''}")
    tables = [f"{db}.t", f"{db}.log"] if keyless else [f"{db}.t"]
    path = first(ctx, db, options)
    seconds = [Second(ctx, f"{db}.\\.*", kind, f"{kind}{seed}") for kind in ("iceberg", "paimon")]
    for round_ in range(ROUNDS):
        ctx.catch_up(path)
        for second in seconds:
            if round_ != 1:  # two rounds at once
                second.catch_up()
                for table in tables:
                    second.equal(table)
        test_paimon_changelog.change(ctx, db, seed * 100 + round_)
        if keyless:
            ctx.server.execute(f"INSERT INTO log VALUES ({round_}, 'b'), ({round_}, NULL)", db)
    paimon_job.sound(ctx, f"{db}.t")


def test_without_a_changelog(ctx):
    rounds(ctx, {"num-sorted-run.compaction-trigger": 2, "compaction.min.file-num": 2}, 1)


def test_changelog_of_the_input(ctx):
    rounds(ctx, {"changelog-producer": "input"}, 2)


def test_changelog_by_lookup(ctx):
    rounds(ctx, {"changelog-producer": "lookup", "bucket": 2}, 3)


def test_changelog_of_full_compactions(ctx):
    rounds(ctx, {"changelog-producer": "full-compaction", "bucket": 1}, 4)


def test_deletion_vectors(ctx):
    rounds(ctx, {"deletion-vectors.enabled": "true", "bucket": 2}, 5)


def test_schema_changes_are_followed(ctx):
    for number, producer in enumerate(("none", "lookup")):
        db = ctx.database(f"{SCHEMA}; {FILL}")
        path = first(ctx, db, {"bucket": 2, "changelog-producer": producer})
        ctx.catch_up(path)
        seconds = [Second(ctx, f"{db}.t", kind, f"{kind}{number}") for kind in ("iceberg", "paimon")]
        for ddl in (
            "ALTER TABLE t ADD COLUMN d INT NULL; INSERT INTO t (id, d) VALUES (900, 1)",
            "ALTER TABLE t ADD COLUMN e INT DEFAULT 7 AFTER a; UPDATE t SET e = 8 WHERE id < 9",
            "ALTER TABLE t MODIFY a BIGINT, RENAME COLUMN b TO name; INSERT INTO t (id, name) VALUES (901, 'x')",
            "ALTER TABLE t DROP COLUMN c; DELETE FROM t WHERE id BETWEEN 20 AND 40",
        ):
            for second in seconds:
                second.catch_up()
                second.equal(f"{db}.t")
            ctx.server.execute(ddl, db)
            ctx.catch_up(path)
        for second in seconds:
            second.catch_up()
            second.equal(f"{db}.t")


def test_kill_in_the_middle(ctx):
    """Of the copy and of the changes, while the first job writes."""
    seed = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))
    print(f"     seed {seed}", flush=True)
    rng = random.Random(seed)
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v CHAR(40)); INSERT INTO t SELECT seq, SHA1(seq) FROM seq_1_to_100000;"
        "CREATE TABLE log (n INT, v VARCHAR(20)); INSERT INTO log SELECT seq, 'x' FROM seq_1_to_30000"
    )
    path = first(ctx, db, {"dynamic-bucket.target-row-num": 30000, "changelog-producer": "lookup"})
    ctx.catch_up(path)
    writer = ctx.start_run(path, interval="100ms")

    def step(cursor, n):
        cursor.execute(f"UPDATE t SET v = 'u{n}' WHERE id BETWEEN {n * 7919 % 99000} AND {n * 7919 % 99000 + 20}")
        cursor.execute(f"INSERT INTO log VALUES ({n}, 'y')")
        cursor.execute(f"DELETE FROM t WHERE id = {n * 31 % 100000 + 1}")

    load = harness.Load(ctx.server, step, db, pause=0.01)
    seconds = [Second(ctx, f"{db}.\\.*", kind, kind) for kind in ("iceberg", "paimon")]
    for _ in range(4):
        jobs = [second.start(interval="80ms") for second in seconds]
        for job in jobs:
            job.kill_after(rng.uniform(0.1, 0.6))
    load.stop()
    writer.terminate(10)
    ctx.catch_up(path)
    for second in seconds:
        second.catch_up()
        second.equal(f"{db}.t")
        second.equal(f"{db}.log")


def test_crash_points(ctx):
    """Of an epoch in the copy, and of one of changes; rows of a table without a key show it if they come twice."""
    for name in ("epoch.after_prepare", "checkpoint.after_rename", "epoch.after_commit"):
        db = ctx.database(f"{SCHEMA}; {FILL}; CREATE TABLE log (n INT); INSERT INTO log SELECT seq FROM seq_1_to_99")
        path = first(ctx, db, {"changelog-producer": "lookup"})
        ctx.catch_up(path, state=paimon_job.state(ctx, name))
        second = Second(ctx, f"{db}.\\.*", "paimon", f"second-{name}")
        for _ in range(2):
            died = second.catch_up(interval="1ms", env={"SLUICE_FAILPOINT": name}, code=None)
            assert died.code != 0, f"{name} was not passed: {died.err}"
            test_paimon_changelog.change(ctx, db, 1)
            ctx.server.execute("INSERT INTO log VALUES (1), (100)", db)
            ctx.catch_up(path, state=paimon_job.state(ctx, name))
        second.catch_up()
        second.equal(f"{db}.t")
        second.equal(f"{db}.log")


def expire(ctx, table):
    """All snapshots go but the newest, and those that something keeps."""
    database, name = table.split(".")
    result = ctx.command(
        "paimon", "expire_snapshots", "--warehouse", ctx.warehouse, "--database", database, "--table", name,
        "--retain_max", "1", "--retain_min", "1", "--older_than", "2100-01-01 00:00:00",
    )
    assert result.code == 0, result.err


def ids(second, table):
    """The first column of the rows."""
    return sorted(int(row[0]) for row in second.lake.rows(table)[1])


def insert(ctx, db, path, numbers):
    for number in numbers:
        ctx.server.execute(f"INSERT INTO t (id) VALUES ({number})", db)
        ctx.catch_up(path)


def test_an_expired_snapshot_is_an_error_by_name(ctx):
    db = ctx.database(f"{SCHEMA}; {FILL}")
    path = first(ctx, db, {"bucket": 1})
    ctx.catch_up(path)
    second = Second(ctx, f"{db}.t", "paimon", "second")
    second.catch_up()
    wanted = ctx.lake.snapshot_ids(f"{db}.t")[-1] + 1
    insert(ctx, db, path, (1001, 1002, 1003))
    expire(ctx, f"{db}.t")
    assert ctx.lake.snapshot_ids(f"{db}.t")[0] > wanted
    result = second.catch_up(code=1)
    for word in (f"table {db}.t", f"snapshot {wanted} of the table has expired", "consumer-id"):
        assert word in result.err, result.err


def test_a_consumer_keeps_what_is_not_read(ctx):
    db = ctx.database(f"{SCHEMA}; {FILL}")
    path = first(ctx, db, {"bucket": 1})
    ctx.catch_up(path)
    second = Second(ctx, f"{db}.t", "paimon", "second", source={"consumer-id": "copy"})
    second.catch_up()
    file = os.path.join(ctx.lake.folder(f"{db}.t"), "consumer", "consumer-copy")

    def consumed():
        with open(file, encoding="utf-8") as text:
            return json.load(text)["nextSnapshot"]

    wanted = ctx.lake.snapshot_ids(f"{db}.t")[-1] + 1
    assert consumed() == wanted
    insert(ctx, db, path, (1001, 1002, 1003))
    expire(ctx, f"{db}.t")
    assert ctx.lake.snapshot_ids(f"{db}.t")[0] == wanted, "the consumer's snapshot is to be the oldest"
    second.catch_up()
    second.equal(f"{db}.t")
    assert consumed() == ctx.lake.snapshot_ids(f"{db}.t")[-1] + 1
    expire(ctx, f"{db}.t")
    assert len(ctx.lake.snapshot_ids(f"{db}.t")) == 1
    # A job without state goes on where the consumer is.
    insert(ctx, db, path, (1004,))
    other = Second(ctx, f"{db}.t", "paimon", "other", source={"consumer-id": "copy"})
    other.catch_up()
    assert ids(other, f"{db}.t") == [1004]


def test_a_truncated_table(ctx):
    db = ctx.database(f"{SCHEMA}; {FILL}")
    path = first(ctx, db, {"bucket": 2, "changelog-producer": "lookup"})
    ctx.catch_up(path)
    followed = Second(ctx, f"{db}.t", "paimon", "followed", source={"streaming-read-overwrite": True})
    skipped = Second(ctx, f"{db}.t", "paimon", "skipped")
    followed.catch_up()
    skipped.catch_up()
    ctx.server.execute("TRUNCATE t; INSERT INTO t (id) VALUES (5000)", db)
    ctx.catch_up(path)
    followed.catch_up()
    followed.equal(f"{db}.t")
    result = skipped.catch_up()
    assert "which is not followed" in result.err, result.err
    assert len(skipped.lake.rows(f"{db}.t")[1]) > 1


def test_new_tables_and_scan_modes(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)")
    path = first(ctx, db, {"bucket": 1})
    ctx.catch_up(path)
    base = ctx.lake.snapshot_ids(f"{db}.t")[-1]
    latest = Second(ctx, f"{db}.\\.*", "paimon", "latest", source={"scan.mode": "latest"})
    latest.catch_up()
    ctx.server.execute("INSERT INTO t VALUES (2); CREATE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (7)", db)
    ctx.catch_up(path)
    latest.catch_up()
    assert ids(latest, f"{db}.t") == [2]
    assert ids(latest, f"{db}.u") == [7]
    for name, source, rows in (
        ("from", {"scan.snapshot-id": base + 1}, [2]),
        ("full", {"scan.mode": "from-snapshot-full", "scan.snapshot-id": base}, [1, 2]),
        ("time", {"scan.timestamp-millis": 1}, [1, 2]),
    ):
        second = Second(ctx, f"{db}.t", "paimon", name, source=source)
        second.catch_up()
        assert ids(second, f"{db}.t") == rows, name


def test_what_cannot_be_followed_is_refused(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 2)")
    ctx.catch_up(first(ctx, db, {"bucket": 1}))
    for source, word in (
        ({"scan.mode": "often"}, "scan.mode"),
        ({"scan.snapshot-id": 3, "scan.mode": "latest"}, "scan.snapshot-id"),
        ({"incremental-between": "1,2"}, "incremental-between"),
        ({"catalog.properties.metastore": "hive"}, "hive"),
    ):
        refused = Second(ctx, f"{db}.t", "paimon", "refused", source=source)
        result = ctx.command("check", refused.path)
        assert result.code == 2 and word in result.err, result.err
    nothing = Second(ctx, f"{db}.other", "paimon", "nothing")
    result = nothing.catch_up(code=1)
    assert "no table" in result.err, result.err


def test_check(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 2)")
    ctx.catch_up(first(ctx, db, {"bucket": 1}))
    second = Second(ctx, f"{db}.t", "iceberg", "second")
    result = ctx.command("check", second.path)
    assert result.code == 0 and f"{db}.t" in result.out and "ok: this pipeline can run" in result.out, result.out


def test_print(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 2)")
    path = first(ctx, db, {"bucket": 1, "changelog-producer": "lookup"})
    ctx.catch_up(path)
    text = (
        f"source:\n  type: paimon\n  catalog.properties.warehouse: {ctx.warehouse}\n  tables: {db}.t\n"
        "sink:\n  type: print\n"
    )
    job = ctx.start_run(ctx.write("print.yaml", text), state=os.path.join(ctx.dir, "state-print"))
    job.wait_text(f"+I[1, 2] {db}.t")
    ctx.server.execute("UPDATE t SET n = 3", db)
    ctx.catch_up(path)
    job.wait_text(f"-U[1, 2] {db}.t\n+U[1, 3] {db}.t")
    job.terminate()
