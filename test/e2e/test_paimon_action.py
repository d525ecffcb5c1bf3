# SPDX-License-Identifier: Apache-2.0
"""Paimon's mysql_sync_table and mysql_sync_database on the command line. pypaimon, `sluice read` and the walk over the
files judge each table."""

import os
import shlex
import shutil

import mariadb
import paimon_action
import paimon_job
import samples

ORDERS = """
CREATE TABLE orders (id INT PRIMARY KEY, note VARCHAR(20) NOT NULL, at DATETIME(3), ts TIMESTAMP NULL,
  price DECIMAL(10,2), done TINYINT(1), big BIGINT UNSIGNED, tags SET('a','b'), medium MEDIUMINT UNSIGNED,
  bin BINARY(2));
INSERT INTO orders VALUES (1, 'Ärger', '2024-01-31 20:15:00.125', '2024-06-30 12:00:00', 12.34, 1, 18446744073709551615,
  'a,b', 16777215, 'x'), (2, 'two', NULL, NULL, NULL, 0, 5, '', 1, NULL);
"""


def sync_table(ctx, db, *more, tables="orders", **options):
    conf = {"database-name": db, "table-name": tables, **options.pop("conf", {})}
    return paimon_action.words(ctx, "mysql_sync_table", "--table", "orders", *more, conf=conf, **options)


def test_sync_table(ctx):
    db = ctx.database(ORDERS)
    command = sync_table(ctx, db, flink=True)
    paimon_action.catch_up(ctx, command)
    assert paimon_action.columns(ctx, "lake.orders") == [
        "id INT NOT NULL",
        "note VARCHAR(20) NOT NULL",
        "at TIMESTAMP(3)",
        "ts TIMESTAMP(0)",
        "price DECIMAL(10, 2)",
        "done BOOLEAN",
        "big DECIMAL(20, 0)",
        "tags ARRAY<STRING>",
        "medium BIGINT",
        "bin VARBINARY(2)",
    ], paimon_action.columns(ctx, "lake.orders")
    first, second = paimon_action.rows(ctx, "lake.orders")
    assert first["note"] == "Ärger" and first["ts"] == "2024-06-30T12:00:00" and first["done"] is True, first
    assert first["big"] == "18446744073709551615" and first["tags"] == ["a", "b"], first
    assert second["at"] is None and second["tags"] == [] and second["medium"] == 1, second
    ctx.server.execute("UPDATE orders SET note = 'new', medium = 16777214 WHERE id = 2", db)
    ctx.server.execute("DELETE FROM orders WHERE id = 1", db)
    ctx.server.execute("INSERT INTO orders (id, note) VALUES (3, 'three')", db)
    result = paimon_action.catch_up(ctx, command)
    rows = [(row["id"], row["note"], row["medium"]) for row in paimon_action.rows(ctx, "lake.orders")]
    assert rows == [(2, "new", 16777214), (3, "three", None)], rows
    assert os.path.isdir(os.path.join(ctx.warehouse, ".sluice", "lake.orders")), os.listdir(ctx.warehouse)
    assert "-d has no effect" in result.err, result.err
    paimon_action.no_secret(ctx)


def test_sharded_customers(ctx):
    server = ctx.new_server()
    server.execute("SET sql_log_bin = 0; DROP USER 'flow'@'%'")
    paimon_job.use(ctx)
    text = samples.action("sharded-customers", server.port, ctx.warehouse)
    command = shlex.split(text, comments=True)[1:]
    for _, sql in samples.steps("sharded-customers"):
        server.execute(sql)
        paimon_action.catch_up(ctx, command)
    assert ctx.lake.tables() == ["shop.customers_1", "shop.customers_2"], ctx.lake.tables()
    ones = paimon_action.rows(ctx, "shop.customers_1")
    assert [row["id"] for row in ones] == [310, 311] and ones[0]["name"] in ("Amara", "Chen"), ones
    twos = paimon_action.rows(ctx, "shop.customers_2")
    assert [(row["id"], row["city"]) for row in twos] == [(320, "Mombasa")], twos
    paimon_action.no_secret(ctx)


def test_unknown_words(ctx):
    db = ctx.database(ORDERS)
    good = sync_table(ctx, db)
    assert mariadb.PASSWORD in " ".join(good)
    paimon_action.fails(ctx, [*good, "--tabel", "x"], "no argument --tabel", "did you mean --table?")
    paimon_action.fails(ctx, [*good, "--mysql_conf", "hostnam=x"], "hostnam", "did you mean")
    wrong = ["paimon", "mysql_sync_tables", *good[2:]]
    paimon_action.fails(ctx, wrong, "no action mysql_sync_tables", "mysql_sync_table?")
    paimon_action.fails(ctx, ["paimon", "kafka-sync-table"], "Kafka", "not there yet")


