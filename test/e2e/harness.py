# SPDX-License-Identifier: Apache-2.0
"""What a test gets: servers, pipeline files, the program, the lake, comparison. One Context per test.

Used by test/e2e/run.py, the demo and the benchmark. A test is `def test_x(ctx)`; it raises to fail, Skip to be skipped.
"""

import json
import os
import shutil
import subprocess
import threading

import lake as lake_module
import mariadb
import paimon_lake
import postgres
import processes
import proxy
import s3_server
import sluice
from lake import Difference, compare
from processes import Timeout, wait_until

__all__ = ["Context", "Difference", "Skip", "Timeout", "compare", "wait_until", "Load"]
INTERVAL = os.environ.get("SLUICE_E2E_INTERVAL", "300ms")


class Skip(Exception):
    """This machine cannot run the test; the text says why."""


class Shared:
    """What the tests of one run share: the template of data folders and a server with default options."""

    def __init__(self, folder: str):
        self.folder = folder
        self.template_dir = os.path.join(processes.root_dir(), ".deps", "mariadb-template")
        self._server = self._pypaimon = self._s3 = self._postgres = None
        self._databases = 0

    def template(self) -> str:
        return mariadb.make_template(self.template_dir)

    def server(self) -> mariadb.MariaDb:
        if self._server is None:
            self._server = mariadb.MariaDb(os.path.join(self.folder, "mariadb"), self.template()).start()
        elif self._server.process is None or self._server.process.poll() is not None:
            self._server.start()
        return self._server

    def pypaimon(self) -> paimon_lake.PyPaimon:
        """The process that holds pypaimon; Skip where it cannot be installed."""
        if self._pypaimon is None:
            missing = paimon_lake.PyPaimon.missing()
            if missing:
                raise Skip(missing)
            self._pypaimon = paimon_lake.PyPaimon(self.folder)
        return self._pypaimon

    def s3(self) -> s3_server.S3Server:
        """The S3 server of this run."""
        if self._s3 is None:
            self._s3 = s3_server.S3Server(os.path.join(self.folder, "s3"))
        return self._s3

    def postgres(self) -> postgres.Postgres:
        """The PostgreSQL server of this run; a test that stops it starts it again."""
        if self._postgres is None:
            self._postgres = postgres.Postgres(os.path.join(self.folder, "postgres.log"))
        return self._postgres

    def next_database(self) -> str:
        self._databases += 1
        return f"e2e_{self._databases}"

    def close(self):
        if self._server:
            self._server.close()
            self._server = None
        if self._pypaimon:
            self._pypaimon.close()
            self._pypaimon = None
        if self._s3:
            self._s3.close()
            self._s3 = None
        if self._postgres:
            self._postgres.close()
            self._postgres = None


def wait_same(difference, what: str, job, seconds):
    """Polls until difference() gives nothing; fails at once if `job`, which may be None, has ended."""
    last = [None]

    def same():
        last[0] = difference()
        if last[0] and job is not None and not job.running():
            raise AssertionError(f"sluice ended while the test waited:\n{job.tail()}")
        return not last[0]

    try:
        wait_until(same, what, seconds, 0.1)
    except Timeout as error:
        raise Difference(f"{error}\n{last[0]}\n{job.tail() if job else ''}") from None


