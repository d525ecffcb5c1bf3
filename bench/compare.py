# SPDX-License-Identifier: Apache-2.0
"""sluice beside Flink with Flink CDC: same server, same log, same start, both exactly once, one run.

Writes bench/results/<date>-compare-<pair>.md, the samples beside it as .json, and the table of README.

Sizes by environment: ROWS (2000000), CHANGES (1000000), PRELOAD (5000000), REPEATS (3), WORKLOADS ("sbtest"; there is
"lineitem" too), PAIR (mariadb-iceberg), PARALLELISM (1) of Flink, PIN (0; 1 gives the server one core and all else
another), MINUTES (none; no round of runs is begun that would end later), RESULT (file; "-" writes none, and only the
default one updates README). A log is made once and drained by each run alone; a run whose rows are not the source's
has no number, one that the machine disturbed is repeated. What was measured before an interruption is kept. The last
line is "N passed, N failed": a check is one run's rows, or one goal.
"""

import dataclasses
import datetime
import os
import shutil
import signal
import sys
import time

from testbed import CHECKPOINT_INTERVAL, HERE, ROOT, Testbed, from_position, say  # first: sets the path

import arguments
import compare_method
import compare_page
import engines
import flink
import flink_run
import measure
import pair_table
import sluice
from compare_pairs import PAIRS, Table
from dataset import WORKLOADS