def test_computed_and_metadata_columns(ctx):
    db = ctx.database(ORDERS)
    computed = {
        "day": "date_format(at, yyyy-MM-dd)",
        "year": "year(day)",
        "short": "substring(note, 0, 3)",
        "bucketed": "truncate(id, 10)",
        "loud": "upper(note)",
        "kind": "cast(shop, STRING)",
        "taken": "now()",
    }
    more = []
    for name, expression in computed.items():
        more += ["--computed_column", f"{name}={expression}"]
    command = sync_table(ctx, db, *more, "--metadata_column", "table_name,database_name,op_ts")
    ctx.server.execute("SET timestamp = 1700000000; UPDATE orders SET note = 'before' WHERE id = 2", db)
    paimon_action.catch_up(ctx, command)
    first, second = paimon_action.rows(ctx, "lake.orders")
    assert (first["day"], first["year"], first["short"], first["bucketed"]) == ("2024-01-31", 2024, "Ärg", 0), first
    assert (first["loud"], first["kind"], first["table_name"], first["database_name"]) == (
        "ÄRGER", "shop", "orders", db), first
    assert second["day"] is None and second["year"] is None and second["taken"].startswith("20"), second
    assert first["op_ts"] == second["op_ts"] == "1970-01-01T00:00:00Z", (first, second)
    # Each change has its own time, also those that come together.
    ctx.server.execute("SET timestamp = 1700000000; INSERT INTO orders (id, note) VALUES (10, 'ten')", db)
    ctx.server.execute("SET timestamp = 1700000001; INSERT INTO orders (id, note) VALUES (11, 'eleven')", db)
    ctx.server.execute("SET timestamp = 1700000002; UPDATE orders SET at = '2023-12-31 23:59:59' WHERE id = 2", db)
    paimon_action.catch_up(ctx, command)
    by_id = {row["id"]: row for row in paimon_action.rows(ctx, "lake.orders")}
    assert by_id[10]["op_ts"] == "2023-11-14T22:13:20Z" and by_id[11]["op_ts"] == "2023-11-14T22:13:21Z", by_id
    assert (by_id[2]["op_ts"], by_id[2]["year"]) == ("2023-11-14T22:13:22Z", 2023), by_id[2]
    assert by_id[11]["bucketed"] == 10, by_id[11]
    wrong = sync_table(ctx, db, "--computed_column", "x=year(nowhere)")
    wrong[wrong.index("--table") + 1] = "apart"
    paimon_action.fails(ctx, wrong, "computed column x", "no column nowhere", code=1)


def test_computed_columns_of_a_database(ctx):
    """Each table has those whose column it has; rows of merged tables without it have none."""
    one = ctx.database("CREATE TABLE a (id INT PRIMARY KEY, at DATE); CREATE TABLE b (id INT PRIMARY KEY)")
    two = ctx.database("CREATE TABLE a (id INT PRIMARY KEY)")
    ctx.server.execute("INSERT INTO a VALUES (1, '2024-02-03'); INSERT INTO b VALUES (1)", one)
    ctx.server.execute("INSERT INTO a VALUES (9)", two)
    command = paimon_action.words(
        ctx, "mysql_sync_database", "--computed_column", "taken=now()", "--computed_column", "day=day(at)",
        "--computed_column", "origin=cast(shop, STRING)", conf={"database-name": f"{one}|{two}"},
    )  # fmt: skip
    paimon_action.catch_up(ctx, command)
    ctx.server.execute("INSERT INTO a VALUES (2, '2024-02-29')", one)
    paimon_action.catch_up(ctx, command)
    rows = {row["id"]: row for row in paimon_action.rows(ctx, "lake.a")}
    assert [rows[number]["day"] for number in (1, 2, 9)] == [3, 29, None], rows
    (only,) = paimon_action.rows(ctx, "lake.b")
    assert only["origin"] == rows[9]["origin"] == "shop" and only["taken"] and "day" not in only, only


