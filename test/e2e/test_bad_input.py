# SPDX-License-Identifier: Apache-2.0
"""Bad pipeline files, odd names, large rows and tables."""

import json
import os

import sluice

GOOD = (
    "source:\n  type: mysql\n  hostname: 127.0.0.1\n  port: 3306\n  username: u\n  password: p\n  tables:"
    " d.t\nsink:\n  type: blackhole\n"
)


def test_files_that_are_refused(ctx):
    cases = [
        ("unknown_key", GOOD.replace("  port:", "  prot:"), ("prot", "port", ":4:")),
        ("unknown_top", GOOD + "sauce: {}\n", ("sauce", ":10:")),
        ("duplicate", GOOD.replace("  port: 3306\n", "  port: 3306\n  port: 3307\n"), ("port", ":5:")),
        ("wrong_type", GOOD.replace("3306", "many"), ("port", "many", ":4:")),
        ("tab", GOOD.replace("  port: 3306", "\tport: 3306"), ("tab", ":4:")),
        ("no_sink", GOOD.split("sink:")[0], ("sink",)),
        ("no_type", GOOD.replace("  type: mysql\n", ""), ("type",)),
        ("unknown_type", GOOD.replace("type: mysql", "type: mysq"), ("mysq", "mysql", ":2:")),
        ("route_map", GOOD + "route:\n  source-table: a.b\n  sink-table: c.d\n", ("route",)),
        ("route_key", GOOD + "route:\n  - source-table: a.b\n    sink-tabel: c.d\n", ("sink-tabel", ":12:")),
        ("behaviour", GOOD + "pipeline:\n  schema.change.behavior: sometimes\n", ("sometimes", "EVOLVE", ":11:")),
        ("regex", GOOD.replace("d.t", "d.(t"), ("d.(t",)),
        ("tag", GOOD + "  include.schema.changes: [add.colum]\n", ("add.colum",)),
        ("empty", "", ("source",)),
        ("list", "- a\n- b\n", ("",)),
        ("open_quote", GOOD.replace("hostname: 127", "hostname: \"127"), (":3:13: the quote", "never closed")),
        ("open_last", GOOD + "pipeline:\n  name: 'shop\n  parallelism: 2\n", (":11:9: the quote", "never closed")),
        ("port", GOOD.replace("3306", "118313"), (":4:3:", "port", "from 1 to 65535")),
        ("chunk", GOOD.replace("  tables:", "  scan.incremental.snapshot.chunk.size: 0\n  tables:"), ("at least 1",)),
        (
            "transform",
            GOOD + "transform:\n  - source-table: d.t\n    projection: id\n",
            ("transform", "not supported"),
        ),
        ("duration", GOOD.replace("  tables:", "  connect.timeout: soon\n  tables:"), ("connect.timeout", "soon")),
    ]
    for name, text, words in cases:
        path = ctx.write(name + ".yaml", text)
        result = ctx.start("check", path).wait(20)
        assert result.code == 2, f"{name}: exit code {result.code}\n{result.err}"
        for word in words:
            assert word in result.err + result.out, f"{name}: '{word}' is not in the error:\n{result.err}"
        assert name + ".yaml" in result.err + result.out, f"{name}: the file is not named:\n{result.err}"
    path = os.path.join(ctx.dir, "latin.yaml")
    with open(path, "wb") as file:
        file.write(GOOD.replace("hostname: 127.0.0.1", "hostname: \u00e9").encode("latin-1"))
    result = ctx.start("check", path).wait(20)
    assert result.code == 2 and "utf-8" in result.err.lower() and ":3:" in result.err, result.err


def test_unknown_configuration_key(ctx):
    path = ctx.write("good.yaml", GOOD)
    result = ctx.start("run", path, "-D", "execution.checkpointing.intervall=1s").wait(20)
    assert result.code == 2 and "execution.checkpointing.interval" in result.err, result.err


def test_odd_names(ctx):
    names = [
        "with space",
        "dotted.name",
        "a/b",
        "..",
        "quote'd",
        'dou"ble',
        "back`tick",
        "ünï",
        "semi;colon",
        "percent%41",
        "back\\slash",
        "hash#tag",
        "UPPER",
        "equals=sign",
        "new\tline",
    ]
    db = ctx.database()
    with ctx.server.connect(db) as connection, connection.cursor() as cursor:
        for i, name in enumerate(names):
            quoted = "`" + name.replace("`", "``") + "`"
            cursor.execute(
                f"CREATE TABLE {quoted} (id INT PRIMARY KEY, {quoted} VARCHAR(20), `{'c d' if i % 2 else 'e.f'}` INT)"
            )
            cursor.execute(f"INSERT INTO {quoted} VALUES (1, {connection.escape(name)}, {i})")
    path = ctx.pipeline(f"{db}.\\.*")
    ctx.catch_up(path)
    with ctx.server.connect(db) as connection, connection.cursor() as cursor:
        for name in names:
            quoted = "`" + name.replace("`", "``") + "`"
            cursor.execute(f"INSERT INTO {quoted} VALUES (2, 'two', 2)")
            cursor.execute(f"UPDATE {quoted} SET {quoted} = 'one' WHERE id = 1")
    ctx.catch_up(path)
    outside = [
        n
        for n in os.listdir(ctx.dir)
        if n not in ("lake", "state", "pipeline.yaml") and not n.startswith(("sluice", "summary"))
    ]
    assert not outside, f"files outside of the warehouse: {outside}"
    found = {}
    for table in all_tables(ctx.warehouse):
        columns, rows = ctx.lake.rows(table)
        found[columns[1]] = sorted(rows)
    assert sorted(found) == sorted(names), f"missing {set(names) - set(found)}, extra {set(found) - set(names)}"
    for name in names:
        assert [row[:2] for row in found[name]] == [("1", "one"), ("2", "two")], (name, found[name])


