# SPDX-License-Identifier: Apache-2.0
"""What `make compare` needs of the pairs of test/pair_table.py: SOURCES and SINKS by name.

A source knows its tables in the words of Flink SQL, a digest of their rows and its server process; a sink knows its
tables in the words of Flink SQL, of sluice and of the engine that reads them back, which checkpoint they hold, and
which peers of test/peers/get.sh it takes to make and to read them.
"""

import json
import os
import re
import sys
from dataclasses import dataclass

TEST = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "test")
sys.path += [TEST, os.path.join(TEST, "e2e"), os.path.join(TEST, "peers")]

import engines  # noqa: E402
import pair_table  # noqa: E402
import paimon_engines  # noqa: E402
import paimon_lake  # noqa: E402

# What manuals of mysql-cdc advise for large tables (defaults: 8096 and 1024) and for a log that is behind (2048, 8192
# and 500 ms).
FLINK_SOURCE = {
    "scan.incremental.snapshot.chunk.size": 80000,
    "scan.snapshot.fetch.size": 8192,
    "debezium.max.batch.size": 40960,
    "debezium.max.queue.size": 162580,
    "debezium.poll.interval.ms": 50,
}
FLINK_USER = "flinkcdc"
FLINK_TYPES = {"bigint": "BIGINT", "int": "INT", "date": "DATE", "char": "STRING", "varchar": "STRING"}


def options(values) -> str:
    return ", ".join(f"'{key}' = '{value}'" for key, value in values.items())


@dataclass(frozen=True)
class Table:
    """A table as the comparison sees it: (name, Flink's type) of each column, the key's columns."""

    database: str
    name: str
    columns: tuple
    key: tuple

    def names(self):
        return [name for name, _ in self.columns]

    def flink_columns(self) -> str:
        columns = ", ".join(f"`{name}` {kind} NOT NULL" for name, kind in self.columns)
        return f"({columns}, PRIMARY KEY ({', '.join(f'`{k}`' for k in self.key)}) NOT ENFORCED)"


class MariaDb:
    """The server of a Testbed as a source."""

    name = "MariaDB"
    flink_tuned = FLINK_SOURCE

    def __init__(self, server, text_lengths):
        self.server, self.text_lengths = server, text_lengths
        server.execute(
            f"SET sql_log_bin = 0; CREATE USER '{FLINK_USER}'@'%' IDENTIFIED BY '{FLINK_USER}'; GRANT SELECT, RELOAD,"
            f" LOCK TABLES, SHOW DATABASES, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR ON *.* TO"
            f" '{FLINK_USER}'@'%'"
        )

    def version(self) -> str:
        return "MariaDB " + self.server.execute("SELECT @@version")[0][0]

    def table(self, database, name) -> Table:
        found = self.server.execute(
            "SELECT column_name, column_type, column_key FROM information_schema.columns"
            f" WHERE table_schema = '{database}' AND table_name = '{name}' ORDER BY ordinal_position"
        )
        columns = tuple((column, self._flink_type(kind)) for column, kind, _ in found)
        return Table(database, name, columns, tuple(column for column, _, key in found if key == "PRI"))

    def _flink_type(self, kind: str) -> str:
        name = re.match(r"\w+", kind)[0]
        whole = ("decimal", "char", "varchar") if self.text_lengths else ("decimal",)
        return kind.upper() if name in whole else FLINK_TYPES[name]

    def flink_table(self, name, table, begin) -> str:
        """CREATE TABLE of the source; `begin` is a position, or None for a copy first."""
        start = {"scan.startup.mode": "initial"}
        if begin:
            start = {
                "scan.startup.mode": "specific-offset",
                "scan.startup.specific-offset.file": begin[0],
                "scan.startup.specific-offset.pos": begin[1],
            }
        with_options = {
            "connector": "mysql-cdc",
            "hostname": "127.0.0.1",
            "port": self.server.port,
            "username": FLINK_USER,
            "password": FLINK_USER,
            "database-name": table.database,
            "table-name": table.name,
            "server-time-zone": "UTC",
            "server-id": "6400-6410",
            **FLINK_SOURCE,
            **start,
        }
        return f"CREATE TABLE {name} {table.flink_columns()} WITH ({options(with_options)})"

    def touch(self, database, numbers):
        """Keeps row numbers in a table that is not in the log, for digest(touched=True)."""
        self.server.execute(f"SET sql_log_bin = 0; CREATE OR REPLACE TABLE {database}.touched (n BIGINT PRIMARY KEY)")
        with self.server.connect(database) as db, db.cursor() as cursor:
            cursor.execute("SET sql_log_bin = 0")
            for at in range(0, len(numbers), 10_000):
                cursor.execute("INSERT INTO touched VALUES " + ",".join(f"({n})" for n in numbers[at : at + 10_000]))

    def digest(self, table, where="TRUE"):
        """(rows, sum of a hash of each row's text): the same for the same rows in any order."""
        text = f"CONCAT_WS(',', {', '.join(table.names())})"
        rows, total = self.server.execute(
            f"SELECT COUNT(*), COALESCE(SUM(CAST(CONV(LEFT(MD5({text}), 8), 16, 10) AS UNSIGNED)), 0)"
            f" FROM {table.database}.{table.name} WHERE {where}"
        )[0]
        return int(rows), int(total)


