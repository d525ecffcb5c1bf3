# SPDX-License-Identifier: Apache-2.0
"""What the differential test runs of the pairs of test/pair_table.py: their sources and sinks by name."""

import os
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import pair_table  # noqa: E402
from iceberg_sink import IcebergSink  # noqa: E402
from mariadb_source import MariaDbSource  # noqa: E402
from paimon_sink import PaimonSink  # noqa: E402

SOURCES = {"mariadb": MariaDbSource}
SINKS = {"iceberg": IcebergSink, "paimon": PaimonSink}
PAIRS = pair_table.joined(SOURCES, SINKS, lambda _name, source, sink: (source, sink))
