# SPDX-License-Identifier: Apache-2.0
"""Random tables: columns of every type, keys of every kind, and the literals that go into them."""

import random
import re

from column_values import BINARY, GEOMETRY, KEYS, NUMBERS, TEMPORAL, TEXT

TYPES = NUMBERS + TEMPORAL + TEXT + BINARY + GEOMETRY
KEY_TYPES = [(kind, value) for _, kind, value in KEYS] + [
    ("INT", "seq * 3"),
    ("INT", "100 - seq"),
    ("INT UNSIGNED", "seq * 5000000"),
    ("BIGINT", "seq * 1000000007 - 50000000000"),
    ("MEDIUMINT", "seq - 50"),
    ("TINYINT UNSIGNED", "seq % 250"),
    ("YEAR", "1901 + seq"),
    ("VARCHAR(40)", "CONCAT('k', seq, REPEAT('-', seq % 20))"),
    ("VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin", "CONCAT(seq, 'ü')"),
    ("VARCHAR(20) CHARACTER SET utf8mb3", "CONCAT('Ä', seq)"),
    ("CHAR(36) CHARACTER SET ascii", "MD5(seq)"),
    ("DECIMAL(12,0)", "seq * 10"),
    ("INET4", "CONCAT('10.0.', seq % 3, '.', seq)"),
    ("ENUM(" + ",".join(f"'k{i}'" for i in range(99, 0, -1)) + ")", "CONCAT('k', seq)"),
    # By a prefix, by which two of the keys are the same one for the server.
    ("TEXT", "CONCAT(LPAD(seq % 40, 3, 'é'), REPEAT('-', 20), seq)"),
    ("BLOB", "CONCAT(LPAD(seq % 40, 3, '0'), REPEAT('-', 20), seq)"),
    ("VARCHAR(60)", "CONCAT(LPAD(seq % 40, 3, '0'), REPEAT('-', 20), seq)"),
]
PREFIXES = {"TEXT": 3, "BLOB": 6, "VARCHAR(60)": 5}
CHARSETS = ["CHARACTER SET utf8mb4", "CHARACTER SET utf8mb4", "", "", "CHARACTER SET latin1", "COLLATE utf8mb3_bin"]
EXPRESSIONS = [
    ("INT", ["0", "7"], "DEFAULT (1 + 2 * 3)"),
    ("VARCHAR(255)", ["'é'", "''"], "DEFAULT (CONCAT('x', REPEAT('é', 2)))"),
    ("UUID", ["'00000000-0000-0000-0000-000000000000'"], "DEFAULT (UUID())"),
    ("DATETIME(6)", ["'2024-03-01 10:11:12.5'"], "DEFAULT NOW(6)"),
    ("TIMESTAMP(3) NULL", ["'2024-03-01 10:11:12.5'"], "DEFAULT NOW(3) ON UPDATE NOW(3)"),
]
# What `evolve` can follow, and the server can do to any value.
WIDER = {
    "TINYINT": "SMALLINT",
    "SMALLINT": "INT",
    "MEDIUMINT": "BIGINT",
    "INT": "BIGINT",
    "INT UNSIGNED": "BIGINT",
    "FLOAT": "DOUBLE",
    "DECIMAL(10,2)": "DECIMAL(20,2)",
    "DECIMAL(1,0)": "DECIMAL(5,0)",
    "VARCHAR(255)": "VARCHAR(300)",
    "VARCHAR(300)": "TEXT",
    "CHAR(10)": "VARCHAR(30)",
    "VARBINARY(10)": "VARBINARY(400)",
    "VARBINARY(400)": "BLOB",
    "TINYTEXT": "TEXT",
    "TEXT": "LONGTEXT",
    "TINYBLOB": "MEDIUMBLOB",
    "DATETIME": "DATETIME(6)",
    "DATETIME(3)": "DATETIME(4)",
    "TIMESTAMP(3) NULL": "TIMESTAMP(6) NULL",
    "TIME": "TIME(6)",
    "ENUM('x','y')": "ENUM('x','y','later')",
}


def quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


class Column:
    """`kind` is the SQL type; `more` what follows it: NOT NULL, DEFAULT, AS (...)."""

    def __init__(self, name, kind, values=(), more="", nullable=True, generated=False):
        self.name, self.kind, self.values = name, kind, list(values)
        self.more, self.nullable, self.generated = more, nullable, generated

    def sql(self) -> str:
        return f"{quote(self.name)} {self.kind} {self.more}".rstrip()

    def literal(self, rng: random.Random) -> str:
        if self.nullable and rng.random() < 0.12:
            return "NULL"
        value = rng.choice(self.values)
        if value.startswith("REPEAT") and rng.random() < 0.9:  # the largest values cost most of the time
            value = rng.choice(self.values[:2]) if not self.values[0].startswith("REPEAT") else "'x'"
        return value

    @property
    def is_geometry(self) -> bool:
        return any(self.kind == kind for kind, _ in GEOMETRY)

    def widened(self) -> "Column":
        """The same column with the next larger type, or None."""
        kind = WIDER.get(self.kind)
        return Column(self.name, kind, self.values, self.more, self.nullable) if kind else None


def default_of(rng: random.Random, kind, values) -> str | None:
    """One of the values as a literal that is a valid default in every time zone."""
    first = "'" if kind.startswith(("ENUM", "SET")) else "'-0123456789"
    edges = ("'1970-", "'2038-") if kind.startswith("TIMESTAMP") else ()
    fitting = [v for v in values if v[0] in first and len(v) < 60 and not (edges and v.startswith(edges))]
    return rng.choice(fitting) if fitting else None


