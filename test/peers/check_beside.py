# SPDX-License-Identifier: Apache-2.0
"""Iceberg engines read the metadata beside Paimon tables: every snapshot of every kind of table, in both versions of
the format, holds the rows that the source had."""

import os

import check_written
import tables_paimon

# Of a format version: options of the tables.
FORMATS = {
    version: {"metadata.iceberg.storage": "hadoop-catalog", "metadata.iceberg.format-version": version}
    for version in (2, 3)
}
# Formats whose files Java writes in between, and a format version.
FOREIGN = (("parquet", 2), ("orc", 2), ("orc", 3), ("avro", 2))
# Kinds of tables with files in Avro.
KINDS = (
    {"changelog-producer": "none"},
    {"changelog-producer": "lookup", "file.format.per.level": "0:avro,5:parquet"},
    {"deletion-vectors.enabled": "true"},
    {"merge-engine": "partial-update", "partial-update.remove-record-on-delete": "true"},
    {"bucket": -1},
)


def scenarios():
    """Name -> what lets sluice write the tables of it, with a context."""
    found = {}
    for version, options in FORMATS.items():
        kinds = [(kind, f"version {version}") for kind, _ in tables_paimon.LEVELS]
        found[f"version_{version}"] = lambda ctx, o=options, k=kinds: tables_paimon.levels(ctx, o, k)
        for form in ("orc", "avro"):
            types = lambda ctx, o=options, f=form: tables_paimon.file_types(ctx, f, o, f)
            found[f"{form}_{version}"] = types
        avro = [({"file.format": "avro", **kind}, "avro") for kind in KINDS]
        found[f"avro_levels_{version}"] = lambda ctx, o=options, k=avro: tables_paimon.levels(ctx, o, k)
    return found


def names(_pair, engine):
    foreign = [f"foreign_{form}_{version}" for form, version in FOREIGN]
    return [*scenarios(), *foreign] if engine.startswith("beside-") else []


def prepare(bench):
    bench.beside = []
    flink = bench.engines.ENGINES["flink"](bench.lake, os.path.join(bench.folder, "flink-beside"))

    def foreign(ctx, form, version):
        if flink.worker is None:
            flink.start()
        return tables_paimon.foreign_files(ctx, flink, form, FORMATS[version])

    writers = scenarios()
    for form, version in FOREIGN:
        writers[f"foreign_{form}_{version}"] = lambda ctx, f=form, v=version: foreign(ctx, f, v)
    try:
        for name, write in writers.items():
            full = f"beside.{name}"
            if bench.wanted(full):
                bench.check(full, lambda n=name, f=full, w=write: bench.beside.append((n, w(bench.context(f)))))
    finally:
        flink.stop()


def checks(bench, engine):
    if not engine.beside or engine.name.startswith("rest-"):
        return
    for name, found in bench.beside:
        for number, table in enumerate(found):
            why = engine.lacks.get(table.needs)
            yield f"{name}.{number}", why or (lambda t=table: check_written.compare(engine, t))
