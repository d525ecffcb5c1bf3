# SPDX-License-Identifier: Apache-2.0
"""Random DDL and DML from a printed seed; the lake equals the source after every epoch that is waited for.

SLUICE_SEED=n repeats a run; SLUICE_RANDOM_SEEDS=n runs that many seeds, SLUICE_RANDOM_EPOCHS=n epochs each.
"""

import os
import random

TYPES = [
    "INT",
    "BIGINT",
    "BIGINT UNSIGNED",
    "SMALLINT",
    "TINYINT UNSIGNED",
    "DECIMAL(12,3)",
    "DOUBLE",
    "FLOAT",
    "VARCHAR(40)",
    "VARCHAR(40) CHARACTER SET latin1",
    "TEXT",
    "VARBINARY(30)",
    "BLOB",
    "DATE",
    "DATETIME(6)",
    "TIMESTAMP(3) NULL",
    "TIME(3)",
    "YEAR",
    "ENUM('a','b','c')",
    "SET('x','y','z')",
    "BIT(11)",
    "JSON",
    "CHAR(8)",
    "BINARY(4)",
    "TINYINT(1)",
]
WIDEN = {
    "INT": "BIGINT",
    "SMALLINT": "INT",
    "TINYINT UNSIGNED": "INT",
    "DECIMAL(12,3)": "DECIMAL(20,3)",
    "FLOAT": "DOUBLE",
    "VARCHAR(40)": "VARCHAR(90)",
    "CHAR(8)": "VARCHAR(30)",
    "VARBINARY(30)": "BLOB",
}


def literal(rng, kind):
    """A random SQL literal that the type holds."""
    if rng.random() < 0.12:
        return "NULL"
    base = kind.split(" NULL")[0]
    number = rng.choice([0, 1, 7, rng.randint(0, 120)])
    if base.startswith("DECIMAL"):
        return f"{rng.randint(-99999999, 99999999)}.{rng.randint(0, 999):03d}"
    if base in ("DOUBLE", "FLOAT"):
        return str(rng.choice([0, -1.5, 0.25, rng.randint(-1000, 1000) / 8]))
    if base == "YEAR":
        return str(rng.randint(1901, 2155))
    if base == "BIGINT UNSIGNED":
        return str(rng.choice([0, 18446744073709551615, rng.getrandbits(64)]))
    if base == "BIGINT":
        return str(rng.choice([-9223372036854775808, 9223372036854775807, rng.randint(-1 << 40, 1 << 40)]))
    if base in ("INT", "SMALLINT"):
        return str(rng.choice([number, -number, 32767, -32768]))
    if base.startswith("TINYINT"):
        return str(rng.choice([0, 1, 120]))
    if base.startswith("ENUM"):
        return rng.choice(["'a'", "'b'", "'c'"])
    if base.startswith("SET"):
        return rng.choice(["''", "'x'", "'x,z'", "'x,y,z'"])
    if base.startswith("BIT"):
        return str(rng.randint(0, 2047))
    if base == "JSON":
        return rng.choice(["'{}'", "'[1, 2]'", "'{\"k\": \"v\"}'"])
    if base == "DATE":
        return f"'{rng.randint(1000, 9999)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}'"
    if base.startswith(("DATETIME", "TIMESTAMP")):
        return (
            f"'{rng.randint(1971, 2037)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
            f" {rng.randint(0, 23):02d}:00:59.{rng.randint(0, 999999):06d}'"
        )
    if base.startswith("TIME"):
        return f"'{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:07.{rng.randint(0, 999):03d}'"
    if base.startswith(("VARBINARY", "BLOB")):
        return f"x'{rng.getrandbits(64):016x}'"
    if base.startswith("BINARY"):
        return f"x'{rng.getrandbits(32):08x}'"
    return rng.choice(["''", "'abc'", f"'t{number}'", "'é'", "'o''k'"])


