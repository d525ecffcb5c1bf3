# SPDX-License-Identifier: Apache-2.0
"""`sluice paimon ACTION`: upkeep of Paimon tables with the names and arguments of Paimon's action jar."""

import json
import os
import shutil
import time

import harness
import paimon_files
import paimon_job
from paimon_job import FIXED

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, dt DATE, v VARCHAR(40));"
    "INSERT INTO t SELECT seq, '2024-01-01' + INTERVAL seq % 3 DAY, 'v' FROM seq_1_to_300"
)
KEYLESS = "CREATE TABLE t (id INT, v VARCHAR(40)); INSERT INTO t SELECT seq, 'v' FROM seq_1_to_100"
WRITE_ONLY = {"write-only": "true"}


def action(ctx, name, table=None, code=0, **arguments):
    """Runs an action on a table; what it printed."""
    words = ["--warehouse", ctx.warehouse]
    if table:
        database, short = table.split(".")
        words += ["--database", database, "--table", short]
    for key, value in arguments.items():
        for each in value if isinstance(value, list) else [value]:
            words += [f"--{key}", str(each)]
    result = ctx.command("paimon", name, *words)
    ctx.jobs.pop()
    assert result.code == code, f"{name}: {result.out}{result.err}"
    return result.out if code == 0 else result.err


def epochs(ctx, path, db, count, statement="UPDATE t SET v = 'u{n}' WHERE id % 5 = {n} % 5"):
    for n in range(count):
        ctx.server.execute(statement.format(n=n), db)
        ctx.catch_up(path)


def files_of(ctx, table):
    walk = paimon_job.files(ctx, table)
    return {place: {level: len(files) for level, files in levels.items()} for place, levels in walk.levels().items()}


def unnamed(ctx, table):
    return paimon_job.files(ctx, table).orphans()


def test_compact_merges_every_bucket(ctx):
    for name, options in (("fixed", FIXED), ("dynamic", {"dynamic-bucket.target-row-num": 100})):
        db = ctx.database(SCRIPT)
        table = f"{db}.t"
        ctx.state = paimon_job.state(ctx, name)
        path = paimon_job.pipeline(ctx, table, {**options, **WRITE_ONLY})
        ctx.catch_up(path)
        epochs(ctx, path, db, 4)
        before = ctx.lake.rows(table)
        assert "COMPACT" not in paimon_job.kinds(ctx, table)
        assert "buckets" in action(ctx, "compact", table)
        assert paimon_job.kinds(ctx, table)[-1] == "COMPACT"
        for place, levels in files_of(ctx, table).items():
            assert levels == {5: 1}, f"bucket {place}: {levels}"
        assert sorted(ctx.lake.rows(table)[1]) == sorted(before[1])
        paimon_job.equal(ctx, table)
        assert "nothing to compact" in action(ctx, "compact", table)
        epochs(ctx, path, db, 1)  # the job goes on over it
        paimon_job.equal(ctx, table)


def test_compact_by_the_rules_alone(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1, **WRITE_ONLY})
    ctx.catch_up(path)
    epochs(ctx, path, db, 2)
    assert "nothing" in action(ctx, "compact", table, compact_strategy="minor")
    out = action(ctx, "compact", table, compact_strategy="minor", table_conf="num-sorted-run.compaction-trigger=2")
    assert "snapshot" in out, out
    paimon_job.equal(ctx, table)


def test_compact_leaves_out_rows_whose_time_is_over(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, at INT); INSERT INTO t VALUES (0, NULL);"
        "INSERT INTO t SELECT seq, IF(seq % 3, 1000, 2147483647) FROM seq_1_to_100"
    )
    table = f"{db}.t"
    time = {"record-level.expire-time": "1 h", "record-level.time-field": "at"}
    path = paimon_job.pipeline(ctx, table, {**FIXED, **WRITE_ONLY, **time})
    ctx.catch_up(path)
    paimon_job.equal(ctx, table)  # readers see them until then
    action(ctx, "compact", table)
    ctx.server.execute("DELETE FROM t WHERE at = 1000", db)  # the job is not told of it
    paimon_job.equal(ctx, table)


def test_compact_a_table_without_a_key(ctx):
    db = ctx.database(KEYLESS)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, WRITE_ONLY)
    ctx.catch_up(path)
    epochs(ctx, path, db, 3, "INSERT INTO t VALUES ({n}, 'more')")
    assert "4 files became 1" in action(ctx, "compact", table)
    paimon_job.equal(ctx, table)


