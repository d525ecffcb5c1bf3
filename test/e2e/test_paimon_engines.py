# SPDX-License-Identifier: Apache-2.0
"""Paimon tables with the merge engines partial-update, aggregation and first-row. What they must hold is computed by
MariaDB, in a database that is not replicated; pypaimon reads the tables too where it knows their options."""

import json
import os
import struct

import lake as lake_module
import paimon_by_sluice
import paimon_job

COMPACTS = {"bucket": 2, "num-sorted-run.compaction-trigger": 2}


def holds(ctx, expected, table, pypaimon=True):
    """The table has the rows of MariaDB's `expected`, and its files fulfil every rule."""
    lake_module.compare(ctx.server, paimon_by_sluice.Ours(ctx.lake), expected, table)
    if pypaimon:
        ctx.equal(expected, table)
    paimon_job.sound(ctx, table)


def engine(name, **options):
    return {**COMPACTS, "merge-engine": name, **options}


def change(ctx, statements, db):
    if statements:
        ctx.server.execute(statements, db)


def into_one(db):
    return [{"source-table": f"{db}.t_[0-9]+", "sink-table": "lake.t"}]


def expect(ctx, name, query):
    """A table of MariaDB with the rows of the query, which is not replicated."""
    ctx.server.execute(f"CREATE DATABASE IF NOT EXISTS expected_{name}; DROP TABLE IF EXISTS expected_{name}.t")
    ctx.server.execute(f"CREATE TABLE expected_{name}.t (PRIMARY KEY (id)) AS {query}")
    return f"expected_{name}.t"


