# SPDX-License-Identifier: Apache-2.0
"""Commits that take longer than the checkpoint interval."""

import harness


def test_the_job_keeps_up(ctx):
    """Each epoch takes what came during the last commit, not one item of it."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL); INSERT INTO t SELECT seq, 0 FROM seq_1_to_500"
    )
    path = ctx.pipeline(f"{db}.t")
    job = ctx.start_run(path, interval="1ms")
    ctx.wait_equal(f"{db}.t", job=job)
    load = harness.Load(
        ctx.server, lambda c, n: c.execute(f"UPDATE t SET v = v + 1 WHERE id = {n % 500 + 1}"), db, pause=0
    )

    def written():
        return int(ctx.server.execute("SELECT SUM(v) FROM t", db)[0][0])

    harness.wait_until(lambda: written() >= 8000, "8,000 transactions", 100)
    now = written()
    held = sum(ctx.lake.open(f"{db}.t").scan(selected_fields=("v",)).to_arrow().column("v").to_pylist())
    load.stop()
    assert held * 2 > now, f"the lake has {held} of {now} changes: the job falls behind"
    ctx.wait_equal(f"{db}.t", job=job)
    job.terminate(5)
