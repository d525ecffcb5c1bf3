# SPDX-License-Identifier: Apache-2.0
"""The Paimon source reads some partitions, a bucket or a branch only, and says so when options of an earlier start no
longer count."""

import json
import os
import shutil

import paimon_job
from lake import first_differences
from paimon_source import Second

SQL = "CREATE TABLE t (id INT PRIMARY KEY, p INT NOT NULL, n INT)"
BATCH = {"execution.runtime-mode": "BATCH"}


def rows(ctx, db, where):
    found = ctx.server.execute(f"SELECT id, p, n FROM t WHERE {where}", db)
    return [tuple(None if cell is None else str(cell) for cell in row) for row in found]


def same(second, table, wanted):
    names, found = second.lake.rows(table)
    text = first_differences(["id", "p", "n"], wanted, names, found)
    assert not text, text


def test_some_partitions(ctx):
    db = ctx.database(f"{SQL}; INSERT INTO t SELECT seq, seq % 4, seq FROM seq_1_to_40")
    table = f"{db}.t"
    options = {"bucket": 2, "changelog-producer": "lookup"}
    path = paimon_job.pipeline(ctx, table, options, {"partition.key": f"{table}:p"})
    ctx.catch_up(path)
    second = Second(ctx, table, "paimon", "some", source={"scan.partitions": "p=1;p=3"})
    for round_ in range(2):
        second.catch_up()
        same(second, table, rows(ctx, db, "p IN (1, 3)"))
        ctx.server.execute(
            f"UPDATE t SET n = n + 1 WHERE id % 3 = {round_}; DELETE FROM t WHERE id % 10 = {round_};"
            f"UPDATE t SET p = p + 1 WHERE id % 7 = {round_}; INSERT INTO t VALUES ({100 + round_}, 1, 0)", db,
        )
        ctx.catch_up(path)
    second.catch_up()
    same(second, table, rows(ctx, db, "p IN (1, 3)"))
    result = ctx.command("verify", second.path)
    assert result.code == 0 and "equal: 1 tables" in result.out, result.out + result.err
    other = Second(ctx, table, "paimon", "some", source={"scan.partitions": "p=1"})
    result = other.catch_up(code=None)
    assert result.code != 0 and "with scan.partitions: p=1;p=3, and the file has scan.partitions: p=1" in result.err


def test_a_branch(ctx):
    db = ctx.database(f"{SQL}; INSERT INTO t VALUES (1, 1, 1), (2, 2, NULL)")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1})
    ctx.catch_up(path)
    for action, more in (("create_tag", ("--tag_name", "then")),
                         ("create_branch", ("--branch_name", "old", "--tag_name", "then"))):
        result = ctx.command("paimon", action, "--warehouse", ctx.warehouse, "--database", db, "--table", "t", *more)
        assert result.code == 0, result.err
    before = rows(ctx, db, "1 = 1")
    ctx.server.execute("UPDATE t SET n = 7; INSERT INTO t VALUES (3, 3, 3)", db)
    ctx.catch_up(path)
    for name, tables, source in (("old", table, {"branch": "old"}), ("named", f"{table}$branch_old", {}),
                                 ("quoted", f"{db}.[t]\\$branch_old", {})):  # fmt: skip
        old = Second(ctx, tables, "paimon", name, source=source)
        old.catch_up()
        same(old, table, before)
        result = ctx.command("verify", old.path)
        assert result.code == 0, result.out + result.err
    for name, conf in ((ctx.lake.folder(table), ()), (table, ("--catalog_conf", f"warehouse={ctx.warehouse}"))):
        found = [ctx.command("read", f"{name}{suffix}", *conf, *more, "--format", "jsonl").out
                 for suffix, more in (("$branch_old", ()), ("", ("--branch", "old")))]  # fmt: skip
        assert len(found[0].splitlines()) == 2 and found[0] == found[1], found
    for command in (("read", ctx.lake.folder(table) + "$branch_old", "--branch", "old"),
                    ("paimon", "compact", "--warehouse", ctx.warehouse, "--database", db, "--table", "t$branch_old")):
        result = ctx.command(*command)
        assert result.code != 0 and "$branch_old" in result.err and "hint" in result.err, result.err
    for source, tables, words in (
        ({"branch": "none"}, table, ("has no branch none", table)),
        ({"scan.partitions": "p=1"}, table, ("scan.partitions", "no partitions")),
        ({"scan.partitions": "max_pt()"}, table, ("scan.partitions", "no partitions")),
        ({"scan.partitions": "p=max_pt();p=1"}, table, ("scan.partitions", "max_pt()")),
        ({}, f"{table}$branch_none", ("has no branch none", table)),
        ({}, f"{table}$branch_old,{db}.u", ("several branches", table)),
        ({"branch": "old"}, f"{table}$branch_old", ("names a branch already", "branch")),
    ):
        refused = Second(ctx, tables, "paimon", "refused", source=source)
        result = ctx.command("check", refused.path)
        assert result.code != 0 and all(word in result.err for word in words), f"{source}: {result.err}"


