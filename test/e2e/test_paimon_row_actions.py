# SPDX-License-Identifier: Apache-2.0
"""`sluice paimon` delete, rescale, rewrite_file_index, merge_branch and remove_unexisting_*: what they make of a table,
that a job goes on over it, and what they refuse."""

import json
import os
import shutil
import signal

import paimon_files
import paimon_iceberg
import paimon_job
from paimon_job import FIXED
from test_paimon_actions import KEYLESS, SCRIPT, WRITE_ONLY, action, epochs, unnamed

HIDDEN = "SET sql_log_bin = 0;"  # the job is not told of it


def alter(ctx, table, **options):
    """Another version of the schema, as ALTER TABLE of another engine makes it. An option of None goes."""
    folder = os.path.join(ctx.lake.folder(table), "schema")
    schema = paimon_job.files(ctx, table).schema()
    schema["id"] += 1
    for key, value in options.items():
        schema["options"][key.replace("__", "-").replace("_", ".")] = value
    schema["options"] = {key: value for key, value in schema["options"].items() if value is not None}
    with open(os.path.join(folder, f"schema-{schema['id']}"), "x", encoding="utf-8") as file:
        json.dump(schema, file)


def test_delete(ctx):
    """Rows of kind -D for those that are meant, in each kind of table; the job goes on over them."""
    for name, options, partition in (
        ("fixed", FIXED, None),
        ("dynamic", {"dynamic-bucket.target-row-num": 100}, None),
        ("partitions", {"bucket": 1, "changelog-producer": "lookup"}, "dt"),
        ("vectors", {"bucket": 1, "deletion-vectors.enabled": "true"}, None),
    ):
        db = ctx.database(SCRIPT)
        table = f"{db}.t"
        ctx.state = paimon_job.state(ctx, name)
        path = paimon_job.pipeline(ctx, table, options, sink={"partition.key": partition and f"{table}:{partition}"})
        ctx.catch_up(path)
        where = "(id BETWEEN 10 AND 19 OR id IN (1, 2, 3)) AND NOT (dt = DATE '2024-01-02' OR v LIKE 'w%')"
        assert "no row" in action(ctx, "delete", table, where="id > 300")
        said = action(ctx, "delete", table, where=where)
        ctx.server.execute(f"{HIDDEN} DELETE FROM t WHERE {where}", db)
        assert said.startswith("8 rows are deleted"), said
        paimon_job.equal(ctx, table)
        ctx.server.execute("UPDATE t SET v = 'on' WHERE id % 5 = 0", db)
        ctx.server.execute("INSERT INTO t VALUES (2, '2024-01-01', 'again')", db)
        ctx.catch_up(path)
        action(ctx, "expire_snapshots", table, retain_max=1, retain_min=1)
        paimon_job.equal(ctx, table)


def test_what_delete_refuses(ctx):
    db = ctx.database(SCRIPT + ";CREATE TABLE k (id INT, at TIMESTAMP NULL); INSERT INTO k VALUES (1, NULL)")
    table = f"{db}.t"
    ctx.catch_up(paimon_job.pipeline(ctx, f"{db}.\\.*"))
    before = paimon_job.files(ctx, table).snapshot_ids()
    assert "--where is missing" in action(ctx, "delete", table, code=2)
    assert "--where has no value" in action(ctx, "delete", table, code=2, where=" ")
    assert "no column `x`" in action(ctx, "delete", table, code=1, where="x = 1")
    assert "no literal" in action(ctx, "delete", table, code=2, where="v = u")
    assert "is STRING" in action(ctx, "delete", table, code=2, where="v = 5").replace("VARCHAR(40)", "STRING")
    assert "not closed" in action(ctx, "delete", table, code=2, where="(id = 1")
    assert "NULL" in action(ctx, "delete", table, code=2, where="v = NULL")
    assert "source_sql is not supported" in action(ctx, "delete", table, code=1, where="id = 1", source_sql="SELECT 1")
    assert "without a primary key" in action(ctx, "delete", f"{db}.k", code=1, where="id = 1")
    alter(ctx, table, **{"ignore__delete": "true"})
    assert "ignore-delete" in action(ctx, "delete", table, code=1, where="id = 1")
    assert paimon_job.files(ctx, table).snapshot_ids() == before


