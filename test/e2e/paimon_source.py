# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Paimon source share: a second pipeline that reads the warehouse of the first, and its lake."""

import os

import harness
import lake as lake_module
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
