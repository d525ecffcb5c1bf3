# SPDX-License-Identifier: Apache-2.0
"""File indexes of Paimon tables: `sluice read --where` does not open files that have no wanted row, and an index comes
and goes with its data file."""

import json
import os
import signal
import tarfile

import paimon_files
import paimon_job
import processes
from test_paimon_actions import action

GOLDEN = os.path.join(processes.root_dir(), "test", "data", "paimon", "golden.tar.xz")
INDEXED = {
    "file-index.bloom-filter.columns": "id,v",
    "file-index.bloom-filter.id.items": 1000,
    "file-index.bloom-filter.id.fpp": 0.0001,
    "file-index.bloom-filter.v.items": 1000,
    "file-index.bloom-filter.v.fpp": 0.0001,
    "file-index.bitmap.columns": "n",
    "file-index.bitmap.n.version": 1,
    "file-index.bsi.columns": "id",
    "file-index.range-bitmap.columns": "v,n",
}
THRESHOLD = "file-index.in-manifest-threshold"
KEYS = (  # name, key, options, whether the index is beside its file
    ("keyless", "", {THRESHOLD: "1 b"}, True),
    ("keyed", "PRIMARY KEY", {THRESHOLD: "1 mb", "bucket": 1}, False),
)
EPOCHS = 3


def written(ctx, key, options, name):
    """A table with one file an epoch: those of epoch e have v = 've' and n = e, or NULL in the last one."""
    db = ctx.database(f"CREATE TABLE t (id INT {key}, v VARCHAR(40), n SMALLINT)")
    ctx.state = paimon_job.state(ctx, name)
    warehouse = os.path.join(ctx.dir, "lake-" + name)
    path = paimon_job.pipeline(ctx, f"{db}.t", {**INDEXED, **options}, warehouse=warehouse, name=name + ".yaml")
    for epoch in range(EPOCHS):
        n = epoch if epoch < EPOCHS - 1 else "NULL"
        ctx.server.execute(f"INSERT INTO t SELECT seq + {epoch * 100}, 'v{epoch}', {n} FROM seq_1_to_50", db)
        ctx.catch_up(path)
    return f"{db}.t"


def rows(ctx, table, where):
    return [json.loads(line) for line in paimon_job.read(ctx, table, "--where", where).splitlines()]


def only(walk, value):
    """Takes the data files away that do not have the value of `v`."""
    for file in walk.live(walk.snapshots()[-1]):
        values = paimon_files.read(file).column("v").to_pylist()
        if value not in values:
            os.rename(file.path, file.path + ".away")


def test_files_without_the_value_are_not_opened(ctx):
    for name, key, options, beside in KEYS:
        table = written(ctx, key, {**options, "write-only": "true"}, name)
        walk = paimon_job.files(ctx, table)
        files = walk.live(walk.snapshots()[-1])
        assert len(files) == EPOCHS, files
        for file in files:
            extra, embedded = file.meta["_EXTRA_FILES"], file.meta["_EMBEDDED_FILE_INDEX"]
            assert extra == ([os.path.basename(file.path) + ".index"] if beside else []), extra
            assert (embedded is None) == beside, f"{name}: {embedded}"
        paimon_job.equal(ctx, table)
        assert rows(ctx, table, "v = 'nowhere'") == []
        only(walk, "v1")
        found = rows(ctx, table, "v = 'v1'")
        assert [row["id"] for row in found] == list(range(101, 151)), found
        assert len(rows(ctx, table, "n = 1 AND id = 117")) == 1
        assert len(rows(ctx, table, "id BETWEEN 101 AND 110 AND n > 0")) == 10
        assert len(rows(ctx, table, "v >= 'v1' AND v < 'v2' AND n < 2 AND n != 0")) == 50
        assert len(rows(ctx, table, "id = 117 AND n IS NOT NULL")) == 1
        whole = ctx.command("read", ctx.lake.folder(table))
        assert whole.code == 1 and ".parquet" in whole.err, "the other files are gone:\n" + whole.err


