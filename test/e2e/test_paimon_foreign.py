# SPDX-License-Identifier: Apache-2.0
"""Another program writes into the Paimon tables of a job: its rows stay, and what the source changes later wins."""

import glob
import json
import os

import pyarrow
import pyarrow.parquet

import harness
import paimon_job
from paimon_job import FIXED

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), d DATE); INSERT INTO t SELECT seq, CONCAT('v', seq),"
    " DATE_ADD('2024-01-01', INTERVAL seq % 3 DAY) FROM seq_1_to_60"
)
OURS = (
    "UPDATE t SET v = 'ours {n}' WHERE id % 8 = {n}; DELETE FROM t WHERE id = {n} + 20;"
    "INSERT INTO t VALUES ({n} + 500, 'new', NULL)"
)


def foreign_rows(ids, text="foreign"):
    return [{"id": number, "v": text, "d": "2024-05-05"} for number in ids]


def expected(ctx, db, extra):
    """The source's rows and those of the other program whose keys the source has not."""
    rows = ctx.server.execute("SELECT CAST(id AS CHAR), v, CAST(d AS CHAR) FROM t", db)
    return sorted([tuple(row) for row in rows] + extra, key=str)


def check(ctx, db, extra):
    table = f"{db}.t"
    rows = ctx.lake.rows(table)[1]
    assert sorted(rows, key=str) == expected(ctx, db, extra), f"{sorted(rows, key=str)}\n{expected(ctx, db, extra)}"
    ours = ctx.lake.rows_of_jsonl(table, paimon_job.read(ctx, table))[1]
    assert sorted(ours, key=str) == sorted(rows, key=str), "sluice read shows other rows"
    paimon_job.sound(ctx, table, field_ids=False)


def between_two_runs(ctx, options, sink=None):
    db = ctx.database(SCRIPT)
    sink = {key: value.format(db=db) for key, value in (sink or {}).items()}
    path = paimon_job.pipeline(ctx, f"{db}.t", options, sink)
    ctx.catch_up(path)
    extra = []
    for n in range(8):  # so many that the other's files are compacted with ours
        ids = [1000 + 10 * n + i for i in range(4)]
        ctx.lake.write(f"{db}.t", foreign_rows([*ids, 600 + n]))
        extra += [(str(number), "foreign", "2024-05-05") for number in ids]
        ctx.server.execute(OURS.format(n=n), db)
        ctx.server.execute(f"INSERT INTO t VALUES ({600 + n}, 'the source has it now', '2024-05-05')", db)
        ctx.catch_up(path)
        check(ctx, db, extra)
    assert "COMPACT" in paimon_job.kinds(ctx, f"{db}.t"), paimon_job.kinds(ctx, f"{db}.t")


def test_between_two_runs_in_fixed_buckets(ctx):
    between_two_runs(ctx, FIXED)


def test_between_two_runs_in_dynamic_buckets(ctx):
    between_two_runs(ctx, {})


def test_between_two_runs_in_partitions(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), d DATE NOT NULL); INSERT INTO t SELECT seq, 'v',"
        " DATE_ADD('2024-01-01', INTERVAL seq % 3 DAY) FROM seq_1_to_30"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, {"partition.key": f"{db}.t:d"})
    ctx.catch_up(path)
    for n in range(6):
        ctx.lake.write(f"{db}.t", foreign_rows([n + 100, n + 200]))
        ctx.server.execute(
            f"UPDATE t SET d = DATE_ADD(d, INTERVAL 1 DAY) WHERE id % 4 = {n % 4};"
            f"INSERT INTO t VALUES ({n} + 100, 'ours', '2024-05-05')",
            db,
        )
        ctx.catch_up(path)
        check(ctx, db, [(str(i + 200), "foreign", "2024-05-05") for i in range(n + 1)])


