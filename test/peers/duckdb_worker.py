# SPDX-License-Identifier: Apache-2.0
"""DuckDB with its iceberg extension: duckdb_worker.py. Tables are named by their metadata file."""

import glob
import importlib
import os

import worker
import canonical  # pylint: disable=wrong-import-order
import duckdb
from pyarrow import types


def kind_of(arrow_type) -> str:
    """The Iceberg type that comes as this Arrow type."""
    if types.is_timestamp(arrow_type):
        return "timestamptz" if arrow_type.tz else "timestamp"
    if types.is_list(arrow_type) and types.is_string(arrow_type.value_type):
        return "list<string>"
    checks = {
        "boolean": types.is_boolean,
        "int": types.is_int32,
        "long": types.is_int64,
        "float": types.is_float32,
        "double": types.is_float64,
        "decimal": types.is_decimal,
        "string": types.is_string,
        "binary": types.is_binary,
        "date": types.is_date,
        "time": types.is_time,
    }
    return next((name for name, check in checks.items() if check(arrow_type)), str(arrow_type))


class DuckDb:
    """A database in memory."""

    def __init__(self):
        self.connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        for name in ("httpfs", "icu", "avro", "iceberg"):
            folder = os.path.dirname(importlib.import_module("duckdb_extension_" + name).__file__)
            self.connection.execute(f"LOAD '{glob.glob(folder + '/extensions/*/*.duckdb_extension')[0]}'")
        self.connection.execute("SET TimeZone = 'UTC'; SET memory_limit = '1GB'; SET threads = 1")

    def rows(self, metadata, snapshot=None):
        version = f", snapshot_from_id = {snapshot}" if snapshot else ""
        data = self.connection.execute(f"SELECT * FROM iceberg_scan('{metadata}'{version})").to_arrow_table()
        lists = []
        for field, column in zip(data.schema, data.columns):
            kind = kind_of(field.type)
            lists.append([canonical.lake_value(kind, value) for value in column.to_pylist()])
        return {"names": data.column_names, "rows": list(zip(*lists))}

    def count(self, metadata, where):
        sql = f"SELECT count(*) FROM iceberg_scan('{metadata}') WHERE {worker.predicate(where)}"
        return self.connection.execute(sql).fetchone()[0]


worker.serve(DuckDb())
