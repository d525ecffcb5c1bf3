# SPDX-License-Identifier: Apache-2.0
"""The job that writes Paimon tables dies at each failpoint and at random moments, or loses its state folder: no row is
missing and none comes twice.

SLUICE_SEED=n chooses the random numbers; the seed is printed."""

import os
import random
import signal

import harness
import paimon_iceberg
import paimon_job
import test_basic
import test_failpoints
import test_lost_state
from paimon_job import FIXED
from test_failpoints import CHANGES, SCRIPT, TABLES

INPUT = {"changelog-producer": "input"}
OFTEN = {"num-sorted-run.compaction-trigger": 2, "manifest.merge-min-count": 2}
OPTIONS = {**FIXED, **OFTEN, **INPUT, **paimon_iceberg.BESIDE}


def equal(ctx, db, what, tables=None, changelog=False):
    """All tables that the lake has, or `tables`, and Iceberg metadata beside them.

    Whatever is written twice shows in `log`, which has no key.
    `changelog`: that of `a` leads to its rows; it does not where rows of the copy were newer than its position."""
    try:
        for table in tables or [name for name in TABLES if name != "log" or ctx.lake.exists(f"{db}.log")]:
            paimon_job.equal(ctx, f"{db}.{table}", orphans=True)
            if paimon_iceberg.is_beside(ctx, f"{db}.{table}"):
                paimon_iceberg.equal(ctx, f"{db}.{table}")
        if changelog:
            changes = paimon_job.changelog(ctx, f"{db}.a")
            assert paimon_job.replayed(changes, ["id"]) == sorted(ctx.lake.rows(f"{db}.a")[1]), "changelog of a"
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from error


def prepared(ctx, folder, options=None, script=SCRIPT):
    """(database, pipeline file) with a warehouse and a state folder of their own. A table without a key cannot have a
    fixed number of buckets: it is left out there."""
    db = ctx.database(script)
    ctx.state = paimon_job.state(ctx, folder)
    table = OPTIONS if options is None else options
    warehouse = os.path.join(ctx.dir, "lake-" + folder)
    left_out = {"tables.exclude": f"{db}.log"} if "bucket" in table else None
    return db, paimon_job.pipeline(
        ctx, f"{db}.\\.*", table, warehouse=warehouse, name=folder + ".yaml", source=left_out
    )


def killed(ctx, path, name, **options):
    """Runs with a failpoint armed; gives whether it was passed."""
    result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": name}, code=None, **options)
    hit = result.code == -signal.SIGKILL
    assert hit or result.code == 0, f"{name}: exit code {result.code}\n{result.err}"
    return hit


def own_failpoints(ctx):
    """Those of this sink and those that all sinks pass."""
    return paimon_job.failpoints(ctx) + paimon_job.failpoints(ctx, ("epoch.", "checkpoint.", "snapshot.", "table."))


# A table whose columns change, with values for the rows that are there.
ALTERED = ";CREATE TABLE c (id INT PRIMARY KEY); INSERT INTO c VALUES (0), (-1)"
ALTER = ";ALTER TABLE c ADD COLUMN c{n} INT DEFAULT {n}; INSERT INTO c (id) VALUES ({n} + 1)"


def test_each_failpoint_once(ctx):
    never = set(own_failpoints(ctx))
    for phase in ("snapshot", "stream"):
        for n, name in enumerate(own_failpoints(ctx)):
            db, path = prepared(ctx, f"{phase}-{name}", script=SCRIPT + ALTERED)
            for before in (100, 200, 300) if phase == "stream" else ():  # the epoch of the kill is one of compaction
                ctx.catch_up(path)
                ctx.server.execute((CHANGES + ALTER).format(n=n + before, m=n), db)
            if killed(ctx, path, name, interval="100ms"):
                never.discard(name)
            ctx.server.execute((CHANGES + (ALTER if phase == "stream" else "")).format(n=n + 40, m=n), db)
            ctx.catch_up(path)
            equal(ctx, db, f"{name} in the {phase} phase", ("a", "b", "c"), changelog=phase == "stream")
            ctx.jobs.clear()
    assert not never, f"never passed in any phase: {sorted(never)}"


