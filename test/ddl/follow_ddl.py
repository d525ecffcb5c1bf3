#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random DDL on a real MariaDB, followed by the table tracker (ddl_tool), compared with information_schema after each
statement: columns, types, nullability, character sets, defaults, comments, order, primary keys.

    follow_ddl.py --tool build/ddl_tool [--count 2000] [--seed N] [--socket PATH]

Without --socket it starts a private server. Prints the seed; the same seed gives the same statements."""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

import pymysql

TYPES = [
    "INT",
    "INT UNSIGNED",
    "INT(5) ZEROFILL",
    "TINYINT",
    "TINYINT(1)",
    "BOOL",
    "TINYINT UNSIGNED",
    "SMALLINT",
    "INT2",
    "MEDIUMINT",
    "MIDDLEINT UNSIGNED",
    "BIGINT",
    "INT8 UNSIGNED",
    "BIGINT SIGNED",
    "INTEGER",
    "DECIMAL",
    "DEC(8)",
    "DECIMAL(20,6)",
    "NUMERIC(38,10) UNSIGNED",
    "FIXED(5,2)",
    "FLOAT",
    "FLOAT(7,3)",
    "FLOAT(30)",
    "DOUBLE",
    "DOUBLE PRECISION",
    "REAL(10,2)",
    "FLOAT4",
    "FLOAT8",
    "BIT",
    "BIT(12)",
    "YEAR",
    "DATE",
    "TIME",
    "TIME(3)",
    "DATETIME",
    "DATETIME(6)",
    "TIMESTAMP",
    "TIMESTAMP(2)",
    "CHAR",
    "CHAR(9)",
    "CHARACTER(4)",
    "CHARACTER VARYING(12)",
    "VARCHAR(30)",
    "VARCHAR(30) BINARY",
    "VARCHAR(9) BYTE",
    "NATIONAL CHAR(5)",
    "NATIONAL VARCHAR(6)",
    "NCHAR(3)",
    "NVARCHAR(7)",
    "VARCHAR(8) ASCII",
    "VARCHAR(25000)",
    "TINYTEXT",
    "TEXT",
    "TEXT(100)",
    "TEXT(30000)",
    "MEDIUMTEXT",
    "LONGTEXT",
    "LONG VARCHAR",
    "LONG",
    "LONG VARBINARY",
    "TINYBLOB",
    "BLOB",
    "BLOB(70000)",
    "MEDIUMBLOB",
    "LONGBLOB",
    "BINARY",
    "BINARY(6)",
    "VARBINARY(20)",
    "JSON",
    "UUID",
    "INET4",
    "INET6",
    "POINT",
    "GEOMETRY",
    "POLYGON",
    "ENUM('a','b','it''s','x,y')",
    "SET('r','g','b')",
    "ENUM('é','ü')",
    "enum ( 'A' , 'B' )",
]
CHARSETS = ["latin1", "utf8mb4", "utf8", "utf8mb3", "ascii", "cp1251", "ucs2", "binary", "gbk"]
COLLATIONS = [
    "latin1_bin",
    "utf8mb4_bin",
    "utf8mb4_unicode_ci",
    "utf8_bin",
    "latin1_german1_ci",
    "utf8mb3_general_ci",
    "uca1400_ai_ci",
    "binary",
]
NAMES = [
    "a",
    "b",
    "c",
    "d",
    "e",
    "`f g`",
    "`h``i`",
    "ключ",
    "`select`",
    "`key`",
    "`1`",
    "comment",
    "`drop`",
    "`,x)`",
    "first_name",
    "status",
    "`order`",
    "`--x`",
    "`/*y`",
    "`'q`",
    "`period`",
    "vector",
    "A1",
    "date",
    "timestamp",
]
TABLES = ["t1", "t2", "`t 3`", "`t``4`", "т5", "_t1_new", "_t1_gho"]
DATABASES = ["ddl_a", "ddl_b"]
TEXT = re.compile(r"CHAR|TEXT|ENUM|SET|^LONG$", re.I)


class Generator:
    def __init__(self, rng, tables):
        self.rng = rng
        self.tables = tables  # {"db.table": table as the server tells}

    def chance(self, p):
        return self.rng.random() < p

    def name(self):
        return self.rng.choice(NAMES)

    def default(self, kind):
        r, up = self.rng, kind.upper()
        if self.chance(0.1):
            return "DEFAULT NULL"
        if "ENUM('A'" in up or "ENUM ( 'A'" in up:
            return "DEFAULT 'A'" if self.chance(0.5) else "DEFAULT 'b'"
        if up.startswith("SET"):
            return r.choice(["DEFAULT 'b,r'", "DEFAULT ''", "DEFAULT 'G'"])
        if up.startswith(("INET4",)):
            return "DEFAULT '10.0.0.1'"
        if up.startswith(("UUID",)):
            return r.choice(["DEFAULT 'ABCDEF12-3456-1234-8234-123456789012'", "DEFAULT (uuid())"])
        if up.startswith(("DATETIME", "TIMESTAMP")):
            return r.choice(
                [
                    "DEFAULT '2020-1-2 3:4:5.678901'",
                    "DEFAULT CURRENT_TIMESTAMP",
                    "DEFAULT NOW() ON UPDATE NOW()",
                    "DEFAULT '2021-12-31'",
                    "DEFAULT 20200102030405",
                    "DEFAULT '2020-01-02T03:04:05'",
                    "DEFAULT TIMESTAMP'2020-01-01 00:00:00'",
                    "DEFAULT '20-1-2'",
                    "DEFAULT '2020-01-02 03:04'",
                ]
            )
        if up.startswith("DATE"):
            return r.choice(["DEFAULT '2020-1-2'", "DEFAULT 20200102", "DEFAULT '99-12-31'", "DEFAULT (curdate())"])
        if up.startswith("TIME"):
            return r.choice(["DEFAULT '1:2'", "DEFAULT '-12:34:56.789'", "DEFAULT 10203", "DEFAULT '100:00:00'"])
        if up.startswith("YEAR"):
            return r.choice(["DEFAULT 99", "DEFAULT '2021'", "DEFAULT 0", "DEFAULT '0'"])
        if up.startswith("BIT"):
            return r.choice(["DEFAULT b'1'", "DEFAULT 1", "DEFAULT 0b0", "DEFAULT x'01'"])
        if TEXT.search(up):
            return r.choice(
                [
                    "DEFAULT 'x'",
                    "DEFAULT ''",
                    "DEFAULT 'a''b'",
                    'DEFAULT "q"',
                    "DEFAULT 'a\\nb'",
                    "DEFAULT 7",
                    "DEFAULT 'a' 'b'",
                    "DEFAULT _latin1'abc'",
                    "DEFAULT N'n'",
                    "DEFAULT 0x4142",
                    "DEFAULT ('p')",
                    "DEFAULT (concat('a',',)b'))",
                    "DEFAULT 'a ' ",
                    "DEFAULT 1.50",
                    "DEFAULT TRUE",
                    "DEFAULT '\\\\'",
                ]
            )
        if (
            re.match(r"INT|TINY|BOOL|SMALL|MED|MID|BIG|DEC|NUM|FIX|FLOAT|DOUBLE|REAL", up)
            and "TEXT" not in up
            and "BLOB" not in up
        ):
            return r.choice(
                [
                    "DEFAULT 1",
                    "DEFAULT 0",
                    "DEFAULT '05'",
                    "DEFAULT 1.55",
                    "DEFAULT '12.5'",
                    "DEFAULT 1e1",
                    "DEFAULT TRUE",
                    "DEFAULT FALSE",
                    "DEFAULT 0x10",
                    "DEFAULT b'101'",
                    "DEFAULT (1+1)",
                    "DEFAULT (3)",
                    "DEFAULT +2",
                    "DEFAULT -1",
                    "DEFAULT .5",
                    "DEFAULT 3.",
                    "DEFAULT 100",
                ]
            )
        return ""

    def definition(self, generated=True):
        r, kind = self.rng, self.rng.choice(TYPES)
        parts = [kind if self.chance(0.7) else kind.lower() if "'" not in kind else kind]
        text = TEXT.search(kind) and not re.search(r"BYTE|NATIONAL|NCHAR|NVARCHAR|ASCII|BINARY|JSON", kind)
        if text and self.chance(0.3):
            parts.append(r.choice(["CHARACTER SET %s", "CHARSET %s", "CHAR SET '%s'"]) % r.choice(CHARSETS))
        elif text and self.chance(0.2):
            parts.append("COLLATE " + r.choice(COLLATIONS))
        if generated and self.chance(0.06):
            parts.append(r.choice(["AS (1 + 1)", "GENERATED ALWAYS AS (char(65))", "AS (')') "]))
            parts.append(r.choice(["VIRTUAL", "STORED", "PERSISTENT", ""]))
        else:
            extra = []
            if self.chance(0.35):
                extra.append("NOT NULL")
            elif self.chance(0.3):
                extra.append("NULL")
            if self.chance(0.45):
                extra.append(self.default(kind))
            r.shuffle(extra)
            parts += extra
        if self.chance(0.2):
            parts.append(
                "COMMENT " + r.choice(["'c'", "'it''s, (a) test'", "'ünï'", '"dq"', "'/* no */ -- x'", "'\\'esc'"])
            )
        if self.chance(0.05):
            parts.append("CHECK (1 > 0)")
        if self.chance(0.04):
            parts.append("INVISIBLE")
        if self.chance(0.04):
            parts.append("WITHOUT SYSTEM VERSIONING" if self.chance(0.1) else "/*!50100 COMMENT 'exec' */")
        if self.chance(0.04):
            parts.append(
                r.choice(["/* plain, ( */", "# hash\n", "-- dash, )\n", "/*M!100300 */", "/*!90000 BAD */", "/*! */"])
            )
        return " ".join(p for p in parts if p)

    def place(self, columns):
        if self.chance(0.55) or not columns:
            return ""
        return "FIRST" if self.chance(0.3) else "AFTER " + self.quote(self.rng.choice(columns))

    @staticmethod
    def quote(name):
        return "`" + name.replace("`", "``") + "`"

    def table(self, existing=True):
        """A reference and the server's columns, or none."""
        if existing and self.tables and self.chance(0.95):
            key = self.rng.choice(sorted(self.tables))
            database, name = key
            ref = self.quote(name)
            if self.chance(0.5) or database != DATABASES[0]:
                ref = self.rng.choice([".", " . "]).join([self.quote(database), ref])
            return ref, [c["name"] for c in self.tables[key]["columns"]]
        ref = self.rng.choice(TABLES)
        if self.chance(0.3):
            ref = self.rng.choice(DATABASES) + "." + ref
        return ref, []

    def options(self):
        r = self.rng
        return r.choice(
            [
                "COMMENT='t, (x'",
                "COMMENT 'two'",
                "ENGINE=InnoDB",
                "ROW_FORMAT=DYNAMIC",
                "AUTO_INCREMENT=5",
                "DEFAULT CHARSET=" + r.choice(CHARSETS[:6]),
                "CHARACTER SET " + r.choice(CHARSETS[:6]),
                "COLLATE " + r.choice(COLLATIONS[:5]),
                "STATS_PERSISTENT=DEFAULT",
                "CHARSET=latin1 COLLATE=latin1_bin",
                "DEFAULT COLLATE = utf8mb4_bin",
                "KEY_BLOCK_SIZE=0",
            ]
        )

    def create(self):
        r = self.rng
        ref, _ = self.table(existing=self.chance(0.2))
        if self.chance(0.15) and self.tables:
            like, _ = self.table()
            return f"CREATE TABLE {ref} LIKE {like}" if self.chance(0.6) else f"CREATE TABLE {ref} (LIKE {like})"
        names = r.sample(NAMES, r.randint(1, 8))
        elements = [f"{n} {self.definition()}" for n in names]
        if self.chance(0.6):
            key = r.randrange(len(names))
            if self.chance(0.5):
                elements[key] = f"{names[key]} INT NOT NULL " + r.choice(
                    ["PRIMARY KEY", "AUTO_INCREMENT PRIMARY KEY", "KEY"]
                )
            else:
                elements[key] = f"{names[key]} " + r.choice(
                    ["BIGINT", "VARCHAR(20)", "INT UNSIGNED NOT NULL", "SERIAL"]
                )
                elements.append(
                    r.choice(
                        [
                            "PRIMARY KEY (%s)",
                            "CONSTRAINT pk PRIMARY KEY USING BTREE (%s)",
                            "PRIMARY KEY (%s) COMMENT 'k'",
                        ]
                    )
                    % names[key]
                )
        if self.chance(0.2):
            elements.append(r.choice(["CHECK (1 > 0)", "CONSTRAINT cc CHECK (2 > 1)"]))
        head = r.choice(["CREATE TABLE", "CREATE TABLE IF NOT EXISTS", "CREATE OR REPLACE TABLE", "create table"])
        tail = " ".join(self.options() for _ in range(r.choice([0, 0, 1, 2])))
        return f"{head} {ref} ({', '.join(elements)}) {tail}"

    def part(self, columns):
        r, kind = self.rng, self.rng.random()
        column = self.quote(r.choice(columns)) if columns and self.chance(0.95) else self.name()
        if kind < 0.25:
            exists = r.choice(["", "", "IF NOT EXISTS "])
            return f"ADD {r.choice(['', 'COLUMN '])}{exists}{self.name()} {self.definition()} {self.place(columns)}"
        if kind < 0.3:
            two = r.sample(NAMES, 2)
            return f"ADD COLUMN ({two[0]} {self.definition()}, {two[1]} {self.definition()})"
        if kind < 0.42:
            return f"DROP {r.choice(['', 'COLUMN '])}{r.choice(['', 'IF EXISTS '])}{column}" + r.choice(
                ["", "", " RESTRICT"]
            )
        if kind < 0.56:
            exists = r.choice(["", "IF EXISTS "])
            return f"MODIFY {r.choice(['', 'COLUMN '])}{exists}{column} {self.definition(False)} {self.place(columns)}"
        if kind < 0.68:
            to = r.choice([column, self.name(), self.name()])
            exists = r.choice(["", "IF EXISTS "])
            word = r.choice(["CHANGE", "CHANGE COLUMN"])
            return f"{word} {exists}{column} {to} {self.definition(False)} {self.place(columns)}"
        if kind < 0.75:
            return f"ALTER {r.choice(['', 'COLUMN '])}{column} " + r.choice(
                ["DROP DEFAULT", "SET DEFAULT 5", "SET DEFAULT 'x'", "SET DEFAULT NULL", "SET DEFAULT (1+1)"]
            )
        if kind < 0.82:
            return f"RENAME COLUMN {column} TO {self.name()}"
        if kind < 0.85:
            return r.choice(
                ["DROP PRIMARY KEY", f"ADD PRIMARY KEY ({column})", f"ADD CONSTRAINT PRIMARY KEY ({column})"]
            )
        if kind < 0.9:
            return r.choice(
                [
                    f"ADD INDEX i{r.randrange(99)} ({column}, {column})",
                    f"ADD UNIQUE u{r.randrange(99)} ({column})",
                    f"ADD INDEX ({column}) COMMENT 'x, y'",
                    "DROP INDEX IF EXISTS i1",
                    f"ADD CHECK ({column} is null or 1)",
                    f"ADD KEY ({column})",
                    "ALGORITHM=COPY",
                    "LOCK=DEFAULT",
                    "FORCE",
                    "ENABLE KEYS",
                    f"ORDER BY {column}",
                ]
            )
        if kind < 0.94:
            return f"CONVERT TO CHARACTER SET {r.choice(CHARSETS[:6])}" + r.choice(["", "", " COLLATE utf8mb4_bin"])
        return self.options()

    def alter(self):
        ref, columns = self.table()
        parts = [self.part(columns) for _ in range(self.rng.choice([1, 1, 1, 2, 2, 3, 4]))]
        swap = self.chance(0.05) and len(columns) > 1
        if swap:
            a, b = self.rng.sample(columns, 2)
            parts = [
                f"RENAME COLUMN {self.quote(a)} TO {self.quote(b)}",
                f"RENAME COLUMN {self.quote(b)} TO {self.quote(a)}",
            ]
        heads = ["ALTER TABLE", "ALTER IGNORE TABLE", "alter table", "ALTER TABLE IF EXISTS", "ALTER /* c */ TABLE"]
        head = self.rng.choice(heads)
        if "ADD UNIQUE" in str(parts):
            head = heads[0]  # with IGNORE rows may go, which is refused
        return f"{head} {ref} {', '.join(parts)}"

    def other(self):
        r, kind = self.rng, self.rng.random()
        ref, _ = self.table()
        to, _ = self.table(existing=False)
        if kind < 0.2:
            return (
                r.choice(["DROP TABLE ", "DROP TABLE IF EXISTS "])
                + ref
                + r.choice(["", " CASCADE", " /* generated by server */"])
            )
        if kind < 0.3:
            return f"DROP TABLE IF EXISTS {ref}, {to}"
        if kind < 0.5:
            return f"RENAME TABLE {ref} TO {to}"
        if kind < 0.6:
            second, _ = self.table()
            return f"RENAME TABLE {ref} TO ddl_b.tmp, {second} TO {ref}, ddl_b.tmp TO {second}"
        if kind < 0.68:
            return f"ALTER TABLE {ref} RENAME {r.choice(['', 'TO ', 'AS '])}{to}, COMMENT 'r'"
        if kind < 0.75:
            return r.choice(["TRUNCATE ", "TRUNCATE TABLE "]) + ref
        if kind < 0.83:
            return f"ALTER DATABASE {r.choice(['', DATABASES[1]])} CHARACTER SET {r.choice(CHARSETS[:6])}"
        if kind < 0.86:
            return f"DROP DATABASE {DATABASES[1]}"
        if kind < 0.9:
            return f"CREATE DATABASE IF NOT EXISTS {DATABASES[1]} DEFAULT COLLATE utf8mb4_unicode_ci"
        return r.choice(
            [
                "CREATE OR REPLACE VIEW v AS SELECT 1",
                f"CREATE INDEX IF NOT EXISTS ix ON {ref} (a)",
                f"ANALYZE TABLE {ref}",
                "DROP VIEW IF EXISTS v",
                f"DROP INDEX `PRIMARY` ON {ref}",
                "FLUSH TABLES",
                f"OPTIMIZE TABLE {ref}",
                f"SET STATEMENT max_statement_time=100 FOR ALTER TABLE {ref} ADD COLUMN IF NOT EXISTS zz INT",
            ]
        )

    def statement(self):
        kind = self.rng.random()
        if not self.tables or kind < 0.15:
            return self.create()
        return self.alter() if kind < 0.88 else self.other()


