# SPDX-License-Identifier: Apache-2.0
"""The changelogs that compactions make (changelog-producer lookup and full-compaction), and deletion vectors.

A changelog is right if applying it from the beginning gives the table, and no row of it takes back one that is not
there."""

import random

import paimon_job

SCHEMA = (
    "CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(40), c DECIMAL(10,2), v TIMESTAMP(6) DEFAULT"
    " CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))"
)
FILL = "INSERT INTO t (id, a, b, c) SELECT seq, seq % 7, CONCAT('v', seq), seq / 3 FROM seq_1_to_150"
ROUNDS = 8


def change(ctx, db, seed, rows=60):
    """One transaction of random changes to few keys, so that most are changed again and again."""
    draw = random.Random(seed)
    statements = []
    for _ in range(rows):
        key = draw.randrange(200)
        statements.append(
            draw.choice(
                (
                    f"REPLACE INTO t (id, a, b, c) VALUES ({key}, {draw.randrange(5)}, 'r{draw.randrange(3)}',"
                    f" {draw.randrange(3)})",
                    f"UPDATE t SET a = {draw.randrange(5)} WHERE id = {key}",
                    f"UPDATE t SET b = b WHERE id BETWEEN {key} AND {key + 3}",
                    f"DELETE FROM t WHERE id = {key}",
                    f"UPDATE t SET id = id + 1000 WHERE id = {key}",
                )
            )
        )
    with ctx.server.connect(db) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for statement in statements:
            cursor.execute(statement.replace("UPDATE t SET id", "UPDATE IGNORE t SET id"))
        cursor.execute("COMMIT")


def replays_to_the_table(ctx, table):
    made = paimon_job.replayed(paimon_job.changelog(ctx, table), ["id"])
    _, rows = ctx.lake.rows(table)
    assert made == sorted(map(tuple, rows)), f"{table}: the changelog makes other rows than the table has"


def run_rounds(ctx, options, changelog=True, seed=1):
    db = ctx.database(f"{SCHEMA}; {FILL}")
    path = paimon_job.pipeline(ctx, f"{db}.t", table=options)
    table = f"{db}.t"
    for round_ in range(ROUNDS):
        ctx.catch_up(path)
        paimon_job.equal(ctx, table)
        if changelog:
            replays_to_the_table(ctx, table)
        change(ctx, db, seed * 100 + round_)
    return db


def updates_without_a_change(ctx, table):
    """Pairs of -U and +U with the same values."""
    rows = paimon_job.changelog(ctx, table)
    return sum(1 for (a, old), (b, new) in zip(rows, rows[1:]) if (a, b) == (1, 2) and old == new)


def test_lookup(ctx):
    for number, options in enumerate(
        (
            {"bucket": 2},
            {"bucket": 1, "num-sorted-run.compaction-trigger": 2},
            {"dynamic-bucket.target-row-num": 60},
            {"bucket": 2, "changelog-producer.row-deduplicate": "true", "sequence.field": "v"},
        )
    ):
        db = run_rounds(ctx, {"changelog-producer": "lookup", **options}, seed=number)
        assert not paimon_job.files(ctx, f"{db}.t").level_0_max(), "files of level 0 have not been looked up"


def test_full_compaction(ctx):
    for number, options in enumerate(
        ({"bucket": 2}, {"bucket": 1, "changelog-producer.row-deduplicate": "true"}, {"num-levels": 3})
    ):
        db = run_rounds(ctx, {"changelog-producer": "full-compaction", **options}, seed=number)
        levels = paimon_job.files(ctx, f"{db}.t").levels().values()
        assert all(len(of_bucket) == 1 for of_bucket in levels), "a bucket has more than one run"


