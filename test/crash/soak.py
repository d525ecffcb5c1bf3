#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make soak: hours under load with a fault every 30 to 120 s; nothing may grow, nothing may differ at the end.

  test/crash/soak.py [--pair mariadb-iceberg] [--minutes 60] [--seed S] [--page] [--dir DIR]

Prints a line each interval: memory (RSS) and its slope, open files, threads, lag, how far epochs came in the interval
asked for, bytes of table metadata. Fails if after the warm-up, within the life of one process, RSS grows faster than
RSS_SLOPE, files or threads beyond what they were, if epochs are late, or if the final comparison differs. A short run
has faults at shorter distances and looks at the growth in all instead of the slope; one whose faults left no process
that was watched for long enough goes on until there is one.
"""

import collections
import os
import random
import re
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "e2e")]

import run as e2e_run  # noqa: E402  enters the Python that scripts/setup made

import arguments  # noqa: E402
import crash_pairs  # noqa: E402
import faults  # noqa: E402
import harness  # noqa: E402
import pair_table  # noqa: E402
import processes  # noqa: E402
import provenance  # noqa: E402
import scenario  # noqa: E402
import soak_page  # noqa: E402

INTERVAL_SECONDS = 0.5  # between two epochs
DDL_EVERY = 500  # transactions: each change of columns stays in the table's metadata for good
LOAD_PAUSE = 0.02  # seconds between two transactions
FAULT_SECONDS = (30, 120)
SAMPLE_SECONDS = 1.0
EPOCH_POLL_SECONDS = 0.2
WARM_UP_SECONDS = 60  # of each process: first copy, key indexes, buffers; at most a third of a short run
SAMPLES_MIN = 12  # after the warm-up, to judge a process
RSS_SLOPE = 1.0  # MB a minute, over the second half of a life of SLOPE_SECONDS and more
SLOPE_SECONDS = 600
RSS_GROWTH = 48.0  # MB, first third to last third of a shorter life
FDS_GROWTH, THREADS_GROWTH = 8, 4
LATE_FACTOR = 6  # an epoch is late when it takes so many times the interval asked for; a machine may be shared
LATE_SHARE = 0.05  # of the time outside of faults in which the next epoch may be late
KILL_SHARE = 0.1  # of the faults; a kill begins a new life


class Life:
    """What was sampled of one process: (seconds since its start, RSS in MB, files, threads)."""

    def __init__(self, pid):
        self.pid, self.began, self.samples = pid, time.monotonic(), []

    def sample(self):
        try:
            files = len(os.listdir(f"/proc/{self.pid}/fd"))
            threads = len(os.listdir(f"/proc/{self.pid}/task"))
        except OSError:
            return
        self.samples.append((time.monotonic() - self.began, processes.rss_kb(self.pid) / 1024, files, threads))

    def warm(self, warm_up):
        return [s for s in self.samples if s[0] >= warm_up]

    @staticmethod
    def mean(samples, at) -> float:
        return sum(s[at] for s in samples) / len(samples)

    @staticmethod
    def slope(samples) -> float:
        """MB a minute, by least squares."""
        middle, level = Life.mean(samples, 0), Life.mean(samples, 1)
        spread = sum((s[0] - middle) ** 2 for s in samples)
        return 60 * sum((s[0] - middle) * (s[1] - level) for s in samples) / spread if spread else 0.0

    def judged(self, warm_up) -> bool:
        """Whether it was watched for long enough to tell growth from noise."""
        return len(self.warm(warm_up)) >= SAMPLES_MIN

    def problems(self, warm_up) -> list[str]:
        samples = self.warm(warm_up)
        if len(samples) < SAMPLES_MIN:
            return []
        out, third = [], len(samples) // 3
        first, last = samples[:third], samples[-third:]
        span = samples[-1][0] - samples[0][0]
        if span >= SLOPE_SECONDS:
            grown = self.slope(samples[len(samples) // 2 :])
            if grown > RSS_SLOPE:
                out.append(f"RSS grows by {grown:.2f} MB a minute over {span:.0f} s, allowed are {RSS_SLOPE}")
        else:
            grown = self.mean(last, 1) - self.mean(first, 1)
            if grown > RSS_GROWTH:
                out.append(f"RSS grew by {grown:.1f} MB within {span:.0f} s, allowed are {RSS_GROWTH}")
        for at, what, allowed in ((2, "open files", FDS_GROWTH), (3, "threads", THREADS_GROWTH)):
            grown = self.mean(last, at) - self.mean(first, at)
            if grown > allowed:
                out.append(f"{what} grew by {grown:.1f}, allowed are {allowed}")
        return out


class Checkpoints:
    """How far epochs come in the interval that was asked for, while nothing is broken."""

    def __init__(self, interval):
        self.interval, self.late_after = interval, interval * LATE_FACTOR
        self.seen, self.seconds, self.late, self.longest = 0, 0.0, 0.0, 0.0
        self._epoch = self._at = 0

    def begin(self, now, epoch):
        self._epoch, self._at = epoch, now

    def see(self, now, epoch):
        if epoch > self._epoch:
            self.seen += epoch - self._epoch
            self.end(now)
            self.begin(now, epoch)

    def end(self, now):
        """Nobody looks from now on: the wait for the next epoch counts as far as it came."""
        waited = now - self._at
        self.seconds += waited
        self.late += max(0.0, waited - self.late_after)
        self.longest = max(self.longest, waited)
        self._at = now

    def text(self) -> str:
        rate = f"{self.seconds / self.seen * 1000:.0f} ms" if self.seen else "never"
        share = self.late / self.seconds if self.seconds else 1.0
        return (
            f"an epoch each {rate} (asked for: {self.interval * 1000:.0f} ms), longest wait {self.longest:.1f} s,"
            f" {share:.1%} of the time later than {self.late_after:.1f} s"
        )

    def problem(self) -> str:
        if not self.seen:
            return f"no epoch within {self.seconds:.0f} s outside of faults"
        late = self.late > LATE_SHARE * self.seconds
        return f"{self.text()}; allowed are {LATE_SHARE:.0%}" if late else ""


class Soak:
    """One run: samples, checkpoints and faults on a Scenario."""

    def __init__(self, run, minutes, rng):
        self.run, self.rng, self.seconds = run, rng, minutes * 60
        self.warm_up = min(WARM_UP_SECONDS, self.seconds / 3)
        shorter = min(1.0, self.seconds / 600)
        self.distance = tuple(s * shorter for s in FAULT_SECONDS)
        self.faults, self.lags = collections.Counter(), []
        self.lives, self.checkpoints = [], Checkpoints(INTERVAL_SECONDS)
        self.grown = {}  # what grew in the lake, without its numbers -> when that was first seen

    def life(self) -> Life:
        if not self.lives or self.lives[-1].pid != self.run.job.pid:
            self.lives.append(Life(self.run.job.pid))
        return self.lives[-1]

    def watch(self, seconds):
        """Samples until the time is over; sluice must not end."""
        now = time.monotonic()
        until, next_sample = now + seconds, now + SAMPLE_SECONDS
        self.life()
        self.checkpoints.begin(now, self.run.sink.epoch()[0])
        while (now := time.monotonic()) < until:
            self.run.pause(min(EPOCH_POLL_SECONDS, max(0.01, until - now)), must_run=True)
            epoch = self.run.sink.epoch()[0]
            self.checkpoints.see(time.monotonic(), epoch)
            if time.monotonic() >= next_sample:
                self.life().sample()
                next_sample = time.monotonic() + SAMPLE_SECONDS
        self.checkpoints.end(time.monotonic())

    def lag_ms(self) -> float:
        """Time until a transaction of now is in the lake."""
        began = time.monotonic()
        self.run.progress()
        self.lags.append((time.monotonic() - began) * 1000)
        return self.lags[-1]

    def line(self, began) -> str:
        life, sizes = self.life(), self.run.sink.metadata_bytes()
        warm = life.warm(self.warm_up)
        grown = life.slope(warm) if len(warm) > 2 else 0
        last = life.samples[-1] if life.samples else (0, 0, 0, 0)
        return (
            f"{(time.monotonic() - began) / 60:6.1f} min  RSS {last[1]:.0f} MB ({grown:+.2f} MB/min), {last[2]} files,"
            f" {last[3]} threads, lag {self.lag_ms():.0f} ms, {self.checkpoints.text()}, metadata"
            f" {sum(sizes.values()) / 1e6:.2f} MB (largest {max(sizes.values(), default=0) / 1e6:.2f}),"
            f" {self.transactions()} transactions"
        )

    def transactions(self) -> int:
        return self.run.steps + (self.run.load.steps if self.run.load else 0)

    def go(self):
        began = time.monotonic()
        self.run.started()
        self.watch(self.warm_up)
        while (left := self.seconds - (time.monotonic() - began)) > 0:
            name = "kill" if self.rng.random() < KILL_SHARE else self.rng.choice(faults.IN_PROCESS)
            self.run.inject(name)
            self.faults[name] += 1
            self.run.started()
            self.watch(min(left, self.rng.uniform(*self.distance)))
            self.look((time.monotonic() - began) / 60)
            print(f"     {self.line(began)}; {name}", flush=True)
        for _ in range(3):
            if not self.judged():
                print("     no process was watched for long enough to judge it: this one goes on", flush=True)
                age = time.monotonic() - self.life().began
                self.watch(max(0.0, self.warm_up - age) + (SAMPLES_MIN + 3) * SAMPLE_SECONDS)

    def judged(self) -> list[Life]:
        return [life for life in self.lives if life.judged(self.warm_up)]

    def look(self, minutes):
        """The newest epoch is whole, and upkeep keeps up, while sluice goes on."""
        try:
            self.run.look(most=1)
            for text in self.run.sink.grown():
                self.grown.setdefault(re.sub(r"\d+", "N", text), f"after {minutes:.1f} min: {text}")
        except FileNotFoundError:
            pass  # its snapshot expired meanwhile

    def growth(self) -> list[str]:
        """What grew; a run that can tell of no process has not looked."""
        if not self.judged():
            return [f"no process has the {SAMPLES_MIN} samples after its warm-up that it takes to judge its growth"]
        return [text for life in self.lives for text in life.problems(self.warm_up)]


def run_checks(args, folder, results):
    """Adds (what, problem or "", figures) for each thing that a soak promises to `results`; gives the Soak."""
    ctx = harness.Context(harness.Shared(folder), os.path.join(folder, f"seed-{args.seed}"))
    run = soak = None
    try:
        load = {"load_pause": LOAD_PAUSE, "ddl_every": DDL_EVERY, "interval": f"{INTERVAL_SECONDS * 1000:.0f}ms"}
        run = scenario.Scenario(ctx, crash_pairs.PAIRS[args.pair], args.seed, **load)
        soak = Soak(run, args.minutes, random.Random(args.seed))
        soak.go()
        figures = f"{len(soak.judged())} of {len(soak.lives)} processes were watched for long enough"
        results.append(("growth of memory, files, threads", "\n".join(soak.growth()), figures))
        results.append(("files of the tables", "\n".join(soak.grown.values()), "within their bounds"))
        results.append(("checkpoints", soak.checkpoints.problem(), soak.checkpoints.text()))
        run.drain()
        results.append(("final comparison", "", f"{run.steps} transactions"))
        looked = run.sink.commits_checked
        nothing = "" if looked else "no epoch was looked at"
        results.append(("time travel", nothing, f"{looked} epochs looked at"))
    except AssertionError as error:
        results.append(("the run", str(error), ""))
    finally:
        if run is not None:
            run.close()
        ctx.close()
    return soak


def parse():
    parser = arguments.Parser(__doc__)
    parser.add_argument("--pair", default=pair_table.DEFAULT, choices=sorted(crash_pairs.PAIRS))
    parser.add_argument("--minutes", type=arguments.positive, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--page", action="store_true", help="write bench/results/<date>-soak-<pair>.md")
    parser.add_argument("--dir", default=os.path.join(processes.root_dir(), "build", "soak"))
    parser.add_argument("--list-pairs", action="store_true", help="print the pairs and end")
    return parser.parse_args()


def main() -> int:
    args = parse()
    if args.list_pairs:
        print("\n".join(crash_pairs.PAIRS))
        return 0
    e2e_run.need_binary()
    print(f"seed {args.seed}, {args.minutes:g} minutes, {args.pair}", flush=True)
    folder = os.path.join(args.dir, f"run-{os.getpid()}")
    commit, began, results = provenance.commit(), time.monotonic(), []
    try:
        soak = run_checks(args, folder, results)
    finally:
        processes.end_all()
    failed = sum(bool(problem) for _, problem, _ in results)
    if soak:
        print(f"     faults: {', '.join(f'{n} x {name}' for name, n in sorted(soak.faults.items()))}")
    for what, problem, figures in results:
        print(f"{'FAIL' if problem else 'ok  '} {what}: {problem or figures}")
    if args.page and soak:
        page = soak_page.write(args, soak, results, commit, time.monotonic() - began)
        print("     page:", os.path.relpath(page))
    if failed:
        print(f"     repeat: {soak_page.command(args)}")
        print(f"     kept: {os.path.relpath(folder)}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(results) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    CODE = main()
    sys.stdout.flush()
    os._exit(CODE)  # threads of the proxies are daemons; nothing else may hold the process