LITERAL_NUMBER = re.compile(r"^-?[0-9.]+(e[-+]?[0-9]+)?$")


def split_type(text):
    """information_schema's COLUMN_TYPE -> type, length, scale, unsigned, labels."""
    name = re.match(r"[a-z0-9]+", text)[0]
    rest, labels, length, scale = text[len(name) :], [], -1, -1
    if name in ("enum", "set"):
        labels = [m.replace("''", "'") for m in re.findall(r"'((?:[^']|'')*)'", rest)]
    elif rest.startswith("("):
        numbers = [int(n) for n in rest[1 : rest.index(")")].split(",")]
        length, scale = numbers[0], numbers[1] if len(numbers) > 1 else -1
    if name in ("time", "datetime", "timestamp"):
        length, scale = -1, max(length, 0)
    return name, length, scale, "unsigned" in rest, labels


def literal(text):
    """information_schema's COLUMN_DEFAULT -> the literal, or none."""
    if text is None or text == "NULL":
        return None
    text = re.sub("^_[a-z0-9]+'", "'", text)
    if text.startswith("'"):
        body = text[1:-1].replace("''", "'")
        return re.sub(r"\\(.)", lambda m: {"n": "\n", "0": "\0", "r": "\r", "t": "\t"}.get(m[1], m[1]), body)
    if text.startswith("0x"):
        return bytes.fromhex(text[2:]).decode("latin1")
    return text if LITERAL_NUMBER.match(text) or text.startswith("b'") else None


