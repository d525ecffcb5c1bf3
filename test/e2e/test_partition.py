# SPDX-License-Identifier: Apache-2.0
"""partition.key with every transform; rows that move between partitions; PyIceberg prunes and reads them."""

import json
import shutil

from pyiceberg.expressions import EqualTo

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, ts DATETIME(3) NULL, at TIMESTAMP NULL, d DATE, name VARCHAR(40), n BIGINT,"
    " amount DECIMAL(10,2), raw VARBINARY(20), flag BOOL);INSERT INTO t SELECT seq, DATE_ADD('1969-12-30 22:00:00',"
    " INTERVAL seq * 36 HOUR), DATE_ADD('1971-01-01', INTERVAL seq * 13 HOUR), DATE_ADD('1969-06-01', INTERVAL seq"
    " DAY), IF(seq % 9, CONCAT('nä/me=', seq % 13), NULL), CAST(seq AS SIGNED) * 37 - 900, (CAST(seq AS SIGNED) - 60)"
    " / 7, UNHEX(MD5(seq)), seq % 2 FROM seq_1_to_120;INSERT INTO t (id) VALUES (0)"
)
CHANGES = (
    "UPDATE t SET ts = DATE_ADD(ts, INTERVAL 400 DAY), at = '2020-02-02 02:02:02', d = '1960-01-01', name = 'moved',"
    " n = -7, amount = -0.07, raw = x'00', flag = NULL WHERE id % 10 = 3; DELETE FROM t WHERE id % 10 = 4; UPDATE t"
    " SET id = id + 1000 WHERE id % 10 = 5; INSERT INTO t (id, name) VALUES (5000, 'x'), (5001, '')"
)


def check(ctx, spec, transforms):
    db = ctx.database("SET time_zone = '+00:00';" + SCRIPT)
    path = ctx.pipeline(f"{db}.t", sink={"partition.key": f"{db}.t:{spec}"})
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    fields = ctx.lake.metadata(f"{db}.t")["partition-specs"][-1]["fields"]
    assert [f["transform"] for f in fields] == transforms, fields
    ctx.server.execute("SET time_zone = '+00:00';" + CHANGES, db)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    table = ctx.lake.open(f"{db}.t")
    assert len(table.inspect.partitions()) > 1
    # A filter on the partition's source must give the same rows: wrong values would prune too much.
    names, rows = ctx.lake.rows(f"{db}.t")
    at = names.index("n")
    for value in ("-7", "-863", "3540"):
        found = table.scan(row_filter=EqualTo("n", int(value))).to_arrow().num_rows
        assert found == sum(1 for row in rows if row[at] == value), f"n = {value} finds {found} rows"
    for row in rows[:20]:
        if row[names.index("name")] is not None:
            value = row[names.index("name")]
            found = table.scan(row_filter=EqualTo("name", value)).to_arrow().num_rows
            assert found == sum(
                1 for r in rows if r[names.index("name")] == value
            ), f"name = {value} finds {found} rows"
    return db, path


def test_identity(ctx):
    check(ctx, "name", ["identity"])


def test_year(ctx):
    check(ctx, "year(ts)", ["year"])


def test_month(ctx):
    check(ctx, "month(d)", ["month"])


def test_day(ctx):
    check(ctx, "day(at)", ["day"])


def test_hour(ctx):
    check(ctx, "hour(ts)", ["hour"])


def test_bucket_of_each_type(ctx):
    check(ctx, "bucket[5](n)", ["bucket[5]"])
    check(ctx, "bucket[4](name)", ["bucket[4]"])
    check(ctx, "bucket[3](amount),bucket[3](d)", ["bucket[3]", "bucket[3]"])
    check(ctx, "bucket[3](raw),bucket[3](ts)", ["bucket[3]", "bucket[3]"])


def test_truncate(ctx):
    check(ctx, "truncate[4](name)", ["truncate[4]"])
    check(ctx, "truncate[100](n)", ["truncate[100]"])
    check(ctx, "truncate[50](amount),truncate[1](raw)", ["truncate[50]", "truncate[1]"])


