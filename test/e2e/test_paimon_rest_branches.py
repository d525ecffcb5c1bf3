# SPDX-License-Identifier: Apache-2.0
"""Branches of tables in a Paimon REST catalog, and external tables, of which it makes no snapshots."""

import json

import paimon_job
import paimon_rest_server
import test_paimon_rest
from test_paimon_rest import CHANGES, FIXED, SHOP


def act(ctx, server, db, action, **arguments):
    words = [word for key, value in arguments.items() for word in ("--" + key, value)]
    done = ctx.command("paimon", action, *test_paimon_rest.conf(server), "--database", db, "--table", "t", *words)
    assert done.code == 0, f"{action}: {done.out}{done.err}"
    return done.out


def ids(ctx, table, *more):
    return [json.loads(line)["id"] for line in sorted(paimon_job.read(ctx, table, *more).splitlines())]


def test_a_branch_is_committed_to(ctx):
    """Its commits name it to the server, also if an answer is lost; then it takes the table's place."""
    server = test_paimon_rest.start(ctx)
    db = ctx.database("CREATE TABLE t (id INT, v VARCHAR(20)); INSERT INTO t SELECT seq, 'old' FROM seq_1_to_9")
    path = test_paimon_rest.pipeline(ctx, server, f"{db}.t", {"bucket": -1, "write-only": "true"})
    ctx.catch_up(path)
    act(ctx, server, db, "create_tag", tag_name="fork")
    act(ctx, server, db, "create_branch", branch_name="b", tag_name="fork")
    table = server.tables[db, "t"]
    for answer, done in ((None, True), (None, False), (503, True)):
        ctx.server.execute("INSERT INTO t VALUES (100, 'more')", db)
        ctx.catch_up(path)
        before = table.branches["b"].latest
        server.fault("POST", "t%24branch_b/commit", answer, done)
        words = ["paimon", "merge_branch", *test_paimon_rest.conf(server), "--database", db, "--table", "t",
                 "--source_branch", "main", "--target_branch", "b"]
        first = ctx.command(*words)
        assert not server.faults, "it was not asked"
        if first.code != 0:
            assert not done and "REST catalog" in first.err, first.err
            assert ctx.command(*words).code == 0
        assert table.branches["b"].latest == before + 1
    assert sorted(ids(ctx, f"{db}.t", "--branch", "b")) == [*range(1, 10), 100, 100, 100]
    act(ctx, server, db, "rollback_to", version="fork")
    assert sorted(ids(ctx, f"{db}.t")) == [*range(1, 10)]
    act(ctx, server, db, "fast_forward", branch_name="b")
    assert server.count("POST", "/branches/b/forward") == 1
    assert sorted(ids(ctx, f"{db}.t")) == [*range(1, 10), 100, 100, 100]
    assert len(ctx.lake.rows(f"{db}.t")[1]) == 12


def test_external_tables(ctx):
    server = test_paimon_rest.start(ctx)

    class External(paimon_rest_server.Table):
        """Of which the server makes schemas alone."""

        external = True

    server.new_table = External
    db = ctx.database(SHOP)
    # Not by test_paimon_rest.pipeline: pypaimon asks the catalog for snapshots of such tables too.
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, sink=test_paimon_rest.block(server))
    ctx.catch_up(path)
    ctx.server.execute(CHANGES + "; ALTER TABLE t ADD w INT; UPDATE t SET w = id WHERE id < 9", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    assert not server.count("POST", "/commit")
    first = ctx.lake.snapshot_ids(f"{db}.t")[0]
    act(ctx, server, db, "rollback_to", version=str(first))
    assert not server.count("POST", "/rollback") and ctx.lake.snapshot_ids(f"{db}.t") == [first]
