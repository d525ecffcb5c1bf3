# SPDX-License-Identifier: Apache-2.0
"""Options of the Paimon sink, its routes, and the other commands on a pipeline to Paimon."""

import json
import os

import paimon_job
import samples
from paimon_job import FIXED

SHARDS = "sharded-customers"
TWO = "CREATE TABLE t (id INT PRIMARY KEY, v DECIMAL(10,2)); INSERT INTO t VALUES (1, 1.5), (2, NULL)"


def refused(ctx, sink, *words, table=None, hint=True, empty=True):
    """check and run end with code 2 (a file that cannot be), name each word, give a hint, and write nothing."""
    path = paimon_job.pipeline(ctx, "e2e_options.t", FIXED if table is None else table, sink)
    for command in ("check", "run"):
        result = ctx.start(command, path).wait(20)
        assert result.code == 2, f"{command} {words}: exit code {result.code}\n{result.out}{result.err}"
        for word in words:
            assert word in result.err, f"{command}: '{word}' is not in the error:\n{result.err}"
        assert not hint or "hint: " in result.err, f"{command}: the error does not say what to do:\n{result.err}"
        assert "is not supported\nhint: supported are: iceberg" not in result.err, "there is no sink of type paimon"
    assert not empty or not os.path.exists(ctx.warehouse), "something was written"


def test_unknown_options_are_refused_with_the_nearest(ctx):
    refused(ctx, {"commit.user-prefx": "a"}, "commit.user-prefx", "commit.user-prefix")
    refused(ctx, {"partition.keys": "a.b:c"}, "partition.keys", "partition.key")
    refused(ctx, {"catalog.properties.warehous": "x"}, "catalog.properties.warehous")
    refused(ctx, {"warehouse": "x"}, "catalog.properties.warehouse")


def test_misspelt_table_options_are_refused_with_the_nearest(ctx):
    for key, meant in (
        ("bukcet", "bucket"),
        ("changelog_producer", "changelog-producer"),
        ("deletion-vector.enabled", "deletion-vectors.enabled"),
        ("snapshot.time-retaind", "snapshot.time-retained"),
    ):
        refused(ctx, None, f"table.properties.{key}", f"table.properties.{meant}", table={key: "1"})


def test_table_options_without_effect_are_told(ctx):
    db = ctx.database(TWO)
    idle = {"sink.parallelism": 4, "write-buffer-spillable": "true", "commit.callbacks": "com.example.Call"}
    own = {"owner": "shop team", "file.block-size": "64 mb"}
    path = paimon_job.pipeline(ctx, f"{db}.t", {**FIXED, **idle, **own, "scan.parallelism": 2})
    result = ctx.catch_up(path)
    for key in (*idle, *own):
        assert f'"table.properties.{key}" of sink "paimon" has no effect: ' in result.out + result.err, key
    for key in ("bucket", "scan.parallelism"):
        assert f'"table.properties.{key}"' not in result.out + result.err, key
    options = ctx.lake.options(f"{db}.t")
    assert options["owner"] == "shop team" and options["scan.parallelism"] == "2", options
    paimon_job.equal(ctx, f"{db}.t")


def test_defaults_of_the_catalog(ctx):
    """As Paimon's catalogs do: for tables that are made, where the pipeline says nothing itself."""
    db = ctx.database(TWO)
    defaults = {
        "catalog.properties.table-default.bucket": 4,
        "catalog.properties.table-default.changelog-producer": "input",
    }
    ctx.catch_up(paimon_job.pipeline(ctx, f"{db}.t", {"bucket": 3}, defaults))
    options = ctx.lake.options(f"{db}.t")
    assert options["bucket"] == "3" and options["changelog-producer"] == "input", options
    paimon_job.equal(ctx, f"{db}.t")
    refused(
        ctx,
        {"catalog.properties.table-default.changelog-producer": "sometimes"},
        "changelog-producer",
        "sometimes",
        hint=False,
        empty=False,
    )


