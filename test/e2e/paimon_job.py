# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Paimon sink share: pipeline files, and a comparison that leaves nothing out.

equal() lets pypaimon and `sluice read` read a table, compares both with MariaDB, and looks through the files."""

import os

import canonical
import lake as lake_module
import paimon_check
import paimon_files
import paimon_lake

COMMANDS_SECONDS = 60
FIXED = {"bucket": 2}
# Iceberg's names of the types that samples/schema-evolution has.
ICEBERG_NAMES = {"BIGINT": "long", "INT": "int", "DATE": "date", "STRING": "string", "VARCHAR": "string"}


def use(ctx, warehouse=None):
    """Makes ctx.lake a Paimon warehouse: ctx.equal and ctx.wait_equal read it from now on."""
    ctx.warehouse = warehouse or ctx.warehouse
    ctx.lake = paimon_lake.PaimonLake(ctx.warehouse, ctx.shared.pypaimon())
    return ctx.lake


def pipeline(ctx, tables, table=None, sink=None, warehouse=None, **options):
    """Writes a pipeline file to Paimon and makes ctx.lake that warehouse. `table`: options of its tables, such as
    FIXED; without `bucket` tables with a key have dynamic buckets. The other arguments are Context.pipeline's."""
    use(ctx, warehouse)
    block = {
        "type": "paimon",
        "catalog.properties.metastore": "filesystem",
        "catalog.properties.warehouse": ctx.warehouse,
        **{f"table.properties.{key}": value for key, value in (table or {}).items()},
        **(sink or {}),
    }
    block = {key: value for key, value in block.items() if value is not None}
    return ctx.pipeline(tables, sink=block, **options)


def files(ctx, table) -> paimon_files.Table:
    return paimon_files.Table(ctx.lake.folder(table))


def read(ctx, table, *arguments) -> str:
    """What `sluice read --format jsonl` prints."""
    result = ctx.command("read", ctx.lake.folder(table), "--format", "jsonl", *arguments, seconds=COMMANDS_SECONDS)
    assert result.code == 0, f"{table}: {result.err}"
    ctx.jobs.pop()
    return result.out


def equal(ctx, source_table, lake_table=None, field_ids=True, orphans=False, geometry=(), columns=None, **options):
    """The table holds the rows of its source, for both readers, and its files fulfil every rule. `field_ids`: False
    where pypaimon has written, `orphans`: whether files that nothing names may be there, as after a kill."""
    lake_table = lake_table or source_table
    ctx.equal(source_table, lake_table, geometry=geometry, columns=columns, **options)
    names, rows = ctx.lake.rows(lake_table, geometry=geometry)
    ours, read_rows = ctx.lake.rows_of_jsonl(lake_table, read(ctx, lake_table), geometry)
    text = lake_module.first_differences(names, rows, ours, read_rows)
    if text:
        raise lake_module.Difference(f"{lake_table}: pypaimon (source) and sluice read (lake): {text}")
    sound(ctx, lake_table, field_ids, orphans)


def sound(ctx, table, field_ids=True, orphans=False):
    """The files of a table fulfil every rule of paimon_check.py."""
    walk = files(ctx, table)
    found = paimon_check.problems(walk, field_ids)
    found += [] if orphans else [f"nothing names {path}" for path in walk.orphans()]
    assert not found, f"{table}: {len(found)} findings:\n" + "\n".join(found[:12])
    commits_follow(ctx.lake.snapshots(table))


def commits_follow(snapshots):
    """Of a job's snapshots the epochs ascend; one of kind COMPACT has the epoch of the commit that it belongs to."""
    last = {}
    for snapshot in snapshots:
        if not job_properties(snapshot):
            continue
        user, epoch, kind = snapshot["commitUser"], snapshot["commitIdentifier"], snapshot["commitKind"]
        before = last.get(user, 0)
        good = epoch >= before if kind == "COMPACT" else epoch > before
        assert good, f"snapshot {snapshot['id']} ({kind}) has epoch {epoch}, {before} was there before"
        last[user] = epoch


