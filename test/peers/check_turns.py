# SPDX-License-Identifier: Apache-2.0
"""A running sluice and Paimon's own writer take turns at one table: TURNS commits (6; 200 is the long form), with
Java's compactor now and then. Both write keys that the other has written. After each turn `sluice read` shows what both
have done, and now and then every reader; in the end a new process goes on, and the files fulfil every rule.

The source's rows count, but for the keys of `overlay`, which Java has written since the source did."""

import random

import arguments
import canonical
import lake as lake_module
import paimon_by_sluice
import paimon_check
import paimon_files
from check_actions import action
from harness import wait_same

TURNS = arguments.number("TURNS", 6, 1)
ROWS, JAVAS = 200, 900_000  # keys 1 to ROWS are the source's at first, those above JAVAS are Java's
SCRIPT = (
    "CREATE TABLE t (id INT NOT NULL, p INT NOT NULL, v VARCHAR(60), n BIGINT, at DATETIME(6), PRIMARY KEY (id));"
    f"INSERT INTO t SELECT seq, seq % 3, CONCAT('v', seq), seq, NULL FROM seq_1_to_{ROWS}"
)
COLUMNS = ["id", "p", "v", "n", "at"]
# name -> (options of the table, partition.key)
TABLES = {
    "fixed": ({"bucket": 2}, ""),
    "one_bucket": ({"bucket": 1, "num-sorted-run.compaction-trigger": 2}, ""),
    "changelog": ({"bucket": 2, "changelog-producer": "input"}, ""),
    "lookup": ({"bucket": 2, "changelog-producer": "lookup"}, ""),
    "full_compaction": ({"bucket": 2, "changelog-producer": "full-compaction"}, ""),
    "vectors": ({"bucket": 2, "deletion-vectors.enabled": "true"}, ""),
    "write_only": ({"bucket": 2, "write-only": "true"}, ""),
    "ordered": ({"bucket": 2, "write-only": "true", "sequence.snapshot-ordering": "true"}, ""),
    "ordered_changelog": (
        {"bucket": 2, "write-only": "true", "sequence.snapshot-ordering": "true", "changelog-producer": "lookup"},
        "p",
    ),
    "partitioned": ({"bucket": 2}, "p"),
    "dynamic": ({"bucket": -1, "dynamic-bucket.target-row-num": 150}, ""),
}
COMPACT_EVERY, LOOK_EVERY = 5, 10  # turns of Java; turns in which every engine reads


def names(_pair, engine):
    return list(TABLES) if engine == "flink" else ["turns"]


def prepare(_bench):
    """Nothing: each check has a table of its own."""


def checks(bench, engine):
    if engine.beside:
        return
    if engine.no_writes:
        yield "turns", engine.no_writes
        return
    for name, (options, partition) in TABLES.items():
        yield name, lambda n=name, o=options, p=partition: Turns(bench, engine, n, o, p).run()


