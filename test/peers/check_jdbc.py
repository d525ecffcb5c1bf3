# SPDX-License-Identifier: Apache-2.0
"""A JDBC catalog of Paimon that sluice and Java share: each opens, alters and writes tables that the other has made, in
turn, with the catalog's lock. The catalog is in the MariaDB that the source is in."""

import paimon_by_sluice
import lake as lake_module

USER, PASSWORD = "meta", "meta-secret"
TURNS = 3
SCRIPT = "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40)); INSERT INTO t VALUES (1, 'one'), (2, 'two')"


def names(_pair, engine):
    return ["sluice_first", "java_first"] if engine == "flink" else []


def prepare(_bench):
    """Nothing: each check has a catalog of its own."""


def checks(bench, engine):
    if engine.name == "flink":
        yield "sluice_first", lambda: Shared(bench, engine, "utf8mb4").sluice_first()
        yield "java_first", lambda: Shared(bench, engine, "utf8mb3").java_first()


class Shared:
    """One catalog. With four bytes a letter Java cannot make its own tables there, but uses those that it finds."""

    def __init__(self, bench, engine, charset):
        self.engine, self.charset = engine, charset
        self.ctx = bench.context(f"jdbc-{charset}")
        self.source = self.ctx.database(SCRIPT)
        self.catalog = self.ctx.database()
        server = self.ctx.server
        server.execute(f"ALTER DATABASE {self.catalog} CHARACTER SET {charset}")
        server.execute(f"CREATE OR REPLACE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'")
        server.execute(f"GRANT ALL ON {self.catalog}.* TO '{USER}'@'%'")
        self.options = {
            "metastore": "jdbc",
            "uri": f"jdbc:mysql://127.0.0.1:{server.port}/{self.catalog}",
            "jdbc.user": USER,
            "jdbc.password": PASSWORD,
            "lock.enabled": "true",
        }
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
        return f"shared_{self.charset}"

    def of(self, table):
        return f"{self.name()}.`{self.source}`.`{table}`"

    def known(self) -> list[str]:
        found = self.ctx.server.execute("SELECT table_name FROM paimon_tables ORDER BY 1", self.catalog)
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
        held = self.ctx.server.execute("SELECT COUNT(*) FROM paimon_distributed_locks", self.catalog)[0][0]
        assert held == 0, f"{held} locks were left"
        kept = dict(self.ctx.server.execute("SELECT property_key, property_value FROM paimon_table_properties WHERE"
                                            " table_name = 't'", self.catalog))
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

    def java_first(self):
        self.open_in_java()
        self.java(f"CREATE DATABASE {self.name()}.`{self.source}`",
                  f"CREATE TABLE {self.of('t')} (id INT PRIMARY KEY NOT ENFORCED, v VARCHAR(40)) WITH ('bucket' = '1')",
                  f"INSERT INTO {self.of('t')} VALUES (50, 'java made it')")
        self.ctx.catch_up(self.path)
        assert self.known() == ["t"], self.known()
        return self.turns([(1, "one"), (2, "two"), (50, "java made it")])