class Context:
    """Everything of one test lives in ctx.dir; close() ends what the test started."""

    def __init__(self, shared: Shared, folder: str):
        self.shared, self.dir = shared, folder
        os.makedirs(folder)
        self.warehouse = os.path.join(folder, "lake")
        self.state = os.path.join(folder, "state")
        self.lake = lake_module.Lake(self.warehouse)
        self.jobs, self._servers, self._proxies, self._count, self._started = [], [], [], 0, 0
        self.cleanups = []

    # ---- servers

    @property
    def server(self) -> mariadb.MariaDb:
        """The shared server with default options. A test that changes the server takes new_server()."""
        return self.shared.server()

    def new_server(self, **options) -> mariadb.MariaDb:
        """A server of this test alone, started, with mariadbd's options (None leaves a default out)."""
        self._count += 1
        server = mariadb.MariaDb(os.path.join(self.dir, f"mariadb{self._count}"), self.shared.template(), **options)
        self._servers.append(server)
        return server.start()

    def database(self, script="", server=None) -> str:
        """A fresh database; `script` runs in it."""
        server = server or self.server
        name = self.shared.next_database()
        server.execute(f"CREATE DATABASE {name}")
        if script:
            server.execute(script, name)
        return name

    def proxy(self, server=None) -> proxy.Proxy:
        made = proxy.Proxy((server or self.server).port)
        self._proxies.append(made)
        return made

    # ---- pipeline files

    def pipeline(
        self,
        tables: str,
        source=None,
        sink=None,
        route=(),
        pipeline=None,
        server=None,
        name="pipeline.yaml",
        port=None,
    ) -> str:
        """Writes a pipeline file to Iceberg from `server`, through `port` if that is given; the dicts override or, with
        None as value, remove keys."""
        server = server or (self.server if port is None else mariadb.MariaDb)
        blocks = {
            "source": {**server.pipeline_source(port or server.port, tables), **(source or {})},
            "sink": {
                "type": "iceberg",
                "catalog.properties.type": "hadoop",
                "catalog.properties.warehouse": "file://" + self.warehouse,
                **(sink or {}),
            },
        }
        if sink and sink.get("type", "iceberg") != "iceberg":
            blocks["sink"] = dict(sink)
        lines = []
        for block, options in blocks.items():
            lines += [f"{block}:"] + [f"  {k}: {scalar(v)}" for k, v in options.items() if v is not None]
        if route:
            lines.append("route:")
            for rule in route:
                lines += [f"  {'- ' if i == 0 else '  '}{k}: {scalar(v)}" for i, (k, v) in enumerate(rule.items())]
        if pipeline:
            lines += ["pipeline:"] + [f"  {k}: {scalar(v)}" for k, v in pipeline.items()]
        return self.write(name, "\n".join(lines) + "\n")

    def write(self, name: str, text: str) -> str:
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def mount_warehouse(self, options: str) -> str | None:
        """Puts the lake on a tmpfs of its own and returns its mount point; None if this user may not mount one."""
        mount = os.path.join(self.dir, "disk")
        os.makedirs(mount)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", mount]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
        self.cleanups.append(lambda: subprocess.run(["umount", "-l", mount], check=False))
        self.warehouse = self.lake.warehouse = os.path.join(mount, "lake")
        return mount

    # ---- the program

    def start(self, *args, env=None, summary=None) -> sluice.Job:
        """Starts sluice with these arguments."""
        self._started += 1
        job = sluice.Job(args, self.dir, f"sluice{self._started}", env, summary)
        self.jobs.append(job)
        return job

    def command(self, *args, env=None, seconds=60.0) -> sluice.Result:
        """Runs sluice to its end."""
        return self.start(*args, env=env).wait(seconds)

    def run_args(self, path: str, *more, interval=INTERVAL, state=None):
        return [
            "run",
            path,
            "--state",
            state or self.state,
            "-D",
            f"execution.checkpointing.interval={interval}",
            *more,
        ]

    def start_run(self, path: str, *more, env=None, interval=INTERVAL, state=None) -> sluice.Job:
        """`sluice run` in the background."""
        return self.start(*self.run_args(path, *more, interval=interval, state=state), env=env)

    def catch_up(
        self, path: str, *more, env=None, interval=INTERVAL, state=None, seconds=120.0, code=0
    ) -> sluice.Result:
        """`sluice run --until caught-up`; its exit code must be `code` (None: any)."""
        summary = os.path.join(self.dir, f"summary{len(self.jobs) + 1}.json")
        args = self.run_args(path, "--until", "caught-up", *more, interval=interval, state=state)
        result = self.start(*args, env=env, summary=summary).wait(seconds)
        if code is not None and result.code != code:
            raise AssertionError(
                f"sluice exited with {result.code}, expected {code}:\n{result.out}{result.err}"[-6000:]
            )
        return result

    def fails(self, path: str, *words, command="run", seconds=100.0, env=None, code=1) -> sluice.Result:
        """The command must end with `code` and its error must contain each of `words` (case does not count)."""
        args = self.run_args(path, "--until", "caught-up") if command == "run" else [command, path]
        result = self.start(*args, env=env).wait(seconds)
        text = result.out + result.err
        assert result.code == code, f"exit code {result.code}, expected {code}:\n{text[-4000:]}"
        for word in words:
            assert word.lower() in text.lower(), f"'{word}' is not in the error:\n{text[-4000:]}"
        assert "hint: " in text or "fix: " in text, f"the error does not say what to do:\n{text[-4000:]}"
        assert "CHECK failed" not in text and "terminate called" not in text, text[-4000:]
        return result

    # ---- comparison

    def equal(self, source_table: str, lake_table=None, **options):
        compare(options.pop("server", None) or self.server, self.lake, source_table, lake_table, **options)

    def wait_equal(self, source_table: str, lake_table=None, job=None, seconds=30.0, **options):
        """Polls until the lake equals the source; fails at once if `job` has ended."""

        def difference():
            try:
                self.equal(source_table, lake_table, **options)
                return None
            except (AssertionError, FileNotFoundError) as error:
                return error

        wait_same(difference, f"{lake_table or source_table} equal to its source", job, seconds)

    def close(self):
        for step in reversed(self.cleanups):
            step()
        for job in self.jobs:
            job.kill()
        for made in self._proxies:
            made.off()
        for server in self._servers:
            server.close()

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def scalar(value) -> str:
    """A YAML scalar: numbers and plain booleans as they are, text in double quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(scalar(v) for v in value) + "]"
    return json.dumps(str(value), ensure_ascii=False)


class Load:
    """Runs `step(cursor, n)` again and again on its own connection and thread until stop().

    With `reconnect` a lost server is waited for; `step` must not mind whether its last transaction is there or not.
    """

    def __init__(self, server, step, database=None, pause=0.0, reconnect=False):
        self.steps, self.error = 0, None
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(server, step, database, pause, reconnect), daemon=True
        )
        self._thread.start()

    def _run(self, server, step, database, pause, reconnect):
        while not self._stop.is_set():
            try:
                with server.connect(database) as db, db.cursor() as cursor:
                    while not self._stop.is_set():
                        step(cursor, self.steps)
                        self.steps += 1
                        if pause:
                            self._stop.wait(pause)
            except Exception as error:  # pylint: disable=broad-except
                if not reconnect or not server.lost(error):
                    self.error = error
                    return
                self.steps += 1
                self._stop.wait(0.05)

    def stop(self):
        self._stop.set()
        self._thread.join(30)
        if self.error:
            raise AssertionError(f"the load failed: {self.error}") from self.error
