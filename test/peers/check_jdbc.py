# SPDX-License-Identifier: Apache-2.0
"""A JDBC catalog of Paimon that sluice and Java share: each opens, alters and writes tables that the other has made, in
turn, with the catalog's lock. The catalog is in the MariaDB that the source is in, in PostgreSQL, or in SQLite."""

import paimon_by_sluice
import lake as lake_module
import test_paimon_jdbc
import test_paimon_jdbc_kinds

TURNS = 3
# With four bytes a letter Java cannot make its own tables in MariaDB, but uses those that it finds.
CHECKS = {
    "sluice_first": (test_paimon_jdbc.Catalog, "utf8mb4"),
    "java_first": (test_paimon_jdbc.Catalog, "utf8mb3"),
    "postgres_sluice_first": (test_paimon_jdbc_kinds.Postgres, None),
    "postgres_java_first": (test_paimon_jdbc_kinds.Postgres, None),
    "sqlite_java_reads": (test_paimon_jdbc_kinds.Sqlite, None),
    "sqlite_java_first": (test_paimon_jdbc_kinds.Sqlite, None),
}
SCRIPT = "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40)); INSERT INTO t VALUES (1, 'one'), (2, 'two')"


def names(_pair, engine):
    return list(CHECKS) if engine == "flink" else []


def prepare(_bench):
    """Nothing: each check has a catalog of its own."""


def checks(bench, engine):
    for name in names(None, engine.name):
        yield name, lambda name=name: getattr(Shared(bench, engine, name), "_".join(name.split("_")[-2:]))()


class Shared:
    """One catalog."""

    def __init__(self, bench, engine, name):
        self.engine, self.word = engine, name
        self.ctx = bench.context(f"jdbc-{name}")
        self.source = self.ctx.database(SCRIPT)
        kind, charset = CHECKS[name]
        more = {"words": "?journal_mode=WAL"} if name == "sqlite_java_reads" else {}
        self.catalog = kind(self.ctx, charset=charset, **more, **{"lock.enabled": "true"})
        self.options = self.catalog.options()
        if charset:  # Java takes tables of any database that the user sees for the catalog's own
            user = f"'{test_paimon_jdbc.USER}'@'%'"
            self.ctx.server.execute(f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {user};"
                                    f" GRANT ALL ON {self.catalog.database}.* TO {user}")
        self.path = self.ctx.pipeline(
            f"{self.source}.t",
            sink={f"catalog.properties.{key}": value for key, value in self.options.items()},
        )
        self.table = f"{self.source}.t"

    def java(self, *script):
        return self.engine.ask("sql", script=list(script))

    def rows(self, sql):
        return sorted(tuple(row) for row in self.engine.ask("query", sql=sql)["rows"])

    def open_in_java(self):
        given = {"type": "paimon", "cache-enabled": "false", **self.options,
                 "warehouse": f"file://{self.ctx.warehouse}"}
        words = ", ".join(f"'{key}' = '{value}'" for key, value in given.items())
        self.java(f"CREATE CATALOG {self.name()} WITH ({words})")

    def name(self):
        return f"shared_{self.word}"

    def of(self, table):
        return f"{self.name()}.`{self.source}`.`{table}`"

    def known(self) -> list[str]:
        found = self.catalog.query("SELECT table_name FROM paimon_tables ORDER BY 1")
        return [name for name, in found]

    def same(self, table, expected):
        """Java and sluice read the same rows of it, through the catalog both."""
        theirs = self.rows(f"SELECT * FROM {self.of(table)}")
        assert theirs == sorted(expected), f"Java reads {theirs}, expected {sorted(expected)}"
        words = [f"--catalog_conf={key}={value}" for key, value in self.options.items()]
        result = self.ctx.command("read", f"{self.source}.{table}", f"--catalog_conf=warehouse={self.ctx.warehouse}",
                                  *words, "--format", "csv")
        assert result.code == 0, result.err
        lines = sorted(line for line in result.out.splitlines()[1:] if line)
        wanted = sorted(",".join("" if value is None else str(value) for value in row) for row in expected)
        assert lines == wanted, f"sluice reads {lines}, expected {wanted}"

    def turns(self, rows):
        for turn in range(TURNS):
            self.java(f"INSERT INTO {self.of('t')} VALUES ({100 + turn}, 'java {turn}')")
            self.ctx.server.execute(f"REPLACE INTO t VALUES ({10 + turn}, 'ours {turn}')", self.source)
            self.ctx.catch_up(self.path)
            rows = rows + [(100 + turn, f"java {turn}"), (10 + turn, f"ours {turn}")]
            self.same("t", rows)
        self.java(f"ALTER TABLE {self.of('t')} SET ('snapshot.num-retained.max' = '50')")
        self.ctx.server.execute("ALTER TABLE t ADD COLUMN w INT; INSERT INTO t VALUES (3, 'three', 33)", self.source)
        self.ctx.catch_up(self.path)
        self.same("t", [(*row, None) for row in rows] + [(3, "three", 33)])
        assert self.catalog.locks() == 0, "locks were left"
        kept = self.catalog.properties(self.table)
        assert kept.get("snapshot.num-retained.max") == "50" and kept.get("primary-key") == "id", kept
        return f"{TURNS} turns, {len(rows) + 1} rows"

    def sluice_first(self):
        self.ctx.catch_up(self.path)
        self.open_in_java()
        assert self.rows(f"SHOW TABLES IN {self.name()}.`{self.source}`") == [("t",)]
        note = self.turns([(1, "one"), (2, "two")])
        self.java(f"CREATE TABLE {self.of('made')} (id INT PRIMARY KEY NOT ENFORCED, v STRING) WITH ('bucket' = '1')",
                  f"INSERT INTO {self.of('made')} VALUES (7, 'seven')", f"DROP TABLE {self.of('t')}")
        assert self.known() == ["made"], self.known()
        self.same("made", [(7, "seven")])
        names_there, found = paimon_by_sluice.read(self.ctx.lake, f"{self.source}.made")
        text = lake_module.first_differences(names_there, [("7", "seven")], names_there, found)
        assert not text, text
        return note

    def java_reads(self):
        """Alone: a catalog of Java's does not read its question for tables of SQLite to its end. Where they are there
        before, that locks out all writes, those of its own next connection too; with WAL only its own."""
        self.ctx.catch_up(self.path)
        self.open_in_java()
        assert self.rows(f"SHOW TABLES IN {self.name()}.`{self.source}`") == [("t",)]
        rows = [(1, "one"), (2, "two")]
        self.same("t", rows)
        self.ctx.server.execute("ALTER TABLE t ADD COLUMN w INT; INSERT INTO t VALUES (3, 'three', 33)", self.source)
        self.ctx.catch_up(self.path)
        self.same("t", [(*row, None) for row in rows] + [(3, "three", 33)])
        return "3 rows, Java only reads"

    def java_first(self):
        self.open_in_java()
        self.java(f"CREATE DATABASE {self.name()}.`{self.source}`",
                  f"CREATE TABLE {self.of('t')} (id INT PRIMARY KEY NOT ENFORCED, v VARCHAR(40)) WITH ('bucket' = '1')",
                  f"INSERT INTO {self.of('t')} VALUES (50, 'java made it')")
        self.ctx.catch_up(self.path)
        assert self.known() == ["t"], self.known()
        return self.turns([(1, "one"), (2, "two"), (50, "java made it")])
