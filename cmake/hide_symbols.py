# SPDX-License-Identifier: Apache-2.0
"""Makes the third-party symbols that the wheel's libraries export by accident private to them.

libparquet exports its static OpenSSL (7,600 symbols), Thrift and simdjson, libarrow_compute its re2 and utf8proc.
Loaded before the system's libcrypto, they would stand in for it in libssl, libcurl and every other library.
Each such entry of the dynamic symbol table is made hidden (so the library itself still finds it) and loses the first
letter of its name (so a linker does not take it for the real one). Nothing moves, no code changes.
"""
import struct
import sys

SHT_DYNSYM, STV_HIDDEN, SYMBOL_SIZE = 11, 2, 24
FOREIGN_NAMESPACES = (b"8simdjson", b"3re2", b"6apache6thrift")
OWN_NAMESPACES = (b"5arrow", b"7parquet")


def is_foreign(name):
    if name.startswith(b"_Z"):
        return any(n in name for n in FOREIGN_NAMESPACES) and not any(n in name for n in OWN_NAMESPACES)
    return not name.startswith((b"arrow", b"parquet", b"_", b"Absl"))


def hide(path):
    with open(path, "rb") as file:
        elf = bytearray(file.read())
    if elf[:6] != b"\x7fELF\x02\x01":
        raise SystemExit(f"{path}: not a 64-bit little-endian ELF file")
    table, = struct.unpack_from("<Q", elf, 40)
    entry_size, count = struct.unpack_from("<HH", elf, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", elf, table + i * entry_size) for i in range(count)]
    symbols = next(s for s in sections if s[1] == SHT_DYNSYM)
    names = sections[symbols[6]][4]
    hidden = 0
    for at in range(symbols[4], symbols[4] + symbols[5], SYMBOL_SIZE):
        name_at, info, other, section = struct.unpack_from("<IBBH", elf, at)
        if section == 0 or info >> 4 == 0 or other & 3:
            continue   # undefined, local, or no longer of default visibility
        if is_foreign(bytes(elf[names + name_at:elf.index(b"\0", names + name_at)])):
            struct.pack_into("<I", elf, at, name_at + 1)   # linkers go by the name, the loader by the visibility
            elf[at + 5] = other | STV_HIDDEN
            hidden += 1
    with open(path, "wb") as file:
        file.write(elf)
    return hidden


for library in sys.argv[1:]:
    print(f"-- {library.rsplit('/', 1)[-1]}: {hide(library)} foreign symbols hidden")