def test_two_tables_make_one_row(ctx):
    """partial-update: each table brings its own columns, and NULL for those of the other."""
    db = ctx.database(
        "CREATE TABLE t_1 (id INT PRIMARY KEY, a INT, b VARCHAR(20)); CREATE TABLE t_2 (id INT PRIMARY KEY, c INT);"
        "INSERT INTO t_1 SELECT seq, seq * 2, CONCAT('b', seq) FROM seq_1_to_300;"
        "INSERT INTO t_2 SELECT seq, seq * 3 FROM seq_200_to_500"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t_[0-9]+", engine("partial-update"), route=into_one(db))
    query = (
        f"SELECT i.id, a, b, c FROM (SELECT id FROM {db}.t_1 UNION SELECT id FROM {db}.t_2) i "
        f"LEFT JOIN {db}.t_1 USING (id) LEFT JOIN {db}.t_2 USING (id)"
    )
    for changes in (
        "",
        "UPDATE t_2 SET c = -c WHERE id < 210; INSERT INTO t_2 VALUES (7, 7); UPDATE t_1 SET a = 1 WHERE id % 9 = 1",
        "INSERT INTO t_1 VALUES (999, 1, 'x'); INSERT INTO t_2 VALUES (999, 2); UPDATE t_1 SET b = 'y' WHERE id = 999",
        "UPDATE t_1 SET a = 5, b = 'z' WHERE id BETWEEN 50 AND 250",
    ):
        change(ctx, changes, db)
        ctx.catch_up(path)
        holds(ctx, expect(ctx, "join", query), "lake.t")
    assert "COMPACT" in paimon_job.kinds(ctx, "lake.t"), paimon_job.kinds(ctx, "lake.t")
    ctx.server.execute("DELETE FROM t_1 WHERE id = 1", db)
    ctx.fails(path, "lake.t", "partial-update", "ignore-delete", "remove-record-on-delete", "sequence groups")
    holds(ctx, expect(ctx, "join", query + " UNION SELECT 1, 1, 'b1', NULL"), "lake.t")  # nothing of it was written


def test_verify_says_at_once_that_it_cannot_compare(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, NULL)")
    last = {"fields.default-aggregate-function": "last_value", "aggregation.remove-record-on-delete": "true"}
    for name, code, options in (
        ("partial-update", 3, {}),
        ("first-row", 3, {"ignore-delete": "true"}),
        ("aggregation", 3, {"fields.v.aggregate-function": "sum"}),
        ("aggregation", 0, last),  # holds what its source holds
        ("deduplicate", 3, {"ignore-delete": "true"}),
    ):
        ctx.warehouse, ctx.state = os.path.join(ctx.dir, f"{name}{code}"), paimon_job.state(ctx, f"{name}{code}")
        path = paimon_job.pipeline(ctx, f"{db}.t", engine(name, **options))
        ctx.catch_up(path)
        ctx.server.execute("UPDATE t SET v = v + 1", db)  # the table is behind: that is not waited for
        result = ctx.command("verify", path, "--wait", "0s" if code == 0 else "1h", seconds=20)
        if code == 0:
            assert result.code == 1 and "BEHIND" in result.out, result.out + result.err
            continue
        assert result.code == 3 and result.out.endswith("\ncannot be compared: 1 tables\n"), result.out + result.err
        assert f"NOT COMPARED  {db}.t: cannot be compared: " in result.out, result.out


def test_partial_update_removes_rows(ctx):
    """Without NULL in the rows partial-update with remove-record-on-delete holds what the source holds."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL, w VARCHAR(40) NOT NULL);"
        "INSERT INTO t SELECT seq, seq, CONCAT('w', seq) FROM seq_1_to_200"
    )
    options = engine("partial-update", **{"partial-update.remove-record-on-delete": "true"})
    path = paimon_job.pipeline(ctx, f"{db}.t", options)
    ctx.catch_up(path)
    holds(ctx, f"{db}.t", f"{db}.t", pypaimon=False)
    for changes in (
        "DELETE FROM t WHERE id % 3 = 0; UPDATE t SET v = -v WHERE id % 4 = 0",
        "INSERT INTO t VALUES (3, 33, 'again'), (300, 1, 'x'); UPDATE t SET id = id + 1000 WHERE id IN (1, 2, 300)",
        "DELETE FROM t WHERE id = 4; INSERT INTO t VALUES (4, 4, 'in one epoch'); UPDATE t SET w = 'u' WHERE id = 4",
    ):
        ctx.server.execute(changes, db)
        ctx.catch_up(path)
        holds(ctx, f"{db}.t", f"{db}.t", pypaimon=False)


def test_sequence_groups(ctx):
    """A part of the row changes only with a version that is not below its own; the sum takes all."""
    columns = "id INT PRIMARY KEY, a_version INT, a VARCHAR(9), b_version INT, b VARCHAR(9), n INT NOT NULL"
    db = ctx.database(
        f"CREATE TABLE t ({columns}); CREATE DATABASE expected_groups; CREATE TABLE expected_groups.t ({columns});"
        "INSERT INTO t SELECT seq, seq % 5, CONCAT('a', seq), 3, 'b', seq FROM seq_1_to_200"
    )
    groups = {
        "fields.a_version.sequence-group": "a",
        "fields.b_version.sequence-group": "b,n",
        "fields.n.aggregate-function": "sum",
        "ignore-delete": "true",
    }
    path = paimon_job.pipeline(ctx, f"{db}.t", engine("partial-update", **groups))
    update = ["n = e.n + s.n"] + [
        f"e.{x} = IF(s.{x}_version >= e.{x}_version, s.{x}, e.{x}),"
        f"e.{x}_version = GREATEST(s.{x}_version, e.{x}_version)"
        for x in "ab"
    ]
    merge = (
        f"UPDATE expected_groups.t e JOIN {db}.t s USING (id) SET e.{', '.join(update)};"
        f"INSERT IGNORE INTO expected_groups.t SELECT * FROM {db}.t"
    )
    for changes in (
        "",
        "DELETE FROM t; INSERT INTO t SELECT seq, 3, CONCAT('a2-', seq), seq % 7, 'b2', 1 FROM seq_1_to_150",
        "DELETE FROM t; INSERT INTO t SELECT seq, 4, NULL, 2, NULL, -5 FROM seq_100_to_250",
    ):
        change(ctx, changes, db)
        ctx.server.execute(merge)
        ctx.catch_up(path)
        holds(ctx, "expected_groups.t", f"{db}.t", pypaimon=False)


def test_kinds_of_rows_from_a_column(ctx):
    """rowkind.field: a table of changes at the source becomes the table that they make."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, kind VARCHAR(2), v INT);"
        "INSERT INTO t VALUES (1, '+I', 1), (2, '+I', 2), (3, '+U', 3)"
    )
    path = paimon_job.pipeline(ctx, f"{db}.t", {**COMPACTS, "rowkind.field": "kind"})
    ctx.catch_up(path)
    holds(ctx, f"{db}.t", f"{db}.t")
    ctx.server.execute("UPDATE t SET kind = '-D' WHERE id = 2; UPDATE t SET v = 9 WHERE id = 1", db)
    ctx.catch_up(path)
    holds(ctx, expect(ctx, "kinds", f"SELECT * FROM {db}.t WHERE kind <> '-D'"), f"{db}.t")
    verified = ctx.command("verify", path)
    assert verified.code == 3 and "rowkind.field" in verified.out, verified.out + verified.err
    ctx.server.execute("INSERT INTO t VALUES (4, '?', 4)", db)
    ctx.fails(path, f"{db}.t", "rowkind.field", "+I, -U, +U or -D")


