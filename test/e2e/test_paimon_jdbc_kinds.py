# SPDX-License-Identifier: Apache-2.0
"""JDBC catalogs of Paimon in PostgreSQL and in a file of SQLite: what test_paimon_jdbc.py does over MariaDB, and what
is theirs alone. PostgreSQL is a real server, in another time zone than the programs."""

import contextlib
import os
import sqlite3

import mariadb
import postgres
import processes
import test_paimon_jdbc as over_mariadb
from test_paimon_jdbc import CHANGES, PASSWORD, SHOP, USER, no_secret


class Postgres(over_mariadb.Catalog):
    """A catalog in a database of its own in the run's PostgreSQL. `words`: more of its address."""

    def __init__(self, ctx, charset=None, port=None, words="", **more):  # pylint: disable=super-init-not-called
        del charset
        self.ctx, self.more, self.server = ctx, more, ctx.shared.postgres()
        self.database = self.server.database()
        place = f"jdbc:postgresql://127.0.0.1:{port or self.server.port}/{self.database}"
        self.uri = place + words
        self.direct = {"metastore": "jdbc", "uri": place, "jdbc.user": USER, "jdbc.password": PASSWORD,
                       "catalog-key": more.get("catalog-key", "jdbc")}

    def query(self, sql):
        return self.server.execute(sql, self.database)

    def own_tables(self):
        return {name for name, in self.query(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")}

    def make_locks_old(self):
        self.query("UPDATE paimon_distributed_locks SET acquired_at = acquired_at - INTERVAL '2 days'")  # in any zone


class Sqlite(over_mariadb.Catalog):
    """A catalog in a file."""

    def __init__(self, ctx, charset=None, words="", **more):  # pylint: disable=super-init-not-called
        del charset
        self.ctx, self.more = ctx, more
        self.file = os.path.join(ctx.dir, f"catalog-{len(os.listdir(ctx.dir))}.db")
        self.uri = f"jdbc:sqlite:{self.file}{words}"
        self.direct = {"metastore": "jdbc", "uri": f"jdbc:sqlite:{self.file}",
                       "catalog-key": more.get("catalog-key", "jdbc")}

    def query(self, sql):
        rows = []
        with contextlib.closing(sqlite3.connect(self.file, timeout=30)) as file, file:
            for statement in mariadb.split_statements(sql):
                rows = file.execute(statement).fetchall()
        return rows

    def own_tables(self):
        return {name for name, in self.query("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def make_locks_old(self):
        self.query("UPDATE paimon_distributed_locks SET acquired_at = datetime(acquired_at, '-481 seconds')")


def test_postgres_shared_with_pypaimon(ctx):
    over_mariadb.test_sink_and_pypaimon_share_a_catalog(ctx, Postgres)


def test_sqlite_shared_with_pypaimon(ctx):
    over_mariadb.test_sink_and_pypaimon_share_a_catalog(ctx, Sqlite)


def test_postgres_turns_with_pypaimon(ctx):
    over_mariadb.test_taking_turns_with_pypaimon(ctx, Postgres)


def test_sqlite_turns_with_pypaimon(ctx):
    over_mariadb.test_taking_turns_with_pypaimon(ctx, Sqlite)


def test_postgres_killed_at_each_step_of_a_creation(ctx):
    over_mariadb.test_killed_at_each_step_of_a_creation(ctx, Postgres)


def test_sqlite_killed_at_each_step_of_a_creation(ctx):
    over_mariadb.test_killed_at_each_step_of_a_creation(ctx, Sqlite)


def test_postgres_locks(ctx):
    over_mariadb.test_locks(ctx, Postgres)


def test_sqlite_locks(ctx):
    over_mariadb.test_locks(ctx, Sqlite)


def test_postgres_actions(ctx):
    over_mariadb.test_actions(ctx, Postgres)


def test_sqlite_actions(ctx):
    over_mariadb.test_actions(ctx, Sqlite)


def test_postgres_in_s3(ctx):
    over_mariadb.test_in_s3(ctx, Postgres)


def test_postgres_properties_of_its_driver(ctx):
    """A schema of its own, a certificate that is checked, a password in the address; what has no effect is named."""
    server = ctx.shared.postgres()
    words = (f"?currentSchema=lake&sslmode=verify-full&sslrootcert={server.ca}&password={PASSWORD}"
             "&ApplicationName=the%20sink&reWriteBatchedInserts=true")
    catalog = Postgres(ctx, words=words, **{"jdbc.password": "not-that-one"})
    db = ctx.database(SHOP)
    refused = ctx.fails(catalog.pipeline(f"{db}.t"), "currentSchema")
    catalog.query(f"CREATE SCHEMA lake AUTHORIZATION {USER}")
    path = catalog.pipeline(f"{db}.t")
    done = ctx.catch_up(path)
    assert "rewritebatchedinserts" in done.err and "currentschema" not in done.err.lower(), done.err
    assert catalog.own_tables() == set()
    assert catalog.query("SELECT database_name, table_name FROM lake.paimon_tables") == [(db, "t")]
    assert PASSWORD not in refused.err + done.err + done.out


def test_postgres_zones(ctx):
    """The times of locks have no zone, and Java's driver gives its session that of its machine: so does sluice."""
    catalog = Postgres(ctx, **{"lock.enabled": "true", "lock-acquire-timeout": "480 s"})
    db = ctx.database(SHOP)
    path = catalog.pipeline(f"{db}.t")
    ctx.catch_up(path)
    lock = f"INSERT INTO paimon_distributed_locks VALUES ('jdbc.{db}.t', {{}}, 480)"
    here = "(clock_timestamp() AT TIME ZONE 'America/New_York')::timestamp"
    catalog.query(lock.format(f"{here} - INTERVAL '400 seconds'"))
    ctx.server.execute(CHANGES, db)
    job = ctx.start_run(path, env={"TZ": "America/New_York"})
    asked = "SELECT 1 FROM pg_stat_activity WHERE datname = '{}' AND query LIKE 'INSERT INTO paimon_distributed%'"
    processes.wait_until(lambda: catalog.query(asked.format(catalog.database)), "the job to ask for the lock")
    assert catalog.locks() == 1 and "was left" not in job.err(), job.err()
    catalog.query(f"UPDATE paimon_distributed_locks SET acquired_at = {here} - INTERVAL '481 seconds'")
    ctx.wait_equal(f"{db}.t", job=job, seconds=60)
    job.terminate(10)
    refused = ctx.catch_up(path, env={"TZ": "Nowhere/Else"}, code=None)
    assert refused.code != 0 and "Nowhere/Else" in refused.err, refused.err


def test_postgres_lost(ctx):
    """Its sessions end between two epochs; it is away for a while: the job goes on by itself."""
    line = ctx.proxy(ctx.shared.postgres())
    catalog = Postgres(ctx, port=line.port)
    db = ctx.database(SHOP)
    path = catalog.pipeline(f"{db}.\\.*")
    job = ctx.start_run(path)
    ctx.wait_equal(f"{db}.t", job=job)
    line.cut()
    ctx.server.execute("CREATE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (1)", db)
    ctx.wait_equal(f"{db}.u", job=job)
    line.off()
    ctx.server.execute("CREATE TABLE w (id INT PRIMARY KEY); INSERT INTO w VALUES (1)", db)
    processes.wait_until(lambda: f"connect to 127.0.0.1:{line.port}" in job.err(), "the job to say that it is away", 60)
    line.on()
    ctx.wait_equal(f"{db}.w", job=job, seconds=60)
    job.terminate(10)
    assert catalog.tables() == {f"{db}.t", f"{db}.u", f"{db}.w"}
    no_secret(ctx)


def test_postgres_refusals(ctx):
    db = ctx.database(SHOP)

    def refused(catalog, *words):
        text = ctx.fails(catalog.pipeline(f"{db}.t"), *words).err
        assert PASSWORD not in text and "not-that-one" not in text, text

    refused(Postgres(ctx, **{"jdbc.password": "not-that-one"}), "28P01", "jdbc.password")
    missing = Postgres(ctx)
    missing.uri = missing.uri.replace(missing.database, "no_such_database")
    refused(missing, "3D000", "no_such_database", "make the database")
    refused(Postgres(ctx, words=f"?sslmode=verify-full&sslrootcert={__file__}"), "sslrootcert")
    foreign = Postgres(ctx)
    foreign.query(f"CREATE TABLE paimon_tables (id INT); ALTER TABLE paimon_tables OWNER TO {USER}")
    refused(foreign, "paimon_tables", "database_name", "another version")
    closed = Postgres(ctx)
    closed.query(f"ALTER DATABASE {closed.database} OWNER TO {postgres.OWNER}")
    refused(closed, "permission denied", "CREATE on the schema")
    viewed = Postgres(ctx)
    viewed.query("CREATE TABLE paimon_views (catalog_key VARCHAR(255), database_name VARCHAR(255), view_name"
                 f" VARCHAR(255), view_schema TEXT); INSERT INTO paimon_views VALUES ('jdbc', '{db}', 't', '');"
                 f" ALTER TABLE paimon_views OWNER TO {USER}")
    refused(viewed, "a view of that name")


def test_sqlite_refusals(ctx):
    db = ctx.database(SHOP)
    nowhere = Sqlite(ctx)
    nowhere.uri = f"jdbc:sqlite:{ctx.dir}/no/such/folder.db"
    ctx.fails(nowhere.pipeline(f"{db}.t"), "folder.db", "folder is there")
    text = Sqlite(ctx)
    with open(text.file, "w", encoding="ascii") as file:
        file.write("no database\n" * 1000)
    ctx.fails(text.pipeline(f"{db}.t"), "not a database")
    foreign = Sqlite(ctx, **{"jdbc.user": USER})
    foreign.query("CREATE TABLE paimon_tables (id INT)")
    refused = ctx.fails(foreign.pipeline(f"{db}.t"), "paimon_tables", "database_name", "another version")
    assert "no effect: user" in refused.err, refused.err


def test_sqlite_busy(ctx):
    """Another process writes into the file for long: the job says so, and goes on when it is done."""
    catalog = Sqlite(ctx, words="?busy_timeout=1")
    db = ctx.database(SHOP)
    path = catalog.pipeline(f"{db}.\\.*")
    job = ctx.start_run(path)
    ctx.wait_equal(f"{db}.t", job=job)
    with contextlib.closing(sqlite3.connect(catalog.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ctx.server.execute("CREATE TABLE u (id INT PRIMARY KEY); INSERT INTO u VALUES (1)", db)
        processes.wait_until(lambda: "database is locked" in job.err(), "the job to say that the file is locked", 60)
        other.execute("COMMIT")
    ctx.wait_equal(f"{db}.u", job=job, seconds=60)
    job.terminate(10)
    assert catalog.tables() == {f"{db}.t", f"{db}.u"}
