# SPDX-License-Identifier: Apache-2.0
"""The benchmark MariaDB -> Iceberg: snapshot, drain of a log, memory, start.

Writes bench/results/<date>-mariadb-iceberg.md.

Sizes by environment: ROWS (2000000), CHANGES (1000000), REPEATS (3), TABLES (500), IDLE_SECONDS (30), WORKLOADS
("sbtest lineitem"), KEYS (20000000, the memory of that many keys; 0 for none), RESULT (file; "-" writes none).
The log is made once and drained by every repetition alone; each result is verified before its numbers count.
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
import mariadb
import measure
import page
import sluice
from dataset import WORKLOADS

number = arguments.number
ROWS, CHANGES, REPEATS = number("ROWS", 2_000_000, 1), number("CHANGES", 1_000_000), number("REPEATS", 3, 1)
TABLES, IDLE_SECONDS, KEYS = number("TABLES", 500), number("IDLE_SECONDS", 30), number("KEYS", 20000000)
SHORT = 3  # runs of less than a second are made so many times as often
NAMES = arguments.words("WORKLOADS", "sbtest lineitem", WORKLOADS)
FLOORS = os.environ.get("FLOORS", os.path.join(ROOT, "build"))  # the folder of server_floor and write_floor
FOLDER = os.environ.get("BENCH_DIR", os.path.join(ROOT, "build", "bench"))
SERVER_FLOOR, WRITE_FLOOR = os.path.join(FLOORS, "server_floor"), os.path.join(FLOORS, "write_floor")


class Bench(Testbed):
    """Fills a page.Page."""

    def __init__(self):
        super().__init__(FOLDER)
        self.page = page.Page(ROWS, CHANGES, REPEATS, SHORT)
        self.quiet = measure.QuietMachine()

    def measured(self, run, prepare=lambda: None) -> measure.Sample:
        """run()'s Sample, made again, prepared anew, while other processes disturb it."""

        def attempt():
            prepare()
            measure.settle(self.server)
            return self.quiet.timed(run)

        return self.quiet.least_disturbed(attempt)

    def run_sluice(self, name, path, items):
        return measure.run_sluice(self.server, FOLDER, name, self.args(path, name), items)

    # ---- snapshot

    def snapshot(self, name):
        """Snapshot of one table and its floors, in turn; leaves the lake of the last repetition."""
        workload, table = WORKLOADS[name], f"bench.{name}"
        self.load(workload, "bench", ROWS)
        lines = {
            key: measure.Series(text)
            for key, text in (
                ("sluice", f"{name}: snapshot → Iceberg"),
                ("hole", f"{name}: snapshot → blackhole"),
                ("text", f"{name}: `SELECT *`, text protocol, dropped"),
                ("binary", f"{name}: `SELECT *`, binary protocol, dropped"),
                ("parquet", f"{name}: Arrow's Parquet writer alone"),
            )
        }
        hole = self.pipeline("bench", name, "hole", sink={"type": "blackhole"})
        path = self.pipeline("bench", name, name)
        for _ in range(REPEATS):
            for mode in ("text", "binary"):
                floor = functools.partial(measure.select_floor, SERVER_FLOOR, self.server, mode, table)
                lines[mode].add(self.measured(floor))
            run = functools.partial(self.run_sluice, name, path, ROWS)
            lines["sluice"].add(self.measured(run, lambda: self.clear(name)))
            files = [f for f in self.context.lake.files(table) if f.endswith(".parquet")]
            lines["parquet"].add(self.measured(lambda: measure.floor(WRITE_FLOOR, *files)))
            run = functools.partial(self.run_sluice, "hole", hole, ROWS)
            lines["hole"].add(self.measured(run, lambda: self.clear("hole")))
        self.verify(name, name)
        self.page.snapshot(name, lines)

    def verify(self, name, lake):
        """The rows count and `sluice verify`; a wrong lake has no numbers."""
        path = self.pipeline("bench", name, lake)
        wanted = self.server.execute(f"SELECT COUNT(*) FROM bench.{name}")[0][0]
        have = (
            self.context.lake.open(f"bench.{name}")
            .scan(selected_fields=(self.context.lake.columns(f"bench.{name}")[0][0],))
            .to_arrow()
            .num_rows
        )
        if have != wanted:
            raise RuntimeError(f"{name}: the lake has {have} rows, the source {wanted}")
        result = sluice.Job(["verify", path], FOLDER, "verify").wait(1800)
        if result.code:
            raise RuntimeError(f"{name}: verify found a difference:\n{result.out}{result.err}")
        say(f"    verified: {wanted:,} rows equal")

    # ---- drain

    def drain(self, name):
        """Drains the log into a copy of the lake of the snapshot; the log is the same for all."""
        lines = {
            key: measure.Series(text, "change")
            for key, text in (
                ("sluice", f"{name}: binlog → Iceberg upsert"),
                ("hole", f"{name}: binlog → `blackhole`"),
                ("raw", f"{name}: raw binlog fetch, dropped"),
            )
        }
        kept = name + "-kept"
        self.clear(kept)
        for source, target in zip(self.paths(name), self.paths(kept)):
            os.rename(source, target)
        begin = self.make_log(WORKLOADS[name], "bench", ROWS, CHANGES)
        hole = self.pipeline("bench", name, "hole", sink={"type": "blackhole"}, source=from_position(begin))
        path = self.pipeline("bench", name, name)
        for repetition in range(REPEATS * SHORT):
            lines["raw"].add(self.measured(lambda: self.fetch(begin)))
            run = functools.partial(self.run_sluice, "hole", hole, CHANGES)
            lines["hole"].add(self.measured(run, lambda: self.clear("hole")))
            if repetition % SHORT == 0:
                run = functools.partial(self.run_sluice, name, path, CHANGES)
                lines["sluice"].add(self.measured(run, lambda: self.restore(name, kept)))
        self.verify(name, name)
        self.page.drain(name, lines)

    def fetch(self, begin):
        raw = measure.floor(SERVER_FLOOR, "binlog", self.server.port, mariadb.USER, mariadb.PASSWORD, *begin)
        return measure.Sample(CHANGES, raw.seconds, raw.cpu)

    def restore(self, name, kept):
        self.clear(name)
        for source, target in zip(self.paths(kept), self.paths(name)):
            shutil.copytree(source, target)

    # ---- memory and start

    def idle(self):
        """A running job with one table, after so many seconds in which nothing changes."""
        name = NAMES[-1]
        job = sluice.Job(
            [
                a
                for a in self.args(self.pipeline("bench", name, name), name)
                if a not in ("--until", "caught-up")
            ],
            FOLDER,
            "idle",
        )
        full = measure.idle_rss_kb(job, IDLE_SECONDS)
        job.terminate(10)
        self.server.execute(
            "CREATE DATABASE idle; CREATE TABLE idle.t (id INT PRIMARY KEY, v INT); INSERT INTO idle.t VALUES (1, 1)"
        )
        small = sluice.Job(
            [
                a
                for a in self.args(self.pipeline("idle", "t", "idle"), "idle")
                if a not in ("--until", "caught-up")
            ],
            FOLDER,
            "idle-small",
        )
        one = measure.idle_rss_kb(small, IDLE_SECONDS)
        small.terminate(10)
        say(f"    idle: {one / 1024:.1f} MB with one small table, {full / 1024:.1f} MB with {ROWS:,} keys")
        self.page.idle(one, full, IDLE_SECONDS)

    def many_tables(self):
        self.server.execute(
            "CREATE DATABASE many; USE many; "
            + ";".join(
                f"CREATE TABLE t{i} (id INT PRIMARY KEY, a VARCHAR(20), b DATETIME); INSERT INTO t{i} SELECT seq,"
                " seq, NOW() FROM seq_1_to_10"
                for i in range(TABLES)
            )
        )
        path = self.pipeline("many", "t[0-9]+", "many")
        first = measure.run_sluice(self.server, FOLDER, "many", self.args(path, "many"), TABLES)
        again = [
            measure.run_sluice(self.server, FOLDER, "many", self.args(path, "many"), TABLES) for _ in range(REPEATS)
        ]
        seconds = sorted(s.seconds for s in again)
        say(
            f"    {TABLES} tables: first run {first.seconds:.1f} s, start of an idle job"
            f" {seconds[len(seconds) // 2]:.2f} s"
        )
        self.page.many(TABLES, first, again)

    def keys(self):
        say(f"  {KEYS:,} keys")
        self.server.execute(
            "SET sql_log_bin = 0; CREATE DATABASE big; USE big; CREATE TABLE t (id BIGINT PRIMARY KEY, v INT); "
            f"INSERT INTO t SELECT seq * 3, seq FROM seq_1_to_{KEYS}"
        )
        path = self.pipeline("big", "t", "big")
        first = measure.run_sluice(self.server, FOLDER, "big", self.args(path, "big"), KEYS)
        self.server.execute("UPDATE big.t SET v = v + 1 WHERE id % 1000 = 0")
        second = measure.run_sluice(self.server, FOLDER, "big", self.args(path, "big"), KEYS)
        say(
            f"    {KEYS:,} keys: peak {first.rss_kb / 1024:.0f} MB in the snapshot, {second.rss_kb / 1024:.0f} MB"
            " when resumed"
        )
        self.page.keys(KEYS, first, second)

    def run(self):
        for name in NAMES:
            self.snapshot(name)
            if CHANGES:
                self.drain(name)
        if IDLE_SECONDS:
            self.idle()
        if TABLES:
            self.many_tables()
        if KEYS:
            self.keys()
        self.page.finish(self.server, self.quiet)


def main():
    arguments.Parser(__doc__).parse_args()  # sizes come from the environment
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for program in (sluice.BINARY, SERVER_FLOOR, WRITE_FLOOR):
        if not os.path.exists(program):
            sys.exit(f"error: {os.path.relpath(program)} does not exist; hint: run scripts/bench")
    began = time.monotonic()
    bench = Bench()
    try:
        bench.run()
    finally:
        bench.close()
    text = bench.page.text()
    print("\n" + text)
    result = os.environ.get("RESULT") or os.path.join(
        HERE, "results", f"{datetime.date.today().isoformat()}-mariadb-iceberg.md"
    )
    if result != "-":
        os.makedirs(os.path.dirname(os.path.abspath(result)), exist_ok=True)
        with open(result, "w", encoding="utf-8") as file:
            file.write(text)
        say(f"written: {os.path.relpath(result)}")
    say(f"time: {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
