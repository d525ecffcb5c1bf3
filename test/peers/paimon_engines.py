# SPDX-License-Identifier: Apache-2.0
"""The engines of Paimon tables (engines.py has the interface), the lake that they share and the pipelines into it."""

import os
import subprocess

import canonical
import engines
import harness
import lake as lake_module
import paimon_by_sluice
import paimon_lake
import rest_engines
import worker

HERE = os.path.dirname(os.path.abspath(__file__))
BUCKETS = 2  # of every table, unless its scenario says otherwise


def make_lake(warehouse: str, shared: harness.Shared) -> paimon_lake.PaimonLake:
    return paimon_lake.PaimonLake(warehouse, paimon_lake.PyPaimon(shared.folder))


class Context(harness.Context):
    """Writes pipeline files to Paimon."""

    def pipeline(self, tables, *, sink=None, **options):
        block = {
            "type": "paimon",
            "catalog.properties.metastore": "filesystem",
            "catalog.properties.warehouse": self.warehouse,
            "table.properties.bucket": BUCKETS,
            **(sink or {}),
        }
        return super().pipeline(tables, sink=block, **options)


def snapshot_of(lake, table, number):
    return next(entry for entry in lake.snapshots(table) if entry["id"] == number) if number else None


class Sluice(engines.Sluice):
    """`sluice read`."""

    def rows(self, table, snapshot=None):
        return paimon_by_sluice.read(self.lake, table, snapshot_of(self.lake, table, snapshot))


class PyPaimon(engines.Engine):
    name = "pypaimon"
    lacks = {
        "wide vectors": "pypaimon reads deletion vectors of 32 bits only",
        "merge engines": "pypaimon does not know partial-update.remove-record-on-delete and its like",
        "removing aggregates": "pypaimon does not know aggregation.remove-record-on-delete",
    }
    no_writes = "the tests of test/e2e write by pypaimon"

    def start(self):
        if missing := paimon_lake.PyPaimon.missing():
            raise engines.Missing(missing)
        self.start_worker(paimon_lake.PYTHON)
        self.version = self.ask("version")

    def table(self, table):
        return {"warehouse": self.lake.warehouse, "table": table}

    def rows(self, table, snapshot=None):
        answer = self.ask("rows", **self.table(table), snapshot=snapshot)
        return [name for name, _ in answer["columns"]], [tuple(row) for row in answer["rows"]]


class Flink(engines.Engine):
    """Flink SQL and Paimon's own writer, in one JVM (FlinkSql.java)."""

    name = "flink"
    quote = "`"
    # A snapshot is shown in the columns of today.
    newest_columns = True
    JAVA = "-Xmx1500m -XX:+UseSerialGC -Duser.timezone=UTC -Dfile.encoding=UTF-8"
    OPENED = (
        "lang net io nio lang.reflect text time util util.concurrent util.concurrent.atomic util.concurrent.locks"
    )

    def start(self):
        got = engines.install("flink-paimon")
        self.version = got["version"]
        java, classes = got["java"] + "/bin/java", os.path.join(self.folder, "classes")
        libraries = ":".join(f"{got[part]}/*" for part in ("paimon", "jars", "drivers"))
        command = [java + "c", "-nowarn", "-cp", libraries, "-d", classes, HERE + "/FlinkSql.java"]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            raise engines.Missing(f"FlinkSql.java does not compile: {made.stderr[-500:]}")
        opened = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in self.OPENED.split()]
        command = [java, *self.JAVA.split(), *opened, "-cp", f"{classes}:{libraries}", "FlinkSql", self.lake.warehouse]
        os.makedirs(self.lake.warehouse, exist_ok=True)
        self.worker = self.spawn(command, "flink.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ask("query", sql="SELECT 1")

    def rows(self, table, snapshot=None):
        hint = f" /*+ OPTIONS('scan.snapshot-id' = '{snapshot}') */" if snapshot else ""
        answer = self.ask("query", sql=f"SELECT * FROM {self.quoted(table)}{hint}")
        kinds = paimon_by_sluice.kinds(self.lake, table)
        convert = [kinds[name] for name in answer["names"]]
        return answer["names"], [tuple(map(canonical.json_value, convert, row)) for row in answer["rows"]]

    def count(self, table, where):
        sql = f"SELECT COUNT(*) FROM {self.quoted(table)} WHERE {worker.predicate(where, '`')}"
        return self.ask("query", sql=sql)["rows"][0][0]

    def write(self, table, script):  # pylint: disable=unused-argument
        self.ask("sql", script=script)

    @staticmethod
    def quoted(table) -> str:
        return ".".join(f"`{part}`" for part in table.split(".", 1))


class Spark(engines.Spark):
    """The last Paimon for Spark that Maven Central has is much older than Flink's."""

    peer, form = "spark-paimon", "paimon"
    newest_columns = True
    lacks = {
        "time": "Spark has no TIME type: Paimon refuses the whole table",
        "small keys": "Paimon 0.9 cannot filter a SMALLINT: Short cannot be cast to Integer",
        "names with spaces": "Paimon 0.9 parses a column's name without quotes",
        "wide vectors": "Paimon 0.9 does not know deletion-vectors.bitmap64",
        "removing aggregates": "Paimon 0.9 does not know aggregation.remove-record-on-delete",
        "bitmap version 2": "Paimon 0.9 reads bitmap indexes of version 1 only",
    }
    no_writes = "Flink is the writer of this pair"


def beside(engine):
    """An engine of Iceberg tables, over those that stand beside the Paimon tables in a catalog."""

    class Beside(engine):
        name, beside, no_writes = f"beside-{engine.name}", True, "the metadata is a copy of Paimon's"

        def __init__(self, lake, folder):
            super().__init__(lake_module.Lake(os.path.join(lake.warehouse, "iceberg")), folder)

    return Beside


BESIDE = (beside(engine) for engine in (engines.PyIceberg, engines.DuckDb, engines.Spark, engines.Trino))
ENGINES = {engine.name: engine for engine in (Sluice, PyPaimon, Flink, Spark, *BESIDE, *rest_engines.ENGINES)}
