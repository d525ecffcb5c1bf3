# SPDX-License-Identifier: Apache-2.0
"""Paimon tables of a JDBC catalog in the harness' MariaDB: sink, source, actions, readers, kills at each step of a
creation, locks, lost connections. pypaimon opens the same catalog, reads and writes in turn with sluice."""

import os
import signal

import paimon_job
import paimon_source
import paimon_lake
import processes
import test_paimon_s3
from paimon_job import FIXED

USER, PASSWORD = "meta", "meta-secret"
SHOP = """
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40));
INSERT INTO t SELECT seq, CONCAT('old ', seq) FROM seq_1_to_300
"""
CHANGES = """
INSERT INTO t VALUES (1001, 'new'), (1002, NULL);
UPDATE t SET v = 'changed' WHERE id BETWEEN 100 AND 150;
DELETE FROM t WHERE id BETWEEN 140 AND 170
"""
STEPS = ("catalog.after_database", "catalog.after_schema", "catalog.after_entry", "table.after_create")


class Catalog:
    """A catalog of its own, and its user, in MariaDB; `charset`: of its database. test_paimon_jdbc_kinds.py has others.
    `port`: the server's, or that of a proxy before it."""

    def __init__(self, ctx, charset="utf8mb4", port=None, **more):
        self.ctx, self.more = ctx, more
        self.database = ctx.database()
        ctx.server.execute(f"ALTER DATABASE {self.database} CHARACTER SET {charset}")
        ctx.server.execute(f"CREATE OR REPLACE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'")
        ctx.server.execute(f"GRANT ALL ON *.* TO '{USER}'@'%'")
        self.uri = f"jdbc:mysql://127.0.0.1:{port or ctx.server.port}/{self.database}?useUnicode=true"
        self.direct = {
            "metastore": "jdbc",
            "uri": f"jdbc:mysql://127.0.0.1:{ctx.server.port}/{self.database}",
            "jdbc.user": USER,
            "jdbc.password": PASSWORD,
            "catalog-key": more.get("catalog-key", "jdbc"),
        }

    def options(self) -> dict:
        return {**self.direct, "uri": self.uri, **self.more}

    def block(self) -> dict:
        return {f"catalog.properties.{key}": value for key, value in self.options().items()}

    def conf(self) -> list[str]:
        words = ["--warehouse", self.ctx.warehouse]
        for key, value in self.options().items():
            words += ["--catalog_conf", f"{key}={value}"]
        return words

    def use(self):
        self.ctx.lake = paimon_lake.PaimonLake(self.ctx.warehouse, self.ctx.shared.pypaimon(), self.direct)

    def pipeline(self, tables, table=None, **options):
        path = paimon_job.pipeline(self.ctx, tables, table or FIXED, sink=self.block(), **options)
        self.use()
        return path

    def query(self, sql):
        return self.ctx.server.execute(sql, self.database)

    def own_tables(self) -> set[str]:
        return {name for name, in self.query("SHOW TABLES")}

    def locks(self) -> int:
        return int(self.query("SELECT COUNT(*) FROM paimon_distributed_locks")[0][0])

    def make_locks_old(self):
        self.query("UPDATE paimon_distributed_locks SET acquired_at = NOW() - INTERVAL 481 SECOND")

    def tables(self) -> set[str]:
        return {f"{database}.{name}" for _, database, name in self.query("SELECT * FROM paimon_tables")}

    def properties(self, table) -> dict:
        database, name = table.split(".")
        return dict(self.query(
            "SELECT property_key, property_value FROM paimon_table_properties WHERE"
            f" database_name = '{database}' AND table_name = '{name}'"))


def no_secret(ctx):
    paimon_job.no_secret(ctx, PASSWORD)