def test_a_delete_that_is_killed(ctx):
    """At each of its steps: it is as if it had not been, or done; what it has left are orphans."""
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, FIXED)
    ctx.catch_up(path)
    words = ["--warehouse", ctx.warehouse, "--database", db, "--table", "t", "--where", "id = 7"]
    for name in ("paimon.after_data_files", "paimon.after_manifest_lists"):
        result = ctx.command("paimon", "delete", *words, env={"SLUICE_FAILPOINT": name})
        ctx.jobs.pop()
        assert result.code == -signal.SIGKILL, f"{name}: {result.code} {result.err}"
        paimon_job.equal(ctx, table, orphans=True)
    result = ctx.command("paimon", "delete", *words, env={"SLUICE_FAILPOINT": "paimon.after_snapshot"})
    ctx.jobs.pop()
    assert result.code == -signal.SIGKILL, result.err
    ctx.server.execute(f"{HIDDEN} DELETE FROM t WHERE id = 7", db)
    paimon_job.equal(ctx, table, orphans=True)
    assert "no row" in action(ctx, "delete", table, where="id = 7")
    ctx.catch_up(path)
    paimon_job.equal(ctx, table, orphans=True)


def buckets_of(ctx, table):
    """Of each partition: the numbers of buckets that its files say there are."""
    out = {}
    walk = paimon_job.files(ctx, table)
    for file in walk.live(walk.snapshots()[-1]):
        out.setdefault(file.partition, set()).add(file.total_buckets)
    return out


def test_rescale(ctx):
    """The rows of a table, or of a partition, in another number of buckets; with the option altered the job goes on."""
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {**FIXED, "changelog-producer": "lookup"},
                               sink={"partition.key": f"{table}:dt"})  # fmt: skip
    ctx.catch_up(path)
    epochs(ctx, path, db, 2)
    ctx.server.execute("DELETE FROM t WHERE id % 7 = 0", db)
    ctx.catch_up(path)
    said = action(ctx, "rescale", table, bucket_num=3, partition="dt=2024-01-02", scan_parallelism=2)
    assert "1 partitions are in 3 buckets" in said and "option bucket is 2" in said, said
    assert sorted(map(sorted, buckets_of(ctx, table).values())) == [[2], [2], [3]]
    assert paimon_job.kinds(ctx, table)[-2:] == ["OVERWRITE", "COMPACT"]
    paimon_job.equal(ctx, table)
    ctx.server.execute("UPDATE t SET v = 'later' WHERE id < 9", db)
    stopped = ctx.catch_up(path, code=None)
    assert stopped.code != 0 and "sluice paimon rescale" in stopped.err, stopped.err
    alter(ctx, table, bucket="3")
    action(ctx, "rescale", table)  # what the option says
    assert sorted(map(sorted, buckets_of(ctx, table).values())) == [[3], [3], [3]]
    ctx.state = paimon_job.state(ctx, "second")
    ctx.catch_up(path)
    epochs(ctx, path, db, 1)
    paimon_job.equal(ctx, table)


def test_rescale_without_a_key(ctx):
    db = ctx.database(KEYLESS)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 2, "bucket-key": "id"})
    ctx.catch_up(path)
    action(ctx, "rescale", table, bucket_num=4)
    assert list(buckets_of(ctx, table).values()) == [{4}]
    paimon_job.equal(ctx, table)


