# SPDX-License-Identifier: Apache-2.0
"""What the crash runs (test/crash) check can fail: each kind of damage is seen, and a good table passes."""

import copy
import json
import os
import random
import sys
import types

import iceberg_files
import paimon_lake
import test_golden

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "crash"))

import crash  # noqa: E402
import crash_load  # noqa: E402
import crash_pairs  # noqa: E402
import faults  # noqa: E402
import paimon_tables  # noqa: E402
import soak  # noqa: E402

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, 0 FROM seq_1_to_500; "
    "CREATE TABLE log (n INT); INSERT INTO log VALUES (1)"
)


def good_rows():
    """Three transfers from account 1 to account 2."""
    account = {i: [i, crash_load.START_BALANCE, 0] for i in range(1, crash_load.ACCOUNTS + 1)}
    for _ in range(3):
        account[1][1:] = account[1][1] - 5, account[1][2] + 1
        account[2][1:] = account[2][1] + 5, account[2][2] + 1
    return {
        "counter": [(3,)],
        "account": [tuple(row) for row in account.values()],
        "ledger": [(n, 1, 2, 5) for n in (2, 1, 3)],
        "visit": [(n,) for n in (1, 2, 3)],
    }


def fails(rows, word):
    try:
        crash_load.check_commit(rows)
    except AssertionError as error:
        assert word in str(error), error
        return
    raise AssertionError(f"not seen: {word}")


def test_lost_doubled_and_torn_transactions_are_seen(ctx):
    crash_load.check_commit(good_rows())
    for change, word in (
        (lambda rows: rows["ledger"].pop(), "lost [3]"),
        (lambda rows: rows["ledger"].append((2, 1, 2, 5)), "doubled [2]"),
        (lambda rows: rows["ledger"].append((4, 1, 2, 5)), "too early [4]"),
        (lambda rows: rows["counter"].append((3,)), "expected one row"),
        (lambda rows: rows["account"].append(rows["account"][0]), "do not follow"),
        (lambda rows: rows.update(account=[(i, b + (i == 1), m) for i, b, m in rows["account"]]), "do not follow"),
        (lambda rows: rows["visit"].pop(0), "visit holds 2"),
    ):
        rows = copy.deepcopy(good_rows())
        change(rows)
        fails(rows, word)


def test_files_that_are_missing_cut_or_named_by_nothing_are_seen(ctx):
    db = ctx.database(SCRIPT)
    path = ctx.pipeline(f"{db}.\\.*")
    ctx.catch_up(path)
    ctx.server.execute("UPDATE t SET v = 1 WHERE id % 3 = 0; DELETE FROM t WHERE id = 7", db)
    ctx.catch_up(path)
    files = iceberg_files.TableFiles(ctx.lake, f"{db}.t")
    assert not files.damaged() and not files.orphans(), (files.damaged(), files.orphans())
    first, last = files.snapshots()
    assert sorted(files.rows(first, ("id", "v"))) == [(i, 0) for i in range(1, 501)]
    assert sorted(files.rows(last, ("id", "v"))) == [(i, int(i % 3 == 0)) for i in range(1, 501) if i != 7]
    assert files.epoch()[1] == 1, f"one table changed in the last epoch: {files.epoch()}"
    for target in sorted(files.named()):
        os.rename(target, target + ".away")
        fresh = iceberg_files.TableFiles(ctx.lake, f"{db}.t") if "metadata.json" not in target else files
        damaged = fresh.damaged()
        assert any(target in text and "missing" in text for text in damaged), f"{target}: {damaged}"
        os.rename(target + ".away", target)
    data = next(f for f in files.named() if f.endswith(".parquet"))
    os.truncate(data, os.path.getsize(data) - 1)
    assert any(data in text and "bytes" in text for text in files.damaged())
    stray = os.path.join(files.lake.folder(f"{db}.t"), "data", "stray.parquet")
    ctx.write(os.path.relpath(stray, ctx.dir), "xyz")
    assert files.orphans() == [(stray, 3)], files.orphans()


def golden_paimon(folder, name):
    """A table that Flink wrote, the rows that it read back by snapshot, and their columns."""
    expected = {}
    place = os.path.join(folder, "expected", "paimon", name)
    for file in os.listdir(place):
        if file.removesuffix(".jsonl").isdigit():
            with open(os.path.join(place, file), encoding="utf-8") as source:
                expected[int(file.removesuffix(".jsonl"))] = [json.loads(line) for line in source]
    columns = tuple(next(rows for rows in expected.values() if rows)[0])
    lake = paimon_lake.PaimonLake(os.path.join(folder, "paimon"), None)
    return paimon_tables.PaimonTable(lake, name), expected, columns


def test_rows_of_paimon_snapshots_are_merged_as_flink_does(ctx):
    folder = test_golden.unpack_paimon(ctx)
    for name in ("pk.fixed", "pk.partitioned", "pk.dynamic_bucket", "pk.thin", "append.partitioned", "append.bucketed"):
        files, expected, columns = golden_paimon(folder, name)
        for snapshot in files.snapshots():
            wanted = [tuple(row.values()) for row in expected[snapshot.id]]
            assert sorted(files.rows(snapshot, columns)) == sorted(wanted), (name, snapshot.id)
        assert not files.damaged() and not files.orphans() and not files.grown(), (name, files.damaged())
        assert files.epoch() == (0, 0) and files.metadata_bytes() > 1000, name


