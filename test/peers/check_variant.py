# SPDX-License-Identifier: Apache-2.0
"""Columns of type VARIANT: Paimon's Java code (VariantTable.java) writes a table, `sluice read` shows the same; sluice
compacts it, and Java shows the same and goes on. Flink's SQL has the type from 2.1 on only."""

import json
import os
import subprocess

import engines
import test_paimon_variant
from check_actions import action

HERE = os.path.dirname(os.path.abspath(__file__))


def row(**fields):
    """A ROW in the form of Paimon's schemas."""
    parts = [{"id": at, "name": name, "type": of} for at, (name, of) in enumerate(fields.items())]
    return {"type": "ROW", "fields": parts}


# Of the objects among the values of VariantTable.java; some have other types there.
DEEP = row(list={"type": "ARRAY", "element": "BIGINT"}, empty=row(x="INT"))
SHREDDED = row(name="STRING", n="BIGINT", a=row(b="INT", c="STRING"), deep=DEEP)


def names(_pair, engine):
    return ["keyed", "append", "shredded", "shredded_keyed"] if engine == "flink" else []


def prepare(_bench):
    """Nothing: each check has a table of its own."""


def checks(bench, engine):
    if engine.name == "flink":
        yield "keyed", lambda: turns(bench, "keyed", ["key", "bucket=1", "write-only=true"])
        yield "append", lambda: turns(bench, "append", ["bucket=-1"])
        shredded = f"variant.shreddingSchema={json.dumps(row(v=SHREDDED))}"
        yield "shredded", lambda: turns(bench, "shredded", ["bucket=-1", shredded])
        yield "shredded_keyed", lambda: turns(bench, "shredded_keyed", ["key", "bucket=1", "write-only=true", shredded])


class Java:
    def __init__(self, ctx, table):
        self.ctx, self.table = ctx, table
        got = engines.install("flink-paimon")
        self.classes = os.path.join(ctx.dir, "classes")
        libraries = ":".join(f"{got[part]}/*" for part in ("paimon", "jars"))
        self.java = got["java"] + "/bin/java"
        command = [self.java + "c", "-nowarn", "-cp", libraries, "-d", self.classes, HERE + "/VariantTable.java"]
        subprocess.run(command, check=True, capture_output=True)
        self.path = f"{self.classes}:{libraries}"

    def run(self, *words):
        command = [self.java, "-Xmx500m", "-XX:+UseSerialGC", "-cp", self.path, "VariantTable"]
        command += [self.ctx.warehouse, self.table]
        run = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr[-1000:]
        return "\n".join(line for line in run.stdout.splitlines() if line.startswith("{"))


def turns(bench, name, options):
    ctx, table = bench.context(f"variant-{name}"), f"variants.{name}"
    java = Java(ctx, table)

    def alike():
        theirs = test_paimon_variant.lines(java.run("read"))
        result = ctx.command("read", ctx.lake.folder(table), "--format", "jsonl")
        assert result.code == 0, result.err
        assert test_paimon_variant.lines(result.out) == theirs, json.dumps(theirs)[:500] + result.out[:500]
        return theirs

    java.run("create", *options)
    java.run("write", "0", "20", "one")
    java.run("write", "10", "30", "two")
    rows = alike()
    if name.startswith("shredded"):
        schemas = test_paimon_variant.stored(ctx, table)[1]
        assert all("typed_value" in schema for schema in schemas), schemas
    action(ctx, "compact", table)
    assert alike() == rows
    java.run("write", "25", "40", "three")
    assert len(alike()) > len(rows)
    return f"{len(rows)} rows"
