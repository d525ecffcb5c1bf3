# SPDX-License-Identifier: Apache-2.0
"""What other engines do to a table of sluice (check_changed.py runs them): a line a change.

{t} is the table by the engine's own name for it, {db} and {name} its parts, {columns} the columns of the source table,
{now} the time after the last commit. `overlay` gives the rows that are not as in the source afterwards: key -> row or
None. `refused` are words of the error by which sluice stops, where the change cannot be followed.
"""

from dataclasses import dataclass, field

import pyarrow
from pyiceberg.expressions import EqualTo, In
from pyiceberg.types import StringType

# Rows that the engines add: the pipeline changes the second one later, and then the source counts.
ADDED = {"900001": ("900001", "foreign", "1", "2024-01-31"), "900002": ("900002", "foreign", None, None)}
VALUES = "VALUES (900001, 'foreign', 1, DATE '2024-01-31'), (900002, 'foreign', NULL, NULL)"
GONE = {"11": None, "12": None}
SET = {"13": {"v": "foreign"}, "14": {"v": "foreign"}}  # columns of a row that the engine has set


@dataclass(frozen=True)
class Change:
    name: str
    script: tuple = ()  # SQL
    call: object = None  # instead: a function of (lake, table)
    overlay: dict = field(default_factory=dict)
    partition: str = ""  # partition.key of the table
    refused: tuple = ()
    compacts: bool = False  # data files are replaced: the same rows in other places
    ages: bool = False  # files are made to look four days old first, and one is planted that nothing refers to


MERGE_ON_READ = "ALTER TABLE {t} SET TBLPROPERTIES ('write.delete.mode'='merge-on-read', " \
    "'write.update.mode'='merge-on-read', 'write.merge.mode'='merge-on-read')"
BY_PARTITION = "ALTER TABLE {t} SET TBLPROPERTIES ('write.delete.granularity'='partition')"
DELETE = "DELETE FROM {t} WHERE id IN (11, 12)"
UPDATE = "UPDATE {t} SET v = 'foreign' WHERE id IN (13, 14)"
MERGE = "MERGE INTO {t} t USING (SELECT 11 AS id UNION ALL SELECT 12 UNION ALL SELECT 13 UNION ALL SELECT 14) s " \
    "ON t.id = s.id WHEN MATCHED AND s.id < 13 THEN DELETE WHEN MATCHED THEN UPDATE SET v = 'foreign'"
REWRITE = "CALL lake.system.rewrite_data_files(table => '{db}.{name}', options => map('rewrite-all', 'true'))"
EXPIRE = "CALL lake.system.expire_snapshots(table => '{db}.{name}', older_than => TIMESTAMP '{now}', retain_last => 1)"

SPARK = [
    Change("append", (f"INSERT INTO {{t}} {VALUES}",), overlay=ADDED),
    Change("append.partitioned", (f"INSERT INTO {{t}} {VALUES}",), overlay=ADDED, partition="month(d)"),
    Change("delete.copy_on_write", (DELETE,), overlay=GONE, compacts=True),
    Change("delete.merge_on_read", (MERGE_ON_READ, DELETE), overlay=GONE),
    Change("delete.merge_on_read.partitioned", (MERGE_ON_READ, DELETE), overlay=GONE, partition="bucket[2](id)"),
    Change("delete.by_partition", (MERGE_ON_READ, BY_PARTITION, DELETE), overlay=GONE),
    Change("delete.by_partition.partitioned", (MERGE_ON_READ, BY_PARTITION, DELETE), overlay=GONE,
           partition="bucket[2](id)"),
    Change("delete.whole_files", ("DELETE FROM {t} WHERE id > 0",), overlay={"*": None}),
    Change("update.copy_on_write", (UPDATE,), overlay=SET, compacts=True),
    Change("update.merge_on_read", (MERGE_ON_READ, UPDATE), overlay=SET),
    Change("merge.copy_on_write", (MERGE,), overlay={**GONE, **SET}, compacts=True),
    Change("merge.merge_on_read", (MERGE_ON_READ, MERGE), overlay={**GONE, **SET}),
    Change("rewrite_data_files", (REWRITE,), compacts=True),
    Change("rewrite_data_files.partitioned", (REWRITE,), partition="bucket[2](id)", compacts=True),
    Change("rewrite_data_files.sorted",
           (REWRITE.replace("options", "strategy => 'sort', sort_order => 'v DESC', options"),), compacts=True),
    Change("rewrite_position_delete_files",
           (REWRITE.replace("rewrite_data_files", "rewrite_position_delete_files"),)),
    Change("rewrite_manifests", ("CALL lake.system.rewrite_manifests('{db}.{name}')",)),
    Change("expire_snapshots", (EXPIRE,)),
    Change("remove_orphan_files",
           ("CALL lake.system.remove_orphan_files(table => '{db}.{name}', equal_schemes => map('file', 'file'))",),
           ages=True),
    Change("all_upkeep", (REWRITE, "CALL lake.system.rewrite_manifests('{db}.{name}')", EXPIRE), compacts=True),
    Change("add_column", ("ALTER TABLE {t} ADD COLUMN note STRING",)),
    Change("add_column.first_with_rows",
           ("ALTER TABLE {t} ADD COLUMN note STRING FIRST", f"INSERT INTO {{t}} SELECT NULL, * FROM ({VALUES})"),
           overlay=ADDED),
    Change("widen_column", ("ALTER TABLE {t} ALTER COLUMN n TYPE BIGINT",)),
    Change("widen_key", ("ALTER TABLE {t} ALTER COLUMN id TYPE BIGINT",)),
    Change("comment_and_order", ("ALTER TABLE {t} ALTER COLUMN v COMMENT 'said Spark'",
                                 "ALTER TABLE {t} ALTER COLUMN d AFTER id")),
    Change("rename_column", ("ALTER TABLE {t} RENAME COLUMN v TO w",), refused=("column v", "another writer")),
    Change("drop_column", ("ALTER TABLE {t} DROP COLUMN n",), refused=("column n", "another writer")),
    Change("partition_added", ("ALTER TABLE {t} ADD PARTITION FIELD bucket(3, id)",)),
    Change("partition_replaced", ("ALTER TABLE {t} REPLACE PARTITION FIELD d_month WITH year(d)",),
           partition="month(d)"),
    Change("partition_dropped", ("ALTER TABLE {t} DROP PARTITION FIELD d_month",), partition="month(d)"),
    Change("partition_added_and_rewritten", ("ALTER TABLE {t} ADD PARTITION FIELD truncate(2, v)", REWRITE),
           compacts=True),
    Change("write_order", ("ALTER TABLE {t} WRITE ORDERED BY v",)),
    Change("branch_and_tag", ("ALTER TABLE {t} CREATE TAG here", "ALTER TABLE {t} CREATE BRANCH side",
                              f"INSERT INTO {{t}}.branch_side {VALUES}")),
    Change("upgrade_to_v3", ("ALTER TABLE {t} SET TBLPROPERTIES ('format-version'='3')",),
           refused=("format", "version 3")),
]

