# SPDX-License-Identifier: Apache-2.0
"""The source's state at any position of its log: a second MariaDB that applies the log and stops where it is told.

The server's own replication is the judge, so nothing here decodes the log a second time. All positions of a seed cost
one pass over its log. Cascades of foreign keys, which the log leaves out, are done again by the replica's InnoDB.
"""

import mariadb
import processes
import zones


class Replay:
    """One replica for all seeds of a run; it starts anew where a seed's log begins."""

    def __init__(self, folder: str, template: str):
        self._folder, self._template, self._server, self._count = folder, template, None, 0

    @property
    def server(self) -> mariadb.MariaDb:
        if self._server is None:
            self._count += 1
            self._server = mariadb.MariaDb(
                f"{self._folder}-{self._count}",
                self._template,
                log_bin=None,
                binlog_format="ROW",
                log_slave_updates=None,
                gtid_strict_mode="0",
                skip_slave_start="",
                slave_net_timeout="5",
            ).start()
            zones.load(self._server)
        return self._server

    def begin(self, source: mariadb.MariaDb, position: tuple[str, int]):
        """From here on `position` of the source's log; databases of earlier seeds stay as they are."""
        file, offset = position
        self.server.execute(
            "STOP SLAVE; RESET SLAVE ALL; "
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.port}, MASTER_USER='{mariadb.USER}', "
            f"MASTER_PASSWORD='{mariadb.PASSWORD}', MASTER_LOG_FILE='{file}', MASTER_LOG_POS={offset}, "
            "MASTER_USE_GTID=no, MASTER_CONNECT_RETRY=1; START SLAVE IO_THREAD"
        )

    def advance(self, position: tuple[str, int], seconds=60.0):
        """Applies the log up to `position`, which is the end of a transaction."""
        file, offset = position
        self.server.execute(f"START SLAVE SQL_THREAD UNTIL MASTER_LOG_FILE='{file}', MASTER_LOG_POS={offset}")
        with self.server.connect() as db, db.cursor() as cursor:

            def arrived():
                cursor.execute("SHOW SLAVE STATUS")
                status = dict(zip([d[0] for d in cursor.description], cursor.fetchone()))
                if status["Last_SQL_Errno"] or status["Last_IO_Errno"]:
                    raise RuntimeError(f"the replica failed: {status['Last_SQL_Error']}{status['Last_IO_Error']}")
                at = status["Relay_Master_Log_File"], int(status["Exec_Master_Log_Pos"])
                last[0] = f"{at}, {status['Slave_SQL_Running']}, {status['Slave_IO_Running']}"
                if status["Slave_SQL_Running"] != "No" and at != position:
                    return None
                return at

            last = [None]
            try:
                stopped = processes.wait_until(arrived, f"the replica at {file}:{offset}", seconds, 0.002)
            except processes.Timeout as error:
                raise RuntimeError(f"{error}: {last[0]}") from None
            cursor.execute("STOP SLAVE SQL_THREAD")
        if stopped != position:
            raise RuntimeError(f"the replica is at {stopped}, not at {position}")

    def close(self):
        if self._server:
            self._server.close()
            self._server = None
