# SPDX-License-Identifier: Apache-2.0
"""`sluice verify` of pipelines whose source is Paimon: the sink is compared with the snapshot that it holds."""

import paimon_job
from paimon_source import Second

SQL = "CREATE TABLE t (id INT PRIMARY KEY, g INT, n INT, v VARCHAR(20))"


def first(ctx, db, options):
    return paimon_job.pipeline(ctx, f"{db}.t", table={"bucket": 2, **options})


def test_verify(ctx):
    db = ctx.database(f"{SQL}; INSERT INTO t SELECT seq, seq % 4, seq, CONCAT('v', seq) FROM seq_1_to_60")
    path = first(ctx, db, {"changelog-producer": "lookup"})
    ctx.catch_up(path)
    for number, kind in enumerate(("iceberg", "paimon")):
        second = Second(ctx, f"{db}.t", kind, f"verify-{kind}")
        result = ctx.command("verify", second.path, "--wait", "0")
        assert result.code == 1 and "no epoch of this job" in result.err, result.out + result.err
        second.catch_up()
        result = ctx.command("verify", second.path, "--wait", "0")
        assert result.code == 0 and "equal: 1 tables" in result.out, result.out + result.err
        ctx.server.execute(f"UPDATE t SET n = {number}; DELETE FROM t WHERE id = {number + 1}", db)
        ctx.catch_up(path)
        result = ctx.command("verify", second.path, "--wait", "0")
        assert result.code == 1 and "BEHIND" in result.out and "DIFFERENT" not in result.out, result.out + result.err
        second.catch_up()
        result = ctx.command("verify", second.path)
        assert result.code == 0, result.out + result.err


def test_verify_names_a_row_that_differs(ctx):
    db = ctx.database(f"{SQL}; INSERT INTO t SELECT seq, seq % 4, seq, 'v' FROM seq_1_to_20")
    ctx.catch_up(first(ctx, db, {}))
    second = Second(ctx, f"{db}.t", "paimon", "other", table={"bucket": 1})
    second.catch_up()
    second.lake.write(f"{db}.t", [{"id": 777, "g": 1, "n": 1, "v": "foreign"}])
    result = ctx.command("verify", second.path, "--wait", "0")
    assert result.code == 1 and "DIFFERENT: 1 of 1 tables" in result.out and "id=777" in result.out, result.out
