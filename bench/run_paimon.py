# SPDX-License-Identifier: Apache-2.0
"""The benchmark MariaDB -> Paimon: a log drained into tables with a primary key, for each kind of table.

Writes bench/results/<date>-mariadb-paimon.md. Sizes by environment: ROWS (2000000), CHANGES (2000000), REPEATS (3),
KINDS ("none input write-only buckets iceberg"), RESULT (file; "-" writes none). The log is made once; each run drains
it alone into a copy of the table that the job has copied. After the runs of a kind `sluice verify` compares table and
source.
"""

import datetime
import functools
import os
import shutil
import signal
import sys
import time

from testbed import HERE, ROOT, Testbed, from_position, say  # first: it says where the others are

import arguments
import measure
import paimon_files
import provenance
import sluice
from dataset import WORKLOADS
from page import figures_text, thousands, verdict

ROWS, CHANGES = arguments.number("ROWS", 2_000_000, 4), arguments.number("CHANGES", 2_000_000, 100)
REPEATS = arguments.number("REPEATS", 3, 1)
FOLDER = os.environ.get("BENCH_DIR", os.path.join(ROOT, "build", "bench-paimon"))
WORKLOAD = "sbtest"
MICROS_GOAL, RATE_GOAL, BUCKETS_MB_GOAL = 2.6, 300_000, 1024
KINDS = {  # options of the tables
    "none": {"bucket": 4},
    "input": {"bucket": 4, "changelog-producer": "input"},
    "write-only": {"bucket": 4, "write-only": "true"},
    "buckets": {"bucket": 100},
    "iceberg": {"bucket": 4, "metadata.iceberg.storage": "table-location"},
}
NAMES = arguments.words("KINDS", " ".join(KINDS), KINDS)


def sorted_runs(table, snapshot) -> int:
    """The most of any bucket: each file of level 0 is one, and each higher level."""
    buckets = table.levels(snapshot).values()
    return max(len(levels.get(0, [])) + sum(1 for level in levels if level > 0) for levels in buckets)


def most_runs(folder) -> int:
    """Of all snapshots that are there."""
    table = paimon_files.Table(folder)
    return max(sorted_runs(table, snapshot) for snapshot in table.snapshots())


