# SPDX-License-Identifier: Apache-2.0
"""How long Flink takes to read what a job of sluice leaves, beside the same table fully compacted.

Writes bench/results/<date>-read-back-paimon.md. Sizes by environment: ROWS (2000000), CHANGES (4000000), REPEATS (5),
KINDS ("none input"), RESULT (file; "-" writes none). A log is drained into the copied table once for each kind. Then
one warm Flink reads in turns: the table as the job left it, its snapshot with the most sorted runs that is still there,
and a copy on which `sluice paimon compact --compact_strategy full` was run. All must give the same sums, but for the
snapshot of before. The last line is "N passed, N failed": a check is the goal of one kind.
"""

import datetime
import os
import shutil
import signal
import statistics
import sys
import time

os.environ.setdefault("KINDS", "none input")  # of run_paimon.py, too
os.environ.setdefault("CHANGES", "4000000")
os.environ.setdefault("REPEATS", "5")
HERE = os.path.dirname(os.path.abspath(__file__))
os.environ.setdefault("BENCH_DIR", os.path.join(os.path.dirname(HERE), "build", "read-back"))

import run_paimon  # noqa: E402  first: it says where the others are
from run_paimon import CHANGES, NAMES, REPEATS, ROWS, WORKLOAD, WORKLOADS, sorted_runs  # noqa: E402
from testbed import say  # noqa: E402

import arguments  # noqa: E402
import engines  # noqa: E402
import lake as lake_module  # noqa: E402
import measure  # noqa: E402
import paimon_engines  # noqa: E402
import paimon_files  # noqa: E402
import provenance  # noqa: E402
import sluice  # noqa: E402
from page import verdict  # noqa: E402

GOAL = 1.2  # times the fully compacted table
LEFT, MIDST, FULL = "as the job left it", "its snapshot with the most runs", "fully compacted"
SQL = "SELECT COUNT(*), SUM(id + k + CHAR_LENGTH(c) + CHAR_LENGTH(pad)) FROM bench.{}{}"