def test_full_compaction_after_several_commits(ctx):
    options = {"bucket": 1, "changelog-producer": "full-compaction", "full-compaction.delta-commits": 3}
    db = ctx.database(f"{SCHEMA}; {FILL}")
    path = paimon_job.pipeline(ctx, f"{db}.t", table=options)
    job = ctx.start_run(path)
    told = []
    for round_ in range(9):
        change(ctx, db, round_)
        ctx.wait_equal(f"{db}.t")
        told.append(len(paimon_job.changelog(ctx, f"{db}.t")))
    job.terminate(10)
    assert told[-1] > 0, "no changelog was made"
    snapshots = ctx.lake.snapshots(f"{db}.t")
    full = sum(1 for snapshot in snapshots if snapshot.get("changelogManifestList"))
    appends = sum(1 for snapshot in snapshots if snapshot["commitKind"] == "APPEND")
    assert appends // 4 <= full <= appends // 3 + 1, f"{full} changelogs of {appends} commits"
    paimon_job.replayed(paimon_job.changelog(ctx, f"{db}.t"), ["id"])


def test_row_deduplicate_leaves_out_updates_without_a_change(ctx):
    for producer in ("lookup", "full-compaction"):
        for wanted in (False, True):
            options = {"bucket": 1, "changelog-producer": producer, "changelog-producer.row-deduplicate": wanted}
            db = ctx.database(f"{SCHEMA}; INSERT INTO t (id, a) VALUES (1, 1), (2, 2)")
            path = paimon_job.pipeline(ctx, f"{db}.t", table=options)
            ctx.catch_up(path)
            ctx.server.execute("UPDATE t SET a = 5, v = v WHERE id = 1; UPDATE t SET a = 1, v = v WHERE id = 1", db)
            ctx.catch_up(path)
            paimon_job.equal(ctx, f"{db}.t")
            assert updates_without_a_change(ctx, f"{db}.t") == (0 if wanted else 1)


def test_deletion_vectors(ctx):
    for number, options in enumerate(
        (
            {"bucket": 2},
            {"bucket": 1, "num-sorted-run.compaction-trigger": 3},
            {"dynamic-bucket.target-row-num": 60},
            {"bucket": 1, "changelog-producer": "lookup"},
            {"bucket": 1, "changelog-producer": "input", "sequence.field": "v"},
        )
    ):
        db = run_rounds(
            ctx, {"deletion-vectors.enabled": "true", **options}, "changelog-producer" in options, seed=number
        )
        table = paimon_job.files(ctx, f"{db}.t")
        assert not table.level_0_max(), "rows of level 0 are hidden from readers"
        assert any(table.index_entries(snapshot) for snapshot in table.snapshots()), "there was no deletion vector"


def test_wide_deletion_vectors(ctx):
    """pypaimon reads those of 32 bits only: `sluice read` is the reader here, and Java in make test-peers."""
    options = {"bucket": 1, "deletion-vectors.enabled": "true", "deletion-vectors.bitmap64": "true"}
    db = ctx.database(f"{SCHEMA}; {FILL}")
    path = paimon_job.pipeline(ctx, f"{db}.t", table=options)
    for round_ in range(4):
        ctx.catch_up(path)
        _, rows = ctx.lake.rows_of_jsonl(f"{db}.t", paimon_job.read(ctx, f"{db}.t"))
        count = ctx.server.execute("SELECT COUNT(*), SUM(a) FROM t", db)[0]
        assert (len(rows), sum(int(row[1]) for row in rows if row[1] is not None)) == (count[0], int(count[1]))
        if round_ < 3:
            change(ctx, db, round_)
    result = ctx.command("verify", path)
    assert result.code == 0, result.out + result.err


