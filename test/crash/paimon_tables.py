# SPDX-License-Identifier: Apache-2.0
"""A Paimon table as crash and soak runs look at it (what iceberg_files.TableFiles is for Iceberg): the snapshots of the
job with their epochs, rows of a snapshot by merging its data files here, damage, and what must not grow."""

import os
import re

import engine_tables
import iceberg_files
import paimon_by_sluice
import paimon_check
import paimon_files
import paimon_iceberg
from lake import first_differences
from paimon_files import KEY, SEQUENCE, VALUE_KIND

TABLE_SNAPSHOTS_MAX = 300  # then the table is opened anew, as it keeps each manifest that it has read
FILES_READ_MAX = 1000
# What a table whose upkeep works has at most, at any time.
RUNS_OVER_TRIGGER = 8  # sorted runs of a bucket: files at level 0, and levels above it
APPENDED_MAX = 150  # files of a bucket without a key
MANIFESTS_MAX = 100
SNAPSHOTS_OVER_MAX = 20


def kind(path: str) -> str:
    """What a file of a table is, by its name."""
    name = os.path.basename(path)
    for beginning, found in (
        (".", "temporary file"),
        ("data-", "data file"),
        ("changelog-", "changelog file"),
        ("manifest-list-", "manifest list"),
        ("index-manifest-", "index manifest"),
        ("manifest-", "manifest"),
        ("index-", "index file"),
        ("stat-", "statistics"),
    ):
        if name.startswith(beginning):
            return found
    return "temporary file"


class Snapshot:
    """id, epoch and position of sluice's commit (None and "" without); `compacts`: the snapshot of the same epoch that
    this one has compacted."""

    def __init__(self, raw, before):
        stored = raw.get("properties") or {}
        self.raw, self.id, self.compacts = raw, raw["id"], None
        self.epoch, self.tables = _number(stored, "epoch"), _number(stored, "tables") or 0
        self.position = next((v for k, v in stored.items() if re.fullmatch(r"sluice\..+\.position", k)), "")
        self.parent_known = self.id == 1 or before is not None
        same = before and all(before.raw[k] == raw[k] for k in ("commitUser", "commitIdentifier"))
        if same and self.epoch is None:
            self.epoch, self.tables, self.position = before.epoch, before.tables, before.position
        if same and raw["commitKind"] == "COMPACT":
            self.compacts = before


def _number(stored, name):
    found = [value for key, value in stored.items() if re.fullmatch(rf"sluice\..+\.{name}", key)]
    return int(found[0]) if found else None


