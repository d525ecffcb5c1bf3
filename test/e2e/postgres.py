# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL server on loopback with a folder of its own. Never touches the system's service or its clusters.
It refuses to run as root, so root gives folder and process to another user."""

import csv
import glob
import io
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

import processes
import s3_server

USER, PASSWORD = "meta", "meta-secret"
OWNER, OWNER_PASSWORD = "owner", "owner-secret"
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "ssl": "on",
    "fsync": "off",
    "dynamic_shared_memory_type": "mmap",  # in its folder, so that nothing stays of a server that is killed
    "shared_buffers": "16MB",
    "max_connections": "50",
    "timezone": "Asia/Tokyo",  # not that of any client
}


def find(program: str) -> str:
    """The full path of a program; Debian keeps those of the server in a folder for each version."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    path = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *folders]))
    if path is None:
        raise RuntimeError(f"{program} is not installed; hint: run scripts/setup")
    return path


def account() -> dict:
    """The options of Popen that give a process to a user who may run the server."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    chosen = names.get("postgres") or names["nobody"]
    return {"user": chosen.pw_uid, "group": chosen.pw_gid, "extra_groups": []}


class Postgres:
    """Started by the constructor; ended by close(), by its pid. `ca` is the file of its certificate. `log`: a file."""

    def __init__(self, log: str):
        self.log, self.port, self._account, self._count = log, processes.free_port(), account(), 0
        self.folder = tempfile.mkdtemp(prefix="sluice-pg-")  # a socket's path may have 107 bytes at most
        self.data, self.ca = os.path.join(self.folder, "data"), os.path.join(self.folder, "ca.pem")
        secret, key = os.path.join(self.folder, "secret"), os.path.join(self.folder, "key.pem")
        with open(secret, "w", encoding="ascii") as file:
            file.write(OWNER_PASSWORD + "\n")
        s3_server.make_certificate(self.ca, key)
        os.chmod(key, 0o600)
        if self._account:
            for name in (self.folder, secret, self.ca, key):
                os.chown(name, self._account["user"], self._account["group"])
        subprocess.run(
            [find("initdb"), "-D", self.data, "-U", OWNER, f"--pwfile={secret}", "--auth=scram-sha-256", "--no-sync",
             "--locale=C", "--encoding=UTF8"],
            check=True, capture_output=True, timeout=180, cwd=self.folder, **self._account,
        )
        self.options = {**OPTIONS, "ssl_cert_file": self.ca, "ssl_key_file": key,
                        "unix_socket_directories": self.folder}
        self.process = None
        self.start()
        self.execute(f"CREATE USER {USER} PASSWORD '{PASSWORD}'")

    def start(self):
        words = [word for key, value in self.options.items() for word in ("-c", f"{key}={value}")]
        with open(self.log, "ab") as log:
            self.process = processes.start(
                [find("postgres"), "-D", self.data, "-p", str(self.port), *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, **self._account,
            )
        processes.wait_until(self._answers, f"start of postgres (see {self.log})", 60)

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"postgres ended with {self.process.returncode}; see {self.log}"
        return self._psql("SELECT 1", "postgres").returncode == 0

    def _psql(self, sql, database):
        command = [find("psql"), "-X", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", OWNER, "-d", database,
                   "--csv", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60,
                              env={**os.environ, "PGPASSWORD": OWNER_PASSWORD})

    def execute(self, sql: str, database="postgres") -> list[tuple]:
        """Runs statements as the owner of all; the rows as text."""
        result = self._psql(sql, database)
        assert result.returncode == 0, f"{sql}: {result.stderr}"
        return [tuple(row) for row in csv.reader(io.StringIO(result.stdout))]

    def database(self) -> str:
        """A fresh database that belongs to USER."""
        self._count += 1
        name = f"catalog_{self._count}"
        self.execute(f"CREATE DATABASE {name} OWNER {USER}")
        return name

    def stop(self):
        """Ends it and every session at once, in an orderly way."""
        if self.process:
            processes.end(self.process, signal.SIGINT, seconds=60)
            self.process = None

    def close(self):
        """Ends the server and removes its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
