# SPDX-License-Identifier: Apache-2.0
"""The tables of tables.py for Paimon, and what only Paimon has: buckets, levels, changelogs, partitions by value."""

import functools
import shutil

import column_values
import samples
import tables

NUMBERED = "CREATE TABLE {name} (id {kind} NOT NULL, v VARCHAR(60), n BIGINT, PRIMARY KEY (id)) COLLATE utf8mb4_bin;"
T = NUMBERED.format(name="t", kind="INT")
KEYS = [(name, kind, value) for name, kind, value in column_values.KEYS if "general_ci" not in name]
COMMITS = 14
# Options of tables that hold what their source holds, and what a reader of them must know.
LEVELS = (
    ({"changelog-producer": "none"}, ""),
    ({"changelog-producer": "input"}, ""),
    ({"changelog-producer": "lookup"}, ""),
    ({"changelog-producer": "full-compaction"}, ""),
    ({"deletion-vectors.enabled": "true"}, ""),
    ({"deletion-vectors.enabled": "true", "changelog-producer": "lookup"}, ""),
    ({"deletion-vectors.enabled": "true", "deletion-vectors.bitmap64": "true"}, "wide vectors"),
    ({"merge-engine": "partial-update", "partial-update.remove-record-on-delete": "true"}, "merge engines"),
    (
        {
            "merge-engine": "aggregation",
            "fields.default-aggregate-function": "last_value",
            "aggregation.remove-record-on-delete": "true",
        },
        "removing aggregates",
    ),
)
FORMATS = (
    ({"file.format": "avro"}, ""),
    ({"file.format": "orc"}, ""),
    ({"file.format.per.level": "0:avro,5:orc", "changelog-producer": "lookup"}, ""),
    ({"file.format": "orc", "deletion-vectors.enabled": "true"}, ""),
)
INDEXED = "s,i,l,f,d,v,c,day,at,fine"
# Options of tables with file indexes, and what a reader of them must know.
INDEXES = (
    ({"bucket": None, "file-index.in-manifest-threshold": 1, "file-index.bitmap.v.index-block-size": "100 b"}, "v2"),
    ({"bucket": 1, "num-sorted-run.compaction-trigger": 2, "file-index.in-manifest-threshold": "1 mb"}, "v2"),
    ({"bucket": 1, "deletion-vectors.enabled": "true"}, "v2"),
    ({"bucket": None, **{f"file-index.bitmap.{name}.version": 1 for name in INDEXED.split(",")}}, ""),
)
RETAINED = {"table.properties.snapshot.num-retained.min": 2, "table.properties.snapshot.num-retained.max": 2}


def named(function, *arguments, **options):
    """A scenario of tables.py with other arguments, under its name."""
    return functools.update_wrapper(lambda ctx: function(ctx, *arguments, **options), function)


def keys(ctx):
    """Keys of every type in four buckets. A filter on the key reads one bucket: it must be the one of Java's hash."""
    found = []
    db = ctx.database()
    for name, kind, value in KEYS:
        ctx.server.execute(
            NUMBERED.format(name=name, kind=kind) + f"INSERT INTO {name} SELECT {value}, CONCAT('v', seq), seq FROM"
            " seq_1_to_60",
            db,
        )
    path = ctx.pipeline(f"{db}.\\.*", sink={"table.properties.bucket": 4})
    ctx.catch_up(path)
    for name, _, _ in KEYS:
        ctx.server.execute(f"UPDATE {name} SET v = 'again' WHERE n % 3 = 0; DELETE FROM {name} WHERE n % 5 = 0", db)
    ctx.catch_up(path)
    for name, _, _ in KEYS:
        table = tables.freeze(ctx, f"{db}.{name}", needs={"times": "time", "smalls": "small keys"}.get(name, ""))
        if name == "smalls":
            table.counts = [(["id", "=", number - 200, "number"], int(number % 5 > 0)) for number in range(1, 21)]
        elif name == "utf8_bin":
            table.counts = [(["id", "=", "Key1", "string"], 1), (["id", "=", "key😀2", "string"], 1)]
        found.append(table)
    return found


def buckets(ctx):
    """One, several, and as many as it takes."""
    found = []
    for number, options in enumerate(({"bucket": 1}, {"bucket": 3}, {"bucket": None}, {"bucket": -1})):
        db = ctx.database(T + "INSERT INTO t SELECT seq, seq, seq FROM seq_1_to_900")
        if options["bucket"] in (None, -1):
            options = {**options, "dynamic-bucket.target-row-num": 300}
        state = f"{ctx.state}-{number}"
        path = ctx.pipeline(f"{db}.t", sink={f"table.properties.{key}": value for key, value in options.items()})
        ctx.catch_up(path, state=state)
        ctx.server.execute(
            "UPDATE t SET v = CONCAT(v, '!') WHERE id % 4 = 0; DELETE FROM t WHERE id % 7 = 0;"
            " INSERT INTO t SELECT seq, 'later', seq FROM seq_901_to_1300",
            db,
        )
        ctx.catch_up(path, state=state)
        found.append(tables.freeze(ctx, f"{db}.t", [["id", "=", 1000, "number"], ["n", "<", 50, "number"]]))
    return found


