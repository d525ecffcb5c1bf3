# SPDX-License-Identifier: Apache-2.0
"""Compares the sink's tables with the source: at the end, and at every commit whose position is known."""

from collections import Counter

from lake import Difference, first_differences

POINTS_MIN = 3  # fewer show nothing of time travel: an error, since a seed goes on until it has more


class Check:
    """All comparisons of one seed. `points_max` bounds the positions that are replayed; 0 is all of them."""

    def __init__(self, ctx, source, sink, history, points_max=0):
        self.ctx, self.source, self.sink, self.history = ctx, source, sink, history
        self.options, self.points_max = history.options, points_max
        self.known = self.positions = self.comparisons = 0
        self._known = {}  # table -> what it had besides the source's columns, when it was compared last

    def at_every_commit(self):
        """By time travel: at each point every table's newest version up to it, against a replica that stopped there.

        So rows that come with a later commit than they should are seen too.
        """
        points = self.sink.points(self.ctx)
        self.known = len(points)
        if len(points) < POINTS_MIN:
            raise AssertionError(f"only {len(points)} commits whose position is known; {POINTS_MIN} are needed")
        if self.points_max and len(points) > self.points_max:
            step = len(points) / self.points_max
            points = [points[int(i * step)] for i in range(self.points_max)]
        versions = {t: self.sink.versions(self.ctx, t) for t in self.sink.tables(self.ctx)}
        newest, read = {t: self.sink.newest(self.ctx, t) for t in versions}, {}
        self._known.clear()
        self.source.rewind()
        for point in points:
            server = self.source.at(point)
            self.positions += 1
            for table in sorted(versions):
                expected = self._expected(server, self._sources(table))
                if expected is None and self.options.behavior == "lenient":
                    continue
                until = [v for v in versions[table] if v.position <= point]
                where = f"at {point[0]}:{point[1]}"
                if not until and self.sink.begins_later(self.ctx, table):
                    continue
                if not until:
                    self._compare_unborn(table, where, expected)
                    continue
                geometry = frozenset(expected[2] if expected else ())
                if read.get(table, [None])[0] != (until[-1].path, geometry):
                    read[table] = (until[-1].path, geometry), until[-1].rows(newest[table], geometry)
                self._compare(table, f"{where} ({until[-1].path.rsplit('/', 1)[1]})", expected, read[table][1])

    def end(self):
        """The newest state. Tables that are gone at the source must be empty."""
        live = self.history.source_tables()
        for table in sorted(set(live) | set(self.sink.tables(self.ctx))):
            sources = [self.history.wanted.get(source, source) for source in live.get(table, [])]
            expected = self._expected(self.source.server, sources)
            if expected is None and self.options.behavior == "lenient":
                continue
            if table not in self.sink.tables(self.ctx):
                raise Difference(f"{table} is not in the sink; there are {self.sink.tables(self.ctx)}")
            geometry = expected[2] if expected else set()
            self._compare(table, "at the end", expected, self.sink.rows(self.ctx, table, geometry))

    def _sources(self, table: str) -> list[str]:
        if table == self.history.MERGED:
            return self.history.shards()
        return [self.history.wanted.get(table, table)]

    def _expected(self, server, tables):
        """The union of the tables' rows; a column that one of them lacks is NULL there. None if there is no table."""
        found = (self.source.rows(server, t, self.options, self.sink.time_digits) for t in tables)
        parts = [part for part in found if part is not None]
        if not parts:
            return None
        names = list(dict.fromkeys(n for part in parts for n in part[0]))
        rows = []
        for part_names, part_rows, _ in parts:
            at = [part_names.index(n) if n in part_names else -1 for n in names]
            rows += [tuple(None if i < 0 else row[i] for i in at) for row in part_rows]
        return names, rows, set().union(*(p[2] for p in parts)), len(parts) > 1

    def _compare_unborn(self, table, where, expected):
        self.comparisons += 1
        if expected and expected[1]:
            raise Difference(f"{table} {where}: {len(expected[1])} rows at the source, no commit until then")

    def _compare(self, table, where, expected, found):
        names, rows = found
        self.comparisons += 1
        if expected is None:
            if rows:
                raise Difference(f"{table} {where}: gone at the source, {len(rows)} rows in the sink")
            return
        wanted_names, wanted, _, merged = expected
        # The order of columns is not the source's; nor where an attempt made the table and died, and others came.
        free = merged or self.options.behavior == "lenient"
        if free or (self.options.kill_in_copy and self.options.ddl_in_copy):
            lost, more = [n for n in wanted_names if n not in names], [n for n in names if n not in wanted_names]
            if lost or (more and not free):
                raise Difference(f"{table} {where}: columns {lost} are missing, {more} are too many")
            at, others = [names.index(n) for n in wanted_names], [names.index(n) for n in more]
            beside = [tuple(row[i] for i in others) for row in rows]
            names, rows = wanted_names, [tuple(row[i] for i in at) for row in rows]
            self._compare_others(table, where, (wanted_names, more), rows, beside)
        if merged and self.history.truncated_shards:
            rows = self._without_left(wanted_names, wanted, rows)
        text = first_differences(wanted_names, wanted, names, rows)
        if text:
            raise Difference(f"{table} {where}: {text}")

    def _compare_others(self, table, where, names, rows, beside):
        """Columns that the source has no more: rows that came since the last comparison must have NULL there."""
        before = self._known.get(table)
        self._known[table] = names, Counter(rows)
        if before is None or before[0] != names:
            return
        for row, values in zip(rows, beside):
            if row not in before[1] and any(v is not None for v in values):
                raise Difference(f"{table} {where}: {names[1]} are not at the source, {row} has {values}")

    def _without_left(self, names, wanted, rows):
        """Without the rows that TRUNCATE of a shard leaves in the merged table: their keys are not at the source."""
        key = [names.index(k) for t in self.history.tables if t.name == self.history.sharded for k in t.key]
        there = {tuple(row[i] for i in key) for row in wanted}
        return [row for row in rows if tuple(row[i] for i in key) in there]
