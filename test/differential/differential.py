#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random schema, history and options per seed; the sink must equal the source at the end and at every known commit.

  differential.py [--pair mariadb-iceberg] [--seed S] [--n N] [--steps K] [--points P] [--with xa,cascade] [--page]

Runs N seeds from S on (default: one, random). The last line is "N passed, N failed". A failed seed prints how to
repeat it and keeps its folder: pipeline, logs, lake, replica's log, and all statements in statements.sql.
"""

import argparse
import datetime
import os
import random
import shutil
import signal
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "e2e")]

import run as e2e_run  # noqa: E402  starts again in the tests' Python if that is needed
import harness  # noqa: E402
import options  # noqa: E402
import processes  # noqa: E402
import provenance  # noqa: E402
import sluice  # noqa: E402
from pairs import PAIRS  # noqa: E402
from seed import Seed  # noqa: E402

SECONDS_MAX = 240  # of one seed
STEPS = 25
SHRINK_TRIES = 3


class Run:
    """All seeds of one call: one source, one scratch folder."""

    def __init__(self, args):
        self.args = args
        self.folder = os.path.join(args.dir, f"run-{os.getpid()}")
        shutil.rmtree(self.folder, ignore_errors=True)
        make_source, make_sink = PAIRS[args.pair]
        self.source, self.sink = make_source(self.folder), make_sink()
        self.positions = self.comparisons = self.statements = self.refused = self.restarts = 0
        self.commit = provenance.commit()

    def one(self, number: int, steps: int, name: str):
        """(error text or "", line of figures)."""
        ctx = harness.Context(self.source.shared, os.path.join(self.folder, name))
        seed = Seed(ctx, self.source, self.sink, number, steps, self.args.switches, self.args.points)
        text, took = "", (0, 0, 0)
        signal.alarm(SECONDS_MAX)
        try:
            took = seed.run()
            for job in ctx.jobs:
                sluice.check_sanitizer(job.err())
        except (Exception, e2e_run.Deadline) as error:  # pylint: disable=broad-except
            text = "".join(traceback.format_exception(error)[-3:])
        finally:
            signal.alarm(0)
            ctx.close()
        figures = self._count(seed, took)
        if text:
            write_log(seed, ctx.dir)
        elif not self.args.keep:
            ctx.remove()
        return text, figures

    def _count(self, seed, took):
        history, check = seed.history, seed.check
        done, refused = (history.done, sum(history.errors.values())) if history else (0, 0)
        positions, comparisons = (check.positions, check.comparisons) if check else (0, 0)
        self.positions += positions
        self.comparisons += comparisons
        self.statements += done
        self.refused += refused
        self.restarts += seed.restarts
        points = f"{positions} of {check.known if check else 0} positions"
        parts = f"run {took[0]:.1f} s, compare {took[1]:.1f} s, verify {took[2]:.1f} s"
        return (
            f"{done} transactions, {refused} refused by the server, {seed.copy_steps} steps in the copy, {points}, "
            f"{comparisons} comparisons, {seed.restarts} restarts; {parts}"
        )

    def failed(self, number: int, text: str):
        """Says how to repeat it, and tries with fewer statements."""
        print("     " + text.rstrip().replace("\n", "\n     "), flush=True)
        smallest, steps = self.args.steps, self.args.steps
        for tries in range(SHRINK_TRIES if self.args.shrink else 0):
            steps //= 2
            if steps < 1 or not self.one(number, steps, f"seed-{number}-shrunk{tries}")[0]:
                break
            smallest = steps
        more = "".join(f" STEPS={smallest}" for _ in [0] if smallest != STEPS)
        more += f" WITH={','.join(self.args.switches)}" if self.args.switches else ""
        print(f"     repeat: make differential PAIR={self.args.pair} SEED={number} N=1{more}")
        print(f"     kept: {os.path.relpath(self.folder)}/seed-{number}*", flush=True)

    def totals(self, seconds) -> str:
        return (
            f"{self.statements} transactions and statements, {self.refused} refused by the server, {self.restarts} "
            f"restarts of the job, {self.positions} positions, {self.comparisons} tables compared in {seconds:.0f} s"
        )

    def close(self, keep: bool):
        self.source.close()
        processes.end_all()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def write_log(seed, folder):
    """The statements in the order in which they were sent."""
    if seed.history:
        with open(os.path.join(folder, "statements.sql"), "w", encoding="utf-8") as file:
            file.write(f"-- seed {seed.seed}: {seed.options.text()}\n")
            file.write(";\n".join(seed.history.log) + ";\n")


def write_page(args, run, seconds, passed, failures) -> str:
    """bench/results/<date>-differential-<pair>.md; "What was found" is for the reader to add."""
    day = datetime.date.today().isoformat()
    path = os.path.join(processes.root_dir(), "bench", "results", f"{day}-differential-{args.pair}.md")
    lines = [
        f"# Differential run: {args.pair}",
        "",
        f"* machine: {provenance.machine()}",
        f"* commit: {run.commit}",
        f"* command: `make differential PAIR={args.pair} SEED={args.seed} N={args.n}`, {seconds / 60:.1f} minutes",
        f"* seeds: {args.seed}–{args.seed + passed + len(failures) - 1}, {args.steps} steps of each writer",
        f"* {run.totals(seconds)}",
        f"* result: **{passed} passed, {len(failures)} failed** {' '.join(map(str, failures))}".rstrip(),
    ]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pair", default="mariadb-iceberg", choices=sorted(PAIRS))
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--n", type=int, default=1)
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of each writer after the copy")
    parser.add_argument("--points", type=int, default=0, help="most positions of a seed that are replayed; 0: all")
    off = ", ".join(options.SWITCHES)
    parser.add_argument("--with", dest="switches", default="", help=f"kinds that are off by default: {off}")
    parser.add_argument("--minutes", type=float, default=0, help="begin no seed after this time")
    parser.add_argument("--shrink", action="store_true", help="try a failed seed with fewer statements")
    parser.add_argument("--keep", action="store_true", help="keep the folders of passed seeds too")
    parser.add_argument("--page", action="store_true", help="write the result page")
    parser.add_argument("--list", action="store_true", help="print the pairs and end")
    parser.add_argument("--dir", default=os.path.join(processes.root_dir(), "build", "differential"))
    args = parser.parse_args()
    for name, least in (("n", 1), ("steps", 1), ("points", 0), ("minutes", 0)):
        if getattr(args, name) < least:
            parser.error(f"--{name} {getattr(args, name)}: must be at least {least}")
    args.switches = [s for s in args.switches.split(",") if s]
    if unknown := set(args.switches) - set(options.SWITCHES):
        parser.error(f"unknown switch {', '.join(unknown)}")
    if args.seed is None:
        args.seed = random.randrange(1 << 30)
    return args


def expire(*_):
    raise e2e_run.Deadline(f"the seed took more than {SECONDS_MAX} s")


def main():
    args = parse()
    if args.list:
        print("\n".join(PAIRS))
        return 0
    signal.signal(signal.SIGALRM, expire)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began, passed, failures = time.monotonic(), 0, []
    run = Run(args)
    print(f"{args.pair}: {args.n} seeds from {args.seed}", flush=True)
    try:
        for number in range(args.seed, args.seed + args.n):
            if args.minutes and time.monotonic() - began > args.minutes * 60:
                break
            since = time.monotonic()
            text, figures = run.one(number, args.steps, f"seed-{number}")
            took = time.monotonic() - since
            print(f"{'FAIL' if text else 'ok  '} {took:6.1f} s  seed {number}: {figures}", flush=True)
            if text:
                failures.append(number)
                run.failed(number, text)
            else:
                passed += 1
    finally:
        run.close(keep=bool(failures) or args.keep)
    print(run.totals(time.monotonic() - began))
    if failures:
        print(f"failed seeds: {' '.join(map(str, failures))}")
    if args.page:
        print(f"page: {os.path.relpath(write_page(args, run, time.monotonic() - began, passed, failures))}")
    print(f"{passed} passed, {len(failures)} failed", flush=True)
    return 1 if failures or not passed else 0


if __name__ == "__main__":
    CODE = main()
    sys.stdout.flush()
    os._exit(CODE)
