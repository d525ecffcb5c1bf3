# SPDX-License-Identifier: Apache-2.0
"""`sluice paimon copy_files` and `clone`: tables of one catalog in another one, on a local disk and in S3."""

import filecmp
import os
import signal

import paimon_files
import paimon_job
import paimon_lake
from lake import first_differences
from paimon_job import FIXED
from test_paimon_actions import KEYLESS, SCRIPT, action, epochs
from test_paimon_s3 import Place


def target(ctx, name="copy"):
    return paimon_lake.PaimonLake(os.path.join(ctx.dir, name), ctx.shared.pypaimon())


def copy(ctx, name, table=None, to=None, code=0, lake="copy", **more):
    """Of a table, of a database (no dot), or of all."""
    arguments = {"target_warehouse": os.path.join(ctx.dir, lake), **more}
    if table and "." not in table:
        arguments.update(database=table, target_database=to)
        table = None
    elif table:
        arguments.update(zip(("target_database", "target_table"), (to or table).split(".")))
    return action(ctx, name, table, code, **arguments)


def same(ctx, table, other=None, lake="copy"):
    """Both readers see the same rows in both, and the files of the copy are sound."""
    copied = target(ctx, lake)
    expected = ctx.lake.rows(table)
    text = first_differences(expected[0], expected[1], *copied.rows(other or table))
    assert not text, f"pypaimon: {text}"
    out = ctx.command("read", copied.folder(other or table), "--format", "jsonl")
    ctx.jobs.pop()
    assert out.code == 0, out.err
    text = first_differences(expected[0], expected[1], *copied.rows_of_jsonl(other or table, out.out))
    assert not text, f"sluice: {text}"
    walk = paimon_files.Table(copied.folder(other or table))
    assert not walk.orphans(), walk.orphans()
    return walk


def test_copy_files(ctx):
    """The newest snapshot with its number, files and schemas; a copy that is behind is brought up to date."""
    for name, options, partition in (
        ("dynamic", {"dynamic-bucket.target-row-num": 100, "changelog-producer": "lookup"}, "dt"),
        ("vectors", {"bucket": 1, "deletion-vectors.enabled": "true"}, None),
        ("index", {"bucket": 2, "file-index.bitmap.columns": "v", "file-index.in-manifest-threshold": "1 b"}, None),
    ):
        db = ctx.database(SCRIPT)
        table = f"{db}.t"
        ctx.state = paimon_job.state(ctx, name)
        path = paimon_job.pipeline(ctx, table, options, sink={"partition.key": partition and f"{table}:{partition}"})
        ctx.catch_up(path)
        epochs(ctx, path, db, 2)
        ctx.server.execute("ALTER TABLE t ADD COLUMN more INT; UPDATE t SET more = id WHERE id % 3 = 0", db)
        ctx.catch_up(path)
        said = copy(ctx, "copy_files", table, "other.u")
        walk = same(ctx, table, "other.u")
        newest = ctx.lake.snapshot_ids(table)[-1]
        assert f"table {table} to other.u: snapshot {newest}, " in said, said
        assert walk.snapshot_ids() == [newest]
        ours = paimon_job.files(ctx, table)
        assert walk.schema() == ours.schema()
        for file, other in zip(ours.live(ours.snapshots()[-1]), walk.live(walk.snapshots()[-1])):
            assert filecmp.cmp(file.path, other.path, shallow=False), file.path
        again = copy(ctx, "copy_files", table, "other.u")
        assert ", 0 files, 0 bytes" in again, again
        epochs(ctx, path, db, 1)
        ctx.server.execute("ALTER TABLE t ADD COLUMN late INT", db)
        ctx.server.execute("DELETE FROM t WHERE id < 20", db)
        ctx.catch_up(path)
        copy(ctx, "copy_files", table, "other.u")
        walk = same(ctx, table, "other.u")
        assert walk.snapshot_ids() == ctx.lake.snapshot_ids(table)[-1:]
        changed = ctx.command("paimon", "delete", "--warehouse", os.path.join(ctx.dir, "copy"), "--database", "other",
                              "--table", "u", "--where", "id = 50")  # fmt: skip
        assert changed.code == 0, changed.err
        refused = copy(ctx, "copy_files", table, "other.u", code=2)
        assert "is no copy of" in refused, refused
        os.rename(os.path.join(ctx.dir, "copy"), os.path.join(ctx.dir, f"copy-{name}"))


def test_copy_files_of_all_tables(ctx):
    """Of a database under another name, and of a warehouse; a copy that was killed is completed by the next."""
    one, two = ctx.database(SCRIPT), ctx.database(KEYLESS)
    ctx.catch_up(paimon_job.pipeline(ctx, f"{one}.t,{two}.t", {}))
    refused = action(ctx, "copy_files", None, 2, database=one, target_warehouse=ctx.dir)
    assert "--target_database is missing" in refused, refused
    copy(ctx, "copy_files", two, "under")
    same(ctx, f"{two}.t", "under.t")
    words = ["--warehouse", ctx.warehouse, "--target_warehouse", os.path.join(ctx.dir, "all")]
    result = ctx.command("paimon", "copy_files", *words, env={"SLUICE_FAILPOINT": "copy.after_files"})
    ctx.jobs.pop()
    assert result.code == -signal.SIGKILL, result.err
    said = copy(ctx, "copy_files", lake="all")
    assert said.count("table ") == 2, said
    for db in (one, two):
        same(ctx, f"{db}.t", lake="all")
    own = {"target_warehouse": ctx.warehouse}
    assert "onto itself" in copy(ctx, "copy_files", f"{one}.t", f"{one}.t", code=2, **own)
    assert "no table" in copy(ctx, "copy_files", f"{one}.none", "a.b", code=1)
    assert "--target_table is missing" in action(ctx, "copy_files", f"{one}.t", 2, target_database="a",
                                                 target_warehouse=ctx.dir)  # fmt: skip
    assert "--target_warehouse is missing" in action(ctx, "copy_files", code=2)


