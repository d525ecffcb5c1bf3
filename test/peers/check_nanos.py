# SPDX-License-Identifier: Apache-2.0
"""Columns with nanoseconds, TIMESTAMP(7) to (9): Flink writes tables with them as keys, sequence fields, partitions,
values and inside of other types; `sluice read` shows its values. sluice compacts them and deletes rows, Flink reads the
same and goes on."""

import json

import paimon_check
import paimon_files
from check_actions import action

# Text, or nothing, of each row in turn.
TIMES = ("2024-02-29 12:34:56.789012345", "2024-02-29 12:34:56.789012346", "1970-01-01 00:00:00.000000001", None)
# Java's ORC makes other times of some of them, and sluice reads those inside of columns from 1678 on only.
FAR = ("1969-12-31 23:59:59.999999999", "1969-12-31 23:59:59.000000001", "1822-03-04 05:06:07.123456789",
       "1677-09-22 00:00:00.000000000", "2262-04-11 00:00:00.999999999")  # fmt: skip
KEY = "2024-02-29 12:34:56.78901234{}"
DIGITS = {"s9": 9, "t7": 7, "t9": 9, "z9": 9, "k9": 9, "a": 9, "m": 9, "r": 8, "mx": 9, "mn": 9, "g9": 9, "p9": 9}
COLUMNS = (
    "id INT, k9 TIMESTAMP(9), s9 TIMESTAMP(9), t7 TIMESTAMP(7), t9 TIMESTAMP(9), z9 TIMESTAMP_LTZ(9),"
    " a ARRAY<TIMESTAMP(9)>, m MAP<STRING, TIMESTAMP_LTZ(9)>, r ROW<x TIMESTAMP(8), y STRING>, v STRING"
)
SHOWN = {"a": "a[1]", "m": "m['k']", "r": "r.x"}  # in Flink
FORMS = ("parquet", "orc")
ROWS, COMMITS = 12, (5, 7, 6)  # the nanosecond of each commit's sequence: the second one stays


def names(_pair, engine):
    return ["keyed", "merged", "parts"] if engine == "flink" else []


def prepare(_bench):
    """Nothing: each check has a table of its own."""


def checks(bench, engine):
    if engine.name != "flink":
        return
    for form in FORMS:
        yield f"keyed.{form}", lambda form=form: keyed(bench, engine, form)
        yield f"merged.{form}", lambda form=form: merged(bench, engine, form)
        yield f"parts.{form}", lambda form=form: parts(bench, engine, form)


def time(text, digits, kind="TIMESTAMP"):
    return f"CAST({'NULL' if text is None else f'TIMESTAMP {text!r}'} AS {kind}({digits}))"


def theirs(engine, table, columns, where="TRUE"):
    """Rows as texts."""
    shown = [f"CAST({SHOWN.get(name, name)} AS STRING)" for name in columns]
    answer = engine.ask("query", sql=f"SELECT {', '.join(shown)} FROM {engine.quoted(table)} WHERE {where}")
    return sorted(tuple(map(str, row)) for row in answer["rows"])


def shown(name, value):
    """Of a cell that `sluice read` printed the text that Flink shows."""
    if name == "a":
        value = value and value[0]
    if name == "m":
        value = dict(value)["k"] if value else None
    if name == "r":
        value = value and value["x"]
    if value is None or name not in DIGITS:
        return str(value)
    head, _, fraction = value.replace("T", " ").removesuffix("Z").partition(".")
    return f"{head}.{fraction:0<{DIGITS[name]}}"


def ours(ctx, table, columns, *arguments):
    result = ctx.command("read", ctx.lake.folder(table), "--format", "jsonl", *arguments)
    assert result.code == 0, result.err
    rows = [json.loads(line) for line in result.out.splitlines()]
    return sorted(tuple(shown(name, row[name]) for name in columns) for row in rows)


def alike(ctx, engine, table, columns):
    rows, found = theirs(engine, table, columns), ours(ctx, table, columns)
    assert rows == found, f"{len(rows)} rows of Flink, {len(found)} of sluice: " + str(
        [(a, b) for a, b in zip(rows, found) if a != b][:3] or (rows[:2], found[:2])
    )
    if not table.endswith("orc"):  # pyarrow's Python has no nanoseconds
        problems = paimon_check.problems(paimon_files.Table(ctx.lake.folder(table)), False)
        assert not problems, problems[:10]
    return rows


def commit(engine, table, nanos, first=0, times=TIMES):
    rows = []
    for row in range(first, first + ROWS):
        one, two = times[row % len(times)], times[(row + 1) % len(times)]
        key = KEY.format(row % 10)
        rows.append(
            f"({row % 5}, {time(key, 9)}, {time(f'2024-01-01 00:00:00.00000000{nanos}', 9)}, {time(one, 7)},"
            f" {time(one, 9)}, {time(one, 9, 'TIMESTAMP_LTZ')}, ARRAY[{time(one, 9)}, {time(two, 9)}],"
            f" MAP['k', {time(two, 9, 'TIMESTAMP_LTZ')}], ROW({time(two, 8)}, 'y'), 'n{nanos}')"
        )
    engine.write(table, [f"INSERT INTO {engine.quoted(table)} VALUES {', '.join(rows)}"])


