# SPDX-License-Identifier: Apache-2.0
"""Small files of Paimon tables without a primary key become large ones, and no row changes by it."""

import paimon_job

SCRIPT = "CREATE TABLE t (id INT, dt CHAR(10), v VARCHAR(40))"
KINDS = (
    {"bucket": 2, "bucket-key": "id"},
    {"bucket": -1},
)
EPOCHS = 7


def test_small_files_are_joined(ctx):
    for number, options in enumerate(KINDS):
        db = ctx.database(SCRIPT)
        table = f"{db}.t"
        ctx.state = paimon_job.state(ctx, str(number))
        path = paimon_job.pipeline(ctx, table, {**options, "compaction.min.file-num": 3})
        for n in range(EPOCHS):
            ctx.server.execute(f"INSERT INTO t SELECT seq, 'd{n % 2}', 'v{n}' FROM seq_1_to_20", db)
            ctx.catch_up(path)
        assert "COMPACT" in paimon_job.kinds(ctx, table), paimon_job.kinds(ctx, table)
        assert paimon_job.compactions_change_nothing(ctx, table) > 0
        walk = paimon_job.files(ctx, table)
        for place, levels in walk.levels().items():
            assert len(levels[0]) <= 3, f"bucket {place}: {len(levels[0])} files"
        paimon_job.equal(ctx, table)
        if options["bucket"] > 0:  # the rows of a bucket as they came
            rows = [row for row in ctx.lake.rows(table)[1] if row[0] == "7"]
            assert [row[2] for row in rows] == [f"v{n}" for n in range(EPOCHS)], rows


def test_a_write_only_table_keeps_its_files(ctx):
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(ctx, f"{db}.t", {"compaction.min.file-num": 2, "write-only": "true"})
    for n in range(4):
        ctx.server.execute(f"INSERT INTO t VALUES ({n}, 'd', 'v')", db)
        ctx.catch_up(path)
    assert set(paimon_job.kinds(ctx, f"{db}.t")) == {"APPEND"}
    paimon_job.equal(ctx, f"{db}.t")
