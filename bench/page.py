# SPDX-License-Identifier: Apache-2.0
"""The result page: one Markdown table with goals, floors, machine, commit and command."""

import measure
import provenance


def figures_text(figures, digits=2) -> str:
    median, low, high = figures
    return f"**{median:.{digits}f}** ({low:.{digits}f}–{high:.{digits}f})"


def thousands(figures) -> str:
    return f"{figures[0] / 1000:.0f} k ({figures[1] / 1000:.0f}–{figures[2] / 1000:.0f})"


def verdict(met: bool) -> str:
    return "met" if met else "**missed**"


class Page:
    """Collects series, writes the page."""

    def __init__(self, rows, changes, repeats, short):
        """`short`: times as often as `repeats` that the shortest runs are made."""
        self.rows, self.changes, self.repeats, self.short = rows, changes, repeats, short
        self.lines, self.goals, self.memory, self.peak_mb = [], [], [], 0.0

    def _line(self, series, goal=""):
        self.lines.append((series, goal))
        if series.samples[0].rss_kb:
            self.peak_mb = max(self.peak_mb, series.rss_mb()[2])

    def _row(self, series, goal) -> str:
        rss = f"{series.rss_mb()[2]:.0f}" if series.samples[0].rss_kb else ""
        server = f"{series.server_micros()[0]:.2f}" if series.samples[0].server else ""
        disturbed = any(measure.disturbance(sample, self.best_loop) > 1 for sample in series.samples)
        micros = figures_text(series.micros()) + (f" {measure.MARK}" if disturbed else "")
        return f"| {series.name} | {micros} | {thousands(series.rate())} | {rss} | {server} | {goal} |"

    def snapshot(self, name, lines):
        micros, rate = lines["sluice"].micros()[0], lines["sluice"].rate()[0]
        share = rate / max(lines["text"].rate()[0], 1)
        self._line(lines["sluice"], "≤ 1.5 µs, ≥ 60 % of `SELECT *`")
        for key in ("hole", "text", "binary", "parquet"):
            self._line(lines[key], "floor" if key != "hole" else "")
        self.goals.append(
            f"{name} snapshot: {micros:.2f} µs/row, goal 1.5: {verdict(micros <= 1.5)}; "
            f"{share * 100:.0f} % of the rate of `SELECT *`, goal 60 %: {verdict(share >= 0.6)}"
        )

    def drain(self, name, lines):
        micros, rate = lines["sluice"].micros()[0], lines["sluice"].rate()[0]
        hole = lines["hole"].micros()[0]
        self._line(lines["sluice"], "≤ 2.0 µs, ≥ 300 k/s")
        self._line(lines["hole"], "≤ 0.3 µs")
        self._line(lines["raw"], "floor")
        self.goals.append(
            f"{name} drain: {micros:.2f} µs/change, goal 2.0: {verdict(micros <= 2.0)}; {rate / 1000:.0f} k"
            f" changes/s, goal 300 k: {verdict(rate >= 300_000)}; to blackhole {hole:.2f} µs, goal 0.3:"
            f" {verdict(hole <= 0.3)}"
        )

    def idle(self, small_kb, full_kb, seconds):
        self.memory.append(f"| idle for {seconds} s, one small table | {small_kb / 1024:.1f} MB | ≤ 25 MB |")
        self.memory.append(
            f"| idle for {seconds} s after the drain of {self.rows:,} keys | {full_kb / 1024:.1f} MB | |"
        )
        self.goals.append(f"idle memory: {small_kb / 1024:.1f} MB, goal 25: {verdict(small_kb <= 25 * 1024)}")

    def many(self, tables, first, again):
        seconds = sorted(s.seconds for s in again)
        middle = seconds[len(seconds) // 2]
        self.memory.append(
            f"| start of an idle job with {tables} tables, to caught-up | {middle:.2f} s"
            f" ({seconds[0]:.2f}–{seconds[-1]:.2f}), {max(s.rss_kb for s in again) / 1024:.0f} MB | ≤ 3 s |"
        )
        self.memory.append(
            f"| first run of that job: {tables} tables of 10 rows made | {first.seconds:.1f} s,"
            f" {first.rss_kb / 1024:.0f} MB | |"
        )
        self.goals.append(f"start with {tables} tables: {middle:.2f} s, goal 3: {verdict(middle <= 3)}")

    def keys(self, keys, first, second):
        peak = max(first.rss_kb, second.rss_kb) / 1024
        self.memory.append(
            f"| {keys:,} keys, peak in the snapshot / when resumed | {first.rss_kb / 1024:.0f} /"
            f" {second.rss_kb / 1024:.0f} MB | ≤ 1 GB |"
        )
        self.goals.append(f"{keys:,} keys: {peak:.0f} MB, goal 1024: {verdict(peak <= 1024)}")

    def finish(self, server, quiet):
        self.noise, self.best_loop = measure.noise(quiet.loops), quiet.best
        self.version = server.execute("SELECT @@version")[0][0]
        self.goals.append(
            f"peak memory of all runs above: {self.peak_mb:.0f} MB, goal 512: {verdict(self.peak_mb <= 512)}"
        )

    def text(self) -> str:
        given = provenance.given_sizes(("ROWS", "CHANGES", "REPEATS", "TABLES", "IDLE_SECONDS", "WORKLOADS", "KEYS"))
        tries = [sample.tries for series, _ in self.lines for sample in series.samples]
        return "\n".join(
            [
                "# MariaDB → Iceberg",
                "",
                f"* machine: {provenance.machine()}",
                f"* server: MariaDB {self.version} on the same machine, loopback",
                f"* commit: {provenance.commit()}",
                f"* command: `{given}make bench`",
                (
                    f"* {self.rows:,} rows, a log of {self.changes:,} changes (50 % update, 25 % insert, 25 % delete,"
                    f" 100 to a transaction), {self.repeats} repetitions, of the raw fetch and the drain to blackhole"
                    f" {self.repeats * self.short}: median (lowest–highest); 10 s checkpoints, exactly once, Parquet"
                    " zstd-1"
                ),
                (
                    f"* noise: {self.noise}, {self.best_loop * 1000:.0f} ms at best; {sum(tries) - len(tries)} of"
                    f" {sum(tries)} runs were made again, since the loop before or after them was slower or others"
                    f" took more than {measure.OTHERS_MAX:.0%} of the machine; {measure.MARK}: the last try was"
                    " disturbed too"
                ),
                (
                    "* CPU is user + system of the whole process from its start to its end, connecting, key index and"
                    " commits included; each result was verified (rows counted by PyIceberg, `sluice verify`)"
                ),
                "",
                "| | CPU µs per row or change | per second | peak MB | server's CPU µs | goal |",
                "|---|--:|--:|--:|--:|---|",
                *[self._row(*line) for line in self.lines],
                "",
                "| | | goal |",
                "|---|--:|---|",
                *self.memory,
                "",
                "## Goals",
                "",
                *[f"* {goal}" for goal in self.goals],
                "",
            ]
        )