test_each_failpoint_once.seconds = 600


def test_each_failpoint_in_dynamic_buckets(ctx):
    """The hash index is committed with the rows, or keys would get a second bucket."""
    for n, name in enumerate(paimon_job.failpoints(ctx)):
        db, path = prepared(ctx, f"dynamic-{name}", {**INPUT, "dynamic-bucket.target-row-num": 400})
        ctx.catch_up(path)
        ctx.server.execute(CHANGES.format(n=n, m=n - 1), db)
        killed(ctx, path, name, interval="100ms")
        ctx.server.execute(CHANGES.format(n=n + 40, m=n), db)
        ctx.catch_up(path)
        equal(ctx, db, name, changelog=True)
        ctx.jobs.clear()


test_each_failpoint_in_dynamic_buckets.seconds = 600


def test_failpoint_at_the_second_and_third_passing(ctx):
    for name in paimon_job.failpoints(ctx, ("paimon.", "epoch.")):
        for count in (2, 3):
            db, path = prepared(ctx, f"{name}-{count}")
            for n in range(3):
                killed(ctx, path, f"{name}:{count}", interval="50ms")
                ctx.server.execute(CHANGES.format(n=n, m=n - 1), db)
            ctx.catch_up(path)
            equal(ctx, db, f"{name}:{count}")
            ctx.jobs.clear()


test_failpoint_at_the_second_and_third_passing.seconds = 600


def test_lost_state_after_each_commit_failpoint(ctx):
    """The process dies in a commit and its state folder is lost with it: the tables alone must be enough."""
    for name in paimon_job.failpoints(ctx, ("paimon.", "epoch.")):
        db, path = prepared(ctx, f"lost-{name}")
        first, second = ctx.dir + f"/first-{name}", ctx.dir + f"/second-{name}"
        ctx.catch_up(path, state=first)
        ctx.server.execute(CHANGES.format(n=1, m=0), db)
        killed(ctx, path, name, state=first)
        ctx.server.execute(CHANGES.format(n=2, m=1), db)
        ctx.catch_up(path, state=second)
        equal(ctx, db, name, changelog=True)
        ctx.jobs.clear()


test_lost_state_after_each_commit_failpoint.seconds = 600


def test_two_tables_in_one_epoch_killed_between_their_commits(ctx):
    """Nothing tells equal rows apart: an epoch that is in some tables only must be completed, not read again."""
    tables = [f"l{i}" for i in range(3)]
    for phase in ("snapshot", "stream"):
        for name in paimon_job.failpoints(ctx):
            for count in ("", ":2"):
                for lost in (False, True):
                    folder = f"{phase}-{name}{count.replace(':', '-')}-{lost}"
                    db, path = prepared(ctx, folder, {}, test_failpoints.KEYLESS)
                    first, second = ctx.dir + f"/first-{folder}", ctx.dir + f"/second-{folder}"
                    if phase == "stream":
                        ctx.catch_up(path, state=first)
                        ctx.server.execute(test_failpoints.MORE.format(n=2), db)
                    # One epoch for all that is there: the interval is long.
                    killed(ctx, path, name + count, state=first, interval="60s")
                    ctx.server.execute(test_failpoints.MORE.format(n=3), db)
                    ctx.catch_up(path, state=second if lost else first)
                    equal(ctx, db, f"{folder}, state {'lost' if lost else 'kept'}", tables)
                    ctx.jobs.clear()


test_two_tables_in_one_epoch_killed_between_their_commits.seconds = 900


