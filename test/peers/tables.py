# SPDX-License-Identifier: Apache-2.0
"""The tables that sluice writes for other engines to read. Each function is one scenario: it lets a pipeline write into
the lake and gives the tables to compare, with what they must hold by then (a Table each)."""

from dataclasses import dataclass, field

import canonical
import test_partition
import test_types

NO_TIME_COLUMNS = [case for case in test_types.TEMPORAL if not case[0].startswith("TIME(") and case[0] != "TIME"]
TIME_COLUMNS = [case for case in test_types.TEMPORAL if case not in NO_TIME_COLUMNS]
PARTITIONS = [
    "name",
    "flag",
    "year(ts)",
    "month(d)",
    "day(at)",
    "hour(ts)",
    "bucket[5](n)",
    "bucket[4](name)",
    "bucket[3](amount),bucket[3](d)",
    "bucket[3](raw),bucket[3](ts)",
    "bucket[3](at),truncate[4](name)",
    "truncate[100](n)",
    "truncate[50](amount),truncate[1](raw)",
]
# Conditions whose columns the tables are partitioned by, or have metrics of.
PARTITION_FILTERS = [
    ["n", "=", -7, "number"],
    ["n", ">", 2000, "number"],
    ["name", "=", "moved", "string"],
    ["name", "<", "nä/me=3", "string"],
    ["name", "=", "", "string"],
    ["d", "<", "1970-01-01", "date"],
    ["amount", "<=", -5, "number"],
]


@dataclass
class State:
    """What a table holds after one commit."""

    names: list
    rows: list
    snapshot: int = 0


@dataclass
class Table:
    """A table of the lake, its states (the last one is the newest) and conditions with the rows that fulfil them."""

    name: str
    states: list
    geometry: tuple = ()
    needs: str = ""  # what an engine may lack, see engines.Engine.lacks
    counts: list = field(default_factory=list)  # (condition, rows)


def freeze(ctx, name: str, filters=(), geometry=(), needs="") -> Table:
    """The table as the source has it now. The pipeline has caught up."""
    table = Table(name, [state(ctx, name)], geometry, needs)
    for where in filters:
        column, operator, value, kind = where
        text = f"'{value}'" if kind != "number" else "NULL" if value is None else value
        sql = f"SELECT count(*) FROM {name} WHERE `{column}` COLLATE utf8mb4_bin {operator} {text}"
        if kind != "string":
            sql = sql.replace(" COLLATE utf8mb4_bin", "")
        table.counts.append((where, ctx.server.execute(sql)[0][0]))
    return table


def state(ctx, name: str) -> State:
    with ctx.server.connect(text=True) as db:
        names, rows = canonical.source_rows(db, name, time_digits=ctx.lake.time_digits)
    return State(names, rows, (snapshot_ids(ctx, name) or [0])[-1])


def snapshot_ids(ctx, name: str) -> list[int]:
    """Of a table of Iceberg or Paimon, oldest first."""
    return [entry.get("snapshot-id") or entry["id"] for entry in ctx.lake.snapshots(name)]


def types(ctx, cases, geometry=False, needs=""):
    columns = tuple(f"c{i}" for i in range(len(cases))) if geometry else ()
    db = test_types.run_matrix(ctx, cases, columns)
    return [freeze(ctx, f"{db}.{table}", (), columns, needs) for table in ("snap", "live", "moved")]


def numbers(ctx):
    return types(ctx, test_types.NUMBERS)


def temporal(ctx):
    return types(ctx, NO_TIME_COLUMNS)


def time(ctx):
    return types(ctx, TIME_COLUMNS, needs="time")


def text(ctx):
    return types(ctx, test_types.TEXT)


def binary(ctx):
    return types(ctx, test_types.BINARY)


def geometry(ctx):
    return types(ctx, test_types.GEOMETRY, geometry=True)


