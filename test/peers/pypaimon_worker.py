# SPDX-License-Identifier: Apache-2.0
"""pypaimon as an engine: test/e2e/paimon_worker.py, and counts by a filter that prunes. pypaimon_worker.py"""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

import datetime  # noqa: E402
import importlib.metadata  # noqa: E402

import paimon_worker  # noqa: E402
import worker  # noqa: E402

OPERATORS = {
    "=": "equal",
    "<>": "not_equal",
    "<": "less_than",
    "<=": "less_or_equal",
    ">": "greater_than",
    ">=": "greater_or_equal",
}


class PyPaimon(paimon_worker.PyPaimon):
    def version(self):
        return f"pypaimon {importlib.metadata.version('pypaimon')}"

    def count(self, warehouse, table, where):
        column, operator, value, kind = where
        value = datetime.date.fromisoformat(value) if kind == "date" else value
        value = datetime.datetime.fromisoformat(value) if kind == "timestamp" else value
        builder = paimon_worker.open_table(warehouse, table).new_read_builder()
        predicates = builder.new_predicate_builder()
        null = operator == "IS" and value is None
        condition = predicates.is_null(column) if null else getattr(predicates, OPERATORS[operator])(column, value)
        builder = builder.with_filter(condition)
        return builder.new_read().to_arrow(builder.new_scan().plan().splits()).num_rows


worker.serve(PyPaimon())