def test_a_key_of_ours_that_the_other_has_overwritten(ctx):
    """The source's next change of it has the higher sequence number, whoever held the highest one."""
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED)
    for n in range(6):
        ctx.catch_up(path)
        for _ in range(4):
            ctx.lake.write(f"{db}.t", foreign_rows(range(1, 40), "overwritten"))
        shown = {row[0]: row[1] for row in ctx.lake.rows(f"{db}.t")[1]}
        assert shown["7"] == "overwritten", shown
        ctx.server.execute(f"UPDATE t SET v = 'mine {n}', d = '2024-02-02' WHERE id < 40", db)
    ctx.catch_up(path)
    check(ctx, db, [])


def test_while_the_job_runs(ctx):
    """A running job has counted sequence numbers and chosen files to compact: both must follow what is there."""
    for options in (FIXED, {}):
        db = ctx.database(SCRIPT)
        ctx.state = paimon_job.state(ctx, str(len(options)))
        path = paimon_job.pipeline(ctx, f"{db}.t", options, warehouse=f"{ctx.dir}/lake-{len(options)}")
        job = ctx.start_run(path, interval="100ms")
        ctx.wait_equal(f"{db}.t", job=job)
        for n in range(8):
            ctx.lake.write(f"{db}.t", foreign_rows([2000 + n, 5, 6], f"foreign {n}"))
            ctx.server.execute(f"UPDATE t SET v = 'ours {n}', d = '2024-05-05' WHERE id < 9", db)
            extra = [(str(2000 + i), f"foreign {i}", "2024-05-05") for i in range(n + 1)]
            want = expected(ctx, db, extra)

            def same(want=want):
                return not job.running() or sorted(ctx.lake.rows(f"{db}.t")[1], key=str) == want

            try:
                harness.wait_until(same, "the rows of both writers", 15)
            except harness.Timeout:
                pass
            assert job.running(), job.tail()
            check(ctx, db, extra)
        job.terminate(5)
        check(ctx, db, extra)


def test_while_the_job_commits_without_a_pause(ctx):
    """Both commit at the same moments: each row of both is there."""
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED)
    job = ctx.start_run(path, interval="50ms")
    ctx.wait_equal(f"{db}.t", job=job)
    step = lambda c, n: c.execute(f"REPLACE INTO t VALUES ({n % 50 + 1}, '{n}', '2024-01-01')")
    load = harness.Load(ctx.server, step, db, pause=0.005)
    for n in range(25):
        ctx.lake.write(f"{db}.t", foreign_rows([3000 + n]))
    load.stop()
    want = expected(ctx, db, [(str(3000 + n), "foreign", "2024-05-05") for n in range(25)])
    same = lambda: sorted(ctx.lake.rows(f"{db}.t")[1], key=str) == want
    harness.wait_until(lambda: not job.running() or same(), "the rows of both", 30)
    job.terminate(5)
    assert same(), ctx.lake.rows(f"{db}.t")
    paimon_job.sound(ctx, f"{db}.t", field_ids=False, orphans=True)


def test_tables_without_a_key(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT, v VARCHAR(40), d DATE); INSERT INTO t VALUES (1, 'a', NULL), (1, 'a', NULL)"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t")
    ctx.catch_up(path)
    for n in range(4):
        ctx.lake.write(f"{db}.t", foreign_rows([n, n]))
        ctx.server.execute(f"INSERT INTO t VALUES ({n}, 'ours', NULL), ({n}, 'ours', NULL)", db)
        ctx.catch_up(path)
        check(ctx, db, [(str(i), "foreign", "2024-05-05") for i in range(n + 1) for _ in range(2)])


def test_a_table_that_was_there_before_the_job(ctx):
    """A table that another program has made and filled is taken as it is: its rows stay, keys of the source win."""
    db = ctx.database(SCRIPT)
    path = paimon_job.pipeline(ctx, f"{db}.t")
    fields = [("id", "INT NOT NULL"), ("v", "VARCHAR(40)"), ("d", "DATE")]
    ctx.lake.create(f"{db}.t", fields, ["id"], options={"bucket": "3"})
    ctx.lake.write(f"{db}.t", foreign_rows([1, 2, 900]))
    result = ctx.catch_up(path, code=None)
    if result.code:  # refused, by name and with a way out
        assert f"{db}.t" in result.err and "hint" in result.err, result.err
        return
    check(ctx, db, [("900", "foreign", "2024-05-05")])