def fits(form: str, kind: str) -> bool:
    """ORC has no times before 1970 with a fraction, and Iceberg beside Paimon no TIME."""
    if form == "orc":
        return not kind.startswith(("TIME", "DATETIME"))
    return form != "iceberg" or not re.match(r"TIME\b", kind)


def random_column(rng: random.Random, name: str, defaults=True, expressions=False, form="") -> Column:
    if expressions and rng.random() < 0.06:
        return Column(name, *rng.choice(EXPRESSIONS))
    kind, values = rng.choice([choice for choice in TYPES if fits(form, choice[0])])
    literal = default_of(rng, kind, values)
    blob = any(word in kind for word in ("TEXT", "BLOB", "JSON")) or any(kind == k for k, _ in GEOMETRY)
    chance = rng.random()
    if defaults and chance < 0.12 and literal and not blob and " NULL" not in kind:
        return Column(name, kind, values, f"NOT NULL DEFAULT {literal}", False)
    if defaults and chance < 0.25 and literal and not blob:
        return Column(name, kind, values, f"DEFAULT {literal}")
    if chance < 0.32 and " NULL" not in kind and literal:
        return Column(name, kind, [v for v in values], "NOT NULL", False)
    if chance < 0.34 and kind in ("TEXT", "BLOB", "VARCHAR(300)"):
        return Column(name, kind + " COMPRESSED", values)
    if chance < 0.36:
        return Column(name, kind, values, "INVISIBLE")
    return Column(name, kind, values)


class Table:
    """One table, or several of the same shape: `names` are the shards that a route merges.

    Every row's key comes from `keys`, a list of tuples of literals; shard i has those whose number is i modulo shards.
    """

    def __init__(self, rng: random.Random, name: str, shards=1, columns_max=60, engine="", keyed=False, form=""):
        self.name, self.engine, self.form, self._count = name, engine, form, 0
        self.charset = rng.choice(CHARSETS)
        self.names = [f"{name}{i}" for i in range(shards)] if shards > 1 else [name]
        # A table without a key is append-only in the lake, and without MVCC its copy may hold a row twice.
        keyless = 0 if shards > 1 or engine or keyed else 12
        parts = rng.choices([0, 1, 2, 3], [keyless, 58, 20, 10])[0]
        self.key, key_columns = [], []
        self.keys = [()] * 50
        self._make_keys(rng, parts, key_columns)
        wide = columns_max > 20 and rng.random() < 0.25
        count = rng.randint(21, columns_max) if wide else rng.randint(1, min(columns_max, 9))
        plain = [random_column(rng, self.fresh_name(rng), shards == 1, shards == 1, form) for _ in range(count)]
        if rng.random() < 0.2:
            stored = rng.choice(["VIRTUAL", "PERSISTENT"])
            plain.append(Column(self.fresh_name(rng), "INT", (), f"AS (CRC32('x') % 7) {stored}", generated=True))
        self.columns = key_columns + plain
        if rng.random() < 0.3:
            rng.shuffle(self.columns)
        # MariaDB fires AFTER UPDATE triggers for rows whose new key UPDATE IGNORE found taken, so that the copy of a
        # tool with triggers gets rows that the table never had: a table has one of the two.
        self.keys_ignored = rng.random() < 0.5

    def _make_keys(self, rng, parts, key_columns):
        generators = rng.sample([key for key in KEY_TYPES if fits(self.form, key[0])], parts)
        for i, (kind, _) in enumerate(generators):
            self.key.append(f"id{i or ''}")
            key_columns.append(Column(f"id{i or ''}", kind, more="NOT NULL", nullable=False))
        if parts:
            last = parts - 1
            self.keys = [
                tuple(
                    "(" + value.replace("seq", str(n if i == last else n % 4 + 1)) + ")"
                    for i, (_, value) in enumerate(generators)
                )
                for n in range(1, rng.choice([8, 40, 90]))
            ]

    def fresh_name(self, rng) -> str:
        self._count += 1
        more = [] if self.form == "avro" else ["Col %d", "größe%d", "c`%d"]  # Avro has letters, digits and _
        return rng.choice(["c%d", "c%d", "c%d", *more, "order%d"]) % self._count

    def create(self, name: str) -> str:
        lines = [column.sql() for column in self.columns]
        if self.key:
            lines.append(self.primary_key())
        return f"CREATE TABLE {quote(name)} ({', '.join(lines)}) {self.charset} {self.engine}".rstrip()

    def primary_key(self) -> str:
        kinds = {c.name: c.kind for c in self.columns}
        parts = [f"{quote(k)}({PREFIXES[kinds[k]]})" if kinds[k] in PREFIXES else quote(k) for k in self.key]
        return f"PRIMARY KEY ({', '.join(parts)})"

    def converted(self) -> list[Column]:
        """The columns after CONVERT TO CHARACTER SET of the table."""
        out = []
        for c in self.columns:
            kind = re.sub(r" (CHARACTER SET|COLLATE) (?!binary)\w+", "", c.kind)
            out.append(Column(c.name, kind, c.values, c.more, c.nullable, c.generated))
        return out

    @property
    def transactional(self) -> bool:
        return not self.engine

    def plain(self) -> list[Column]:
        """The columns that are neither of the key nor generated."""
        return [c for c in self.columns if c.name not in self.key and not c.generated]

    def shard_keys(self, name: str) -> list[tuple]:
        at = self.names.index(name) if name in self.names else 0
        return [k for i, k in enumerate(self.keys) if i % len(self.names) == at]