TRINO = [
    Change("append", (f"INSERT INTO {{t}} {VALUES}",), overlay=ADDED),
    Change("append.partitioned", (f"INSERT INTO {{t}} {VALUES}",), overlay=ADDED, partition="month(d)"),
    Change("delete", (DELETE,), overlay=GONE),
    Change("delete.partitioned", (DELETE,), overlay=GONE, partition="bucket[2](id)"),
    Change("update", (UPDATE,), overlay=SET),
    Change("merge", (MERGE,), overlay={**GONE, **SET}),
    Change("optimize", ("ALTER TABLE {t} EXECUTE optimize",), compacts=True),
    Change("optimize.partitioned", ("ALTER TABLE {t} EXECUTE optimize",), partition="bucket[2](id)", compacts=True),
    Change("optimize_manifests", ("ALTER TABLE {t} EXECUTE optimize_manifests",)),
    Change("expire_snapshots", ("ALTER TABLE {t} EXECUTE expire_snapshots(retention_threshold => '0s')",)),
    Change("remove_orphan_files", ("ALTER TABLE {t} EXECUTE remove_orphan_files(retention_threshold => '1d')",),
           ages=True),
    Change("add_column", ("ALTER TABLE {t} ADD COLUMN note VARCHAR",)),
    Change("rename_column", ("ALTER TABLE {t} RENAME COLUMN v TO w",), refused=("column v", "another writer")),
    Change("partitioning", ("ALTER TABLE {t} SET PROPERTIES partitioning = ARRAY['bucket(id, 3)']",)),
    Change("statistics", ("ANALYZE {t}",)),
]


def _append(table):
    schema = table.schema().as_arrow()
    rows = [{"id": int(r[0]), "v": r[1], "n": r[2] and int(r[2]), "d": r[3]} for r in ADDED.values()]
    columns = {name: [row[name] for row in rows] for name in ("id", "v", "n", "d")}
    columns["d"] = pyarrow.array(columns["d"], pyarrow.string()).cast(pyarrow.date32())
    table.append(pyarrow.table(columns).cast(schema))


def _overwrite(table):
    row = table.scan(EqualTo("id", 13)).to_arrow()
    table.overwrite(row.set_column(1, row.schema.field("v"), pyarrow.array(["foreign"], row.schema.field("v").type)),
                    EqualTo("id", 13))


def _evolve(table):
    with table.update_schema() as update:
        update.add_column("note", StringType())


def _evolve_spec(table):
    with table.update_spec() as update:
        update.add_field("v", "truncate[2]", "v_trunc")


PYICEBERG = [
    Change("append", call=_append, overlay=ADDED),
    Change("append.partitioned", call=_append, overlay=ADDED, partition="d"),
    Change("delete", call=lambda table: table.delete(In("id", (11, 12))), overlay=GONE, compacts=True),
    Change("overwrite", call=_overwrite, overlay={"13": {"v": "foreign"}}, compacts=True),
    Change("add_column", call=_evolve),
    Change("partition_added", call=_evolve_spec),
]

CHANGES = {"spark": SPARK, "trino": TRINO, "pyiceberg": PYICEBERG}