def test_columns_change_under_files_of_the_other(ctx):
    """pypaimon's files have no field ids: their columns have the names of the schema that they were written with."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, a INT, gone INT); INSERT INTO t VALUES (1, 1, 1)")
    options = {"bucket": 1, "num-sorted-run.compaction-trigger": 3}
    path = paimon_job.pipeline(ctx, f"{db}.t", options, pipeline={"schema.change.behavior": "evolve"})
    ctx.catch_up(path)
    ctx.lake.write(f"{db}.t", [{"id": "2", "a": "2", "gone": "2"}])
    ddl = "ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t DROP COLUMN gone; ALTER TABLE t ADD gone INT"
    ctx.server.execute(ddl, db)
    for n in range(5):
        ctx.server.execute(f"UPDATE t SET b = {n} WHERE id = 1", db)
        ctx.catch_up(path)
        rows = sorted(ctx.lake.rows(f"{db}.t")[1])
        assert rows == [("1", str(n), None), ("2", "2", None)], rows
        ours = ctx.lake.rows_of_jsonl(f"{db}.t", paimon_job.read(ctx, f"{db}.t"))[1]
        assert sorted(ours) == rows, f"sluice read shows {ours}"
        paimon_job.sound(ctx, f"{db}.t", field_ids=False)
    assert "COMPACT" in paimon_job.kinds(ctx, f"{db}.t")


def test_read_of_columns_that_changed_under_files_without_field_ids(ctx):
    """The same for `sluice read` alone, with a schema that is changed by hand."""
    lake = paimon_job.use(ctx)
    lake.create("db.t", [("id", "INT NOT NULL"), ("a", "INT"), ("gone", "INT")], ["id"], options={"bucket": "1"})
    lake.write("db.t", [{"id": "1", "a": "10", "gone": "7"}])
    schema = lake.schema("db.t")
    schema["id"], schema["highestFieldId"] = 1, 3
    schema["fields"][1]["name"], schema["fields"][2]["id"] = "b", 3
    ctx.write(os.path.relpath(os.path.join(lake.folder("db.t"), "schema", "schema-1"), ctx.dir), json.dumps(schema))
    lake.write("db.t", [{"id": "2", "b": "20", "gone": "8"}])
    rows = sorted(lake.rows("db.t")[1])
    assert rows == [("1", "10", None), ("2", "20", "8")], rows
    ours = lake.rows_of_jsonl("db.t", paimon_job.read(ctx, "db.t"))[1]
    assert sorted(ours) == rows, f"sluice read shows {ours}, pypaimon {rows}"


def test_read_of_files_whose_texts_arrow_knows_as_other_types(ctx):
    """Arrow's own note in a Parquet file may say dictionary or large_string where the schema says STRING."""
    for name, change in (
        ("dictionary", lambda column: column.dictionary_encode()),
        ("large", lambda column: column.cast(pyarrow.large_string())),
    ):
        lake = paimon_job.use(ctx, os.path.join(ctx.dir, name))
        lake.create("db.t", [("id", "INT NOT NULL"), ("v", "STRING")], ["id"], options={"bucket": "1"})
        lake.write("db.t", [{"id": "1", "v": "x"}, {"id": "2", "v": None}])
        for path in glob.glob(os.path.join(lake.folder("db.t"), "bucket-0", "data-*.parquet")):
            data = pyarrow.parquet.ParquetFile(path).read()
            at = data.column_names.index("v")
            pyarrow.parquet.write_table(data.set_column(at, "v", change(data.column("v"))), path)
        rows = sorted(lake.rows("db.t")[1])
        assert rows == [("1", "x"), ("2", None)], rows
        ours = lake.rows_of_jsonl("db.t", paimon_job.read(ctx, "db.t"))[1]
        assert sorted(ours) == rows, f"{name}: sluice read shows {ours}, pypaimon {rows}"