def test_lost_state_folder_resumes_from_the_tables(ctx):
    for name, options in (("fixed", FIXED), ("dynamic", {})):
        db, path = prepared(ctx, name, options)
        ctx.catch_up(path)
        for n in range(3):
            ctx.server.execute(CHANGES.format(n=n, m=n - 1), db)
            result = ctx.catch_up(path, state=os.path.join(ctx.dir, f"state-{name}-{n}"))
            equal(ctx, db, f"{name} {n}")
            assert "position stored in the sink's tables" in result.err, result.err
            counts = [v for k, v in test_basic.flatten(result.summary) if k.endswith(("rows_read", "inserted"))]
            assert counts and max(counts) < 3000, f"the copy was read again: {result.summary}"


def test_older_copy_of_the_state_folder(ctx):
    db, path = prepared(ctx, "older", {}, test_lost_state.SCRIPT)
    test_lost_state.older_copy(ctx, db, path)
    equal(ctx, db, "older state", ("t", "log"))


def test_state_folder_of_another_run_with_the_same_epoch_numbers(ctx):
    db, path = prepared(ctx, "other", {}, test_lost_state.SCRIPT)
    test_lost_state.of_another_run(ctx, db, path)
    equal(ctx, db, "state of another run", ("t", "log"))


def random_kills(ctx, options, folder, kills=12):
    """kill -9 in the copy and in the log, under load."""
    seed = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))
    print(f"     seed {seed}", flush=True)
    rng = random.Random(seed)
    db, path = prepared(
        ctx, folder, options,
        "CREATE TABLE t (id INT PRIMARY KEY, v CHAR(80)); INSERT INTO t SELECT seq, SHA2(seq, 256) FROM seq_1_to_40000;"
        "CREATE TABLE s (k VARCHAR(40) PRIMARY KEY, v INT); INSERT INTO s SELECT SHA1(seq), seq FROM seq_1_to_3000;"
        "CREATE TABLE log (n INT)",
    )

    def step(cursor, n):
        cursor.execute(f"UPDATE t SET v = 'u{n}' WHERE id = {n * 7919 % 40000 + 1}")
        cursor.execute(f"DELETE FROM s WHERE v = {n % 3000}")
        cursor.execute(f"REPLACE INTO s VALUES ('{n % 400}', {n})")
        cursor.execute(f"INSERT INTO log VALUES ({n}), ({n})")
        cursor.execute(f"UPDATE t SET id = id + 100000 WHERE id = {n * 31 % 40000 + 1}")

    load = harness.Load(ctx.server, step, db, pause=0.002)
    for _ in range(kills):
        job = ctx.start_run(path, interval="80ms")
        job.kill_after(rng.uniform(0.05, 0.9), f"seed {seed}: ")
    load.stop()
    ctx.catch_up(path)
    for table in ("t", "s") if "bucket" in options else ("t", "s", "log"):
        paimon_job.equal(ctx, f"{db}.{table}", orphans=True)


def test_kills_at_random_moments(ctx):
    random_kills(ctx, {**FIXED, "num-sorted-run.compaction-trigger": 3}, "kills")


def test_kills_at_random_moments_in_dynamic_buckets(ctx):
    random_kills(ctx, {"dynamic-bucket.target-row-num": 5000, "num-sorted-run.compaction-trigger": 3}, "kills")


def test_files_of_killed_runs_are_removed(ctx):
    """What a dead run had written and not committed does not stay for ever."""
    left = 0
    for n, name in enumerate(paimon_job.failpoints(ctx)):
        db, path = prepared(ctx, f"left-{name}", FIXED)
        ctx.catch_up(path)
        ctx.server.execute(CHANGES.format(n=n, m=n - 1), db)
        if not killed(ctx, path, name):
            continue
        ctx.catch_up(path)
        for table in ("a", "b"):
            left += len(paimon_job.files(ctx, f"{db}.{table}").orphans())
        ctx.jobs.clear()
    assert left == 0, f"{left} files that nothing names are left"


test_files_of_killed_runs_are_removed.seconds = 600
