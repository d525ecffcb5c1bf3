# SPDX-License-Identifier: Apache-2.0
"""The results as a page of Markdown: which engine agreed on what.

  test/peers/page.py FILE LOG...      of runs of one engine each, say; a later line of a check counts
"""

import datetime
import platform
import re
import sys

LINE = re.compile(r"(ok|FAIL|skip) +[\d.]+ s  (\S+) +([\w.]+)(?:: (.*))?$")

CHANGED = (
    "Afterwards engine and `sluice read` agree; the running job goes on, and a new process after it; `sluice verify` "
    "names the engine's own rows and no others. *refused*: the job stops and says which change it cannot follow."
)
TURNS = (
    "After each turn all rows are those of both writers; at the end every engine reads them, a new process of sluice "
    "goes on, and the files fulfil every rule."
)
MARKS = {"ok": "yes", "FAIL": "**no**", "skip": "left out"}


def write(path, lines):
    """Versions; a table of scenarios by engine; a table of changes by engine; what was left out and why. A line is
    (engine, check, mark, note)."""
    lines = list({(engine, name): (engine, name, mark, note) for engine, name, mark, note in lines}.values())
    versions = {engine: note for engine, name, mark, note in lines if name == "start" and mark == "ok"}
    counts = {mark: sum(line[2] == mark for line in lines) for mark in MARKS}
    out = [
        "# What other engines say of the tables that sluice writes",
        "",
        f"`make test-peers`, {datetime.date.today().isoformat()}, {platform.machine()}: "
        f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} left out.",
        "Engines: " + "; ".join(versions.values()) + ".",
        "",
        "## Tables that sluice wrote",
        "Every row of every snapshot that the engine reads, and counts by filters that prune, are those of the source.",
        "",
    ]
    out += matrix(lines, "written.", list(versions), lambda name: name.split(".")[1])
    out += ["", "## Tables that another engine changed while sluice ran", CHANGED, ""]
    out += matrix(lines, "changed.", list(versions), lambda name: name.removeprefix("changed."))
    if any(name.startswith("turns.") for _, name, _, _ in lines):
        out += ["", "## Tables that sluice and Paimon's writer fill in turn", TURNS, ""]
        out += matrix(lines, "turns.", list(versions), lambda name: name.removeprefix("turns."))
    reasons = sorted({(engine, note) for engine, _, mark, note in lines if mark == "skip"})
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


def main():
    lines = []
    for log in sys.argv[2:]:
        with open(log, encoding="utf-8") as file:
            for match in filter(None, map(LINE.match, file)):
                mark, engine, name, note = match.groups()
                lines.append((engine, name, mark, note or ""))
    write(sys.argv[1], lines)


if __name__ == "__main__":
    main()
