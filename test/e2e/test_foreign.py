# SPDX-License-Identifier: Apache-2.0
"""PyIceberg changes a table that a running job fills. The same with Spark and Trino: make test-peers."""

import pyarrow
from pyiceberg.types import StringType

import foreign
import harness

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100), d DATE);"
    "INSERT INTO t SELECT seq, CONCAT('v', seq), DATE_ADD('2024-01-01', INTERVAL seq DAY) FROM seq_1_to_90"
)


def running(ctx, partition="month(d)"):
    """A job that has written an epoch of changes, so that it has its key index."""
    db = ctx.database(SCRIPT)
    job = ctx.start_run(ctx.pipeline(f"{db}.t", sink={"partition.key": f"{db}.t:{partition}"}))
    ctx.wait_equal(f"{db}.t", job=job)
    ctx.server.execute("UPDATE t SET v = 'second' WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0", db)
    ctx.wait_equal(f"{db}.t", job=job)
    return db, job


def test_row_with_a_key_that_the_source_inserts_later(ctx):
    db, job = running(ctx, "d")

    def append(table):
        row = {"id": 500, "v": "foreign", "d": None}
        table.append(pyarrow.Table.from_pylist([row], schema=table.schema().as_arrow()))

    foreign.change(ctx.lake, f"{db}.t", append)
    ctx.server.execute("INSERT INTO t VALUES (500, 'ours', '2024-05-05')", db)
    ctx.wait_equal(f"{db}.t", job=job)


def test_partition_fields_added_and_removed(ctx):
    db, job = running(ctx)

    def evolve(table):
        with table.update_spec() as update:
            update.remove_field("d_month")
            update.add_field("id", "bucket[3]", "id_bucket")

    foreign.change(ctx.lake, f"{db}.t", evolve)
    ctx.server.execute("UPDATE t SET v = 'third' WHERE id % 2; INSERT INTO t VALUES (600, 'new', NULL)", db)
    ctx.wait_equal(f"{db}.t", job=job)
    partitions = ctx.lake.open(f"{db}.t").inspect.partitions()
    specs = set(partitions.column("spec_id").to_pylist())
    assert specs == {0, 1}, specs
    buckets = {row["id_bucket"] for row in partitions.column("partition").to_pylist()}
    assert {0, 1, 2} <= buckets, f"new files are not partitioned by the new field: {buckets}"


def test_column_added(ctx):
    db, job = running(ctx)

    def evolve(table):
        with table.update_schema() as update:
            update.add_column("note", StringType())

    foreign.change(ctx.lake, f"{db}.t", evolve)
    ctx.server.execute("UPDATE t SET v = 'third' WHERE id % 2", db)
    ctx.wait_equal(f"{db}.t", job=job, columns=["id", "v", "d"])


def test_column_renamed_is_refused(ctx):
    db, job = running(ctx)

    def evolve(table):
        with table.update_schema() as update:
            update.rename_column("v", "w")

    foreign.change(ctx.lake, f"{db}.t", evolve)
    ctx.server.execute("UPDATE t SET v = 'third' WHERE id % 2", db)
    harness.wait_until(lambda: not job.running(), "the end of the job")
    result = job.wait()
    assert result.code == 1, result.err
    assert "column v, which the source has, was renamed to w by another writer" in result.err, result.err