def test_sink_and_pypaimon_share_a_catalog(ctx, kind=Catalog):
    catalog = kind(ctx)
    db = ctx.database(SHOP)
    path = catalog.pipeline(f"{db}.\\.*")
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    assert catalog.tables() == {f"{db}.t"}
    names = catalog.own_tables()
    assert names == {"paimon_tables", "paimon_database_properties", "paimon_table_properties", "paimon_views"}, names
    place = os.path.join(ctx.warehouse, db + ".db")
    kept = dict(catalog.query("SELECT property_key, property_value FROM paimon_database_properties"))
    assert kept == {"exists": "true", "location": place}, kept
    assert catalog.properties(f"{db}.t") == {"bucket": "2", "primary-key": "id", "bucket-key": "id"}
    ctx.server.execute(CHANGES, db)
    ctx.server.execute("ALTER TABLE t ADD COLUMN w INT DEFAULT 7; INSERT INTO t VALUES (2000, 'wide', 8)", db)
    ctx.server.execute("CREATE TABLE u (id INT PRIMARY KEY, v INT); INSERT INTO u VALUES (1, 2)", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    paimon_job.equal(ctx, f"{db}.u")
    assert catalog.tables() == {f"{db}.t", f"{db}.u"}
    same = ctx.command("verify", path)
    assert same.code == 0 and "DIFFERENT" not in same.out, same.out + same.err
    no_secret(ctx)


def test_taking_turns_with_pypaimon(ctx, kind=Catalog):
    """pypaimon makes the catalog and a table of it; both write; a source reads what both wrote."""
    catalog = kind(ctx, charset="utf8mb3")
    catalog.use()
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40)); INSERT INTO t VALUES (1, 'one')")
    fields = [("id", "INT NOT NULL"), ("v", "STRING")]
    ctx.lake.create(f"{db}.t", fields, ["id"], options={"bucket": "1"})
    assert catalog.tables() == {f"{db}.t"}
    path = catalog.pipeline(f"{db}.t")
    paimon_source.take_turns(ctx, db, path, catalog.block())
    assert catalog.properties(f"{db}.t").get("bucket") == "1"


def test_killed_at_each_step_of_a_creation(ctx, kind=Catalog):
    for n, step in enumerate(STEPS):
        catalog = kind(ctx, **({"lock.enabled": "true", "lock-acquire-timeout": "1 s"} if n % 2 else {}))
        db = ctx.database(SHOP)
        ctx.warehouse = os.path.join(ctx.dir, f"lake-{n}")
        ctx.state = paimon_job.state(ctx, str(n))
        path = catalog.pipeline(f"{db}.t", name=f"{n}.yaml")
        result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": step}, code=None)
        assert result.code == -signal.SIGKILL, f"{step}: {result.code} {result.err}"
        ctx.catch_up(path)
        ctx.server.execute(CHANGES, db)
        ctx.catch_up(path)
        paimon_job.equal(ctx, f"{db}.t", orphans=True)
        assert catalog.tables() == {f"{db}.t"}
        assert catalog.properties(f"{db}.t") == {"bucket": "2", "primary-key": "id", "bucket-key": "id"}, step


def test_entries_without_tables_and_tables_without_entries(ctx):
    catalog = Catalog(ctx)
    db = ctx.database(SHOP)
    path = catalog.pipeline(f"{db}.t")
    ctx.catch_up(path)
    catalog.query(f"DELETE FROM paimon_tables; INSERT INTO paimon_tables VALUES ('jdbc', '{db}', 'gone')")
    catalog.query("INSERT INTO paimon_tables VALUES ('other', 'a', 'b')")
    refused = ctx.command("paimon", "expire_snapshots", *catalog.conf(), "--database", db, "--table", "gone")
    assert refused.code != 0 and "gone" in refused.err, refused.err
    # Its history may be the job's own: to go on as if there were none would lose rows.
    ctx.state = paimon_job.state(ctx, "again")
    ctx.server.execute(CHANGES, db)
    ctx.fails(path, "does not know it", "paimon repair")
    said = ctx.command("paimon", "repair", *catalog.conf(), "--identifier", f"{db}.t")
    assert said.code == 0 and f"table {db}.t is entered" in said.out, said.err
    ctx.catch_up(path)
    catalog.query("UPDATE paimon_table_properties SET property_value = 'x' WHERE property_key = 'primary-key'")
    for identifier, code, words in ((["--identifier", db], 0, f"table {db}.t: its entry is up to date"),
                                    ([], 0, f"table {db}.t: its entry"), (["--identifier", f"{db}.gone"], 1, "gone"),
                                    (["--identifier", "a.b.c"], 2, "neither a database")):  # fmt: skip
        said = ctx.command("paimon", "repair", *catalog.conf(), *identifier)
        assert said.code == code and words in said.out + said.err, said.out + said.err
    kept = "SELECT property_value FROM paimon_table_properties WHERE property_key = 'primary-key'"
    assert [row[0] for row in catalog.query(kept)] == ["id"]
    assert f"{db}.t" in catalog.tables()
    paimon_job.equal(ctx, f"{db}.t", orphans=True)


