# SPDX-License-Identifier: Apache-2.0
"""Damaged files, full disks, foreign commits: an error that names the file, or recovery; never wrong rows."""

import os
import shutil
import subprocess

import pyarrow

import foreign
import harness

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100)); INSERT INTO t SELECT seq, CONCAT('v', seq) FROM"
    " seq_1_to_2000"
)


def prepared(ctx):
    db = ctx.database(SCRIPT)
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path)
    ctx.server.execute("UPDATE t SET v = 'second' WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0", db)
    ctx.catch_up(path)
    ctx.server.execute("INSERT INTO t VALUES (5000, 'third'); UPDATE t SET v = 'third' WHERE id < 10", db)
    return db, path


def damage(path, how):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    if how == "truncate":
        data = data[: len(data) // 2]
    elif how == "empty":
        data = data[:0]
    else:  # a bit, at this part of the file
        data[int(len(data) * how)] ^= 0x10
    with open(path, "wb") as file:
        file.write(data)


FLIPS = (0.3, 0.5, 0.9)


def each_damage(ctx, files_of, hows=("truncate", "empty", *FLIPS)):
    """Damages one file at a time in a copy of the state; the run fails by name or ends equal to the source."""
    db, path = prepared(ctx)
    kept = {folder: folder + ".kept" for folder in (ctx.state, ctx.warehouse)}
    for folder, copy in kept.items():
        shutil.copytree(folder, copy)
    targets = files_of(ctx, db)
    for how in hows:
        for file in targets:
            for folder, copy in kept.items():
                shutil.rmtree(folder)
                shutil.copytree(copy, folder)
            damage(file, how)
            result = ctx.catch_up(path, code=None)
            if result.code == 0:
                ctx.equal(f"{db}.t")
            else:
                assert result.code == 1, f"{how} {file}: exit code {result.code}\n{result.err}"
                text = result.err + result.out
                assert (
                    os.path.basename(file) in text or ctx.state in text
                ), f"{how}: the error does not name {file}:\n{text[-1500:]}"
                assert "hint: " in text, f"{how} {file}: the error does not say what to do:\n{text[-1500:]}"
    for folder, copy in kept.items():
        shutil.rmtree(folder)
        shutil.copytree(copy, folder)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")


def test_checkpoint(ctx):
    def files(ctx, _):
        return [
            os.path.join(base, name)
            for base, _, names in os.walk(ctx.state)
            for name in names
            if os.path.getsize(os.path.join(base, name)) > 16 and "lock" not in name
        ]

    each_damage(ctx, files)


def test_table_metadata(ctx):
    each_damage(ctx, lambda ctx, db: [ctx.lake.metadata_path(f"{db}.t")])


def test_manifest_and_list(ctx):
    def files(ctx, db):
        table = ctx.lake.open(f"{db}.t")
        snapshot = table.current_snapshot()
        paths = [snapshot.manifest_list] + [m.manifest_path for m in snapshot.manifests(table.io)]
        return [p.removeprefix("file://") for p in paths]

    each_damage(ctx, files)


def test_version_hint(ctx):
    def files(ctx, db):
        return [os.path.join(ctx.lake.folder(f"{db}.t"), "metadata", "version-hint.text")]

    db, path = prepared(ctx)
    hint = files(ctx, db)[0]
    for text in ("", "1", "not a number", "999999"):
        with open(hint, "w", encoding="ascii") as file:
            file.write(text)
        result = ctx.catch_up(path, code=None)
        if result.code == 0:
            ctx.equal(f"{db}.t")
        else:
            assert "version-hint" in result.err, result.err
            newest = max(
                int(n[1:-14])
                for n in os.listdir(os.path.dirname(hint))
                if n.startswith("v") and n.endswith(".metadata.json")
            )
            with open(hint, "w", encoding="ascii") as file:
                file.write(str(newest))
        ctx.server.execute("UPDATE t SET v = CONCAT(v, '+') WHERE id < 5", db)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")


def test_foreign_commit(ctx):
    """Another writer appends a row and sets a property between two runs: both stay, our rows stay right."""
    db, path = prepared(ctx)
    table = f"{db}.t"
    foreign_append(ctx, table, [{"id": 777777, "v": "foreign"}])
    ctx.catch_up(path)
    rows = dict(ctx.lake.rows(table)[1])
    assert rows.pop("777777") == "foreign", "the foreign row is gone"
    with ctx.server.connect(db) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, v FROM t")
        assert rows == {str(i): v for i, v in cursor.fetchall()}
    assert ctx.lake.metadata(table)["properties"].get("foreign") == "yes"


def test_foreign_commit_while_running(ctx):
    db = ctx.database(SCRIPT)
    path = ctx.pipeline(f"{db}.t")
    job = ctx.start_run(path, interval="150ms")
    ctx.wait_equal(f"{db}.t", job=job)
    load = harness.Load(
        ctx.server, lambda c, n: c.execute(f"UPDATE t SET v = 'n{n}' WHERE id = {n % 2000 + 1}"), db, pause=0.5
    )
    for i in range(8):
        foreign_append(ctx, f"{db}.t", [{"id": 800000 + i, "v": "foreign"}])
    load.stop()
    ctx.server.execute("INSERT INTO t VALUES (5555, 'last')", db)
    harness.wait_until(
        lambda: not job.running() or ("5555", "last") in ctx.lake.rows(f"{db}.t")[1], "the last row", 30
    )
    assert job.running(), job.tail()
    job.terminate(5)
    rows = dict(ctx.lake.rows(f"{db}.t")[1])
    foreign = [rows.pop(str(800000 + i), None) for i in range(8)]
    assert foreign == ["foreign"] * 8, foreign
    assert len(rows) == 2001


def foreign_append(ctx, name, rows):
    """Appends rows and sets a property by PyIceberg."""

    def append(table):
        data = pyarrow.Table.from_pylist(rows, schema=table.schema().as_arrow())
        with table.transaction() as transaction:
            transaction.append(data)
            transaction.set_properties({"foreign": "yes"})

    foreign.change(ctx.lake, name, append)


def mount_warehouse(ctx, options):
    mount = ctx.mount_warehouse(options)
    if mount is None:
        raise harness.Skip("needs the right to mount a tmpfs")
    return mount


def test_warehouse_that_was_mounted_read_only(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, 2)")
    mount = mount_warehouse(ctx, "ro,size=3m")
    path = ctx.pipeline(f"{db}.t")
    ctx.fails(path, "mounted for reading only", mount)
    subprocess.run(["mount", "-o", "remount,rw", mount], check=True)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    ctx.server.execute("UPDATE t SET v = 5 WHERE id = 1; DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (3, 3)", db)
    before = dict(ctx.lake.rows(f"{db}.t")[1])
    subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
    for _ in range(2):
        ctx.fails(path, "mounted for reading only", mount)
    assert dict(ctx.lake.rows(f"{db}.t")[1]) == before
    subprocess.run(["mount", "-o", "remount,rw", mount], check=True)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")


def test_disk_full(ctx):
    mount = mount_warehouse(ctx, "size=3m")
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARBINARY(2000)); INSERT INTO t SELECT seq, SHA2(seq, 512) FROM"
        " seq_1_to_500"
    )
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    before = dict(ctx.lake.rows(f"{db}.t")[1])
    ctx.server.execute(
        "INSERT INTO t SELECT 10000 + seq, CONCAT(SHA2(seq, 512), SHA2(-seq, 512), SHA2(seq+.5, 512)) FROM"
        " seq_1_to_30000",
        db,
    )
    ctx.fails(path, "no space", mount)
    assert dict(ctx.lake.rows(f"{db}.t")[1]) == before, "half a transaction shows"
    subprocess.run(["mount", "-o", "remount,size=60m", mount], check=True)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")


