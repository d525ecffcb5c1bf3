# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Paimon source share: a second pipeline that reads the warehouse of the first, and its lake."""

import os

import harness
import lake as lake_module
import paimon_job
import paimon_lake


class Second:
    """A pipeline from ctx.warehouse to a warehouse of its own; `kind`: iceberg or paimon."""

    def __init__(self, ctx, tables, kind, name, source=None, table=None, pipeline=None):
        self.ctx, self.kind = ctx, kind
        self.warehouse = os.path.join(ctx.dir, "lake-" + name)
        self.state = os.path.join(ctx.dir, "state-" + name)
        sink = {"type": kind, "catalog.properties.warehouse": self.warehouse}
        if kind == "iceberg":
            sink["catalog.properties.type"] = "hadoop"
            self.lake = lake_module.Lake(self.warehouse)
        else:
            sink.update({f"table.properties.{key}": value for key, value in (table or {}).items()})
            self.lake = paimon_lake.PaimonLake(self.warehouse, ctx.shared.pypaimon())
        blocks = {
            "source": {
                "type": "paimon",
                "catalog.properties.warehouse": ctx.warehouse,
                "tables": tables,
                "continuous.discovery-interval": "50 ms",
                **(source or {}),
            },
            "sink": sink,
            "pipeline": {"name": name, "schema.change.behavior": "evolve", **(pipeline or {})},
        }
        lines = []
        for block, options in blocks.items():
            lines += [f"{block}:"] + [f"  {key}: {harness.scalar(value)}" for key, value in options.items()]
        self.path = ctx.write(name + ".yaml", "\n".join(lines) + "\n")

    def catch_up(self, *more, **options):
        return self.ctx.catch_up(self.path, *more, state=self.state, **options)

    def start(self, *more, **options):
        return self.ctx.start_run(self.path, *more, state=self.state, **options)

    def equal(self, table, lake_table=None):
        lake_module.compare(self.ctx.server, self.lake, table, lake_table)


def take_turns(ctx, db, path, source):
    """pypaimon has made `db`.t of (id, v), which `path` fills: both write; a source with the options `source` reads
    what both wrote."""
    table = f"{db}.t"
    for turn in range(3):
        ctx.catch_up(path)
        ctx.lake.write(table, [{"id": str(100 + turn), "v": f"theirs {turn}"}])
        ctx.server.execute(f"INSERT INTO t VALUES ({10 + turn}, 'ours {turn}'), ({100 + turn}, 'theirs {turn}')", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, table, field_ids=False)
    second = Second(ctx, table, "paimon", "second", source=source)
    checked = ctx.command("check", second.path)
    assert checked.code == 0, checked.out + checked.err
    second.catch_up()
    second.equal(table)
    same = ctx.command("verify", second.path)
    assert same.code == 0 and "equal: 1 table" in same.out, same.out + same.err