def test_where_a_job_began_counts_once(ctx):
    """It goes on from its position, whatever scan.mode says now: that is told, and an error where a read would end with
    other rows than those that were asked for."""
    db = ctx.database(f"{SQL}; INSERT INTO t VALUES (1, 1, 1)")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1, "changelog-producer": "lookup"})
    ends = []
    for number in range(2, 4):
        ctx.catch_up(path)
        ends.append(ctx.lake.snapshot_ids(table)[-1])
        ctx.server.execute(f"INSERT INTO t VALUES ({number}, 1, 1)", db)
    ctx.catch_up(path)
    second = Second(ctx, table, "paimon", "moved", source={"scan.mode": "latest-full"})
    second.catch_up()
    again = Second(ctx, table, "paimon", "moved", source={"scan.snapshot-id": 1})
    told = "began with scan.mode: latest-full, and the file has scan.mode: from-snapshot, scan.snapshot-id: 1"
    result = again.catch_up()
    assert told in result.err, result.err
    same(again, table, rows(ctx, db, "1 = 1"))
    second = Second(ctx, table, "paimon", "moved", source={})  # the default is latest-full
    assert "began with" not in second.catch_up().err
    span = {"incremental-between": f"0,{ends[0]}"}
    between = Second(ctx, table, "paimon", "between", source=span, pipeline=BATCH)
    result = ctx.command("run", between.path, "--state", between.state)
    assert result.code == 0, result.err
    span = {"incremental-between": f"{ends[0]},{ends[1]}"}
    between = Second(ctx, table, "paimon", "between", source=span, pipeline=BATCH)
    result = ctx.command("run", between.path, "--state", between.state)
    assert result.code != 0 and "began with scan.mode: incremental" in result.err and "hint" in result.err, result.err


def test_partitions_of_a_fallback_branch(ctx):
    """Partitions that the table has not come from the branch; those that both have are the table's."""
    for by_table in (False, True):
        db = ctx.database(f"{SQL}; INSERT INTO t SELECT seq, seq % 3, seq FROM seq_1_to_12")
        ctx.state = paimon_job.state(ctx, db)
        table = f"{db}.t"
        options = {"bucket": 1, "scan.fallback-branch": "old" if by_table else None}
        options = {key: value for key, value in options.items() if value is not None}
        path = paimon_job.pipeline(ctx, table, options, {"partition.key": f"{table}:p"})
        ctx.catch_up(path)
        of_table = ("--warehouse", ctx.warehouse, "--database", db, "--table", "t")
        for action, more in (("create_tag", ("--tag_name", "then")),
                             ("create_branch", ("--branch_name", "old", "--tag_name", "then")),
                             ("drop_partition", ("--partition", "p=1"))):
            result = ctx.command("paimon", action, *of_table, *more)
            assert result.code == 0, result.err
        gone = rows(ctx, db, "p = 1")
        ctx.server.execute("UPDATE t SET n = 100 + n WHERE p = 2", db)
        ctx.catch_up(path)
        wanted = rows(ctx, db, "p <> 1") + gone
        source = {} if by_table else {"scan.fallback-branch": "old"}
        for name, more, expected in (("all", {}, wanted), ("one", {"scan.partitions": "p=1"}, gone)):
            second = Second(ctx, table, "paimon", f"{name}-{by_table}", source={**source, **more}, pipeline=BATCH)
            for _ in range(2):
                result = ctx.command("run", second.path, "--state", second.state)
                assert result.code == 0, result.err
            same(second, table, expected)
            result = ctx.command("verify", second.path)
            assert result.code == 0 and "equal: 1 tables" in result.out, result.out + result.err
        found = [tuple(str(cell) for cell in json.loads(line).values()) for line in
                 paimon_job.read(ctx, table, "--columns", "id,p,n").splitlines()]
        assert sorted(found) == sorted(wanted if by_table else rows(ctx, db, "p <> 1"))


def test_partitions_of_a_primary_branch(ctx):
    """They come before the table's own, of which only the others are read."""
    db = ctx.database(f"{SQL}; INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)")
    table = f"{db}.t"
    options = {"bucket": 1, "scan.primary-branch": "old"}
    path = paimon_job.pipeline(ctx, table, options, {"partition.key": f"{table}:p"})
    ctx.catch_up(path)
    for action, more in (("create_tag", ("--tag_name", "then")),
                         ("create_branch", ("--branch_name", "old", "--tag_name", "then"))):
        result = ctx.command("paimon", action, "--warehouse", ctx.warehouse, "--database", db, "--table", "t", *more)
        assert result.code == 0, result.err
    ctx.server.execute("UPDATE t SET n = 9; INSERT INTO t VALUES (3, 3, 3)", db)
    ctx.catch_up(path)
    found = [json.loads(line) for line in paimon_job.read(ctx, table).splitlines()]
    assert sorted((row["id"], row["n"]) for row in found) == [(1, 1), (2, 2), (3, 3)], found
    expected = [("1", "1", "1"), ("2", "2", "2"), ("3", "3", "3")]
    for name, more in (("primary", {}), ("option", {"scan.primary-branch": "old"})):
        second = Second(ctx, table, "paimon", name, source=more, pipeline=BATCH)
        for _ in range(2):
            result = ctx.command("run", second.path, "--state", second.state)
            assert result.code == 0, result.err
        same(second, table, expected)
        result = ctx.command("verify", second.path)
        assert result.code == 0 and "equal: 1 tables" in result.out, result.out + result.err
    second = Second(ctx, table, "paimon", "moment", source={"scan.snapshot-id": 1}, pipeline=BATCH)
    result = ctx.command("run", second.path, "--state", second.state)
    assert result.code != 0 and "scan.primary-branch=old" in result.err and "branch: main" in result.err, result.err
    second = Second(ctx, table, "paimon", "main", source={"branch": "main"}, pipeline=BATCH)
    result = ctx.command("run", second.path, "--state", second.state)
    assert result.code == 0, result.err
    same(second, table, rows(ctx, db, "1 = 1"))


