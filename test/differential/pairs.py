# SPDX-License-Identifier: Apache-2.0
"""Every (source, sink) that the differential test runs: one line a pair."""

from iceberg_sink import IcebergSink
from mariadb_source import MariaDbSource

PAIRS = {
    "mariadb-iceberg": (MariaDbSource, IcebergSink),
}