class Table:
    """A random table and what may be done to it."""

    def __init__(self, rng, name):
        self.rng, self.name, self.count = rng, name, 0
        self.keyed = rng.random() < 0.85
        self.columns = {}
        for _ in range(rng.randint(1, 8)):
            self.columns[self.fresh()] = rng.choice(TYPES)

    def fresh(self):
        self.count += 1
        return f"c{self.count}"

    def create(self):
        columns = ", ".join(f"{n} {k}" for n, k in self.columns.items())
        return f"CREATE TABLE {self.name} (id INT NOT NULL{' PRIMARY KEY' if self.keyed else ''}, {columns})"

    def some_id(self):
        return self.rng.randint(1, 60)

    def row(self):
        return f"({self.some_id()}, " + ", ".join(literal(self.rng, k) for k in self.columns.values()) + ")"

    def dml(self):
        """One statement; a table without a key is append-only in the lake, so it gets inserts only."""
        names = ", ".join(["id", *self.columns])
        kind = self.rng.random()
        if not self.keyed or kind < 0.4:
            rows = ", ".join(self.row() for _ in range(self.rng.randint(1, 5)))
            return f"{'REPLACE' if self.keyed else 'INSERT'} INTO {self.name} ({names}) VALUES {rows}"
        if kind < 0.7:
            column = self.rng.choice(list(self.columns))
            return (
                f"UPDATE {self.name} SET {column} = {literal(self.rng, self.columns[column])} "
                f"WHERE id BETWEEN {self.some_id()} AND {self.some_id()}"
            )
        if kind < 0.82:
            return f"UPDATE IGNORE {self.name} SET id = {self.some_id()} WHERE id = {self.some_id()}"
        if kind < 0.85:
            return f"DELETE FROM {self.name}"
        return f"DELETE FROM {self.name} WHERE id = {self.some_id()}"

    def ddl(self):
        """One statement that `evolve` can follow."""
        kind, column = self.rng.random(), self.rng.choice(list(self.columns))
        if kind < 0.35 or len(self.columns) < 2:
            name, chosen = self.fresh(), self.rng.choice(TYPES)
            places = ["", " FIRST"] + [f" AFTER {c}" for c in self.columns]
            place = self.rng.choice(places)
            items = list(self.columns.items())
            at = (
                len(items)
                if place == ""
                else 0 if place == " FIRST" else list(self.columns).index(place.split()[1]) + 1
            )
            self.columns = dict(items[:at] + [(name, chosen)] + items[at:])
            return f"ALTER TABLE {self.name} ADD COLUMN {name} {chosen}{place}"
        if kind < 0.55:
            del self.columns[column]
            return f"ALTER TABLE {self.name} DROP COLUMN {column}"
        if kind < 0.75:
            name = self.fresh()
            self.columns = {name if n == column else n: k for n, k in self.columns.items()}
            return f"ALTER TABLE {self.name} RENAME COLUMN {column} TO {name}"
        if kind < 0.95 and self.columns[column] in WIDEN:
            self.columns[column] = WIDEN[self.columns[column]]
            return f"ALTER TABLE {self.name} MODIFY {column} {self.columns[column]}"
        if kind > 0.97 and self.keyed:
            return f"TRUNCATE TABLE {self.name}"
        return f"ALTER TABLE {self.name} COMMENT = 'c{self.rng.randint(1, 9)}'"


def apply(cursor, statement, log):
    log.append(statement)
    cursor.execute(statement)


def transaction(rng, cursor, tables, log):
    apply(cursor, "BEGIN", log)
    for _ in range(rng.randint(1, 6)):
        apply(cursor, rng.choice(tables).dml(), log)
        if rng.random() < 0.1:
            apply(cursor, "SAVEPOINT s", log)
            keyed = [t for t in tables if t.keyed] or tables
            apply(cursor, rng.choice(keyed).dml(), log)
            apply(cursor, "ROLLBACK TO SAVEPOINT s", log)
    apply(cursor, "ROLLBACK" if rng.random() < 0.1 else "COMMIT", log)


def one_seed(ctx, seed, epochs):
    rng = random.Random(seed)
    # SYSTEM: the session's mode lets random values be cut to what the column holds.
    mode = "SET sql_mode = ''; SET time_zone = '+00:00'"
    server = ctx.server
    db, log = ctx.database(), []
    tables = [Table(rng, f"t{i}") for i in range(rng.randint(1, 3))]
    ctx.warehouse = ctx.lake.warehouse = os.path.join(ctx.dir, f"lake{seed}")
    ctx.state = os.path.join(ctx.dir, f"state{seed}")
    path = ctx.pipeline(
        f"{db}.\\.*",
        name=f"seed{seed}.yaml",
        pipeline={"schema.change.behavior": "evolve"},
        source={"scan.incremental.snapshot.chunk.size": rng.choice([3, 50, 8096])},
    )
    with server.connect(db) as connection, connection.cursor() as cursor:
        for statement in mode.split(";"):
            cursor.execute(statement)
        for table in tables:
            apply(cursor, table.create(), log)
        job = None
        try:
            for _ in range(epochs):
                for _ in range(rng.randint(1, 12)):
                    if rng.random() < 0.25:
                        apply(cursor, rng.choice(tables).ddl(), log)
                    else:
                        transaction(rng, cursor, tables, log)
                job = epoch(ctx, rng, path, db, tables, job)
            if job:
                job.terminate(5)
        except AssertionError as error:
            file = ctx.write(f"seed{seed}.sql", ";\n".join(log) + ";\n")
            raise AssertionError(f"seed {seed} (statements in {os.path.basename(file)}): {error}") from error
    ctx.jobs.clear()


def epoch(ctx, rng, path, db, tables, job):
    """Sometimes a running job, sometimes a run that ends by itself, sometimes a kill before it."""
    if job is None and rng.random() < 0.5:
        job = ctx.start_run(path, interval="50ms")
    if job is None:
        ctx.catch_up(path, interval="50ms")
        for table in tables:
            ctx.equal(f"{db}.{table.name}")
        return None
    for table in tables:
        ctx.wait_equal(f"{db}.{table.name}", job=job, seconds=20)
    if rng.random() < 0.4:
        job.kill() if rng.random() < 0.5 else job.terminate(5)
        return None
    return job


def test_random_history(ctx):
    seeds = int(os.environ.get("SLUICE_RANDOM_SEEDS", "5"))
    epochs = int(os.environ.get("SLUICE_RANDOM_EPOCHS", "8"))
    first = int(os.environ.get("SLUICE_SEED", str(random.randrange(1 << 30))))
    print(f"     seeds {first} to {first + seeds - 1}", flush=True)
    for seed in range(first, first + seeds):
        one_seed(ctx, seed, epochs)


test_random_history.seconds = 3600