def keyed(bench, engine, form):
    """The key and the sequence field differ by nanoseconds only."""
    ctx, table = bench.context(f"nanos-{form}"), f"nanos.keyed_{form}"
    columns = ["id", "k9", "s9", "t7", "t9", "z9", "a", "m", "r", "v"]
    engine.write(table, [
        "CREATE DATABASE IF NOT EXISTS nanos",
        f"CREATE TABLE {engine.quoted(table)} ({COLUMNS}, PRIMARY KEY (id, k9) NOT ENFORCED) WITH ('bucket' = '2',"
        f" 'write-only' = 'true', 'sequence.field' = 's9', 'file.format' = '{form}')",
    ])  # fmt: skip
    times = TIMES + (FAR if form == "parquet" else ())
    for nanos in COMMITS:
        commit(engine, table, nanos, times=times)
    rows = alike(ctx, engine, table, columns)
    assert len(rows) == ROWS - 2 and {row[-1] for row in rows} == {"n7"}, rows
    action(ctx, "compact", table)
    assert alike(ctx, engine, table, columns) == rows
    one = KEY.format(3)
    where = f"k9 = TIMESTAMP '{one}'"
    assert theirs(engine, table, columns, where) == [row for row in rows if row[1] == one]
    action(ctx, "delete", table, where=where)
    left = alike(ctx, engine, table, columns)
    assert left == [row for row in rows if row[1] != one] and len(left) < len(rows)
    commit(engine, table, 8, first=4, times=times)
    commit(engine, table, 1, times=times)  # comes too late
    rows = alike(ctx, engine, table, columns)
    assert len(rows) == ROWS - 2 and {row[-1] for row in rows} == {"n8"}, rows
    engine.write(table, [f"CALL sys.compact(`table` => '{table}')"])
    assert alike(ctx, engine, table, columns) == rows
    return f"{len(rows)} rows"


def merged(bench, engine, form):
    """Functions over them, and sequence groups."""
    ctx, rows = bench.context(f"nanos-merged-{form}"), 0
    tables = {
        "functions": ("mx TIMESTAMP(9), mn TIMESTAMP_LTZ(9), t9 TIMESTAMP(9)", "'merge-engine' = 'aggregation',"
                      " 'fields.mx.aggregate-function' = 'max', 'fields.mn.aggregate-function' = 'min',"
                      " 'fields.t9.aggregate-function' = 'last_non_null_value'"),
        "groups": ("g9 TIMESTAMP(9), t9 TIMESTAMP(9), v STRING", "'merge-engine' = 'partial-update',"
                   " 'fields.g9.sequence-group' = 't9,v'"),
    }  # fmt: skip
    for name, (declared, options) in tables.items():
        table = f"nanos.{name}_{form}"
        columns = ["id", *(part.split()[0] for part in declared.split(", "))]
        engine.write(table, [
            "CREATE DATABASE IF NOT EXISTS nanos",
            f"CREATE TABLE {engine.quoted(table)} (id INT PRIMARY KEY NOT ENFORCED, {declared}) WITH ('bucket' = '1',"
            f" 'write-only' = 'true', 'file.format' = '{form}', {options})",
        ])  # fmt: skip
        for number, turn in enumerate((1, 3, 2)):
            cells = []
            for row in range(4):
                at = None if row == 3 and turn != 3 else f"2024-01-01 00:00:00.00000000{turn + row}"
                other = time(at, 9, "TIMESTAMP_LTZ") if name == "functions" else time(TIMES[(row + number) % 4], 9)
                last = time(TIMES[(row + number) % 4], 9) if name == "functions" else f"'turn {turn}'"
                cells.append(f"({row}, {time(at, 9)}, {other}, {last})")
            engine.write(table, [f"INSERT INTO {engine.quoted(table)} VALUES {', '.join(cells)}"])
        before = alike(ctx, engine, table, columns)
        action(ctx, "compact", table)
        assert alike(ctx, engine, table, columns) == before
        rows += len(before)
    return f"{rows} rows"


def parts(bench, engine, form):
    """Partitions by nanoseconds, and columns that become finer and coarser."""
    ctx, table = bench.context(f"nanos-parts-{form}"), f"nanos.parts_{form}"
    columns = ["id", "p9", "t9", "v"]
    engine.write(table, [
        "CREATE DATABASE IF NOT EXISTS nanos",
        f"CREATE TABLE {engine.quoted(table)} (id INT, p9 TIMESTAMP(9), t9 TIMESTAMP(3), v STRING) PARTITIONED BY (p9)"
        f" WITH ('bucket' = '-1', 'file.format' = '{form}')",
    ])  # fmt: skip
    for number in range(3):
        cells = (f"({row}, {time(KEY.format(row % 3), 9)}, {time(TIMES[row % 4], 9 if number else 3)}, 'n{number}')"
                 for row in range(9))  # fmt: skip
        engine.write(table, [f"INSERT INTO {engine.quoted(table)} VALUES {', '.join(cells)}"])
        if number == 0:
            engine.write(table, [f"ALTER TABLE {engine.quoted(table)} MODIFY t9 TIMESTAMP(9)"])
    before = alike(ctx, engine, table, columns)
    assert any(row[2].endswith("345") for row in before), before
    action(ctx, "compact", table)
    assert alike(ctx, engine, table, columns) == before
    DIGITS["t9"] = 4
    try:
        engine.write(table, [f"ALTER TABLE {engine.quoted(table)} MODIFY t9 TIMESTAMP(4)"])
        alike(ctx, engine, table, columns)
    finally:
        DIGITS["t9"] = 9
    return f"{len(before)} rows"
