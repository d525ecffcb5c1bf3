# SPDX-License-Identifier: Apache-2.0
"""Paimon tables with data files in Avro and ORC, also different ones at each level, and the modes of statistics.
pypaimon reads both formats."""

import json
import os

import paimon_files
import paimon_job
import test_golden
import test_paimon_changelog
import test_paimon_types
from column_values import BINARY, NUMBERS, TEMPORAL, TEXT
from paimon_job import FIXED
from test_paimon_actions import action

APPEND = "CREATE TABLE t (a INT, b VARCHAR(40), c DECIMAL(10,2), d DATE, e DATETIME(3))"


def endings(ctx, table):
    """level -> ends of the names of the newest snapshot's data files, and "changelog" of all changelogs."""
    walk, out = paimon_job.files(ctx, table), {}
    for levels in walk.levels().values():
        for level, files in levels.items():
            out.setdefault(level, set()).update(file.name.rsplit(".", 1)[1] for file in files)
    for snapshot in walk.snapshots():
        for file in walk.changelog(snapshot):
            out.setdefault("changelog", set()).add(file.name.rsplit(".", 1)[1])
    return out


def test_keyed_tables(ctx):
    """Updates, deletes and compactions of tables in one format."""
    for number, options in enumerate(
        (
            {"bucket": 2, "file.format": "avro", "num-sorted-run.compaction-trigger": 3},
            {"bucket": 2, "file.format": "orc", "file.compression": "zlib", "changelog-producer": "lookup"},
            {"file.format": "avro", "file.compression": "deflate", "deletion-vectors.enabled": "true"},
        )
    ):
        db = test_paimon_changelog.run_rounds(ctx, options, "changelog-producer" in options, seed=number)
        found = endings(ctx, f"{db}.t")
        assert set().union(*found.values()) == {options["file.format"]}, found
        assert max(level for level in found if level != "changelog") > 0, f"nothing was compacted: {found}"


def test_formats_of_levels(ctx):
    options = {
        "bucket": 2,
        "num-sorted-run.compaction-trigger": 3,
        "num-levels": 4,
        "file.format": "parquet",
        "file.format.per.level": "0:avro, 3:orc",
        "file.compression.per.level": "0:null",
        "changelog-producer": "input",
        "changelog-file.format": "orc",
        "changelog-file.compression": "zlib",
    }
    db = test_paimon_changelog.run_rounds(ctx, options, changelog=False, seed=7)
    found = endings(ctx, f"{db}.t")
    assert found["changelog"] == {"orc"} and found.get(0, {"avro"}) == {"avro"} and found[3] == {"orc"}, found
    before = sorted(ctx.lake.rows(f"{db}.t")[1])
    action(ctx, "compact", f"{db}.t")
    assert endings(ctx, f"{db}.t") == {3: {"orc"}, "changelog": {"orc"}}
    assert sorted(ctx.lake.rows(f"{db}.t")[1]) == before
    paimon_job.sound(ctx, f"{db}.t")


def test_tables_without_a_key(ctx):
    for form in ("avro", "orc"):
        db = ctx.database(APPEND)
        options = {"file.format": form, "bucket": -1, "compaction.min.file-num": 3}
        path = paimon_job.pipeline(ctx, f"{db}.t", options)
        for start in range(0, 400, 50):
            ctx.server.execute(
                "INSERT INTO t SELECT IF(seq % 7, seq, NULL), CONCAT('v', seq), seq / 3,"
                " '2024-01-01' + INTERVAL seq DAY,"
                f" '2024-01-01 10:00:00.125' + INTERVAL seq SECOND FROM seq_{start}_to_{start + 49}",
                db,
            )
            ctx.catch_up(path)
            paimon_job.equal(ctx, f"{db}.t")
        assert endings(ctx, f"{db}.t") == {0: {form}}
        assert "COMPACT" in paimon_job.kinds(ctx, f"{db}.t")


def test_types_in_avro(ctx):
    """The columns of all tables have plain names: Avro has no others."""
    for cases in (NUMBERS, TEMPORAL, TEXT, BINARY):
        test_paimon_types.run_matrix(ctx, cases, table={**FIXED, "file.format": "avro"})


def test_types_in_orc(ctx):
    """Without times: pypaimon reads those of ORC from 1677 to 2262 only."""
    for cases in (NUMBERS, TEXT, BINARY):
        test_paimon_types.run_matrix(ctx, cases, table={**FIXED, "file.format": "orc"})