def test_clone(ctx):
    """With a key buckets are postponed, as in Java: rows show when the clone is compacted. Its partitions are written
    anew each time."""
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {**FIXED, "tag.num-retained-max": 7}, sink={"partition.key": f"{table}:dt"})
    ctx.catch_up(path)
    epochs(ctx, path, db, 2)
    paimon = {"clone_from": "paimon"}
    said = copy(ctx, "clone", table, "other.u", **paimon)
    assert f"table {table} to other.u: 300 rows, snapshot 1" in said, said
    copied = target(ctx)
    walk = paimon_files.Table(copied.folder("other.u"))
    options = walk.schema()["options"]
    assert options["bucket"] == "-2" and options["tag.num-retained-max"] == "7", options
    assert [snapshot["commitKind"] for snapshot in walk.snapshots()] == ["OVERWRITE"]
    there = ["--warehouse", copied.warehouse, "--database", "other", "--table", "u"]

    def compact():
        result = ctx.command("paimon", "compact", *there)
        assert result.code == 0, result.err
        same(ctx, table, "other.u")

    compact()
    ctx.server.execute("DELETE FROM t WHERE id < 100; UPDATE t SET v = 'again'", db)
    ctx.catch_up(path)
    said = copy(ctx, "clone", table, "other.u", where="dt = '2024-01-02'", **paimon)
    assert ": 67 rows, " in said, said
    said = copy(ctx, "clone", table, "other.u", **paimon)
    assert ": 201 rows, " in said, said
    compact()
    said = copy(ctx, "clone", table, "other.u", clone_if_exists="false", **paimon)
    assert "nothing was written" in said, said
    said = copy(ctx, "clone", table, "other.empty", meta_only="true", prefer_file_format="orc",
                target_table_conf=["bucket=3", "a=b"], **paimon)  # fmt: skip
    assert "made, without rows" in said, said
    options = paimon_files.Table(copied.folder("other.empty")).schema()["options"]
    assert (options["bucket"], options["file.format"], options["a"]) == ("3", "orc", "b"), options
    copy(ctx, "clone", table, "other.empty", **paimon)
    same(ctx, table, "other.empty")
    told = copy(ctx, "clone", table, "other.none", 1, target_table_conf="changelog-producer=lookup", **paimon)
    assert "other.none cannot be made" in told and "--target_table_conf" in told, told
    assert not copied.exists("other.none")
    assert "takes over no tables of Hive" in copy(ctx, "clone", table, "other.u", code=1)
    ctx.server.execute("ALTER TABLE t ADD COLUMN more INT", db)
    ctx.catch_up(path)
    assert "other columns" in copy(ctx, "clone", table, "other.u", code=2, **paimon)


def test_clone_a_database(ctx):
    """Tables without a key show their rows at once; names choose."""
    db = ctx.database(KEYLESS + "; CREATE TABLE b (id INT, v INT); INSERT INTO b VALUES (1, 2), (1, 2), (3, NULL);"
                      "CREATE TABLE c (id INT); CREATE TABLE d (id INT); INSERT INTO d VALUES (1)")  # fmt: skip
    ctx.catch_up(paimon_job.pipeline(ctx, f"{db}.b", {"bucket": 2, "bucket-key": "id"}))
    ctx.state = paimon_job.state(ctx, "others")
    ctx.catch_up(paimon_job.pipeline(ctx, f"{db}.[tcd]", {}, name="others.yaml"))
    said = copy(ctx, "clone", db, "under", clone_from="paimon", excluded_tables=f"{db}.d")
    assert said.count("table ") == 3 and f"table {db}.c to under.c: made, without rows" in said, said
    for table in "tb":
        same(ctx, f"{db}.{table}", f"under.{table}")
    options = paimon_files.Table(target(ctx).folder("under.b")).schema()["options"]
    assert (options["bucket"], options["bucket-key"]) == ("2", "id"), options
    for _ in range(2):
        copy(ctx, "clone", clone_from="paimon", included_tables=f"{db}.b,{db}.d", lake="all")
        same(ctx, f"{db}.b", lake="all")
        same(ctx, f"{db}.d", lake="all")
    assert "no such table" in copy(ctx, "clone", clone_from="paimon", included_tables="x.y", code=1)
    assert "must be parquet" in copy(ctx, "clone", clone_from="paimon", prefer_file_format="csv", code=2)


def test_into_s3_and_back(ctx):
    place = Place(ctx)
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    ctx.catch_up(paimon_job.pipeline(ctx, table, {}))
    conf = {key.removeprefix("catalog.properties."): value for key, value in place.sink().items()}
    to = [f"{key}={value}" for key, value in conf.items()]
    said = action(ctx, "copy_files", table, target_catalog_conf=to, target_database="there", target_table="u")
    assert "snapshot 1" in said, said
    assert sorted(place.read("there.u").splitlines()) == sorted(paimon_job.read(ctx, table).splitlines())
    again = action(ctx, "copy_files", table, target_catalog_conf=to, target_database="there", target_table="u")
    assert ", 0 files, " in again, again
    words = [word for each in to for word in ("--catalog_conf", each)]
    for name, more in (("copy_files", ()), ("clone", ("--clone_from", "paimon", "--target_table_conf", "bucket=1"))):
        result = ctx.command("paimon", name, *words, "--database", "there", "--table", "u", "--target_warehouse",
                             os.path.join(ctx.dir, "copy"), "--target_database", name, "--target_table", "v", *more)
        assert result.code == 0, result.err
        same(ctx, table, f"{name}.v")