def test_locks(ctx, kind=Catalog):
    """A lock that another has is waited for; one whose time is over is taken; none is left."""
    catalog = kind(ctx, **{"lock.enabled": "true", "lock-acquire-timeout": "2 s", "catalog-key": "mine"})
    db = ctx.database(SHOP)
    path = catalog.pipeline(f"{db}.t")
    ctx.catch_up(path)
    held = f"INSERT INTO paimon_distributed_locks (lock_id, expire_time_seconds) VALUES ('mine.{db}.t', 480)"
    catalog.query(held)
    ctx.server.execute("INSERT INTO t VALUES (5000, 'waits')", db)
    job = ctx.start_run(path)
    processes.wait_until(lambda: "is another writer's" in job.err(), "the job to say who has the lock", 60)
    assert ctx.lake.count(f"{db}.t") == 300
    catalog.make_locks_old()
    ctx.wait_equal(f"{db}.t", job=job, seconds=60)
    assert "was left by a process" in job.err(), job.err()
    job.terminate(10)
    assert catalog.locks() == 0
    assert catalog.tables() == {f"{db}.t"}
    names = {row[0] for row in catalog.query("SELECT catalog_key FROM paimon_tables")}
    assert names == {"mine"}, names
    short = kind(ctx, **{"lock.enabled": "true", "lock-key-max-length": "5"})
    ctx.warehouse = ctx.dir + "/short"
    ctx.state = paimon_job.state(ctx, "short")
    refused = ctx.fails(short.pipeline(f"{db}.t", name="short.yaml"), "lock-key-max-length")
    assert PASSWORD not in refused.err


def test_actions(ctx, kind=Catalog):
    catalog = kind(ctx, **{"lock.enabled": "true"})
    db = ctx.database(SHOP)
    words = ["paimon", "mysql_sync_database", *catalog.conf(), "--database", "ods", "--until", "caught-up"]
    for key, value in (("hostname", "127.0.0.1"), ("port", ctx.server.port), ("username", "flow"),
                       ("password", "flow-secret"), ("database-name", db), ("server-time-zone", "UTC")):
        words += ["--mysql_conf", f"{key}={value}"]
    words += ["--table_conf", "bucket=1"]
    ended = ctx.command(*words)
    assert ended.code == 0, ended.err
    catalog.use()
    ctx.equal(f"{db}.t", "ods.t")
    ctx.server.execute(CHANGES, db)
    ended = ctx.command(*words)
    assert ended.code == 0, ended.err
    table = ["--database", "ods", "--table", "t"]
    for action in (["create_tag", *table, "--tag_name", "x"], ["compact", *table], ["compact_database"],
                   ["expire_snapshots", *table, "--retain_max", "1", "--retain_min", "1"]):
        ended = ctx.command("paimon", action[0], *catalog.conf(), *action[1:])
        assert ended.code == 0, f"{action}: {ended.out}{ended.err}"
    ctx.equal(f"{db}.t", "ods.t")
    assert len(ctx.lake.rows("ods.t", tag="x")[1]) == len(ctx.lake.rows("ods.t")[1])
    assert catalog.locks() == 0
    words = [f"--catalog_conf={key}={value}" for key, value in catalog.options().items()]
    words.append(f"--catalog_conf=warehouse={ctx.warehouse}")
    named = ctx.command("read", "ods.t", "--format", "jsonl", *words)
    assert named.code == 0 and named.out == paimon_job.read(ctx, "ods.t"), named.err
    assert ctx.command("tables", "orphans", "ods.t", *words).code == 0
    for table, word in (("ods.nothing", "no table ods.nothing"), ("t", "database.table")):
        refused = ctx.command("read", table, *words)
        assert refused.code != 0 and word in refused.err, refused.err
    no_secret(ctx)


