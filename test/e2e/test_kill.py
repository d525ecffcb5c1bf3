# SPDX-License-Identifier: Apache-2.0
"""kill -9 in the copy of a large table under load. Kills in all phases and every other fault: test/crash.

SLUICE_SEED=n chooses the random numbers; the seed is printed.
"""

import os
import random

import harness


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
        job.kill_after(rng.uniform(0.1, 0.5))
    load.stop()
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    ctx.equal(f"{db}.s")
