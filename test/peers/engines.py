# SPDX-License-Identifier: Apache-2.0
"""The engines that sluice is tested with. Each is started, asked and ended in the same way:

  engine = ENGINES[name](lake, folder); engine.start(); engine.rows(table); engine.stop()

All but PyIceberg run in processes of their own: a worker (*_worker.py) in the engine's Python environment, and for
Trino a server. start() raises Missing, with the reason, when the engine cannot be had on this machine.
"""

import json
import os
import select
import subprocess

import canonical
import foreign
import harness
import lake as lake_module
import processes
import sluice
from pyiceberg import expressions

HERE = os.path.dirname(os.path.abspath(__file__))
START_SECONDS, ANSWER_SECONDS = 300, 300


Context = harness.Context


def make_lake(warehouse: str, _shared: harness.Shared) -> lake_module.Lake:
    return lake_module.Lake(warehouse)


class Missing(Exception):
    """The engine cannot be installed or started here; the text says why."""


class EngineError(AssertionError):
    """The engine refused a request; the text is its own."""


def install(name: str) -> dict:
    """Runs get.sh; gives what it printed."""
    run = subprocess.run([os.path.join(HERE, "get.sh"), name], stdout=subprocess.PIPE, text=True, check=False,
                         stderr=subprocess.PIPE, timeout=3600)
    if run.returncode:
        raise Missing(run.stderr.strip().splitlines()[-1] if run.stderr.strip() else f"get.sh {name} failed")
    return dict(line.split("=", 1) for line in run.stdout.splitlines())


class Engine:
    """What all have in common. `lake` is the warehouse, `folder` is for logs and data of the engine."""

    name, peer = "", ""  # peer: of get.sh, where it is another
    # Reasons by which a part of the checks is left out; printed.
    lacks = {}  # what it cannot read at all ("time": columns of that type; a codec): why
    lower_case = False  # the engine gives names in lower case
    no_dots = ""  # a filter of the engine cannot name a column with a dot
    no_writes = ""  # the engine cannot write into such a warehouse, or is not asked to
    beside = False  # it reads the Iceberg metadata beside tables of another format, and nothing else
    newest_columns = False  # it shows an old snapshot in the columns of today
    quote = '"'  # of names in its SQL

    def __init__(self, lake, folder: str):
        self.lake, self.folder = lake, folder
        self.version, self.worker, self._children = "", None, []
        os.makedirs(folder, exist_ok=True)

    def start(self):
        raise NotImplementedError

    def stop(self):
        for child in reversed(self._children):
            processes.end(child)
        self._children.clear()

    def rows(self, table: str, snapshot=None):
        """(names, rows) in canonical form (canonical.py)."""
        answer = self.ask("rows", **self.table(table), snapshot=snapshot)
        return answer["names"], [tuple(row) for row in answer["rows"]]

    def count(self, table: str, where) -> int:
        """Rows that fulfil [column, operator, value, kind]: the engine prunes by our metrics and partitions."""
        return self.ask("count", **self.table(table), where=where)

    def table(self, table: str) -> dict:
        """How a request names the table; called anew for each request, so that it sees the newest commit."""
        return {"table": table}

    def spawn(self, command, log: str, **options):
        with open(os.path.join(self.folder, log), "wb") as file:
            child = processes.start(command, stderr=file, cwd=self.folder, **options)
        self._children.append(child)
        return child

    def start_worker(self, python: str, *args, env=None):
        worker = self.name.removeprefix("beside-").removeprefix("rest-")
        script = os.path.join(HERE, f"{worker}_worker.py")
        self.worker = self.spawn([python, script, *args], f"{self.name}.log", stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})})

    def ask(self, do: str, **arguments):
        self.worker.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        self.worker.stdin.flush()
        ready, _, _ = select.select([self.worker.stdout], [], [], ANSWER_SECONDS)
        line = self.worker.stdout.readline() if ready else b""
        if not line:
            raise EngineError(f"no answer from {self.name}, see {self.folder}/{self.name}.log")
        answer = json.loads(line)
        if "error" in answer:
            raise EngineError(f"{self.name}: {answer['error']}")
        return answer["ok"]


def checks_with(bench, server, checks, prefix=""):
    """(name, action) of each of `checks`, called with a context and the server; the first that runs starts it."""
    started = []

    def action(name):
        if not started:
            server.start()
            started.append(True)
        return checks[name](bench.context(prefix + name), server)

    try:
        for name in checks:
            yield name, lambda n=name: action(n)
    finally:
        server.stop()


class Sluice(Engine):
    """`sluice read`: a process for each request."""

    name = "sluice"
    no_writes = "what sluice writes is what this run tests"

    def _read(self, *arguments):
        run = subprocess.run([sluice.BINARY, "read", *arguments, "--format", "jsonl"], capture_output=True, check=False,
                             timeout=ANSWER_SECONDS)
        if run.returncode:
            raise EngineError(run.stderr.decode("utf-8", "replace").strip())
        return [json.loads(line) for line in run.stdout.decode("utf-8").splitlines()]

    def start(self):
        run = subprocess.run([sluice.BINARY, "version"], capture_output=True, text=True, check=True)
        self.version = run.stdout.strip()

    def rows(self, table, snapshot=None):
        names, kinds = zip(*self.lake.columns(table, snapshot))
        found = self._read(self.lake.folder(table), *(("--snapshot", str(snapshot)) if snapshot else ()))
        wrong = [row for row in found if tuple(row) != names]
        if wrong:
            raise EngineError(f"sluice read prints columns {list(wrong[0])}, the schema has {list(names)}")
        return list(names), [tuple(map(canonical.json_value, kinds, row.values())) for row in found]

    def count(self, table, where):
        column, operator, value, _ = where
        text = "'" + value.replace("'", "''") + "'" if isinstance(value, str) else "NULL" if value is None else value
        return len(self._read(self.lake.folder(table), "--where", f'"{column}" {operator} {text}'))