def test_own_keys_and_partitions(ctx):
    db = ctx.database("CREATE TABLE orders (id INT PRIMARY KEY, dt DATE, region VARCHAR(9) NOT NULL, v INT)")
    ctx.server.execute("INSERT INTO orders VALUES (1, '2024-01-01', 'eu', 1), (2, '2024-01-02', 'us', 2)", db)
    command = sync_table(ctx, db, "--computed_column", "pt=date_format(dt, yyyyMMdd)", "--partition_keys", "pt",
                         "--primary_keys", "pt,region,id", "--table_conf", "bucket=2")
    paimon_action.catch_up(ctx, command)
    schema = ctx.lake.schema("lake.orders")
    assert (schema["partitionKeys"], schema["primaryKeys"]) == (["pt"], ["pt", "region", "id"]), schema
    ctx.server.execute("UPDATE orders SET dt = '2024-01-03', region = 'asia', v = 10 WHERE id = 1", db)
    ctx.server.execute("UPDATE orders SET v = 20 WHERE id = 2", db)
    ctx.server.execute("INSERT INTO orders VALUES (3, '2024-01-01', 'eu', 3)", db)
    paimon_action.catch_up(ctx, command)
    rows = [(row["id"], row["pt"], row["region"], row["v"]) for row in paimon_action.rows(ctx, "lake.orders")]
    assert rows == [(1, "20240103", "asia", 10), (2, "20240102", "us", 20), (3, "20240101", "eu", 3)], rows


def test_partition_keys_outside_the_primary_key(ctx):
    """With dynamic buckets they join it, as in the pipeline sink: a row that gets another value moves."""
    db = ctx.database("CREATE TABLE orders (id INT PRIMARY KEY, dt DATE, region VARCHAR(9), v INT)")
    ctx.server.execute("INSERT INTO orders VALUES (1, '2024-01-01', 'eu', 1), (2, '2024-01-02', 'us', 2)", db)
    command = sync_table(ctx, db, "--partition_keys", "region")
    paimon_action.catch_up(ctx, command)
    schema = ctx.lake.schema("lake.orders")
    assert (schema["partitionKeys"], schema["primaryKeys"]) == (["region"], ["id", "region"]), schema
    ctx.server.execute("UPDATE orders SET region = 'asia', v = 10 WHERE id = 1; DELETE FROM orders WHERE id = 9", db)
    ctx.server.execute("INSERT INTO orders VALUES (3, NULL, 'eu', 3); ALTER TABLE orders ADD COLUMN w INT", db)
    paimon_action.catch_up(ctx, command)
    shutil.rmtree(os.path.join(ctx.warehouse, ".sluice"))  # the schema is taken from the table
    ctx.server.execute("UPDATE orders SET region = 'us', w = 5 WHERE id = 3; DELETE FROM orders WHERE id = 2", db)
    paimon_action.catch_up(ctx, command)
    rows = [(row["id"], row["region"], row["v"], row["w"]) for row in paimon_action.rows(ctx, "lake.orders")]
    assert rows == [(1, "asia", 10, None), (3, "us", 3, 5)], rows
    assert verify(ctx, command) == "equal: 1 tables"
    ctx.server.execute("INSERT INTO orders VALUES (4, NULL, NULL, 4, 4)", db)
    paimon_action.fails(ctx, command, "region", "lake.orders", code=1)


def test_the_key_stays_where_buckets_are_fixed(ctx):
    """As in Java a partition key outside the primary key does not join it then, and may be NULL."""
    for bucket in ("2", "-2"):
        table = f"of{bucket}".replace("-", "_")
        db = ctx.database("CREATE TABLE orders (id INT PRIMARY KEY, region VARCHAR(9), v INT)")
        ctx.server.execute("INSERT INTO orders VALUES (1, 'eu', 1), (2, 'us', 2), (3, NULL, 3)", db)
        command = sync_table(ctx, db, "--partition_keys", "region", "--table_conf", f"bucket={bucket}")
        command[command.index("--table") + 1] = table
        paimon_action.catch_up(ctx, command)
        schema = ctx.lake.schema(f"lake.{table}")
        assert (schema["partitionKeys"], schema["primaryKeys"]) == (["region"], ["id"]), schema
        ctx.server.execute("UPDATE orders SET region = 'asia', v = 10 WHERE id = 1", db)
        ctx.server.execute("DELETE FROM orders WHERE id = 2", db)
        ctx.server.execute("UPDATE orders SET region = 'eu' WHERE id = 3; INSERT INTO orders VALUES (4, NULL, 4)", db)
        ctx.server.execute("ALTER TABLE orders ADD COLUMN w INT", db)
        paimon_action.catch_up(ctx, command)
        shutil.rmtree(os.path.join(ctx.warehouse, ".sluice"))  # the schema is taken from the table
        ctx.server.execute("UPDATE orders SET region = NULL WHERE id = 1", db)
        paimon_action.catch_up(ctx, command)
        if bucket == "-2":
            place = ["--warehouse", ctx.warehouse, "--database", "lake", "--table", table]
            result = ctx.command("paimon", "compact", *place)
            assert result.code == 0, result.err
            ctx.jobs.pop()
        rows = [(row["id"], row["region"], row["v"]) for row in paimon_action.rows(ctx, f"lake.{table}")]
        assert rows == [(1, None, 10), (3, "eu", 3), (4, None, 4)], rows
        assert len(ctx.lake.rows(f"lake.{table}")[1]) == 3
        assert verify(ctx, command) == "equal: 1 tables"