number = arguments.number
SIZES = {
    "ROWS": number("ROWS", 2_000_000, 1),
    "CHANGES": number("CHANGES", 1_000_000),
    "PRELOAD": number("PRELOAD", 5_000_000, 1),
    "REPEATS": number("REPEATS", 3, 1),
}
ROWS, CHANGES, PRELOAD, REPEATS = SIZES.values()
NAMES = arguments.words("WORKLOADS", "sbtest", WORKLOADS)
PAIR = os.environ.get("PAIR", pair_table.DEFAULT)
PARALLELISM, MINUTES, PIN = number("PARALLELISM", 1, 1), number("MINUTES", 0), number("PIN", 0)
CORES = sorted(os.sched_getaffinity(0))
# What Flink's manual advises for a job whose state is small and on the heap.
FLINK_TUNED = {"taskmanager.memory.managed.size": "0m", "pipeline.object-reuse": "true"}
FOLDER = os.environ.get("BENCH_DIR", os.path.join(ROOT, "build", "compare"))
LAKE = "lake"  # every run writes here: a table's metadata holds the path of its files


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of the comparison: what is read from where, into what."""

    title: str
    unit: str
    table: Table
    items: int  # rows or changes
    records: int  # what Flink's source makes of them: an update is two
    begin: tuple | None  # position in the log; None copies the table
    base: str | None  # the folder of the lake to start from; None is an empty one
    digest: tuple  # (rows, sum) that the table must have in the end


class Compare(Testbed):
    """The server, the cluster of Flink, the reader, and the page that they fill."""

    def __init__(self):
        super().__init__(FOLDER)
        self.context.warehouse = self.context.lake.warehouse = self.paths(LAKE)[0]
        if PIN:
            measure.pin(os.getpid(), CORES[1:2])  # and all that it starts
            measure.pin(self.server.process.pid, CORES[:1])
        pair = PAIRS[PAIR]
        self.sink = pair.sink(self.context.lake)
        self.source = pair.source(self.server, self.sink.text_lengths)
        tuned = {**FLINK_TUNED, **self.sink.flink_settings}
        self.flink = flink.Flink(
            os.path.join(FOLDER, "flink"),
            self.sink.flink_peer,
            **{
                "execution.checkpointing.interval": CHECKPOINT_INTERVAL,
                "parallelism.default": PARALLELISM,
                **tuned,
            },
        )
        # An equality delete for each row is held in memory.
        os.environ.setdefault("PYSPARK_SUBMIT_ARGS", "--driver-memory 4g pyspark-shell")
        self.reader = self.sink.reader(self.sink.lake, os.path.join(FOLDER, "reader"))
        self.quiet = None
        self.lines, self.warm_for = [], None  # the line whose job the JVMs of Flink have run
        self.page = compare_page.Page(pair.title, PAIR, SIZES, REPEATS)
        self.page.method = compare_method.text(
            {**tuned, **self.source.flink_tuned},
            self.flink.settings,
            {**self.sink.flink_table, **self.sink.flink_options},
            REPEATS,
            PIN,
        )

    # ---- what is compared

    def prepare(self):
        self.quiet = measure.QuietMachine()
        self.reader.start()
        for name in NAMES:
            self.lines += self.lines_of(WORKLOADS[name])
        self.page.versions = [sluice_version(), self.flink.version, self.source.version(), self.reader.version]

    def lines_of(self, workload):
        name, flow, big = workload.name, f"{workload.name}_copy", f"{workload.name}_log"
        self.load(workload, flow, ROWS)
        table = self.source.table(flow, name)
        lines = [Line(f"{name}: snapshot", "row", table, ROWS, ROWS, None, None, self.source.digest(table))]
        if not CHANGES:
            return lines
        self.load(workload, big, PRELOAD)
        table = self.source.table(big, name)
        self.preload(table)
        begin = self.make_log(workload, big, PRELOAD, CHANGES)
        updated = set().union(*workload.updated(PRELOAD, CHANGES))
        self.source.touch(big, sorted(updated))
        changed = f"{workload.number} IN (SELECT n FROM {big}.touched) OR {workload.number} > {PRELOAD}"
        log = ("change", table, CHANGES, CHANGES + CHANGES // 2, begin)
        return lines + [
            Line(f"{name}: log into an empty table", *log, None, self.source.digest(table, changed)),
            Line(f"{name}: log into {PRELOAD:,} keys", *log, f"base-{name}", self.source.digest(table)),
        ]

    def preload(self, table):
        """A table with all rows from before the log, for both engines: sluice makes it, the reader is warmed on it."""
        say(f"  {table.name}: preloading a table of {PRELOAD:,} keys")
        path = self.sluice_file(table, None, "preload")
        measure.run_sluice(self.server, FOLDER, "preload", self.args(path, LAKE), PRELOAD)
        self.read_back(table)
        base = self.paths(f"base-{table.name}")[0]
        os.rename(self.paths(LAKE)[0], base)
        self.clear(LAKE)

    def restore(self, line):
        if line.begin is None:  # a copy reads the server's files, a log has just been written
            self.restart_server()
            if PIN:
                measure.pin(self.server.process.pid, CORES[:1])
        self.clear(LAKE)
        if line.base:
            shutil.copytree(self.paths(line.base)[0], self.paths(LAKE)[0], copy_function=link_or_copy)
        else:
            os.makedirs(self.paths(LAKE)[0])

    # ---- runs

    def sluice_file(self, table, start, name):
        """The pipeline file of sluice's part."""
        sink = self.sink.sluice_options
        return self.pipeline(table.database, table.name, LAKE, start, sink, {"name": name})

    def run_sluice(self, line, _cold):
        start = from_position(line.begin) if line.begin else None
        path = self.sluice_file(line.table, start, "compare")
        return measure.run_sluice(self.server, FOLDER, "sluice", self.args(path, LAKE), line.items)

    def run_flink(self, line, cold):
        if not cold and self.warm_for != line:  # the cold run failed
            self.run_flink(line, cold=True)
            self.restore(line)
        if cold:
            self.warm_for = None
            self.flink.stop()
            self.flink.start()
        statements = [
            f"SET 'pipeline.name' = '{line.title}'",
            self.source.flink_table("src", line.table, line.begin),
            *self.sink.flink_statements(line.table),
            self.sink.flink_insert(line.table, "src"),
        ]
        committed = lambda job: self.sink.committed(line.table, job)
        sample = flink_run.run(
            self.flink, self.server, statements, line.items, line.records, committed, cold
        )
        self.warm_for = line
        return sample

    def read_back(self, table):
        """(seconds of the fixed read-back, digest)."""
        began = time.monotonic()
        self.reader.ask("sql", script=[self.sink.scan_sql(table)])
        seconds = time.monotonic() - began
        rows, total = self.reader.ask("sql", script=[self.sink.digest_sql(table)])[0]
        return seconds, (int(rows), int(total))

    def measure(self, line, system):
        """One run from its start state to its proof, the least disturbed of some; a sample, or an error."""
        sample = self.quiet.least_disturbed(lambda: self.attempt(line, system))
        self.page.best_loop = self.quiet.best
        return sample

    def attempt(self, line, system):
        self.restore(line)
        before = self.sink.files()
        run = self.run_sluice if system == "sluice" else self.run_flink
        sample = self.quiet.timed(lambda: run(line, system == "Flink, cold"))
        made = {path: size for path, size in self.sink.files().items() if path not in before}
        sample.files, sample.written = len(made), sum(made.values())
        sample.read_seconds, digest = self.read_back(line.table)
        if digest != line.digest:
            raise compare_page.WrongRows(f"the table has (rows, checksum) {digest}, it should have {line.digest}")
        return sample

    def round(self, repetition):
        """(line, system) in the order of one round's runs: the systems take turns at going first."""
        for at, line in enumerate(self.lines):
            turns = [["sluice"], ["Flink, cold", "Flink, warm"]]
            if (repetition + at) % 2:
                turns.reverse()
            yield from ((line, system) for turn in turns for system in turn)

    def run(self):
        began = time.monotonic()
        self.prepare()
        runs = 3 * len(self.lines)
        self.page.expected = REPEATS * runs
        for repetition in range(REPEATS):
            round_began = time.monotonic()
            for done, (line, system) in enumerate(self.round(repetition), repetition * runs + 1):
                say(f"  run {done} of {self.page.expected}, {time.monotonic() - began:.0f} s after the start")
                try:
                    self.page.add(line, system, self.measure(line, system))
                except (AssertionError, RuntimeError, OSError) as error:
                    self.page.fail(line, system, error)
                self.page.write()
            now, rounds = time.monotonic(), repetition + 1
            if rounds < REPEATS and MINUTES and now - began + (now - round_began) > MINUTES * 60:
                say(f"  another round would take longer than {MINUTES} minutes: {rounds} of {REPEATS} are made")
                self.page.repeats, self.page.expected = rounds, rounds * runs
                break
        self.page.complete = True

    def close(self):
        self.flink.close()
        self.reader.stop()
        if self.page.failures:
            say(f"logs and lake are kept in {self.folder}")
            self.context.close()
        else:
            super().close()


