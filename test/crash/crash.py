#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make crash: N kill -9 at random moments and every other fault under load; the lake must equal the source.

  test/crash/crash.py [--pair mariadb-iceberg] [-n KILLS] [--seed S] [--plan FAULT,FAULT…] [--with SWITCH]… [--page]

A scenario of seed S takes some kills, named failpoints and other faults, in an order that follows from S, on a fresh
server, lake and state directory. After each fault all files that the tables name must be there and each epoch whole;
after the last one source and lake are compared row by row. The next scenario has seed S + 1. Prints counts per fault
and ends with `N passed, N failed`. A failing scenario prints the line that repeats it alone.
"""

import collections
import os
import random
import shutil
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "e2e")]

import run as e2e_run  # noqa: E402  enters the Python that scripts/setup made

import arguments  # noqa: E402
import crash_page  # noqa: E402
import crash_pairs  # noqa: E402
import faults  # noqa: E402
import harness  # noqa: E402
import pair_table  # noqa: E402
import processes  # noqa: E402
import provenance  # noqa: E402
import scenario  # noqa: E402
import sluice  # noqa: E402

KILLS_A_SCENARIO = 25
OTHERS_A_SCENARIO = 4
FIRST = ("failpoint:table.after_create", "failpoint:snapshot.after_batch")  # passed by the copy only


class Totals:
    """What the run has seen so far."""

    def __init__(self):
        self.faults = collections.Counter()
        self.failures = []  # (seed, fault, text, plan)
        self.passed = 0
        self.transactions = self.commits = self.drains = 0
        self.orphans, self.orphan_bytes = collections.Counter(), collections.Counter()  # by kind
        self.commit = provenance.commit()
        self.seeds, self.hit, self.missed, self.disks = [], set(), [], set()

    def unchecked(self) -> str:
        """What a run must have looked at and this one has not; "" if nothing. A run that failed has said so already."""
        if self.failures or (self.commits and self.drains):
            return ""
        return f"nothing was checked: {self.commits} epochs by time travel, {self.drains} full comparisons"

    def line(self) -> str:
        return (
            f"{sum(self.faults.values())} faults, {self.transactions} transactions, {self.commits} epochs looked at"
            f" by time travel, {self.drains} full comparisons"
        )


def all_failpoints() -> list[str]:
    out = subprocess.run([sluice.BINARY, "failpoints"], capture_output=True, check=True, text=True, timeout=60).stdout
    return [line.split()[0] for line in out.splitlines() if line.strip()]


def failpoints_of(pair) -> list[str]:
    return [name for name in all_failpoints() if name.startswith(pair.failpoints)]


def unknown_faults(plan, pair) -> list[str]:
    known = {*faults.FAULTS, *(f"failpoint:{name}" for name in failpoints_of(pair))}
    return [name or "(no name)" for name in plan if name not in known]


def make_plan(seed, kills, failpoints, others) -> list[str]:
    """The faults of one scenario in their order."""
    plan = ["kill"] * kills + [f"failpoint:{name}" for name in failpoints] + list(others)
    random.Random(seed).shuffle(plan)
    return in_order(plan)


def in_order(plan) -> list[str]:
    """What only the initial copy passes comes first."""
    return sorted(plan, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))


def plans(args, names):
    """(seed, plan) of each scenario; each failpoint and each other fault is dealt out in turn."""
    if args.plan:
        yield args.seed, args.plan.split(",")
        return
    count = max(1, -(-args.n // KILLS_A_SCENARIO))
    others = list(faults.OTHERS)
    random.Random(args.seed).shuffle(others)
    dealt = 0
    for i in range(count):
        kills = args.n * (i + 1) // count - args.n * i // count
        take = OTHERS_A_SCENARIO if count > 1 else args.others
        mine = [others[(dealt + k) % len(others)] for k in range(take)]
        dealt += take
        yield args.seed + i, make_plan(args.seed + i, kills, names[i::count] if i < len(names) else [], mine)


def run_scenario(ctx, pair, seed, plan, totals, args):
    """Injects the plan's faults. Returns "" or what went wrong, with the fault's name before it."""
    small = "disk-full" in plan
    made, current = None, "start"
    try:
        made = scenario.Scenario(ctx, pair, seed, small_disk=small, switches=args.switches)
        if small:
            totals.disks.add(made.disk_kind)
        for current in plan:
            came = made.inject(current)
            made.check_commits()
            totals.faults[current] += came
            totals.passed += came
            if current.startswith("failpoint:"):
                (totals.hit.add if came else totals.missed.append)(current.split(":", 1)[1])
        current = "drain"
        made.drain()
        totals.drains += 1
        totals.passed += 1
        for kind, size in made.sink.orphans():
            totals.orphans[kind] += 1
            totals.orphan_bytes[kind] += size
        return ""
    except Exception as error:  # pylint: disable=broad-except
        text = str(error) if isinstance(error, AssertionError) else "".join(traceback.format_exception(error)[-6:])
        totals.failures.append((seed, current, text, plan))
        return f"{current}: {text}"
    finally:
        if made is not None:
            made.close()
            totals.transactions += made.steps
            totals.commits += made.sink.commits_checked


def run_all(args, folder) -> Totals:
    pair, totals = crash_pairs.PAIRS[args.pair], Totals()
    shared = harness.Shared(folder)
    names = failpoints_of(pair)
    extra, given = 0, "".join(f" WITH={name}" for name in args.switches)
    queue = list(plans(args, names))
    while queue:
        (seed, plan), began = queue.pop(0), time.monotonic()
        ctx = harness.Context(shared, os.path.join(folder, f"seed-{seed}"))
        totals.seeds.append(seed)
        try:
            wrong = run_scenario(ctx, pair, seed, plan, totals, args)
        finally:
            ctx.close()
        mark = "FAIL" if wrong else "ok  "
        print(f"{mark} {time.monotonic() - began:6.1f} s  seed {seed}: {totals.line()}", flush=True)
        if wrong:
            print("     " + wrong.replace("\n", "\n     "))
            print(f"     repeat: make crash PAIR={pair.name} SEED={seed}{given} PLAN={','.join(plan)}")
            print(f"     kept: {os.path.relpath(ctx.dir)}", flush=True)
        else:
            ctx.remove()
        if totals.missed and not queue and not args.plan and extra < 3:  # once more, first thing in a scenario
            extra, missed = extra + 1, sorted(set(totals.missed) - totals.hit)
            queue += [(seed + 1, in_order([f"failpoint:{name}" for name in missed]))] if missed else []
    if not args.plan:
        never = sorted(set(names) - totals.hit)
        totals.passed += not never
        if never:
            totals.failures.append((args.seed, "failpoints", f"never passed: {', '.join(never)}", []))
            print(f"FAIL failpoints that were never passed: {', '.join(never)}")
    if nothing := totals.unchecked():
        totals.failures.append((args.seed, "checks", nothing, args.plan.split(",") if args.plan else []))
        print(f"FAIL {nothing}")
    return totals


def parse():
    parser = arguments.Parser(__doc__)
    parser.add_argument("--pair", default=pair_table.DEFAULT, choices=sorted(crash_pairs.PAIRS))
    parser.add_argument("-n", type=arguments.whole(1), default=1000, help="kill -9 at random moments")
    parser.add_argument(
        "--others", type=arguments.whole(0), default=OTHERS_A_SCENARIO, help="other faults if there is one scenario"
    )
    parser.add_argument("--seed", type=int, default=None, help="random by default; printed")
    parser.add_argument("--plan", default="", help="the faults of one scenario, to repeat a failure")
    parser.add_argument(
        "--with", dest="switches", action="append", default=[], choices=scenario.SWITCHES, help="known limits, included"
    )
    parser.add_argument("--page", action="store_true", help="write bench/results/<date>-crash-<pair>.md")
    parser.add_argument("--dir", default=os.path.join(processes.root_dir(), "build", "crash"))
    parser.add_argument("--list-pairs", action="store_true", help="print the pairs and end")
    args = parser.parse_args()
    if args.list_pairs:
        return args
    if args.seed is None:
        args.seed = random.randrange(1 << 30)
    e2e_run.need_binary()
    if args.plan and (unknown := unknown_faults(args.plan.split(","), crash_pairs.PAIRS[args.pair])):
        known = f"{', '.join(faults.FAULTS)}, failpoint:NAME with a name of `sluice failpoints`"
        parser.error(f"no fault {', '.join(unknown)}; known: {known}")
    return args


def main() -> int:
    args = parse()
    if args.list_pairs:
        print("\n".join(crash_pairs.PAIRS))
        return 0
    print(f"seed {args.seed}, {args.n} kills, {args.pair}", flush=True)
    folder = os.path.join(args.dir, f"run-{os.getpid()}")
    began = time.monotonic()
    try:
        totals = run_all(args, folder)
    finally:
        processes.end_all()
    for name, count in sorted(totals.faults.items()):
        print(f"     {count:5} x {name}")
    for kind, count in sorted(totals.orphans.items()):
        print(f"     {count:5} x orphan {kind}, {totals.orphan_bytes[kind]:,} bytes")
    print(f"     {totals.line()}")
    if args.page:
        print("     page:", os.path.relpath(crash_page.write(args, totals, time.monotonic() - began)))
    if not totals.failures:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{totals.passed} passed, {len(totals.failures)} failed", flush=True)
    return 1 if totals.failures else 0


if __name__ == "__main__":
    CODE = main()
    sys.stdout.flush()
    os._exit(CODE)  # threads of the proxies are daemons; nothing else may hold the process
