# SPDX-License-Identifier: Apache-2.0
"""Paimon tables of other programs with columns of type ARRAY, MAP and ROW: they are read and compacted. pypaimon writes
them, and reads what was written."""

import json
import os
import tarfile

import paimon_job
import processes
import test_paimon_actions

FIELDS = [
    ["id", "INT NOT NULL"],
    ["l", {"type": "ARRAY", "element": "INT"}],
    ["m", {"type": "MAP", "key": "STRING NOT NULL", "value": "BIGINT"}],
    ["r", {"type": "ROW", "fields": [
        {"id": 10, "name": "a", "type": "INT"},
        {"id": 11, "name": "b", "type": {"type": "ARRAY", "element": "STRING"}},
    ]}],
    ["rr", {"type": "ARRAY", "element": {"type": "ROW", "fields": [
        {"id": 12, "name": "k", "type": "STRING"},
        {"id": 13, "name": "v", "type": {"type": "MAP", "key": "INT NOT NULL", "value": "DOUBLE"}},
    ]}}],
    ["n", "STRING"],
]


def some_rows(round_number):
    """Of each key another mix of NULL, empty and filled cells a round."""
    rows = []
    for key in range(40):
        turn = (key + round_number) % 5
        pair = {"k": "q", "v": [[1, 1.5], [2, None]]}
        cells = {
            "l": [None, [], [None], [key, None, -round_number], list(range(turn * 10))],
            "m": [[["a", key], ["b", None]], None, [], [["", 2**60]], [["ä漢😀", -1]]],
            "r": [{"a": key, "b": ["x", None]}, {"a": None, "b": []}, None, {"a": 1, "b": None}, {"a": 2, "b": ["y"]}],
            "rr": [[], None, [None], [pair, {"k": None, "v": None}], [{"k": "", "v": []}]],
        }
        row = {name: choices[turn] for name, choices in cells.items()}
        rows.append({"id": key, **row, "n": f"round {round_number}"})
    return rows


def ours(ctx, table):
    result = ctx.command("read", ctx.lake.folder(table), "--format", "jsonl")
    assert result.code == 0, result.err
    return sorted((json.loads(line) for line in result.out.splitlines()), key=lambda row: row["id"])


def theirs(ctx, table):
    return sorted(ctx.lake.plain_rows(table), key=lambda row: row["id"])


def make(ctx, table, options, key=("id",), rounds=3):
    paimon_job.use(ctx)
    ctx.lake.create(table, FIELDS, key, options=options)
    for number in range(rounds):
        ctx.lake.write_plain(table, some_rows(number)[number * 7 :])


def test_nested_columns_are_read_and_compacted(ctx):
    """In each format; the schema stays as it was, the newest rows too."""
    for name in ("parquet", "avro", "orc"):
        table = f"lake.{name}"
        make(ctx, table, {"bucket": "2"})
        before, schema = theirs(ctx, table), ctx.lake.schema(table)
        assert len(before) == 40 and ours(ctx, table) == before
        test_paimon_actions.action(ctx, "compact", table, table_conf=f"file.format={name}")
        levels = test_paimon_actions.files_of(ctx, table).values()
        assert all(place == {5: 1} for place in levels), levels
        places = paimon_job.files(ctx, table).levels().values()
        names = [file.name for place in places for files in place.values() for file in files]
        assert names and all(file.endswith(name) for file in names), names
        assert ours(ctx, table) == before
        assert theirs(ctx, table) == before
        assert ctx.lake.schema(table) == schema
        ctx.lake.write_plain(table, some_rows(9)[:20])  # the other program goes on over it
        assert ours(ctx, table) == theirs(ctx, table) != before


def test_nested_columns_of_a_table_without_a_key(ctx):
    make(ctx, "lake.t", {"bucket": "-1"}, key=())
    before = sorted(theirs(ctx, "lake.t"), key=str)
    assert "1 bucket" in test_paimon_actions.action(ctx, "compact", "lake.t")
    assert sorted(ours(ctx, "lake.t"), key=str) == before == sorted(theirs(ctx, "lake.t"), key=str)


def test_nested_columns_take_no_pipeline(ctx):
    """A job that is given such a table ends by name and changes nothing."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, n VARCHAR(20)); INSERT INTO t VALUES (1, 'x')")
    table = f"{db}.t"
    make(ctx, table, {"bucket": "1"}, rounds=1)
    before = ours(ctx, table)
    path = paimon_job.pipeline(ctx, table, {"bucket": "1"})
    ctx.fails(path, table, "column l", "no pipeline writes")
    assert ours(ctx, table) == before


def by_key(rows):
    """Maps have no order."""
    out = []
    for row in rows:
        maps = {name: sorted(cell, key=str) for name, cell in row.items() if name in ("mm", "mi", "kt") and cell}
        out.append({**row, **maps})
    return out


def test_functions_over_maps_and_rows(ctx):
    """A table that Flink wrote with Paimon 2.0.0, and the rows that it read: merged by us while it is read, then while
    it is compacted. Rows with a nested-key come in the order of Java's hash map."""
    archive = os.path.join(processes.root_dir(), "test", "data", "paimon", "nested.tar.xz")
    folder = os.path.join(ctx.warehouse, "lake.db")
    with tarfile.open(archive) as tar:
        tar.extractall(folder)
    paimon_job.use(ctx)
    with open(os.path.join(folder, "nested.jsonl"), encoding="utf-8") as file:
        wanted = by_key(json.loads(line) for line in file)
    assert len(wanted) == 4 and by_key(ours(ctx, "lake.nested")) == wanted, by_key(ours(ctx, "lake.nested"))
    for name in ("mm", "kt", "np", "cd"):  # each alone
        result = ctx.command("read", ctx.lake.folder("lake.nested"), "--format", "jsonl", "--columns", f"id,{name}")
        rows = by_key(sorted((json.loads(line) for line in result.out.splitlines()), key=lambda row: row["id"]))
        assert rows == [{"id": row["id"], name: row[name]} for row in wanted], rows
    drop_options(ctx, folder, "rowkind.field")  # as ALTER TABLE RESET does: it is only for who writes rows
    test_paimon_actions.action(ctx, "compact", "lake.nested")
    assert by_key(ours(ctx, "lake.nested")) == wanted
    drop_options(ctx, folder, "fields.kt.ignore-retract", "fields.np.ignore-retract")  # pypaimon does not know them
    assert by_key(theirs(ctx, "lake.nested")) == wanted


def drop_options(ctx, folder, *names):
    path = os.path.join(folder, "nested", "schema", "schema-0")
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    for name in names:
        del schema["options"][name]
    ctx.write(path, json.dumps(schema))
