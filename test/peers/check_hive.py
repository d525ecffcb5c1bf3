# SPDX-License-Identifier: Apache-2.0
"""A real Hive metastore: sluice makes tables in Paimon's Hive catalog, Flink's Paimon reads, changes and alters them
and makes one itself, sluice goes on; the entries of both are alike. PyIceberg reads Iceberg tables by the pointer."""

import os
import socket
import subprocess
import sys

from pyiceberg.table import StaticTable

import engines
import metastore
import paimon_job
import processes
import thrift

HERE = os.path.dirname(os.path.abspath(__file__))
START_SECONDS = 120
SITE = {
    "metastore.thrift.bind.host": "127.0.0.1",
    "javax.jdo.option.ConnectionDriverName": "org.apache.derby.jdbc.EmbeddedDriver",
    "datanucleus.schema.autoCreateAll": "true",
    "metastore.schema.verification": "false",
    "metastore.expression.proxy": "org.apache.hadoop.hive.metastore.DefaultPartitionExpressionProxy",
    "metastore.event.db.notification.api.auth": "false",
    "metastore.task.threads.always": "org.apache.hadoop.hive.metastore.events.EventCleanerTask",
    "metastore.housekeeping.threads.on": "false",
    "metastore.authorization.storage.check.externaltable.drop": "false",
    "hive.metastore.disallow.incompatible.col.type.changes": "false",
}
# It makes all tables of its database by itself, but for those of its locks.
PREPARE = """public class Prepare { public static void main(String[] a) throws Exception {
  org.apache.hadoop.hive.metastore.txn.TxnDbUtil.prepDb(
      org.apache.hadoop.hive.metastore.conf.MetastoreConf.newMetastoreConf()); } }"""
SCHEMA = (
    "CREATE TABLE t (id BIGINT PRIMARY KEY, v VARCHAR(20), ts TIMESTAMP(3) NULL, d DECIMAL(10,2), big LONGTEXT);"
    " INSERT INTO t SELECT seq, CONCAT('v', seq), '2026-01-02 03:04:05.678', seq / 4, 'x' FROM seq_1_to_200"
)
# What the metastore itself adds, and what stands for a table's own files.
SERVERS_OWN = {"transient_lastDdlTime", "totalSize", "numFiles", "comment"}


