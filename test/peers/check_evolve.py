# SPDX-License-Identifier: Apache-2.0
"""Columns get other types. Flink alters a table of its own, by each cast that Paimon's readers have, and `sluice read`
shows the values that Flink shows; a job follows the ALTER of its source, and Flink shows what the source has."""

import canonical
import lake as lake_module
import paimon_by_sluice
import paimon_check
import paimon_files
import test_paimon_evolve as evolve

WHOLE = ("0", "-1", "127", "100")
DECIMALS = ("1.25", "-1.25", "9.44", "0.05")
REALS = ("0.1", "-1.9", "1e10", "1.0E-4", "12345678.5", "300", "0.125")
INSTANTS = tuple(f"TIMESTAMP '{text}'" for text in (
    "2024-01-31 10:20:30.123456", "1969-12-31 23:59:58.5", "1970-01-01 00:00:00"))  # fmt: skip
# Types of before, values, and the types that a column of each becomes. None is too large for a DECIMAL: CastExecutors
# give NULL then, and Flink's readers fail by it. Of days before 1970 Paimon 2.0 makes the next one, later ones do not.
CASTS = (
    ("TINYINT", WHOLE, ("SMALLINT", "BIGINT", "DOUBLE", "DECIMAL(5, 2)", "STRING", "CHAR(5)", "BOOLEAN")),
    ("INT", (*WHOLE, "383", "2147483647"), ("TINYINT", "SMALLINT", "BIGINT", "FLOAT", "DECIMAL(12, 2)", "STRING",
                                            "VARCHAR(2)", "BOOLEAN", "TIMESTAMP(3)")),
    ("BIGINT", (*WHOLE, "4294967297", "9007199254740993"), ("INT", "DOUBLE", "DECIMAL(20, 0)", "STRING")),
    ("FLOAT", REALS, ("INT", "DOUBLE", "DECIMAL(22, 10)", "STRING")),
    ("DOUBLE", (*REALS, "3e9"), ("INT", "BIGINT", "FLOAT", "TINYINT", "DECIMAL(20, 3)", "STRING", "VARCHAR(4)")),
    ("DECIMAL(4, 2)", DECIMALS, ("DECIMAL(3, 1)", "DECIMAL(4, 1)", "DECIMAL(6, 4)", "DECIMAL(38, 30)", "INT", "TINYINT",
                                 "DOUBLE", "FLOAT", "STRING", "VARCHAR(3)")),
    ("DECIMAL(20, 0)", ("'18446744073709551615'", "-5"), ("BIGINT", "INT", "DOUBLE", "STRING")),
    ("BOOLEAN", ("TRUE", "FALSE"), ("TINYINT", "INT", "DOUBLE", "DECIMAL(3, 1)", "STRING")),
    ("STRING", ("'12.9'", "'+7'", "'-3.5'"), ("INT", "BIGINT", "DOUBLE", "DECIMAL(5, 1)", "VARCHAR(2)", "CHAR(6)")),
    ("VARCHAR(20)", ("'2024-02-29'", "'2024-2-9'"), ("DATE", "TIMESTAMP(3)", "STRING", "BYTES", "BINARY(12)")),
    ("VARCHAR(10)", ("'t'", "'No'"), ("BOOLEAN",)),
    ("CHAR(3)", ("'ab'", "'äöü'"), ("CHAR(5)", "VARCHAR(5)", "STRING", "VARCHAR(2)")),
    ("BINARY(2)", ("x'6162'",), ("BINARY(4)", "VARBINARY(1)", "BYTES", "STRING")),
    ("DATE", ("DATE '2024-01-31'", "DATE '1969-12-31'"), ("TIMESTAMP(3)", "TIMESTAMP(6)", "STRING")),
    ("TIMESTAMP(6)", INSTANTS, ("TIMESTAMP(0)", "TIMESTAMP(3)", "TIMESTAMP(4)", "STRING", "BIGINT", "INT",
                                "TIMESTAMP_LTZ(6)")),
    ("TIMESTAMP(6)", INSTANTS[:1], ("DATE", "TIME(3)")),
    ("TIMESTAMP(0)", ("TIMESTAMP '2024-01-31 10:20:30'",), ("TIMESTAMP(6)", "STRING")),
    ("TIME(3)", ("TIME '10:20:30.120'",), ("STRING", "TIMESTAMP(3)")),
    ("TIME(0)", ("TIME '10:20:30'",), ("STRING",)),
)  # fmt: skip


