# SPDX-License-Identifier: Apache-2.0
"""The result page of `make compare`, its samples as JSON, and its table in README."""

import dataclasses
import json
import os

import measure
import processes
import provenance

GOAL = 10.0  # times less CPU than warm Flink, on every line
SYSTEMS = ("sluice", "Flink, warm", "Flink, cold")
KINDS = ("WORKLOADS", "PARALLELISM", "PAIR", "PIN", "MINUTES")


class WrongRows(AssertionError):
    """A run left other rows than the source has."""


def _figure(figures, digits=2, unit=1.0) -> str:
    median, low, high = (value / unit for value in figures)
    return f"{median:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


class Page:
    """Collects samples by line and system; a line keeps the order in which it came."""

    def __init__(self, title, pair, sizes, repeats):
        self.title, self.pair, self.sizes, self.repeats = title, pair, sizes, repeats
        self.series, self.lines, self.failures, self.wrong = {}, {}, [], set()
        self.versions, self.expected, self.complete, self.target = [], 0, False, None
        self.method = []  # compare_method.text()
        self.best_loop = 0.0  # the best time of the CPU loop on this machine so far

    def add(self, line, system, sample):
        self.lines[line.title] = line
        key = line.title, system
        if key not in self.series:
            self.series[key] = measure.Series(f"{line.title}, {system}", line.unit)
        self.series[key].add(sample)
        parts = "".join(f", {name} {cpu:.2f} s" for name, cpu in sample.processes.items())
        print(
            f"      server {sample.server:.2f} s{parts}; {sample.files} files, {sample.written / 1e6:.1f} MB; read back"
            f" in {sample.read_seconds:.2f} s; others {sample.others:.0%}, CPU loop {sample.loop_seconds:.3f} s"
            f" before, {sample.loop_after:.3f} s after; try {sample.tries}",
            flush=True,
        )

    def fail(self, line, system, error):
        """A run that could not be made counts as failed; wrong rows take the system's other numbers of the line too."""
        self.lines[line.title] = line
        self.failures.append((line.title, system, str(error).replace(processes.root_dir() + os.sep, "")))
        if isinstance(error, WrongRows):
            self.wrong.add((line.title, system))
        print(f"    FAIL {line.title}, {system}: {error}", flush=True)

    def good(self, title, system):
        """The samples of a system on a line; None if there are none or its rows were wrong."""
        return None if (title, system) in self.wrong else self.series.get((title, system))

    def disturbed(self, title, system):
        """The samples of a system on a line whose machine was not quiet, also if only a later run told so."""
        series = self.series.get((title, system))
        samples = series.samples if series else []
        return [sample for sample in samples if measure.disturbance(sample, self.best_loop) > 1]

    def _disturbed(self):
        """A line for each system with disturbed samples."""
        for (title, system), series in self.series.items():
            found = self.disturbed(title, system)
            if found:
                each = ", ".join(
                    f"others {s.others:.0%}, loop {s.loop_seconds * 1000:.0f} and {s.loop_after * 1000:.0f} ms"
                    for s in found
                )
                count = f"{len(found)} of {len(series.samples)} runs"
                yield f"* {measure.MARK} {title}, {system}: {count} stayed disturbed ({each})"

    # ---- goals

    def ratio(self, title, system="Flink, warm"):
        """How many times the CPU of sluice `system` takes; None without a number of both."""
        ours, theirs = self.good(title, "sluice"), self.good(title, system)
        if not ours or not theirs:
            return None
        return theirs.micros()[0] / ours.micros()[0]

    def goals(self):
        """(text, met) of every line."""
        for title in self.lines:
            ratio = self.ratio(title)
            if ratio is None:
                yield f"{title}: no number", False
            else:
                met = ratio >= GOAL
                verdict = "met" if met else "**missed**"
                yield f"{title}: {ratio:.1f} × less CPU than warm Flink, goal {GOAL:.0f} ×: {verdict}", met

    def counts(self):
        """(passed, failed): runs with the right rows, runs without, runs not made, goals."""
        right = sum(len(series.samples) for series in self.series.values())
        met = [met for _, met in self.goals()]
        wrong = max(self.expected - right, len(self.failures), 0 if self.complete and right else 1)
        return right + sum(met), wrong + len(met) - sum(met)

    # ---- text

    def _rows(self, title):
        for system in SYSTEMS:
            series = self.good(title, system)
            if not series:
                yield f"| {title} | {system} | no number | | | | | | | |"
                continue
            figures, ratio = series.figures, self.ratio(title, system)
            yield "| " + " | ".join(
                [
                    title,
                    system,
                    f"**{series.micros()[0]:.2f}** ({series.micros()[1]:.2f}–{series.micros()[2]:.2f})"
                    + (f" {measure.MARK}" if self.disturbed(title, system) else ""),
                    "" if ratio is None or system == "sluice" else f"{ratio:.1f} ×",
                    _figure(series.rate(), 0, 1000) + " k",
                    f"{series.server_micros()[0]:.2f}",
                    f"{series.rss_mb()[2]:.0f}",
                    f"{figures(lambda s: s.files)[0]:.0f}, {figures(lambda s: s.written / 1e6)[0]:.0f} MB",
                    _figure(figures(lambda s: s.read_seconds), 1),
                    f"{figures(lambda s: s.others)[2]:.0%}",
                ]
            ) + " |"

    def _processes(self):
        for (title, system), series in self.series.items():
            names = series.samples[0].processes
            if names:
                cpu = lambda name: series.figures(lambda s: s.processes[name] / s.items * 1e6)[0]
                yield f"* {title}, {system}: {', '.join(f'{name} {cpu(name):.2f}' for name in names)}"

    def text(self) -> str:
        sizes = ", ".join(f"{name} {value:,}" for name, value in self.sizes.items())
        samples = [s for series in self.series.values() for s in series.samples]
        loops, repeated = [s.loop_seconds for s in samples], sum(s.tries - 1 for s in samples)
        disturbed = list(self._disturbed())
        state = [] if self.complete else ["", f"**Incomplete: {self._made()} of {self.expected or '?'} runs.**"]
        return "\n".join(
            [
                f"# sluice beside Flink CDC: {self.title}",
                *state,
                "",
                f"* machine: {provenance.machine()}",
                f"* versions: {'; '.join(self.versions)}; commit {provenance.commit()}",
                f"* command: `{provenance.given_sizes((*self.sizes, *KINDS))}make compare`; {sizes}",
                f"* noise: {measure.noise(loops)}, {self.best_loop * 1000:.0f} ms at best; “others” is the highest"
                f" share of all cores that foreign processes took; {repeated} disturbed runs were made again",
                "* how it was measured: [bench/README.md](../README.md#sluice-beside-flink)",
                "",
                f"Median (lowest–highest) of {self.repeats} rounds. CPU: seconds per million rows or changes, user +"
                " system.",
                "",
                "| | | CPU s/M | × sluice | rows or changes/s | server's CPU s/M | peak MB | files written |"
                " read back, s | others |",
                "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
                *[row for title in self.lines for row in self._rows(title)],
                "",
                *(disturbed + [""] if disturbed else []),
                "## Goals",
                "",
                *[f"* {text}" for text, _ in self.goals()],
                *[f"* FAILED: {title}, {system}: {text.splitlines()[0]}" for title, system, text in self.failures],
                "",
                "## CPU s/M by process",
                "",
                *self._processes(),
                "",
                *self.method,
            ]
        )

    def _made(self):
        return sum(len(series.samples) for series in self.series.values()) + len(self.failures)

    def write(self):
        """Page and samples so far; a reader never sees half of either."""
        if not self.target:
            return
        samples = [
            {"line": title, "system": system, **dataclasses.asdict(sample)}
            for (title, system), series in self.series.items()
            for sample in series.samples
        ]
        os.makedirs(os.path.dirname(self.target), exist_ok=True)
        for path, text in (
            (self.target, self.text()),
            (os.path.splitext(self.target)[0] + ".json", json.dumps(samples, indent=1) + "\n"),
        ):
            with open(path + ".new", "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(path + ".new", path)


def readme_table(page) -> str:
    """The lines of README: CPU of both, how many times, rows per second, memory."""
    out = [
        "| CPU seconds per million rows or changes | sluice | Flink, warm | Flink, cold | warm Flink takes |",
        "|---|--:|--:|--:|--:|",
    ]
    for title in page.lines:
        cells = []
        for system in SYSTEMS:
            series = page.good(title, system)
            if series:
                peak = f"{series.rss_mb()[2]:,.0f} MB"
                mark = f" {measure.MARK}" if page.disturbed(title, system) else ""
                cells.append(f"{series.micros()[0]:.2f}{mark} ({series.rate()[0] / 1000:.0f} k/s, {peak})")
            else:
                cells.append("no number")
        ratio = page.ratio(title)
        out.append(f"| {title} | {' | '.join(cells)} | {f'{ratio:.1f} ×' if ratio else ''} |")
    link = os.path.join("bench", "results", os.path.basename(page.target))
    disturbed = any(page.disturbed(title, system) for title in page.lines for system in SYSTEMS)
    note = f" {measure.MARK}: other processes disturbed a run, and its repetitions." if disturbed else ""
    return "\n".join([*out, "", f"Ranges, files, read-back, noise: [{link}]({link}).{note}"])


def update_readme(path, page):
    """Puts the table between the marks of the pair; a run without a number leaves what is there."""
    if not any(page.ratio(title) for title in page.lines):
        return
    with open(path, encoding="utf-8") as file:
        text = file.read()
    begin, end = f"<!-- compare {page.pair} -->\n", f"<!-- end of compare {page.pair} -->"
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        print(f"README.md has no marks `{begin.strip()}` and `{end}`: it stays as it is", flush=True)
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + begin + readme_table(page) + "\n" + end + tail)