def job_properties(snapshot) -> dict:
    """The properties of a snapshot that the job of a pipeline has left: epoch, position, end, state, tables."""
    found = {}
    for key, value in (snapshot.get("properties") or {}).items():
        if key.startswith("sluice."):
            found[key.rsplit(".", 1)[1]] = value
    return found


def levels_bounded(ctx, table, most):
    count = files(ctx, table).level_0_max()
    assert count <= most, f"{table}: a bucket has {count} files at level 0, at most {most} are allowed"


def kinds(ctx, table) -> list[str]:
    return [snapshot["commitKind"] for snapshot in ctx.lake.snapshots(table)]


def compactions_change_nothing(ctx, table, most=20):
    """A snapshot of kind COMPACT shows the rows of the one before it."""
    seen = 0
    for before, snapshot in zip(ctx.lake.snapshots(table), ctx.lake.snapshots(table)[1:]):
        if snapshot["commitKind"] == "COMPACT" and seen < most:
            seen += 1
            names, rows = ctx.lake.rows(table, snapshot_id=before["id"])
            text = lake_module.first_differences(names, rows, *ctx.lake.rows(table, snapshot_id=snapshot["id"]))
            assert not text, f"{table}: compaction {snapshot['id']} changed rows (source: before): {text}"
    return seen


def changelog(ctx, table):
    """Every row of the changelog files in order, as (kind 0 to 3, {column: canonical value})."""
    walk, out = files(ctx, table), []
    for snapshot in walk.snapshots():
        for file in walk.changelog(snapshot):
            content = paimon_check.Content(walk, file, walk.schema(file.schema_id))
            names = [field["name"] for field in content.schema["fields"]]
            types = [canonical.paimon_kind(content.kinds[name].text) for name in names]
            lists = [[canonical.lake_value(t, v) for v in content.plain(n)] for n, t in zip(names, types)]
            rows = [dict(zip(names, row)) for row in zip(*lists)]
            out += list(zip(content.plain(paimon_files.VALUE_KIND), rows))
    return out


def replayed(changes, key):
    """The rows that are left when the changes are applied; each -U and -D must take away the row as it was."""
    rows = {}
    for kind, row in changes:
        place = tuple(row[name] for name in key)
        if kind in (paimon_check.DELETES):
            assert rows.get(place) == row, f"kind {kind} takes away {row}, there was {rows.get(place)}"
            del rows[place]
        else:
            assert place not in rows, f"kind {kind} adds {row}, there is {rows[place]}"
            rows[place] = row
    return sorted(tuple(row.values()) for row in rows.values())


def iceberg_columns(ctx, table) -> list[str]:
    """The columns as `name type` with Iceberg's names of types, as samples/schema-evolution expects them."""
    out = []
    for name, kind in ctx.lake.columns(table):
        bare = kind.removesuffix(" NOT NULL")
        out.append(f"{name} {ICEBERG_NAMES.get(bare.split('(')[0], bare.lower())}")
    return out


def failpoints(ctx, beginning="paimon."):
    """The program's failpoints of this sink; there must be some."""
    result = ctx.command("failpoints")
    ctx.jobs.pop()
    names = [line.split()[0] for line in result.out.splitlines() if line.startswith(beginning)]
    assert names, f"`sluice failpoints` lists none that begin with `{beginning}`:\n{result.out}{result.err}"
    return names


def state(ctx, name):
    return os.path.join(ctx.dir, "state-" + name)


def no_secret(ctx, secret):
    """It stands in no output of a job, and in no file but the pipelines'."""
    told = [job for job in ctx.jobs if secret in job.out() + job.err()]
    assert not told, "a secret was printed"
    for folder, _, names in os.walk(ctx.dir):
        for name in names:
            if not name.endswith((".yaml", ".yml")):
                with open(os.path.join(folder, name), "rb") as file:
                    assert secret.encode() not in file.read(), f"a secret is in {name}"
