# SPDX-License-Identifier: Apache-2.0
"""Iceberg metadata beside Paimon tables under random sequences of all that a table can go through: after each step
PyIceberg has each snapshot and tag that Paimon has, with the same columns and rows."""

import json
import os
import random

import lake as lake_module
import paimon_iceberg
import paimon_job
import test_paimon_changelog as changelog
from paimon_iceberg import BESIDE
from test_paimon_iceberg import OFTEN, act, tags

STEPS = 12
ALTERS = (
    "ADD COLUMN d INT DEFAULT 5", "RENAME COLUMN a TO a2", "DROP COLUMN b", "ADD COLUMN b VARCHAR(40) DEFAULT 'again'",
    "MODIFY c DECIMAL(14,2)", "ADD COLUMN ti TIME(3) DEFAULT '10:00:00.5' FIRST",
)
PARTITIONS = 4  # of a partitioned table: a % PARTITIONS


class Walk:
    """One table, its source, and what happens to them. After a change of columns nothing goes back in time: the source
    would make the change again."""

    def __init__(self, ctx, seed, options, partitioned=False):
        self.ctx, self.draw, self.done, self.checked, self.branches = ctx, random.Random(seed), [], set(), []
        schema = changelog.SCHEMA.replace("a INT", "a INT NOT NULL DEFAULT 0") if partitioned else changelog.SCHEMA
        self.db = ctx.database(f"{schema}; {changelog.FILL}; UPDATE t SET a = a % {PARTITIONS}")
        self.table, self.partitioned, self.alters = f"{self.db}.t", partitioned, [] if partitioned else list(ALTERS)
        self.path = paimon_job.pipeline(
            ctx, self.table, {**options, **BESIDE}, pipeline={"schema.change.behavior": "evolve"},
            sink={"partition.key": f"{self.table}:a"} if partitioned else None,
        )
        self.begin_anew()

    @property
    def altered(self):
        return "alter" in self.done

    def run(self):
        self.catch_up()
        for number in range(STEPS):
            steps = [self.change, self.change, self.truncate, self.compact, self.tag, self.untag, self.expire]
            if self.partitioned:
                steps.append(self.drop_partition)
            if self.alters and number >= STEPS // 3:
                steps += [self.alter] * 4
            if not self.altered:
                steps += [self.back, self.branch, self.branch]
            step = self.draw.choice(steps)
            self.done.append(step.__name__)
            step()
            self.check()
        self.checked.clear()
        self.check()

    def check(self):
        """All snapshots by number, the rows of those that were not looked at yet."""
        beside, lake = paimon_iceberg.of(self.ctx), self.ctx.lake
        ids, tagged = lake.snapshot_ids(self.table), self.tags()
        shown = [snapshot["snapshot-id"] for snapshot in beside.snapshots(self.table)]
        assert sorted(shown) == sorted({*ids, *tagged.values()}), f"{self.done}: {shown}, not {ids} and {tagged}"
        assert tags(self.ctx, self.table) == tagged, f"{self.done}: {tagged}"
        assert beside.metadata(self.table)["current-snapshot-id"] == ids[-1], self.done
        assert beside.field_ids(self.table) == lake.field_ids(self.table), self.done
        paimon_iceberg.files_are_named(self.ctx, self.table)
        for number in sorted(set(ids) - self.checked):
            expected = lake.rows(self.table, snapshot_id=number)
            text = lake_module.first_differences(*expected, *beside.rows(self.table, snapshot_id=number))
            assert not text, f"{self.done}, snapshot {number}: Paimon (source) and Iceberg (lake): {text}"
            self.checked.add(number)

    def tags(self) -> dict:
        folder, out = os.path.join(self.ctx.lake.folder(self.table), "tag"), {}
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                out[name.removeprefix("tag-")] = json.load(file)["id"]
        return out

    def act(self, action, *arguments):
        act(self.ctx, self.table, action, *arguments)

    def catch_up(self):
        self.ctx.catch_up(self.path)

    def begin_anew(self):
        """As after a rollback: the position is that of the table."""
        self.ctx.state = paimon_job.state(self.ctx, f"{self.db}-{len(self.done)}")
        self.checked.clear()

    # ---- steps

    def change(self):
        number = len(self.done)
        if not self.altered:
            changelog.change(self.ctx, self.db, number)
            self.ctx.server.execute(f"UPDATE t SET a = a % {PARTITIONS}", self.db)
        self.ctx.server.execute(
            f"UPDATE t SET c = c + 1 WHERE id % 5 = {number % 5}; DELETE FROM t WHERE id % 17 = {number % 17};"
            f" REPLACE INTO t (id, c) VALUES ({2000 + number}, 1)",
            self.db,
        )
        self.catch_up()

    def truncate(self):
        self.ctx.server.execute("TRUNCATE TABLE t", self.db)
        self.change()

    def alter(self):
        self.ctx.server.execute(f"ALTER TABLE t {self.alters.pop(0)}", self.db)
        self.change()

    def compact(self):
        self.act("compact", "--compact_strategy", self.draw.choice(("full", "minor")))

    def tag(self):
        self.act("create_tag", "--tag_name", f"tag{len(self.done)}")

    def untag(self):
        for name in sorted(self.tags())[:1]:
            self.act("delete_tag", "--tag_name", name)

    def expire(self):
        self.act("expire_snapshots", "--retain_max", "2", "--retain_min", "1")

    def drop_partition(self):
        self.act("drop_partition", "--partition", f"a={self.draw.randrange(PARTITIONS)}")

    def back(self):
        ids = self.ctx.lake.snapshot_ids(self.table)
        self.act("rollback_to", "--version", str(self.draw.choice(ids)))
        self.begin_anew()
        self.check()
        self.change()

    def branch(self):
        """A branch begins, or the table becomes what the branch is."""
        if not self.branches:
            self.branches.append(f"branch{len(self.done)}")
            self.tag()
            self.act("create_branch", "--branch_name", self.branches[0], "--tag_name", f"tag{len(self.done)}")
            self.change()
            return
        self.act("fast_forward", "--branch_name", self.branches[0])
        self.begin_anew()
        self.check()
        self.act("delete_branch", "--branch_name", self.branches.pop())
        self.change()


def test_columns_and_history(ctx):
    Walk(ctx, 1, {"bucket": 1, **OFTEN}).run()


def test_partitions_and_deletion_vectors(ctx):
    Walk(ctx, 2, {"bucket": 2, "deletion-vectors.enabled": "true", "metadata.iceberg.format-version": 3}, True).run()


def test_orc_files(ctx):
    Walk(ctx, 3, {"bucket": 2, "file.format": "orc", "changelog-producer": "lookup"}).run()


def test_avro_files(ctx):
    Walk(ctx, 4, {"bucket": 2, "file.format": "avro", **OFTEN}, True).run()


def test_avro_files_and_lookups(ctx):
    Walk(ctx, 5, {"bucket": 1, "file.format": "avro", "changelog-producer": "lookup"}).run()