def server_tables(cursor):
    cursor.execute(
        "SELECT table_schema, table_name, table_collation, table_comment FROM information_schema.tables "
        "WHERE table_schema IN %s AND table_type = 'BASE TABLE'",
        (DATABASES,),
    )
    out = {(s, t): {"collation": c, "comment": m, "columns": [], "key": []} for s, t, c, m in cursor.fetchall()}
    cursor.execute(
        "SELECT table_schema, table_name, column_name, column_default, is_nullable, column_type, character_set_name,"
        " collation_name, column_comment, extra FROM information_schema.columns "
        "WHERE table_schema IN %s ORDER BY table_schema, table_name, ordinal_position",
        (DATABASES,),
    )
    for schema, table, name, default, nullable, kind, charset, collation, comment, extra in cursor.fetchall():
        if (schema, table) not in out:
            continue
        base, length, scale, unsigned, labels = split_type(kind)
        if base.endswith(("blob", "binary")):
            charset = collation = "binary"
        out[schema, table]["columns"].append(
            {
                "name": name,
                "type": base,
                "length": length,
                "scale": scale,
                "unsigned": unsigned,
                "labels": labels,
                "nullable": nullable == "YES",
                "charset": charset or "",
                "collation": collation or "",
                "comment": comment,
                "default": None if "GENERATED" in extra else literal(default),
                "no_default": "GENERATED" in extra or "auto_increment" in extra,
                "virtual": "VIRTUAL GENERATED" in extra,
                "invisible": "INVISIBLE" in extra,
            }
        )
    cursor.execute(
        "SELECT table_schema, table_name, column_name FROM information_schema.statistics WHERE index_name = 'PRIMARY' "
        "AND table_schema IN %s ORDER BY table_schema, table_name, seq_in_index",
        (DATABASES,),
    )
    for schema, table, name in cursor.fetchall():
        out[schema, table]["key"].append(name)
    return out