def test_sort_compact(ctx):
    """Rows of a table without a key, in the order of columns; more than fit into memory are merged from files."""
    db = ctx.database("CREATE TABLE t (id INT, g INT, v VARCHAR(40))")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, WRITE_ONLY)
    rows = "INSERT INTO t SELECT seq, IF(seq % 9, seq * {n} % 7, NULL), CONCAT('v', seq) FROM seq_{n}_to_40{n}"
    for n in range(1, 5):
        ctx.server.execute(rows.format(n=n), db)
        ctx.catch_up(path)

    def sorted_by(*columns):
        (levels,) = paimon_job.files(ctx, table).levels().values()
        (file,) = [file for files in levels.values() for file in files]
        read = paimon_files.read(file).to_pydict()
        return [tuple(read[column][i] for column in columns) for i in range(len(read["id"]))]

    key = [lambda row: (row[0] is not None, row[0] or 0, row[1])]
    for conf in ("write-buffer-size=16 kb", "write-buffer-size=64 mb"):
        out = action(ctx, "compact", table, order_strategy="order", order_by="g,id", table_conf=conf)
        assert "files became 1" in out, out
        assert sorted_by("g", "id") == sorted(sorted_by("g", "id"), key=key[0]), conf
        assert paimon_job.kinds(ctx, table)[-1] == "COMPACT"
        paimon_job.equal(ctx, table)
        action(ctx, "compact", table, order_strategy="hilbert", order_by="id,g", table_conf=conf)
        assert sorted_by("g", "id") != sorted(sorted_by("g", "id"), key=key[0])
        paimon_job.equal(ctx, table)
    action(ctx, "compact", table, order_strategy="zorder", order_by="v, id")
    ctx.server.execute("INSERT INTO t VALUES (-1, 1, 'more')", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, table)
    assert "belong together" in action(ctx, "compact", table, code=2, order_by="id")
    assert "no column `x`" in action(ctx, "compact", table, code=2, order_strategy="order", order_by="x")
    assert "must be order" in action(ctx, "compact", table, code=2, order_strategy="half", order_by="id")