class ReadBack(run_paimon.Bench):
    """The runs of run_paimon.py, once each; Flink reads what they leave."""

    def __init__(self):
        super().__init__()
        self.lines = []  # (kind, what, sorted runs, seconds of each read)
        self.version = ""

    def run(self):
        self.load(WORKLOADS[WORKLOAD], "bench", ROWS)
        for kind in NAMES:
            say(f"  {kind}: copy")
            self.copy(kind)
        self.make_log(WORKLOADS[WORKLOAD], "bench", ROWS, CHANGES)
        for kind in NAMES:
            say(f"  {kind}: drain")
            self.restore(kind)
            self.run_sluice(self.table(kind, kind), kind, CHANGES)
            self.read(kind)

    def read(self, kind):
        """Reads the table of that kind by turns."""
        warehouse = self.paths(kind)[0]
        left = os.path.join(warehouse, "bench.db", WORKLOAD)
        shutil.copytree(left, os.path.join(warehouse, "bench.db", "compacted"))
        compact = ["paimon", "compact", "--warehouse", warehouse, "--database", "bench", "--table", "compacted"]
        done = sluice.Job([*compact, "--compact_strategy", "full"], self.folder, "compact").wait(600)
        if done.code:
            raise RuntimeError(f"{kind}: the full compaction failed:\n{done.out}{done.err}")
        table, full = paimon_files.Table(left), paimon_files.Table(os.path.join(warehouse, "bench.db", "compacted"))
        runs = {snapshot["id"]: sorted_runs(table, snapshot) for snapshot in table.snapshots()}
        worst = max(runs, key=runs.get)
        hint = f" /*+ OPTIONS('scan.snapshot-id' = '{worst}') */"
        queries = {
            LEFT: (SQL.format(WORKLOAD, ""), runs[max(runs)]),
            MIDST: (SQL.format(WORKLOAD, hint), runs[worst]),
            FULL: (SQL.format("compacted", ""), sorted_runs(full, full.snapshots()[-1])),
        }
        seconds = self.turns(kind, {what: query for what, (query, _) in queries.items()})
        self.lines += [(kind, what, queries[what][1], seconds[what]) for what in queries]

    def turns(self, kind, queries):
        """Seconds of each query, asked by turns of a Flink that has seen them all."""
        engine = paimon_engines.Flink(lake_module.Lake(self.paths(kind)[0]), os.path.join(self.folder, f"flink-{kind}"))
        engine.start()
        self.version = engine.version
        seconds, answers = {what: [] for what in queries}, {}
        try:
            for turn in range(-2, REPEATS):  # two warm the JVM
                for what, query in queries.items():
                    measure.settle(self.server)
                    self.quiet.wait()
                    began = time.monotonic()
                    answer = engine.ask("query", sql=query)["rows"]
                    passed = time.monotonic() - began
                    if answers.setdefault(what, answer) != answer:
                        raise RuntimeError(f"{kind}: {what}: {answer} after {answers[what]}")
                    if turn >= 0:
                        seconds[what].append(passed)
        finally:
            engine.stop()
        expected = [[int(value) for value in self.server.execute(SQL.format(WORKLOAD, ""))[0]]]
        if not expected == answers[LEFT] == answers[FULL]:
            raise RuntimeError(f"{kind}: Flink reads {answers}, the source has {expected}")
        for what, found in seconds.items():
            say(f"    {what}: {statistics.median(found):.2f} s ({min(found):.2f}–{max(found):.2f})")
        return seconds

    def ratio(self, kind, what) -> float:
        medians = {w: statistics.median(s) for k, w, _, s in self.lines if k == kind}
        return medians[what] / medians[FULL]

    def row(self, kind, what, runs, seconds) -> str:  # pylint: disable=arguments-differ,arguments-renamed
        ratio = self.ratio(kind, what)
        goal = f"≤ {GOAL}: {verdict(ratio <= GOAL)}" if what == LEFT else ""
        shown = f"**{statistics.median(seconds):.2f}** ({min(seconds):.2f}–{max(seconds):.2f})"
        return f"| {kind}: {what} | {runs} | {shown} | {ratio:.2f} | {goal} |"

    def text(self) -> str:
        given = provenance.given_sizes(("ROWS", "CHANGES", "REPEATS", "KINDS"))
        return "\n".join(
            [
                "# Flink reads what sluice wrote",
                "",
                f"* machine: {provenance.machine()}",
                f"* reader: {self.version}, one warm JVM, batch, parallelism 1",
                f"* commit: {provenance.commit()}",
                f"* command: `{given}python3 bench/read_back.py`",
                f"* sysbench shape, {ROWS:,} rows copied, then a log of {CHANGES:,} changes drained into four buckets,"
                " checkpoint every 10 s; the query reads all columns; its sums are those of the source",
                f"* {REPEATS} reads by turns after two to warm up: median (lowest–highest)",
                f"* noise: {measure.noise(self.quiet.loops)}, {self.quiet.best * 1000:.0f} ms at best",
                "",
                "| table | sorted runs of a bucket at most | seconds | times the compacted one | goal |",
                "|---|--:|--:|--:|---|",
                *[self.row(*line) for line in self.lines],
                "",
            ]
        )


def main():
    arguments.Parser(__doc__).parse_args()  # sizes come from the environment
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not os.path.exists(sluice.BINARY):
        sys.exit(f"error: {os.path.relpath(sluice.BINARY)} does not exist; hint: run scripts/build")
    bench = ReadBack()
    try:
        bench.run()
    except engines.Missing as missing:
        sys.exit(f"error: {missing}")
    finally:
        bench.close()
    print("\n" + bench.text())
    default = os.path.join(HERE, "results", f"{datetime.date.today().isoformat()}-read-back-paimon.md")
    result = os.environ.get("RESULT") or default
    if result != "-":
        with open(result, "w", encoding="utf-8") as file:
            file.write(bench.text())
        say(f"written: {os.path.relpath(result)}")
    failed = sum(1 for kind in NAMES if bench.ratio(kind, LEFT) > GOAL)
    say(f"{len(NAMES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
