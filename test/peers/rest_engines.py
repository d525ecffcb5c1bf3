# SPDX-License-Identifier: Apache-2.0
"""Engines that read tables through a real Iceberg REST catalog: the servlet of Iceberg's own tests, of which each
engine has one (IcebergRest.java)."""

import os
import subprocess

import engines
import harness
import lake as lake_module
import processes
from pyiceberg.catalog.rest import RestCatalog


class Server:
    """The catalog's process. Its tables survive a kill."""

    def __init__(self, engine):
        got = engines.install("iceberg-rest")
        self.engine, self.version, self.port = engine, got["version"], processes.free_port()
        self.java = got["java"] + "/bin/java"
        self.libraries = ":".join(folder + "/*" for folder in got["jars"].split(":"))
        self.classes = os.path.join(engine.folder, "classes")
        made = subprocess.run([self.java + "c", "-nowarn", "-cp", self.libraries, "-d", self.classes,
                               engines.HERE + "/IcebergRest.java"], capture_output=True, text=True, check=False)
        if made.returncode:
            raise engines.Missing(f"IcebergRest.java does not compile: {made.stderr[-500:]}")
        self.uri, self.process = f"http://127.0.0.1:{self.port}", None
        self.start()

    def start(self):
        warehouse, ready = os.path.join(self.engine.folder, "catalog"), os.path.join(self.engine.folder, "ready")
        os.makedirs(warehouse, exist_ok=True)
        if os.path.exists(ready):
            os.remove(ready)
        self.process = self.engine.spawn(
            [self.java, "-Xmx512m", "-XX:+UseSerialGC", "-cp", f"{self.classes}:{self.libraries}", "IcebergRest",
             str(self.port), warehouse, ready],
            "server.log", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )

        def is_ready():
            if self.process.poll() is not None:
                raise engines.Missing(f"the REST catalog ended, see {self.engine.folder}/server.log")
            return os.path.exists(ready)

        harness.wait_until(is_ready, "start of the REST catalog", engines.START_SECONDS, 0.2)

    def kill(self):
        self.process.kill()
        self.process.wait()


class Published(lake_module.Lake):
    """The catalog's tables, as PyIceberg reads them."""

    time_digits = 3

    def __init__(self, uri):
        super().__init__("")
        self.uri = uri

    def open(self, table):
        return RestCatalog("peers", uri=self.uri).load_table(tuple(table.split(".", 1)))


class RestPyIceberg(engines.PyIceberg):
    name, beside, no_writes = "rest-pyiceberg", True, "the metadata is a copy of Paimon's"

    def start(self):
        super().start()
        self.server = Server(self)
        self.version += ", " + self.server.version
        self.lake = Published(self.server.uri)

    def snapshots(self, table):
        return [snapshot.snapshot_id for snapshot in self.lake.open(table).snapshots()]


class RestSpark(engines.Spark):
    name, beside, no_writes = "rest-spark", True, "the metadata is a copy of Paimon's"

    def start(self):
        self.server = Server(self)
        self.lake = lake_module.Lake(self.server.uri)
        super().start()

    def snapshots(self, table):
        name = ".".join(f"`{part}`" for part in ["lake", *table.split(".", 1), "snapshots"])
        rows = self.ask("sql", script=[f"SELECT snapshot_id FROM {name} ORDER BY snapshot_id"])
        return [int(row[0]) for row in rows]


ENGINES = (RestPyIceberg, RestSpark)
