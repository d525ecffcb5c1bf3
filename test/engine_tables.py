# SPDX-License-Identifier: Apache-2.0
"""Source tables for Paimon's merge engines, whose rows in the lake are not those of the source. What `parts` must hold
stands in `partswant`, and so on: triggers keep it, so that it goes through the log with the change that made it so. A
run has some of them.

The lake's tables are made before the job begins, each with its engine, and the job adopts them. Until the copy is
complete nobody changes the source's: what a row was before the copy came to it is no part of the log."""

import random

from paimon_tuning import agreed, tuning

FIRST_ROWS, KEPT = 40, 80
VERSIONS = 16  # statements of a transaction, at most
NEW_KEY = 50_000_000  # keys of rows that got another one; no key is used again, but of first-row
PRODUCERS = ("none", "input", "lookup", "full-compaction")
# What an upsert does to the row that is expected; None: nothing.
UPSERTS = {
    "parts": "n = COALESCE(NEW.n, n), a = COALESCE(NEW.a, a), b = COALESCE(NEW.b, b), c = COALESCE(NEW.c, c)",
    "sums": "n = NEW.n, a = COALESCE(a + NEW.a, a, NEW.a), b = COALESCE(GREATEST(b, NEW.b), b, NEW.b), c = NEW.c",
    "firsts": "id = NEW.id",
    # Of the sequence fields the order is descending; NULL is the least, as in Java. Those of before are compared.
    "latest": (
        "n = IF(@newer := (COALESCE(-NEW.a, -1000), COALESCE(-NEW.b, -1000)) >= (COALESCE(-a, -1000), "
        "COALESCE(-b, -1000)), NEW.n, n), a = IF(@newer, NEW.a, a), b = IF(@newer, NEW.b, b), c = IF(@newer, NEW.c, c)"
    ),
    # What a row without an order in a group brought shows only as long as the row is the only one of its key.
    "grouped": (
        "c = IF(NEW.a >= COALESCE(a, NEW.a), NEW.c, IF(a IS NULL, NULL, c)), a = COALESCE(GREATEST(a, NEW.a), a, NEW.a)"
        ", n = IF(NEW.b >= COALESCE(b, NEW.b), NEW.n, IF(b IS NULL, NULL, n)), b = COALESCE(GREATEST(b, NEW.b), b, "
        "NEW.b)"
    ),
    "kinds": "n = NEW.n, a = NEW.a, b = NEW.b, c = NEW.c",
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
    "latest": {"sequence.field": "a,b", "sequence.field.sort-order": "descending", "ignore-delete": "true"},
    "grouped": {
        "merge-engine": "partial-update",
        "fields.a.sequence-group": "c",
        "fields.b.sequence-group": "n",
        "ignore-delete": "true",
    },
    "kinds": {"rowkind.field": "c"},
}
# The rows of these are not taken away by a DELETE, nor by another key.
STAY = ("firsts", "latest", "grouped", "kinds")
REMOVING = "'-D', '-U'"
INDEXES = {
    "file-index.bitmap.columns": ["a", "c,n"],
    "file-index.bloom-filter.columns": ["id", "c"],
    "file-index.bsi.columns": ["n", "a,b"],
    "file-index.range-bitmap.columns": ["b", "n,c"],
}
COLUMNS = {"id": "INT NOT NULL", "n": "INT", "a": "INT", "b": "INT", "c": "STRING"}
NAMES = tuple(OPTIONS)
IN_A_RUN = 3


def want(table: str) -> str:
    return table + "want"


def choose(rng: random.Random) -> tuple[str, ...]:
    """Those of a run."""
    return tuple(sorted(rng.sample(NAMES, IN_A_RUN)))


def script(names) -> list[str]:
    """The source's statements: tables, triggers, first rows."""
    out = []
    for name in names:
        for table in (name, want(name)):
            out.append(f"CREATE TABLE {table} (id INT PRIMARY KEY, n INT, a INT, b INT, c VARCHAR(40))")
        upsert = (
            f"FOR EACH ROW INSERT INTO {want(name)} VALUES (NEW.id, NEW.n, NEW.a, NEW.b, NEW.c)"
            f" ON DUPLICATE KEY UPDATE {UPSERTS[name]}"
        )
        gone = f"FOR EACH ROW DELETE FROM {want(name)} WHERE id = OLD.id"
        if name == "kinds":
            row, removes = "VALUES (NEW.id, NEW.n, NEW.a, NEW.b, NEW.c)", f"NEW.c IN ({REMOVING})"
            upsert = upsert.replace(row, f"SELECT NEW.id, NEW.n, NEW.a, NEW.b, NEW.c FROM DUAL WHERE NOT {removes}")
            for event in ("INSERT", "UPDATE"):
                taken = f"DELETE FROM {want(name)} WHERE id = NEW.id AND {removes}"
                out.append(f"CREATE TRIGGER {name}_gone_{event} AFTER {event} ON {name} FOR EACH ROW {taken}")
        out.append(f"CREATE TRIGGER {name}_insert AFTER INSERT ON {name} {upsert}")
        if name not in STAY:
            out.append(f"CREATE TRIGGER {name}_key AFTER UPDATE ON {name} {gone} AND OLD.id <> NEW.id")
            out.append(f"CREATE TRIGGER {name}_delete AFTER DELETE ON {name} {gone}")
        out.append(f"CREATE TRIGGER {name}_update AFTER UPDATE ON {name} {upsert}")
        text = "IF(seq % 5, CONCAT('first', seq), NULL)" if name != "kinds" else "IF(seq % 5, '+I', '-D')"
        values = f"seq, seq, IF(seq % 3, seq, NULL), IF(seq % 4, -seq, NULL), {text}"
        out.append(f"INSERT INTO {name} SELECT {values} FROM seq_1_to_{FIRST_ROWS}")
    return out


