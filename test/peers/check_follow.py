# SPDX-License-Identifier: Apache-2.0
"""What a table's followers are told: Flink writes a table, commit by commit; sluice follows it as a source, and Flink
reads it as a stream. After each commit the rows that sluice's changes add up to are those that Flink reads; and where
Java follows such a table by whole changes, both tell the same kinds and rows in the same order.

Each row says its own kind (`rowkind.field`), so that Flink's batch INSERT writes -U, +U and -D too."""

import os
import re

MIDDLE = 3  # the commit from which a second reader begins
END = 9999  # the key of the last row: Flink's stream has no end of its own
COLUMNS = ["id", "g", "n", "v", "k"]
# (id, g, n, v, kind) of each commit.
COMMITS = (
    ((1, 5, 10, "a", "+I"), (2, 5, 20, "b", "+I"), (3, 5, 30, "c", "+I"), (4, 5, None, None, "+I")),
    ((1, 5, 10, "a", "-U"), (1, 6, 11, "a1", "+U"), (2, 6, 20, "b", "-D"), (5, 1, 1, "e", "+I")),
    ((2, 7, 21, "b2", "+I"), (3, 4, 31, "older", "+U"), (4, 6, 40, None, "+U"), (4, 7, None, "d", "+U")),
    ((6, 1, 6, "f", "+I"), (6, 2, 7, "f", "+U"), (50, 1, 1, "never", "-D"), (3, 9, 30, "c", "+U")),
    ((1, 9, None, None, "-D"), (5, 1, 1, "e", "+U"), (2, 7, 21, "b2", "+U")),
    ((7, 3, 3, "g", "+I"), (7, 3, 3, "g", "-D"), (END, 1, 1, "end", "+I")),
)
ADDITIVE = {"merge-engine": "aggregation", "fields.n.aggregate-function": "sum", "fields.v.aggregate-function":
            "last_non_null_value", "fields.v.ignore-retract": "true"}
PARTS = {"merge-engine": "partial-update", "ignore-delete": "true"}
FIRST = {"merge-engine": "first-row", "ignore-delete": "true"}
ORDERED = {"sequence.field": "g"}
LOOKUP, FULL = {"changelog-producer": "lookup"}, {"changelog-producer": "full-compaction",
                                                  "full-compaction.delta-commits": "1"}
INPUT = {"changelog-producer": "input"}
EXACT, APPLIED = "exact", "applied"  # kinds and order too; or the rows alone, since Java tells others or refuses
TABLES = {
    "plain": ({}, APPLIED),
    "plain.input": (INPUT, EXACT),
    "plain.lookup": (LOOKUP, EXACT),
    "plain.full": (FULL, EXACT),
    "plain.vectors": ({"deletion-vectors.enabled": "true", **LOOKUP}, EXACT),
    "plain.once": ({**LOOKUP, "changelog-producer.row-deduplicate": "true"}, EXACT),
    "branch": (LOOKUP, EXACT),  # of the table that Flink writes
    "ordered": (ORDERED, APPLIED),
    "ordered.input": ({**ORDERED, **INPUT}, APPLIED),
    "ordered.lookup": ({**ORDERED, **LOOKUP}, EXACT),
    "ordered.full": ({**ORDERED, **FULL}, EXACT),
    "parts": (PARTS, APPLIED),
    "parts.input": ({**PARTS, **INPUT}, APPLIED),
    "parts.lookup": ({**PARTS, **LOOKUP}, EXACT),
    "parts.full": ({**PARTS, **FULL}, EXACT),
    "additive": (ADDITIVE, APPLIED),
    "additive.lookup": ({**ADDITIVE, **LOOKUP}, EXACT),
    "additive.full": ({**ADDITIVE, **FULL}, EXACT),
    "first": (FIRST, APPLIED),
    "first.lookup": ({**FIRST, **LOOKUP}, EXACT),
    # Nothing is told, nor read, before a compaction.
    "postponed": ({"bucket": "-2", "postpone.batch-write-fixed-bucket": "false"}, APPLIED),
}
ADDS = ("+I", "+U")
LINE = re.compile(r"(\+I|-U|\+U|-D)\[(.*)\] \S+")


def names(_pair, engine):
    return list(TABLES) if engine == "flink" else []


def prepare(_bench):
    """Nothing: Flink makes the tables."""


def checks(bench, engine):
    if engine.name == "flink":
        for name, (options, judged) in TABLES.items():
            yield name, lambda n=name, o=options, j=judged: Followed(bench, engine, n, o, j).run()