def test_several_tables_and_fields(ctx):
    db = ctx.database(
        "SET time_zone = '+00:00';"
        + SCRIPT
        + ";CREATE TABLE u (id INT PRIMARY KEY, flag BOOL); INSERT INTO u VALUES (1, 1), (2, NULL)"
    )
    path = ctx.pipeline(f"{db}.\\.*", sink={"partition.key": f"{db}.t:year(ts),bucket[3](id);{db}.u:flag"})
    ctx.catch_up(path)
    ctx.server.execute(CHANGES + "; UPDATE u SET flag = 0", db)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    ctx.equal(f"{db}.u")


def test_bad_partition_keys(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))")
    for spec, word in (
        ("nope", "nope"),
        ("year(v)", "year"),
        ("bucket[0](id)", "bucket"),
        ("void(id)", "void"),
        ("year(", "year"),
    ):
        path = ctx.pipeline(f"{db}.t", sink={"partition.key": f"{db}.t:{spec}"})
        for result in (ctx.start("check", path).wait(20), ctx.catch_up(path, code=None)):
            assert result.code in (1, 2) and word in result.err, f"{spec}: {result.code} {result.out} {result.err}"


def test_entries_that_fit_nothing_are_told(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)")
    path = ctx.pipeline(
        f"{db}.t",
        sink={"partition.key": f"{db}.misspelt:id"},
        route=[{"source-table": f"{db}.nothing", "sink-table": "a.b"}],
    )
    result = ctx.start("check", path).wait(20)
    assert result.code == 0, result.out + result.err
    assert f"partition.key names {db}.misspelt" in result.out, result.out
    assert f"no table matches source-table: {db}.nothing" in result.out, result.out
    assert f"partition.key names {db}.misspelt" in ctx.catch_up(path).err
    for key, value, word in (
        ("write.target-file-size-bytes", "x", "number"),
        ("commit.manifest-merge.enabled", "maybe", "true or false"),
    ):
        path = ctx.pipeline(f"{db}.t", sink={f"table.properties.{key}": value})
        for command in ("check", "run"):
            result = ctx.start(command, path).wait(20)
            assert result.code in (1, 2) and key in result.err and word in result.err, result.err


def test_table_properties(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)")
    ctx.catch_up(
        ctx.pipeline(
            f"{db}.t",
            sink={
                "table.properties.format-version": "2",
                "table.properties.owner": "team",
                "table.properties.write.parquet.compression-codec": "snappy",
            },
        )
    )
    properties = ctx.lake.metadata(f"{db}.t")["properties"]
    assert properties["owner"] == "team" and properties["write.parquet.compression-codec"] == "snappy", json.dumps(
        properties
    )
    ctx.equal(f"{db}.t")


def test_widened_partition_columns(ctx):
    """Files of before the ALTER keep their partitions, and a filter finds their rows among the new ones."""
    for key in ("n", "n,f"):
        shutil.rmtree(ctx.state, ignore_errors=True)
        db = ctx.database(
            "CREATE TABLE t (id INT PRIMARY KEY, n INT, f FLOAT); INSERT INTO t SELECT seq, CAST(seq AS INT) % 3 - 1,"
            " seq % 2 + 0.5 FROM seq_1_to_12"
        )
        path = ctx.pipeline(f"{db}.t", sink={"partition.key": f"{db}.t:{key}"})
        ctx.catch_up(path)
        ctx.server.execute(
            "ALTER TABLE t MODIFY n BIGINT, MODIFY f DOUBLE; UPDATE t SET f = 0.1 WHERE id = 4; DELETE FROM t WHERE"
            " id = 5; INSERT INTO t VALUES (100, 5000000000, 0.5), (101, -1, 1.5)",
            db,
        )
        ctx.catch_up(path)
        ctx.equal(f"{db}.t")
        table = ctx.lake.open(f"{db}.t")
        for value, count in ((-1, 5), (5000000000, 1), (1, 3)):
            found = table.scan(row_filter=EqualTo("n", value)).to_arrow().num_rows
            assert found == count, f"n = {value} finds {found} rows"
