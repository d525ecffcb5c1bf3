# SPDX-License-Identifier: Apache-2.0
"""pypaimon in a process of its own, under the Python of .deps/venv-paimon: it reads tables for the tests and writes
into them as a foreign writer. Requests and answers: test/peers/worker.py. Each request opens the table anew."""

import datetime
import decimal
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "peers"))

import pyarrow  # noqa: E402
from pypaimon import CatalogFactory, Schema  # noqa: E402
from pypaimon.filesystem.local_file_io import LocalFileIO  # noqa: E402
from pypaimon.schema.data_types import DataField, PyarrowFieldParser  # noqa: E402

import canonical  # noqa: E402
import worker  # noqa: E402


def open_table(warehouse, table, snapshot=None, tag=None, catalog=None):
    opened = CatalogFactory.create({"warehouse": warehouse, **(catalog or {})}).get_table(table)
    if tag is not None:
        return opened.copy({"scan.tag-name": tag})
    return opened.copy({"scan.snapshot-id": str(snapshot)}) if snapshot is not None else opened


def link(_, source, target):
    """pypaimon looks whether a snapshot is there and then renames its own to it, which may take the place of one that
    was made in between: what it publishes here is linked, so that the slower one begins anew."""
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.link(source, target)
        os.remove(source)
        return True
    except OSError:
        return False


LocalFileIO.rename = link

READERS = {
    "boolean": lambda text: text == "true",
    "int": int,
    "long": int,
    "float": float,
    "double": float,
    "decimal": decimal.Decimal,
    "binary": lambda text: bytes.fromhex(text[2:-1]),
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "timestamp": datetime.datetime.fromisoformat,
    "timestamptz": lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00")),
    "list<string>": json.loads,
}


def python_value(kind, text):
    """The Python value of canonical.py's form of it."""
    return None if text is None else READERS.get(kind, str)(text)


def plain_value(kind, value):
    """The same value with the pairs of its maps as tuples, as pyarrow wants them."""
    if value is None:
        return None
    if pyarrow.types.is_map(kind):
        return [(plain_value(kind.key_type, key), plain_value(kind.item_type, item)) for key, item in value]
    if pyarrow.types.is_list(kind):
        return [plain_value(kind.value_type, item) for item in value]
    if pyarrow.types.is_struct(kind):
        return {field.name: plain_value(field.type, value.get(field.name)) for field in kind}
    return value


def told(method):
    """An error of pypaimon often says what went wrong only in those that it came from."""

    def call(*args, **options):
        try:
            return method(*args, **options)
        except Exception as error:
            texts, cause = [], error
            while cause is not None:
                texts.append(f"{type(cause).__name__}: {cause}")
                cause = cause.__cause__
            raise RuntimeError(", from ".join(dict.fromkeys(texts))) from error

    return call


class PyPaimon:
    """What a test may ask for."""

    @told
    def rows(self, warehouse, table, snapshot=None, columns=None, tag=None, catalog=None):
        """Columns as [name, type] in the order of the schema or of `columns`; their rows in canonical form. `catalog`:
        its options, beside the warehouse."""
        opened = open_table(warehouse, table, snapshot, tag, catalog)
        types = {field.name: str(field.type) for field in opened.fields}
        names = list(columns or types)
        builder = opened.new_read_builder()
        if columns:
            builder = builder.with_projection(names)
        data = builder.new_read().to_arrow(builder.new_scan().plan().splits())
        lists = []
        for name in names:
            kind = canonical.paimon_kind(types[name])
            lists.append([canonical.lake_value(kind, value) for value in data.column(name).to_pylist()])
        return {"columns": [[name, types[name]] for name in names], "rows": list(zip(*lists)) if lists else []}

    @told
    def create(self, warehouse, table, fields, primary_keys=(), partition_keys=(), options=None, catalog=None):
        """`fields`: [name, type as in a schema file]."""
        made = [DataField.from_dict({"id": i, "name": n, "type": kind}) for i, (n, kind) in enumerate(fields)]
        catalog = CatalogFactory.create({"warehouse": warehouse, **(catalog or {})})
        catalog.create_database(table.split(".")[0], True)
        catalog.create_table(table, Schema(made, list(partition_keys), list(primary_keys), options or {}), False)

    @told
    def write(self, warehouse, table, rows, catalog=None):
        """One commit of rows as {column: value in canonical form}; a column that is left out is NULL."""
        opened = open_table(warehouse, table, catalog=catalog)
        schema = PyarrowFieldParser.from_paimon_schema(opened.fields)
        columns = []
        for field, arrow in zip(opened.fields, schema):
            kind = canonical.paimon_kind(str(field.type))
            values = [python_value(kind, row.get(field.name)) for row in rows]
            columns.append(pyarrow.array(values, arrow.type))
        self._commit(opened, pyarrow.Table.from_arrays(columns, schema=schema))

    @told
    def write_plain(self, warehouse, table, rows):
        """The same of rows whose cells are as JSON has them; a map is a list of pairs."""
        opened = open_table(warehouse, table)
        schema = PyarrowFieldParser.from_paimon_schema(opened.fields)
        columns = [
            pyarrow.array([plain_value(field.type, row.get(field.name)) for row in rows], field.type)
            for field in schema
        ]
        self._commit(opened, pyarrow.Table.from_arrays(columns, schema=schema))

    @told
    def plain_rows(self, warehouse, table):
        opened = open_table(warehouse, table)
        builder = opened.new_read_builder()
        data = builder.new_read().to_arrow(builder.new_scan().plan().splits())
        return json.loads(json.dumps(data.to_pylist(), default=str))

    @staticmethod
    def _commit(opened, rows):
        builder = opened.new_batch_write_builder()
        writer, commit = builder.new_write(), builder.new_commit()
        try:
            writer.write_arrow(rows)
            commit.commit(writer.prepare_commit())
        finally:
            writer.close()
            commit.close()


if __name__ == "__main__":
    worker.serve(PyPaimon())