def test_shards_are_summed(ctx):
    """aggregation: each update takes its old row back. A row whose last shard is gone stays, with what is left."""
    db = ctx.database(
        "CREATE TABLE t_1 (id INT PRIMARY KEY, n INT, amount DECIMAL(20,2), top INT NOT NULL);"
        "CREATE TABLE t_2 LIKE t_1; INSERT INTO t_1 SELECT seq, seq % 7, seq / 3, seq FROM seq_1_to_300;"
        "INSERT INTO t_2 SELECT seq, IF(seq > 300 AND seq % 5 = 0, NULL, seq % 11), 100 - CAST(seq AS INT), 1000 - seq "
        "FROM seq_200_to_400"
    )
    sums = {"fields.n.aggregate-function": "sum", "fields.amount.aggregate-function": "sum"}
    most = {"fields.top.aggregate-function": "max", "fields.top.ignore-retract": "true"}
    path = paimon_job.pipeline(ctx, f"{db}.t_[0-9]+", {**engine("aggregation"), **sums, **most}, route=into_one(db))
    seen = "expected_tops.t"  # the greatest values that there ever were
    ctx.server.execute(f"CREATE DATABASE expected_tops; CREATE TABLE {seen} (id INT PRIMARY KEY, top INT NOT NULL)")
    both = f"(SELECT * FROM {db}.t_1 UNION ALL SELECT * FROM {db}.t_2) both_of_them"
    query = (
        f"SELECT k.id, s.n, s.amount, k.top FROM {seen} k "
        f"JOIN (SELECT id, SUM(n) AS n, SUM(amount) AS amount FROM {both} GROUP BY id) s USING (id)"
    )
    for changes in (
        "",
        "UPDATE t_1 SET n = n + 10, amount = amount * 2 WHERE id > 250; UPDATE t_2 SET top = 5 WHERE id = 210",
        "DELETE FROM t_1 WHERE id BETWEEN 220 AND 260; INSERT INTO t_2 VALUES (1, 1, 1, 0), (999, 9, 9, 9)",
        "UPDATE t_2 SET n = 4 WHERE id = 999; UPDATE t_2 SET n = 6, top = 99 WHERE id = 999; DELETE FROM t_2 WHERE id=1"
    ):
        change(ctx, changes, db)
        ctx.server.execute(
            f"INSERT INTO {seen} SELECT id, MAX(top) FROM {both} GROUP BY id "
            f"ON DUPLICATE KEY UPDATE top = GREATEST({seen}.top, VALUES(top))"
        )
        ctx.catch_up(path)
        typed = "SELECT id, CAST(n AS INT) AS n, CAST(amount AS DECIMAL(20,2)) AS amount, top FROM"
        holds(ctx, expect(ctx, "sums", f"{typed} ({query}) q"), "lake.t", pypaimon=False)
    ctx.server.execute("DELETE FROM t_2 WHERE id = 999", db)
    ctx.catch_up(path)
    rows = [json.loads(line) for line in paimon_job.read(ctx, "lake.t", "--where", "id = 999").splitlines()]
    assert [(row["n"], float(row["amount"]), row["top"]) for row in rows] == [(0, 0.0, 99)], rows


def test_aggregation_that_only_adds_is_read_by_pypaimon(ctx):
    db = ctx.database(
        "CREATE TABLE t_1 (id INT PRIMARY KEY, n BIGINT, lo INT, list TEXT); CREATE TABLE t_2 LIKE t_1;"
        "INSERT INTO t_1 SELECT seq, seq, seq % 9, CONCAT('a', seq) FROM seq_1_to_300;"
        "INSERT INTO t_2 SELECT seq, -2, NULL, NULL FROM seq_100_to_400"
    )
    functions = {"n": "sum", "lo": "min", "list": "listagg"}
    options = {f"fields.{column}.aggregate-function": name for column, name in functions.items()}
    path = paimon_job.pipeline(ctx, f"{db}.t_[0-9]+", {**engine("aggregation"), **options}, route=into_one(db))
    query = (
        f"SELECT id, CAST(SUM(n) AS INT) AS n, MIN(lo) AS lo, GROUP_CONCAT(list ORDER BY place) AS list FROM "
        f"(SELECT 1 AS place, t.* FROM {db}.t_1 t UNION ALL SELECT 2, t.* FROM {db}.t_2 t) u GROUP BY id"
    )
    for changes in ("", "INSERT INTO t_2 VALUES (1, 5, -5, 'second'), (777, 7, 7, 'first')"):
        change(ctx, changes, db)
        ctx.catch_up(path)
        holds(ctx, expect(ctx, "adds", query), "lake.t")


