# SPDX-License-Identifier: Apache-2.0
"""Iceberg engines read the metadata beside Paimon tables: every snapshot of every kind of table, in both versions of
the format, holds the rows that the source had."""

import check_written
import tables_paimon

# Of a format version: options of the tables.
FORMATS = {
    version: {"metadata.iceberg.storage": "hadoop-catalog", "metadata.iceberg.format-version": version}
    for version in (2, 3)
}


def names(_pair, engine):
    return [*(f"version_{version}" for version in FORMATS), "orc"] if engine.startswith("beside-") else []


def prepare(bench):
    bench.beside = []
    for version, options in FORMATS.items():
        name = f"beside.version_{version}"
        kinds = [(kind, f"version {version}") for kind, _ in tables_paimon.LEVELS]
        if bench.wanted(name):
            write = lambda n=name, o=options, k=kinds: tables_paimon.levels(bench.context(n), o, k)
            bench.check(name, lambda n=f"version_{version}", w=write: bench.beside.append((n, w())))
    if bench.wanted("beside.orc"):
        orc = lambda: tables_paimon.orc_types(bench.context("beside.orc"), FORMATS[2], "orc")
        bench.check("beside.orc", lambda: bench.beside.append(("orc", orc())))


def checks(bench, engine):
    if not engine.beside or engine.name.startswith("rest-"):
        return
    for name, found in bench.beside:
        for number, table in enumerate(found):
            why = engine.lacks.get(table.needs)
            yield f"{name}.{number}", why or (lambda t=table: check_written.compare(engine, t))