def statements(rng: random.Random, n: int, names) -> list[str]:
    """Some changes of one transaction; `n` is another one in each. Every statement brings another value of the column
    n: of an update that changes nothing a trigger would hear, and the log not."""

    def value(column):
        if name == "kinds" and column == "c":
            return rng.choice(("'+I'", "'+I'", "'+U'", "'-D'", "'-U'"))
        if rng.random() < 0.35:
            return "NULL"
        return f"'{column}{n}'" if column == "c" else str(rng.randint(-99, 99))

    def row(key):
        return f"({key}, {next(version)}, {value('a')}, {value('b')}, {value('c')})"

    version = iter(range(VERSIONS * n, VERSIONS * (n + 1)))

    out = []
    for name in names:
        some = f"WHERE id % 7 = {rng.randrange(7)} ORDER BY id"
        sets = ", ".join(f"{column} = {value(column)}" for column in rng.sample("abc", rng.randint(1, 3)))
        key = 1000 + n if name not in STAY else rng.randint(1, 2 * KEPT)
        choices = [
            f"INSERT {'IGNORE ' if name in STAY else ''}INTO {name} VALUES {row(key)}",
            f"UPDATE {name} SET n = {next(version)}, {sets} {some} LIMIT {rng.randint(1, 4)}",
            f"UPDATE {name} SET n = {next(version)}, {sets} ORDER BY id DESC LIMIT 3",
            f"DELETE FROM {name} {some} {rng.choice(('', 'DESC'))} LIMIT 1",
        ]
        if rng.random() < 0.3:
            choices = [f"UPDATE {name} SET id = {NEW_KEY + n}, n = {next(version)}, {sets} {some} LIMIT 1"]
        if name in STAY:
            choices.append(f"REPLACE INTO {name} VALUES {row(key)}")
        out += rng.sample(choices, min(2, len(choices)))
    if n % 50 == 0:
        out += [f"DELETE FROM {name} WHERE n < {VERSIONS * (n - KEPT)}" for name in names]
    return out


def create(lake, database: str, rng: random.Random, names, producers, options=None, form=""):
    """Makes the lake's tables (of a PaimonLake); each has another one of the three or four producers of changelogs.
    `options` are those of all; `form` as in tuning()."""
    first = rng.choice([producer for producer in ("none", "lookup") if producer in producers])
    producers = [producer for producer in producers if producer != first or "firsts" not in names]
    rng.shuffle(producers)
    for name in names:
        producer = first if name == "firsts" else producers.pop()
        own = table_options(rng, name, producer)
        own |= OPTIONS[name] | {"changelog-producer": producer}
        table = agreed(tuning(rng, form) | own | (options or {}))
        lake.create(f"{database}.{name}", COLUMNS.items(), ["id"], options={k: str(v) for k, v in table.items()})


def table_options(rng, name, producer) -> dict:
    out = {"bucket": rng.choice((1, 2, -1)), "num-sorted-run.compaction-trigger": rng.choice((2, 3, 5))}
    if name != "firsts" and producer != "full-compaction" and rng.random() < 0.3:
        out["deletion-vectors.enabled"] = "true"
    for key, values in INDEXES.items():
        if rng.random() < 0.15:
            out[key] = rng.choice(values)
    if "file-index.bloom-filter.columns" in out:
        out[f"file-index.bloom-filter.{out['file-index.bloom-filter.columns']}.items"] = 100
    if out["bucket"] > 0 and rng.random() < 0.5:
        out["bucket-key"] = "id"
    if out["bucket"] < 0 and rng.random() < 0.5:
        out["dynamic-bucket.target-row-num"] = rng.choice((2, 7, 50))
    if rng.random() < 0.2:  # n is the seconds since 1970: no row is so old
        out |= {"record-level.expire-time": "30000 d", "record-level.time-field": "n"}
    if producer == "full-compaction":
        out["full-compaction.delta-commits"] = rng.choice((1, 1, 3))
    return out


def merged(options: dict, rows: list[tuple[int, list]]) -> list | None:
    """What a reader must make of a key's rows: (kind, values) with the oldest first. None: no row."""
    engine, out = options.get("merge-engine", "deduplicate"), None
    if "sequence.field" in options:
        return list(max(((_descending(values), at, values) for at, (_, values) in enumerate(rows)))[2])
    if "fields.a.sequence-group" in options:
        return _grouped([list(values) for _, values in rows])
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


def check(rows, names):
    """`rows`: table -> rows of one position. Raises AssertionError with what an engine made wrong."""
    for name in names:
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


def _descending(values):
    """The place of a row of `latest` among those of its key; NULL is the least."""
    return [-1000 if value is None else -value for value in values[2:4]]


def _grouped(rows):
    """Of `grouped`: a orders c, and b orders n."""
    if len(rows) == 1:
        return rows[0]
    out = [rows[0][0], None, None, None, None]
    for row in rows:
        for order, member in ((2, 4), (3, 1)):
            if row[order] is not None and (out[order] is None or row[order] >= out[order]):
                out[order], out[member] = row[order], row[member]
    return out
