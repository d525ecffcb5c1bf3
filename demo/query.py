# SPDX-License-Identifier: Apache-2.0
"""Reads an Iceberg table of the demo by PyIceberg; prints its schema and newest rows.

query.py TABLE_FOLDER [COLUMN=VALUE]
"""

import os
import sys

from pyiceberg.expressions import AlwaysTrue, EqualTo
from pyiceberg.table import StaticTable


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder = os.path.join(sys.argv[1], "metadata")
    with open(os.path.join(folder, "version-hint.text"), encoding="ascii") as hint:
        table = StaticTable.from_metadata(os.path.join(folder, f"v{hint.read().strip()}.metadata.json"))
    column, _, value = sys.argv[2].partition("=") if len(sys.argv) > 2 else ("", "", "")
    rows = table.scan(row_filter=EqualTo(column, value) if column else AlwaysTrue()).to_arrow()
    print(table.schema())
    for row in rows.slice(max(0, rows.num_rows - 5)).to_pylist():
        print(row)
    print(f"{rows.num_rows} rows, snapshot {table.metadata.current_snapshot_id}")


if __name__ == "__main__":
    main()
