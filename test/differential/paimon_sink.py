# SPDX-License-Identifier: Apache-2.0
"""Paimon tables as the checked side: every snapshot of the job with the position of the log that it says to hold, read
by pypaimon and by `sluice read`, which must agree."""

import os
import re

import engine_tables
import paimon_check
import paimon_files
import paimon_iceberg
from lake import Difference, first_differences
from paimon_by_sluice import followed, read, read_by_both
from paimon_lake import PaimonLake
from paimon_tuning import agreed, tuning
from tables import PREFIXES

POSITION = re.compile(r"([^:\s]+):(\d+)(?: |$)")
# A table with these holds what its source holds, though each row is put together from all that came. pypaimon does not
# read it.
LAST_VALUES = {
    "merge-engine": "aggregation",
    "fields.default-aggregate-function": "last_value",
    "aggregation.remove-record-on-delete": "true",
}
# What a table has for the columns that options.form lets it have.
FORMS = {
    "": {},
    "iceberg": {
        "metadata.iceberg.storage": ["table-location", "hadoop-catalog"],
        "metadata.iceberg.format-version": [2, 3],
    },
    "avro": {"file.format": ["avro"], "file.compression": ["zstd", "snappy", "deflate", "null"]},
    "orc": {"file.format": ["orc"], "file.compression": ["zstd", "snappy", "zlib", "lz4"]},
}
ACTED_ON = 3  # tables, whenever the job stands still
# Keys of these types make the folders of partitions by the same text in all readers.
PARTITION_TYPES = ("INT", "BIGINT", "MEDIUMINT", "SMALLINT", "TINYINT", "YEAR", "VARCHAR", "CHAR", "DATE")


class Version:
    """A snapshot by which a table has reached a position: one of kind COMPACT has that of its epoch."""

    def __init__(self, lake: PaimonLake, table: str, snapshot: dict, text: str):
        self.lake, self.table, self.snapshot = lake, table, snapshot
        self.path = os.path.join(lake.folder(table), "snapshot", f"snapshot-{snapshot['id']}")
        file, offset = POSITION.search(text).groups()
        self.position = (file, int(offset))
        # While rows of the copy are newer than the position, the table shows no state that ever was.
        self.comparable = "snapshot" not in text
        self.compacts: Version | None = None  # the snapshot of the same epoch that this one has compacted

    def rows(self, _newest, geometry):
        """(names, rows). A compaction changes none: what it started from is read too."""
        names, rows = read_snapshot(self.lake, self.table, self.snapshot, geometry)
        if self.compacts:
            before = self.compacts.rows(None, geometry)
            if text := first_differences(*before, names, rows):
                text = text.replace("source", "before").replace("lake", "after")
                raise Difference(f"{self.table}: the compaction {self.path} has changed rows: {text}")
        return names, rows


def read_snapshot(lake: PaimonLake, table: str, snapshot: dict, geometry):
    """(names, rows), in which all readers that read such a table agree. pypaimon knows no vectors of 64 bits."""
    options, keyed = lake.options(table), lake.schema(table)["primaryKeys"]
    wide = options.get("deletion-vectors.enabled") == options.get("deletion-vectors.bitmap64") == "true"
    return (read if keyed and ("merge-engine" in options or wide) else read_by_both)(lake, table, snapshot, geometry)


def position_of(snapshot: dict) -> str | None:
    """The end of the epoch, None in a snapshot that says none."""
    stored = snapshot.get("properties") or {}
    return next((v for k, v in stored.items() if re.fullmatch(r"sluice\..+\.position", k)), None)