def link_or_copy(source, target):
    """Data files never change once written: only metadata is copied."""
    if source.endswith(".parquet"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def sluice_version() -> str:
    return sluice.Job(["version"], FOLDER, "version").wait(60).out.strip()


def interrupt(*_):
    raise KeyboardInterrupt


def check_parameters():
    """What is left to say when all numbers are numbers."""
    if PAIR not in PAIRS:
        arguments.refuse(f"PAIR: there is no {PAIR}; known: {', '.join(PAIRS)}")
    if CHANGES > PRELOAD:
        arguments.refuse(f"CHANGES ({CHANGES}) is more than PRELOAD ({PRELOAD}); hint: a quarter of each is deleted")
    if CHANGES % 100:
        arguments.refuse(f"CHANGES is {CHANGES}; hint: a transaction has 100 changes")
    if PIN and len(CORES) < 2:
        arguments.refuse("PIN: there is one core only")
    if sys.argv[1:] not in ([], ["--check"], ["--list-pairs"], ["--list-peers"]):
        arguments.refuse(f"unknown argument {' '.join(sys.argv[1:])}; hint: sizes come from the environment")


def main():
    check_parameters()
    if sys.argv[1:]:
        lists = {"--list-pairs": list(PAIRS), "--list-peers": PAIRS[PAIR].sink.peers}
        print("\n".join(lists.get(sys.argv[1], ["parameters: good"])))
        return 0
    signal.signal(signal.SIGTERM, interrupt)
    if not os.path.exists(sluice.BINARY):
        sys.exit(f"error: {os.path.relpath(sluice.BINARY)} does not exist; hint: run scripts/compare")
    began = time.monotonic()
    default = os.path.join(HERE, "results", f"{datetime.date.today().isoformat()}-compare-{PAIR}.md")
    target = os.environ.get("RESULT") or default
    compare = None
    try:
        compare = Compare()
        compare.page.target = None if target == "-" else os.path.abspath(target)
        compare.run()
    except KeyboardInterrupt:
        say("interrupted")
    except (engines.Missing, AssertionError, RuntimeError, OSError) as error:
        say(f"error: {error}")
    finally:
        if compare:
            compare.page.write()
            compare.close()
    passed, failed = 0, 1
    if compare:
        print("\n" + compare.page.text())
        if compare.page.complete and target == default:
            compare_page.update_readme(os.path.join(ROOT, "README.md"), compare.page)
        passed, failed = compare.page.counts()
    say(f"time: {time.monotonic() - began:.0f} s")
    say(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