def test_sort_compact_into_dynamic_buckets(ctx):
    """Each bucket of a partition has neighbours by the order; a job and pypaimon go on over the new index of keys."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, p INT, g INT)")
    table = f"{db}.t"
    options = {"dynamic-bucket.target-row-num": 100, "changelog-producer": "lookup"}
    path = paimon_job.pipeline(ctx, table, options, sink={"partition.key": f"{table}:p"})
    rows = "INSERT INTO t SELECT seq, seq % 2, seq * 37 % 1000 FROM seq_{n}01_to_{n}99"
    for n in range(1, 5):
        ctx.server.execute(rows.format(n=n), db)
        ctx.catch_up(path)
    ctx.server.execute("DELETE FROM t WHERE id % 10 = 3; UPDATE t SET g = g + 1 WHERE id % 10 = 4", db)
    ctx.catch_up(path)

    def spans():
        """Of each partition the least and greatest `g` of its buckets."""
        out = {}
        walk = paimon_job.files(ctx, table)
        for (partition, _bucket), levels in walk.levels().items():
            values = [v for files in levels.values() for f in files for v in paimon_files.read(f).to_pydict()["g"]]
            out.setdefault(partition, []).append((min(values), max(values)))
        return [sorted(out[partition]) for partition in sorted(out)]

    assert any(a[1] > b[0] for each in spans() for a, b in zip(each, each[1:]))
    for conf in ("write-buffer-size=16 kb", "write-buffer-size=64 mb"):
        out = action(ctx, "compact", table, order_strategy="order", order_by="g,id", table_conf=conf)
        assert "in 4 buckets" in out, out
        assert [len(each) for each in spans()] == [2, 2]
        assert all(a[1] <= b[0] for each in spans() for a, b in zip(each, each[1:])), spans()
        assert paimon_job.kinds(ctx, table)[-2:] == ["OVERWRITE", "COMPACT"]
        paimon_job.equal(ctx, table)
    before = spans()
    action(ctx, "compact", table, order_strategy="hilbert", order_by="id,g", partition="p=1")
    assert sum(a != b for a, b in zip(before, spans())) == 1
    ctx.server.execute("UPDATE t SET g = -g WHERE id % 3 = 0; INSERT INTO t SELECT seq, 1, 5 FROM seq_900_to_999", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, table)
    action(ctx, "expire_snapshots", table, retain_max=1, retain_min=1)
    action(ctx, "compact", table, order_strategy="zorder", order_by="g,id", where="p = 0")
    paimon_job.equal(ctx, table)
    assert "no column `x`" in action(ctx, "compact", table, code=2, order_strategy="order", order_by="x")
    paimon_job.equal(ctx, table)


def test_sort_compact_needs_buckets_without_an_order(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    ctx.catch_up(paimon_job.pipeline(ctx, table, FIXED))
    assert "sorted by that" in action(ctx, "compact", table, code=1, order_strategy="order", order_by="id")


def test_compact_some_partitions(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1, **WRITE_ONLY}, sink={"partition.key": f"{table}:dt"})
    ctx.catch_up(path)
    epochs(ctx, path, db, 1, "UPDATE t SET v = 'u'")
    action(ctx, "compact", table, partition=["dt=2024-01-01", "dt=2024-01-03"])
    levels = sorted(str(sorted(levels)) for levels in files_of(ctx, table).values())
    assert levels == ["[0]", "[5]", "[5]"], levels
    paimon_job.equal(ctx, table)
    assert "not partitioned by x" in action(ctx, "compact", table, code=2, partition="x=1")


def test_compact_database(ctx):
    db = ctx.database(
        "CREATE TABLE a (id INT PRIMARY KEY); INSERT INTO a VALUES (1);"
        "CREATE TABLE b (id INT PRIMARY KEY); INSERT INTO b VALUES (1);"
        "CREATE TABLE tmp (id INT PRIMARY KEY); INSERT INTO tmp VALUES (1)"
    )
    path = paimon_job.pipeline(ctx, f"{db}.\\.*", {"bucket": 1, **WRITE_ONLY})
    ctx.catch_up(path)
    ctx.server.execute("INSERT INTO a VALUES (2); INSERT INTO b VALUES (2); INSERT INTO tmp VALUES (2)", db)
    ctx.catch_up(path)
    action(ctx, "compact-database", including_databases=db, excluding_tables=f"{db}\\.tmp.*")
    kinds = {name: paimon_job.kinds(ctx, f"{db}.{name}")[-1] for name in ("a", "b", "tmp")}
    assert kinds == {"a": "COMPACT", "b": "COMPACT", "tmp": "APPEND"}, kinds
    for name in kinds:
        paimon_job.equal(ctx, f"{db}.{name}")
    assert "no table" in action(ctx, "compact_database", code=1, including_databases="nothing")


def test_actions_beside_a_running_job(ctx):
    for name, options in (
        ("write-only", {**FIXED, **WRITE_ONLY}),
        ("compacts", {**FIXED, "num-sorted-run.compaction-trigger": 2}),
        ("dynamic", {"dynamic-bucket.target-row-num": 100}),
    ):
        db = ctx.database(SCRIPT)
        table = f"{db}.t"
        ctx.state = paimon_job.state(ctx, name)
        path = paimon_job.pipeline(ctx, table, options)

        def step(cursor, n):
            cursor.execute(f"UPDATE t SET v = 'u{n}' WHERE id % 20 = {n % 20}")
            cursor.execute(f"REPLACE INTO t VALUES ({n * 7919 % 500}, '2024-02-01', 'r{n}')")
            cursor.execute(f"DELETE FROM t WHERE id = {n * 31 % 300}")

        job = ctx.start_run(path, interval="50ms")
        harness.wait_until(lambda: ctx.lake.exists(table) and ctx.lake.snapshot_ids(table), "the table", 20)
        load = harness.Load(ctx.server, step, db, pause=0.01)
        for n in range(6):
            result = ctx.command(
                "paimon", "compact", "--warehouse", ctx.warehouse, "--database", db, "--table", "t"
            )
            ctx.jobs.pop()
            assert result.code == 0 or "other writers" in result.err, result.err
            assert result.code == 0 or name != "write-only", result.err
            action(ctx, "create_tag", table, tag_name=f"tag{n}")
            action(ctx, "expire_snapshots", table, retain_max=5, retain_min=1)
            if n > 1:
                action(ctx, "delete_tag", table, tag_name=f"tag{n - 2}")
        load.stop()
        ctx.wait_equal(table, job=job)
        result = job.terminate(5)
        assert result.code in (0, 143), result.err
        paimon_job.equal(ctx, table)
        for tag in ("tag4", "tag5"):
            assert ctx.lake.rows(table, tag=tag)[1], tag
        ctx.jobs.clear()


test_actions_beside_a_running_job.seconds = 300


def test_expire_snapshots(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {**FIXED, **WRITE_ONLY})
    ctx.catch_up(path)
    epochs(ctx, path, db, 5)
    action(ctx, "compact", table)
    last = paimon_job.files(ctx, table).snapshot_ids()[-1]
    assert "retain_min" in action(ctx, "expire_snapshots", table, code=2, retain_max=2)
    assert "2 snapshots" in action(ctx, "expire_snapshots", table, retain_max=1, retain_min=1, max_deletes=2)
    assert paimon_job.files(ctx, table).snapshot_ids()[0] == 3
    out = action(ctx, "expire_snapshots", table, retain_max=1, retain_min=1)
    assert "hold the position of job" in out, out  # the newest one of the job
    assert paimon_job.files(ctx, table).snapshot_ids() == [last - 1, last]
    action(ctx, "expire_snapshots", table, older_than="2000-01-01 00:00:00", retain_min=1)
    assert paimon_job.files(ctx, table).snapshot_ids() == [last - 1, last]
    paimon_job.equal(ctx, table)
    epochs(ctx, path, db, 1)
    paimon_job.equal(ctx, table)


def test_tags_keep_what_they_name(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {**FIXED, "num-sorted-run.compaction-trigger": 2})
    ctx.catch_up(path)
    first = ctx.lake.rows(table)
    action(ctx, "create_tag", table, tag_name="first", snapshot=1)
    action(ctx, "create-tag", table, tag_name="kept", **{"time-retained": "365 d"})
    assert "already" in action(ctx, "create_tag", table, code=1, tag_name="kept")
    assert "no snapshot 99" in action(ctx, "create_tag", table, code=1, tag_name="x", snapshot=99)
    epochs(ctx, path, db, 4)
    action(ctx, "expire_snapshots", table, retain_max=1, retain_min=1)
    assert 1 not in paimon_job.files(ctx, table).snapshot_ids()
    for tag in ("first", "kept"):
        assert sorted(ctx.lake.rows(table, tag=tag)[1]) == sorted(first[1]), tag
    with open(os.path.join(ctx.lake.folder(table), "tag", "tag-kept"), encoding="utf-8") as file:
        told = json.load(file)
    assert told["tagTimeRetained"] == 365 * 86400 and len(told["tagCreateTime"]) in (6, 7), told
    with open(os.path.join(ctx.lake.folder(table), "tag", "tag-first"), encoding="utf-8") as file:
        assert "tagCreateTime" not in json.load(file)
    paimon_job.equal(ctx, table)
    action(ctx, "delete_tag", table, tag_name="kept")
    assert sorted(ctx.lake.rows(table, tag="first")[1]) == sorted(first[1])
    named = len(paimon_job.files(ctx, table).named())
    action(ctx, "delete_tag", table, tag_name="first")
    assert len(paimon_job.files(ctx, table).named()) < named
    paimon_job.equal(ctx, table)  # nothing is left that nobody names
    assert "no tag first" in action(ctx, "delete_tag", table, code=1, tag_name="first")


def test_tags_expire(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, FIXED)
    ctx.catch_up(path)
    action(ctx, "create_tag", table, tag_name="long", time_retained="1 d")
    action(ctx, "create_tag", table, tag_name="ever")
    assert "no tag" in action(ctx, "expire_tags", table)
    tag = os.path.join(ctx.lake.folder(table), "tag", "tag-long")
    with open(tag, encoding="utf-8") as file:
        told = json.load(file)
    told["tagCreateTime"] = [2020, 1, 2, 3, 4]  # Java leaves zeros out
    with open(tag, "w", encoding="utf-8") as file:
        json.dump(told, file)
    assert "long" in action(ctx, "expire_tags", table)
    assert os.listdir(os.path.dirname(tag)) == ["tag-ever"]
    assert "ever" in action(ctx, "expire_tags", table, older_than="2100-01-01 00:00:00")
    paimon_job.equal(ctx, table)


def test_tags_get_other_snapshots_and_names(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {**FIXED, "num-sorted-run.compaction-trigger": 2})
    ctx.catch_up(path)
    first = ctx.lake.rows(table)
    action(ctx, "create_tag", table, tag_name="a", snapshot=1)
    epochs(ctx, path, db, 3)
    times = {s["id"]: s["timeMillis"] for s in ctx.lake.snapshots(table)}
    since = action(ctx, "create_tag_from_timestamp", table, tag="since", timestamp=times[1] + 1, time_retained="1 d")
    later = min(number for number, time in times.items() if time > times[1])
    assert f"tag since is snapshot {later}" in since, since
    assert "no snapshot since" in action(
        ctx, "create_tag_from_timestamp", table, code=1, tag="x", timestamp=max(times.values()) + 1)
    action(ctx, "rename_tag", table, tag_name="a", target_tag_name="b")
    assert "already" in action(ctx, "rename_tag", table, code=1, tag_name="since", target_tag_name="b")
    assert "no tag a" in action(ctx, "rename_tag", table, code=1, tag_name="a", target_tag_name="c")
    action(ctx, "expire_snapshots", table, retain_max=1, retain_min=1)
    assert sorted(ctx.lake.rows(table, tag="b")[1]) == sorted(first[1])
    action(ctx, "replace_tag", table, tag_name="since")  # what only the old one needed goes
    assert not unnamed(ctx, table)
    named = len(paimon_job.files(ctx, table).named())
    action(ctx, "replace_tag", table, tag_name="b")
    assert len(paimon_job.files(ctx, table).named()) < named and not unnamed(ctx, table)
    for tag in ("b", "since"):
        assert sorted(ctx.lake.rows(table, tag=tag)[1]) == sorted(ctx.lake.rows(table)[1]), tag
    assert "no tag none" in action(ctx, "replace_tag", table, code=1, tag_name="none")
    paimon_job.equal(ctx, table)


def test_rollback_to_a_time(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, FIXED)
    ctx.catch_up(path)
    epochs(ctx, path, db, 2)
    snapshots = ctx.lake.snapshots(table)
    second = ctx.lake.rows(table, snapshot_id=snapshots[1]["id"])
    early = action(ctx, "rollback_to_timestamp", table, code=1, timestamp=snapshots[0]["timeMillis"] - 1)
    assert str(snapshots[0]["timeMillis"]) in early, early
    action(ctx, "rollback-to-timestamp", table, timestamp=snapshots[2]["timeMillis"] - 1)
    assert paimon_job.files(ctx, table).snapshot_ids() == [s["id"] for s in snapshots[:2]]
    assert sorted(ctx.lake.rows(table)[1]) == sorted(second[1])
    paimon_job.sound(ctx, table)


def test_rollback(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {**FIXED, "num-sorted-run.compaction-trigger": 3})
    ctx.catch_up(path)
    first = ctx.lake.rows(table)
    action(ctx, "create_tag", table, tag_name="first")
    epochs(ctx, path, db, 3)
    second = ctx.lake.rows(table, snapshot_id=2)
    action(ctx, "create_tag", table, tag_name="later")
    out = action(ctx, "rollback_to", table, version=2)
    assert "state directory" in out, out
    assert paimon_job.files(ctx, table).snapshot_ids() == [1, 2]
    assert os.listdir(os.path.join(ctx.lake.folder(table), "tag")) == ["tag-first"]
    assert sorted(ctx.lake.rows(table)[1]) == sorted(second[1])
    assert not unnamed(ctx, table)
    action(ctx, "rollback_to", table, version="first")
    assert sorted(ctx.lake.rows(table)[1]) == sorted(first[1])
    paimon_job.sound(ctx, table)
    ctx.catch_up(path, state=paimon_job.state(ctx, "second"))  # from the position that the table holds
    paimon_job.equal(ctx, table)
    assert "no tag nothing" in action(ctx, "rollback_to", table, code=1, version="nothing")


def test_rollback_to_a_tag_whose_snapshot_has_expired(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, FIXED)
    ctx.catch_up(path)
    first = ctx.lake.rows(table)
    action(ctx, "create_tag", table, tag_name="first")
    epochs(ctx, path, db, 2)
    action(ctx, "expire_snapshots", table, retain_max=1, retain_min=1)
    action(ctx, "rollback_to", table, version="first")
    assert paimon_job.files(ctx, table).snapshot_ids() == [1]
    assert sorted(ctx.lake.rows(table)[1]) == sorted(first[1])
    paimon_job.sound(ctx, table)


def test_branches(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {**FIXED, "num-sorted-run.compaction-trigger": 2})
    ctx.catch_up(path)
    action(ctx, "create_tag", table, tag_name="first")
    action(ctx, "create_branch", table, branch_name="dev", tag_name="first")
    action(ctx, "create_branch", table, branch_name="empty")
    assert "already" in action(ctx, "create_branch", table, code=1, branch_name="dev")
    action(ctx, "create_branch", table, branch_name="dev", ignore_if_exists="true")
    assert "cannot be" in action(ctx, "create_branch", table, code=2, branch_name="main")
    action(ctx, "delete_tag", table, tag_name="first")
    epochs(ctx, path, db, 3)
    action(ctx, "expire_snapshots", table, retain_max=1, retain_min=1)
    action(ctx, "delete_branch", table, branch_name="dev")
    action(ctx, "delete_branch", table, branch_name="empty")
    assert not os.listdir(os.path.join(ctx.lake.folder(table), "branch"))
    paimon_job.equal(ctx, table)


def test_fast_forward(ctx):
    """The table becomes the branch, with its rows, schema and tags; what only the table had is gone with its files."""
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    folder = os.path.join(ctx.warehouse, f"{db}.db", "t")
    path = paimon_job.pipeline(ctx, table, {**FIXED, **WRITE_ONLY})
    ctx.catch_up(path)
    action(ctx, "create_tag", table, tag_name="fork")
    action(ctx, "create_branch", table, branch_name="dev", tag_name="fork")
    action(ctx, "create_branch", table, branch_name="empty")
    assert "has no snapshot" in action(ctx, "fast_forward", table, code=2, branch_name="empty")
    assert "no branch other" in action(ctx, "fast_forward", table, code=1, branch_name="other")
    epochs(ctx, path, db, 1)  # what another writer could have done in the branch
    ctx.server.execute("ALTER TABLE t ADD COLUMN w INT; UPDATE t SET w = 1 WHERE id < 9", db)
    ctx.catch_up(path)
    wanted, last = ctx.lake.rows(table), paimon_job.files(ctx, table).snapshot_ids()[-1]
    for kind in ("snapshot", "schema"):
        for name in os.listdir(os.path.join(folder, kind)):
            if name.startswith(kind):
                shutil.copy(os.path.join(folder, kind, name), os.path.join(folder, "branch", "branch-dev", kind, name))
    action(ctx, "rollback_to", table, version="fork")
    os.remove(os.path.join(folder, "schema", "schema-1"))  # as if only the branch had it
    ctx.state = paimon_job.state(ctx, "second")
    ctx.server.execute("ALTER TABLE t DROP COLUMN w; DELETE FROM t WHERE id > 100", db)
    ctx.catch_up(path)
    action(ctx, "create_tag", table, tag_name="lost")
    assert len(ctx.lake.rows(table)[1]) == 100
    out = action(ctx, "fast_forward", table, branch_name="dev")
    assert f"at snapshot {last} of the branch" in out and "1 tags are gone" in out and "state directory" in out, out
    assert paimon_job.files(ctx, table).snapshot_ids()[-1] == last
    assert (sorted(ctx.lake.rows(table)[1]), ctx.lake.rows(table)[0]) == (sorted(wanted[1]), wanted[0])
    assert os.listdir(os.path.join(folder, "tag")) == ["tag-fork"]
    paimon_job.sound(ctx, table)
    assert "0 snapshots came, 0 and 0 tags" in action(ctx, "fast_forward", table, branch_name="dev")


def test_expire_changelogs(ctx):
    """The bounds of the arguments count instead of the table's; with delete_all none stays."""
    for producer in ("none", "input"):
        db = ctx.database(SCRIPT)
        table = f"{db}.t"
        ctx.state = paimon_job.state(ctx, producer)
        options = {"changelog.num-retained.max": 50, "changelog.num-retained.min": 50, "changelog-producer": producer}
        path = paimon_job.pipeline(ctx, table, {**FIXED, **WRITE_ONLY, **options})
        ctx.catch_up(path)
        epochs(ctx, path, db, 4)
        action(ctx, "expire_snapshots", table, retain_max=1, retain_min=1)
        assert paimon_job.files(ctx, table).changelog_ids() == [1, 2, 3, 4]
        assert "below" in action(ctx, "expire_changelogs", table, code=2, retain_max=2, retain_min=3)
        bounds = {"retain_max": 3, "retain_min": 1}
        assert "1 changelogs" in action(ctx, "expire_changelogs", table, max_deletes=1, **bounds)
        assert "1 changelogs" in action(ctx, "expire_changelogs", table, **bounds)
        assert paimon_job.files(ctx, table).changelog_ids() == [3, 4]
        paimon_job.equal(ctx, table)
        assert "2 changelogs" in action(ctx, "expire_changelogs", table, delete_all="true")
        assert paimon_job.files(ctx, table).changelog_ids() == []
        paimon_job.equal(ctx, table)
        epochs(ctx, path, db, 1)
        action(ctx, "expire_snapshots", table, retain_max=1, retain_min=1)
        paimon_job.equal(ctx, table)