def levels(ctx, more=None, kinds=LEVELS):
    """Many commits with a small trigger: rows come up through the levels; each state is read by time travel. `more`:
    options of all tables."""
    found = []
    for number, (options, needs) in enumerate(kinds):
        db = ctx.database(T + "INSERT INTO t SELECT seq, seq, 0 FROM seq_1_to_400")
        sink = {"num-sorted-run.compaction-trigger": 2, "bucket": 1, **options, **(more or {})}
        path = ctx.pipeline(f"{db}.t", sink={f"table.properties.{key}": value for key, value in sink.items()})
        table = None
        for step in range(COMMITS):
            ctx.server.execute(
                f"UPDATE t SET n = n + 1 WHERE id % {COMMITS} >= {step}; DELETE FROM t WHERE id = {step * 17 + 3};"
                f" REPLACE INTO t VALUES ({step * 17 + 4}, 'again', {step}), ({2000 + step}, 'new', {step})",
                db,
            )
            ctx.catch_up(path, state=f"{ctx.state}-{number}")
            filters = [["n", ">", 5, "number"], ["id", ">=", 2000, "number"]]
            now = tables.freeze(ctx, f"{db}.t", filters, needs=needs)
            now.states = (table.states if table else []) + now.states
            table = now
        found.append(table)
    return found


def formats(ctx):
    """Data files in Avro and ORC."""
    return levels(ctx, kinds=FORMATS)


def file_types(ctx, form, more, needs=""):
    """Types and changed columns in files of a format, for readers that find columns by their ids."""
    db = ctx.database(
        "CREATE TABLE t (ti TIME(6), id INT PRIMARY KEY, n BIGINT, f FLOAT, d DOUBLE, c DECIMAL(20,4), v VARCHAR(40),"
        " ch CHAR(5), b VARBINARY(9), bi BINARY(4), day DATE, at DATETIME(6), ms DATETIME(3),"
        " s DATETIME, z TIMESTAMP(6) NULL, zms TIMESTAMP(3) NULL, small TINYINT, yes BOOLEAN, i INT,"
        " tags SET('a','b')) COLLATE utf8mb4_bin;"
        " INSERT INTO t SELECT NULL, seq, seq * 5000000000, seq / 2, seq / 4, seq / 8, CONCAT('ä', seq), 'c',"
        " CHAR(seq), 'bi', '2024-02-28' + INTERVAL seq DAY, '2024-02-28 10:11:12.123456' + INTERVAL seq DAY,"
        " '2024-02-28 10:11:12.5', '2024-02-28 10:11:12', '2024-02-28 10:11:12.654321', '2024-02-28 10:11:12.654',"
        " seq % 100, seq % 2, -seq, 'a,b' FROM seq_1_to_300; INSERT INTO t (id) VALUES (1000)"
    )
    sink = {"bucket": 1, "num-sorted-run.compaction-trigger": 2, "file.format": form, **more}
    path = ctx.pipeline(f"{db}.t", sink={f"table.properties.{key}": value for key, value in sink.items()},
                        pipeline={"schema.change.behavior": "evolve"})
    states = []
    for change in (
        "UPDATE t SET v = 'again', tags = 'b' WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0",
        "ALTER TABLE t DROP COLUMN ti, DROP COLUMN zms, RENAME COLUMN n TO m, ADD COLUMN n INT DEFAULT 5 FIRST,"
        " MODIFY i BIGINT, MODIFY f DOUBLE, MODIFY c DECIMAL(24,4); UPDATE t SET n = 6, i = 5000000000 + id, c = -c"
        " WHERE id % 5 = 0",
        "INSERT INTO t (id, at, ms, s, day) VALUES (-1, '0001-01-01', '0001-01-01', '0001-01-01', '0001-01-01'),"
        " (-2, '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999', '1969-12-31 23:59:59', '1969-12-31'),"
        " (-3, '1582-10-10 00:00:00.000001', '1582-10-10 00:00:00.001', '1582-10-10', '1582-10-10'),"
        " (-4, '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999', '9999-12-31 23:59:59', '9999-12-31')",
    ):
        ctx.catch_up(path)
        states.append(tables.state(ctx, f"{db}.t"))
        ctx.server.execute(change, db)
    ctx.catch_up(path)
    found = tables.freeze(ctx, f"{db}.t", [["n", "=", 5, "number"], ["m", ">", 5000000000, "number"],
                                           ["i", ">", 5000000000, "number"]], needs=needs)
    found.states = states + found.states
    return [found]


