# SPDX-License-Identifier: Apache-2.0
"""Times with nanoseconds, TIMESTAMP(7) to (9), in tables that Flink wrote with Paimon 2.0.0 (test/data/paimon/golden):
they are compacted, deleted from and asked, and go on into other tables."""

import json
import os
import shutil

import paimon_job
import test_golden
from paimon_source import Second
from test_paimon_actions import action, files_of

TABLES = ("append_orc", "append_parquet", "pk_orc", "pk_parquet")
FRACTION = "2024-02-29T12:34:56.789012345"


def unpack(ctx):
    """{table: its rows as Flink read them}."""
    folder = test_golden.unpack_paimon(ctx)
    shutil.copytree(os.path.join(folder, "paimon", "format.db"), os.path.join(ctx.warehouse, "format.db"))
    paimon_job.use(ctx)
    out = {}
    for name in TABLES:
        path = os.path.join(folder, "expected", "paimon", f"format.{name}", "current.jsonl")
        with open(path, encoding="utf-8") as file:
            out[f"format.{name}"] = sorted(map(test_golden.row, file))
    return out


def read(ctx, table, *arguments):
    return sorted(map(test_golden.row, paimon_job.read(ctx, table, *arguments).splitlines()))


def times(rows):
    return sorted(json.loads(row)["t9"] or "" for row in rows)


def test_what_is_compacted_keeps_its_nanoseconds(ctx):
    for table, expected in unpack(ctx).items():
        assert FRACTION in times(expected) and read(ctx, table) == expected
        action(ctx, "compact", table, table_conf="compaction.force-rewrite-all-files=true")
        assert all(levels in ({0: 1}, {5: 1}) for levels in files_of(ctx, table).values()), files_of(ctx, table)
        assert read(ctx, table) == expected
        paimon_job.sound(ctx, table, orphans=True)
        if table.endswith("parquet"):  # pypaimon reads old times of ORC otherwise
            theirs = [(row["t9"] or "").replace(" ", "T") for row in ctx.lake.plain_rows(table)]
            assert sorted(theirs) == times(expected), theirs


def test_conditions_have_nanoseconds(ctx):
    for table, expected in unpack(ctx).items():
        for literal, op, count in (
            ("789012345", "=", times(expected).count(FRACTION)),
            ("789012344", "=", 0),
            ("7890123450", "<>", sum(time not in ("", FRACTION) for time in times(expected))),
            ("789012344", ">", sum(time >= FRACTION for time in times(expected))),
            ("7890123451", ">=", sum(time > FRACTION for time in times(expected))),
        ):
            found = read(ctx, table, "--where", f"t9 {op} '2024-02-29 12:34:56.{literal}'")
            assert len(found) == count, (table, op, literal, times(found))


def test_rows_are_deleted_by_nanoseconds(ctx):
    expected = unpack(ctx)
    for table in ("format.pk_parquet", "format.pk_orc"):
        action(ctx, "delete", table, where="t9 = TIMESTAMP '2024-02-29 12:34:56.789012345'")
        left = [row for row in expected[table] if json.loads(row)["t9"] != FRACTION]
        assert len(left) < len(expected[table]) and read(ctx, table) == left


def test_pipelines_keep_them_as_far_as_the_sink_does(ctx):
    """A Paimon table has all digits, an Iceberg table those of microseconds, which is told by the column's name."""
    for table, expected in unpack(ctx).items():
        if "append" in table:
            continue
        for kind in ("paimon", "iceberg"):
            second = Second(ctx, table, kind, f"{kind}-{table.split('.')[1]}", table={"bucket": "1"})
            job = second.catch_up()
            result = ctx.command("read", second.lake.folder(table), "--format", "jsonl")
            found = [json.loads(line)["t9"] for line in result.out.splitlines()]
            wanted = times(expected)
            if kind == "iceberg":
                wanted = [time[:26].rstrip("0") if "." in time else time for time in wanted]
                assert "column t9 is TIMESTAMP(9), and TIMESTAMP(6) in the sink" in job.err, job.err
            assert sorted(time or "" for time in found) == sorted(wanted), found
            second.catch_up()  # knows its schema again
            verified = ctx.command("verify", second.path, "--state", second.state)
            assert verified.code == 0, verified.out + verified.err


def test_avro_has_none(ctx):
    unpack(ctx)
    options = ["file.format=avro", "compaction.force-rewrite-all-files=true"]
    error = action(ctx, "compact", "format.pk_parquet", code=1, table_conf=options)
    assert "column t9" in error and "Avro" in error and "file.format" in error, error


def test_old_rows_are_looked_up_with_their_nanoseconds(ctx):
    """Of a table whose commits look rows up, by the pages that have them."""
    expected = unpack(ctx)["format.pk_parquet"]
    table = {"bucket": "1", "changelog-producer": "lookup"}
    second = Second(ctx, "format.pk_parquet", "paimon", "lookup", table=table)
    second.catch_up()
    action(ctx, "delete", "format.pk_parquet", where="k = 1")
    second.catch_up()
    walk = ctx.command("read", second.lake.folder("format.pk_parquet"), "--format", "jsonl", "--follow",
                       "--from-snapshot", "1", "--until", "caught-up")  # fmt: skip
    assert walk.code == 0, walk.err
    changes = [json.loads(line) for line in walk.out.splitlines()]
    assert [(row["k"], row["t9"]) for row in changes if row["rowkind"] == "-D"] == [(1, FRACTION)], changes
    assert sorted(row["t9"] or "" for row in changes if row["rowkind"] == "+I") == times(expected)
