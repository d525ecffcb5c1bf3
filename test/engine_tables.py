# SPDX-License-Identifier: Apache-2.0
"""Source tables for Paimon's merge engines, whose rows in the lake are not those of the source. What `parts` must hold
stands in `partswant`, and so on: triggers keep it, so that it goes through the log with the change that made it so.

The lake's tables are made before the job begins, each with its engine, and the job adopts them. Until the copy is
complete nobody changes the source's: what a row was before the copy came to it is no part of the log."""

import random

FIRST_ROWS, KEPT = 40, 80
VERSIONS = 16  # statements of a transaction, at most
NEW_KEY = 50_000_000  # keys of rows that got another one; no key is used again, but of first-row
PRODUCERS = ("none", "input", "lookup", "full-compaction")
# What an upsert does to the row that is expected; None: nothing.
UPSERTS = {
    "parts": "n = COALESCE(NEW.n, n), a = COALESCE(NEW.a, a), b = COALESCE(NEW.b, b), c = COALESCE(NEW.c, c)",
    "sums": "n = NEW.n, a = COALESCE(a + NEW.a, a, NEW.a), b = COALESCE(GREATEST(b, NEW.b), b, NEW.b), c = NEW.c",
    "firsts": "id = NEW.id",
}
OPTIONS = {
    "parts": {"merge-engine": "partial-update", "partial-update.remove-record-on-delete": "true"},
    "sums": {
        "merge-engine": "aggregation",
        "aggregation.remove-record-on-delete": "true",
        "ignore-update-before": "true",
        "fields.default-aggregate-function": "last_value",
        "fields.a.aggregate-function": "sum",
        "fields.b.aggregate-function": "max",
    },
    "firsts": {"merge-engine": "first-row", "ignore-delete": "true"},
}
COLUMNS = {"id": "INT NOT NULL", "n": "INT", "a": "INT", "b": "INT", "c": "STRING"}
NAMES = tuple(OPTIONS)


def want(table: str) -> str:
    return table + "want"


def script() -> list[str]:
    """The source's statements: tables, triggers, first rows."""
    out = []
    for name in NAMES:
        for table in (name, want(name)):
            out.append(f"CREATE TABLE {table} (id INT PRIMARY KEY, n INT, a INT, b INT, c VARCHAR(40))")
        upsert = (
            f"FOR EACH ROW INSERT INTO {want(name)} VALUES (NEW.id, NEW.n, NEW.a, NEW.b, NEW.c)"
            f" ON DUPLICATE KEY UPDATE {UPSERTS[name]}"
        )
        gone = f"FOR EACH ROW DELETE FROM {want(name)} WHERE id = OLD.id"
        out.append(f"CREATE TRIGGER {name}_insert AFTER INSERT ON {name} {upsert}")
        if name != "firsts":
            out.append(f"CREATE TRIGGER {name}_key AFTER UPDATE ON {name} {gone} AND OLD.id <> NEW.id")
            out.append(f"CREATE TRIGGER {name}_delete AFTER DELETE ON {name} {gone}")
        out.append(f"CREATE TRIGGER {name}_update AFTER UPDATE ON {name} {upsert}")
        values = "seq, seq, IF(seq % 3, seq, NULL), IF(seq % 4, -seq, NULL), IF(seq % 5, CONCAT('first', seq), NULL)"
        out.append(f"INSERT INTO {name} SELECT {values} FROM seq_1_to_{FIRST_ROWS}")
    return out


def statements(rng: random.Random, n: int) -> list[str]:
    """Some changes of one transaction; `n` is another one in each. Every statement brings another value of the column
    n: of an update that changes nothing a trigger would hear, and the log not."""

    def value(column):
        if rng.random() < 0.35:
            return "NULL"
        return f"'{column}{n}'" if column == "c" else str(rng.randint(-99, 99))

    def row(key):
        return f"({key}, {next(version)}, {value('a')}, {value('b')}, {value('c')})"

    version = iter(range(VERSIONS * n, VERSIONS * (n + 1)))

    out = []
    for name in NAMES:
        some = f"WHERE id % 7 = {rng.randrange(7)} ORDER BY id"
        sets = ", ".join(f"{column} = {value(column)}" for column in rng.sample("abc", rng.randint(1, 3)))
        key = 1000 + n if name != "firsts" else rng.randint(1, 2 * KEPT)
        choices = [
            f"INSERT {'IGNORE ' if name == 'firsts' else ''}INTO {name} VALUES {row(key)}",
            f"UPDATE {name} SET n = {next(version)}, {sets} {some} LIMIT {rng.randint(1, 4)}",
            f"UPDATE {name} SET n = {next(version)}, {sets} ORDER BY id DESC LIMIT 3",
            f"DELETE FROM {name} {some} {rng.choice(('', 'DESC'))} LIMIT 1",
        ]
        if rng.random() < 0.3:
            choices = [f"UPDATE {name} SET id = {NEW_KEY + n}, n = {next(version)}, {sets} {some} LIMIT 1"]
        if name == "firsts":
            choices.append(f"REPLACE INTO {name} VALUES {row(key)}")
        out += rng.sample(choices, min(2, len(choices)))
    if n % 50 == 0:
        out += [f"DELETE FROM {name} WHERE n < {VERSIONS * (n - KEPT)}" for name in NAMES]
    return out


def create(lake, database: str, rng: random.Random, producers, options=None):
    """Makes the lake's tables (of a PaimonLake); each has another one of the three or four producers of changelogs."""
    first = rng.choice([producer for producer in ("none", "lookup") if producer in producers])
    producers = [producer for producer in producers if producer != first]
    rng.shuffle(producers)
    for name in NAMES:
        producer = first if name == "firsts" else producers.pop()
        table = OPTIONS[name] | {"changelog-producer": producer} | table_options(rng, name, producer) | (options or {})
        lake.create(f"{database}.{name}", COLUMNS.items(), ["id"], options={k: str(v) for k, v in table.items()})


def table_options(rng, name, producer) -> dict:
    out = {"bucket": rng.choice((1, 2, -1)), "num-sorted-run.compaction-trigger": rng.choice((2, 3, 5))}
    if name != "firsts" and producer != "full-compaction" and rng.random() < 0.3:
        out["deletion-vectors.enabled"] = "true"
    return out


def merged(options: dict, rows: list[tuple[int, list]]) -> list | None:
    """What a reader must make of a key's rows: (kind, values) with the oldest first. None: no row."""
    engine, out = options.get("merge-engine", "deduplicate"), None
    for kind, values in rows:
        if kind == 3 or (kind == 1 and engine == "deduplicate"):
            out = None
        elif kind == 1:  # nothing is taken back here
            continue
        elif out is None or engine == "deduplicate":
            out = list(values)
        elif engine == "partial-update":
            out = [old if new is None else new for old, new in zip(out, values)]
        elif engine == "aggregation":
            out = [how(old, new) for how, old, new in zip(AGGREGATES, out, values)]
    return out


def check(rows):
    """`rows`: table -> rows of one position. Raises AssertionError with what an engine made wrong."""
    for name in NAMES:
        found, wanted = sorted(rows[name], key=repr), sorted(rows[want(name)], key=repr)
        if found != wanted:
            more, lost = set(found) - set(wanted), set(wanted) - set(found)
            raise AssertionError(f"{name} has {sorted(more, key=repr)[:3]}, and not {sorted(lost, key=repr)[:3]}")


def _last(_, new):
    return new


def _sum(old, new):
    return old if new is None else new if old is None else old + new


def _most(old, new):
    return old if new is None else new if old is None else max(old, new)


AGGREGATES = (_last, _last, _sum, _most, _last)
