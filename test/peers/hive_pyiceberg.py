# SPDX-License-Identifier: Apache-2.0
"""PyIceberg's Hive catalog reads a table: the count of its rows, and of those that were changed. URI TABLE"""

import sys

from pyiceberg.catalog import load_catalog

table = load_catalog("hive", type="hive", uri=sys.argv[1]).load_table(sys.argv[2])
rows = table.scan().to_arrow()
print(rows.num_rows, sum(value == "new" for value in rows["v"].to_pylist()))
