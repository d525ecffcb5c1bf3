# SPDX-License-Identifier: Apache-2.0
"""What `make test-peers` runs of the pairs of test/pair_table.py.

A sink names the engines that read it, of ENGINES in `engine_module`, the modules of checks that apply to it, and the
module with the SCENARIOS of check_written. A module of checks has `names(pair, engine)`, the names or their beginnings
for one engine; `prepare(bench)`, which runs once and lets sluice write; `checks(bench, engine)`, which gives (name,
function) for one engine. A source needs nothing here: the harness of
test/e2e writes its block of the pipeline file.
"""

import os
import sys
from dataclasses import dataclass

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import pair_table  # noqa: E402


@dataclass(frozen=True)
class Sink:
    engines: tuple
    modules: tuple
    engine_module: str = "engines"
    tables: str = "tables"


SOURCES = {"mariadb": None}
SINKS = {
    "iceberg": Sink(
        engines=("sluice", "pyiceberg", "duckdb", "spark", "trino"),
        modules=("check_written", "check_changed"),
    ),
    "paimon": Sink(
        engines=(
            "sluice", "pypaimon", "flink", "spark",
            "beside-pyiceberg", "beside-duckdb", "beside-spark", "beside-trino",
            "rest-pyiceberg", "rest-spark",
        ),
        modules=(
            "check_written", "check_turns", "check_actions", "check_follow", "check_beside", "check_jdbc",
            "check_rest", "check_hive", "check_evolve", "check_nanos", "check_variant",
            "check_paimon_rest",
        ),
        engine_module="paimon_engines",
        tables="tables_paimon",
    ),
}
PAIRS = pair_table.joined(SOURCES, SINKS, lambda _name, _source, sink: sink)