def partitions(ctx):
    """Every transform over the types it takes; rows that move between partitions, NULL in each column."""
    db = ctx.database("SET time_zone = '+00:00';" + test_partition.SCRIPT.replace("TABLE t ", "TABLE t0 ").replace(
        "INTO t ", "INTO t0 "))
    for i in range(1, len(PARTITIONS)):
        ctx.server.execute(f"CREATE TABLE t{i} LIKE t0; INSERT INTO t{i} SELECT * FROM t0", db)
    key = ";".join(f"{db}.t{i}:{terms}" for i, terms in enumerate(PARTITIONS))
    path = ctx.pipeline(f"{db}.\\.*", sink={"partition.key": key})
    ctx.catch_up(path)
    for i in range(len(PARTITIONS)):
        changes = test_partition.CHANGES.replace("UPDATE t ", f"UPDATE t{i} ").replace("FROM t ", f"FROM t{i} ")
        ctx.server.execute("SET time_zone = '+00:00';" + changes.replace("INTO t ", f"INTO t{i} "), db)
    ctx.catch_up(path)
    return [freeze(ctx, f"{db}.t{i}", PARTITION_FILTERS) for i in range(len(PARTITIONS))]


def deletes(ctx):
    """Position deletes over several commits, each of which is read by time travel; a file that is emptied."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(60), n BIGINT);"
        "INSERT INTO t SELECT seq, CONCAT('row ', seq, ' ', SHA1(seq)), seq * 7 FROM seq_1_to_20000"
    )
    path = ctx.pipeline(f"{db}.t")
    table = None
    for step in (
        "",
        "DELETE FROM t WHERE id % 3 = 0",
        "UPDATE t SET v = CONCAT(v, '!'), n = -n WHERE id % 7 = 1; INSERT INTO t VALUES (90001, NULL, NULL)",
        "DELETE FROM t WHERE id % 7 = 1; UPDATE t SET id = id + 100000 WHERE id % 11 = 2",
        "DELETE FROM t WHERE id >= 90000 AND id < 100000; REPLACE INTO t VALUES (1, 'again', 1), (2, 'again', 2)",
    ):
        ctx.server.execute(step, db)
        ctx.catch_up(path)
        now = freeze(ctx, f"{db}.t", [["n", "<", 700, "number"], ["id", ">=", 100000, "number"]])
        now.states = (table.states if table else []) + now.states
        table = now
    return [table]


def evolution(ctx, key="key_id"):
    """ADD at every place, MODIFY that widens, RENAME, DROP, a name that comes again with another type, a default. The
    key's column, `id`, is renamed to `key`."""
    rename = "" if key == "id" else f", RENAME COLUMN id TO {key}"
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, a INT, b FLOAT, c DECIMAL(6,2), d VARCHAR(20), e DATE);"
        "INSERT INTO t VALUES (1, 1, 1.5, 1.25, 'one', '2024-01-01'), (2, NULL, NULL, NULL, NULL, NULL)"
    )
    path = ctx.pipeline(f"{db}.t", pipeline={"schema.change.behavior": "evolve"})
    states = []
    for step in (
        "",
        "ALTER TABLE t ADD COLUMN f INT FIRST, ADD COLUMN g VARCHAR(9) AFTER a; "
        "INSERT INTO t VALUES (7, 3, 3, 'gee', 3.5, 3.25, 'three', '2024-03-03')",
        "ALTER TABLE t MODIFY a BIGINT, MODIFY b DOUBLE, MODIFY c DECIMAL(20,2); "
        "INSERT INTO t VALUES (8, 4, 1234567890123, 'g', 1e300, 123456789012345678.25, 'four', '2024-04-04')",
        f"ALTER TABLE t RENAME COLUMN d TO renamed{rename}; "
        f"UPDATE t SET renamed = CONCAT(renamed, '+') WHERE {key} IN (1, 4)",
        f"ALTER TABLE t DROP COLUMN e, DROP COLUMN f; DELETE FROM t WHERE {key} = 2",
        f"ALTER TABLE t ADD COLUMN e VARBINARY(8), ADD COLUMN d INT; UPDATE t SET e = x'00ff', d = 5 WHERE {key} = 3",
        "ALTER TABLE t ADD COLUMN h INT NOT NULL DEFAULT 42, ADD COLUMN i VARCHAR(5) DEFAULT 'dflt'; "
        f"INSERT INTO t ({key}) VALUES (10)",
    ):
        ctx.server.execute(step, db)
        ctx.catch_up(path)
        states.append(state(ctx, f"{db}.t"))
    return [Table(f"{db}.t", states, counts=[(["h", "=", 42, "number"], 4), (["a", ">", 1000, "number"], 1)])]