def test_what_rescale_refuses(ctx):
    db = ctx.database(f"{SCRIPT}; {KEYLESS.replace('TABLE t', 'TABLE k').replace('INTO t', 'INTO k')}")
    path = paimon_job.pipeline(ctx, f"{db}.\\.*", {"num-levels": 6})
    ctx.catch_up(path)
    assert "dynamic buckets" in action(ctx, "rescale", f"{db}.t", code=1, bucket_num=3)
    assert "no buckets" in action(ctx, "rescale", f"{db}.k", code=1)
    assert "--bucket_num 0" in action(ctx, "rescale", f"{db}.t", code=2, bucket_num=0)


def indexes(ctx, table):
    """Of each live file whether it has an index beside it, and one in its manifest."""
    walk = paimon_job.files(ctx, table)
    return [
        (bool(file.meta["_EXTRA_FILES"]), file.meta["_EMBEDDED_FILE_INDEX"] is not None)
        for file in walk.live(walk.snapshots()[-1])
    ]


def test_rewrite_file_index(ctx):
    """Files get the indexes that the options ask for now, and are passed over by them."""
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1, **WRITE_ONLY}, sink={"partition.key": f"{table}:dt"})
    ctx.catch_up(path)
    epochs(ctx, path, db, 1)
    assert "have the indexes" in action(ctx, "rewrite_file_index", identifier=table)
    alter(ctx, table, **{"file__index_bloom__filter_columns": "v", "file__index_bloom__filter_v_items": "100",
                         "file__index_in__manifest__threshold": "1 b"})  # fmt: skip
    said = action(ctx, "rewrite_file_index", identifier=table, partitions="dt=2024-01-01;dt=2024-01-02")
    assert "4 of 4 files" in said, said
    assert sorted(indexes(ctx, table)) == [(False, False)] * 2 + [(True, False)] * 4
    paimon_job.equal(ctx, table)
    assert "2 of 6 files" in action(ctx, "rewrite_file_index", identifier=table)
    assert "have the indexes" in action(ctx, "rewrite_file_index", identifier=table)
    away = 0
    walk = paimon_job.files(ctx, table)
    for file in walk.live(walk.snapshots()[-1]):
        if "u0" not in paimon_files.read(file).column("v").to_pylist():
            os.rename(file.path, file.path + ".away")
            away += 1
    found = paimon_job.read(ctx, table, "--where", "v = 'nowhere'")
    assert away == 3 and not found, found
    for file in walk.live(walk.snapshots()[-1]):
        if os.path.exists(file.path + ".away"):
            os.rename(file.path + ".away", file.path)
    alter(ctx, table, **{"file__index_in__manifest__threshold": "1 mb"})
    action(ctx, "rewrite_file_index", identifier=table)
    assert set(indexes(ctx, table)) == {(False, True)}
    action(ctx, "compact", table)
    epochs(ctx, path, db, 1)
    action(ctx, "expire_snapshots", table, retain_max=1, retain_min=1)
    paimon_job.equal(ctx, table)  # nothing is left of the indexes that went
    assert "is no table" in action(ctx, "rewrite_file_index", code=2, identifier="t")


def branched(ctx, table, name, snapshots):
    """Puts snapshots of the table into its branch, as if another writer had made them there."""
    folder = ctx.lake.folder(table)
    for number in snapshots:
        source = os.path.join(folder, "snapshot", f"snapshot-{number}")
        shutil.copy(source, os.path.join(folder, "branch", f"branch-{name}", "snapshot", f"snapshot-{number}"))