class PaimonSink:
    """What the harness needs of a sink (see IcebergSink)."""

    time_digits = PaimonLake.time_digits
    problems = staticmethod(paimon_check.problems)
    refused_keys = ("SET('1','2')",)
    has_engines = True

    @staticmethod
    def wants_keys(rng) -> bool:
        """Then the tables have fixed buckets, which one without a key cannot have."""
        return rng.random() < 0.6

    @staticmethod
    def wants_form(rng) -> str:
        return rng.choice(["", "", "iceberg", "iceberg", "avro", "orc"])

    @staticmethod
    def begin(ctx, history, rng) -> dict:
        """Makes the tables that the job adopts; the sink's block of the pipeline file. In most seeds snapshots stay for
        as long as it takes: else there is less to compare."""
        form = history.options.form
        retained = rng.choice([100000, 100000, 100000, 20]) if form != "iceberg" else 100000
        kept = {"snapshot.time-retained": "1 d", "snapshot.num-retained.max": retained}
        if retained < 1000:
            kept |= {"changelog.num-retained.max": rng.choice([retained, 2 * retained])}
        options = tuning(rng, form) | {
            "bucket": rng.choice([1, 2, 3, 4] if history.options.keyed else [None, None, -1]),
            "changelog-producer": rng.choice([None, "none", "input", "lookup", "full-compaction"]),
            "file.compression": rng.choice([None, "zstd", "snappy", "gzip", "lz4"]),
            "write-only": rng.choice([None, "false", "false", "true"]),
            **kept,
        }
        partitions = PaimonSink._partitions(history) if rng.random() < 0.5 else []
        options |= LAST_VALUES if rng.random() < 0.25 else {}
        vectors = history.options.keyed and options["write-only"] != "true" and rng.random() < 0.4
        if vectors and options["changelog-producer"] != "full-compaction":
            options["deletion-vectors.enabled"] = "true"
        options |= {key: rng.choice(values) for key, values in FORMS[form].items()}
        options = agreed(options)
        producer = options["changelog-producer"] or "none"
        full = partitions or producer == "input" or "merge-engine" in options  # the source gives all old rows
        producers = [p for p in engine_tables.PRODUCERS if full or p != "input"]
        same = {key: options[key] for key in (*FORMS[form], *kept)}
        engine_tables.create(
            PaimonSink._lake(ctx), history.database, rng, history.options.engines, producers, same, form
        )
        return {
            "type": "paimon",
            "catalog.properties.metastore": "filesystem",
            "catalog.properties.warehouse": ctx.warehouse,
            **{f"table.properties.{key}": value for key, value in options.items()},
            "partition.key": ";".join(partitions) or None,
        }

    @staticmethod
    def _partitions(history) -> list[str]:
        """Rows of `child` move between partitions; other tables have a part of a composite key, which has few values
        and never changes its type."""
        found = [f"{history.database}.child:parent"]
        for table in history.tables:
            if len(table.key) < 2 or len(table.names) > 1:
                continue
            kind = next(column.kind for column in table.columns if column.name == table.key[0])
            if re.match(r"\w+", kind)[0] in PARTITION_TYPES and kind not in PREFIXES:
                found.append(f"{history.database}.{table.name}:{table.key[0]}")
        return found

    @staticmethod
    def _lake(ctx) -> PaimonLake:
        return PaimonLake(ctx.warehouse, ctx.shared.pypaimon())

    def tables(self, ctx) -> list[str]:
        return self._lake(ctx).tables()

    def versions(self, ctx, table: str) -> list[Version]:
        """Oldest first; only those of commits of the job."""
        lake, found = self._lake(ctx), []
        options = lake.options(table)
        vectors = options.get("deletion-vectors.enabled") == "true" or options.get("merge-engine") == "first-row"
        last = {}  # (user, identifier) -> what the epoch's last snapshot gave
        for snapshot in lake.snapshots(table):
            epoch, text = (snapshot["commitUser"], snapshot["commitIdentifier"]), position_of(snapshot)
            before = last.get(epoch)
            if text is None and before is None:
                continue  # another writer's
            version = Version(lake, table, snapshot, text or before[1])
            if snapshot["commitKind"] == "COMPACT" and before:
                if vectors:  # no reader sees level 0: the epoch's rows show with this snapshot
                    found.remove(before[0])
                else:
                    version.compacts = before[0]
            last[epoch] = version, text or before[1]
            found.append(version)
        return found

    def points(self, ctx) -> list:
        """The positions at which all tables show a state that was, oldest first."""
        return sorted({v.position for t in self.tables(ctx) for v in self.versions(ctx, t) if v.comparable})

    def begins_later(self, ctx, table: str) -> bool:
        """Whether snapshots of the table have expired."""
        return self._lake(ctx).snapshot_ids(table)[:1] > [1]

    def tend(self, ctx, rng) -> bool:
        """Actions on some tables, none of which changes a row."""
        lake = self._lake(ctx)
        tables = [table for table in lake.tables() if lake.snapshot_ids(table)]
        for table in rng.sample(tables, min(len(tables), ACTED_ON)):
            last = lake.last_snapshot(table)
            before = read(lake, table, last)
            done = self._act(ctx, lake, table, rng)
            if text := first_differences(*before, *read(lake, table, lake.last_snapshot(table))):
                text = text.replace("source", "before").replace("lake", "after")
                raise Difference(f"{table}, snapshot {last['id']}: {' '.join(done)} has changed rows: {text}")
        return True

    @staticmethod
    def _act(ctx, lake, table, rng) -> list[str]:
        """Gives the last action, with its words."""
        compact, alone = ["compact"], "metadata.iceberg.storage" not in lake.options(table)
        if rng.random() < 0.5:
            compact += ["--table_conf", f"target-file-size={rng.choice(('1 kb', '1 mb'))}"]
        actions = [[compact], [[*compact, "--compact_strategy", "minor"]]]
        if alone:  # Iceberg's metadata follows with the next epoch
            actions.append([["expire_snapshots", "--retain_min", "1", "--retain_max", str(rng.choice((1, 5, 20)))]])
            tag = ["create_tag", "--tag_name", "here"]
            actions.append([tag, compact, ["rollback_to", "--version", "here"], ["delete_tag", "--tag_name", "here"]])
        database, name = table.split(".")
        for words in rng.choice(actions):
            where = ("--warehouse", ctx.warehouse, "--database", database, "--table", name)
            result = ctx.command("paimon", words[0], *where, *words[1:])
            ctx.jobs.pop()
            if result.code != 0:
                raise Difference(f"{table}: {' '.join(words)} ends with {result.code}: {result.out}{result.err}")
        return words

    def forget(self):
        """Nothing is kept."""

    def newest(self, ctx, table: str):
        """Nothing that versions share."""

    def rows(self, ctx, table: str, geometry):
        """Of the end; there the files are checked too."""
        lake = self._lake(ctx)
        if problems := self.problems(paimon_files.Table(lake.folder(table))):
            raise Difference(f"{table}, {len(problems)} problems:\n" + "\n".join(problems[:10]))
        if not lake.snapshot_ids(table):  # no row has ever come
            return list(lake.field_ids(table)), []
        found = read_snapshot(lake, table, lake.last_snapshot(table), geometry)
        if "metadata.iceberg.storage" in lake.options(table):
            self._compare_iceberg(ctx, lake, table)
        if not geometry and self._tells_all(lake, table):
            if text := first_differences(*read(lake, table), *followed(lake, table)):
                text = text.replace("source", "table").replace("lake", "changes")
                raise Difference(f"{table}: the table and what its changes make differ: {text}")
        return found

    @staticmethod
    def _tells_all(lake, table) -> bool:
        """Whether who reads its changes from the first snapshot on has its rows: a TRUNCATE is not told, and changelogs
        of compactions are only where there are any."""
        options, snapshots = lake.options(table), lake.snapshots(table)
        made_later = options.get("changelog-producer") in ("lookup", "full-compaction") and (
            options.get("write-only") == "true" or int(options.get("full-compaction.delta-commits", 1)) > 1
        )
        first = snapshots[0]["id"] == 1 and all(snapshot["commitKind"] != "OVERWRITE" for snapshot in snapshots)
        return first and lake.schema_ids(table) == [0] and not made_later

    @staticmethod
    def _compare_iceberg(ctx, lake, table):
        """Every snapshot of Paimon is one of Iceberg, and shows the same rows."""
        beside = paimon_iceberg.of(ctx)
        ids = [snapshot["snapshot-id"] for snapshot in beside.snapshots(table)]
        shown = int(beside.metadata(table)["properties"]["paimon.snapshot"].split()[0])
        if shown != lake.snapshot_ids(table)[-1]:
            raise Difference(f"{table}: Iceberg shows snapshot {shown}, Paimon's are {lake.snapshot_ids(table)}")
        if ids != lake.snapshot_ids(table):
            raise Difference(f"{table}: Iceberg has snapshots {ids}, Paimon {lake.snapshot_ids(table)}")
        snapshots = {snapshot["id"]: snapshot for snapshot in lake.snapshots(table)}
        for number in {None, *ids[-2:-1], *ids[len(ids) // 2 :][:1]}:
            rows = read(lake, table, snapshots[number] if number else None)
            if text := first_differences(*rows, *beside.rows(table, snapshot_id=number)):
                text = text.replace("source", "Paimon").replace("lake", "Iceberg")
                raise Difference(f"{table}, snapshot {number}: Paimon and the Iceberg metadata differ: {text}")