def test_in_s3(ctx, kind=Catalog):
    """There the catalog's lock is taken unless lock.enabled says otherwise, as Java does."""
    place, catalog = test_paimon_s3.Place(ctx), kind(ctx)
    db = ctx.database(SHOP)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, sink={**catalog.block(), **place.sink()})
    ctx.catch_up(path)
    ctx.server.execute(CHANGES, db)
    ctx.catch_up(path)
    place.equal(f"{db}.t")
    assert catalog.tables() == {f"{db}.t"}
    assert catalog.locks() == 0
    words = {**catalog.options(), **{key.removeprefix("catalog.properties."): value
                                     for key, value in place.sink().items()}}
    result = ctx.command("read", f"{db}.t", "--format", "jsonl",
                         *[f"--catalog_conf={key}={value}" for key, value in words.items()])
    assert result.code == 0 and result.out == place.read(f"{db}.t"), result.err


def test_a_lost_connection(ctx):
    """The catalog's server goes away between two epochs, and in the middle of them: the job goes on by itself."""
    line = ctx.proxy()
    catalog = Catalog(ctx, port=line.port)
    db = ctx.database(SHOP)
    path = catalog.pipeline(f"{db}.\\.*")
    job = ctx.start_run(path)
    ctx.wait_equal(f"{db}.t", job=job)
    line.cut()
    ctx.server.execute("CREATE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (1)", db)
    ctx.wait_equal(f"{db}.u", job=job)
    job.terminate(10)
    paimon_job.equal(ctx, f"{db}.t")
    assert catalog.tables() == {f"{db}.t", f"{db}.u"}


def test_what_is_refused(ctx):
    catalog = Catalog(ctx)
    db = ctx.database(SHOP)
    for more, words in (
        ({"uri": "jdbc:oracle:thin:@localhost/x"}, ("jdbc:oracle", "jdbc:mysql")),
        ({"uri": "jdbc:postgresql://localhost/x?sslfactory=a.B"}, ("sslfactory",)),
        ({"uri": "jdbc:sqlite::memory:"}, ("memory",)),
        ({"uri": None}, ("uri",)),
        ({"lock.enabled": "maybe"}, ("lock.enabled", "maybe")),
        ({"lock.type": "zookeeper"}, ("lock.type", "zookeeper")),
        ({"lock-key-max-length": "0"}, ("lock-key-max-length",)),
        ({"metastore": "filesystem"}, ("jdbc", "metastore")),
    ):
        sink = {f"catalog.properties.{key}": value for key, value in {**catalog.options(), **more}.items()}
        path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, sink=sink)
        result = ctx.command("check", path)
        assert result.code == 2, f"{more}: {result.out}{result.err}"
        for word in words:
            assert word in result.err, f"{more}: {word} is not in {result.err}"
    wrong = Catalog(ctx, **{"jdbc.password": "not-that-one"})
    refused = ctx.fails(wrong.pipeline(f"{db}.t"), "JDBC catalog", "jdbc.password")
    assert "not-that-one" not in refused.err
    missing = Catalog(ctx)
    missing.uri = f"jdbc:mysql://127.0.0.1:{ctx.server.port}/no_such_database"
    ctx.fails(missing.pipeline(f"{db}.t"), "no_such_database")
    catalog.query("CREATE TABLE paimon_views (catalog_key VARCHAR(255), database_name VARCHAR(255), view_name"
                  f" VARCHAR(255), view_schema TEXT); INSERT INTO paimon_views VALUES ('jdbc', '{db}', 't', '')")
    ctx.fails(catalog.pipeline(f"{db}.t"), "a view of that name")
    assert not ctx.lake.exists(f"{db}.t")
