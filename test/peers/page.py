# SPDX-License-Identifier: Apache-2.0
"""The results of a run as a page of Markdown: which engine agreed on what."""

import datetime
import platform

CHANGED = (
    "Afterwards engine and `sluice read` agree; the running job goes on, and a new process after it; `sluice verify` "
    "names the engine's own rows and no others. *refused*: the job stops and says which change it cannot follow."
)
MARKS = {"ok": "yes", "FAIL": "**no**", "skip": "left out"}


def write(path, pair, bench):
    """Versions; a table of scenarios by engine; a table of changes by engine; what was left out and why."""
    versions = {engine: note for engine, name, mark, note in bench.lines if name == "start" and mark == "ok"}
    out = [
        f"# What other engines say of the tables of {pair}",
        "",
        f"`make test-peers`, {datetime.date.today().isoformat()}, {platform.machine()}: "
        f"{bench.counts['passed']} passed, {bench.counts['failed']} failed, {bench.counts['skipped']} left out.",
        "Engines: " + "; ".join(versions.values()) + ".",
        "",
        "## Tables that sluice wrote",
        "Every row of every snapshot that the engine reads, and counts by filters that prune, are those of the source.",
        "",
    ]
    out += matrix(bench.lines, "written.", list(versions), lambda name: name.split(".")[1])
    out += ["", "## Tables that another engine changed while sluice ran", CHANGED, ""]
    out += matrix(bench.lines, "changed.", list(versions), lambda name: name.removeprefix("changed."))
    reasons = sorted({(engine, note) for engine, _, mark, note in bench.lines if mark == "skip"})
    out += ["", "## Left out"] + [f"- {engine}: {note}" for engine, note in reasons]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


def matrix(lines, prefix, engines, group):
    """A line a group of checks, a column an engine."""
    cells, rows = {}, []
    for engine, name, mark, note in lines:
        if not name.startswith(prefix) or engine not in engines:
            continue
        row = group(name)
        if row not in rows:
            rows.append(row)
        text = "refused" if note.startswith("refused:") else MARKS[mark]
        cells.setdefault((row, engine), []).append(text)
    engines = [engine for engine in engines if any((row, engine) in cells for row in rows)]
    out = ["| | " + " | ".join(engines) + " |", "|---" * (len(engines) + 1) + "|"]
    for row in rows:
        found = [sorted(set(cells.get((row, engine), ["–"]))) for engine in engines]
        out.append(f"| {row} | " + " | ".join(", ".join(texts) for texts in found) + " |")
    return out
