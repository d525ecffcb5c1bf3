# SPDX-License-Identifier: Apache-2.0
"""The result page of a soak: growth of each process, lag, checkpoints, faults."""

import statistics

import crash_page
import provenance


def write(args, soak, results, commit, seconds) -> str:
    """Writes bench/results/<date>-soak-<pair>.md and gives its path; what was found is written by hand and stays."""
    return crash_page.put("soak", args.pair, text(args, soak, results, commit, seconds))


def command(args) -> str:
    return f"make soak PAIR={args.pair} MINUTES={args.minutes:g} SEED={args.seed}"


def text(args, soak, results, commit, seconds) -> str:
    failed = sum(bool(problem) for _, problem, _ in results)
    lines = [
        f"# Soak: {args.pair}",
        "",
        f"* machine: {provenance.machine()}",
        f"* commit: {commit}",
        f"* command: `{command(args)}`, {seconds / 60:.1f} minutes",
        f"* seeds: {args.seed}",
        f"* {soak.transactions()} transactions, {soak.run.sink.commits_checked} epochs looked at by time travel",
        f"* checkpoints, outside of faults: {soak.checkpoints.text()}",
        f"* lag, from a transaction to its epoch in the lake: {lag(soak.lags)}",
        f"* result: **{len(results) - failed} passed, {failed} failed**",
        "",
        "Growth is judged within the life of one process, after a warm-up of"
        f" {soak.warm_up:.0f} s; a kill begins a new life.",
        "",
        "| process | watched, min | RSS, MB | RSS slope, MB/min | open files | threads |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    lines += [life_row(number, life, soak) for number, life in enumerate(soak.lives, 1)]
    lines += ["", "| fault | times | what it is |", "|---|--:|---|"]
    lines += [f"| `{name}` | {n} | {crash_page.about(name)} |" for name, n in sorted(soak.faults.items())]
    lines += ["", "## Checks", ""]
    for what, problem, figures in results:
        lines.append(f"* {what}: **failed**, {crash_page.cause(problem)}" if problem else f"* {what}: {figures}")
    return "\n".join(lines) + "\n"


def life_row(number, life, soak) -> str:
    warm = life.warm(soak.warm_up)
    if not life.judged(soak.warm_up):
        return f"| {number} | too short to judge: {len(warm)} samples | | | | |"
    third = len(warm) // 3
    cells = [f"{number}", f"{(warm[-1][0] - warm[0][0]) / 60:.1f}"]
    ranges = [(life.mean(warm[:third], at), life.mean(warm[-third:], at)) for at in (1, 2, 3)]
    figures = [f"{first:.0f} → {last:.0f}" for first, last in ranges]
    cells += [figures[0], f"{life.slope(warm):+.2f}", *figures[1:]]
    return "| " + " | ".join(cells) + " |"


def lag(values) -> str:
    if not values:
        return "not measured"
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"median {statistics.median(ordered):.0f} ms, 95 % within {high:.0f} ms, most {ordered[-1]:.0f} ms"