def test_epochs_compactions_and_growth_of_paimon_tables_are_seen(ctx):
    files, _, columns = golden_paimon(test_golden.unpack_paimon(ctx), "pk.fixed")
    folder = files.lake.folder("pk.fixed")
    stored = {"sluice.cdc-1.epoch": "7", "sluice.cdc-1.position": "binlog.000001:77", "sluice.cdc-1.tables": "2"}
    changes = {
        2: {"commitUser": "cdc-1", "commitIdentifier": 7, "properties": stored},
        3: {"commitUser": "cdc-1", "commitIdentifier": 7, "commitKind": "COMPACT"},
    }
    for number, change in changes.items():
        path = os.path.join(folder, "snapshot", f"snapshot-{number}")
        with open(path, encoding="utf-8") as file:
            made = {**json.load(file), **change}
        ctx.write(os.path.relpath(path, ctx.dir), json.dumps(made))
    files = paimon_tables.PaimonTable(files.lake, "pk.fixed")
    assert files.epoch() == (7, 2)
    first, second, third = files.snapshots()[:3]
    assert (second.epoch, third.epoch, third.position, first.epoch) == (7, 7, "binlog.000001:77", None)
    assert first.parent_known and not second.compacts and third.compacts.id == 2
    files.rows(second, columns)
    try:
        files.rows(third, columns)
        raise RuntimeError("a compaction that lost a row is not seen")
    except AssertionError as error:
        assert "compaction 3" in str(error), error
    os.remove(os.path.join(folder, "snapshot", "snapshot-1"))
    files.refresh()
    assert not files.snapshots()[0].parent_known
    assert not files.damaged(), "a stale EARLIEST is no damage"
    os.remove(os.path.join(folder, "snapshot", "snapshot-3"))
    assert any("do not follow" in text for text in files.damaged()), files.damaged()


def test_a_file_that_is_removed_while_files_are_counted_is_no_error(ctx):
    gone = os.path.join(ctx.dir, "gone")
    ctx.write("kept", "xyz")
    assert (iceberg_files.size_or_zero(os.path.join(ctx.dir, "kept")), iceberg_files.size_or_zero(gone)) == (3, 0)


def test_every_failpoint_belongs_to_a_pair(ctx):
    of_no_job = ("catalog.", "copy.")  # of creations and of actions: test_paimon_hive.py, _jdbc, _copies
    names = [name for name in crash.all_failpoints() if not name.startswith(of_no_job)]
    known = tuple(beginning for pair in crash_pairs.PAIRS.values() for beginning in pair.failpoints)
    assert not [name for name in names if not name.startswith(known)], "add it to its source or sink in crash_pairs.py"
    assert set(crash.FIRST) <= {f"failpoint:{name}" for name in names}


def test_plans_follow_from_the_seed_and_deal_out_everything(ctx):
    class Args:
        plan, seed, n, others = "", 5, 1000, 4

    names = crash.all_failpoints()
    plans = list(crash.plans(Args, names))
    assert plans == list(crash.plans(Args, names))
    dealt = [fault for _, plan in plans for fault in plan]
    assert dealt.count("kill") == 1000 and len({seed for seed, _ in plans}) == len(plans)
    assert set(faults.OTHERS) <= set(dealt)
    assert sorted(f for f in dealt if ":" in f) == sorted(f"failpoint:{name}" for name in names)
    moments = [faults.random_moment(random.Random(i)) for i in range(2000)]
    assert 0.005 <= min(moments) < 0.01 and 1.9 < max(moments) <= 2.0


def test_a_run_that_looked_at_nothing_fails(ctx):
    totals = crash.Totals()
    totals.drains = 1
    assert "0 epochs" in totals.unchecked()
    totals.commits = 1
    assert not totals.unchecked()
    totals.drains = 0
    assert "0 full comparisons" in totals.unchecked()
    totals.failures.append((1, "kill", "what went wrong", []))
    assert not totals.unchecked(), "a run that failed has said so"


def _soak(*lives):
    """A soak whose processes have so many samples after the warm-up, with so many MB more each."""
    run = types.SimpleNamespace()
    made = soak.Soak(run, 1, random.Random(1))
    for pid, (samples, grows) in enumerate(lives):
        life = soak.Life(pid)
        life.samples = [(made.warm_up + i, 100 + grows * i, 10, 5) for i in range(samples)]
        made.lives.append(life)
    return made


def test_a_soak_that_could_judge_no_process_fails(ctx):
    short = soak.SAMPLES_MIN - 1
    assert "no process" in _soak((short, 0), (short, 0)).growth()[0]
    assert not _soak((short, 0), (soak.SAMPLES_MIN, 0)).growth()
    assert "RSS grew" in _soak((short, 0), (60, 2)).growth()[0]


def test_late_checkpoints_fail_a_soak(ctx):
    def watched(*times):
        """Epochs at these seconds of a minute; 0.5 s are asked for."""
        made = soak.Checkpoints(0.5)
        made.begin(0, 7)
        for number, at in enumerate(times, 8):
            made.see(at, number - 1)  # nothing new
            made.see(at, number)
        made.end(60)
        return made

    on_time = watched(*(i / 2 for i in range(1, 121)))
    assert not on_time.problem() and on_time.seen == 120 and on_time.longest == 0.5, on_time.text()
    assert not watched(*(i * 2 for i in range(1, 31))).problem(), "a loaded machine"
    slow = watched(*(i * 10 for i in range(1, 7)))  # what was once good enough
    assert "later than 3.0 s" in slow.problem() and slow.longest == 10
    stuck = watched(*(i / 2 for i in range(1, 101)))
    assert "longest wait 10.0 s" in stuck.problem(), "the last epoch never came"
    assert "no epoch" in watched().problem()