def test_dynamic_buckets_are_no_more_than_may_be(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t SELECT seq FROM seq_1_to_300")
    path = paimon_job.pipeline(ctx, f"{db}.t", {"dynamic-bucket.target-row-num": 20, "dynamic-bucket.max-buckets": 3})
    ctx.catch_up(path)
    ctx.server.execute("INSERT INTO t SELECT seq FROM seq_301_to_500; DELETE FROM t WHERE id % 7 = 0", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    walk = paimon_job.files(ctx, f"{db}.t")
    buckets = {file.bucket for file in walk.live(walk.snapshots()[-1])}
    assert buckets == {0, 1, 2}, buckets


def test_other_metastores_are_refused_by_name(ctx):
    refused(ctx, {"catalog.properties.metastore": "glue"}, "glue", "rest")
    refused(ctx, {"catalog.properties.metastore": "filesytem"}, "filesytem", "filesystem")


def test_warehouses_that_cannot_be(ctx):
    refused(ctx, {"catalog.properties.warehouse": None}, "catalog.properties.warehouse")
    for place in ("s3://", "hdfs://host/lake", "oss://bucket/lake"):
        refused(ctx, {"catalog.properties.warehouse": place}, place.split(":")[0])


def test_table_options_that_are_not_written_are_refused(ctx):
    for key, value in (
        ("bucket", "two"),
        ("bucket", "0"),
        ("num-sorted-run.compaction-trigger", "x"),
        ("changelog-producer", "sometimes"),
    ):
        refused(ctx, None, key, value, table={key: value}, hint=False)
    for key, value in (
        ("file.format", "lance"),
        ("changelog-file.format", "csv"),
        ("merge-engine", "newest"),
        ("fields.v.aggregate-function", "median"),
    ):
        refused(ctx, None, key, value, table={key: value})


def test_the_warehouse_may_be_a_file_url(ctx):
    db = ctx.database(TWO)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, {"catalog.properties.warehouse": "file://" + ctx.warehouse})
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")


def test_the_metastore_may_be_left_out(ctx):
    db = ctx.database(TWO)
    ctx.catch_up(paimon_job.pipeline(ctx, f"{db}.t", FIXED, {"catalog.properties.metastore": None}))
    paimon_job.equal(ctx, f"{db}.t")


def test_check(ctx):
    db = ctx.database(TWO)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED)
    result = ctx.command("check", path)
    assert result.code == 0, result.out + result.err
    text = result.out.replace("(10,2)", "(10, 2)")
    assert f"{db}.t" in text and "DECIMAL(10, 2)" in text and "paimon" in text.lower(), text
    assert not os.path.exists(ctx.warehouse), "check wrote into the warehouse"
    ctx.catch_up(path)
    assert ctx.command("check", path).code == 0


def test_check_tells_entries_that_fit_nothing(ctx):
    db = ctx.database(TWO)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, {"partition.key": f"{db}.misspelt:id"})
    result = ctx.start("check", path).wait(20)
    assert result.code == 0 and f"partition.key names {db}.misspelt" in result.out, result.out + result.err


def test_read(ctx):
    db = ctx.database(
        "CREATE TABLE sku (code VARCHAR(20) PRIMARY KEY, name VARCHAR(60)); INSERT INTO sku SELECT CONCAT('sku-', seq),"
        " CONCAT('Näme ', seq) FROM seq_0_to_39"
    )
    path = paimon_job.pipeline(ctx, f"{db}.sku", FIXED)
    ctx.catch_up(path)
    table = ctx.lake.folder(f"{db}.sku")
    rows = [json.loads(line) for line in paimon_job.read(ctx, f"{db}.sku").splitlines()]
    assert len(rows) == 40 and min(row["code"] for row in rows) == "sku-0", rows[:3]
    limited = ctx.command("read", table, "--format", "csv", "--columns", "code", "--where", "code = 'sku-7'")
    assert limited.code == 0 and limited.out.split() == ["code", "sku-7"], limited.out + limited.err
    for number in range(40):  # by the statistics of files and by buckets nothing is left out
        found = paimon_job.read(ctx, f"{db}.sku", "--where", f"code = 'sku-{number}'")
        assert len(found.splitlines()) == 1, (number, found)


def test_a_fixed_number_of_buckets_needs_a_key(ctx):
    """Paimon's own rule: refused by name, or the table without a key has buckets of its own kind."""
    db = ctx.database(TWO + "; CREATE TABLE log (n INT); INSERT INTO log VALUES (1), (1)")
    path = paimon_job.pipeline(ctx, f"{db}.\\.*", FIXED)
    result = ctx.catch_up(path, code=None)
    if result.code == 0:
        paimon_job.equal(ctx, f"{db}.log")
    else:
        assert f"{db}.log" in result.err and "bucket" in result.err and "hint" in result.err, result.err


