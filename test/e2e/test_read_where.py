# SPDX-License-Identifier: Apache-2.0
"""`sluice read --where` compares values of the columns' types, and refuses a literal that is none."""

import json

ROWS = """
CREATE TABLE t (id BIGINT PRIMARY KEY, yes TINYINT(1), price DECIMAL(12, 2), at DATETIME(6), ts TIMESTAMP(3) NULL,
  d DATE, name VARCHAR(20), code VARBINARY(8), f FLOAT);
INSERT INTO t VALUES
  (1, 1, 9.99, '2024-01-01 19:00:00', '2024-01-01 20:00:00', '2024-01-01', 'Ada', x'00ff', 0.1),
  (2, 0, 10.00, '2024-01-01 20:00:00', '2024-01-02 20:00:00.5', '2024-01-02', 'Bo', x'0100', 2),
  (9007199254740993, NULL, 100.00, '2024-01-01 21:00:00', NULL, NULL, NULL, NULL, NULL);
"""
BIG = 9007199254740993


def test_where(ctx):
    db = ctx.database(ROWS)
    ctx.catch_up(ctx.pipeline(f"{db}.t"))
    folder = ctx.lake.folder(f"{db}.t")
    for where, ids in (
        ("at > '2024-01-01 20:00:00'", [BIG]),
        ("at >= 2024-01-01T20:00:00 AND at < 2024-01-02", [2, BIG]),
        ("ts = '2024-01-01 21:00:00+01:00'", [1]),
        ("ts > 2024-01-02T20:00:00.4999Z", [2]),
        ("yes = 1", [1]),
        ("yes = false", [2]),
        ("price > 9.99 AND price < 100", [2]),
        (f"id = {BIG}", [BIG]),
        (f"id = {BIG - 1}", []),
        ("d != 2024-01-01", [2]),
        ("name >= B", [2]),
        ("code = 00ff", [1]),
        ("code > x'00ff'", [2]),
        ("f = 0.1", [1]),
        ("f IS NULL", [BIG]),
    ):
        result = ctx.command("read", folder, "--format", "jsonl", "--columns", "id", "--where", where)
        assert result.code == 0, f"{where}: {result.err}"
        got = sorted(json.loads(line)["id"] for line in result.out.splitlines())
        assert got == ids, f"{where} gave {got}, expected {ids}"
    for where, words in (
        ("id = abc", ("column id is long", "`abc`", "id >= 42")),
        ("at > yesterday", ("column at is timestamp", "`yesterday`", "at >= '2024-01-31 20:15:00'")),
        ("at = '2024-01-01 20:00:00Z'", ("column at is timestamp,", "20:00:00Z")),
        ("yes = 2", ("column yes is boolean", "yes >= true")),
    ):
        result = ctx.command("read", folder, "--where", where)
        assert result.code == 2 and not result.out, f"{where} gave {result.code}: {result.out}"
        for word in words:
            assert word in result.err, f"{where}: {result.err}"
