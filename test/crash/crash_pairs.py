# SPDX-License-Identifier: Apache-2.0
"""What crash and soak runs need of the pairs of test/pair_table.py: SOURCES and SINKS by name.

A source gives the server (a handle with start, kill, process, port, connect, execute, pipeline_source, lost), options
for the pipeline file and the load; a sink gives its block of that file and reads what sluice wrote: its newest epoch,
the damage of its files, the rows at each epoch, the rows now, what has grown.
"""

import os
import sys
import time

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import crash_load  # noqa: E402
import engine_tables  # noqa: E402
import harness  # noqa: E402
import iceberg_files  # noqa: E402
import lake as lake_module  # noqa: E402
import pair_table  # noqa: E402
import paimon_by_sluice  # noqa: E402
import paimon_lake  # noqa: E402
import paimon_tables  # noqa: E402
import paimon_tuning  # noqa: E402


OLD_SECONDS = 4 * 24 * 3600  # a clean-up leaves files that are younger than three days


class MariaDb:
    """A MariaDB server of this run alone."""

    failpoints = ("snapshot.",)
    script, partitioned = crash_load.SCRIPT, crash_load.PARTITIONED
    # Many chunks of a small copy; a black hole in the line is noticed within seconds.
    options = {"scan.incremental.snapshot.chunk.size": 500, "connect.timeout": "3s"}

    def start(self, ctx):
        return ctx.new_server()

    def load(self, rng, **options):
        return crash_load.Workload(rng, **options)

    def give_keys(self, server, db):
        """Every table of the load has a key from now on."""
        server.execute("ALTER TABLE ledger ADD PRIMARY KEY (n)", db)

    def mark(self, server, db) -> int:
        """How far the load has come."""
        return server.execute(f"SELECT n FROM {db}.counter")[0][0]

    def tables(self, server, db) -> list[str]:
        return sorted(row[0] for row in server.execute(f"SHOW TABLES FROM {db}"))


class LakeTables:
    """Tables under ctx.warehouse, read without sluice. `lake` knows where they are (a lake.Lake, a PaimonLake);
    `table_files(lake, table)` is what stands in iceberg_files.TableFiles and paimon_tables.PaimonTable."""

    table_files = kind = None
    wants_keys = False  # whether every table must have a key; known after options()
    has_engines = False  # whether tables of engine_tables.py are among the source's
    engines = ()  # these

    def __init__(self, ctx, db, lake):
        self.ctx, self.db, self.lake = ctx, db, lake
        self._files, self.checked_epoch, self.commits_checked = {}, 0, 0
        self.watched = crash_load.WATCHED

    def partition_key(self, partitioned) -> str:
        return ";".join(f"{self.db}.{table}:{column}" for table, column in partitioned.items())

    def files(self) -> dict:
        """table (without database) -> its files, as of now."""
        lake = self.lake
        for table in lake.tables() if os.path.isdir(lake.warehouse) else []:
            name = table.split(".", 1)[1]
            if name not in self._files and lake.exists(table):
                self._files[name] = self.table_files(lake, table)
        for files in self._files.values():
            files.refresh()
        return self._files

    def epoch(self) -> tuple[int, bool]:
        """(newest epoch, whether all of its tables have it)."""
        stored = [files.epoch() for files in self.files().values()]
        newest = max((epoch for epoch, _ in stored), default=0)
        told = [tables for epoch, tables in stored if epoch == newest]
        return newest, newest == 0 or len(told) == told[0]

    def holds(self, mark) -> bool:
        """The log has been read up to this mark of the source, after a copy that is complete."""
        counter = self.files().get("counter")
        newest = counter.snapshots()[-1:] if counter else []
        if not newest or not _is_one_position(newest[0].position):
            return False
        try:
            return counter.rows(newest[0], crash_load.WATCHED["counter"])[0][0] >= mark
        except FileNotFoundError:
            return False  # it expired meanwhile

    def damaged(self) -> list[str]:
        return [text for files in self.files().values() for text in files.damaged()]

    def check_commits(self, most=None):
        """Time travel: what the load promises holds at each epoch since the last call, at the newest `most` of them."""
        newest, complete = self.epoch()
        until = newest if complete else newest - 1
        watched = {table: self._files.get(table) for table in self.watched}
        if any(files is None for files in watched.values()):
            return
        history = {table: files.snapshots() for table, files in watched.items()}
        epochs = {s.epoch: s.position for found in history.values() for s in found if s.epoch}
        new = sorted(e for e in epochs if self.checked_epoch < e <= until)
        for epoch in new[-most:] if most else new:
            self.checked_epoch = epoch
            if not _is_one_position(epochs[epoch]):
                continue
            rows = {}
            for table, columns in self.watched.items():
                found = [s for s in history[table] if s.epoch is not None and s.epoch <= epoch]
                if not found and history[table] and not history[table][0].parent_known:
                    break  # expired
                rows[table] = watched[table].rows(found[-1], columns) if found else []
            else:
                self.commits_checked += 1
                try:
                    self.check_commit(rows)
                except AssertionError as error:
                    raise AssertionError(f"epoch {epoch}, {epochs[epoch]}: {error}") from error

    @staticmethod
    def check_commit(rows):
        """`rows` of the watched tables as of one position."""
        crash_load.check_commit(rows)

    def compare(self, server, table):
        """By another reader's own scan."""
        harness.compare(server, self.lake, f"{self.db}.{table}")

    def check_equal(self, server, tables):
        """Every source table is in the lake, row by row; dropped tables are empty."""
        for table in tables:
            self.compare(server, table)
        for table in sorted(set(self.files()) - set(tables)):
            rows = self.lake.count(f"{self.db}.{table}")
            assert rows == 0, f"{table} was dropped at the source, the lake has {rows} rows"

    def orphans(self) -> list[tuple[str, int]]:
        """(kind, bytes) of each file that nothing names."""
        return [(self.kind(path), size) for files in self.files().values() for path, size in files.orphans()]

    def check_clean(self):
        """Lets sluice remove what killed processes left; nothing is there then that nothing names."""

    def metadata_bytes(self) -> dict[str, int]:
        return {table: files.metadata_bytes() for table, files in sorted(self.files().items())}

    def grown(self) -> list[str]:
        """One sentence for each count of files that upkeep should have kept small."""
        return []


