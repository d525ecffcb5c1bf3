# SPDX-License-Identifier: Apache-2.0
"""Routes: patterns, replace-symbol, capture groups, both modes, shards merged into the widest schema."""

import json
import os

import lake as lake_module
import samples

SHARDS = "sharded-customers"


def test_sharded_customers(ctx):
    server = ctx.new_server()
    server.execute("SET sql_log_bin = 0; DROP USER 'flow'@'%'")
    path, env = samples.path(SHARDS, "to-iceberg.yaml"), samples.environment(server.port, ctx.warehouse)
    for _, sql in samples.steps(SHARDS):
        server.execute(sql)
        ctx.catch_up(path, env=env)
    assert ctx.lake.tables() == [
        "lake.customers_1_of_shop_2",
        "lake.customers_2_of_shop_2",
        "lake.shop_1_customers_1",
        "lake.shop_1_customers_2",
    ], ctx.lake.tables()
    expected = [json.loads(line) for line in samples.read(SHARDS, "expected.jsonl").splitlines()]
    where = {
        ("shop_1", "customers_1"): "lake.shop_1_customers_1",
        ("shop_1", "customers_2"): "lake.shop_1_customers_2",
        ("shop_2", "customers_1"): "lake.customers_1_of_shop_2",
        ("shop_2", "customers_2"): "lake.customers_2_of_shop_2",
    }
    for (database, table), target in where.items():
        names, rows = ctx.lake.rows(target)
        got = [dict(zip(names, row)) for row in rows]
        want = [
            {k: None if v is None else str(v) for k, v in row.items() if k not in ("database_name", "table_name")}
            for row in expected
            if (row["database_name"], row["table_name"]) == (database, table)
        ]
        key = lambda row: int(row["id"])
        assert sorted(got, key=key) == sorted(want, key=key), f"{target}: {got}, expected {want}"
    for target, source in (
        ("lake.shop_1_customers_1", "shop_1.customers_1"),
        ("lake.customers_2_of_shop_2", "shop_2.customers_2"),
    ):
        ctx.equal(source, target, server=server)


def merged(ctx, first, second, rows_first, rows_second, **pipeline):
    """Two shards t_1, t_2 routed into lake.t. Gives the database, the path."""
    db = ctx.database(
        f"CREATE TABLE t_1 (id INT PRIMARY KEY, {first}); CREATE TABLE t_2 (id INT PRIMARY KEY, {second});"
        f"INSERT INTO t_1 VALUES {rows_first}; INSERT INTO t_2 VALUES {rows_second}"
    )
    path = ctx.pipeline(
        f"{db}.t_[0-9]+",
        route=[{"source-table": f"{db}.t_[0-9]+", "sink-table": "lake.t"}],
        pipeline=pipeline or None,
    )
    ctx.catch_up(path)
    return db, path


def test_shards_merge_into_the_widest_schema(ctx):
    db, path = merged(
        ctx,
        "a INT, b VARCHAR(10), d DECIMAL(5,2), only1 DATE, f FLOAT",
        "b TEXT, a BIGINT UNSIGNED, d DECIMAL(12,4), only2 TIME, f DOUBLE",
        "(1, -1, 'one', 1.25, '2024-01-01', 1.5)",
        "(2, 'two', 18446744073709551615, 12345.6789, '10:00:00', 2.5)",
    )
    types = dict(ctx.lake.columns("lake.t"))
    assert (
        types["f"] == "double" and types["b"] == "string" and types["only1"] == "date" and types["only2"] == "time"
    ), types
    assert types["d"] == "decimal(12, 4)" and types["a"] in ("decimal(20, 0)", "decimal(38, 0)"), types
    rows = {r[0]: r[1:] for r in ctx.lake.rows("lake.t", ["id", "a", "b", "d", "only1", "only2", "f"])[1]}
    assert rows["1"] == ("-1", "one", "1.2500", "2024-01-01", None, "1.5"), rows["1"]
    assert rows["2"] == ("18446744073709551615", "two", "12345.6789", None, "10:00:00.000000", "2.5"), rows["2"]
    ctx.server.execute(
        "UPDATE t_1 SET a = -5; DELETE FROM t_2; INSERT INTO t_2 VALUES (3, 'three', 3, 3, NULL, 3.25)", db
    )
    ctx.catch_up(path)
    rows = {r[0]: r[1:] for r in ctx.lake.rows("lake.t", ["id", "a", "d"])[1]}
    assert rows == {"1": ("-5", "1.2500"), "3": ("3", "3.0000")}, rows