def foreign_files(ctx, flink, form, more):
    """Files of Java, which have no ids of Iceberg's in ORC and Avro, between those of sluice, before and after a column
    is renamed. What the snapshots hold is what pypaimon reads."""
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, n BIGINT, f FLOAT, d DOUBLE, c DECIMAL(20,4), v VARCHAR(40), ch CHAR(5),"
        " b VARBINARY(9), day DATE, at DATETIME(6), yes BOOLEAN, tags SET('a','b')) COLLATE utf8mb4_bin; INSERT INTO t"
        " SELECT seq, seq, seq, seq, seq, 'v', 'c', 'b', '2024-02-28', '2024-02-28 10:11:12.123456', 1, 'a,b'"
        " FROM seq_1_to_90"
    )
    table = f"{db}.t"
    sink = {"bucket": 1, "file.format": form, **more}
    path = ctx.pipeline(table, sink={f"table.properties.{key}": value for key, value in sink.items()},
                        pipeline={"schema.change.behavior": "evolve"})
    found, states = tables.Table(table, [], needs=form), []
    ctx.catch_up(path)
    theirs = "({}, 7, CAST(1.5 AS FLOAT), 2.5E0, 3.25, 'ä', 'cc', x'0102', DATE '2024-02-03', TIMESTAMP '2024-02-03 "\
             "04:05:06.789012', FALSE, ARRAY['b'])"
    for step, change in enumerate(("DELETE FROM t WHERE id = 3", "ALTER TABLE t RENAME COLUMN n TO m", "SELECT 1")):
        rows = ", ".join(theirs.format(key) for key in (1 + step, 20 + step, 1000 + step))
        flink.write(table, f"INSERT INTO `{db}`.`t` VALUES {rows}")
        states.append(ctx.lake.snapshot_ids(table)[-1])
        ctx.server.execute(f"{change}; UPDATE t SET v = 'again', tags = NULL WHERE id % 30 = {step}", db)
        ctx.catch_up(path)
        states.append(ctx.lake.snapshot_ids(table)[-1])
    found.states = [tables.State(*ctx.lake.rows(table, snapshot_id=number), number) for number in states]
    return [found]


def partitions(ctx):
    """By numbers, texts and dates, one or two of them; rows that move, values that a folder's name must escape."""
    db = ctx.database()
    parts = ("small", "large", "name", "day", "name,small", "day,large")
    for number in range(len(parts)):
        ctx.server.execute(
            f"CREATE TABLE t{number} (id INT, small TINYINT NOT NULL, large BIGINT NOT NULL, name VARCHAR(30) NOT NULL,"
            f" day DATE NOT NULL, v VARCHAR(30), PRIMARY KEY (id)) COLLATE utf8mb4_bin; INSERT INTO t{number} SELECT"
            " seq, CAST(seq % 3 AS SIGNED) - 1, seq % 2 * 5000000000, ELT(1 + seq % 5, 'a', 'B c', 'ä/b=1', '%25',"
            " 'x:y?'), DATE_ADD('1969-12-30', INTERVAL seq % 4 DAY), CONCAT('v', seq) FROM seq_1_to_200",
            db,
        )
    key = ";".join(f"{db}.t{number}:{part}" for number, part in enumerate(parts))
    path = ctx.pipeline(f"{db}.\\.*", sink={"partition.key": key})
    ctx.catch_up(path)
    for number in range(len(parts)):
        ctx.server.execute(
            f"UPDATE t{number} SET small = -small, large = 7, name = 'moved to', day = '9999-12-31' WHERE id % 6 = 1;"
            f" DELETE FROM t{number} WHERE id % 6 = 2; UPDATE t{number} SET v = 'stays' WHERE id % 6 = 3",
            db,
        )
    ctx.catch_up(path)
    filters = [["small", "=", -1, "number"], ["name", "=", "moved to", "string"], ["day", "<", "1970-01-01", "date"]]
    return [tables.freeze(ctx, f"{db}.t{number}", filters) for number in range(len(parts))]


def sharded_customers(ctx):
    """samples/sharded-customers, its file unchanged; of the id that two shards have the last written row is there."""
    server, path = ctx.new_server(), samples.path("sharded-customers", "to-paimon.yaml")
    server.execute("SET sql_log_bin = 0; DROP USER 'flow'@'%'")
    last = "UPDATE shop_1.customers_1 SET city = 'first' WHERE id = 310; UPDATE shop_2.customers_1 SET city = 'last'"
    for _, sql in (*samples.steps("sharded-customers"), ("", last)):
        server.execute(sql)
        ctx.catch_up(path, env=samples.environment(server.port, ctx.warehouse))
    rows = [
        ("310", "Chen", "last", "555-0100", None),
        ("311", "Efua", "Nairobi", "555-0100", "efua@example.org"),
        ("320", "Bilal", "Mombasa", "555-0100", "bilal@example.org"),
    ]
    return [tables.Table("lake.customers", [tables.State(["id", "name", "city", "phone", "email"], rows)])]