def test_mark_partitions_done(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1}, sink={"partition.key": f"{table}:dt"})
    ctx.catch_up(path)
    out = action(ctx, "mark_partition_done", table, partition=["dt=2024-01-02", "dt=2030-01-01"])
    marks = out.splitlines()
    assert len(marks) == 2 and all(os.path.basename(mark) == "_SUCCESS" for mark in marks), out
    beside = [os.listdir(os.path.dirname(mark)) for mark in marks]
    assert sorted(map(sorted, beside)) == [["_SUCCESS"], ["_SUCCESS", "bucket-0"]], beside
    times = []
    for _ in range(2):
        action(ctx, "mark_partition_done", table, partition="dt=2024-01-02")
        with open(next(mark for mark in marks if "2030" not in mark), encoding="utf-8") as file:
            times.append(json.load(file))
    assert times[0]["creationTime"] == times[1]["creationTime"] <= times[1]["modificationTime"], times
    assert "not partitioned by x" in action(ctx, "mark_partition_done", table, code=2, partition="x=1")
    paimon_job.equal(ctx, table)
    assert "0 files" in action(ctx, "remove_orphan_files", table)


def test_compact_what_is_chosen(ctx):
    """By a condition on the partitions, by how long they have been idle, and by bucket."""
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 2, **WRITE_ONLY}, sink={"partition.key": f"{table}:dt"})
    ctx.catch_up(path)
    epochs(ctx, path, db, 1, "UPDATE t SET v = 'u'")

    def merged():
        return sorted("".join(map(str, sorted(levels))) for levels in files_of(ctx, table).values())

    assert "nothing to compact" in action(ctx, "compact", table, partition_idle_time="1 h")
    action(ctx, "compact", table, buckets="1", where="dt = '2024-01-01' OR dt > '2024-01-02'")
    assert merged() == ["0", "0", "0", "0", "5", "5"], merged()
    action(ctx, "compact", table, where="dt = '2024-01-01' AND dt <= '2024-01-02'")
    assert merged() == ["0", "0", "0", "5", "5", "5"], merged()
    assert "not partitioned by id" in action(ctx, "compact", table, code=2, where="id = 1")
    assert "together" in action(ctx, "compact", table, code=2, where="dt = '2024-01-01'", partition="dt=2024-01-01")
    assert "buckets 0 to 1" in action(ctx, "compact", table, code=2, buckets="0-2")
    paimon_job.equal(ctx, table)
    action(ctx, "compact_database", including_databases=db, partition_idle_time="0 s")
    assert merged() == ["5"] * 6, merged()
    paimon_job.equal(ctx, table)


