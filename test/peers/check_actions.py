# SPDX-License-Identifier: Apache-2.0
"""What `sluice paimon ACTION` makes of a table, read by Paimon's own reader: a branch that Java has written and that
the table becomes, and a sort compaction of a table without a key."""

import canonical
import lake as lake_module
import paimon_by_sluice
import paimon_check
import paimon_files

KEYED = (
    "CREATE TABLE t (id INT NOT NULL, v VARCHAR(60), PRIMARY KEY (id));"
    "INSERT INTO t SELECT seq, CONCAT('v', seq) FROM seq_1_to_200"
)
KEYLESS = "CREATE TABLE t (id INT, v VARCHAR(60)); INSERT INTO t SELECT seq, CONCAT('v', seq % 7) FROM seq_1_to_200"


def names(_pair, engine):
    return ["fast_forward", "sort_compact"] if engine == "flink" else []


def prepare(_bench):
    """Nothing: each check has a table of its own."""


def checks(bench, engine):
    if engine.name != "flink":
        return
    yield "fast_forward", lambda: fast_forward(bench, engine)
    yield "sort_compact", lambda: sort_compact(bench, engine)


def action(ctx, name, table, **arguments):
    database, short = table.split(".")
    words = ["--warehouse", ctx.warehouse, "--database", database, "--table", short]
    for key, value in arguments.items():
        words += [f"--{key}", value]
    result = ctx.command("paimon", name, *words)
    assert result.code == 0, result.out + result.err
    return result.out


def source(ctx, table):
    with ctx.server.connect(text=True) as db:
        return canonical.source_rows(db, table, ["id", "v"])[1]


def all_read(ctx, engine, table, expected):
    for reader, found in (
        ("sluice", paimon_by_sluice.read(ctx.lake, table)),
        ("pypaimon", ctx.lake.rows(table)),
        (engine.name, engine.rows(table)),
    ):
        text = lake_module.first_differences(["id", "v"], expected, *found)
        assert not text, f"{reader} reads other rows: {text}"
    found = paimon_check.problems(paimon_files.Table(ctx.lake.folder(table)), False)
    assert not found, f"{len(found)} problems:\n" + "\n".join(found[:10])


def fast_forward(bench, engine):
    """Java goes on in a branch, the job in the table; the table becomes the branch, and both go on."""
    ctx = bench.context("actions-fast-forward")
    db = ctx.database(KEYED)
    table, branch = f"{db}.t", f"`{db}`.`t$branch_dev`"
    path = ctx.pipeline(table, sink={"table.properties.bucket": 2})
    ctx.catch_up(path)
    expected = source(ctx, table)
    action(ctx, "create_tag", table, tag_name="fork")
    action(ctx, "create_branch", table, branch_name="dev", tag_name="fork")
    engine.write(table, [f"INSERT INTO {branch} VALUES (1, 'java'), (900, 'new')",
                         f"DELETE FROM {branch} WHERE id BETWEEN 10 AND 19"])  # fmt: skip
    ctx.server.execute("UPDATE t SET v = 'lost'; DELETE FROM t WHERE id > 50", db)
    ctx.catch_up(path)
    said = action(ctx, "fast_forward", table, branch_name="dev")
    expected = [row for row in expected if row[0] != "1" and not 10 <= int(row[0]) <= 19]
    expected += [("1", "java"), ("900", "new")]
    all_read(ctx, engine, table, expected)
    engine.write(table, [f"INSERT INTO `{db}`.`t` VALUES (901, 'after')",
                         f"CALL sys.compact(`table` => '{table}')"])  # fmt: skip
    all_read(ctx, engine, table, [*expected, ("901", "after")])
    return said.splitlines()[0]


def sort_compact(bench, engine):
    ctx = bench.context("actions-sort-compact")
    db = ctx.database(KEYLESS)
    table = f"{db}.t"
    path = ctx.pipeline(table, sink={"table.properties.bucket": -1, "table.properties.write-only": "true"})
    for _ in range(3):
        ctx.catch_up(path)
        ctx.server.execute("INSERT INTO t SELECT id + 1000, v FROM t WHERE id < 100", db)
    ctx.catch_up(path)
    for strategy in ("order", "zorder", "hilbert"):
        action(ctx, "compact", table, order_strategy=strategy, order_by="v,id", table_conf="write-buffer-size=16 kb")
        all_read(ctx, engine, table, source(ctx, table))
    return f"{len(source(ctx, table))} rows"
