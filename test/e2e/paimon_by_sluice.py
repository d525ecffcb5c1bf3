# SPDX-License-Identifier: Apache-2.0
"""Any snapshot of a Paimon table as `sluice read` prints it, in canonical form."""

import json
import subprocess

import canonical
import sluice
from lake import Difference, first_differences
from paimon_lake import type_text, with_geometry

SECONDS = 120


class Ours:
    """A PaimonLake as `sluice read` reads it, for lake.compare()."""

    time_digits = 3

    def __init__(self, lake):
        self.lake = lake
        self.exists, self.tables = lake.exists, lake.tables

    def rows(self, table, columns=None, geometry=()):
        assert columns is None
        return read(self.lake, table, geometry=geometry)


def kinds(lake, table: str, snapshot=None) -> dict[str, str]:
    """Column -> kind for canonical.py, by the schema of a snapshot (its JSON) or the newest one."""
    schema = lake.schema(table, snapshot["schemaId"] if snapshot else None)
    return {field["name"]: canonical.paimon_kind(type_text(field["type"])) for field in schema["fields"]}


def printed(lake, table: str, *words) -> list[dict]:
    """What `sluice read` prints as JSON."""
    command = [sluice.BINARY, "read", lake.folder(table), "--format", "jsonl", *words]
    run = subprocess.run(command, capture_output=True, check=False, timeout=SECONDS)
    sluice.check_sanitizer(run.stderr.decode("utf-8", "replace"))
    assert run.returncode == 0, f"{' '.join(command)}: {run.stderr.decode('utf-8', 'replace')}"
    return [json.loads(line) for line in run.stdout.decode("utf-8").splitlines()]


def read(lake, table: str, snapshot=None, geometry=()):
    """(names, rows) of a snapshot (its JSON), or of the newest one."""
    columns = kinds(lake, table, snapshot)
    version = ("--snapshot", str(snapshot["id"])) if snapshot else ()
    rows = []
    for row in printed(lake, table, *version):
        assert list(row) == list(columns), f"sluice read prints {list(row)}, the schema of {table} has {list(columns)}"
        rows.append([canonical.json_value(columns[name], value) for name, value in row.items()])
    return list(columns), with_geometry(list(columns), rows, geometry)


def followed(lake, table: str):
    """(names, rows) that the changes of all snapshots from the first one on make, of a table of one schema."""
    columns, key, rows = kinds(lake, table), lake.schema(table)["primaryKeys"], {}
    for number, row in enumerate(printed(lake, table, "--follow", "--from-snapshot", "1", "--until", "caught-up")):
        kind = row.pop("rowkind")
        place = json.dumps([row[name] for name in key]) if key else number
        rows.pop(place, None)
        if kind in ("+I", "+U"):
            rows[place] = [canonical.json_value(columns[name], value) for name, value in row.items()]
    return list(columns), with_geometry(list(columns), list(rows.values()), ())


def read_by_both(lake, table: str, snapshot: dict, geometry=()):
    """(names, rows) of a snapshot, in which pypaimon and `sluice read` must agree."""
    names, rows = lake.rows(table, None, snapshot["id"], geometry)
    ours = read(lake, table, snapshot, geometry)
    if text := first_differences(names, rows, *ours):
        text = text.replace("source", "pypaimon").replace("lake", "sluice read")
        raise Difference(f"{table}, snapshot {snapshot['id']}: the readers differ: {text}")
    return names, rows