def test_lost_data_file_is_named(ctx):
    db, path = prepared(ctx)
    data = [f for f in ctx.lake.files(f"{db}.t") if "/data/" in f and not f.endswith("deletes.parquet")]
    os.remove(data[0])
    result = ctx.catch_up(path, code=None, state=os.path.join(ctx.dir, "fresh-state"))
    if result.code != 0:
        assert os.path.basename(data[0]) in result.err, result.err


def test_no_referenced_file_is_missing_after_many_commits(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, 0 FROM seq_1_to_200")
    path = ctx.pipeline(
        f"{db}.t",
        sink={
            "table.properties.write.metadata.delete-after-commit.enabled": "true",
            "table.properties.write.metadata.previous-versions-max": "5",
        },
    )
    job = ctx.start_run(path, interval="20ms")
    ctx.wait_equal(f"{db}.t", job=job)
    load = harness.Load(
        ctx.server, lambda c, n: c.execute(f"UPDATE t SET v = v + 1 WHERE id = {n % 200 + 1}"), db, pause=0.002
    )

    def commits():  # older snapshots expire meanwhile
        return ctx.lake.metadata(f"{db}.t")["last-sequence-number"]

    harness.wait_until(lambda: commits() > 130 or not job.running(), "130 commits", 60)
    load.stop()
    ctx.wait_equal(f"{db}.t", job=job)
    job.terminate(5)
    missing = [f for f in ctx.lake.files(f"{db}.t") if not os.path.exists(f)]
    assert not missing, missing[:5]
    assert len(ctx.lake.snapshots(f"{db}.t")) <= 120
    versions = [
        n for n in os.listdir(os.path.join(ctx.lake.folder(f"{db}.t"), "metadata")) if n.endswith(".metadata.json")
    ]
    assert len(versions) <= 8, f"{len(versions)} metadata files are kept"
    table = ctx.lake.open(f"{db}.t")
    manifests = len(table.current_snapshot().manifests(table.io))
    assert manifests <= 110, f"{manifests} manifests: they are not merged"