def test_a_table_that_the_pipeline_names_no_more(ctx):
    """It stays as it is, whatever options it has; the job goes on with the others."""
    db = ctx.database(
        "CREATE TABLE a (id INT PRIMARY KEY, v INT); INSERT INTO a VALUES (1, 1);"
        "CREATE TABLE b (id INT PRIMARY KEY, v INT); INSERT INTO b VALUES (1, 1)"
    )
    ctx.catch_up(paimon_job.pipeline(ctx, f"{db}.a", table={"bucket": 1, "changelog-producer": "input"}))
    new = {"scan.newly-added-table.enabled": True}
    path = paimon_job.pipeline(ctx, f"{db}.b", table={"bucket": 1}, source=new)
    for round_ in range(2):
        ctx.server.execute(f"UPDATE a SET v = 7; UPDATE b SET v = v + 1; INSERT INTO b VALUES ({round_ + 5}, 0)", db)
        result = ctx.catch_up(path)
        told = f"table {db}.a is known to this job, and `tables` does not name it any more" in result.err
        assert told == (round_ == 0), result.err
        paimon_job.equal(ctx, f"{db}.b")
        assert ctx.lake.rows(f"{db}.a")[1] == [("1", "1")], ctx.lake.rows(f"{db}.a")


def test_schema_changes_between(ctx):
    for options in ({"changelog-producer": "lookup"}, {"deletion-vectors.enabled": "true"}):
        db = ctx.database(f"{SCHEMA}; {FILL}")
        path = paimon_job.pipeline(
            ctx, f"{db}.t", table={"bucket": 2, **options}, pipeline={"schema.change.behavior": "evolve"}
        )
        ctx.catch_up(path)
        steps = (
            "ALTER TABLE t ADD COLUMN d INT DEFAULT 7; DELETE FROM t WHERE id < 20; UPDATE t SET d = 8 WHERE id < 40",
            "UPDATE t SET a = 9 WHERE id % 3 = 0; ALTER TABLE t DROP COLUMN c",
            "TRUNCATE TABLE t; INSERT INTO t (id, a, b) VALUES (1, 2, 'again')",
            "UPDATE t SET a = 4; INSERT INTO t (id, b) VALUES (2, 'x'); ALTER TABLE t RENAME COLUMN b TO bb",
        )
        for sql in steps:
            ctx.server.execute(sql, db)
            ctx.catch_up(path)
            paimon_job.equal(ctx, f"{db}.t")


def test_a_dedicated_compaction_makes_them(ctx):
    """Of a table with write-only, by `sluice paimon compact`: the job leaves all rows in level 0."""
    for number, (options, strategy) in enumerate(
        (
            ({"changelog-producer": "lookup"}, "minor"),
            ({"changelog-producer": "full-compaction"}, "full"),
            ({"deletion-vectors.enabled": "true", "changelog-producer": "lookup"}, "minor"),
            ({"merge-engine": "first-row", "ignore-delete": "true"}, "minor"),
        )
    ):
        db = ctx.database(f"{SCHEMA}; {FILL}")
        table = f"{db}.t"
        path = paimon_job.pipeline(ctx, table, table={"bucket": 2, "write-only": "true", **options})
        for round_ in range(4):
            ctx.catch_up(path)
            assert paimon_job.files(ctx, table).level_0_max(), "a table with write-only was compacted by the job"
            arguments = ("--warehouse", ctx.warehouse, "--database", db, "--table", "t")
            result = ctx.command("paimon", "compact", *arguments, "--compact_strategy", strategy)
            assert result.code == 0, result.out + result.err
            if "merge-engine" in options:
                paimon_job.sound(ctx, table)
                assert len(ctx.lake.rows(table)[1]) >= 150, "rows that came first are gone"
                ctx.server.execute(f"UPDATE t SET a = 50 + {round_}; INSERT INTO t (id) VALUES ({500 + round_})", db)
                continue
            paimon_job.equal(ctx, table)
            replays_to_the_table(ctx, table)
            change(ctx, db, number * 10 + round_)
        if "merge-engine" in options:
            names, rows = ctx.lake.rows(table)
            changed = [row for row in rows if int(row[names.index("a")] or 0) >= 50]
            assert len(rows) == 153 and not changed, f"{len(rows)} rows, {changed[:3]} are not the first of their keys"