def test_aggregation_removes_rows(ctx):
    """The last values, and deletes that remove the row: what the source holds, whatever happens to it."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT, w VARCHAR(40)); INSERT INTO t SELECT seq, seq, 'w' FROM seq_1_to_99"
    )
    removes = {"aggregation.remove-record-on-delete": "true", "fields.default-aggregate-function": "last_value"}
    path = paimon_job.pipeline(ctx, f"{db}.t", {**engine("aggregation"), **removes})
    for changes in (
        "",
        "DELETE FROM t WHERE id % 3 = 0; UPDATE t SET v = NULL WHERE id % 4 = 0; INSERT INTO t VALUES (3, NULL, 'x')",
        "UPDATE t SET id = id + 1000 WHERE id < 9; DELETE FROM t WHERE id = 10; INSERT INTO t VALUES (10, NULL, NULL)",
    ):
        change(ctx, changes, db)
        ctx.catch_up(path)
        holds(ctx, f"{db}.t", f"{db}.t", pypaimon=False)


def bitmap(*numbers):
    """Below 65536, in RoaringBitmap's portable form, as a literal of SQL."""
    return f"X'{struct.pack(f'<IIHHI{len(numbers)}H', 12346, 1, 0, len(numbers) - 1, 16, *numbers).hex()}'"


def sketch(*hashes):
    """The theta sketch of integers whose hashes in Java's sketches are these, as a literal of SQL."""
    count = len(hashes)
    head = "01030300003acc93" if count == 1 else "02030300001acc93" + struct.pack("<If", count, 1).hex()
    return f"X'{head}{''.join(sorted(hashes, key=lambda text: bytes.fromhex(text)[::-1]))}'"


HLL_OF_1, HLL_OF_5 = "2bf2fb06", "7b65e608"  # what Java's HLL sketches hold of these integers


def hll(*coupons):
    """The HLL sketch of lg k 12 of less than 8 values, as a literal of SQL."""
    return f"X'0201070c0308{len(coupons):02x}00{''.join(coupons)}'"


def test_bitmaps_and_sketches_are_united(ctx):
    """rbm32, theta_sketch and hll_sketch hold what each version of the row had."""
    one, other = "e56b61eec8804420", "bd3273724691cc14"
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, bits VARBINARY(200), people BLOB, hll BLOB);"
        f"INSERT INTO t VALUES (1, {bitmap(3)}, {sketch(other)}, {hll(HLL_OF_5)}), (2, NULL, NULL, NULL),"
        f" (3, {bitmap(9)}, {sketch(one)}, {hll(HLL_OF_1)})"
    )
    options = {}
    for column, name in (("bits", "rbm32"), ("people", "theta_sketch"), ("hll", "hll_sketch")):
        options |= {f"fields.{column}.aggregate-function": name, f"fields.{column}.ignore-retract": "true"}
    path = paimon_job.pipeline(ctx, f"{db}.t", engine("aggregation", **options))
    ctx.catch_up(path)
    holds(ctx, f"{db}.t", f"{db}.t", pypaimon=False)
    values = f"bits = {bitmap(1)}, people = {sketch(one)}, hll = {hll(HLL_OF_1)}"
    ctx.server.execute(f"UPDATE t SET {values} WHERE id < 3", db)
    ctx.catch_up(path)
    values = f"bits = {bitmap(3, 7)}, people = {sketch(other)}, hll = {hll(HLL_OF_5)}"
    ctx.server.execute(f"UPDATE t SET {values} WHERE id = 1", db)
    ctx.catch_up(path)
    both = f"SELECT 1, {bitmap(1, 3, 7)}, {sketch(one, other)}, {hll(HLL_OF_5, HLL_OF_1)}"
    united = expect(ctx, "united", f"SELECT * FROM {db}.t WHERE id > 1 UNION ALL {both}")
    holds(ctx, united, f"{db}.t", pypaimon=False)
    assert "COMPACT" in paimon_job.kinds(ctx, f"{db}.t"), paimon_job.kinds(ctx, f"{db}.t")
    again = f"UPDATE t SET people = {sketch(one)} WHERE id = 1"
    ctx.server.execute(f"BEGIN; UPDATE t SET people = 'this is no sketch' WHERE id = 1; {again}; COMMIT", db)
    ctx.fails(path, "column people", "no theta sketch")
    holds(ctx, united, f"{db}.t", pypaimon=False)  # nothing of it was written