def verify(ctx, command, code=0):
    """The last line of --verify; other lines are in ctx.told."""
    result = ctx.command(*command, "--verify", "--wait", "0s")
    ctx.jobs.pop()
    assert result.code == code, f"exit code {result.code}, expected {code}:\n{result.out}{result.err}"
    ctx.told = result.out
    return result.out.splitlines()[-1]


def test_verify_of_computed_and_metadata_columns(ctx):
    db = ctx.database(ORDERS)
    command = sync_table(
        ctx, db, "--computed_column", "day=date_format(at, yyyy-MM-dd)", "--computed_column", "taken=now()",
        "--computed_column", "year=year(taken)", "--metadata_column", "table_name,op_ts",
    )  # fmt: skip
    paimon_action.catch_up(ctx, command)
    assert verify(ctx, command) == "equal: 1 tables"
    for name in ("taken", "year", "op_ts"):
        assert f"column {name} is left out: it is" in ctx.told, ctx.told
    assert "column day" not in ctx.told and "lake.orders  rows 2 / 2" in ctx.told, ctx.told
    ctx.server.execute("SET sql_log_bin = 0; UPDATE orders SET at = '2001-01-01' WHERE id = 2", db)
    assert verify(ctx, command, code=1).startswith("DIFFERENT: 1 of 1"), ctx.told
    assert "id=2" in ctx.told and "id=1" not in ctx.told, ctx.told


def test_verify_of_merged_shards(ctx):
    one = ctx.database("CREATE TABLE o_1 (id INT PRIMARY KEY, v INT); INSERT INTO o_1 VALUES (1, 1), (2, 2)")
    two = ctx.database("CREATE TABLE o_1 (id INT PRIMARY KEY, v BIGINT, w INT); CREATE TABLE log (x INT)")
    ctx.server.execute(f"INSERT INTO {two}.o_1 VALUES (1, 10, 100)")
    command = paimon_action.words(
        ctx, "mysql_sync_table", "--table", "all", "--primary_keys", "database_name,id", "--metadata_column",
        "database_name", conf={"database-name": f"{one}|{two}", "table-name": "o_[0-9]"},
    )  # fmt: skip
    paimon_action.catch_up(ctx, command)
    ctx.server.execute(f"UPDATE {two}.o_1 SET id = 7, w = 70; DELETE FROM {one}.o_1 WHERE id = 2")
    paimon_action.catch_up(ctx, command)
    assert verify(ctx, command) == "equal: 1 tables"
    assert "lake.all  rows 2 / 2" in ctx.told, ctx.told
    ctx.server.execute(f"SET sql_log_bin = 0; UPDATE {two}.o_1 SET w = 71")  # of a column that only one of them has
    assert verify(ctx, command, code=1).startswith("DIFFERENT"), ctx.told