class HiveMetastore(engines.Engine):
    """The standalone metastore over Derby, and Flink with its client, of which the same worker is asked."""

    name = "hive"

    def start(self):
        got, flink = engines.install("hive"), engines.install("flink-paimon")
        self.version = got["version"]
        self.port, java = processes.free_port(), got["java"] + "/bin/java"
        home = os.path.join(self.folder, "conf")
        os.makedirs(home)
        own = {
            "metastore.thrift.port": self.port,
            "metastore.warehouse.dir": f"file://{self.folder}/managed",
            "javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={self.folder}/db;create=true",
        }
        lines = [f"<property><name>{k}</name><value>{v}</value></property>" for k, v in {**SITE, **own}.items()]
        for name in ("metastore-site.xml", "hive-site.xml"):
            with open(os.path.join(home, name), "w", encoding="utf-8") as file:
                file.write("<configuration>" + "\n".join(lines) + "</configuration>")
        with open(os.path.join(self.folder, "Prepare.java"), "w", encoding="utf-8") as file:
            file.write(PREPARE)
        classes = f"{home}:{got['jars']}/*"
        done = subprocess.run([java, "-cp", classes, "Prepare.java"], cwd=self.folder, capture_output=True, text=True,
                              check=False)
        if done.returncode:
            raise engines.Missing(f"the metastore's database cannot be made: {done.stderr[-500:]}")
        opened = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in ("lang", "net", "util")]
        self.server = self.spawn([java, "-Xmx512m", *opened, "-cp", classes,
                                  "org.apache.hadoop.hive.metastore.HiveMetaStore", "-p", str(self.port)], "hms.log")
        processes.wait_until(self._answers, "the metastore", START_SECONDS)
        self._start_flink(flink, got["client"])

    def _answers(self):
        assert self.server.poll() is None, f"the metastore has ended, see {self.folder}/hms.log"
        try:
            self.call("get_all_databases", {})
            return True
        except OSError:
            return False

    def _start_flink(self, got, client):
        java, classes = got["java"] + "/bin/java", os.path.join(self.folder, "classes")
        libraries = f"{got['paimon']}/*:{got['jars']}/*:{client}"
        subprocess.run([java + "c", "-nowarn", "-cp", libraries, "-d", classes, HERE + "/FlinkSql.java"], check=True)
        packages = "lang net io nio lang.reflect text time util util.concurrent util.concurrent.atomic"
        opened = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in packages.split()]
        os.makedirs(self.lake.warehouse, exist_ok=True)
        command = [java, "-Xmx1200m", "-XX:+UseSerialGC", "-Duser.timezone=UTC", "-Dfile.encoding=UTF-8", *opened,
                   "-cp", f"{classes}:{libraries}", "FlinkSql", self.lake.warehouse]
        self.worker = self.spawn(command, "flink.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        options = {"type": "paimon", "cache-enabled": "false", **self.catalog()}
        listed = ", ".join(f"'{key}' = '{value}'" for key, value in options.items())
        self.ask("sql", script=[f"CREATE CATALOG hive WITH ({listed})", "USE CATALOG hive"])

    def catalog(self):
        return {"metastore": "hive", "uri": self.uri, "warehouse": "file://" + self.lake.warehouse}

    @property
    def uri(self):
        return f"thrift://127.0.0.1:{self.port}"

    def call(self, name, arguments):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(thrift.message(thrift.CALL, name, 1, arguments))
            return thrift.Reader(connection.makefile("rb").read).message()[3]

    def entry(self, database, table):
        return self.call("get_table", {1: (thrift.STRING, database), 2: (thrift.STRING, table)})[0][1]

    def query(self, sql):
        return self.ask("query", sql=sql)["rows"]


def paimon_catalog(ctx, hive):
    """Copy, changes, Flink's rows and columns, a column of the source, a table that Flink made."""
    db = ctx.database(SCHEMA)
    sink = {"catalog.properties.metastore": "hive", "catalog.properties.uri": hive.uri,
            "catalog.properties.lock.enabled": "true"}
    path = paimon_job.pipeline(ctx, f"{db}.t", {"bucket": 2}, sink=sink)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    assert hive.query("SHOW TABLES") == [] and hive.query(f"SHOW TABLES FROM {db}") == [["t"]]
    assert hive.query(f"SELECT COUNT(*), MAX(v), MAX(ts) FROM {db}.t")[0] == [200, "v99", "2026-01-02T03:04:05.678000Z"]
    none = "CAST(NULL AS TIMESTAMP_LTZ(3))"
    columns = "id BIGINT NOT NULL, v VARCHAR(20), ts TIMESTAMP_LTZ(3), d DECIMAL(10,2), big STRING"
    hive.ask("sql", script=[
        f"CREATE TABLE {db}.java ({columns}, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket' = '2')",
        f"INSERT INTO {db}.t VALUES (1000, 'flink', {none}, 7.5, 'y'), (7, 'flink too', {none}, 1.25, 'z')",
    ])
    ours, javas = plain(hive.entry(db, "t")), plain(hive.entry(db, "java"))
    assert ours == javas, f"sluice: {ours}\nFlink:  {javas}"
    ctx.server.execute(
        "INSERT INTO t VALUES (1000, 'flink', NULL, 7.5, 'y'); UPDATE t SET v = 'flink too', ts = NULL, d = 1.25, big ="
        " 'z' WHERE id = 7; ALTER TABLE t ADD more INT; UPDATE t SET more = id WHERE id > 150", db
    )
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t", field_ids=False)
    assert hive.query(f"SELECT COUNT(*), SUM(more) FROM {db}.t")[0] == [201, sum(range(151, 201)) + 1000]
    assert metastore.columns(hive.entry(db, "t"))[-1] == ("more", "int")
    hive.ask("sql", script=[f"ALTER TABLE {db}.t SET ('snapshot.num-retained.max' = '50')"])
    ctx.server.execute("ALTER TABLE t DROP more; DELETE FROM t WHERE id = 8", db)
    ctx.catch_up(path)
    assert hive.query(f"SELECT COUNT(*) FROM {db}.t")[0] == [200]
    return f"{len(ours)} parts of an entry as Flink's Paimon writes them"


def plain(entry):
    """What an entry says, without names of the table, places and times."""
    storage = entry[metastore.STORAGE][1]
    said = {k: v for k, v in metastore.parameters(entry).items() if k not in SERVERS_OWN}
    serde = {k: v for k, v in storage[7][1].items()}
    return [metastore.columns(entry), said, storage[3], storage[4], serde, entry[metastore.TYPE], entry[6],
            metastore.location(entry).rsplit("/", 1)[0]]


def iceberg_catalog(ctx, hive):
    db = ctx.database(SCHEMA)
    names = {"metadata.iceberg.storage": "hive-catalog", "metadata.iceberg.uri": hive.uri,
             "metadata.iceberg.database": db + "_ice"}
    path = paimon_job.pipeline(ctx, f"{db}.t", {"bucket": 2, **names})
    for step in ("", "UPDATE t SET v = 'new' WHERE id < 50; DELETE FROM t WHERE id > 190",
                 "ALTER TABLE t ADD more INT; UPDATE t SET more = 1 WHERE id = 3"):
        if step:
            ctx.server.execute(step, db)
        ctx.catch_up(path)
        said = metastore.parameters(hive.entry(db + "_ice", "t"))
        assert said["table_type"] == "ICEBERG", said
        shown = StaticTable.from_metadata(said["metadata_location"]).scan().to_arrow()
        assert shown.num_rows == len(ctx.lake.rows(f"{db}.t")[1])
    assert "previous_metadata_location" in said, said
    with_client = [sys.executable, HERE + "/hive_pyiceberg.py", hive.uri, db + "_ice.t"]
    run = subprocess.run([engines.install("hive")["python"], *with_client[1:]], capture_output=True, text=True,
                         check=False)
    assert run.returncode == 0 and run.stdout.split() == [str(shown.num_rows), "49"], run.stdout + run.stderr[-800:]
    return f"PyIceberg's Hive catalog reads {run.stdout.split()[0]} rows"


CHECKS = {"paimon_catalog": paimon_catalog, "iceberg_catalog": iceberg_catalog}


def names(_pair, engine):
    return list(CHECKS) if engine == "flink" else []


def prepare(_bench):
    pass


def checks(bench, engine):
    if engine.name != "flink":
        return
    hive = HiveMetastore(bench.lake, os.path.join(bench.folder, "engine-hive"))
    yield from engines.checks_with(bench, hive, CHECKS)