class LakeTables:
    """What both kinds of tables share. `lake` has the folder `warehouse`."""

    flink_catalog, flink_table = {}, {}  # options of the catalog and of the table
    flink_options = {}  # of the INSERT
    flink_settings = {}  # of the cluster: what the sink's manual advises
    text_lengths = False  # its tables know CHAR(n) and VARCHAR(n)

    def __init__(self, lake):
        self.lake = lake

    def flink_statements(self, table):
        """The catalog `lake` and the table in it, if they are not there yet."""
        catalog = {**self.flink_catalog, "warehouse": f"file://{self.lake.warehouse}"}
        return [
            f"CREATE CATALOG lake WITH ({options(catalog)})",
            f"CREATE DATABASE IF NOT EXISTS lake.{table.database}",
            f"CREATE TABLE IF NOT EXISTS lake.{table.database}.{table.name} {table.flink_columns()}"
            f" WITH ({options(self.flink_table)})",
        ]

    def flink_insert(self, table, source) -> str:
        hint = f"/*+ OPTIONS({options(self.flink_options)}) */" if self.flink_options else ""
        return f"INSERT INTO lake.{table.database}.{table.name} {hint} SELECT * FROM {source}"

    def files(self) -> dict:
        """Size by path of all that is in the warehouse, without the checksum files of Hadoop's local file system."""
        sizes = {}
        for folder, _, names in os.walk(self.lake.warehouse):
            for name in names:
                if not name.endswith(".crc"):
                    path = os.path.join(folder, name)
                    sizes[path] = os.path.getsize(path)
        return sizes

    @staticmethod
    def scan_sql(table) -> str:
        """The fixed read-back: every column of every row, in the SQL of Spark."""
        return f"SELECT COUNT(*), SUM(XXHASH64(*) % 1000003) FROM lake.{table.database}.{table.name}"

    @staticmethod
    def digest_sql(table) -> str:
        """MariaDb.digest in the SQL of Spark."""
        text = ", ".join(f"CAST({name} AS STRING)" for name in table.names())
        return (
            f"SELECT COUNT(*), COALESCE(SUM(CAST(CONV(SUBSTRING(MD5(CONCAT_WS(',', {text})), 1, 8), 16, 10) AS"
            f" BIGINT)), 0) FROM lake.{table.database}.{table.name}"
        )


class Iceberg(LakeTables):
    """Tables of a Hadoop-layout warehouse, format version 2, Parquet zstd-1, rows upserted by key."""

    name = "Iceberg"
    flink_peer, reader, peers = "flink", engines.Spark, ("flink", "spark")
    flink_catalog = {"type": "iceberg", "catalog-type": "hadoop"}
    flink_table = {"format-version": "2"}
    flink_options = {"upsert-enabled": "true", "compression-codec": "zstd", "compression-level": "1"}
    sluice_options = None  # of the pipeline file: as a user runs it

    def committed(self, table, job) -> int:
        """The newest checkpoint of a Flink job that the table holds; 0 if none."""
        try:
            metadata = self.lake.metadata(f"{table.database}.{table.name}")
        except (OSError, json.JSONDecodeError):
            return 0
        found = [s["summary"] for s in metadata.get("snapshots", []) if s["summary"].get("flink.job-id") == job]
        return max((int(s.get("flink.max-committed-checkpoint-id", 0)) for s in found), default=0)


class Paimon(LakeTables):
    """Tables of a filesystem catalog, two buckets, Parquet zstd-1, merged by key; both writers compact."""

    name = "Paimon"
    flink_peer, reader, peers = "flink-cdc-paimon", paimon_engines.Spark, ("flink-cdc-paimon", "spark-paimon")
    flink_catalog = {"type": "paimon"}
    flink_table = {"bucket": "2"}
    flink_settings = {"table.exec.sink.upsert-materialize": "NONE"}
    text_lengths = True

    def __init__(self, lake):
        super().__init__(paimon_lake.PaimonLake(lake.warehouse, None))

    @property
    def sluice_options(self) -> dict:
        return {
            "type": "paimon",
            "catalog.properties.metastore": "filesystem",
            "catalog.properties.warehouse": self.lake.warehouse,
            **{f"table.properties.{key}": value for key, value in self.flink_table.items()},
        }

    def committed(self, table, _job) -> int:
        """The newest checkpoint of Flink that the table holds; 0 if none. What sluice has made tells its epoch."""
        name = f"{table.database}.{table.name}"
        try:
            found = self.lake.snapshots(name)
        except (OSError, json.JSONDecodeError):
            return 0
        ours = {s["commitUser"] for s in found if any(k.startswith("sluice.") for k in s.get("properties") or ())}
        return max((s["commitIdentifier"] for s in found if s["commitUser"] not in ours), default=0)


@dataclass(frozen=True)
class Pair:
    source: type
    sink: type

    @property
    def title(self):
        return f"{self.source.name} → {self.sink.name}"


SOURCES = {"mariadb": MariaDb}
SINKS = {"iceberg": Iceberg, "paimon": Paimon}
PAIRS = pair_table.joined(SOURCES, SINKS, lambda _name, source, sink: Pair(source, sink))
