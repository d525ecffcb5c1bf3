# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under load: nothing lost, nothing doubled, each transaction whole.

SLUICE_KILLS=50 and SLUICE_SEED=n choose the number of kills and the random numbers; the seed is printed.
"""

import os
import random

import harness

SCRIPT = """
CREATE TABLE account (id INT PRIMARY KEY, balance BIGINT NOT NULL);
INSERT INTO account SELECT seq, 1000 FROM seq_1_to_1000;
CREATE TABLE item (id BIGINT PRIMARY KEY, v VARCHAR(60), n INT);
INSERT INTO item SELECT seq, CONCAT('v', seq), 0 FROM seq_1_to_20000;
CREATE TABLE part (a VARCHAR(20) NOT NULL, b INT NOT NULL, v INT, PRIMARY KEY (a, b));
CREATE TABLE log (n BIGINT, text VARCHAR(40));
"""
TABLES = ("account", "item", "part", "log")
TOTAL = 1000 * 1000


def make_step(rng):
    """One transaction of the load: a transfer, changes of keys, inserts, deletes, a line in the log."""

    def step(cursor, n):
        first, second = rng.sample(range(1, 1001), 2)
        amount = rng.randint(1, 9)
        cursor.execute("BEGIN")
        cursor.execute(f"UPDATE account SET balance = balance - {amount} WHERE id = {first}")
        cursor.execute(f"UPDATE item SET n = n + 1 WHERE id BETWEEN {rng.randint(1, 20000)} AND {rng.randint(1, 40)}")
        cursor.execute(f"REPLACE INTO item VALUES ({rng.randint(1, 25000)}, 'r{n}', {n})")
        cursor.execute(
            f"UPDATE IGNORE item SET id = {rng.randint(1, 30000)}, v = 'k{n}' WHERE id = {rng.randint(1, 30000)}"
        )
        cursor.execute(f"DELETE FROM item WHERE id = {rng.randint(1, 30000)}")
        cursor.execute(
            f"INSERT INTO part VALUES ('p{rng.randint(1, 30)}', {rng.randint(1, 30)}, {n}) ON DUPLICATE KEY UPDATE v"
            f" = {n}"
        )
        cursor.execute(f"UPDATE IGNORE part SET b = {rng.randint(1, 30)} WHERE a = 'p{rng.randint(1, 30)}' LIMIT 1")
        cursor.execute(f"INSERT INTO log VALUES ({n}, 'entry {n}')")
        cursor.execute(f"UPDATE account SET balance = balance + {amount} WHERE id = {second}")
        cursor.execute("ROLLBACK" if rng.random() < 0.1 else "COMMIT")

    return step


def check_whole_transactions(ctx, table, newest):
    """The sum of all balances is the same in each of the newest snapshots that hold all accounts."""
    opened = ctx.lake.open(table)
    for snapshot in opened.snapshots()[-newest:]:
        # While the first copy runs, its chunks are of different positions: only what begins after it is whole.
        text = " ".join((snapshot.summary.additional_properties if snapshot.summary else {}).values())
        if "snapshot, log" in text:
            continue
        values = opened.scan(snapshot_id=snapshot.snapshot_id).to_arrow().column("balance").to_pylist()
        if len(values) == 1000:
            assert (
                sum(values) == TOTAL
            ), f"snapshot {snapshot.snapshot_id} shows half a transaction: the sum is {sum(values)}"


def run_kills(ctx, kills, seed, env=None, interval="60ms"):
    rng = random.Random(seed)
    db = ctx.database(SCRIPT)
    path = ctx.pipeline(f"{db}.\\.*", source={"scan.incremental.snapshot.chunk.size": 1000})
    load = harness.Load(ctx.server, make_step(random.Random(seed + 1)), db, pause=0.001)
    for kill in range(kills):
        job = ctx.start_run(path, interval=interval, env=env)
        try:
            harness.wait_until(lambda j=job: not j.running(), "", rng.uniform(0.02, 1.6), 0.002)
        except harness.Timeout:
            pass
        assert job.running(), f"kill {kill}: sluice ended by itself:\n{job.tail()}"
        job.kill()
        ctx.jobs.remove(job)
    load.stop()
    result = ctx.catch_up(path)
    try:
        for table in TABLES:
            ctx.equal(f"{db}.{table}")
        check_whole_transactions(ctx, f"{db}.account", 20)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from error
    missing = [f for t in TABLES for f in ctx.lake.files(f"{db}.{t}") if not os.path.exists(f)]
    assert not missing, f"seed {seed}: files that metadata refers to are missing: {missing[:5]}"
    return load.steps, result


def test_kill_at_random_moments(ctx):
    kills = int(os.environ.get("SLUICE_KILLS", "15"))
    seed = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))
    print(f"     seed {seed}, {kills} kills", flush=True)
    steps, _ = run_kills(ctx, kills, seed)
    print(f"     {steps} transactions, 0 lost, 0 doubled", flush=True)


test_kill_at_random_moments.seconds = 3600


def test_kill_in_the_snapshot_of_a_large_table(ctx):
    seed = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))
    print(f"     seed {seed}", flush=True)
    rng = random.Random(seed)
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v CHAR(120)); INSERT INTO t SELECT seq, SHA2(seq, 256) FROM"
        " seq_1_to_300000;CREATE TABLE s (k VARCHAR(40) PRIMARY KEY, v INT); INSERT INTO s SELECT SHA1(seq), seq FROM"
        " seq_1_to_30000"
    )
    path = ctx.pipeline(f"{db}.\\.*", source={"scan.incremental.snapshot.chunk.size": 3000})
    load = harness.Load(
        ctx.server,
        lambda c, n: c.execute(
            f"UPDATE t SET v = 'u{n}' WHERE id = {n * 7919 % 300000 + 1}"
            if n % 2
            else f"DELETE FROM s WHERE v = {n % 30000}"
        ),
        db,
        pause=0.002,
    )
    for _ in range(6):
        job = ctx.start_run(path, interval="80ms")
        try:
            harness.wait_until(lambda j=job: not j.running(), "", rng.uniform(0.1, 0.5), 0.002)
        except harness.Timeout:
            pass
        assert job.running(), job.tail()
        job.kill()
    load.stop()
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    ctx.equal(f"{db}.s")