def all_tables(warehouse):
    """database.folder of every table, however its name is written on disk."""
    found = []
    for base, folders, _ in os.walk(warehouse):
        if "metadata" in folders:
            folder = os.path.relpath(base, warehouse)
            found.append(folder.replace(os.sep, ".", 1))
            folders.clear()
    return found


def test_four_byte_names_cannot_be_in_mariadb_but_in_routes(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)")
    path = ctx.pipeline(f"{db}.t", route=[{"source-table": f"{db}.t", "sink-table": "läke.t😀"}])
    ctx.catch_up(path)
    tables = all_tables(ctx.warehouse)
    assert len(tables) == 1 and ctx.lake.rows(tables[0])[1] == [("1",)], tables


def test_thousand_columns(ctx):
    columns = ", ".join(
        f"c{i} {('INT', 'VARCHAR(4) CHARACTER SET latin1', 'DATE', 'TINYINT')[i % 4]}" for i in range(1000)
    )
    db = ctx.database(
        f"CREATE TABLE t (id INT PRIMARY KEY, {columns}); INSERT INTO t (id, c0, c1, c999) VALUES (1, 1, 'a', 9), (2,"
        " NULL, NULL, NULL)"
    )
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path)
    ctx.server.execute(
        "INSERT INTO t (id, c500, c501) VALUES (3, 500, 'x'); UPDATE t SET c998 = '2024-01-01', c0 = NULL WHERE"
        " id = 1",
        db,
    )
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")


def test_sixty_megabyte_blob(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v LONGBLOB, w LONGTEXT)")
    path = ctx.pipeline(f"{db}.t")
    ctx.server.execute("INSERT INTO t VALUES (1, REPEAT(x'00ff80', 20000000), 'snap')", db)
    first = ctx.catch_up(path)
    ctx.server.execute(
        "INSERT INTO t VALUES (2, REPEAT('y', 60000000), REPEAT('z', 100)); UPDATE t SET w = 'changed' WHERE id = 1",
        db,
    )
    second = ctx.catch_up(path)
    ctx.equal(f"{db}.t")
    for result in (first, second):
        assert result.rss_kb < sluice.memory_limit(900_000), f"{result.rss_kb / 1024:.0f} MB for rows of 60 MB"


def test_large_transaction_in_bounded_memory(ctx):
    """One UPDATE of N rows; N = SLUICE_BIG_ROWS, 5,000,000 in the long form."""
    rows = int(os.environ.get("SLUICE_BIG_ROWS", "300000"))
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL)")
    ctx.server.execute(f"SET sql_log_bin = 0; INSERT INTO t SELECT seq, 0, SHA2(seq, 256) FROM seq_1_to_{rows}", db)
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path, seconds=300)
    ctx.server.execute("UPDATE t SET k = k + 1, c = REVERSE(c)", db)
    job = ctx.start(*ctx.run_args(path, "--until", "caught-up"))
    result = job.wait(1800)
    peak = result.rss_kb
    assert result.code == 0, job.tail()
    assert peak < 512 * 1024, f"peak memory {peak // 1024} MB"
    with ctx.server.connect(db) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*), SUM(k) FROM t")
        count, total = cursor.fetchone()
    data = ctx.lake.open(f"{db}.t").scan(selected_fields=("k",)).to_arrow().column("k").to_pylist()
    assert (len(data), sum(data)) == (
        count,
        int(total),
    ), f"{len(data)} rows, sum {sum(data)}; source {count}, {total}"


test_large_transaction_in_bounded_memory.seconds = 1800


def test_errors_as_json(ctx):
    """With --log-format json each line on stderr is a JSON object, the last one the error."""
    bad = ctx.write("bad.yaml", GOOD.replace("  port:", "  prot:"))
    away = ctx.write("away.yaml", GOOD.replace("3306", "1"))
    cases = [
        (("run", bad), 2, {"code": "invalid", "file": bad, "line": 4, "column": 3}),
        (("run", away, "--until", "caught-up"), 1, {"code": "unavailable"}),
        (("run", away, "--nonsense"), 2, {"code": "invalid"}),
    ]
    for arguments, code, members in cases:
        more = ("--state", ctx.dir + "/state") if "--nonsense" not in arguments else ()
        result = ctx.command(*arguments, *more, "--log-format", "json", seconds=100)
        assert result.code == code, result.err
        lines = [json.loads(line) for line in result.err.splitlines()]
        for line in lines:
            assert {"ts", "level", "msg"} <= set(line), line
        error = lines[-1]
        assert error["level"] == "error" and error["hint"], error
        for name, value in members.items():
            assert error.get(name) == value, error
