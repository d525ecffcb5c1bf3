# SPDX-License-Identifier: Apache-2.0
"""Columns of type VARIANT, in tables that Paimon's Java code wrote (test/peers/VariantTable.java), with the rows as it
shows them: they are read, merged and compacted; bytes stay as they are."""

import json
import os
import tarfile

import paimon_job
import pyarrow.parquet
import test_golden
from test_paimon_actions import action, files_of

ARCHIVE = os.path.join(test_golden.DATA, "paimon", "variant.tar.xz")


def unpack(ctx):
    folder = os.path.join(ctx.warehouse, "lake.db")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder)
    paimon_job.use(ctx)
    return folder


def lines(text):
    return sorted((json.loads(line) for line in text.splitlines()), key=lambda row: (row["id"], row["n"]))


def expected(folder, name):
    with open(os.path.join(folder, f"{name}.jsonl"), encoding="utf-8") as file:
        return lines(file.read())


def stored(ctx, table):
    """(id, n) -> the bytes of the newest files' variants, and the types that the files have."""
    cells, schemas = {}, set()
    walk = paimon_job.files(ctx, table)
    for place in walk.levels().values():
        for files in place.values():
            for file in files:
                path = os.path.join(ctx.lake.folder(table), "bucket-0", file.name)
                schemas.add(str(pyarrow.parquet.ParquetFile(path).schema).partition(" v {")[2])
                for row in pyarrow.parquet.read_table(path, columns=["id", "v", "a", "r", "n"]).to_pylist():
                    cells[row["id"], row["n"]] = row
    return cells, schemas


def test_they_are_read_and_compacted(ctx):
    folder = unpack(ctx)
    for name in ("keyed", "plain"):
        table, wanted = f"lake.{name}", expected(folder, name)
        assert len(wanted) >= 18 and lines(paimon_job.read(ctx, table)) == wanted
        before, schemas = stored(ctx, table)
        action(ctx, "compact", table, table_conf="compaction.force-rewrite-all-files=true")
        assert list(files_of(ctx, table).values()) in ([{0: 1}], [{5: 1}]), files_of(ctx, table)
        assert lines(paimon_job.read(ctx, table)) == wanted
        after, now = stored(ctx, table)
        assert after == {key: before[key] for key in after} and len(after) == len(wanted)
        assert now == schemas and len(now) == 1, (now, schemas)
        paimon_job.sound(ctx, table, orphans=True)


def test_rows_are_deleted_and_columns_chosen(ctx):
    folder = unpack(ctx)
    wanted = [row for row in expected(folder, "keyed") if row["id"] != 4]
    action(ctx, "delete", "lake.keyed", where="id = 4")
    assert lines(paimon_job.read(ctx, "lake.keyed")) == wanted
    assert [json.loads(line) for line in paimon_job.read(ctx, "lake.keyed", "--columns", "v").splitlines()] == [
        {"v": row["v"]} for row in wanted
    ]
    nulls = paimon_job.read(ctx, "lake.keyed", "--where", "v IS NULL").splitlines()
    assert len(nulls) == sum(row["id"] % 7 == 3 for row in wanted)


def test_shredded_ones_are_read_and_compacted(ctx):
    """`n` of v is in a column of its own there; in what sluice writes it is not."""
    folder = unpack(ctx)
    wanted = [{**row, "n": "s"} for row in expected(folder, "plain") if row["id"] < 3]
    assert lines(paimon_job.read(ctx, "lake.shredded")) == wanted
    action(ctx, "compact", "lake.shredded", order_strategy="order", order_by="id")  # writes every file again
    assert lines(paimon_job.read(ctx, "lake.shredded")) == wanted
    assert "typed_value" not in str(stored(ctx, "lake.shredded")[1])


def test_what_is_not_read_is_refused_by_name(ctx):
    unpack(ctx)
    for form in ("orc", "avro"):
        error = action(ctx, "compact", "lake.keyed", code=1, table_conf=f"file.format={form}")
        assert "column v" in error and "VARIANT" in error, error
