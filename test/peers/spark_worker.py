# SPDX-License-Identifier: Apache-2.0
"""Spark with Iceberg's runtime over a Hadoop-layout warehouse, or with Paimon's over one of its filesystem catalog;
catalog `lake`: spark_worker.py iceberg|paimon JARS WAREHOUSE"""

import datetime
import decimal
import glob
import sys

import worker
import canonical  # pylint: disable=wrong-import-order
from pyspark.sql import SparkSession, types

EPOCH = datetime.datetime(1970, 1, 1)
KINDS = {
    types.BooleanType: "boolean",
    types.ByteType: "int",
    types.ShortType: "int",
    types.IntegerType: "int",
    types.LongType: "long",
    types.FloatType: "float",
    types.DoubleType: "double",
    types.StringType: "string",
    types.BinaryType: "binary",
    types.DateType: "date",
    types.TimestampNTZType: "timestamp",
    types.TimestampType: "timestamptz",
}
FORMATS = {
    "iceberg": {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.type": "hadoop",
        "spark.sql.catalog.lake.cache-enabled": "false",
    },
    "paimon": {
        "spark.sql.extensions": "org.apache.paimon.spark.extensions.PaimonSparkSessionExtensions",
        "spark.sql.catalog.lake": "org.apache.paimon.spark.SparkCatalog",
        "spark.sql.readSideCharPadding": "false",
    },
}


def keep_integers():
    """PySpark makes dates by functions that fail near the years 1 and 9999: days and microseconds do."""
    for kind in (types.DateType, types.TimestampType, types.TimestampNTZType):
        kind.fromInternal = lambda self, value: value


def converter(kind):
    """A function from PySpark's value to the canonical text."""
    if isinstance(kind, types.ArrayType):
        name = "list<string>" if isinstance(kind.elementType, types.StringType) else f"list of {kind.elementType}"
    elif isinstance(kind, types.DecimalType):  # PySpark adds zeros to very small ones
        digits, context = decimal.Decimal(1).scaleb(-kind.scale), decimal.Context(prec=60)
        return lambda v: canonical.lake_value("decimal", None if v is None else v.quantize(digits, context=context))
    else:
        name = KINDS[type(kind)]
    if name == "date":
        return lambda v: None if v is None else (EPOCH + datetime.timedelta(days=v)).date().isoformat()
    if name in ("timestamp", "timestamptz"):
        zone = {"tzinfo": datetime.timezone.utc} if name == "timestamptz" else {}
        return lambda v: canonical.lake_value(
            name, None if v is None else (EPOCH + datetime.timedelta(microseconds=v)).replace(**zone)
        )
    return lambda v: canonical.lake_value(name, v)


def place(warehouse) -> dict:
    """Of a folder, or of a REST catalog."""
    if warehouse.startswith("http"):
        return {"spark.sql.catalog.lake.type": "rest", "spark.sql.catalog.lake.uri": warehouse}
    return {"spark.sql.catalog.lake.warehouse": "file://" + warehouse}


class Spark:
    """The session; one for the life of the process."""

    def __init__(self, form: str, jars: str, warehouse: str):
        options = {
            "spark.jars": ",".join(sorted(glob.glob(jars + "/*.jar"))),
            **FORMATS[form],
            **place(warehouse),
            "spark.sql.defaultCatalog": "lake",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.catalogImplementation": "in-memory",
            "spark.driver.memory": "1500m",
            "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
        }
        builder = SparkSession.builder.master("local[1]").appName("test-peers")
        for key, value in options.items():
            builder = builder.config(key, value)
        self.session = builder.getOrCreate()
        self.session.sparkContext.setLogLevel("ERROR")
        keep_integers()

    def _frame(self, frame):
        convert = [converter(field.dataType) for field in frame.schema.fields]
        rows = [[f(v) for f, v in zip(convert, row)] for row in frame.collect()]
        return {"names": frame.columns, "rows": rows}

    def sql(self, script):
        """Runs statements; gives the rows of the last one, each value as text."""
        rows = []
        for statement in script:
            rows = [[None if v is None else str(v) for v in row] for row in self.session.sql(statement).collect()]
        return rows

    def rows(self, table, snapshot=None):
        version = f" VERSION AS OF {snapshot}" if snapshot else ""
        return self._frame(self.session.sql(f"SELECT * FROM {quoted(table)}{version}"))

    def count(self, table, where):
        sql = f"SELECT count(*) FROM {quoted(table)} WHERE {worker.predicate(where, '`')}"
        return self.session.sql(sql).collect()[0][0]


def quoted(table):
    return ".".join(f"`{part}`" for part in ["lake", *table.split(".", 1)])


worker.serve(Spark(*sys.argv[1:]))
