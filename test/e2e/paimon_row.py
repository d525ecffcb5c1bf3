# SPDX-License-Identifier: Apache-2.0
"""Paimon's BinaryRow in Python, written from its specification and apart from src/: bytes to values and back, the hash
that chooses a bucket, the order of keys.

A value is what Paimon holds inside: bool, int (dates as days, times as milliseconds, timestamps as nanoseconds), float,
Decimal, str, bytes, None. Checked against Java's bytes in test_paimon_files.py."""

import decimal
import re
import struct

NANOS_OF_MILLI = 1_000_000
_EXACT = decimal.Context(prec=76)
_SLOTS = {
    "BOOLEAN": "<?7x",
    "TINYINT": "<b7x",
    "SMALLINT": "<h6x",
    "INT": "<i4x",
    "DATE": "<i4x",
    "TIME": "<i4x",
    "BIGINT": "<q",
    "FLOAT": "<f4x",
    "DOUBLE": "<d",
}
_TEXT, _BYTES = {"CHAR", "VARCHAR", "STRING"}, {"BINARY", "VARBINARY", "BYTES"}


class Kind:
    """A type of a schema, taken apart: base, precision, scale."""

    def __init__(self, text):
        self.text = text if isinstance(text, str) else text["type"]  # an array is an object there
        match = re.match(r"(\w+)(?:\((\d+)(?:, *(\d+))?\))?", self.text)
        self.base, self.zoned = match[1], "LOCAL TIME ZONE" in self.text
        default = {"TIMESTAMP": 6, "DECIMAL": 10, "TIME": 0}.get(self.base, 1)
        self.precision, self.scale = int(match[2] or default), int(match[3] or 0)
        self.nullable = not self.text.endswith("NOT NULL")

    @property
    def atomic(self):
        return self.base in _SLOTS or self.base in _TEXT | _BYTES | {"DECIMAL", "TIMESTAMP"}


def fixed_size(arity: int) -> int:
    """Bytes of the null bits and the slots."""
    return (arity + 63 + 8) // 64 * 8 + 8 * arity


def parse(data: bytes, kinds) -> list:
    """The values of a row as manifests hold it: its arity, then the row."""
    arity = struct.unpack(">i", data[:4])[0]
    assert arity == len(kinds), f"a row of {arity} fields, expected {len(kinds)}"
    row = data[4:]
    return [_value(row, i, arity, kind) for i, kind in enumerate(kinds)]


def arity_of(data: bytes) -> int:
    return struct.unpack(">i", data[:4])[0]


def _value(row, i, arity, kind):
    if row[(i + 8) // 8] >> ((i + 8) % 8) & 1:
        return None
    slot = row[fixed_size(arity) - 8 * (arity - i) :][:8]
    if kind.base in _SLOTS:
        return struct.unpack(_SLOTS[kind.base], slot)[0]
    length, offset = struct.unpack("<II", slot)
    if kind.base == "DECIMAL":
        unscaled = struct.unpack("<q", slot)[0]
        if kind.precision > 18:
            unscaled = int.from_bytes(row[offset : offset + length], "big", signed=True)
        return decimal.Decimal(unscaled).scaleb(-kind.scale, _EXACT)
    if kind.base == "TIMESTAMP":
        if kind.precision <= 3:
            return struct.unpack("<q", slot)[0] * NANOS_OF_MILLI
        return struct.unpack_from("<q", row, offset)[0] * NANOS_OF_MILLI + length
    data = slot[: slot[7] & 0x7F] if slot[7] & 0x80 else row[offset : offset + length]
    if kind.base in _TEXT:
        return data.decode("utf-8")
    assert kind.base in _BYTES, f"no value of type {kind.text} in a row"
    return bytes(data)


def build(values, kinds) -> bytes:
    """The bytes of a row, without its arity."""
    arity = len(kinds)
    size = fixed_size(arity)
    fixed, tail = bytearray(size), bytearray()
    for i, (value, kind) in enumerate(zip(values, kinds)):
        at = size - 8 * (arity - i)
        if value is None:
            fixed[(i + 8) // 8] |= 1 << ((i + 8) % 8)
        fixed[at : at + 8] = _slot(value, kind, size + len(tail), tail)
    return bytes(fixed + tail)


def _slot(value, kind, offset, tail) -> bytes:
    """The eight bytes of a value; what does not fit there goes to the end of `tail`, which begins at `offset`."""
    wide_decimal = kind.base == "DECIMAL" and kind.precision > 18
    wide_timestamp = kind.base == "TIMESTAMP" and kind.precision > 3
    if value is None:
        tail += bytes(16 if wide_decimal else 8 if wide_timestamp else 0)
        return struct.pack("<II", 0, offset) if wide_decimal or wide_timestamp else bytes(8)
    if kind.base in _SLOTS:
        return struct.pack(_SLOTS[kind.base], value)
    if kind.base == "DECIMAL":
        unscaled = int(decimal.Decimal(value).scaleb(kind.scale, _EXACT))
        if not wide_decimal:
            return struct.pack("<q", unscaled)
        magnitude = unscaled if unscaled >= 0 else ~unscaled
        data = unscaled.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True)
        tail += data.ljust(16, b"\0")
        return struct.pack("<II", len(data), offset)
    if kind.base == "TIMESTAMP":
        millis, nanos = divmod(value, NANOS_OF_MILLI)
        if not wide_timestamp:
            return struct.pack("<q", millis)
        tail += struct.pack("<q", millis)
        return struct.pack("<II", nanos, offset)
    data = value.encode("utf-8") if kind.base in _TEXT else value
    if len(data) <= 7:
        return data.ljust(7, b"\0") + bytes([0x80 | len(data)])
    tail += data + bytes(-len(data) % 8)
    return struct.pack("<II", len(data), offset)


def hash_of(row: bytes) -> int:
    """Murmur3 of the row's bytes with seed 42, as a signed 32-bit number."""
    mask, h = 0xFFFFFFFF, 42
    for (word,) in struct.iter_unpack("<I", row):
        k = word * 0xCC9E2D51 & mask
        k = ((k << 15 | k >> 17) & mask) * 0x1B873593 & mask
        h ^= k
        h = ((h << 13 | h >> 19) & mask) * 5 + 0xE6546B64 & mask
    h ^= len(row)
    h = (h ^ h >> 16) * 0x85EBCA6B & mask
    h = (h ^ h >> 13) * 0xC2B2AE35 & mask
    h ^= h >> 16
    return h - (1 << 32) if h >> 31 else h


def bucket_of(row: bytes, buckets: int) -> int:
    """abs(hash % buckets) with Java's remainder, which has the sign of the hash."""
    return abs(hash_of(row)) % buckets


def order(value, kind):
    """A sort key for a value that is no NULL, in the order of Paimon's keys."""
    if kind.base in _TEXT:
        return value.encode("utf-8")
    if kind.base in ("FLOAT", "DOUBLE"):
        bits = struct.unpack(">q", struct.pack(">d", value))[0]
        return bits if bits >= 0 else bits ^ 0x7FFFFFFFFFFFFFFF
    return value
