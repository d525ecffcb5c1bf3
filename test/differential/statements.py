# SPDX-License-Identifier: Apache-2.0
"""Random statements that change rows, and the transactions around them."""

import random

import engine_tables
from tables import Table, quote


class Dml:
    """Statements for one writer. `tables` is shared with the others and with the DDL, which replaces its members."""

    def __init__(self, rng: random.Random, tables: list[Table], folder: str, writer: int, database=""):
        self.rng, self.tables, self.folder, self.writer, self._count = rng, tables, folder, writer, 0
        self.database = database  # in the XIDs, which are those of the server
        self.rotates, self.large_max = True, 4000

    def pick(self, transactional=None, keyed=None) -> tuple[Table, str]:
        """A table and the name of one of its shards."""
        fitting = [
            t
            for t in list(self.tables)
            if (transactional is None or t.transactional == transactional) and (keyed is None or bool(t.key) == keyed)
        ]
        table = self.rng.choice(fitting or self.tables)
        return table, self.rng.choice(table.names)

    def some(self, table, name, most=5):
        keys = table.shard_keys(name)
        return self.rng.sample(keys, min(len(keys), self.rng.randint(1, most)))

    def where(self, table, key) -> str:
        return " AND ".join(f"{quote(c)} = {v}" for c, v in zip(table.key, key))

    def order(self, table) -> str:
        limit = self.rng.randint(1, 6)
        return f"ORDER BY {', '.join(quote(k) for k in table.key)} {self.rng.choice(['', 'DESC'])} LIMIT {limit}"

    def assignment(self, table) -> str:
        columns = table.plain()
        if not columns:  # all are in the key, or generated
            return f"{quote(table.key[0])} = {quote(table.key[0])}"
        chosen = self.rng.sample(columns, min(len(columns), self.rng.randint(1, 3)))
        return ", ".join(f"{quote(c.name)} = {c.literal(self.rng)}" for c in chosen)

    def rows(self, table, name, most=5) -> str:
        """(columns) VALUES (...), ... with a random order of columns and sometimes not all of them."""
        plain = table.plain()
        if self.rng.random() < 0.2:
            plain = [c for c in plain if not c.nullable or self.rng.random() < 0.6]
        self.rng.shuffle(plain)
        values = []
        for key in self.some(table, name, most) if table.key else [()] * self.rng.randint(1, most):
            values.append("(" + ", ".join([*key, *(c.literal(self.rng) for c in plain)]) + ")")
        names = ", ".join(quote(c) for c in [*table.key, *(c.name for c in plain)])
        return f"({names}) VALUES {', '.join(values)}"

    def statement(self, table: Table, name: str) -> list[str]:
        """One change, seldom of several statements. A table without a key is append-only in the lake: only INSERT."""
        rng, quoted = self.rng, quote(name)
        if not table.key:
            return [f"INSERT INTO {quoted} {self.rows(table, name)}"]
        if not table.shard_keys(name):  # fewer keys than shards
            return [f"DELETE FROM {quoted}"]
        first = quote(table.key[0])
        makers = [
            (18, lambda: [f"INSERT INTO {quoted} {self.rows(table, name)}"]),
            (14, lambda: [f"INSERT IGNORE INTO {quoted} {self.rows(table, name)}"]),
            (14, lambda: [f"REPLACE INTO {quoted} {self.rows(table, name)}"]),
            (10, lambda: [self.upsert(table, name)]),
            (12, lambda: [self.update(table, name)]),
            (6, lambda: [f"UPDATE {quoted} SET {self.assignment(table)} {self.order(table)}"]),
            (8, lambda: [self.change_key(table, name)]),
            (8, lambda: [f"DELETE FROM {quoted} WHERE {self.where(table, rng.choice(table.shard_keys(name)))}"]),
            (4, lambda: [f"DELETE FROM {quoted} {self.order(table)}"]),
            (1, lambda: [f"DELETE FROM {quoted}"]),
            (4, lambda: [self.copy(table, name)]),
            (2, lambda: self.load_data(table, name)),
            (2, lambda: [f"DELETE a FROM {quoted} a JOIN {quoted} b USING ({first}) WHERE RAND(3) < 0.1"]),
        ]
        return rng.choices([m for _, m in makers], [w for w, _ in makers])[0]()

    def update(self, table, name):
        keys = " OR ".join(f"({self.where(table, k)})" for k in self.some(table, name, 4))
        ignore = self.rng.choice(["", "", "IGNORE "])
        return f"UPDATE {ignore}{quote(name)} SET {self.assignment(table)} WHERE {keys}"

    def upsert(self, table, name):
        insert, plain = f"INSERT INTO {quote(name)} {self.rows(table, name)}", table.plain()
        if not plain:  # all columns are in the key
            return insert
        column = self.rng.choice(plain)
        value = self.rng.choice([column.literal(self.rng), f"VALUES({quote(column.name)})"])
        return f"{insert} ON DUPLICATE KEY UPDATE {quote(column.name)} = {value}"

    def change_key(self, table, name):
        """Another key for a row, by parts of it or all; IGNORE leaves a key that is taken."""
        keys = table.shard_keys(name)
        old, new = self.rng.choice(keys), self.rng.choice(keys)
        sets = ", ".join(f"{quote(c)} = {v}" for c, v in zip(table.key, new))
        more = ", " + self.assignment(table) if self.rng.random() < 0.5 else ""
        ignore = self.rng.choice(["", "IGNORE "]) if table.keys_ignored else ""
        return f"UPDATE {ignore}{quote(name)} SET {sets}{more} WHERE {self.where(table, old)}"

    def copy(self, table, name):
        """INSERT ... SELECT: a row under another key."""
        plain = "".join(", " + quote(c.name) for c in table.plain())
        new, old = (self.rng.choice(table.shard_keys(name)) for _ in range(2))
        head = self.rng.choice(["INSERT IGNORE", "REPLACE"])
        names = ", ".join(quote(k) for k in table.key)
        return (
            f"{head} INTO {quote(name)} ({names}{plain}) SELECT {', '.join(new)}{plain} FROM {quote(name)} "
            f"WHERE {self.where(table, old)}"
        )

    def load_data(self, table, name):
        """Some rows out to a file of the server, and back over other rows."""
        self._count += 1
        path = f"{self.folder}/load-{self.writer}-{self._count}"
        names = ", ".join(quote(c) for c in [*table.key, *(c.name for c in table.plain())])
        return [
            f"SELECT {names} INTO OUTFILE '{path}' FROM {quote(name)} LIMIT 5",
            f"DELETE FROM {quote(name)} {self.order(table)}",
            f"LOAD DATA INFILE '{path}' REPLACE INTO TABLE {quote(name)} ({names})",
        ]

    # ---- transactions: lists of statements; the last ends the transaction

    def inside(self) -> list[str]:
        """Never of a table without transactions: what a ROLLBACK leaves of it is not known (README, Limits)."""
        if not any(t.transactional for t in self.tables):
            return [f"INSERT INTO child (note) VALUES ('i{self.writer}')"]
        return self.statement(*self.pick(transactional=True))

    def transaction(self) -> list[str]:
        rng, out = self.rng, ["BEGIN"]
        for _ in range(rng.randint(1, 6)):
            out += self.inside()
            if rng.random() < 0.12:
                out += ["SAVEPOINT s"]
                out += self.inside()
                out += [rng.choice(["ROLLBACK TO SAVEPOINT s", "RELEASE SAVEPOINT s", "ROLLBACK TO SAVEPOINT s"])]
        return out + ["ROLLBACK" if rng.random() < 0.1 else "COMMIT"]

    def xa_one_phase(self) -> list[str]:
        self._count += 1
        xid = f"'x{self.writer}-{self._count}-{self.database}'"
        out = [f"XA START {xid}"]
        for _ in range(self.rng.randint(1, 3)):
            out += self.inside()
        return out + [f"XA END {xid}", self.rng.choice([f"XA COMMIT {xid} ONE PHASE"] * 4 + [f"XA ROLLBACK {xid}"])]

    def xa_prepared(self) -> tuple[str, list[str]]:
        """The xid and the statements up to XA PREPARE."""
        self._count += 1
        xid = f"'p{self.writer}-{self._count}-{self.database}'"
        out = [f"XA START {xid}"]
        for _ in range(self.rng.randint(1, 3)):
            out += self.inside()
        return xid, out + [f"XA END {xid}", f"XA PREPARE {xid}"]

    def of_engines(self, names) -> list[str]:
        """Changes of the tables with merge engines; not before the copy is complete."""
        self._count += 1
        changes = engine_tables.statements(self.rng, self.writer * 100_000 + self._count, names)
        return ["BEGIN", *changes, self.rng.choice(["COMMIT"] * 9 + ["ROLLBACK"])]

    def large(self) -> list[str]:
        """One transaction of thousands of rows; `bulk` has few columns, so that it costs little."""
        low, count = self.rng.randint(1, 3000), self.rng.randint(self.large_max // 8, self.large_max)
        return [
            "BEGIN",
            f"REPLACE INTO bulk SELECT seq, CONCAT('n', seq), seq % 7 FROM seq_{low}_to_{low + count}",
            f"UPDATE bulk SET v = v + 1 WHERE id % {self.rng.randint(2, 5)} = 0",
            f"DELETE FROM bulk WHERE id % {self.rng.randint(3, 9)} = 1",
            *self.inside(),
            "COMMIT",
        ]

    def huge(self, kind: str) -> list[str]:
        """More rows (65,536), or bytes (24 MiB), than the stream collects: it passes them on inside the transaction."""
        if kind == "rows":
            out = [
                "REPLACE INTO bulk SELECT seq, CONCAT('h', seq), 0 FROM seq_1000001_to_1070000",
                *self.inside(),
                "UPDATE bulk SET v = v + 1 WHERE id > 1000000 AND id % 3 = 0",
                "DELETE FROM bulk WHERE id > 1000000 AND id % 9",
            ]
        else:
            out = [
                "REPLACE INTO parent SELECT seq, REPEAT(CHAR(97 + seq % 26), 60000) FROM seq_1001_to_1500",
                *self.inside(),
                "UPDATE parent SET v = CONCAT(v, 'é') WHERE id > 1000 AND id % 20 = 1",
                "DELETE FROM parent WHERE id > 1000 AND id % 20 > 1",
            ]
        return ["BEGIN", *out, "ROLLBACK" if self.rng.random() < 0.1 else "COMMIT"]

    def nontransactional(self) -> list[str]:
        return self.statement(*self.pick(transactional=False))

    def temporary(self) -> list[str]:
        """A temporary table is not in the log; what is made from it is."""
        table, name = self.pick(transactional=True, keyed=True)
        return [
            f"CREATE TEMPORARY TABLE tmp LIKE {quote(name)}",
            f"REPLACE INTO tmp {self.rows(table, name)}" if table.key and table.shard_keys(name) else "SELECT 1",
            f"REPLACE INTO {quote(name)} SELECT * FROM tmp" if not generated(table) else "SELECT 1",
            "DROP TEMPORARY TABLE tmp",
        ]

    def step(self) -> list[str]:
        """One transaction or statement."""
        return self.rng.choices(
            [
                self.transaction,
                lambda: self.statement(*self.pick()),
                self.xa_one_phase,
                self.large,
                self.nontransactional,
                self.temporary,
                lambda: ["FLUSH BINARY LOGS" if self.rotates else "FLUSH STATUS"],
                lambda: [f"INSERT INTO child (parent, note) VALUES ({self.rng.randint(1, 4)}, 'n{self.writer}')"],
                lambda: [f"DELETE FROM child {self.rng.choice(['', 'ORDER BY id LIMIT 3'])}"],
            ],
            [50, 25, 4, 1, 6, 3, 0.3, 5, 2],
        )[0]()


def generated(table: Table) -> bool:
    """Whether SELECT * of the table does not fit into it: generated or invisible columns."""
    return any(c.generated or c.more == "INVISIBLE" for c in table.columns)