def test_shards_merge_to_string(ctx):
    _, _ = merged(ctx, "v INT", "v VARCHAR(20)", "(1, 42)", "(2, 'text')")
    assert dict(ctx.lake.rows("lake.t")[1]) == {"1": "42", "2": "text"}


def test_a_shard_gets_a_column_later(ctx):
    db, path = merged(ctx, "a INT", "a INT", "(1, 1)", "(2, 2)", **{"schema.change.behavior": "evolve"})
    ctx.server.execute(
        "ALTER TABLE t_1 ADD COLUMN z INT; INSERT INTO t_1 VALUES (3, 3, 3); INSERT INTO t_2 VALUES (4, 4);"
        "ALTER TABLE t_2 ADD COLUMN z BIGINT; INSERT INTO t_2 VALUES (5, 5, 5000000000);"
        "ALTER TABLE t_1 ADD COLUMN y TEXT FIRST; INSERT INTO t_1 (id, y) VALUES (6, 'six')",
        db,
    )
    ctx.catch_up(path)
    rows = {r[0]: r[1:] for r in ctx.lake.rows("lake.t", ["id", "a", "z", "y"])[1]}
    assert rows == {
        "1": ("1", None, None),
        "2": ("2", None, None),
        "3": ("3", "3", None),
        "4": ("4", None, None),
        "5": ("5", "5000000000", None),
        "6": (None, None, "six"),
    }, rows


def test_same_key_in_two_shards_keeps_the_last_written(ctx):
    db, path = merged(ctx, "v INT", "v INT", "(1, 1), (7, 7)", "(1, 2)")
    ctx.server.execute(
        "UPDATE t_1 SET v = 100 WHERE id = 1; UPDATE t_2 SET v = 200 WHERE id = 1; INSERT INTO t_2 VALUES (7, 70)", db
    )
    ctx.catch_up(path)
    assert dict(ctx.lake.rows("lake.t")[1]) == {"1": "200", "7": "70"}


def test_replace_symbol_and_capture_groups(ctx):
    db = ctx.database(
        "CREATE TABLE web_order (id INT PRIMARY KEY); INSERT INTO web_order VALUES (1); CREATE TABLE app_order (id"
        " INT PRIMARY KEY); INSERT INTO app_order VALUES (2); CREATE TABLE plain (id INT PRIMARY KEY)"
    )
    path = ctx.pipeline(
        f"{db}.\\.*",
        route=[
            {"source-table": f"{db}.(web|app)_(\\.*)", "sink-table": "ods_$1.$2", "description": "by channel"},
            {"source-table": f"{db}.plain", "sink-table": "ods.pre_<>_post", "replace-symbol": "<>"},
        ],
    )
    ctx.catch_up(path)
    assert ctx.lake.tables() == ["ods.pre_plain_post", "ods_app.order", "ods_web.order"], ctx.lake.tables()
    ctx.equal(f"{db}.web_order", "ods_web.order")


def test_route_modes(ctx):
    script = "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, 2)"
    for mode, expected in (("ALL_MATCH", ["lake.a", "lake.b"]), ("FIRST_MATCH", ["lake.a"])):
        db = ctx.database(script)
        warehouse = os.path.join(ctx.dir, mode)
        path = ctx.pipeline(
            f"{db}.t",
            name=mode + ".yaml",
            sink={"catalog.properties.warehouse": warehouse},
            route=[
                {"source-table": f"{db}.t", "sink-table": "lake.a"},
                {"source-table": f"{db}.\\.*", "sink-table": "lake.b"},
            ],
            pipeline={"route-mode": mode},
        )
        ctx.catch_up(path, state=warehouse + "-state")
        ctx.server.execute("UPDATE t SET v = 9 WHERE id = 1; DELETE FROM t WHERE id = 2", db)
        ctx.catch_up(path, state=warehouse + "-state")
        made = lake_module.Lake(warehouse)
        assert made.tables() == expected, made.tables()
        for table in expected:
            assert made.rows(table)[1] == [("1", "9")], (mode, table, made.rows(table))


def test_selectors(ctx):
    db = ctx.database(
        "".join(
            f"CREATE TABLE {t} (id INT PRIMARY KEY);" for t in ("user_1", "user_22", "user_x", "orders", "order_log")
        )
    )
    ctx.catch_up(ctx.pipeline(f"{db}.user_[0-9]+, {db}.[o|x]rder\\.*", source={"tables.exclude": f"{db}.order_log"}))
    assert ctx.lake.tables() == [f"{db}.orders", f"{db}.user_1", f"{db}.user_22"], ctx.lake.tables()


def test_no_table_matches(ctx):
    db = ctx.database()
    ctx.fails(ctx.pipeline(f"{db}.nothing"), "cannot find any table", f"{db}.nothing")
