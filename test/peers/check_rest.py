# SPDX-License-Identifier: Apache-2.0
"""Paimon tables in a real Iceberg REST catalog (metadata.iceberg.storage=rest-catalog): a running sluice publishes each
commit while the source changes rows and columns, the catalog is killed and comes again, and the table is rolled back.
Each snapshot that the catalog has shows what Paimon's of that number shows."""

import canonical
import lake as lake_module
import paimon_by_sluice
from harness import wait_until

SCRIPT = (
    "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v VARCHAR(60), n BIGINT, at DATETIME(6));"
    "INSERT INTO t SELECT seq, CONCAT('v', seq), seq, NULL FROM seq_1_to_200"
)
COMPACTS = {"num-sorted-run.compaction-trigger": 2}
TABLES = {
    "version_2": {"bucket": 2, **COMPACTS, "metadata.iceberg.format-version": 2},
    "version_3": {"bucket": 2, **COMPACTS, "metadata.iceberg.format-version": 3},
    "vectors": {"bucket": 1, "deletion-vectors.enabled": "true", "metadata.iceberg.format-version": 3},
    "partial_update": {"bucket": 1, "merge-engine": "partial-update", "ignore-delete": "true", **COMPACTS},
}


def names(_pair, engine):
    return list(TABLES) if engine.startswith("rest-") else []


def prepare(_bench):
    """Nothing: each check has a table of its own."""


def checks(bench, engine):
    if engine.name.startswith("rest-"):
        for name, options in TABLES.items():
            yield name, lambda n=name, o=options: check(bench, engine, n, o)


def check(bench, engine, name, options):
    ctx = bench.context(f"{engine.name}-{name}")
    db = ctx.database(SCRIPT)
    table = f"{db}.t"
    rest = {"metadata.iceberg.storage": "rest-catalog", "metadata.iceberg.rest.uri": engine.server.uri}
    path = ctx.pipeline(
        table, sink={f"table.properties.{key}": value for key, value in {**options, **rest}.items()}
    )
    for turn in range(4):
        if turn == 2:
            ctx.server.execute("ALTER TABLE t ADD COLUMN d INT", db)
        ctx.catch_up(path)
        same(ctx, engine, table)
        change(ctx, db, turn, options)
    job = ctx.start_run(path, interval="200ms")
    wait_until(lambda: told(ctx, engine, table), "the catalog has the newest snapshot", 60, 0.2)
    engine.server.kill()
    change(ctx, db, 4, options)
    job.wait_text("Iceberg REST catalog")
    engine.server.start()
    wait_until(lambda: told(ctx, engine, table), "the catalog has the newest snapshot", 60, 0.2)
    job.terminate(5)
    count = same(ctx, engine, table)
    act(ctx, table, "create_tag", "--tag_name", "kept")
    act(ctx, table, "rollback_to", "--version", str(ctx.lake.snapshot_ids(table)[1]))
    assert same(ctx, engine, table) == 2
    return f"{count} snapshots"


def change(ctx, db, turn, options):
    delete = f"DELETE FROM t WHERE id % 31 = {turn};" if "ignore-delete" not in options else ""
    ctx.server.execute(
        f"UPDATE t SET v = 'u{turn}', n = n + 1 WHERE id % 5 = {turn}; {delete}"
        f"REPLACE INTO t (id, v, n, at) VALUES ({turn + 300}, 'r', 1, NOW(6)), ({turn + 7}, 'r', 2, NOW(6))", db
    )


def act(ctx, table, action, *arguments):
    database, name = table.split(".")
    result = ctx.command("paimon", action, "--warehouse", ctx.warehouse, "--database", database, "--table", name,
                         *arguments)
    assert result.code == 0, result.err


def told(ctx, engine, table) -> bool:
    """The Paimon table is the source, and the catalog has all that it has."""
    with ctx.server.connect(text=True) as db:
        source = canonical.source_rows(db, table, None)
    if lake_module.first_differences(*source, *paimon_by_sluice.read(ctx.lake, table)):
        return False
    return engine.snapshots(table) == ctx.lake.snapshot_ids(table)


def same(ctx, engine, table) -> int:
    """Number of snapshots."""
    ids = ctx.lake.snapshot_ids(table)
    there = engine.snapshots(table)
    assert there == ids, f"the catalog has snapshots {there}, Paimon {ids}"
    snapshots = {snapshot["id"]: snapshot for snapshot in ctx.lake.snapshots(table)}
    for number in (None, *ids):
        expected = paimon_by_sluice.read(ctx.lake, table, snapshots[number] if number else None)
        text = lake_module.first_differences(*expected, *engine.rows(table, number))
        assert not text, f"snapshot {number}: Paimon (source) and {engine.name} (lake): {text}"
    return len(ids)