EXPIRE = {
    "table.properties.history.expire.max-snapshot-age-ms": "1",
    "table.properties.history.expire.min-snapshots-to-keep": "2",
}


def expired(ctx, options=None):
    """Snapshots that sluice's upkeep expired, with the files that only they had."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, 0 FROM seq_1_to_200")
    path = ctx.pipeline(f"{db}.t", sink=options or EXPIRE)
    states = []
    for step in range(8):
        update = f"UPDATE t SET v = v + 1 WHERE id % 8 <= {step}; DELETE FROM t WHERE id = {step * 9 + 5}"
        ctx.server.execute(update, db)
        ctx.catch_up(path)
        states.append(state(ctx, f"{db}.t"))
    kept = set(snapshot_ids(ctx, f"{db}.t"))
    assert len(kept) < 8, f"no snapshot has expired: {len(kept)}"
    return [Table(f"{db}.t", [s for s in states if s.snapshot in kept], counts=[(["v", "=", 8, "number"], 24)])]


def names(ctx, partition="x.y,bucket[4](1st)", needs=""):
    """Names that need quotes or another spelling in Avro, also in the partition's path."""
    db = ctx.database(
        "CREATE TABLE t (`a b` INT PRIMARY KEY, `x.y` VARCHAR(30), `ünïcode` INT, `1st` INT, `select` DATE,"
        " `Mixed` INT)"
    )
    ctx.server.execute(
        "INSERT INTO t VALUES (1, 'p/q=r%20', 1, 1, '2024-01-01', 1), (2, 'a b', 2, 2, NULL, 2), (3, NULL, 3, 3, NULL,"
        " NULL), (4, '', 4, 4, '1969-12-31', 4), (5, '😀', 5, 5, '9999-12-31', 5)",
        db,
    )
    path = ctx.pipeline(f"{db}.t", sink={"partition.key": f"{db}.t:{partition}"} if partition else None)
    ctx.catch_up(path)
    ctx.server.execute("UPDATE t SET `x.y` = 'new&path' WHERE `a b` = 2; DELETE FROM t WHERE `a b` = 1", db)
    ctx.catch_up(path)
    filters = [["x.y", "=", "new&path", "string"], ["1st", ">", 3, "number"]]
    return [freeze(ctx, f"{db}.t", filters, needs=needs)]


