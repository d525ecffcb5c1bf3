# SPDX-License-Identifier: Apache-2.0
"""Compares the sink's tables with the source: at the end, and at every commit whose position is known."""

from lake import Difference, first_differences


class Check:
    """All comparisons of one seed. `points_max` bounds the positions that are replayed; 0 is all of them."""

    def __init__(self, ctx, source, sink, history, points_max=0):
        self.ctx, self.source, self.sink, self.history = ctx, source, sink, history
        self.options, self.points_max = history.options, points_max
        self.positions = self.comparisons = 0

    def end(self):
        """The newest state. Tables that are gone at the source must be empty."""
        live = self.history.source_tables()
        for table in sorted(set(live) | set(self.sink.tables(self.ctx))):
            expected = self._expected(self.source.server, live.get(table, []))
            if expected is None and self.options.behavior == "lenient":
                continue
            if table not in self.sink.tables(self.ctx):
                raise Difference(f"{table} is not in the sink; there are {self.sink.tables(self.ctx)}")
            geometry = expected[2] if expected else set()
            self._compare(table, "at the end", expected, self.sink.rows(self.ctx, table, geometry))

    def at_every_commit(self):
        """By time travel: each version of each table against a replica that stopped at the version's position."""
        versions, newest = {}, {}
        for table in self.sink.tables(self.ctx):
            newest[table] = self.sink.newest(self.ctx, table)
            for version in self.sink.versions(self.ctx, table):
                if version.comparable:
                    versions.setdefault(version.position, {})[table] = version
        points = sorted(versions)
        if self.points_max and len(points) > self.points_max:
            step = len(points) / self.points_max
            points = [points[int(i * step)] for i in range(self.points_max)]
        if not points:
            return
        self.source.rewind()
        for point in points:
            server = self.source.at(point)
            self.positions += 1
            for table, version in sorted(versions[point].items()):
                expected = self._expected(server, self._sources(table))
                geometry = expected[2] if expected else set()
                where = f"at {point[0]}:{point[1]} ({version.path.rsplit('/', 1)[1]})"
                self._compare(table, where, expected, version.rows(newest[table], geometry))

    def _sources(self, table: str) -> list[str]:
        return self.history.shards() if table == self.history.MERGED else [table]

    def _expected(self, server, tables):
        """The union of the tables' rows; a column that one of them lacks is NULL there. None if there is no table."""
        parts = [p for p in (self.source.rows(server, t, self.options) for t in tables) if p is not None]
        if not parts:
            return None
        names = list(dict.fromkeys(n for part in parts for n in part[0]))
        rows = []
        for part_names, part_rows, _ in parts:
            at = [part_names.index(n) if n in part_names else -1 for n in names]
            rows += [tuple(None if i < 0 else row[i] for i in at) for row in part_rows]
        return names, rows, set().union(*(p[2] for p in parts)), len(parts) > 1

    def _compare(self, table, where, expected, found):
        names, rows = found
        self.comparisons += 1
        if expected is None:
            if rows:
                raise Difference(f"{table} {where}: gone at the source, {len(rows)} rows in the sink")
            return
        wanted_names, wanted, _, merged = expected
        if merged or self.options.behavior == "lenient":  # the order of columns is not the source's
            lost = [n for n in wanted_names if n not in names]
            if lost:
                raise Difference(f"{table} {where}: columns {lost} are missing; there are {names}")
            at = [names.index(n) for n in wanted_names]
            names, rows = wanted_names, [tuple(row[i] for i in at) for row in rows]
        text = first_differences(wanted_names, wanted, names, rows)
        if text:
            raise Difference(f"{table} {where}: {text}")