def test_times_in_orc(ctx):
    """Those that pypaimon cannot read are read by `sluice read`; what ORC cannot hold is in Parquet."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, a DATETIME(6), b DATETIME, c TIMESTAMP(3) NULL, d TIME(3), e DATE);"
        "SET time_zone = '+00:00';"
        "INSERT INTO t VALUES"
        " (1, '9999-12-31 23:59:59.999999', '1000-01-01', '2038-01-19 03:14:07.999', '23:59:59.999', '9999-12-31'),"
        " (2, '1970-01-01 00:00:00.000001', '1969-12-31 23:59:59', '1970-01-01 00:00:01', '00:00:00', '1000-01-01'),"
        " (3, NULL, NULL, NULL, NULL, NULL)"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t", {**FIXED, "file.format": "orc"})
    ctx.catch_up(path)
    for _ in range(6):  # compactions read and write them
        ctx.server.execute("UPDATE t SET b = b + INTERVAL 1 DAY", db)
        ctx.catch_up(path)
    lines = sorted(paimon_job.read(ctx, f"{db}.t", "--columns", "id,a,b,c,d,e").splitlines())
    assert [list(json.loads(line).values()) for line in lines] == [
        [1, *"9999-12-31T23:59:59.999999 1000-01-07T00:00:00 2038-01-19T03:14:07.999Z 23:59:59.999 9999-12-31".split()],
        [2, *"1970-01-01T00:00:00.000001 1970-01-06T23:59:59 1970-01-01T00:00:01Z 00:00:00 1000-01-01".split()],
        [3, None, None, None, None, None],
    ], lines
    assert all(forms == {"orc"} for forms in endings(ctx, f"{db}.t").values()), endings(ctx, f"{db}.t")


def test_old_times_in_orc_tables(ctx):
    """Files that hold a time before 1970 with a fraction of a second are Parquet: no reader knows such times in ORC."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, a DATETIME(6), b DATETIME(3));"
        "INSERT INTO t SELECT seq, '2024-01-01 00:00:00.25' + INTERVAL seq SECOND, NULL FROM seq_1_to_50"
    )
    options = {**FIXED, "file.format": "orc", "file.compression": "zlib", "changelog-producer": "lookup"}
    path = paimon_job.pipeline(ctx, f"{db}.t", options)
    ctx.catch_up(path)
    assert all(forms == {"orc"} for forms in endings(ctx, f"{db}.t").values()), endings(ctx, f"{db}.t")
    ctx.server.execute(
        "INSERT INTO t VALUES (60, '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.001'),"
        " (61, '1969-12-31 23:59:58.000001', '1900-02-28 01:02:03.456'), (62, NULL, '1969-12-31 23:59:59')",
        db,
    )
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    action(ctx, "compact", f"{db}.t")
    paimon_job.equal(ctx, f"{db}.t")
    assert "parquet" in endings(ctx, f"{db}.t")[5], endings(ctx, f"{db}.t")
    ctx.server.execute("DELETE FROM t WHERE id > 59", db)
    ctx.catch_up(path)
    action(ctx, "compact", f"{db}.t")
    paimon_job.equal(ctx, f"{db}.t")
    found = endings(ctx, f"{db}.t")
    assert found.pop("changelog") == {"orc", "parquet"} and set().union(*found.values()) == {"orc"}, found


def test_columns_come_and_go(ctx):
    """Old files in both formats show new columns as NULL, renamed and widened ones with their values."""
    for form in ("avro", "orc"):
        db = ctx.database(
            "CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(9), c INT);"
            "INSERT INTO t VALUES (1, 10, 'x', 7), (2, 20, 'y', 8), (3, NULL, NULL, NULL)"
        )
        evolve = {"schema.change.behavior": "evolve"}
        path = paimon_job.pipeline(ctx, f"{db}.t", {**FIXED, "file.format": form}, pipeline=evolve)
        ctx.catch_up(path)
        for statement in (
            "ALTER TABLE t ADD COLUMN d DECIMAL(6,2)",
            "ALTER TABLE t MODIFY a BIGINT",
            "ALTER TABLE t RENAME COLUMN b TO bb",
            "ALTER TABLE t DROP COLUMN c",
            "ALTER TABLE t ADD COLUMN c VARCHAR(5)",  # another one of the same name
        ):
            ctx.server.execute(f"{statement}; UPDATE t SET a = a + 1 WHERE id = 1", db)
            ctx.catch_up(path)
            paimon_job.equal(ctx, f"{db}.t")
        ctx.server.execute("INSERT INTO t VALUES (4, 40, 'z', 1.25, 'neu'); DELETE FROM t WHERE id = 2", db)
        ctx.catch_up(path)
        paimon_job.equal(ctx, f"{db}.t")


def test_modes_of_statistics(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(40), c INT);"
        "INSERT INTO t SELECT seq, seq, CONCAT('a longer text ', seq), NULL FROM seq_1_to_20"
    )
    for number, (options, names) in enumerate(
        (
            ({"metadata.stats-mode": "none"}, []),
            ({"metadata.stats-mode": "counts"}, None),
            ({"metadata.stats-mode": "full"}, None),
            ({"metadata.stats-mode": "none", "fields.b.stats-mode": "truncate(3)"}, ["b"]),
            ({"metadata.stats-keep-first-n-columns": 2}, ["id", "a"]),
            ({"metadata.stats-mode.per.level": "0:none", "write-only": "true"}, []),
        )
    ):
        for form in ("parquet", "avro", "orc"):
            place = os.path.join(ctx.dir, f"lake-{number}-{form}")
            path = paimon_job.pipeline(
                ctx, f"{db}.t", {**FIXED, **options, "file.format": form}, warehouse=place
            )
            ctx.catch_up(path, state=place + "-state")
            paimon_job.equal(ctx, f"{db}.t")
            walk = paimon_files.Table(ctx.lake.folder(f"{db}.t"))
            found = [file.meta["_VALUE_STATS_COLS"] for file in walk.live(walk.snapshots()[-1])]
            assert found and all(columns == names for columns in found), (options, form, found)


def test_postponed_files_of_java_are_compacted(ctx):
    """Java writes Avro there, whatever file.format says."""
    folder = os.path.join(test_golden.unpack_paimon(ctx), "paimon")
    paimon_job.use(ctx, folder)
    walk = paimon_job.files(ctx, "pk.postpone")
    waiting = [file for file in walk.live(walk.snapshots()[-1]) if file.bucket == -2]
    assert waiting and all(file.name.endswith(".avro") for file in waiting), waiting
    action(ctx, "compact", "pk.postpone")
    rows = [tuple(json.loads(line).values()) for line in paimon_job.read(ctx, "pk.postpone").splitlines()]
    assert sorted(rows) == [(1, "a2", 11), (2, "b2", 22), (3, "c", 3), (4, "d", 4), (5, "e", 5), (6, None, None)], rows
    paimon_job.sound(ctx, "pk.postpone")