def names(_pair, engine):
    return ["casts", "source"] if engine == "flink" else []


def prepare(_bench):
    """Nothing: each check has a table of its own."""


def checks(bench, engine):
    if engine.name != "flink":
        return
    for form in ("parquet", "orc", "avro"):
        yield f"casts.{form}", lambda form=form: casts(bench, engine, form)
    yield "source", lambda: source(bench, engine)


def difference(engine, lake, table):
    text = lake_module.first_differences(*engine.rows(table), *paimon_by_sluice.read(lake, table))
    return text.replace("source", "flink").replace("lake", "sluice read")


def casts(bench, engine, form):
    """One column a cast; the rows have its values in turn."""
    columns = [(f"c{i}_{j}", before, values, after) for i, (before, values, targets) in enumerate(CASTS)
               for j, after in enumerate(targets)]  # fmt: skip
    table = f"evolve.casts_{form}"
    quoted = engine.quoted(table)
    declared = ", ".join(f"{name} {before}" for name, before, _, _ in columns)
    count = max(len(values) for _, _, values, _ in columns)
    tuples = []
    for row in range(count):
        cells = (f"CAST({values[row % len(values)]} AS {before})" for _, before, values, _ in columns)
        tuples.append(f"({row}, {', '.join(cells)})")
    nulls = ", ".join(f"CAST(NULL AS {before})" for _, before, _, _ in columns)
    engine.write(table, [
        "CREATE DATABASE IF NOT EXISTS evolve",
        f"CREATE TABLE {quoted} (id INT PRIMARY KEY NOT ENFORCED, {declared}) WITH ('bucket' = '1',"
        f" 'write-only' = 'true', 'file.format' = '{form}')",
        f"INSERT INTO {quoted} VALUES {', '.join(tuples)}",
        f"INSERT INTO {quoted} VALUES (100, {nulls})",
    ])  # fmt: skip
    refused = []
    for name, before, _, after in columns:
        try:
            engine.write(table, [f"ALTER TABLE {quoted} MODIFY {name} {after}"])
        except Exception as error:  # pylint: disable=broad-except
            refused.append(f"{before} to {after}: {str(error)[:300]}")
    assert not refused, "Flink refuses: " + "; ".join(refused)
    text = difference(engine, bench.lake, table)
    assert not text, text
    return f"{len(columns)} casts"


def source(bench, engine):
    """The columns of test_paimon_evolve.py."""
    ctx = bench.context("evolve-source")
    db = ctx.database(evolve.create())
    path = ctx.pipeline(f"{db}.t", sink={"table.properties.write-only": "true"}, pipeline=evolve.EVOLVE)
    ctx.catch_up(path)
    ctx.server.execute(f"{evolve.ALTER}; {evolve.rows(100, evolve.AFTER, 5)}", db)
    ctx.catch_up(path)
    text = difference(engine, bench.lake, f"{db}.t")
    assert not text, text
    lake_module.compare(ctx.server, paimon_by_sluice.Ours(ctx.lake), f"{db}.t")
    engine.write(f"{db}.t", [f"CALL sys.compact(`table` => '{db}.t')"])
    text = difference(engine, bench.lake, f"{db}.t")
    assert not text, text
    with ctx.server.connect(text=True) as server:
        found, rows = canonical.source_rows(server, f"{db}.t", None, True, "", 3)
    text = lake_module.first_differences(found, rows, *engine.rows(f"{db}.t"))
    assert not text, text
    problems = paimon_check.problems(paimon_files.Table(ctx.lake.folder(f"{db}.t")), False)
    assert not problems, problems[:10]
    return f"{len(rows)} rows"
