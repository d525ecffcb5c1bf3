# SPDX-License-Identifier: Apache-2.0
"""Random DDL on the tables of a history. One writer runs it; the model follows after each success."""

import random

from column_values import GEOMETRY
from statements import Dml
from tables import CHARSETS, Column, Table, quote, random_column

PAUSE = "-- from here on no other writer"


class Ddl:
    """A change is (statements, function that brings the model up to date). Statements after PAUSE run alone."""

    def __init__(self, rng: random.Random, dml: Dml, history):
        self.rng, self.dml, self.tables, self.history = rng, dml, dml.tables, history
        self.evolve = history.options.behavior in ("evolve", "try_evolve")
        self._count = 0

    def change(self):
        """One DDL statement, or a few that belong together."""
        makers = [(36, self.alter), (14, self.unrelated), (5, self.if_exists), (5, self.convert), (6, self.partition)]
        if self.evolve:
            makers += [
                (9, self.truncate),
                (9, self.create),
                (4, self.drop),
                (8, self.recreate),
                (4 if "rename-away" in self.history.options.switches else 0, self.rename_away),
                (8, self.ghost_swap),
                (8, self.trigger_swap),
            ]
        return self.rng.choices([m for _, m in makers], [w for w, _ in makers])[0]()

    # ---- ALTER TABLE

    def alter(self):
        table, _ = self.dml.pick()
        columns, parts = list(table.columns), []
        for _ in range(self.rng.choices([1, 2, 3, 4], [60, 20, 12, 8])[0]):
            part = self.clause(table, columns, parts)
            if part:
                parts.append(part)
        if not parts:
            return self.unrelated()
        return self.alter_statements(table, ", ".join(parts)), lambda: setattr(table, "columns", columns)

    def alter_statements(self, table, clauses, names=None):
        more = self.rng.choice(["", "", "", ", ALGORITHM=COPY", ", LOCK=DEFAULT"])
        return [f"ALTER TABLE {quote(name)} {clauses}{more}" for name in names or table.names]

    def clause(self, table, columns, parts):
        """Changes `columns` and gives the clause, or None if the kind does not fit. A column is changed once."""
        free = [
            c for c in columns if c.name not in table.key and not c.generated and f" {quote(c.name)} " not in str(parts)
        ]
        merged = len(table.names) > 1
        kinds = [(40, self.add), (14, self.widen), (8, self.comment), (6, self.default)]
        if not merged:
            kinds += [(16, self.drop_column), (2, self.add_now)]
        if not merged and self.evolve:
            kinds += [(14, self.rename_column), (8, self.move)]
        return self.rng.choices([k for _, k in kinds], [w for w, _ in kinds])[0](table, columns, free)

    def place(self, columns, free):
        """(text, index in `columns`); only columns that this statement does not touch are neighbours."""
        names = [c.name for c in free]
        if not names or self.rng.random() < 0.5:
            return "", len(columns)
        if self.rng.random() < 0.3:
            return " FIRST", 0
        name = self.rng.choice(names)
        return f" AFTER {quote(name)} ", [c.name for c in columns].index(name) + 1

    def add(self, table, columns, free):
        # Where shards are merged, only one of them has the column for a while: nobody knows which rows are its own.
        merged = len(table.names) > 1
        added = random_column(self.rng, table.fresh_name(self.rng), defaults=not merged, form=table.form)
        if merged and not added.nullable:
            added = Column(added.name, "INT", ["1", "2"])
        text, at = self.place(columns, free)
        columns.insert(at, added)
        return f"ADD COLUMN {added.sql()} {text}"

    def add_now(self, table, columns, free):
        """Old rows get the time of the ALTER, a DATETIME by the session's clock."""
        kind, more = self.rng.choice(
            [
                ("DATETIME(6)", "DEFAULT NOW(6)"),
                ("DATETIME", "NOT NULL DEFAULT NOW()"),
                ("TIMESTAMP(3)", "NULL DEFAULT NOW(3)"),
            ]
        )
        columns.append(Column(table.fresh_name(self.rng), kind, ["'2024-03-01 10:11:12'"], more, "NOT" not in more))
        return f"ADD COLUMN {columns[-1].sql()} "

    def widen(self, table, columns, free):
        fitting = [c for c in free if c.widened() and "DEFAULT" not in c.more]
        if len(table.names) > 1:  # while the shards differ these meet in text (docs/types.md), which Iceberg refuses
            fitting = [c for c in fitting if c.kind not in ("TIME", "VARBINARY(10)", "VARBINARY(400)")]
        if not fitting:
            return None
        column = self.rng.choice(fitting)
        columns[columns.index(column)] = column.widened()
        return f"MODIFY {column.widened().sql()} "

    def comment(self, table, columns, free):
        return f"COMMENT = 'c{self.rng.randint(1, 9)}'"

    def default(self, table, columns, free):
        fitting = [c for c in free if c.kind in ("INT", "BIGINT", "SMALLINT")]
        if not fitting:
            return None
        value = self.rng.choice([str(self.rng.randint(0, 99)), "(1 + 2 * 3)"])
        return f"ALTER COLUMN {quote(self.rng.choice(fitting).name)} SET DEFAULT {value}"

    def drop_column(self, table, columns, free):
        if len(free) < 2:
            return None
        column = self.rng.choice(free)
        columns.remove(column)
        return f"DROP COLUMN {quote(column.name)} "

    def rename_column(self, table, columns, free):
        if not free:
            return None
        column = self.rng.choice(free)
        new = Column(table.fresh_name(self.rng), column.kind, column.values, column.more, column.nullable)
        columns[columns.index(column)] = new
        if self.rng.random() < 0.5 or "DEFAULT" in column.more:
            return f"RENAME COLUMN {quote(column.name)} TO {quote(new.name)} "
        return f"CHANGE {quote(column.name)} {new.sql()}"

    def move(self, table, columns, free):
        if len(free) < 2:
            return None
        column = self.rng.choice(free)
        columns.remove(column)
        free.remove(column)
        text, at = self.place(columns, free)
        columns.insert(at, column)
        return f"MODIFY {column.sql()} {text}"

    # ---- statements that change no column

    def unrelated(self):
        table, name = self.dml.pick()
        quoted, column = quote(name), quote(self.rng.choice(table.key or [table.columns[0].name]))
        self._count += 1
        n = self._count
        if not table.key:
            return [f"ANALYZE TABLE {quoted}"], nothing
        return (
            self.rng.choice(
                [
                    [f"CREATE INDEX i{n} ON {quoted} ({column})", f"DROP INDEX i{n} ON {quoted}"],
                    [f"ALTER TABLE {quoted} ADD INDEX j{n} ({column})"],
                    [f"OPTIMIZE TABLE {quoted}"],
                    [f"ANALYZE TABLE {quoted}"],
                    [f"ALTER TABLE {quoted} FORCE"],
                    [f"ALTER TABLE {quoted} AUTO_INCREMENT = {n}"],
                    [f"CREATE OR REPLACE VIEW _v AS SELECT * FROM {quoted}"],
                    [f"CREATE TABLE _other{n} LIKE {quoted}", f"DROP TABLE _other{n}"],
                    [f"CREATE PROCEDURE p{n}() DELETE FROM child", f"CALL p{n}()", f"DROP PROCEDURE p{n}"],
                    [f"CREATE TABLE _a{n} (id INT)", f"RENAME TABLE _a{n} TO _b{n}", f"DROP TABLE IF EXISTS _b{n}, no"],
                    ["FLUSH TABLES"],
                ]
            ),
            nothing,
        )

    def if_exists(self):
        """IF [NOT] EXISTS, with and without an effect."""
        table, name = self.dml.pick()
        quoted, columns = quote(name), list(table.columns)
        there, kind = quote(self.rng.choice(columns).name), self.rng.random()
        if kind < 0.25:
            columns.append(Column(table.fresh_name(self.rng), "INT", ["1", "2"]))
            statements = self.alter_statements(table, f"ADD COLUMN IF NOT EXISTS {columns[-1].sql()}")
            return statements, lambda: setattr(table, "columns", columns)
        free = [c for c in columns if c.name not in table.key and not c.generated]
        if kind < 0.4 and len(table.names) == 1 and len(free) > 1:
            gone = self.rng.choice(free)
            columns.remove(gone)
            return [f"ALTER TABLE {quoted} DROP COLUMN IF EXISTS {quote(gone.name)}, DROP COLUMN IF EXISTS no"], (
                lambda: setattr(table, "columns", columns)
            )
        return [
            self.rng.choice(
                [
                    f"ALTER TABLE {quoted} ADD COLUMN IF NOT EXISTS {there} BIGINT FIRST",
                    f"ALTER TABLE {quoted} DROP COLUMN IF EXISTS no, ADD COLUMN IF NOT EXISTS {there} TEXT DEFAULT 'x'",
                    f"ALTER TABLE {quoted} MODIFY COLUMN IF EXISTS no INT, CHANGE COLUMN IF EXISTS no nope INT",
                    f"ALTER TABLE {quoted} RENAME COLUMN IF EXISTS no TO {there}",
                    f"CREATE TABLE IF NOT EXISTS {quoted} (other INT PRIMARY KEY)",
                    "ALTER TABLE IF EXISTS no ADD COLUMN a INT",
                    "DROP TABLE IF EXISTS no, nope",
                    "RENAME TABLE IF EXISTS no TO nope",
                ]
            )
        ], nothing

    def convert(self):
        """To a character set that has all characters, so that no value changes; but the server empties some ENUMs."""
        table, _ = self.dml.pick()
        if any(c.kind.startswith(("ENUM", "SET")) and not c.kind.isascii() for c in table.columns):
            return self.unrelated()
        collation = self.rng.choice(["", " COLLATE utf8mb4_bin", " COLLATE utf8mb4_unicode_ci"])
        columns = table.converted()

        def follow():
            table.columns, table.charset = columns, CHARSETS[0]

        return [f"ALTER TABLE {quote(n)} CONVERT TO CHARACTER SET utf8mb4{collation}" for n in table.names], follow

    def partition(self):
        """Partitions that come, and go without a row; rows move between them."""
        table, _ = self.dml.pick(keyed=True)
        self._count += 1
        made, n = f"parts{self._count}", self.rng.randint(2, 4)
        if self.rng.random() < 0.3:
            return [
                f"CREATE TABLE {made} (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id) "
                "(PARTITION a VALUES LESS THAN (10))",
                f"INSERT INTO {made} VALUES (1, 1), (2, 2)",
                f"ALTER TABLE {made} ADD PARTITION (PARTITION b VALUES LESS THAN (20))",
                f"INSERT INTO {made} VALUES (11, 1), (12, 2)",
                f"UPDATE {made} SET id = 15 WHERE id = 2",
                f"ALTER TABLE {made} REORGANIZE PARTITION a, b INTO (PARTITION ab VALUES LESS THAN (20))",
                f"DELETE FROM {made} WHERE id IN (1, 11)",
            ], nothing
        clause = self.rng.choice(
            [f"PARTITION BY KEY () PARTITIONS {n}"] * 3
            + ["ADD PARTITION PARTITIONS 1", "COALESCE PARTITION 1", "REBUILD PARTITION p0", "CHECK PARTITION ALL"]
            + ["REMOVE PARTITIONING"]
        )
        return [f"ALTER TABLE {quote(n)} {clause}" for n in table.names], nothing

    # ---- whole tables

    def truncate(self):
        table, name = self.dml.pick(keyed=True)
        more = nothing if len(table.names) == 1 else lambda: setattr(self.history, "truncated_shards", True)
        return [f"TRUNCATE TABLE {quote(name)}"], more

    def rename_away(self):
        """Under a name that is not replicated: for the job the table is dropped."""
        if not self.droppable():
            return self.create()
        table = self.rng.choice(self.droppable())
        self._count += 1
        verb = self.rng.choice(["RENAME TABLE {} TO {}", "ALTER TABLE {} RENAME TO {}"])
        return [verb.format(quote(table.name), f"_away{self._count}")], lambda: self.tables.remove(table)

    def create(self):
        """A new table, which is followed from its beginning: by its columns, LIKE another, or from a SELECT."""
        self._count += 1
        name, kind = f"new{self._count}", self.rng.random()
        made = Table(self.rng, name, columns_max=8, keyed=self.history.options.keyed, form=self.history.options.form)
        if kind < 0.4:
            return [made.create(name)], lambda: self.tables.append(made)
        table, model = self.dml.pick(keyed=True)
        made.columns, made.key, made.keys, made.engine = table.columns, table.key, table.keys, table.engine
        if kind < 0.7:
            return [f"CREATE TABLE {name} LIKE {quote(model)}"], lambda: self.tables.append(made)
        made.engine = ""
        made.columns = [
            Column(c.name, c.kind, c.values, "" if c.nullable else "NOT NULL", c.nullable)
            for c in table.columns
            if not c.generated and c.more != "INVISIBLE"
        ]
        if not table.key or not made.plain():
            return [made.create(name)], lambda: self.tables.append(made)
        names = ", ".join(quote(c.name) for c in made.columns)
        create = f"CREATE TABLE {name} ({made.primary_key()}) SELECT {names} FROM {quote(model)}"
        return [create], lambda: self.tables.append(made)

    def droppable(self):
        return [t for t in self.tables if t.name.startswith("new")]

    def drop(self):
        if not self.droppable():
            return self.create()
        table = self.rng.choice(self.droppable())
        return [f"DROP TABLE {quote(table.name)}"], lambda: self.tables.remove(table)

    def recreate(self):
        """Another table under a name that was there."""
        if not self.droppable():
            return self.create()
        table = self.rng.choice(self.droppable())
        made = Table(self.rng, table.name, columns_max=8, form=table.form)
        plain = made.plain()  # before it gets the other's key: its own key columns have no values to choose from
        made.key, made.keys = table.key, table.keys
        made.columns = [c for c in table.columns if c.name in table.key]
        made.columns += [c for c in plain if c.name not in table.key]

        def replace():
            self.tables[self.tables.index(table)] = made

        statements = [made.create(table.name).replace("CREATE TABLE", "CREATE OR REPLACE TABLE", 1)]
        if self.rng.random() < 0.3:
            statements = [f"DROP TABLE {quote(table.name)}", made.create(table.name)]
        # Alone: a statement with values for the old columns may fit the new ones of the same names, but not its values.
        return [PAUSE, *statements], replace

    # ---- online schema changes

    def swappable(self):
        if not self.history.swaps_allowed.is_set():
            return None
        fitting = [t for t in self.tables if t.key and t.transactional and len(t.names) == 1]
        return self.rng.choice(fitting) if fitting else None

    def altered(self, table):
        """(clauses, columns after them, names that both have) for the copy of a table."""
        columns, parts = list(table.columns), []
        both = ", ".join(quote(c.name) for c in table.columns if not c.generated)
        for _ in range(self.rng.randint(1, 2)):
            free = [c for c in columns if c.name not in table.key and not c.generated]
            part = self.rng.choice([self.add, self.widen, self.comment])(table, columns, free)
            if " JSON NOT NULL" in (part or ""):  # '' is no JSON: the rows of INSERT IGNORE would be lost
                return "COMMENT = 'swapped'", list(table.columns), both
            if part and part.split()[0] not in str(parts):
                parts.append(part)
        return ", ".join(parts or ["COMMENT = 'swapped'"]), columns, both

    def ghost_swap(self):
        """gh-ost: the copy is filled and takes the name in one RENAME; the writers wait meanwhile."""
        table = self.swappable()
        if not table:
            return self.unrelated()
        clauses, columns, both = self.altered(table)
        t, gho, old = quote(table.name), f"_{table.name}_gho", f"_{table.name}_del"
        return [
            f"DROP TABLE IF EXISTS {gho}, {old}",
            f"CREATE TABLE {gho} LIKE {t}",
            f"ALTER TABLE {gho} {clauses}",
            PAUSE,
            f"INSERT INTO {gho} ({both}) SELECT {both} FROM {t}",
            f"RENAME TABLE {t} TO {old}, {gho} TO {t}",
            f"DROP TABLE {old}",
        ], lambda: setattr(table, "columns", columns)

    def trigger_swap(self):
        """pt-online-schema-change: triggers keep the copy up to date while the writers go on."""
        table = self.swappable()
        if not table or table.keys_ignored or any(c.kind == kind for c in table.columns for kind, _ in GEOMETRY):
            return self.unrelated()
        clauses, columns, both = self.altered(table)
        t, new, old = quote(table.name), f"_{table.name}_new", f"_{table.name}_old"
        values = ", ".join("NEW." + quote(c.name) for c in table.columns if not c.generated)
        gone = " AND ".join(f"{new}.{quote(k)} <=> OLD.{quote(k)}" for k in table.key)
        name = f"pt_{table.name}"
        return [
            f"DROP TABLE IF EXISTS {new}, {old}",
            f"CREATE TABLE {new} LIKE {t}",
            f"ALTER TABLE {new} {clauses}",
            f"CREATE TRIGGER {name}_del AFTER DELETE ON {t} FOR EACH ROW DELETE IGNORE FROM {new} WHERE {gone}",
            f"CREATE TRIGGER {name}_ins AFTER INSERT ON {t} FOR EACH ROW REPLACE INTO {new} ({both}) VALUES ({values})",
            f"CREATE TRIGGER {name}_upd AFTER UPDATE ON {t} FOR EACH ROW BEGIN DELETE IGNORE FROM {new} WHERE {gone}; "
            f"REPLACE INTO {new} ({both}) VALUES ({values}); END",
            f"INSERT LOW_PRIORITY IGNORE INTO {new} ({both}) SELECT {both} FROM {t} LOCK IN SHARE MODE",
            f"RENAME TABLE {t} TO {old}, {new} TO {t}",
            f"DROP TABLE {old}",
            *(f"DROP TRIGGER IF EXISTS {name}_{kind}" for kind in ("del", "ins", "upd")),
        ], lambda: setattr(table, "columns", columns)


def nothing():
    """The model stays as it is."""