def shapes(ctx, sink=None):
    """No rows ever, all rows deleted, truncated and filled again, no key, many columns."""
    wide = ", ".join(f"c{i} INT" for i in range(150))
    db = ctx.database(
        "CREATE TABLE empty (id INT PRIMARY KEY, v VARCHAR(9)); CREATE TABLE emptied LIKE empty;"
        "CREATE TABLE refilled LIKE empty; CREATE TABLE keyless (a INT, b VARCHAR(9));"
        f"CREATE TABLE wide (id INT PRIMARY KEY, {wide}); CREATE TABLE composite (a VARCHAR(9), b INT, c DATE, v INT,"
        " PRIMARY KEY (a, b, c)) COLLATE utf8mb4_bin;"
        "INSERT INTO emptied SELECT seq, seq FROM seq_1_to_50; INSERT INTO refilled SELECT * FROM emptied;"
        "INSERT INTO keyless SELECT id, v FROM emptied; INSERT INTO keyless SELECT id, v FROM emptied;"
        "INSERT INTO wide (id, c0, c149) SELECT seq, seq, -seq FROM seq_1_to_50;"
        "INSERT INTO composite SELECT CONCAT('k', seq % 5), seq, '2024-01-01', seq FROM seq_1_to_50"
    )
    path = ctx.pipeline(f"{db}.\\.*", sink=sink, pipeline={"schema.change.behavior": "evolve"})
    ctx.catch_up(path)
    ctx.server.execute(
        "DELETE FROM emptied; TRUNCATE refilled; INSERT INTO refilled VALUES (3, 'three'); INSERT INTO keyless VALUES"
        " (NULL, NULL); UPDATE wide SET c75 = id WHERE id % 2; UPDATE composite SET c = '2025-05-05' WHERE b % 4 = 1",
        db,
    )
    ctx.catch_up(path)
    tables = ("empty", "emptied", "refilled", "keyless", "wide", "composite")
    return [freeze(ctx, f"{db}.{table}") for table in tables]


def shards(ctx, partition="bucket[3](id)"):
    """Tables that a route merges into one; a view of the merged table's name is what it must hold."""
    db = ctx.database(
        "CREATE TABLE s1 (id INT PRIMARY KEY, v VARCHAR(40), n BIGINT, d DATE); CREATE TABLE s2 LIKE s1;"
        "CREATE TABLE s3 LIKE s1; INSERT INTO s1 SELECT seq, CONCAT('one ', seq), seq, '2024-01-01' FROM seq_1_to_300;"
        "INSERT INTO s2 SELECT seq, CONCAT('two ', seq), -seq, NULL FROM seq_1001_to_1300"
    )
    path = ctx.pipeline(
        f"{db}.s[0-9]",
        sink={"partition.key": f"{db}.merged:{partition}"} if partition else None,
        route=[{"source-table": f"{db}.s[0-9]", "sink-table": f"{db}.merged"}],
        pipeline={"schema.change.behavior": "evolve"},
    )
    every = " UNION ALL ".join(f"SELECT * FROM s{i}" for i in (1, 2, 3))
    ctx.server.execute(f"CREATE VIEW merged AS {every}", db)
    ctx.catch_up(path)
    table = None
    for step in (
        "UPDATE s1 SET v = CONCAT(v, '!') WHERE id % 5 = 0; DELETE FROM s2 WHERE id % 7 = 0",
        "INSERT INTO s3 VALUES (2001, 'three', 7, '1969-12-31'), (2002, NULL, NULL, NULL);"
        "UPDATE s2 SET id = id + 10000 WHERE id % 11 = 1; DELETE FROM s1 WHERE id > 250",
    ):
        ctx.server.execute(step, db)
        ctx.catch_up(path)
        now = freeze(ctx, f"{db}.merged", [["n", "<", 0, "number"], ["id", ">=", 10000, "number"]])
        now.states = (table.states if table else []) + now.states
        table = now
    return [table]


def codecs(ctx, option="write.parquet.compression-codec", values=("zstd", "snappy", "gzip", "lz4", "uncompressed")):
    """Each Parquet codec that sluice writes."""
    found = []
    for codec in values:
        db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(99), raw BLOB);"
                          "INSERT INTO t SELECT seq, REPEAT(seq, 9), UNHEX(SHA1(seq)) FROM seq_1_to_500")
        path = ctx.pipeline(f"{db}.t", sink={f"table.properties.{option}": codec})
        ctx.catch_up(path, state=f"{ctx.state}-{codec}")
        ctx.server.execute("DELETE FROM t WHERE id % 5 = 0", db)
        ctx.catch_up(path, state=f"{ctx.state}-{codec}")
        found.append(freeze(ctx, f"{db}.t", needs=codec))
    return found


SCENARIOS = [numbers, temporal, time, text, binary, geometry, partitions, deletes, evolution, expired, names, shapes,
             shards, codecs]