def tracked_tables(answer):
    out = {}
    for table in answer["tables"].values():
        columns = []
        for c in table["columns"]:
            columns.append(
                {
                    "name": c["name"],
                    "type": c["type"],
                    "length": c.get("length", -1),
                    "scale": c.get("scale", -1),
                    "unsigned": c.get("unsigned", False),
                    "labels": c.get("labels", []),
                    "nullable": not c.get("not_null", False),
                    "charset": c.get("charset", ""),
                    "collation": c.get("collation", ""),
                    "comment": c.get("comment", ""),
                    "default": c.get("default"),
                    "virtual": c.get("virtual", False),
                    "invisible": c.get("invisible", False),
                }
            )
        out[table["database"], table["name"]] = {
            "collation": table.get("collation", ""),
            "comment": table.get("comment", ""),
            "columns": columns,
            "key": table.get("primary_key", []),
        }
    return out


def same_default(kind, ours, theirs):
    if kind.endswith(("blob", "binary")):
        return True
    if kind in ("float", "double") and ours is not None and theirs is not None:
        return abs(float(ours) - float(theirs)) <= 1e-6 * max(1.0, abs(float(theirs)))
    if kind.endswith("int") and ours is not None and theirs is not None:
        return int(ours) == int(theirs)  # ZEROFILL
    return ours == theirs