class PyIceberg(Engine):
    """Runs in this process: it is what the end-to-end tests read with."""

    name = "pyiceberg"
    lacks = {"avro": "PyIceberg reads no data files in Avro"}
    no_dots = "PyIceberg's filters take a dot in a name for a nested field"
    OPERATORS = {
        "=": expressions.EqualTo,
        "<": expressions.LessThan,
        "<=": expressions.LessThanOrEqual,
        ">": expressions.GreaterThan,
        ">=": expressions.GreaterThanOrEqual,
    }

    def start(self):
        import pyiceberg  # pylint: disable=import-outside-toplevel

        if self.beside:  # in tables of version 3 the times of ORC files are nanoseconds to it
            os.environ["PYICEBERG_DOWNCAST_NS_TIMESTAMP_TO_US_ON_WRITE"] = "true"
        self.version = f"PyIceberg {pyiceberg.__version__}"

    def rows(self, table, snapshot=None):
        return self.lake.rows(table, snapshot_id=snapshot)

    def count(self, table, where):
        column, operator, value, _ = where
        condition = self.OPERATORS[operator](expressions.Reference(column), value)
        return self.lake.open(table).scan(row_filter=condition).to_arrow().num_rows


class DuckDb(Engine):
    name = peer = "duckdb"
    no_writes = "DuckDB writes Iceberg tables through a REST catalog only"
    lacks = dict.fromkeys(("orc", "avro"), "DuckDB's iceberg extension reads data files in Parquet only")

    def start(self):
        got = install(self.peer or self.name)
        self.version = got["version"]
        self.start_worker(got["python"])

    def table(self, table):
        return {"metadata": self.lake.metadata_path(table)}


class Spark(Engine):
    name = "spark"
    quote = "`"
    peer, form = "spark", "iceberg"  # form: for the worker
    lacks = {"time": "Spark has no TIME type: Iceberg's runtime refuses the whole table"}

    def start(self):
        got = install(self.peer)
        self.version = got["version"]
        env = {"JAVA_HOME": got["java"], "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": self.folder, "TZ": "UTC"}
        self.start_worker(got["python"], self.form, got["jars"], self.lake.warehouse, env=env)

    def write(self, table, script):
        """Runs statements that change the table."""
        self.ask("sql", script=script)


class Trino(Engine):
    """It knows tables by its own metastore: each is registered before a request, as of its newest metadata file."""

    name = peer = "trino"
    lacks = {"lz4": "Trino knows Hadoop's deprecated framing of LZ4 only, not Parquet's LZ4_RAW"}
    lower_case = True
    JAVA = (
        "-Xmx2g -XX:+UseSerialGC --add-modules=jdk.incubator.vector --sun-misc-unsafe-memory-access=allow "
        "--enable-native-access=ALL-UNNAMED --add-opens=java.base/java.nio=ALL-UNNAMED -Duser.timezone=UTC "
        "-Djol.skipHotspotSAAttach=true"
    )

    def start(self):
        got = install(self.peer or self.name)
        self.version = got["version"]
        java, classes, port = got["java"] + "/bin/java", os.path.join(self.folder, "classes"), processes.free_port()
        libraries = got["jars"] + "/*"
        made = subprocess.run([java + "c", "-nowarn", "-cp", libraries, "-d", classes, HERE + "/TrinoServer.java"],
                              capture_output=True, text=True, check=False)
        if made.returncode:
            raise Missing(f"TrinoServer.java does not compile: {made.stderr[-500:]}")
        server = self.spawn([java, *self.JAVA.split(), "-cp", f"{classes}:{libraries}", "TrinoServer", str(port),
                             self.folder], "server.log", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

        def ready():
            if server.poll() is not None:
                raise Missing(f"the Trino server ended with {server.returncode}, see {self.folder}/server.log")
            return os.path.exists(os.path.join(self.folder, "ready"))

        harness.wait_until(ready, "start of the Trino server", START_SECONDS, 0.2)
        self.start_worker(got["python"], str(port))

    def table(self, table):
        path = self.lake.metadata_path(table)
        self.ask("register", table=table, folder="file://" + self.lake.folder(table),
                 metadata_file=os.path.basename(path))
        return {"table": table}

    def write(self, table, script):
        """Runs statements that change the table. Trino commits to its own metastore: its last metadata file is then
        made the table's newest version."""
        base = self.lake.metadata_path(table)
        self.table(table)
        self.ask("sql", script=script)
        made = self.ask("metadata", table=table)
        with open(made.removeprefix("file://"), encoding="utf-8") as file:
            foreign.publish(self.lake, table, base, file.read())


ENGINES = {engine.name: engine for engine in (Sluice, PyIceberg, DuckDb, Spark, Trino)}