class Iceberg(LakeTables):
    """Tables of a hadoop catalog; the final comparison is PyIceberg's."""

    failpoints = ("iceberg.", "table.")
    table_files, kind = iceberg_files.TableFiles, staticmethod(iceberg_files.kind)

    def __init__(self, ctx, db):
        super().__init__(ctx, db, ctx.lake)

    def options(self, partitioned, rng) -> dict:
        """Sink options; upkeep comes early in most runs, so that it meets the faults too."""
        made = {"partition.key": self.partition_key(partitioned)}
        if rng.random() < 0.7:
            made["table.properties.sluice.history.max-snapshots"] = rng.choice((4, 10, 20))
            made["table.properties.commit.manifest.min-count-to-merge"] = rng.choice((2, 3, 8))
            made["table.properties.write.metadata.previous-versions-max"] = rng.choice((2, 5, 20))
        return made


class Paimon(LakeTables):
    """Tables of a filesystem catalog; the final comparison is pypaimon's, that of tables with merge engines ours: at
    each epoch they are merged here."""

    failpoints, has_engines = ("paimon.", "upkeep."), True
    table_files, kind = paimon_tables.PaimonTable, staticmethod(paimon_tables.kind)

    def __init__(self, ctx, db):
        super().__init__(ctx, db, paimon_lake.PaimonLake(ctx.warehouse, ctx.shared.pypaimon()))
        self._left = None

    def options(self, partitioned, rng) -> dict:
        """Sink options. Few snapshots are retained: what was checked once is not looked at again, and they expire among
        the faults."""
        retained = rng.choice((3, 5, 10))
        self.wants_keys = rng.random() < 0.6  # fixed buckets, which a table without a key cannot have
        producer = rng.choice(engine_tables.PRODUCERS)
        both = {
            "metadata.iceberg.storage": "table-location",  # each failpoint must be passed
            "metadata.iceberg.format-version": rng.choice((2, 3)),
            "snapshot.num-retained.min": min(retained, 10),
            "snapshot.num-retained.max": retained,
            "changelog.num-retained.max": retained + rng.choice((1, 5)),  # for its failpoints
        }
        table = paimon_tuning.tuning(rng, many_rows=True) | {
            "bucket": rng.choice((1, 2, 4)) if self.wants_keys else None,
            "changelog-producer": producer,
            "num-sorted-run.compaction-trigger": rng.choice((None, 2, 3)),
            "manifest.merge-min-count": rng.choice((2, 5)),  # for its failpoint
            **both,
        }
        others = [p for p in engine_tables.PRODUCERS if p != producer]
        both_and = {**both, "deletion-vectors.enabled": "false"}
        engine_tables.create(self.lake, self.db, rng, self.engines, others, both_and)
        names = [name for table in self.engines for name in (table, engine_tables.want(table))]
        self.watched = {**self.watched, **dict.fromkeys(names, tuple(engine_tables.COLUMNS))}
        return {
            "type": "paimon",
            "catalog.properties.metastore": "filesystem",
            "catalog.properties.warehouse": self.lake.warehouse,
            "partition.key": self.partition_key(partitioned),
            **{f"table.properties.{key}": value for key, value in table.items()},
        }

    def check_commit(self, rows):
        crash_load.check_commit(rows)
        engine_tables.check(rows, self.engines)

    def compare(self, server, table):
        if table not in self.engines:
            return super().compare(server, table)
        source, lake = f"{self.db}.{engine_tables.want(table)}", paimon_by_sluice.Ours(self.lake)
        return lake_module.compare(server, lake, source, f"{self.db}.{table}")

    def check_clean(self):
        self._left = super().orphans()
        old = time.time() - OLD_SECONDS
        for files in self.files().values():
            for path, _ in files.orphans():
                os.utime(path, (old, old))
            result = self.ctx.command("tables", "orphans", files.folder, "--delete")
            assert result.code == 0, f"the clean-up of {files.table}: {result.out}{result.err}"
            left = files.orphans()
            assert not left, f"{len(left)} files that nothing names are there after a clean-up: {left[:5]}"

    def orphans(self) -> list[tuple[str, int]]:
        """As they were before the clean-up."""
        return super().orphans() if self._left is None else self._left

    def grown(self) -> list[str]:
        return [text for files in self.files().values() for text in files.grown()]


def _is_one_position(text: str) -> bool:
    return bool(text) and "snapshot" not in text


class Pair:
    """`failpoints`: beginnings of the names that this pair can pass."""

    def __init__(self, name, source, sink):
        self.name, self.source, self.sink = name, source(), sink
        self.failpoints = ("checkpoint.", "epoch.", *source.failpoints, *sink.failpoints)


SOURCES = {"mariadb": MariaDb}
SINKS = {"iceberg": Iceberg, "paimon": Paimon}
PAIRS = pair_table.joined(SOURCES, SINKS, Pair)
