# SPDX-License-Identifier: Apache-2.0
"""MariaDB as the source: one server for all seeds, a replica that shows any earlier state, rows as canonical text."""

import os

import canonical
import harness
import zones
from history import History
from options import Options
from replay import Replay


class MariaDbSource:
    """What the harness needs of a source. One for a run; each seed gets a database of its own."""

    def __init__(self, folder: str):
        self.shared = harness.Shared(folder)
        self.replay = Replay(os.path.join(folder, "replica"), self.shared.template())
        self._start = None

    @property
    def server(self):
        return self.shared.server()

    def begin(self, database: str, seed: int, options: Options, folder: str) -> History:
        """Sets the server's options and makes the tables; nothing of the seed is in the log before."""
        server = self.server
        zones.load(server)
        self._set(server, options)
        self._start = server.position()
        history = History(server, database, seed, options, folder)
        history.make()
        return history

    def _set(self, server, options: Options):
        for name, value in options.server.items():
            server.execute(f"SET GLOBAL {name} = '{value}'")
        if options.server["log_bin_compress"] == "ON":
            self._pad_log(server)

    def restart(self, options: Options):
        """A clean stop and a start; prepared XA transactions outlive it."""
        server = self.server  # once: it starts a server that does not run
        server.stop()
        self._set(server.start(), options)

    @staticmethod
    def _pad_log(server):
        """START SLAVE UNTIL stops too early where an event is larger than its offset in the file.

        The replica unpacks compressed events, and the server then subtracts the new size from the old offset.
        """
        server.execute(
            "SET GLOBAL log_bin_compress = OFF; CREATE DATABASE IF NOT EXISTS padding; "
            "CREATE OR REPLACE TABLE padding.p (v LONGBLOB); INSERT INTO padding.p VALUES (REPEAT('x', 8000000)); "
            "DROP TABLE padding.p; SET GLOBAL log_bin_compress = ON"
        )

    def pipeline(self, ctx, database: str, options: Options, sink_options: dict, sharded: str, port) -> str:
        route = [{"source-table": f"{database}.{sharded}[0-9]+", "sink-table": History.MERGED}] if sharded else []
        return ctx.pipeline(
            f"{database}.[a-z][a-z0-9]*",
            source={
                "scan.incremental.snapshot.chunk.size": options.chunk_size,
                "treat-tinyint1-as-boolean.enabled": options.tiny_as_boolean,
            },
            sink=sink_options,
            route=route,
            pipeline={"schema.change.behavior": options.behavior, "parallelism": options.parallelism},
            port=port,
        )

    def rewind(self):
        self.replay.begin(self.server, self._start)

    def at(self, position):
        """A server that shows the state at `position`; positions must not go back."""
        self.replay.advance(position)
        return self.replay.server

    def rows(self, server, table: str, options: Options, time_digits: int):
        """(names, rows, names of the geometry columns), or None if there is no such table."""
        database, name = table.split(".", 1)
        with server.connect(text=True) as db:
            with db.cursor() as cursor:
                cursor.execute(
                    "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND "
                    "table_name = %s",
                    (database, name),
                )
                kinds = dict(cursor.fetchall())
            if not kinds:
                return None
            geometry = {c for c, k in kinds.items() if k.lower() in canonical.GEOMETRY}
            names, rows = canonical.source_rows(db, table, None, options.tiny_as_boolean, time_digits=time_digits)
            return names, rows, geometry

    def close(self):
        self.replay.close()
        self.shared.close()