def differences(ours, theirs):
    out = []
    for key in sorted(set(ours) | set(theirs)):
        if key not in ours or key not in theirs:
            out.append(f"{key}: only {'tracked' if key in ours else 'on the server'}")
            continue
        a, b = ours[key], theirs[key]
        for field in ("collation", "comment", "key"):
            if a[field] != b[field]:
                out.append(f"{key} {field}: {a[field]!r} is {b[field]!r} on the server")
        if [c["name"] for c in a["columns"]] != [c["name"] for c in b["columns"]]:
            out.append(
                f"{key}: {[c['name'] for c in a['columns']]} are {[c['name'] for c in b['columns']]} on the server"
            )
            continue
        for x, y in zip(a["columns"], b["columns"]):
            odd = any("\\0" in label or not label.isascii() for label in x["labels"] + y["labels"])
            if odd and len(x["labels"]) == len(y["labels"]):
                y = {**y, "labels": x["labels"]}  # information_schema shows what the character set lost
                if x["default"] is not None and not x["default"].isascii():
                    y["default"] = x["default"]
            if y["no_default"]:
                x = {**x, "default": None}  # SET DEFAULT is taken for such a column, without effect
            for field in x:
                equal = same_default(y["type"], x[field], y[field]) if field == "default" else x[field] == y[field]
                if not equal:
                    out.append(f"{key} {x['name']} ({y['type']}) {field}: {x[field]!r} is {y[field]!r} on the server")
    return out


