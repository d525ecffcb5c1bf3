# SPDX-License-Identifier: Apache-2.0
"""The (source, sink) pairs of `make test-peers`: a new pair is a new line of PAIRS.

A pair names the engines that read its sink and the modules of checks that apply to it. A module of checks has
`prepare(bench)`, which runs once and lets sluice write, and `checks(bench, engine)`, which gives (name, function) for
one engine; both may be missing. `pipeline` holds what the pipeline file of the pair says beside the harness's defaults.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Pair:
    engines: tuple
    modules: tuple
    source: dict = field(default_factory=dict)
    sink: dict = field(default_factory=dict)


PAIRS = {
    "mariadb-iceberg": Pair(
        engines=("sluice", "pyiceberg", "duckdb", "spark", "trino"),
        modules=("check_written", "check_changed"),
    ),
}
