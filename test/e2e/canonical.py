# SPDX-License-Identifier: Apache-2.0
"""One text form for a value, whether it comes from MariaDB or from a lake table (docs/types.md has the mapping).

NULL is None. A zero or impossible date is NULL in the lake. Every other value is a string:
booleans true/false, numbers in plain digits, floats as Python's repr, times and timestamps with six digits,
binary as x'hex', lists and GeoJSON as compact JSON with sorted keys.
"""

import datetime
import decimal
import json
import re
import struct

SYSTEM_TIME = "ROW START", "ROW END"


def _json(value) -> str:
    def number(node):
        if isinstance(node, list):
            return [number(item) for item in node]
        if isinstance(node, dict):
            return {key: number(item) for key, item in node.items()}
        return float(node) if isinstance(node, (int, float)) and not isinstance(node, bool) else node

    return json.dumps(number(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _text(value) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


# ---- MariaDB: a column gives the SQL expression to select and a function from the text to the canonical form


def _date_valid(text: str) -> bool:
    try:
        datetime.date(int(text[0:4]), int(text[5:7]), int(text[8:10]))
        return True
    except ValueError:
        return False


def _source_date(value):
    return _text(value) if _date_valid(_text(value)) else None


def _source_datetime(value):
    text = _text(value)
    if not _date_valid(text):
        return None
    head, _, fraction = text.partition(".")
    return f"{head}.{fraction:0<6}"


def _source_time(value, digits=6):
    """A time that is none of a day is NULL at the sink (docs/types.md); `digits` of the seconds' fraction are kept."""
    if _text(value).startswith("-") or int(_text(value).split(":")[0]) >= 24:
        return None
    head, _, fraction = _text(value).partition(".")
    return f"{head}.{fraction[:digits]:0<6}"


def _source_boolean(value):
    text = _text(value)
    return "false" if text in ("0", "") else "true"


def _source_set(value):
    text = _text(value)
    return json.dumps(text.split(",") if text else [], ensure_ascii=False, separators=(",", ":"))


def _source_geometry(value):
    srid, _, body = _text(value).partition("|")
    shape = json.loads(body)
    return _json(
        {"srid": int(srid), **{k: v for k, v in shape.items() if k in ("type", "coordinates", "geometries")}}
    )


def _hex(value):
    return f"x'{_text(value).lower()}'"


GEOMETRY = {
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
}
BINARY = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}
PLAIN = {
    "tinyint",
    "smallint",
    "mediumint",
    "int",
    "bigint",
    "decimal",
    "char",
    "varchar",
    "tinytext",
    "text",
    "mediumtext",
    "longtext",
    "enum",
    "json",
    "uuid",
    "inet4",
    "inet6",
}


def source_column(name: str, data_type: str, column_type: str, tinyint1_as_boolean=True, time_digits=6):
    """(SQL expression, function) for a column of information_schema.columns."""
    quoted = "`" + name.replace("`", "``") + "`"
    data_type = data_type.lower()
    bare = re.sub(r"\s*/\*.*?\*/", "", column_type.lower())
    if bare == "bit(1)" or (bare == "tinyint(1)" and tinyint1_as_boolean):
        return f"{quoted}+0", _source_boolean
    if data_type == "bit":
        width = (int(re.search(r"\d+", bare).group()) + 7) // 8
        return f"LPAD(HEX({quoted}+0), {2 * width}, '0')", _hex
    if data_type in BINARY:
        return f"HEX({quoted})", _hex
    if data_type in GEOMETRY:
        return f"CONCAT(ST_SRID({quoted}), '|', ST_AsGeoJSON({quoted}))", _source_geometry
    if data_type in ("float", "double"):
        return f"CAST({quoted} AS DOUBLE)", lambda v: repr(float(_text(v)))
    if data_type == "date":
        return f"CAST({quoted} AS CHAR)", _source_date
    if data_type in ("datetime", "timestamp"):
        zone = "Z" if data_type == "timestamp" else ""
        return f"CAST({quoted} AS CHAR)", lambda v: (
            (_source_datetime(v) or "") + zone if _source_datetime(v) else None
        )
    if data_type == "time":
        return f"CAST({quoted} AS CHAR)", lambda v: _source_time(v, time_digits)
    if data_type == "year":
        return f"{quoted}+0", lambda v: str(int(_text(v)))
    if data_type == "set":
        return quoted, _source_set
    if data_type in ("uuid", "inet4", "inet6"):
        return f"CAST({quoted} AS CHAR)", _text
    if data_type in PLAIN:
        zerofill = "zerofill" in bare
        return (f"{quoted}+0" if zerofill else quoted), _text
    raise AssertionError(f"column {name}: the harness does not know type {column_type}")


def source_rows(connection, table: str, columns=None, tinyint1_as_boolean=True, where="", time_digits=6):
    """(names, rows) of `database.table` in canonical form. The connection was opened with text=True."""
    database, name = table.split(".", 1)
    with connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00', sql_mode = ''")
        cursor.execute(
            "SELECT column_name, data_type, column_type FROM information_schema.columns "
            "WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position",
            (database, name),
        )
        described = [tuple(_text(v) for v in row) for row in cursor.fetchall()]
        if not described:
            raise AssertionError(f"{table}: no such table in the source")
        known = {row[0]: row for row in described}
        names = list(columns) if columns else [row[0] for row in described]
        plan = [source_column(*known[n], tinyint1_as_boolean, time_digits) for n in names]
        quoted = ".".join("`" + part.replace("`", "``") + "`" for part in (database, name))
        cursor.execute(f"SELECT {', '.join(p[0] for p in plan)} FROM {quoted} {where}")
        convert = [p[1] for p in plan]
        rows = [tuple(None if v is None else f(v) for f, v in zip(convert, row)) for row in cursor]
    return names, rows


# ---- Lake tables: by the field's Iceberg type

PAIMON_KINDS = {
    "BOOLEAN": "boolean",
    "TINYINT": "int",
    "SMALLINT": "int",
    "INT": "int",
    "BIGINT": "long",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DECIMAL": "decimal",
    "CHAR": "string",
    "VARCHAR": "string",
    "STRING": "string",
    "BINARY": "binary",
    "VARBINARY": "binary",
    "BYTES": "binary",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_LTZ": "timestamptz",
    "ARRAY<STRING>": "list<string>",
}


def paimon_kind(kind: str) -> str:
    """The Iceberg type whose canonical form the values of a Paimon type have; of its parameters none counts."""
    bare = kind.removesuffix(" NOT NULL")
    zoned = bare.endswith("WITH LOCAL TIME ZONE") or bare.startswith("TIMESTAMP_LTZ")
    name = "TIMESTAMP_LTZ" if zoned else bare if bare.startswith("ARRAY") else bare.split("(")[0]
    if name not in PAIMON_KINDS:
        raise AssertionError(f"the harness does not know Paimon type {kind}")
    return PAIMON_KINDS[name]


def lake_value(kind: str, value):
    """Canonical form of a Python value that PyIceberg gave for a field of Iceberg type `kind`."""
    if value is None:
        return None
    if kind == "boolean":
        return "true" if value else "false"
    if kind in ("int", "long"):
        return str(value)
    if kind in ("float", "double"):
        return repr(float(value))
    if kind.startswith("decimal"):
        return format(decimal.Decimal(value), "f")
    if kind in ("string", "uuid"):
        return str(value)
    if kind in ("binary",) or kind.startswith("fixed"):
        return f"x'{bytes(value).hex()}'"
    if kind == "date":
        return value.isoformat()
    if kind == "time":
        return value.isoformat("microseconds")
    if kind == "timestamp":
        return value.isoformat(" ", "microseconds")
    if kind == "timestamptz":
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat(" ", "microseconds") + "Z"
    if kind == "list<string>":
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    raise AssertionError(f"the harness does not know Iceberg type {kind}")


def json_value(kind: str, value):
    """Canonical form of a value that `sluice read --format jsonl` printed for a field of Iceberg type `kind`."""
    if value is None:
        return None
    if kind == "float":  # its shortest text; the 32 bits are what counts
        return repr(struct.unpack("f", struct.pack("f", float(value)))[0])
    if kind in ("time", "timestamp", "timestamptz"):
        head, _, fraction = value.removesuffix("Z").partition(".")
        return f"{head.replace('T', ' ')}.{fraction:0<6}{'Z' if kind == 'timestamptz' else ''}"
    if kind == "binary" or kind.startswith("fixed"):
        return f"x'{value}'"
    return value if isinstance(value, str) and kind != "double" else lake_value(kind, value)


def geojson(text):
    """Canonical form of a geometry that the lake holds as a GeoJSON string."""
    return None if text is None else _json(json.loads(text))
