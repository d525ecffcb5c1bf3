#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The (source, sink) pairs: a new pair is one line of PAIRS, and every harness has it.

A pair names its source and its sink. What a harness needs of either is a class of its own, or a value, under the same
name: SOURCES and SINKS of test/crash/crash_pairs.py, test/differential/pairs.py, test/peers/pairs.py and
bench/compare_pairs.py. One that is missing there ends that harness at its start, and with it test_pairs of test/e2e.

  test/pair_table.py      prints the names, one a line
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    source: str
    sink: str

    @property
    def name(self) -> str:
        return f"{self.source}-{self.sink}"


PAIRS = {
    pair.name: pair
    for pair in (
        Pair("mariadb", "iceberg"),
        Pair("mariadb", "paimon"),
    )
}
DEFAULT = next(iter(PAIRS))


def joined(sources, sinks, make) -> dict:
    """Name -> make(name, source, sink) for each pair, by what a harness has under the pair's names."""
    return {name: make(name, sources[pair.source], sinks[pair.sink]) for name, pair in PAIRS.items()}


if __name__ == "__main__":
    print("\n".join(PAIRS))
