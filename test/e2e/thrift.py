# SPDX-License-Identifier: Apache-2.0
"""Thrift's TBinaryProtocol without generated code: a struct is {field id: (type, value)}, as the bytes have it.

Values: bool, int, float, str, dict of a struct, list of (element type, items), map as (key type, value type, pairs)."""

import struct

BOOL, BYTE, DOUBLE, I16, I32, I64, STRING, STRUCT, MAP, SET, LIST = 2, 3, 4, 6, 8, 10, 11, 12, 13, 14, 15
CALL, REPLY, EXCEPTION = 1, 2, 3
VERSION = 0x80010000
_FIXED = {BOOL: ">?", BYTE: ">b", DOUBLE: ">d", I16: ">h", I32: ">i", I64: ">q"}


class Reader:
    """Reads from `take(count)`, which gives so many bytes or raises."""

    def __init__(self, take):
        self.take = take

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def text(self):
        return self.take(self.number(">I")).decode()

    def message(self):
        head = self.number(">I")
        assert head & 0xFFFF0000 == VERSION, hex(head)
        name, sequence = self.text(), self.number(">i")
        return head & 0xFF, name, sequence, self.value(STRUCT)

    def value(self, kind):
        if kind in _FIXED:
            return self.number(_FIXED[kind])
        if kind == STRING:
            return self.text()
        if kind == STRUCT:
            fields = {}
            while field := self.number(">B"):
                number = self.number(">h")
                fields[number] = (field, self.value(field))
            return fields
        if kind == MAP:
            key, value, count = self.number(">B"), self.number(">B"), self.number(">I")
            return key, value, [(self.value(key), self.value(value)) for _ in range(count)]
        assert kind in (LIST, SET), kind
        element, count = self.number(">B"), self.number(">I")
        return element, [self.value(element) for _ in range(count)]


def encode(kind, value) -> bytes:
    if kind in _FIXED:
        return struct.pack(_FIXED[kind], value)
    if kind == STRING:
        raw = value.encode()
        return struct.pack(">I", len(raw)) + raw
    if kind == STRUCT:
        fields = (struct.pack(">Bh", t, number) + encode(t, v) for number, (t, v) in value.items())
        return b"".join(fields) + b"\0"
    if kind == MAP:
        key, element, pairs = value
        head = struct.pack(">BBI", key, element, len(pairs))
        return head + b"".join(encode(key, k) + encode(element, v) for k, v in pairs)
    element, items = value
    return struct.pack(">BI", element, len(items)) + b"".join(encode(element, item) for item in items)


def message(kind, name, sequence, body) -> bytes:
    return struct.pack(">I", VERSION | kind) + encode(STRING, name) + struct.pack(">i", sequence) + encode(STRUCT, body)


def texts(items):
    return LIST, (STRING, list(items))


def text_map(pairs):
    return MAP, (STRING, STRING, list(pairs.items()))
