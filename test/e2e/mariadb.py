# SPDX-License-Identifier: Apache-2.0
"""A private MariaDB server on loopback in a folder of its own. Never touches the system's service or its files."""

import os
import shutil
import subprocess
import tempfile

import pymysql
import pymysql.converters

import processes

USER, PASSWORD = "flow", "flow-secret"
# Client errors and server errors that mean: no connection, or not any more.
LOST_CONNECTION = {0, 1053, 1927, 2002, 2003, 2006, 2013}
GRANT = "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'flow'@'%'"
DEFAULTS = {
    "binlog-format": "ROW",
    "binlog-row-image": "FULL",
    "binlog-row-metadata": "FULL",
    "log-bin": "binlog",
    "gtid-strict-mode": "1",
    "log-slave-updates": "1",
    "sync-binlog": "0",
    "innodb-flush-log-at-trx-commit": "2",
    "innodb-buffer-pool-size": "128M",
    "innodb-log-file-size": "32M",
    "max-allowed-packet": "256M",
    "character-set-server": "utf8mb4",
    "default-time-zone": "+00:00",
    "performance-schema": "OFF",
    "innodb-flush-method": "nosync",
    "max-connections": "200",
    "tmp-table-size": "64M",
}


def find(program: str) -> str:
    """The full path of a server program; Debian keeps some of them in sbin."""
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise RuntimeError(f"{program} is not installed; hint: run scripts/setup")
    return path


def _as_user() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def make_template(folder: str) -> str:
    """An empty data folder, made once and copied by every server: mariadb-install-db takes seconds."""
    if os.path.exists(os.path.join(folder, "complete")):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    subprocess.run(
        [
            find("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={folder}/data",
            *_as_user(),
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
            "--innodb-log-file-size=32M",
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    with open(os.path.join(folder, "complete"), "w", encoding="ascii"):
        pass
    return folder


class MariaDb:
    """One server. Options are mariadbd's, with None to leave a default of this harness out."""

    def __init__(self, folder: str, template: str, **options):
        self.folder = folder
        self.port = processes.free_port()
        self.options = {
            **DEFAULTS,
            "server-id": str(self.port),
            **{k.replace("_", "-"): v for k, v in options.items()},
        }
        self.run_dir = tempfile.mkdtemp(prefix="sluice-db-")  # a socket's path may have 107 bytes at most
        self.socket = os.path.join(self.run_dir, "s")
        self.process = None
        if not os.path.isdir(folder):
            shutil.copytree(os.path.join(template, "data"), folder)

    @staticmethod
    def pipeline_source(port, tables) -> dict:
        """The source block of a pipeline file."""
        return {
            "type": "mysql",
            "hostname": "127.0.0.1",
            "port": port,
            "username": USER,
            "password": PASSWORD,
            "tables": tables,
            "server-time-zone": "UTC",
        }

    @staticmethod
    def lost(error) -> bool:
        """Whether an error of a connection means that there is none, or not any more."""
        kinds = pymysql.err.OperationalError, pymysql.err.InterfaceError
        return isinstance(error, kinds) and error.args[0] in LOST_CONNECTION

    def start(self, **changes):
        """Starts the server (again), with changed options if any are given, and makes the users."""
        self.options.update({k.replace("_", "-"): v for k, v in changes.items()})
        args = [f"--{k}={v}" if v != "" else f"--{k}" for k, v in self.options.items() if v is not None]
        with open(self.folder + ".log", "ab") as log:
            self.process = processes.start(
                [
                    find("mariadbd"),
                    "--no-defaults",
                    *_as_user(),
                    f"--datadir={self.folder}",
                    f"--tmpdir={self.folder}",
                    f"--socket={self.socket}",
                    f"--pid-file={self.run_dir}/pid",
                    "--bind-address=127.0.0.1",
                    f"--port={self.port}",
                    "--skip-name-resolve",
                    *args,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        processes.wait_until(self._answers, f"start of mariadbd (see {self.folder}.log)", 60)
        with self.connect() as db, db.cursor() as cursor:
            cursor.execute("SET sql_log_bin = 0")
            cursor.execute(f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute(GRANT)
        return self

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"mariadbd ended with {self.process.returncode}; see {self.folder}.log")
        try:
            self.connect().close()
            return True
        except pymysql.Error:
            return False

    def stop(self):
        """A clean shutdown."""
        if self.process:
            processes.end(self.process, seconds=60)
            self.process = None

    def kill(self):
        """kill -9."""
        if self.process:
            self.process.kill()
            processes.end(self.process)
            self.process = None

    def close(self):
        """Ends the server and removes what it had outside its folder."""
        self.kill()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def connect(self, database=None, text=False, **options):
        """root over the socket. With text=True values come as the server's own text (bytes where binary)."""
        conv = dict(pymysql.converters.encoders) if text else None
        return pymysql.connect(
            unix_socket=self.socket,
            user="root",
            database=database,
            charset="utf8mb4",
            conv=conv,
            autocommit=True,
            max_allowed_packet=1 << 28,
            local_infile=False,
            ssl_disabled=True,
            **options,
        )

    def execute(self, sql: str, database=None):
        """Runs statements separated by lines that end in a semicolon; gives the last one's rows."""
        rows = ()
        with self.connect(database) as db, db.cursor() as cursor:
            for statement in split_statements(sql):
                cursor.execute(statement)
                rows = cursor.fetchall()
        return rows

    def purge_logs(self):
        """Removes all log files but the newest. The server keeps those that a reader, even a dead one, still has."""

        newest = self.position()[0]

        def purged():  # not before the server noticed that a reader is gone, and its own checkpoint of the log
            self.execute(f"PURGE BINARY LOGS TO '{newest}'")
            return self.execute("SHOW BINARY LOGS")[0][0] == newest

        processes.wait_until(purged, "the server to purge its logs")

    def position(self) -> tuple[str, int]:
        row = self.execute("SHOW MASTER STATUS")[0]
        return row[0], int(row[1])


def split_statements(sql: str) -> list[str]:
    """Splits a script at semicolons that stand outside quotes; `--` comments are dropped."""
    statements, current, quote, i = [], [], "", 0
    while i < len(sql):
        c = sql[i]
        if quote:
            current.append(c)
            if c == "\\" and quote != "`" and i + 1 < len(sql):
                i += 1
                current.append(sql[i])
            elif c == quote:
                quote = ""
        elif c in "'\"`":
            quote = c
            current.append(c)
        elif sql.startswith("-- ", i):
            i = sql.find("\n", i)
            if i < 0:
                break
            continue
        elif c == ";":
            statements.append("".join(current).strip())
            current = []
        else:
            current.append(c)
        i += 1
    statements.append("".join(current).strip())
    return [s for s in statements if s]