class Turns:
    """One table, its pipeline, and what the table must hold."""

    def __init__(self, bench, engine, name, options, partition):
        self.engine, self.rng = engine, random.Random(name)
        self.ctx = bench.context(f"{engine.name}-{name}")
        self.db = self.ctx.database(SCRIPT)
        self.table = f"{self.db}.t"
        self.name = ".".join(f"{engine.quote}{part}{engine.quote}" for part in (self.db, "t"))
        sink = {f"table.properties.{key}": value for key, value in options.items()}
        self.path = self.ctx.pipeline(
            self.table, sink={**sink, "partition.key": f"{self.table}:{partition}" if partition else None}
        )
        self.overlay, self.job, self.compactions = {}, None, 0
        self.by_snapshot = "sequence.snapshot-ordering" in options

    def run(self):
        self.start()
        self.wait()
        for turn in range(TURNS):
            if turn % 2:
                self.theirs(turn)
                self.same("sluice", paimon_by_sluice.read(self.ctx.lake, self.table))
            else:
                self.ours(turn)
                self.wait()
            if turn % LOOK_EVERY == LOOK_EVERY - 1:
                self.read()
        self.compact()
        self.read()
        self.ours(TURNS)
        self.wait()
        self.job.terminate(5)
        self.ours(TURNS + 1)
        self.start()
        self.wait()
        self.job.terminate(5)
        self.read()
        found = paimon_check.problems(paimon_files.Table(self.ctx.lake.folder(self.table)))
        assert not found, f"{len(found)} problems:\n" + "\n".join(found[:10])
        return f"{TURNS} turns, {self.compactions} compactions by the engine, {len(self.expected())} rows"

    def start(self):
        self.job = self.ctx.start_run(self.path, interval="200ms")

    # ---- turns

    def ours(self, turn):
        """The source updates, deletes and replaces, also what Java has inserted, changed and deleted."""
        there = {row[0] for row in self.ctx.server.execute("SELECT id FROM t", self.db)}
        some = self.some(40)
        update, delete, replace = some[:20], some[20:26], some[26:]
        rows = ", ".join(f"({i}, {i % 3}, 'r{turn}', {turn}, '2024-01-02 03:04:05.{i:06}')" for i in replace)
        moved = [i for i in update if i <= ROWS // 4]  # Java never touches these: it would not know the partition
        self.ctx.server.execute(
            f"UPDATE t SET v = 'u{turn}', n = n + 1 WHERE id IN ({listed(update)});"
            f"UPDATE t SET p = (p + 1) % 3 WHERE id IN ({listed(moved)});"
            f"DELETE FROM t WHERE id IN ({listed(delete)}); REPLACE INTO t VALUES {rows}",
            self.db,
        )
        for key in [i for i in update + delete if i in there] + replace:
            self.overlay.pop(str(key), None)

    def theirs(self, turn):
        """INSERT, which replaces rows of the same key, and in turn DELETE, UPDATE and a compaction."""
        some = [i for i in self.some(30) if i > ROWS // 4]
        rows = {i: (str(i), str(i % 3), f"java{turn}", None if i % 4 == 0 else str(turn), None) for i in some[:15]}
        rows.update({i: (*row[:4], f"2024-05-06 07:08:09.{i % 1000:06}") for i, row in rows.items() if i % 2})
        script = [insert(self.name, rows.values())]
        self.overlay.update({row[0]: row for row in rows.values()})
        if turn // 2 % 3 == 1:
            script.append(f"DELETE FROM {self.name} WHERE id IN ({listed(some[15:20])})")
            self.overlay.update({str(i): None for i in some[15:20]})
        elif turn // 2 % 3 == 2:
            changed = {str(i) for i in some[20:]}
            script.append(f"UPDATE {self.name} SET v = 'set{turn}' WHERE id IN ({listed(some[20:])})")
            for row in self.expected():
                if row[0] in changed:
                    self.overlay[row[0]] = (*row[:2], f"set{turn}", *row[3:])
        self.engine.write(self.table, script)
        if turn // 2 % COMPACT_EVERY == 0:
            self.compact()

    def compact(self):
        """Java rewrites each bucket to one run. Of tables that snapshots order Flink's sys.compact of Paimon 2.0.0 says
        that it must not: there sluice does, and Java goes on."""
        if self.by_snapshot:
            action(self.ctx, "compact", self.table)
        else:
            self.engine.write(self.table, [f"CALL sys.compact(`table` => '{self.table}')"])
        runs = self.files().levels()
        most = max((len(levels.get(0, ())) + sum(level > 0 for level in levels) for levels in runs.values()), default=0)
        assert most <= 1, f"a bucket has {most} sorted runs after a compaction"
        self.compactions += 1

    def some(self, count) -> list[int]:
        """Keys of both kinds."""
        return self.rng.sample([*range(1, ROWS + 20), *range(JAVAS + 1, JAVAS + 60)], count)

    # ---- comparison

    def files(self):
        return paimon_files.Table(self.ctx.lake.folder(self.table))

    def expected(self):
        with self.ctx.server.connect(text=True) as db:
            _, rows = canonical.source_rows(db, self.table, COLUMNS)
        by_key = {row[0]: row for row in rows}
        by_key.update(self.overlay)
        return [row for row in by_key.values() if row is not None]

    def difference(self, found) -> str:
        return lake_module.first_differences(COLUMNS, self.expected(), *found)

    def same(self, reader, found):
        text = self.difference(found)
        assert not text, f"{reader} reads other rows: {text}"
        assert self.job.running(), self.job.tail()

    def wait(self, seconds=60):
        """Until the lake has what the source has done."""

        def difference():
            there = self.ctx.lake.exists(self.table)
            return self.difference(paimon_by_sluice.read(self.ctx.lake, self.table)) if there else "no table yet"

        wait_same(difference, "the lake equal to its source", self.job, seconds)

    def read(self):
        """The engine, pypaimon and sluice read the same rows. pypaimon does not know that snapshots order rows."""
        lake, table = self.ctx.lake, self.table
        readers = {
            "sluice": lambda: paimon_by_sluice.read(lake, table),
            "pypaimon": lambda: lake.rows(table),
            self.engine.name: lambda: self.engine.rows(table),
        }
        if self.by_snapshot:
            del readers["pypaimon"]
        for reader, read in readers.items():
            text = self.difference(read())
            assert not text, f"{reader} reads other rows: {text}"


def listed(numbers) -> str:
    return ", ".join(map(str, numbers or [0]))


def insert(name, rows) -> str:
    """Flink makes a vertex of its job of each row that is more than literals."""
    values = ", ".join(f"({row[0]}, {row[1]}, '{row[2]}', '{row[3] or ''}', '{row[4] or ''}')" for row in rows)
    return (
        f"INSERT INTO {name} SELECT id, p, v, CAST(NULLIF(n, '') AS BIGINT), CAST(NULLIF(a, '') AS TIMESTAMP(6)) FROM"
        f" (VALUES {values}) AS made (id, p, v, n, a)"
    )
