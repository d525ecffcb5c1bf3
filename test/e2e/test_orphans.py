# SPDX-License-Identifier: Apache-2.0
"""Files that a killed process left: removed by the next one, or found by `sluice tables orphans`; never a live one."""

import os
import signal
import time

import iceberg_files
import test_damage

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100)); INSERT INTO t SELECT seq, CONCAT('v', seq) FROM"
    " seq_1_to_2000; CREATE TABLE log (n INT, v VARCHAR(20)); INSERT INTO log VALUES (1, 'a')"
)
CHANGE = "UPDATE t SET v = CONCAT(v, '+') WHERE id % 7 = 0; INSERT INTO log VALUES (2, 'b')"
FAILPOINTS = (
    "iceberg.after_data_files",
    "checkpoint.before_write",
    "iceberg.after_epoch_file",
    "iceberg.after_manifests",
    "iceberg.after_manifest_list",
    "iceberg.after_metadata_temp",
    "iceberg.after_metadata_link",
)


def unreached(ctx, table):
    """By another reader than sluice: files of the table's folder that its metadata does not name."""
    return [path for path, _ in iceberg_files.TableFiles(ctx.lake, table).orphans()]


def test_the_next_process_removes_what_a_killed_one_left(ctx):
    for name in FAILPOINTS:
        db = ctx.database(SCRIPT)
        ctx.state, ctx.warehouse = ctx.dir + "/state-" + name, ctx.dir + "/lake-" + name
        ctx.lake.warehouse = ctx.warehouse
        path = ctx.pipeline(f"{db}.\\.*", name=name + ".yaml")
        ctx.catch_up(path)
        ctx.server.execute(CHANGE, db)
        result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": name}, code=None)
        assert result.code == -signal.SIGKILL, result.err
        left = [file for table in ("t", "log") for file in unreached(ctx, f"{db}.{table}")]
        assert left or name == "iceberg.after_metadata_link", name
        test_damage.foreign_append(ctx, f"{db}.log", [{"n": 7, "v": "foreign"}])
        ctx.catch_up(path)
        for table in ("t", "log"):
            assert unreached(ctx, f"{db}.{table}") == [], name
        ctx.equal(f"{db}.t")
        rows = sorted(ctx.lake.rows(f"{db}.log")[1])
        assert rows == [("1", "a"), ("2", "b"), ("7", "foreign")], f"{name}: {rows}"
        ctx.jobs.clear()


test_the_next_process_removes_what_a_killed_one_left.seconds = 300


def command_removes(ctx, folder, left) -> str:
    """`sluice tables orphans` finds the files `left` of a table by their age, and removes all but a young one, whose
    path is returned."""

    def orphans(*more, code=0):
        result = ctx.command("tables", "orphans", folder, *more)
        assert result.code == code, result.out + result.err
        return sorted(line.split()[-1] for line in result.out.splitlines() if folder in line)

    assert orphans() == []  # younger than three days
    assert orphans("--older-than", "0s") == left
    assert orphans("--older-than", "0s", "--delete", code=2) == []
    long_ago = time.time() - 4 * 86400
    for base, _, names in os.walk(folder):
        for name in names:
            os.utime(os.path.join(base, name), (long_ago, long_ago))
    *old, young = left
    os.utime(young)
    assert orphans("--delete") == old
    assert orphans() == [] and os.path.exists(young)
    return young


def test_orphans_command(ctx):
    db = ctx.database(SCRIPT)
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path)
    ctx.server.execute(CHANGE, db)
    result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": "iceberg.after_manifest_list"}, code=None)
    assert result.code == -signal.SIGKILL, result.err
    test_damage.foreign_append(ctx, f"{db}.t", [{"id": 777777, "v": "foreign"}])
    folder = ctx.lake.folder(f"{db}.t")
    left = unreached(ctx, f"{db}.t")
    assert len(left) >= 3, left  # data, deletes, manifests, list
    rows = sorted(ctx.lake.rows(f"{db}.t")[1])
    command_removes(ctx, folder, left)
    assert sorted(ctx.lake.rows(f"{db}.t")[1]) == rows
    assert ctx.command("tables", "orphans", ctx.dir).code == 1


def test_prepared_files_that_were_cleaned_away(ctx):
    """The process died before its commit and stayed away for so long that a clean-up took its files."""
    db = ctx.database(SCRIPT)
    path = ctx.pipeline(f"{db}.\\.*")
    ctx.catch_up(path)
    ctx.server.execute(CHANGE, db)
    result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": "checkpoint.after_rename"}, code=None)
    assert result.code == -signal.SIGKILL, result.err
    for table in ("t", "log"):
        for file in unreached(ctx, f"{db}.{table}"):
            os.remove(file)
    ctx.fails(path, "is gone", "remove the state directory")
    ctx.catch_up(path, state=ctx.dir + "/second")
    ctx.equal(f"{db}.t")
    ctx.equal(f"{db}.log")