class Bench(Testbed):
    def __init__(self):
        super().__init__(FOLDER)
        self.quiet = measure.QuietMachine()
        self.lines = []  # (kind, measure.Series, most runs)

    def table(self, kind, lake, source=None):
        """A pipeline file into tables of that kind, in a warehouse of its own."""
        sink = {
            "type": "paimon",
            "catalog.properties.metastore": "filesystem",
            "catalog.properties.warehouse": self.paths(lake)[0],
            **{f"table.properties.{key}": value for key, value in KINDS[kind].items()},
        }
        return self.pipeline("bench", WORKLOAD, lake, sink=sink, source=source)

    def run_sluice(self, path, lake, items):
        return measure.run_sluice(self.server, FOLDER, lake, self.args(path, lake), items)

    def copy(self, kind):
        """The table as it is before the log; the state beside it stands at the log's beginning."""
        kept = kind + "-kept"
        self.run_sluice(self.table(kind, kind), kind, ROWS)
        for source, target in zip(self.paths(kind), self.paths(kept)):
            shutil.rmtree(target, ignore_errors=True)
            os.rename(source, target)

    def restore(self, kind):
        self.clear(kind)
        for source, target in zip(self.paths(kind + "-kept"), self.paths(kind)):
            shutil.copytree(source, target)

    def measured(self, run, prepare):
        def attempt():
            prepare()
            measure.settle(self.server)
            return self.quiet.timed(run)

        return self.quiet.least_disturbed(attempt)

    def drain(self, kind):
        line, runs = measure.Series(f"{kind}: binlog → Paimon", "change"), 0
        path = self.table(kind, kind)
        folder = os.path.join(self.paths(kind)[0], "bench.db", WORKLOAD)
        for _ in range(REPEATS):
            run = functools.partial(self.run_sluice, path, kind, CHANGES)
            line.add(self.measured(run, lambda: self.restore(kind)))
            runs = max(runs, most_runs(folder))
        result = sluice.Job(["verify", path], FOLDER, "verify").wait(1800)
        if result.code:
            raise RuntimeError(f"{kind}: verify found a difference:\n{result.out}{result.err}")
        say(f"    verified; {runs} sorted runs in a bucket at most")
        self.lines.append((kind, line, runs))
        for lake in (kind, kind + "-kept"):
            self.clear(lake)

    def run(self):
        self.load(WORKLOADS[WORKLOAD], "bench", ROWS)
        for kind in NAMES:
            say(f"  {kind}: copy")
            self.copy(kind)
        begin = self.make_log(WORKLOADS[WORKLOAD], "bench", ROWS, CHANGES)
        hole = self.pipeline("bench", WORKLOAD, "hole", sink={"type": "blackhole"}, source=from_position(begin))
        self.floor = measure.Series("binlog → `blackhole`", "change")
        for _ in range(REPEATS):
            run = functools.partial(self.run_sluice, hole, "hole", CHANGES)
            self.floor.add(self.measured(run, lambda: self.clear("hole")))
        for kind in NAMES:
            self.drain(kind)
        self.version = self.server.execute("SELECT @@version")[0][0]

    def goal(self, kind, line) -> str:
        micros, rate = line.micros()[0], line.rate()[0]
        if kind == "iceberg":
            return "none"
        if kind == "buckets":
            peak = line.rss_mb()[2]
            return f"≤ {BUCKETS_MB_GOAL} MB: {verdict(peak <= BUCKETS_MB_GOAL)}"
        good = f"≤ {MICROS_GOAL} µs: {verdict(micros <= MICROS_GOAL)}; "
        return good + f"≥ {RATE_GOAL // 1000} k/s: {verdict(rate >= RATE_GOAL)}"

    def row(self, name, line, runs, goal) -> str:
        disturbed = any(measure.disturbance(sample, self.quiet.best) > 1 for sample in line.samples)
        micros = figures_text(line.micros()) + (f" {measure.MARK}" if disturbed else "")
        return f"| {name} | {micros} | {thousands(line.rate())} | {line.rss_mb()[2]:.0f} | {runs} | {goal} |"

    def text(self) -> str:
        options = {kind: ", ".join(f"{k}={v}" for k, v in KINDS[kind].items()) for kind in KINDS}
        tries = [sample.tries for _, line, _ in self.lines for sample in line.samples]
        given = provenance.given_sizes(("ROWS", "CHANGES", "REPEATS", "KINDS"))
        return "\n".join(
            [
                "# MariaDB → Paimon",
                "",
                f"* machine: {provenance.machine()}",
                f"* server: MariaDB {self.version} on the same machine, loopback",
                f"* commit: {provenance.commit()}",
                f"* command: `PAIR=mariadb-paimon {given}make bench`",
                f"* sysbench shape, {ROWS:,} rows, then a log of {CHANGES:,} changes (50 % update, 25 % insert, 25 %"
                f" delete, 100 to a transaction), {REPEATS} repetitions: median (lowest–highest); 10 s checkpoints,"
                " exactly once, Parquet zstd-1",
                f"* noise: {measure.noise(self.quiet.loops)}, {self.quiet.best * 1000:.0f} ms at best;"
                f" {sum(tries) - len(tries)} of {sum(tries)} runs were made again; {measure.MARK}: the last try was"
                " disturbed too",
                "* CPU is user + system of the whole process from its start to its end, compaction and commits"
                " included; after the runs of a line `sluice verify` compared the table with the source",
                "",
                "| table | CPU µs per change | per second | peak MB | sorted runs at most | goal |",
                "|---|--:|--:|--:|--:|---|",
                self.row(self.floor.name, self.floor, "", "floor"),
                *[self.row(options[kind], line, runs, self.goal(kind, line)) for kind, line, runs in self.lines],
                "",
            ]
        )


def main():
    arguments.Parser(__doc__).parse_args()  # sizes come from the environment
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not os.path.exists(sluice.BINARY):
        sys.exit(f"error: {os.path.relpath(sluice.BINARY)} does not exist; hint: run scripts/bench")
    began = time.monotonic()
    bench = Bench()
    try:
        bench.run()
    finally:
        bench.close()
    print("\n" + bench.text())
    result = os.environ.get("RESULT") or os.path.join(
        HERE, "results", f"{datetime.date.today().isoformat()}-mariadb-paimon.md"
    )
    if result != "-":
        with open(result, "w", encoding="utf-8") as file:
            file.write(bench.text())
        say(f"written: {os.path.relpath(result)}")
    say(f"time: {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