def test_verify_compares_or_says_that_it_cannot(ctx):
    db = ctx.database(TWO)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED)
    ctx.catch_up(path)
    result = ctx.command("verify", path)
    if "cannot be compared" in result.err:
        assert result.code in (1, 2) and "paimon" in result.err and "hint" in result.err, result.err
        return
    assert result.code == 0, result.out + result.err
    ctx.server.execute("SET sql_log_bin = 0; UPDATE t SET v = 7 WHERE id = 2", db)
    result = ctx.command("verify", path)
    assert result.code == 1 and "id=2" in result.out, f"verify missed the difference: {result.out}{result.err}"


def test_shards_into_one_table(ctx):
    """The scenario of samples/sharded-customers; of the id that two shards have one row remains, the last written."""
    server = ctx.new_server()
    server.execute("SET sql_log_bin = 0; DROP USER 'flow'@'%'")
    paimon_job.use(ctx)
    path, env = samples.path(SHARDS, "to-paimon.yaml"), samples.environment(server.port, ctx.warehouse)
    for _, sql in samples.steps(SHARDS):
        server.execute(sql)
        ctx.catch_up(path, env=env)
    assert ctx.lake.tables() == ["lake.customers"], ctx.lake.tables()
    wanted = {}
    for line in samples.read(SHARDS, "expected.jsonl").splitlines():
        row = list(json.loads(line).values())[2:]
        wanted.setdefault(str(row[0]), []).append(tuple(None if v is None else str(v) for v in row))
    names, rows = ctx.lake.rows("lake.customers")
    assert names == ["id", "name", "city", "phone", "email"], names
    assert sorted(row[0] for row in rows) == sorted(wanted), rows
    assert all(row in wanted[row[0]] for row in rows), f"{rows}, expected {wanted}"
    server.execute("UPDATE shop_1.customers_1 SET city = 'first' WHERE id = 310")
    server.execute("UPDATE shop_2.customers_1 SET city = 'last' WHERE id = 310")
    ctx.catch_up(path, env=env)
    shown = {row[0]: row for row in ctx.lake.rows("lake.customers")[1]}
    assert shown["310"][1:3] == ("Chen", "last") and len(shown) == 3, shown
    paimon_job.sound(ctx, "lake.customers")


def test_shards_merge_into_the_widest_schema(ctx):
    db = ctx.database(
        "CREATE TABLE t_1 (id INT PRIMARY KEY, a INT, b VARCHAR(10), d DECIMAL(5,2), only1 DATE, f FLOAT); CREATE TABLE"
        " t_2 (id BIGINT PRIMARY KEY, b TEXT, a BIGINT, d DECIMAL(12,4), only2 TIME, f DOUBLE);"
        "INSERT INTO t_1 VALUES (1, -1, 'one', 1.25, '2024-01-01', 1.5);"
        "INSERT INTO t_2 VALUES (5000000000, 'two', 5000000001, 12345.6789, '10:00:00', 2.5)"
    )
    path = paimon_job.pipeline(
        ctx, f"{db}.t_[0-9]+", FIXED, route=[{"source-table": f"{db}.t_[0-9]+", "sink-table": "lake.t"}]
    )
    ctx.catch_up(path)
    kinds = dict(ctx.lake.columns("lake.t"))
    assert kinds["id"] == "BIGINT NOT NULL" and kinds["a"] == "BIGINT" and kinds["b"] == "STRING", kinds
    assert kinds["d"] == "DECIMAL(12, 4)" and kinds["f"] == "DOUBLE" and kinds["only1"] == "DATE", kinds
    ctx.server.execute("UPDATE t_1 SET a = -5; DELETE FROM t_2; INSERT INTO t_2 (id, a) VALUES (3, 3)", db)
    ctx.catch_up(path)
    rows = {row[0]: row[1:] for row in ctx.lake.rows("lake.t", ["id", "a", "d", "only1"])[1]}
    assert rows == {"1": ("-5", "1.2500", "2024-01-01"), "3": ("3", None, None)}, rows
    paimon_job.sound(ctx, "lake.t")


