# SPDX-License-Identifier: Apache-2.0
"""The scenarios of samples/: their files, and the steps that happen at the source."""

import json
import os
import string

import processes

FOLDER = os.path.join(processes.root_dir(), "samples")
NAMES = ("sharded-customers", "schema-evolution")


def path(sample: str, name: str) -> str:
    return os.path.join(FOLDER, sample, name)


def read(sample: str, name: str) -> str:
    with open(path(sample, name), encoding="utf-8") as file:
        return file.read()


def environment(port: int, warehouse: str) -> dict[str, str]:
    """The variables that the samples' files name."""
    return {"DB_HOST": "127.0.0.1", "DB_PORT": str(port), "LAKE": warehouse}


def action(sample: str, port: int, warehouse: str) -> str:
    """The shell line of an action, its variables filled in."""
    return string.Template(read(sample, "paimon-action.sh")).substitute(environment(port, warehouse))


def evolution_steps() -> list[tuple[int, str]]:
    """(number, SQL) of steps.sql."""
    parts = read("schema-evolution", "steps.sql").split("\n-- step ")[1:]
    return [(int(part.split("\n", 1)[0]), part.split("\n", 1)[1]) for part in parts]


def evolution_expected(behaviour: str) -> dict:
    """{step: {table: {"columns": [...], "rows": [[...]]}}}."""
    return json.loads(read("schema-evolution", f"expected-{behaviour}.json"))


def steps(sample: str) -> list[tuple[str, str]]:
    """(title, SQL) of a sample; the job catches up after each."""
    if sample == "schema-evolution":
        return [(f"step {number}", sql) for number, sql in evolution_steps()]
    return [(name, read(sample, name)) for name in ("schema.sql", "changes.sql")]