def test_verify_of_a_database(ctx):
    """Tables of the job only: those without a key are left out, and so is what cannot be compared."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); CREATE TABLE p LIKE t; CREATE TABLE log (x INT)")
    ctx.server.execute("INSERT INTO t VALUES (1, 1); INSERT INTO p VALUES (1, 1); INSERT INTO log VALUES (1)", db)
    command = paimon_action.words(ctx, "mysql_sync_database", conf={"database-name": db})
    paimon_job.use(ctx)
    ctx.lake.create("lake.p", [("id", "INT NOT NULL"), ("v", "INT")], ["id"],
                    options={"bucket": "1", "merge-engine": "partial-update"})
    paimon_action.catch_up(ctx, command)
    assert verify(ctx, command, code=3) == "equal: 1 tables; cannot be compared: 1 tables"
    assert "NOT COMPARED  lake.p: cannot be compared: merge-engine partial-update" in ctx.told, ctx.told
    ctx.server.execute("SET sql_log_bin = 0; UPDATE t SET v = 2", db)
    assert verify(ctx, command, code=1).startswith("DIFFERENT: 1 of 1"), ctx.told


def test_table_conf_of_tables_that_are_there(ctx):
    """Options that can change do; bucket and those that Java calls immutable stay; what would be wrong is refused."""
    db = ctx.database("CREATE TABLE orders (id INT PRIMARY KEY, v INT); INSERT INTO orders VALUES (1, 1)")
    paimon_action.catch_up(ctx, sync_table(ctx, db, "--table_conf", "bucket=2"))
    command = sync_table(ctx, db, "--table_conf", "bucket=4", "--table_conf", "write-only=true", "--table_conf",
                         "merge-engine=deduplicate")
    ctx.server.execute("INSERT INTO orders VALUES (2, 2)", db)
    result = paimon_action.catch_up(ctx, command)
    assert "lake.orders has got the options write-only=true" in result.err, result.err
    assert "keeps its option bucket=2" in result.err and "keeps its option merge-engine" in result.err, result.err
    schema = ctx.lake.schema("lake.orders")
    assert schema["id"] == 1 and schema["options"] == {"bucket": "2", "write-only": "true"}, schema
    paimon_action.catch_up(ctx, command)  # nothing more to change
    assert ctx.lake.schema("lake.orders")["id"] == 1
    assert [row["id"] for row in paimon_action.rows(ctx, "lake.orders")] == [1, 2]
    vectors = sync_table(ctx, db, "--table_conf", "deletion-vectors.enabled=true")
    paimon_action.fails(ctx, vectors, "lake.orders", "deletion-vectors.enabled cannot become true", code=1)


def test_schema_evolution(ctx):
    db = ctx.database("CREATE TABLE orders (id INT PRIMARY KEY, a INT NOT NULL, b VARCHAR(5), c DECIMAL(10,2))")
    ctx.server.execute("INSERT INTO orders VALUES (1, 1, 'one', 1.5)", db)
    command = sync_table(ctx, db)
    paimon_action.catch_up(ctx, command)
    for sql in (
        "ALTER TABLE orders ADD COLUMN d INT NOT NULL DEFAULT 5 FIRST; INSERT INTO orders (id, a, d) VALUES (2, 2, 22)",
        "ALTER TABLE orders MODIFY a BIGINT NOT NULL, MODIFY b VARCHAR(9), MODIFY c DECIMAL(12,2)",
        "INSERT INTO orders (id, a, b, c) VALUES (3, 5000000000, 'nine long', 1234567890.25)",
        "ALTER TABLE orders RENAME COLUMN b TO e; INSERT INTO orders (id, a, e) VALUES (4, 4, 'renamed')",
        "ALTER TABLE orders DROP COLUMN c; INSERT INTO orders (id, a) VALUES (5, 5)",
        "DELETE FROM orders WHERE id = 3; ALTER TABLE orders MODIFY a SMALLINT",
        "INSERT INTO orders (id, a) VALUES (6, 6)",
        "TRUNCATE TABLE orders; INSERT INTO orders (id, a) VALUES (7, 7)",
    ):
        ctx.server.execute(sql, db)
        paimon_action.catch_up(ctx, command)
    assert paimon_action.columns(ctx, "lake.orders") == [
        "id INT NOT NULL",
        "a BIGINT",
        "b VARCHAR(9)",
        "c DECIMAL(12, 2)",
        "d INT",
        "e VARCHAR(9)",
    ], paimon_action.columns(ctx, "lake.orders")
    rows = {row["id"]: row for row in paimon_action.rows(ctx, "lake.orders")}
    assert sorted(rows) == [1, 2, 4, 5, 6, 7], sorted(rows)
    assert (rows[1]["b"], rows[1]["c"], rows[1]["e"], rows[1]["d"]) == ("one", "1.50", None, 5), rows[1]
    assert (rows[4]["b"], rows[4]["e"], rows[2]["d"], rows[6]["a"]) == (None, "renamed", 22, 6), rows
    ctx.server.execute("ALTER TABLE orders MODIFY a VARCHAR(20)", db)
    result = paimon_action.catch_up(ctx, command, code=1)
    assert "column a cannot become VARCHAR(20)" in result.err and "hint: " in result.err, result.err


def test_drop_and_create_again(ctx):
    db = ctx.database("CREATE TABLE orders (id INT PRIMARY KEY, v INT); INSERT INTO orders VALUES (1, 1)")
    command = sync_table(ctx, db)
    paimon_action.catch_up(ctx, command)
    ctx.server.execute("DROP TABLE orders; CREATE TABLE orders (id INT PRIMARY KEY, v BIGINT, w INT)", db)
    ctx.server.execute("INSERT INTO orders VALUES (2, 2, 2)", db)
    paimon_action.catch_up(ctx, command)
    assert [(r["id"], r["v"], r["w"]) for r in paimon_action.rows(ctx, "lake.orders")] == [(1, 1, None), (2, 2, 2)]
    assert paimon_action.columns(ctx, "lake.orders")[1:] == ["v BIGINT", "w INT"]


def test_sync_database(ctx):
    one = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, a INT); CREATE TABLE log (x INT)")
    ctx.server.execute(f"INSERT INTO {one}.log VALUES (1)")
    two = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, b VARCHAR(9)); CREATE TABLE old_t (id INT PRIMARY KEY)")
    ctx.server.execute(f"INSERT INTO {one}.t VALUES (1, 10); INSERT INTO {two}.t VALUES (2, 'two')")
    conf = {"database-name": f"{one}|{two}"}
    more = ["--excluding_tables", "old_.*", "--table_prefix", "ods_", "--metadata_column", "database_name"]
    command = paimon_action.words(ctx, "mysql-sync-database", *more, conf=conf)
    result = paimon_action.catch_up(ctx, command)
    assert f"{one}.log has no primary key" in result.err, result.err
    assert ctx.lake.tables() == ["lake.ods_t"], ctx.lake.tables()
    rows = [(r["id"], r["a"], r["b"], r["database_name"]) for r in paimon_action.rows(ctx, "lake.ods_t")]
    assert rows == [(1, 10, None, one), (2, None, "two", two)], rows
    # Mode divided: a table that is created later is copied by the next run.
    ctx.server.execute(f"INSERT INTO {one}.log VALUES (2); CREATE TABLE {one}.fresh (id INT PRIMARY KEY)")
    ctx.server.execute(f"INSERT INTO {one}.fresh VALUES (5)")
    for _ in range(2):
        paimon_action.catch_up(ctx, command)
    assert [row["id"] for row in paimon_action.rows(ctx, "lake.ods_fresh")] == [5]
    apart = paimon_action.words(ctx, "mysql_sync_database", "--merge_shards", "false", conf=conf, database="apart")
    paimon_action.catch_up(ctx, apart)
    assert [t for t in ctx.lake.tables() if t.startswith("apart.")] == [
        f"apart.{one}_fresh",
        f"apart.{one}_t",
        f"apart.{two}_old_t",
        f"apart.{two}_t",
    ], ctx.lake.tables()


def test_mode_combined_takes_new_tables(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY)")
    command = paimon_action.words(ctx, "mysql_sync_database", "--mode", "combined", conf={"database-name": db})
    paimon_action.catch_up(ctx, command)
    ctx.server.execute("CREATE TABLE fresh (id INT PRIMARY KEY); INSERT INTO fresh VALUES (5)", db)
    paimon_action.catch_up(ctx, command)
    assert [row["id"] for row in paimon_action.rows(ctx, "lake.fresh")] == [5]


def test_type_mapping(ctx):
    db = ctx.database(
        """CREATE TABLE orders (id BIGINT UNSIGNED PRIMARY KEY, flag TINYINT(1) NOT NULL, code CHAR(3),
        long_text LONGTEXT, old_text LONGTEXT CHARACTER SET latin1);
        INSERT INTO orders VALUES (1, 5, 'abc', 'Ä', 'ö')"""
    )
    rules = "tinyint1-not-bool,to_nullable,char-to-string,longtext-to-bytes,bigint-unsigned-to-bigint"
    command = sync_table(ctx, db, "--type_mapping", rules)
    paimon_action.catch_up(ctx, command)
    ctx.server.execute("INSERT INTO orders VALUES (2, -3, 'x', 'Ö', 'ä')", db)
    paimon_action.catch_up(ctx, command)
    assert paimon_action.columns(ctx, "lake.orders") == [
        "id BIGINT NOT NULL",
        "flag TINYINT",
        "code STRING",
        "long_text BYTES",
        "old_text BYTES",
    ], paimon_action.columns(ctx, "lake.orders")
    first, second = paimon_action.rows(ctx, "lake.orders")
    assert (first["flag"], first["long_text"], first["old_text"]) == (5, "Ä".encode().hex(), "ö".encode().hex()), first
    assert (second["flag"], second["long_text"], second["old_text"]) == (-3, "Ö".encode().hex(), "ä".encode().hex())
    ctx.server.execute("INSERT INTO orders VALUES (18446744073709551615, 0, '', '', '')", db)
    result = paimon_action.catch_up(ctx, command, code=1)
    assert "orders.id is above 9223372036854775807" in result.err, result.err
    texts = sync_table(ctx, db, "--type_mapping", "to-string", database="texts")
    paimon_action.catch_up(ctx, texts)
    assert {kind.split()[1] for kind in paimon_action.columns(ctx, "texts.orders")} == {"STRING"}
    assert {row["id"] for row in paimon_action.rows(ctx, "texts.orders")} == {"1", "2", "18446744073709551615"}


def test_a_killed_run_doubles_and_loses_nothing(ctx):
    db = ctx.database("CREATE TABLE orders (id INT PRIMARY KEY, v INT)")
    ctx.server.execute("INSERT INTO orders SELECT seq, seq FROM seq_1_to_500", db)
    command = sync_table(ctx, db, "--metadata_column", "database_name")
    for n, point in enumerate(("epoch.after_prepare", "paimon.after_snapshot", "epoch.after_commit")):
        ctx.server.execute(f"UPDATE orders SET v = v + 1; INSERT INTO orders VALUES ({1000 + n}, 0)", db)
        result = paimon_action.catch_up(ctx, command, code=None, env={"SLUICE_FAILPOINT": point})
        assert result.code not in (0, 1, 2), f"{point}: {result.code}\n{result.err}"
    paimon_action.catch_up(ctx, command)
    rows = {row["id"]: row["v"] for row in paimon_action.rows(ctx, "lake.orders")}
    assert len(rows) == 503 and rows[1] == 4 and rows[1000] == 2 and rows[1002] == 0, (len(rows), rows[1])


def test_check_shows_the_plan(ctx):
    db = ctx.database(ORDERS)
    command = sync_table(ctx, db, "--computed_column", "y=year(at)", "--check")
    paimon_job.use(ctx)
    result = ctx.command(*command)
    assert result.code == 0 and "lake.orders" in result.out and "y  INT" in result.out, result.out + result.err
    assert not os.path.exists(ctx.warehouse), "check makes nothing"


def test_a_lost_state_directory(ctx):
    db = ctx.database("CREATE TABLE orders (id INT PRIMARY KEY, a INT, b INT); INSERT INTO orders VALUES (1, 1, 1)")
    command = sync_table(ctx, db)
    paimon_action.catch_up(ctx, command)
    ctx.server.execute("ALTER TABLE orders DROP COLUMN a; INSERT INTO orders VALUES (2, 2)", db)
    paimon_action.catch_up(ctx, command)
    shutil.rmtree(os.path.join(ctx.warehouse, ".sluice"))
    ctx.server.execute("INSERT INTO orders VALUES (3, 3)", db)
    result = paimon_action.catch_up(ctx, command)
    assert "resuming from the position" in result.err, result.err
    # The column that the table kept takes the values of the one that comes again.
    ctx.server.execute("ALTER TABLE orders ADD COLUMN a BIGINT; UPDATE orders SET a = 30 WHERE id = 3", db)
    paimon_action.catch_up(ctx, command)
    rows = [(row["id"], row["a"], row["b"]) for row in paimon_action.rows(ctx, "lake.orders")]
    assert rows == [(1, 1, 1), (2, None, 2), (3, 30, 3)], rows


def test_incompatible_tables(ctx):
    db = ctx.database("CREATE TABLE fits (id INT PRIMARY KEY, v INT); CREATE TABLE other (id INT PRIMARY KEY, v DATE)")
    ctx.server.execute("INSERT INTO fits VALUES (1, 1); INSERT INTO other VALUES (1, '2024-01-01')", db)
    before = ctx.database("CREATE TABLE other (id INT PRIMARY KEY, v INT); INSERT INTO other VALUES (7, 7)")
    make = paimon_action.words(ctx, "mysql_sync_database", conf={"database-name": before})
    paimon_action.catch_up(ctx, [*make, "--state", os.path.join(ctx.dir, "first")])
    command = paimon_action.words(ctx, "mysql_sync_database", conf={"database-name": db})
    result = paimon_action.catch_up(ctx, command, code=1)
    assert "lake.other: column v is INT in the table and DATE in the source" in result.err, result.err
    for change in ("", "INSERT INTO other VALUES (2, NULL); UPDATE fits SET v = 2; ALTER TABLE other ADD w INT"):
        if change:
            ctx.server.execute(change, db)
        result = paimon_action.catch_up(ctx, [*command, "--ignore_incompatible", "true"])
        assert "table lake.other is left out" in result.err, result.err
        assert [row["id"] for row in paimon_action.rows(ctx, "lake.other")] == [7]
    assert [(row["id"], row["v"]) for row in paimon_action.rows(ctx, "lake.fits")] == [(1, 2)]


def test_shards_with_their_names_in_the_key(ctx):
    one = ctx.database("CREATE TABLE o_1 (id INT PRIMARY KEY, v INT); INSERT INTO o_1 VALUES (1, 1), (2, 2)")
    two = ctx.database("CREATE TABLE o_1 (id INT PRIMARY KEY, v BIGINT, w INT); CREATE TABLE o_2 LIKE o_1")
    ctx.server.execute(f"INSERT INTO {two}.o_1 VALUES (1, 10, 100); INSERT INTO {two}.o_2 VALUES (1, 20, 200)")
    command = paimon_action.words(
        ctx, "mysql_sync_table", "--table", "all", "--primary_keys", "database_name,table_name,id",
        "--metadata_column", "database_name", "--metadata_column", "table_name",
        conf={"database-name": f"({one}|{two})", "table-name": "o_[0-9]{1,3}", "password": "${env:SYNC_PASSWORD}"},
    )  # fmt: skip
    env = {"SYNC_PASSWORD": mariadb.PASSWORD}
    paimon_action.catch_up(ctx, command, env=env)
    ctx.server.execute(f"UPDATE {two}.o_1 SET id = 5 WHERE id = 1; DELETE FROM {one}.o_1 WHERE id = 1")
    ctx.server.execute(f"UPDATE {two}.o_2 SET w = 201; ALTER TABLE {one}.o_1 ADD COLUMN w INT")
    ctx.server.execute(f"UPDATE {one}.o_1 SET w = 3")
    paimon_action.catch_up(ctx, command, env=env)
    rows = {(r["database_name"], r["table_name"], r["id"], r["v"], r["w"]) for r in paimon_action.rows(ctx, "lake.all")}
    assert rows == {(one, "o_1", 2, 2, 3), (two, "o_1", 5, 10, 100), (two, "o_2", 1, 20, 201)}, rows
    paimon_action.fails(ctx, command, "the environment variable SYNC_PASSWORD is not set")


def test_null_in_a_key_is_an_error(ctx):
    db = ctx.database("CREATE TABLE orders (id INT PRIMARY KEY, dt DATE); INSERT INTO orders VALUES (1, '2024-01-01')")
    command = sync_table(ctx, db, "--primary_keys", "dt,id")
    paimon_action.catch_up(ctx, command)
    ctx.server.execute("INSERT INTO orders VALUES (2, NULL)", db)
    paimon_action.fails(ctx, command, "dt", "lake.orders", code=1)
    assert [row["id"] for row in paimon_action.rows(ctx, "lake.orders")] == [1]


def test_more_tables_later(ctx):
    db = ctx.database("CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (id INT PRIMARY KEY)")
    ctx.server.execute("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1), (2)", db)
    for tables, expected in (("a", ["lake.a"]), ("a|b", ["lake.a", "lake.b"])):
        more = ["--including_tables", tables]
        command = paimon_action.words(ctx, "mysql_sync_database", *more, conf={"database-name": db}, flink=True)
        paimon_action.catch_up(ctx, command)
        assert ctx.lake.tables() == expected, ctx.lake.tables()
    ctx.server.execute("INSERT INTO a VALUES (2); DELETE FROM b WHERE id = 1", db)
    paimon_action.catch_up(ctx, command)
    assert [row["id"] for row in paimon_action.rows(ctx, "lake.a")] == [1, 2]
    assert [row["id"] for row in paimon_action.rows(ctx, "lake.b")] == [2]


def test_a_table_that_is_there_is_taken(ctx):
    db = ctx.database("CREATE TABLE orders (id INT PRIMARY KEY, v INT, at DATETIME)")
    ctx.server.execute("INSERT INTO orders VALUES (1, 1, NULL)", db)
    paimon_job.use(ctx)
    fields = [("id", "INT NOT NULL"), ("v", "BIGINT"), ("old", "STRING"), ("at", "TIMESTAMP(0)")]
    ctx.lake.create("lake.orders", fields, ["id"], options={"bucket": "1"})
    ctx.lake.write("lake.orders", [{"id": "1", "v": "7", "old": "kept"}, {"id": "9", "v": "9", "old": "kept"}])
    command = sync_table(ctx, db, "--metadata_column", "table_name")
    paimon_action.catch_up(ctx, command)
    ctx.server.execute("ALTER TABLE orders ADD COLUMN old VARCHAR(9)", db)
    ctx.server.execute("INSERT INTO orders VALUES (2, 2, NULL, 'new')", db)
    paimon_action.catch_up(ctx, command)
    names, theirs = ctx.lake.rows("lake.orders")
    assert sorted(names) == ["at", "id", "old", "table_name", "v"], names
    rows = sorted((row[names.index("id")], row[names.index("v")], row[names.index("old")]) for row in theirs)
    assert rows == [("1", "1", None), ("2", "2", "new"), ("9", "9", "kept")], rows
    paimon_job.sound(ctx, "lake.orders", field_ids=False)