def test_reset_consumer(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, FIXED)
    ctx.catch_up(path)
    epochs(ctx, path, db, 2)
    action(ctx, "reset_consumer", table, consumer_id="c", next_snapshot=2)
    with open(os.path.join(ctx.lake.folder(table), "consumer", "consumer-c"), encoding="utf-8") as file:
        assert json.load(file) == {"nextSnapshot": 2}
    action(ctx, "expire_snapshots", table, retain_max=1, retain_min=1)
    assert paimon_job.files(ctx, table).snapshot_ids()[0] == 2
    assert "no snapshot 99" in action(ctx, "reset_consumer", table, code=1, consumer_id="c", next_snapshot=99)
    action(ctx, "reset_consumer", table, consumer_id="c")
    assert not os.listdir(os.path.join(ctx.lake.folder(table), "consumer"))


def test_clear_consumers(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    ctx.catch_up(paimon_job.pipeline(ctx, table, FIXED))
    for name in ("report", "report_old", "feed"):
        action(ctx, "reset_consumer", table, consumer_id=name, next_snapshot=1)
    folder = os.path.join(ctx.lake.folder(table), "consumer")
    action(ctx, "clear_consumers", table, including_consumers="report.*", excluding_consumers=".*_old")
    assert sorted(os.listdir(folder)) == ["consumer-feed", "consumer-report_old"], os.listdir(folder)
    assert "--including_consumers" in action(ctx, "clear_consumers", table, code=2, including_consumers="(")
    action(ctx, "clear_consumers", table)
    assert not os.listdir(folder)


def test_remove_orphan_files(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, FIXED)
    ctx.catch_up(path)
    left = os.path.join(ctx.lake.folder(table), "bucket-0", "data-left.parquet")
    with open(left, "wb") as file:
        file.write(b"rows")
    assert left not in action(ctx, "remove_orphan_files", table)  # younger than a day
    two_days_ago = time.time() - 2 * 86400
    os.utime(left, (two_days_ago, two_days_ago))
    assert left in action(ctx, "remove_orphan_files", table, dry_run="true") and os.path.exists(left)
    assert "past" in action(ctx, "remove_orphan_files", table, code=2, older_than="2100-01-01 00:00:00")
    words = ("paimon", "remove_orphan_files", "--warehouse", ctx.warehouse, "--database", db)  # all of its tables
    assert left in ctx.command(*words).out and not os.path.exists(left)
    ctx.jobs.pop()
    paimon_job.equal(ctx, table)


def test_drop_partitions(ctx):
    for name, options in (("fixed", {"bucket": 1}), ("dynamic", {})):
        db = ctx.database(SCRIPT)
        table = f"{db}.t"
        ctx.state = paimon_job.state(ctx, name)
        path = paimon_job.pipeline(ctx, table, options, sink={"partition.key": f"{table}:dt"})
        ctx.catch_up(path)
        assert "dt=2024-01-02" in action(ctx, "drop_partition", table, partition="dt=2024-01-02")
        assert paimon_job.kinds(ctx, table)[-1] == "OVERWRITE"
        days = {row[0] for row in ctx.lake.rows(table, ["dt"])[1]}
        assert days == {"2024-01-01", "2024-01-03"}, days
        paimon_job.sound(ctx, table)
        assert "no such" in action(ctx, "drop_partition", table, partition="dt=2024-01-02")
        ctx.server.execute("DELETE FROM t WHERE dt = '2024-01-02'; INSERT INTO t VALUES (900, '2024-01-02', 'new')", db)
        ctx.catch_up(path)
        paimon_job.equal(ctx, table)


def test_expire_partitions(ctx):
    today = time.strftime("%Y-%m-%d")
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, day VARCHAR(10), hour INT);"
        f"INSERT INTO t VALUES (1, '20240101', 7), (2, '20240101', 8), (3, '{today.replace('-', '')}', 1), (4, 'x', 1)"
    )
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1}, sink={"partition.key": f"{table}:day,hour"})
    ctx.catch_up(path)
    out = action(ctx, "expire_partitions", table, expiration_time="30 d", timestamp_formatter="yyyyMMdd")
    assert out.splitlines() == ["partition day=20240101,hour=7 is gone", "partition day=20240101,hour=8 is gone"], out
    assert sorted(row[0] for row in ctx.lake.rows(table, ["id"])[1]) == ["3", "4"]
    out = action(
        ctx, "expire_partitions", table, expiration_time="1 d", timestamp_formatter="yyyyMMdd H:mm",
        timestamp_pattern="$day $hour:00",
    )
    assert "no partition" in out or today[-2:] != time.strftime("%d"), out
    assert "yyyyMMdd" in action(
        ctx, "expire_partitions", table, code=1, expiration_time="1 d", timestamp_formatter="yyyyMMddEEE"
    )
    paimon_job.sound(ctx, table)


def test_wrong_arguments_are_named(ctx):
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, FIXED)
    ctx.catch_up(path)
    assert "did you mean compact?" in action(ctx, "compat", table, code=2)
    assert "--retain_max" in action(ctx, "expire_snapshots", table, code=2, retainmax=3)
    refused = {"merge_into": "SQL", "reassign_row_id": "row ids", "migrate-table": "Hive", "query_service": "Flink"}
    for name, why in refused.items():
        assert f"action {name.replace('-', '_')} is not supported" in (said := action(ctx, name, code=2)), said
        assert why in said and "hint: " in said, said
    assert "--tag_name is missing" in action(ctx, "create_tag", table, code=2)
    assert "full or minor" in action(ctx, "compact", table, code=2, compact_strategy="half")
    assert "fs.oss.endpoint" in action(ctx, "compact", table, code=1, catalog_conf="fs.oss.endpoint=x")
    assert "no Paimon table" in action(ctx, "compact", f"{db}.nothing", code=1)
    result = ctx.command("paimon", "compact", "--help")
    ctx.jobs.pop()
    assert result.code == 0 and "--compact_strategy" in result.out, result.out
