#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make soak: hours under load with a fault every 30 to 120 s; nothing may grow, nothing may differ at the end.

  test/crash/soak.py [--pair mariadb-iceberg] [--minutes 60] [--seed S] [--dir DIR]

Prints a line each interval: memory (RSS) and its slope, open files, threads, lag, checkpoints that came in their time,
bytes of table metadata. Fails if after the warm-up, within the life of one process, RSS grows faster than RSS_SLOPE,
files or threads beyond what they were, if too few checkpoints come, or if the final comparison differs. A short run has
faults at shorter distances and looks at the growth in all instead of the slope.
"""

import argparse
import collections
import os
import random
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "e2e")]

import run as e2e_run  # noqa: E402  enters the Python that scripts/setup made

import crash_pairs  # noqa: E402
import faults  # noqa: E402
import harness  # noqa: E402
import processes  # noqa: E402
import scenario  # noqa: E402

INTERVAL = "500ms"  # between two epochs
DDL_EVERY = 500  # transactions: each change of columns stays in the table's metadata for good
LOAD_PAUSE = 0.02  # seconds between two transactions
FAULT_SECONDS = (30, 120)
SAMPLE_SECONDS = 1.0
WARM_UP_SECONDS = 60  # of each process: first copy, key indexes, buffers; at most a third of a short run
RSS_SLOPE = 1.0  # MB a minute, over the second half of a life of SLOPE_SECONDS and more
SLOPE_SECONDS = 600
RSS_GROWTH = 48.0  # MB, first third to last third of a shorter life
FDS_GROWTH, THREADS_GROWTH = 8, 4
CHECKPOINT_SECONDS = 10.0  # an epoch that takes longer, outside of a fault, has failed; a machine may be shared
CHECKPOINTS_OK = 0.9
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

    def problems(self, warm_up) -> list[str]:
        samples = self.warm(warm_up)
        if len(samples) < 12:
            return []
        out, third = [], len(samples) // 3
        first, last = samples[:third], samples[-third:]
        span = samples[-1][0] - samples[0][0]
        if span >= SLOPE_SECONDS:
            grown = slope(samples[len(samples) // 2 :])
            if grown > RSS_SLOPE:
                out.append(f"RSS grows by {grown:.2f} MB a minute over {span:.0f} s, allowed are {RSS_SLOPE}")
        else:
            grown = mean(last, 1) - mean(first, 1)
            if grown > RSS_GROWTH:
                out.append(f"RSS grew by {grown:.1f} MB within {span:.0f} s, allowed are {RSS_GROWTH}")
        for at, what, allowed in ((2, "open files", FDS_GROWTH), (3, "threads", THREADS_GROWTH)):
            grown = mean(last, at) - mean(first, at)
            if grown > allowed:
                out.append(f"{what} grew by {grown:.1f}, allowed are {allowed}")
        return out


def mean(samples, at) -> float:
    return sum(s[at] for s in samples) / len(samples)


def slope(samples) -> float:
    """MB a minute, by least squares."""
    middle, level = mean(samples, 0), mean(samples, 1)
    spread = sum((s[0] - middle) ** 2 for s in samples)
    return 60 * sum((s[0] - middle) * (s[1] - level) for s in samples) / spread if spread else 0.0


class Soak:
    """One run: samples, checkpoints and faults on a Scenario."""

    def __init__(self, run, minutes, rng):
        self.run, self.rng, self.seconds = run, rng, minutes * 60
        self.warm_up = min(WARM_UP_SECONDS, self.seconds / 3)
        shorter = min(1.0, self.seconds / 600)
        self.distance = tuple(s * shorter for s in FAULT_SECONDS)
        self.faults = collections.Counter()
        self.lives = []
        self.epochs_late = self.epochs_seen = 0
        self._epoch = self._epoch_at = 0

    def life(self) -> Life:
        if not self.lives or self.lives[-1].pid != self.run.job.pid:
            self.lives.append(Life(self.run.job.pid))
        return self.lives[-1]

    def watch(self, seconds):
        """Samples until the time is over; sluice must not end."""
        until = time.monotonic() + seconds
        self._epoch, self._epoch_at = self.run.sink.epoch()[0], time.monotonic()
        while time.monotonic() < until:
            self.run.pause(min(SAMPLE_SECONDS, max(0.01, until - time.monotonic())), must_run=True)
            self.life().sample()
            self._count_epochs()

    def _count_epochs(self):
        now, epoch = time.monotonic(), self.run.sink.epoch()[0]
        if epoch > self._epoch:
            self.epochs_seen += epoch - self._epoch
            self._epoch, self._epoch_at = epoch, now
        elif now - self._epoch_at > CHECKPOINT_SECONDS:
            self.epochs_late += 1
            self._epoch_at = now

    def success(self) -> float:
        return self.epochs_seen / max(1, self.epochs_seen + self.epochs_late)

    def lag_ms(self) -> float:
        """Time until a transaction of now is in the lake."""
        began = time.monotonic()
        self.run.progress()
        return (time.monotonic() - began) * 1000

    def line(self, began) -> str:
        life, sizes = self.life(), self.run.sink.metadata_bytes()
        warm = life.warm(self.warm_up)
        grown = slope(warm) if len(warm) > 2 else 0
        last = life.samples[-1] if life.samples else (0, 0, 0, 0)
        return (
            f"{(time.monotonic() - began) / 60:6.1f} min  RSS {last[1]:.0f} MB ({grown:+.2f} MB/min), {last[2]} files,"
            f" {last[3]} threads, lag {self.lag_ms():.0f} ms, checkpoints {self.success() * 100:.1f} % of"
            f" {self.epochs_seen}, metadata {sum(sizes.values()) / 1e6:.2f} MB (largest"
            f" {max(sizes.values(), default=0) / 1e6:.2f}), {self.run.load.steps + self.run.steps} transactions"
        )

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
            self.look()
            print(f"     {self.line(began)}; {name}", flush=True)

    def look(self):
        """The newest epoch is whole, while sluice goes on."""
        try:
            self.run.sink.check_commits(most=1)
        except FileNotFoundError:
            pass  # its snapshot expired meanwhile

    def problems(self) -> list[str]:
        out = [text for life in self.lives for text in life.problems(self.warm_up)]
        if self.success() < CHECKPOINTS_OK:
            out.append(f"{self.epochs_late} times no epoch for {CHECKPOINT_SECONDS} s, {self.epochs_seen} epochs")
        return out


def run_checks(args, folder):
    """[(what, problem or "")], one for each thing that a soak promises."""
    ctx = harness.Context(harness.Shared(folder), os.path.join(folder, f"seed-{args.seed}"))
    run = None
    try:
        load = {"load_pause": LOAD_PAUSE, "ddl_every": DDL_EVERY}
        run = scenario.Scenario(ctx, crash_pairs.PAIRS[args.pair], args.seed, interval=INTERVAL, **load)
        soak = Soak(run, args.minutes, random.Random(args.seed))
        soak.go()
        results = [("growth and checkpoints", "\n".join(soak.problems()))]
        run.drain()
        results.append(("final comparison", ""))
        print(f"     faults: {', '.join(f'{n} x {name}' for name, n in sorted(soak.faults.items()))}")
        print(f"     {run.steps} transactions, {run.sink.commits_checked} epochs looked at by time travel")
        return results
    except AssertionError as error:
        return [("the run", str(error))]
    finally:
        if run is not None:
            run.close()
        ctx.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pair", default="mariadb-iceberg", choices=sorted(crash_pairs.PAIRS))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--dir", default=os.path.join(processes.root_dir(), "build", "soak"))
    args = parser.parse_args()
    e2e_run.need_binary()
    print(f"seed {args.seed}, {args.minutes:g} minutes, {args.pair}", flush=True)
    folder = os.path.join(args.dir, f"run-{os.getpid()}")
    try:
        results = run_checks(args, folder)
    finally:
        processes.end_all()
    failed = 0
    for what, problem in results:
        failed += bool(problem)
        print(f"{'FAIL' if problem else 'ok  '} {what}{': ' + problem if problem else ''}")
    if failed:
        print(f"     repeat: make soak PAIR={args.pair} MINUTES={args.minutes:g} SEED={args.seed}")
        print(f"     kept: {os.path.relpath(folder)}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(results) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    CODE = main()
    sys.stdout.flush()
    os._exit(CODE)  # threads of the proxies are daemons; nothing else may hold the process
