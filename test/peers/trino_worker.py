# SPDX-License-Identifier: Apache-2.0
"""A client of a Trino server: trino_worker.py PORT. Its catalog is `lake`."""

import re
import struct
import sys

import worker
import canonical  # pylint: disable=wrong-import-order
import trino

KINDS = {
    "boolean": "boolean",
    "integer": "int",
    "bigint": "long",
    "real": "float",
    "double": "double",
    "varchar": "string",
    "varbinary": "binary",
    "date": "date",
    "time(6)": "time",
    "timestamp(6)": "timestamp",
    "timestamp(6) with time zone": "timestamptz",
    "array(varchar)": "list<string>",
}


def convert(kind: str, value):
    """Canonical text of the client's value. A real comes as its shortest text; the 32 bits are what is compared."""
    if kind == "real" and value is not None:
        value = struct.unpack("f", struct.pack("f", value))[0]
    return canonical.lake_value("decimal" if kind.startswith("decimal") else KINDS[kind], value)


class Trino:
    """A connection; the server is started by the runner."""

    def __init__(self, port: str):
        self.connection = trino.dbapi.connect(
            host="127.0.0.1", port=int(port), user="test", catalog="lake", schema="default", timezone="UTC"
        )

    def _run(self, statement):
        cursor = self.connection.cursor()
        cursor.execute(statement)
        return cursor, cursor.fetchall()

    def sql(self, script):
        rows = []
        for statement in script:
            rows = [[None if v is None else str(v) for v in row] for row in self._run(statement)[1]]
        return rows

    def register(self, table, folder, metadata_file):
        """Makes the table of this folder known under the name, as of the metadata file."""
        schema, name = table.split(".", 1)
        self._run(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        if self._run(f"SELECT 1 FROM information_schema.tables WHERE table_schema = '{schema}' AND table_name = "
                     f"'{name}'")[1]:
            self._run(f"CALL system.unregister_table('{schema}', '{name}')")
        self._run(f"CALL system.register_table('{schema}', '{name}', '{folder}', '{metadata_file}')")

    def metadata(self, table):
        """The newest metadata file of the table in the server's metastore."""
        schema, name = table.split(".", 1)
        entries = self._run(f'SELECT file FROM "{schema}"."{name}$metadata_log_entries" ORDER BY timestamp')[1]
        return entries[-1][0]

    def rows(self, table, snapshot=None):
        version = f" FOR VERSION AS OF BIGINT '{snapshot}'" if snapshot else ""
        cursor, rows = self._run(f"SELECT * FROM {quoted(table)}{version}")
        kinds = [re.sub(r"^varchar\(.*", "varchar", str(column[1])) for column in cursor.description]
        return {
            "names": [column[0] for column in cursor.description],
            "rows": [[convert(kind, value) for kind, value in zip(kinds, row)] for row in rows],
        }

    def count(self, table, where):
        return self._run(f"SELECT count(*) FROM {quoted(table)} WHERE {worker.predicate(where)}")[1][0][0]


def quoted(table):
    return ".".join(f'"{part}"' for part in table.split(".", 1))


worker.serve(Trino(*sys.argv[1:]))