def schema_evolution(ctx):
    """samples/schema-evolution, its file unchanged: a copy of each table after each step, in the columns of then."""
    server, path, found = ctx.new_server(), samples.path("schema-evolution", "to-paimon.yaml"), []
    expected = samples.evolution_expected("evolve")
    for number, sql in samples.evolution_steps():
        server.execute(sql)
        ctx.catch_up(path, env=samples.environment(server.port, ctx.warehouse))
        for name, want in expected.get(str(number), {}).items():
            copy = f"crm.{name}_after_{number}"
            shutil.copytree(ctx.lake.folder(f"crm.{name}"), ctx.lake.folder(copy))
            names = [column.split(" ", 1)[0] for column in want["columns"]]
            found.append(tables.Table(copy, [tables.State(names, [tuple(row) for row in want["rows"]])]))
    return found


def indexes(ctx):
    """Bloom filters and bitmaps of every type: a filter that finds no row in one misses rows, or ends in an error."""
    found = []
    equal = ("i", -7, "number"), ("l", 5000000007, "number"), ("f", 0.5, "number"), ("d", -1.25, "number")
    equal += ("v", "v7", "string"), ("c", "c7", "string"), ("day", "1969-12-30", "date")
    equal += ("at", "1969-12-31 23:59:53.500", "timestamp"), ("fine", "2024-01-31 00:00:07.000007", "timestamp")
    filters = [[name, "=", value, kind] for name, value, kind in equal]
    filters += [[name, "<>", value, kind] for name, value, kind in equal[:2] + equal[4:]]
    filters += [[name, "IS", None, "number"] for name in ("i", "v")] + [["v", "=", "v999", "string"]]
    for number, (options, needs) in enumerate(INDEXES):
        key = ", PRIMARY KEY (id)" if options["bucket"] else ""
        db = ctx.database(
            "CREATE TABLE t (id INT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, v VARCHAR(20), c CHAR(4),"
            f" day DATE, at DATETIME(3), fine DATETIME(6){key}) COLLATE utf8mb4_bin"
        )
        sink = {"file-index.bitmap.columns": INDEXED, "file-index.bloom-filter.columns": INDEXED, **options}
        sink |= {f"file-index.bloom-filter.{name}.items": 100 for name in INDEXED.split(",")}
        path = ctx.pipeline(f"{db}.t", sink={f"table.properties.{name}": value for name, value in sink.items()})
        for step in range(4):
            ctx.server.execute(
                f"INSERT INTO t SELECT seq + {step * 10}, seq, IF(seq = 3, NULL, -seq), 5000000000 + seq, seq / 14,"
                " -1.25 * (seq - 6), IF(seq = 4, NULL, CONCAT('v', seq)), CONCAT('c', seq), DATE_ADD('1970-01-01',"
                " INTERVAL 5 - seq DAY), DATE_ADD(TIMESTAMP'1970-01-01 00:00:00', INTERVAL 500000 - seq * 1000000"
                " MICROSECOND), CONCAT('2024-01-31 00:00:0', seq, '.00000', seq)"
                f" FROM (SELECT CAST(seq AS SIGNED) AS seq FROM seq_{1 + step}_to_{9 - step}) AS numbers",
                db,
            )
            ctx.catch_up(path, state=f"{ctx.state}-{number}")
        if options["bucket"]:
            ctx.server.execute("UPDATE t SET v = 'v8' WHERE v = 'v7' AND id < 10; DELETE FROM t WHERE id = 17", db)
            ctx.catch_up(path, state=f"{ctx.state}-{number}")
        found.append(tables.freeze(ctx, f"{db}.t", filters, needs="bitmap version 2" if needs else ""))
    return found


SCENARIOS = [
    tables.numbers,
    tables.temporal,
    tables.time,
    tables.text,
    tables.binary,
    tables.geometry,
    keys,
    buckets,
    levels,
    formats,
    named(file_types, "avro", {}, "time"),
    partitions,
    sharded_customers,
    schema_evolution,
    indexes,
    tables.deletes,
    named(tables.evolution, "id"),
    named(tables.expired, RETAINED),
    named(tables.names, None, "names with spaces"),
    named(tables.shapes, {"table.properties.bucket": None}),  # a table without a key has no fixed buckets
    named(tables.shards, None),
    named(tables.codecs, "file.compression", ("zstd", "snappy", "gzip", "lz4", "none")),
]