def test_an_old_version_does_not_show(ctx):
    """The file of the newest version is needed, though it has no wanted row."""
    table = written(ctx, "PRIMARY KEY", {"bucket": 1, "write-only": "true"}, "old")
    db = table.split(".")[0]
    ctx.server.execute("UPDATE t SET v = 'new' WHERE id IN (1, 101)", db)
    ctx.catch_up(os.path.join(ctx.dir, "old.yaml"))
    assert len(rows(ctx, table, "v = 'v0'")) == 49
    assert rows(ctx, table, "v = 'v1' AND id = 101") == []
    assert [row["id"] for row in rows(ctx, table, "v = 'new'")] == [1, 101]


def test_the_index_that_flink_wrote_is_used(ctx):
    """Table index.bloom of golden.tar.xz, whose only file has an index beside it: v is a, b or c."""
    folder = os.path.join(ctx.dir, "paimon", "index.db", "bloom")
    with tarfile.open(GOLDEN) as archive:
        members = [member for member in archive.getmembers() if member.name.startswith("paimon/index.db/bloom/")]
        archive.extractall(ctx.dir, members)

    def found(where):
        result = ctx.command("read", folder, "--format", "jsonl", "--where", where)
        return [json.loads(line)["id"] for line in result.out.splitlines()] if result.code == 0 else result.err

    assert found("v = 'b'") == [2] and found("id != 1") == [2, 3]
    bucket = os.path.join(folder, "bucket-0")
    for name in os.listdir(bucket):
        if not name.endswith(".index"):
            os.remove(os.path.join(bucket, name))
    assert found("v = 'd'") == [] and found("id = 4") == [] and found("id IS NULL") == []
    assert bucket in found("v = 'b'"), "the file is gone, and not passed over"


FEW = {"snapshot.num-retained.min": 1, "snapshot.num-retained.max": 2, THRESHOLD: "1 b"}
KINDS = (
    {"bucket": 2, "num-sorted-run.compaction-trigger": 2},
    {"bucket": 1, "changelog-producer": "lookup", "deletion-vectors.enabled": "true"},
)


def indexes(folder):
    """(names of indexes that are there, names that they should have)"""
    names = {name for _, _, names in os.walk(folder) for name in names}
    there = {name for name in names if name.endswith(".index")}
    return there, {name + ".index" for name in names - there if name.startswith("data-")}


def test_an_index_lives_as_long_as_its_file(ctx):
    """Through compactions, expiry, a job that died, an action and a partition that is dropped."""
    for number, options in enumerate(KINDS):
        db = ctx.database("CREATE TABLE t (id INT, dt CHAR(2), v VARCHAR(40), n SMALLINT, PRIMARY KEY (id, dt))")
        table, name = f"{db}.t", f"kind{number}"
        ctx.state = paimon_job.state(ctx, name)
        sink = {"partition.key": f"{table}:dt"}
        path = paimon_job.pipeline(
            ctx, table, {**INDEXED, **FEW, **options}, sink, os.path.join(ctx.dir, "lake-" + name), name=name + ".yaml"
        )

        def step(n, **how):
            ctx.server.execute(f"REPLACE INTO t SELECT seq, CONCAT('p', seq % 2), 'v{n}', {n} FROM seq_1_to_40", db)
            ctx.server.execute(f"DELETE FROM t WHERE id = {n}", db)
            return ctx.catch_up(path, **how)

        for n in range(2):
            step(n)
        result = step(2, env={"SLUICE_FAILPOINT": "paimon.after_data_files"}, code=None)
        assert result.code == -signal.SIGKILL, f"exit code {result.code}"
        for n in range(3, 5):
            step(n)
        folder = ctx.lake.folder(table)
        there, wanted = indexes(folder)
        assert there == wanted and there, f"{sorted(there)} and {sorted(wanted)}"
        paimon_job.equal(ctx, table)
        assert "COMPACT" in paimon_job.kinds(ctx, table)
        action(ctx, "compact", table)
        action(ctx, "drop_partition", table, partition="dt=p0")
        ctx.server.execute("INSERT INTO t VALUES (101, 'p1', 'last', 7)", db)
        ctx.catch_up(path)  # the job's newest snapshot stays
        action(ctx, "expire_snapshots", table, retain_max=1)
        there, wanted = indexes(folder)
        assert there == wanted and there, f"{sorted(there)} and {sorted(wanted)}"
        assert not any("dt=p0" in at and names for at, _, names in os.walk(folder)), "the partition's files"
        paimon_job.sound(ctx, table)
        assert len(rows(ctx, table, "v = 'v4'")) == 20 and rows(ctx, table, "v = 'v3'") == []
