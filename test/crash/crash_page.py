# SPDX-License-Identifier: Apache-2.0
"""The result page of a crash run: machine, command, counts per fault, seeds, failures."""

import datetime
import os

import faults
import processes
import provenance

FOUND = "\n## What was found\n"


def write(args, totals, seconds) -> str:
    """Writes bench/results/<date>-crash-<pair>.md and gives its path. FOUND is written by hand and stays."""
    return put("crash", args.pair, text(args, totals, seconds))


def put(kind, pair, page) -> str:
    """Writes the page of today, with what an earlier one has after FOUND."""
    day = datetime.date.today().isoformat()
    path = os.path.join(processes.root_dir(), "bench", "results", f"{day}-{kind}-{pair}.md")
    found = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            _, mark, rest = file.read().partition(FOUND)
            found = mark + rest
    with open(path, "w", encoding="utf-8") as file:
        file.write(page + found)
    return path


def about(name) -> str:
    """A fault in words."""
    text = faults.FAULTS[name].__doc__ if name in faults.FAULTS else "kill -9 of sluice by itself at this point."
    return " ".join(text.split())


def text(args, totals, seconds) -> str:
    lines = [
        f"# Crash run: {args.pair}",
        "",
        f"* machine: {provenance.machine()}",
        f"* commit: {totals.commit}",
        f"* command: `make crash PAIR={args.pair} N={args.n} SEED={args.seed}`, {seconds / 60:.1f} minutes",
        f"* seeds: {seed_list(totals.seeds)}, one scenario each: a fresh server, lake and state directory",
        f"* {totals.line()}",
        f"* result: **{totals.passed} passed, {len(totals.failures)} failed**",
        f"* disk full by: {', '.join(sorted(totals.disks)) or 'not in this run'}",
        "",
        "After each fault every file that the tables name is there with its size, and each epoch, by time travel,",
        "holds whole transactions across tables. After each scenario the rows of every table equal the source's.",
        "",
        "| fault | times | what it is |",
        "|---|--:|---|",
    ]
    for name, count in sorted(totals.faults.items()):
        lines.append(f"| `{name}` | {count} | {about(name)} |")
    lines += ["", "Orphans, files that nothing names, at the ends of all scenarios:", "", "| kind | files | bytes |"]
    lines += ["|---|--:|--:|"]
    lines += [f"| {kind} | {n} | {totals.orphan_bytes[kind]:,} |" for kind, n in sorted(totals.orphans.items())]
    lines += ["", "## Failures", ""]
    for seed, fault, what, plan in totals.failures:
        lines.append(f"* seed {seed}, `{fault}`: {cause(what)} (`SEED={seed} PLAN={','.join(plan)}`)")
    return "\n".join(lines if totals.failures else lines + ["None."]) + "\n"


def cause(text) -> str:
    """The line that says what went wrong: sluice's own error if there is one."""
    lines = text.splitlines()
    return next((line for line in lines if line.startswith("error:")), lines[0])


def seed_list(seeds) -> str:
    """1, 2, 3, 7 -> "1–3, 7"."""
    runs = []
    for seed in sorted(seeds):
        if runs and seed == runs[-1][1] + 1:
            runs[-1][1] = seed
        else:
            runs.append([seed, seed])
    return ", ".join(f"{a}–{b}" if b > a else str(a) for a, b in runs)