class PaimonTable:
    """One table of a paimon_lake.PaimonLake. refresh() reads the newest snapshots; all else answers from them."""

    def __init__(self, lake, table: str):
        self.lake, self.table, self.folder = lake, table, lake.folder(table)
        self._raw, self._rows, self._opened_at = {}, {}, 0
        self.files = paimon_files.Table(self.folder)
        self.refresh()

    def refresh(self):
        ids = self.lake.snapshot_ids(self.table)
        for number in ids:
            if number not in self._raw:
                try:
                    self._raw[number] = self.files.snapshot(number)
                except FileNotFoundError:  # it expired meanwhile
                    continue
        for number in set(self._raw) - set(ids):
            del self._raw[number]
        if ids and ids[-1] > self._opened_at + TABLE_SNAPSHOTS_MAX:
            self.files, self._opened_at = paimon_files.Table(self.folder), ids[-1]
        return self

    def snapshots(self) -> list[Snapshot]:
        """Oldest first."""
        found = []
        for _, raw in sorted(self._raw.items()):
            found.append(Snapshot(raw, found[-1] if found else None))
        return found

    def epoch(self) -> tuple[int, int]:
        """(the newest epoch that sluice stored, how many tables it says to have changed in it: 0 if it does not say);
        (0, 0) without."""
        newest = next((s for s in reversed(self.snapshots()) if s.epoch is not None), None)
        return (newest.epoch, newest.tables) if newest else (0, 0)

    def damaged(self) -> list[str]:
        """One sentence for all that is missing or wrong. EARLIEST is a hint: who dies before he wrote it leaves the
        one of a snapshot that is gone, and readers list the folder."""
        found = paimon_check.problems(self.files)
        found = [text for text in found if not text.startswith("EARLIEST is")]
        return [f"{self.table}: {text}" for text in found + self._wrong_beside()]

    def _wrong_beside(self) -> list[str]:
        """What the newest Iceberg snapshots beside the table show, which may be behind the table's after a kill."""
        beside = paimon_iceberg.Beside(self.lake.warehouse)
        if not beside.exists(self.table):
            return []
        there = {snapshot.id: snapshot for snapshot in self.snapshots()}
        numbers = [snapshot["snapshot-id"] for snapshot in beside.snapshots(self.table)]
        wrong = []
        for number in numbers[-2:]:  # the newest epoch's, if it has compacted
            if number not in there:  # it has expired
                continue
            expected = paimon_by_sluice.read(self.lake, self.table, there[number].raw)
            text = first_differences(*expected, *beside.rows(self.table, snapshot_id=number))
            wrong += [f"Iceberg's snapshot {number} differs from Paimon's (source): {text}"] if text else []
        return wrong

    def orphans(self) -> list[tuple[str, int]]:
        """(path, bytes) of the files in the table's folder that nothing names."""
        return [(path, iceberg_files.size_or_zero(path)) for path in self.files.orphans()]

    def metadata_bytes(self) -> int:
        """All bytes of schemas, snapshots, manifests and indexes; a running job may remove files meanwhile."""
        total = 0
        for name in ("schema", "snapshot", "manifest", "index"):
            folder = os.path.join(self.folder, name)
            names = os.listdir(folder) if os.path.isdir(folder) else []
            total += sum(iceberg_files.size_or_zero(os.path.join(folder, name)) for name in names)
        return total

    # ---- rows

    def rows(self, snapshot, columns) -> list[tuple]:
        """The rows of a snapshot. For tables whose columns never change. A compaction must have changed none; with
        first-row it brings those of level 0."""
        found = self._merged(snapshot, columns)
        if snapshot.compacts and not self._first_row():
            before = self._merged(snapshot.compacts, columns)
            same = sorted(map(repr, before)) == sorted(map(repr, found))
            assert same, f"{self.table}: the compaction {snapshot.id} made {len(found)} rows of {len(before)}"
        return found

    def _merged(self, snapshot, columns):
        schema = self.files.schema(snapshot.raw["schemaId"])
        keys = [name for name in schema["primaryKeys"] if name not in schema["partitionKeys"]]
        out, found, first_row = [], {}, self._first_row()
        for file in self.files.live(snapshot.raw):
            if file.level == 0 and first_row:
                continue
            for row in self._read(file, keys, columns):
                if keys:
                    found.setdefault((file.partition, file.bucket, row[0]), []).append((file.level, *row[1:]))
                else:
                    out.append(row)
        for versions in found.values():
            row = engine_tables.merged(schema["options"], [row[2:] for row in self._that_count(versions)])
            out += [tuple(row)] if row else []
        return out

    def _that_count(self, versions):
        """Of (level, sequence number, …) of a key, oldest first. What a lookup made has the rows of all higher levels
        in it, so that these count no more."""
        options = self.files.schema()["options"]
        if options.get("changelog-producer") == "lookup" or options.get("deletion-vectors.enabled") == "true":
            lowest = min((row[0] for row in versions if row[0] > 0), default=0)
            versions = [row for row in versions if row[0] in (0, lowest)]
        return sorted(versions, key=lambda row: row[1])

    def _first_row(self):
        return self.files.schema()["options"].get("merge-engine") == "first-row"

    def _read(self, file, keys, columns):
        """Rows, or with keys (key, sequence number, kind, row)."""
        if file.name not in self._rows:
            if len(self._rows) > FILES_READ_MAX:
                self._rows.clear()
            table = paimon_files.read(file)
            assert table.num_rows == file.rows, f"{file} has {table.num_rows} rows, the manifest says {file.rows}"
            rows = list(zip(*(table.column(name).to_pylist() for name in columns)))
            if keys:
                names = [KEY + name if KEY + name in table.column_names else name for name in keys]
                places = zip(*(table.column(name).to_pylist() for name in names))
                rows = list(zip(places, *(table.column(name).to_pylist() for name in (SEQUENCE, VALUE_KIND)), rows))
            self._rows[file.name] = rows
        return self._rows[file.name]

    # ---- what must not grow

    def grown(self) -> list[str]:
        """One sentence for each count that is beyond what upkeep leaves; of the newest snapshot."""
        snapshots, out = self.snapshots(), []
        if not snapshots:
            return out
        options = self.files.schema()["options"]
        runs, appended = self.counts(snapshots[-1])
        allowed = int(options.get("num-sorted-run.compaction-trigger", 5)) + RUNS_OVER_TRIGGER
        if runs > allowed and options.get("write-only") != "true":
            out.append(f"{self.table}: a bucket has {runs} sorted runs, allowed are {allowed}")
        if appended > APPENDED_MAX and options.get("write-only") != "true":
            out.append(f"{self.table}: a bucket has {appended} files, allowed are {APPENDED_MAX}")
        lists = (snapshots[-1].raw[name] for name in ("baseManifestList", "deltaManifestList"))
        manifests = sum(len(self.files.manifests(name)) for name in lists)
        if manifests > MANIFESTS_MAX:
            out.append(f"{self.table}: {manifests} manifests, allowed are {MANIFESTS_MAX}")
        if (most := options.get("snapshot.num-retained.max")) and len(snapshots) > int(most) + SNAPSHOTS_OVER_MAX:
            out.append(f"{self.table}: {len(snapshots)} snapshots, retained are {most}")
        told = len(snapshots) + len(self.files.changelog_ids())
        if (most := options.get("changelog.num-retained.max")) and told > int(most) + SNAPSHOTS_OVER_MAX:
            out.append(f"{self.table}: {told} snapshots and changelogs, retained are {most}")
        return out

    def counts(self, snapshot) -> tuple[int, int]:
        """(sorted runs, or without a key 0; files without a key) of the bucket that has most of them."""
        keyed = bool(self.files.schema()["primaryKeys"])
        most = 0
        for levels in self.files.levels(snapshot.raw).values():
            runs = len(levels.get(0, ())) + sum(1 for level in levels if level > 0)
            most = max(most, runs if keyed else sum(map(len, levels.values())))
        return (most, 0) if keyed else (0, most)