def test_replace_symbol_and_capture_groups(ctx):
    db = ctx.database(
        "CREATE TABLE web_order (id INT PRIMARY KEY); INSERT INTO web_order VALUES (1);"
        "CREATE TABLE plain (id INT PRIMARY KEY); INSERT INTO plain VALUES (2)"
    )
    path = paimon_job.pipeline(
        ctx, f"{db}.\\.*", FIXED,
        route=[
            {"source-table": f"{db}.(web|app)_(\\.*)", "sink-table": "ods_$1.$2", "description": "by channel"},
            {"source-table": f"{db}.plain", "sink-table": "ods.pre_<>_post", "replace-symbol": "<>"},
        ],
    )
    ctx.catch_up(path)
    assert ctx.lake.tables() == ["ods.pre_plain_post", "ods_web.order"], ctx.lake.tables()
    paimon_job.equal(ctx, f"{db}.web_order", "ods_web.order")
    paimon_job.equal(ctx, f"{db}.plain", "ods.pre_plain_post")


def test_new_tables_while_the_job_runs(ctx):
    db = ctx.database(TWO)
    path = paimon_job.pipeline(ctx, f"{db}.\\.*", FIXED)
    ctx.catch_up(path)
    ctx.server.execute("CREATE TABLE late (id INT PRIMARY KEY, w TEXT); INSERT INTO late VALUES (1, 'x')", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.late")
    paimon_job.equal(ctx, f"{db}.t")


def test_a_second_process_is_refused(ctx):
    db = ctx.database(TWO)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED)
    job = ctx.start_run(path)
    ctx.wait_equal(f"{db}.t", job=job)
    result = ctx.catch_up(path, code=None)
    assert result.code == 1 and "another" in result.err.lower(), result.err
    job.terminate(5)


def test_tables_that_java_would_not_open_are_refused(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1)")
    for options, word in (
        ({"bucket": 2, "bucket-key": "v"}, "bucket-key names v, which is not part of the primary key"),
        ({"bucket-key": "id"}, "needs a number of buckets"),
        ({"bucket": 2, "fields.w.stats-mode": "none"}, "names w, which is no column"),
        ({"bucket": 2, "snapshot.num-retained.max": 5}, "snapshot.num-retained.min=10 is above"),
    ):
        path = paimon_job.pipeline(ctx, f"{db}.t", options)
        for command in ("check", "run"):
            ctx.fails(path, f"table {db}.t: table option", word, "hint: ", command=command)
        assert not ctx.lake.exists(f"{db}.t"), options


def test_data_files_in_a_folder_of_their_own(ctx):
    """data-file.path-directory: all engines look for them there."""
    db = ctx.database("CREATE TABLE t (id INT, d DATE, v INT, PRIMARY KEY (id, d)); INSERT INTO t SELECT seq,"
                      " DATE_ADD('2024-01-01', INTERVAL seq % 3 DAY), 0 FROM seq_1_to_90")
    table = {"bucket": 2, "data-file.path-directory": "data/of the table", "changelog-producer": "input"}
    path = paimon_job.pipeline(ctx, f"{db}.t", table, {"partition.key": f"{db}.t:d"})
    for number in range(6):  # compacted, too
        ctx.catch_up(path)
        paimon_job.equal(ctx, f"{db}.t")
        ctx.server.execute(f"UPDATE t SET v = v + 1 WHERE id % 3 = {number % 3}; DELETE FROM t WHERE id = {number}", db)
    walk = paimon_job.files(ctx, f"{db}.t")
    folders = {os.path.dirname(os.path.relpath(file.path, walk.folder)) for file in walk.live(walk.snapshots()[-1])}
    assert folders == {f"data/of the table/d={d}/bucket-{b}" for d in (19723, 19724, 19725) for b in (0, 1)}, folders
    left = os.path.join(walk.folder, "data", "of the table", "d=19723", "bucket-0", "data-left.parquet")
    with open(left, "w", encoding="ascii"):
        os.utime(left, (1, 1))
    found = ctx.command("tables", "orphans", walk.folder)
    assert "data-left.parquet" in found.out and found.out.count(".parquet") == 1, found.out
    os.remove(left)
    path = paimon_job.pipeline(ctx, f"{db}.t", {"data-file.path-directory": "/elsewhere"}, name="elsewhere.yaml")
    ctx.fails(path, "data-file.path-directory='/elsewhere'", command="check", code=2)


def test_a_table_without_a_key_does_without_a_changelog(ctx):
    db = ctx.database("CREATE TABLE t (id INT, v INT); INSERT INTO t VALUES (1, 1)")
    path = paimon_job.pipeline(ctx, f"{db}.t", {"changelog-producer": "lookup", "file.compression": " zstd "})
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    options = ctx.lake.schema(f"{db}.t")["options"]
    assert "changelog-producer" not in options and options["file.compression"] == "zstd", options