def test_first_rows_show_after_each_commit(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT, w CHAR(9)); INSERT INTO t SELECT seq, seq, 'w' FROM seq_1_to_200"
    )
    ctx.server.execute(f"CREATE DATABASE expected_first; CREATE TABLE expected_first.t LIKE {db}.t")
    first = f"INSERT IGNORE INTO expected_first.t SELECT * FROM {db}.t"
    path = paimon_job.pipeline(ctx, f"{db}.t", {**engine("first-row", **{"ignore-delete": "true"})})
    for changes in (
        "",
        "UPDATE t SET v = -v WHERE id % 2; INSERT INTO t SELECT seq, 1, 'new' FROM seq_201_to_220",
        "DELETE FROM t WHERE id < 50",
        "INSERT INTO t VALUES (1, 9, 'back'), (500, 5, 'new'); UPDATE t SET id = 501 WHERE id = 60",
        "INSERT INTO t VALUES (60, 6, 'again'), (502, 1, 'a')",
    ):
        change(ctx, changes, db)
        ctx.server.execute(first)
        ctx.catch_up(path)
        holds(ctx, "expected_first.t", f"{db}.t")
        assert paimon_job.files(ctx, f"{db}.t").level_0_max() == 0, "rows in level 0 are passed over by readers"


def test_what_an_engine_cannot_take_ends_the_job(ctx):
    """Before it is in a file: else no reader could read the table any more."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, 2)")
    for number, (options, statement, words) in enumerate(
        (
            (engine("first-row"), "DELETE FROM t WHERE id = 1", ("first-row", "ignore-delete")),
            (
                engine("aggregation", **{"fields.v.aggregate-function": "max"}),
                "UPDATE t SET v = v + 1 WHERE id = 2",
                ("column v", "max", "fields.v.ignore-retract"),
            ),
        )
    ):
        ctx.state = paimon_job.state(ctx, str(number))
        path = paimon_job.pipeline(ctx, f"{db}.t", options, warehouse=os.path.join(ctx.dir, f"lake-{number}"))
        ctx.catch_up(path)
        before = paimon_job.read(ctx, f"{db}.t")
        ctx.server.execute(statement, db)
        ctx.fails(path, f"{db}.t", *words)
        assert paimon_job.read(ctx, f"{db}.t") == before


def test_options_that_cannot_be_are_refused(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT, s VARCHAR(9)); INSERT INTO t VALUES (1, 1, 'a')")
    for options, words in (
        (engine("aggregation", **{"fields.v.aggregate-function": "hll_sketch"}), ("column v", "hll_sketch")),
        (engine("aggregation", **{"fields.v.aggregate-function": "summ"}), ("summ",)),
        (engine("aggregation", **{"fields.s.aggregate-function": "sum"}), ("column s", "sum")),
        (engine("partial-update", **{"fields.v.sequence-group": "x"}), ("names x",)),
        (engine("partial-update", **{"fields.v.aggregate-function": "sum"}), ("sequence group", "column v")),
        (engine("first-row", **{"changelog-producer": "input"}), ("first-row", "changelog-producer")),
        (engine("first-row", **{"sequence.field": "v"}), ("first-row", "sequence.field")),
    ):
        path = paimon_job.pipeline(ctx, f"{db}.t", options)
        result = ctx.catch_up(path, code=None)
        assert result.code != 0, f"{options} was taken"
        for word in words:
            assert word in result.err, f"'{word}' is not in the error:\n{result.err}"
        assert not os.path.exists(ctx.lake.folder(f"{db}.t")), f"a table was made with {options}"


def test_a_table_that_takes_values_back_must_be_told(ctx):
    """Else its updates would come without their old rows."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1)")
    sums = engine("aggregation", **{"fields.v.aggregate-function": "sum"})
    ctx.catch_up(paimon_job.pipeline(ctx, f"{db}.t", sums))
    ctx.server.execute("UPDATE t SET v = 5", db)
    untold = paimon_job.pipeline(ctx, f"{db}.t", COMPACTS, name="untold.yaml")
    ctx.fails(untold, f"{db}.t", "table.properties.merge-engine")
    ctx.catch_up(paimon_job.pipeline(ctx, f"{db}.t", sums))
    holds(ctx, f"{db}.t", f"{db}.t")
