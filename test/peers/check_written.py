# SPDX-License-Identifier: Apache-2.0
"""Other engines read what sluice wrote: every row of every snapshot, and filters that prune."""

import importlib

import canonical
import lake as lake_module


def scenarios(pair):
    return importlib.import_module(pair.tables).SCENARIOS


def names(pair, _engine):
    """A scenario with several tables has a check for each."""
    return [scenario.__name__ for scenario in scenarios(pair)]


def prepare(bench):
    """Lets sluice write every scenario; one that fails is one failed check, and its tables are not compared."""
    bench.written = []
    for scenario in scenarios(bench.pair):
        name = f"written.{scenario.__name__}"
        if bench.wanted(name):
            bench.check(name, lambda s=scenario: bench.written.append((s.__name__, s(bench.context(s.__name__)))))


def checks(bench, engine):
    if engine.beside:
        return
    for scenario, found in bench.written:
        for number, table in enumerate(found):
            label = f"{scenario}.{number}" if len(found) > 1 else scenario
            yield label, engine.lacks.get(table.needs) or (lambda t=table: compare(engine, t))


def compare(engine, table):
    """Each state of the table, the newest one without time travel, then the filters. Gives what was compared."""
    last, left_out = len(table.states) - 1, 0
    for number, state in enumerate(table.states):
        if engine.newest_columns and state.names != table.states[-1].names:
            left_out += 1
            continue
        same(engine, table, state, None if number == last else state.snapshot)
    counts = [(where, rows) for where, rows in table.counts if not (engine.no_dots and "." in where[0])]
    for where, expected in counts:
        found = engine.count(table.name, where)
        assert found == expected, f"{where} finds {found} rows, the source has {expected}"
    rows = sum(len(state.rows) for state in table.states)
    filters = f", {len(counts)} filters" if counts else ""
    if len(counts) < len(table.counts):
        filters += f"; left out: {engine.no_dots}"
    if left_out:
        filters += f"; {left_out} left out, which it shows in the columns of today"
    return f"{rows} rows of {len(table.states)} snapshots{filters}" if last else f"{rows} rows{filters}"


def same(engine, table, state, snapshot=None):
    names, rows = engine.rows(table.name, snapshot)
    expected = [name.lower() for name in state.names] if engine.lower_case else state.names
    for column in table.geometry:
        at = names.index(column)
        rows = [(*row[:at], canonical.geojson(row[at]), *row[at + 1 :]) for row in rows]
    text = lake_module.first_differences(expected, state.rows, names, rows)
    assert not text, f"{engine.name} reads {table.name} at {snapshot or 'its newest snapshot'} differently: {text}"