def private_server():
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
    import harness  # pylint: disable=import-outside-toplevel

    return harness.Shared(tempfile.mkdtemp(prefix="sluice-ddl-"))


def run(connection, tool, count, rng, verbose):
    cursor = connection.cursor()

    def ask(request):
        tool.stdin.write(json.dumps(request) + "\n")
        tool.stdin.flush()
        line = tool.stdout.readline()
        return json.loads(line) if line else {"error": "ddl_tool ended"}

    for database in DATABASES:
        cursor.execute(f"DROP DATABASE IF EXISTS {database}")
        cursor.execute(f"CREATE DATABASE {database} CHARACTER SET latin1")
    ask({"databases": {d: ["latin1", "latin1_swedish_ci"] for d in DATABASES}})
    cursor.execute("SELECT @@collation_server")
    collation, done, refused, bad = cursor.fetchone()[0], 0, 0, 0
    tables = {}
    cursor.execute("SHOW MASTER STATUS")
    file, position = cursor.fetchone()[:2]
    modes = {"": 0, "ANSI_QUOTES": 4, "STRICT_TRANS_TABLES": 1 << 22, "NO_BACKSLASH_ESCAPES": 1 << 20}
    while done < count:
        mode = rng.choice(["", "", "", "STRICT_TRANS_TABLES", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES"])
        sql = Generator(rng, tables).statement()
        if rng.random() < 0.02:
            sql += ";"
        cursor.execute(f"USE {DATABASES[0]}")
        cursor.execute("SET sql_mode = %s", (mode,))
        code = 0
        try:
            cursor.execute(sql)
            cursor.fetchall()
            done += 1
        except (pymysql.err.Error, UnicodeError) as error:
            code = error.args[0] if isinstance(error.args[0], int) else 0
            refused += 1  # may have had effects all the same, which are in the log
            if verbose:
                print(f"-- refused: {sql}\n   {error}")
        cursor.execute("SET sql_mode = ''")
        cursor.execute(f"SHOW BINLOG EVENTS IN '{file}' FROM {position}")
        answer = None
        for event in cursor.fetchall():
            position = event[4]
            if event[2] != "Query":
                continue
            used = re.match(r"use `((?:[^`]|``)*)`; ", event[5])
            request = {
                "code": code,
                "sql": event[5][used.end() :] if used else event[5],
                "mode": modes[mode],
                "server_collation": collation,
                "database": used[1].replace("``", "`") if used else DATABASES[0],
            }
            answer = ask(request)
            if "error" in answer:
                break
        if answer is None:
            continue
        theirs = server_tables(cursor)
        found = [answer["error"]] if "error" in answer else differences(tracked_tables(answer), theirs)
        if found:
            bad += 1
            print(f"-- {done} [{mode}] {sql}", *("   " + line for line in found), sep="\n")
            break
        tables = theirs
    return done, refused, bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--socket")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    print(f"seed {args.seed}")
    shared = None if args.socket else private_server()
    try:
        connection = pymysql.connect(
            unix_socket=args.socket or shared.server().socket, user="root", charset="utf8mb4", autocommit=True
        )
        with subprocess.Popen(
            [args.tool], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as tool:
            done, refused, bad = run(connection, tool, args.count, random.Random(args.seed), args.verbose)
            tool.stdin.close()
    finally:
        if shared is not None:
            shared.close()
            shutil.rmtree(shared.folder)
    print(f"{done} statements followed, {refused} refused by the server, {bad} differences")
    print(f"{done - bad} passed, {bad + (done < args.count and not bad)} failed")
    return 1 if bad or done < args.count else 0


if __name__ == "__main__":
    sys.exit(main())