def test_merge_branch(ctx):
    db = ctx.database(KEYLESS)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, WRITE_ONLY)
    ctx.catch_up(path)
    action(ctx, "create_tag", table, tag_name="fork")
    action(ctx, "create_branch", table, branch_name="dev", tag_name="fork")
    epochs(ctx, path, db, 2, "INSERT INTO t VALUES ({n}, 'theirs')")
    branched(ctx, table, "dev", [2, 3])
    action(ctx, "rollback_to", table, version="fork")
    ctx.lake.write(table, [{"id": 500, "v": "ours"}])
    said = action(ctx, "merge_branch", table, source_branch="dev")
    assert "2 files with 2 rows" in said, said
    rows = sorted(int(row[0]) for row in ctx.lake.rows(table)[1])
    assert rows == sorted([*range(1, 101), 0, 1, 500]), rows
    assert "has all files" in action(ctx, "merge_branch", table, source_branch="dev")
    action(ctx, "delete_branch", table, branch_name="dev")
    assert len(ctx.lake.rows(table)[1]) == 103
    assert not unnamed(ctx, table)
    assert "no branch dev" in action(ctx, "merge_branch", table, code=1, source_branch="dev")
    assert "into itself" in action(ctx, "merge_branch", table, code=2, source_branch="main")
    action(ctx, "compact", table)
    action(ctx, "create_branch", table, branch_name="late", tag_name="fork")
    assert "of kind COMPACT" in action(ctx, "merge_branch", table, code=1, source_branch="late")


def of_branch(ctx, table, branch):
    text = ctx.command("read", ctx.lake.folder(table), "--branch", branch, "--format", "jsonl").out
    ctx.jobs.pop()
    return sorted(json.loads(line)["id"] for line in text.splitlines())


def test_merge_branch_into_a_branch(ctx):
    """Of a branch, and of the table; its snapshots and hints are its own, and the table stays as it was."""
    db = ctx.database(KEYLESS)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, WRITE_ONLY)
    ctx.catch_up(path)
    action(ctx, "create_tag", table, tag_name="fork")
    for branch in ("dev", "next"):
        action(ctx, "create_branch", table, branch_name=branch, tag_name="fork")
    epochs(ctx, path, db, 1, "INSERT INTO t VALUES (1000, 'theirs')")
    branched(ctx, table, "dev", [2])
    action(ctx, "rollback_to", table, version="fork")
    ctx.lake.write(table, [{"id": 500, "v": "ours"}])
    said = action(ctx, "merge_branch", table, source_branch="dev", target_branch="next")
    assert "1 files with 1 rows came from branch dev into branch next: snapshot 2" in said, said
    assert of_branch(ctx, table, "next") == [*range(1, 101), 1000]
    said = action(ctx, "merge_branch", table, source_branch="main", target_branch="next")
    assert "snapshot 3" in said, said
    assert of_branch(ctx, table, "next") == [*range(1, 101), 500, 1000]
    assert of_branch(ctx, table, "dev") == [*range(1, 101), 1000]
    assert "branch next has all files" in action(ctx, "merge_branch", table, source_branch="dev", target_branch="next")
    assert len(ctx.lake.rows(table)[1]) == 101
    with open(os.path.join(ctx.lake.folder(table), "branch", "branch-next", "snapshot", "LATEST")) as hint:
        assert hint.read() == "3"
    action(ctx, "merge_branch", table, source_branch="next")
    rows = sorted(int(row[0]) for row in ctx.lake.rows(table)[1])
    assert rows == [*range(1, 101), 500, 1000], rows
    found = ctx.command("tables", "orphans", ctx.lake.folder(table), "--older-than", "0s")
    assert found.code == 0 and "0 files" in found.out, found.out + found.err
    same = {"source_branch": "dev", "target_branch": "dev"}
    assert "into itself" in action(ctx, "merge_branch", table, code=2, **same)
    assert "no branch x" in action(ctx, "merge_branch", table, code=1, source_branch="dev", target_branch="x")
    for branch in ("dev", "next"):
        action(ctx, "delete_branch", table, branch_name=branch)
    assert len(ctx.lake.rows(table)[1]) == 102
    assert not unnamed(ctx, table)


