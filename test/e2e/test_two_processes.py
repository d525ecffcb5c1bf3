# SPDX-License-Identifier: Apache-2.0
"""One state folder belongs to one process."""

import os


def test_second_process_on_the_same_state_is_refused(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)")
    path = ctx.pipeline(f"{db}.t")
    first = ctx.start_run(path)
    ctx.wait_equal(f"{db}.t", job=first)
    second = ctx.catch_up(path, code=None, seconds=20)
    assert second.code == 1, f"exit code {second.code}:\n{second.err}"
    text = (second.out + second.err).lower()
    assert (
        ctx.state.lower() in text and "another" in text and "process" in text
    ), f"the error does not say who has what:\n{text}"
    assert first.running(), f"the first process ended:\n{first.tail()}"
    ctx.server.execute("INSERT INTO t VALUES (2)", db)
    ctx.wait_equal(f"{db}.t", job=first)


def test_state_is_free_again_after_kill(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)")
    path = ctx.pipeline(f"{db}.t")
    first = ctx.start_run(path)
    ctx.wait_equal(f"{db}.t", job=first)
    first.kill()
    ctx.catch_up(path)


def test_state_of_another_pipeline_is_refused(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE u LIKE t")
    ctx.catch_up(ctx.pipeline(f"{db}.t"))
    before = len(ctx.lake.snapshots(f"{db}.t"))
    other = ctx.pipeline(
        f"{db}.u", name="other.yaml", sink={"catalog.properties.warehouse": os.path.join(ctx.dir, "lake2")}
    )
    result = ctx.catch_up(other, code=None)
    # Either refused by name, or the new table is read; never silently nothing.
    if result.code == 0:
        ctx.lake.warehouse = os.path.join(ctx.dir, "lake2")
        ctx.equal(f"{db}.u")
    else:
        assert "state" in result.err.lower(), result.err
        assert len(ctx.lake.snapshots(f"{db}.t")) == before