class Followed:
    """One table of Flink's, and a job of sluice that prints its changes."""

    def __init__(self, bench, engine, name, options, judged):
        self.engine, self.judged = engine, judged
        self.postponed = options.get("bucket") == "-2"
        self.ctx = bench.context(f"follow-{name}")
        self.table = f"follow.{name.replace('.', '_')}"
        given = ", ".join(f"'{key}' = '{value}'" for key, value in
                          {"bucket": "1", "rowkind.field": "k", **options}.items())
        engine.write(self.table, [
            "CREATE DATABASE IF NOT EXISTS follow",
            f"CREATE TABLE {self.table} (id INT, g INT, n INT, v STRING, k STRING, PRIMARY KEY (id) NOT ENFORCED)"
            f" WITH ({given})",
        ])
        self.in_flink, self.branch = self.table, name == "branch"
        if self.branch:
            engine.write(self.table, [f"CALL sys.create_branch('{self.table}', 'b')"])
            self.in_flink = f"follow.`{name}$branch_b`"
        self.path = self.pipeline("from-snapshot", 1)

    def pipeline(self, mode, snapshot):
        return self.ctx.write(
            f"{mode}.yaml",
            f"source:\n  type: paimon\n  catalog.properties.warehouse: {self.ctx.warehouse}\n"
            f"  tables: {self.table}\n  scan.mode: {mode}\n  scan.snapshot-id: {snapshot}\n"
            + ("  branch: b\n" if self.branch else "")
            + f"sink:\n  type: values\npipeline:\n  name: {self.table}.{mode}\n",
        )

    def run(self):
        told, middle, copied = [], 0, 0
        for number, commit in enumerate(COMMITS, 1):
            self.engine.write(self.table, [insert(self.in_flink, commit)])
            if self.postponed:
                assert not self.ours(), "rows are told that no reader sees"
                self.engine.write(self.table, [f"CALL sys.compact(`table` => '{self.table}')"])
            changes = self.ours()
            told += changes
            found, wanted = applied(told), self.rows()
            assert found == wanted, f"commit {number}: sluice's changes {changes}\nadd up to {found}\nFlink: {wanted}"
            if number == MIDDLE:
                middle, copied = self.newest(), len(found)
        note = f"{len(told)} changes"
        if self.judged == APPLIED:
            return f"{note}: {''.join(sorted({kind for kind, _ in told}))}"
        theirs = self.theirs("from-snapshot", 1)
        assert told == theirs, f"sluice tells {listed(told)}\nFlink {listed(theirs)}"
        self.ctx.state += "-full"
        whole = self.ours(self.pipeline("from-snapshot-full", middle))
        theirs = self.theirs("from-snapshot-full", middle)
        # Of rows that were there Java tells the kind that they were written with.
        theirs[:copied] = sorted(("+I" if kind in ADDS else kind, row) for kind, row in theirs[:copied])
        whole[:copied] = sorted(whole[:copied])
        assert whole == theirs, f"from {middle} on sluice tells {listed(whole)}\nFlink {listed(theirs)}"
        return f"{note}, and {len(whole)} from the middle on, as Flink's"

    def newest(self):
        folder = self.ctx.lake.folder(self.table) + ("/branch/branch-b" if self.branch else "")
        return max(int(name.removeprefix("snapshot-")) for name in os.listdir(folder + "/snapshot")
                   if name.startswith("snapshot-"))

    def ours(self, path=None):
        out = self.ctx.catch_up(path or self.path).out
        return [(found[1], found[2].split(", ")) for found in map(LINE.fullmatch, out.splitlines()) if found]

    def theirs(self, mode, snapshot):
        """Flink's stream from a snapshot on, without the operator that would make other kinds of it."""
        hint = f"'scan.mode' = '{mode}', 'scan.snapshot-id' = '{snapshot}', 'scan.remove-normalize' = 'true'"
        sql = f"SELECT * FROM {self.in_flink} /*+ OPTIONS({hint}, 'continuous.discovery-interval' = '50 ms') */"
        answer = self.engine.ask("follow", sql=sql, until=str(END))
        return [(row[0], ["null" if cell is None else str(cell) for cell in row[1:]]) for row in answer["rows"]]

    def rows(self):
        answer = self.engine.ask("query", sql=f"SELECT * FROM {self.in_flink}")
        return sorted(["null" if cell is None else str(cell) for cell in row] for row in answer["rows"])


def applied(changes):
    """The rows by key after the changes."""
    rows = {}
    for kind, row in changes:
        if kind in ADDS:
            rows[row[0]] = row
        else:
            rows.pop(row[0], None)
    return sorted(rows.values())


def listed(changes) -> str:
    return "\n  ".join(["", *(f"{kind} {row}" for kind, row in changes)])


def insert(table, rows) -> str:
    """Flink makes a vertex of its job of each row that is more than literals."""
    values = ", ".join(f"({row[0]}, {row[1]}, '{row[2] or ''}', '{row[3] or ''}', '{row[4]}')" for row in rows)
    return (
        f"INSERT INTO {table} SELECT id, g, CAST(NULLIF(n, '') AS INT), NULLIF(v, ''), k"
        f" FROM (VALUES {values}) AS made (id, g, n, v, k)"
    )