def test_merge_branch_needs_a_table_without_a_key(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    ctx.catch_up(paimon_job.pipeline(ctx, table, FIXED))
    action(ctx, "create_tag", table, tag_name="fork")
    action(ctx, "create_branch", table, branch_name="dev", tag_name="fork")
    assert "primary key" in action(ctx, "merge_branch", table, code=1, source_branch="dev")


def test_remove_unexisting_files(ctx):
    db = ctx.database(KEYLESS)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, WRITE_ONLY)
    ctx.catch_up(path)
    epochs(ctx, path, db, 2, "INSERT INTO t VALUES ({n}, 'more')")
    assert "all files" in action(ctx, "remove_unexisting_files", table)
    walk = paimon_job.files(ctx, table)
    (lost,) = [file for file in walk.live(walk.snapshots()[-1]) if file.rows == 100]
    os.remove(lost.path)
    said = action(ctx, "remove_unexisting_files", table, dry_run="true")
    assert lost.path in said and "100 rows are not there" in said and "snapshot" not in said.splitlines()[-1], said
    action(ctx, "remove_unexisting_files", table)
    assert sorted(ctx.lake.rows(table)[1]) == [("0", "more"), ("1", "more")]
    ctx.server.execute("INSERT INTO t VALUES (7, 'on')", db)
    ctx.catch_up(path)
    assert len(ctx.lake.rows(table)[1]) == 3


def test_remove_unexisting_manifests(ctx):
    db = ctx.database(KEYLESS)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, WRITE_ONLY)
    ctx.catch_up(path)
    epochs(ctx, path, db, 2, "INSERT INTO t VALUES ({n}, 'more')")
    assert "all manifests" in action(ctx, "remove_unexisting_manifests", table)
    walk = paimon_job.files(ctx, table)
    name = walk.manifests(walk.snapshots()[0]["deltaManifestList"])[0]["_FILE_NAME"]
    os.remove(os.path.join(ctx.lake.folder(table), "manifest", name))
    said = action(ctx, "remove_unexisting_manifests", table)
    assert name in said and "100 rows less" in said, said
    assert sorted(ctx.lake.rows(table)[1]) == [("0", "more"), ("1", "more")]
    ctx.server.execute("INSERT INTO t VALUES (7, 'on')", db)
    ctx.catch_up(path)
    assert len(ctx.lake.rows(table)[1]) == 3


def test_compact_where(ctx):
    """Parentheses, lists, ranges and patterns of partition columns."""
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1, **WRITE_ONLY}, sink={"partition.key": f"{table}:dt"})
    ctx.catch_up(path)
    epochs(ctx, path, db, 1)
    where = "dt IN ('2024-01-01', '2024-01-09') OR (dt BETWEEN '2024-01-02' AND '2024-01-03' AND NOT dt = '2024-01-02')"
    assert "in 2 buckets" in action(ctx, "compact", table, where=where)
    assert "in 1 buckets" in action(ctx, "compact", table, where="dt IS NOT NULL")
    paimon_job.equal(ctx, table)
    assert "not partitioned by id" in action(ctx, "compact", table, code=2, where="id = 1 OR dt = '2024-01-01'")


def test_iceberg_metadata_follows(ctx):
    """What the actions make of a table shows in the Iceberg metadata beside it."""
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {**FIXED, **paimon_iceberg.BESIDE})
    ctx.catch_up(path)
    epochs(ctx, path, db, 1)
    action(ctx, "delete", table, where="id <= 20")
    ctx.server.execute(f"{HIDDEN} DELETE FROM t WHERE id <= 20", db)
    paimon_iceberg.equal(ctx, table)
    alter(ctx, table, **{"file__index_bitmap_columns": "v"})
    action(ctx, "rewrite_file_index", identifier=table)
    paimon_iceberg.equal(ctx, table)
    action(ctx, "rescale", table, bucket_num=3)
    paimon_iceberg.equal(ctx, table)
    paimon_iceberg.files_are_named(ctx, table)
    paimon_job.equal(ctx, table)