def test_a_fallback_branch_of_a_table_without_snapshots(ctx):
    """Its rows are all there is; a read that was begun so ends so, also if the table gets rows meanwhile."""
    db = ctx.database(f"{SQL}; INSERT INTO t SELECT seq, seq % 3, seq FROM seq_1_to_12")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1}, {"partition.key": f"{table}:p"})
    ctx.catch_up(path)
    wanted = rows(ctx, db, "1 = 1")
    of_table = ("--warehouse", ctx.warehouse, "--database", db, "--table", "t")
    for action, more in (("create_tag", ("--tag_name", "then")),
                         ("create_branch", ("--branch_name", "old", "--tag_name", "then")),
                         ("delete_tag", ("--tag_name", "then"))):  # fmt: skip
        result = ctx.command("paimon", action, *of_table, *more)
        assert result.code == 0, result.err
    folder = os.path.join(ctx.lake.folder(table), "snapshot")
    shutil.move(folder, folder + "-hidden")
    os.mkdir(folder)
    second = Second(ctx, table, "paimon", "alone", source={"scan.fallback-branch": "old"}, pipeline=BATCH)
    result = ctx.command("run", second.path, "--state", second.state)
    assert result.code == 0, result.err
    same(second, table, wanted)
    result = ctx.command("verify", second.path)
    assert result.code == 0 and "equal: 1 tables" in result.out, result.out + result.err
    os.rmdir(folder)
    shutil.move(folder + "-hidden", folder)
    for command in (("run", second.path, "--state", second.state), ("verify", second.path)):
        result = ctx.command(*command)
        assert result.code == 0, result.err
    same(second, table, wanted)


def test_the_greatest_partitions(ctx):
    """As they are when the table is begun: a following job stays with these."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, dt DATE NOT NULL, h INT NOT NULL, n INT);"
                      "INSERT INTO t SELECT seq, '2024-01-01' + INTERVAL seq % 4 DAY, seq % 10, seq FROM seq_1_to_80")
    table = f"{db}.t"
    options = {"bucket": 1, "changelog-producer": "lookup"}
    path = paimon_job.pipeline(ctx, table, options, {"partition.key": f"{table}:dt,h"})
    ctx.catch_up(path)

    def found(where):
        cells = ctx.server.execute(f"SELECT id, dt, h, n FROM t WHERE {where}", db)
        return [tuple(str(cell) for cell in row) for row in cells]

    def check(second, where):
        names, rows_ = second.lake.rows(table)
        text = first_differences(["id", "dt", "h", "n"], found(where), names, rows_)
        assert not text, text

    jobs = []
    for name, value, where in (("one", "max_pt()", "dt = '2024-01-04' AND h = 9"),
                               ("two", "MAX_TWO_PT()", "dt = '2024-01-04' AND h IN (9, 7)"),
                               ("day", "dt=max_pt()", "dt = '2024-01-04' AND h <= 9"),
                               ("both", "dt=max_pt(),h=max_pt()", "dt = '2024-01-04' AND h = 9")):
        second = Second(ctx, table, "paimon", name, source={"scan.partitions": value})
        second.catch_up()
        check(second, where)
        jobs.append((second, where))
        batch = Second(ctx, table, "paimon", f"batch-{name}", source={"scan.partitions": value}, pipeline=BATCH)
        result = ctx.command("run", batch.path, "--state", batch.state)
        assert result.code == 0, result.err
        check(batch, where)
    more = "(900, '2024-01-04', 10, 1), (901, '2024-01-04', 9, 1), (902, '2025-01-01', 10, 1)"
    ctx.server.execute(f"UPDATE t SET n = -n; INSERT INTO t VALUES {more}", db)
    ctx.catch_up(path)
    for second, where in jobs[:2]:
        second.catch_up()
        check(second, where)
        result = ctx.command("verify", second.path)
        assert result.code == 0 and "equal: 1 tables" in result.out, result.out + result.err
    refused = Second(ctx, table, "paimon", "refused", source={"scan.partitions": "h=max_pt()"})
    result = refused.catch_up(code=None)
    assert result.code != 0 and "partitioned by dt, h" in result.err, result.err
