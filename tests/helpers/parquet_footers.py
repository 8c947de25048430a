"""Change what a Parquet file says of itself: numbers of its footer and of the header of a page.

Both are structs of Thrift's compact protocol.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def number(value: int) -> bytes:
    return varint((value << 1) ^ (value >> 63))


def changed(data: bytes, path: tuple[int, ...], value: int) -> bytes:
    """A struct with one of its numbers changed; path: field of the struct, place in a list..., number's field."""
    start, end = find(data, 0, path)
    return data[:start] + number(value) + data[end:]


def find(data: bytes, place: int, path: tuple[int, ...]) -> tuple[int, int]:
    """Where the number at a path lies in a struct that begins at a place."""
    field = 0
    while head := data[place]:
        place += 1
        assert head >> 4, "short form alone"
        field, kind = field + (head >> 4), head & 15
        if field == path[0]:
            return within(data, place, kind, path[1:])
        place = after(data, place, kind)
    raise AssertionError(f"no field {path}")


def within(data: bytes, place: int, kind: int, path: tuple[int, ...]) -> tuple[int, int]:
    if not path:
        return place, after(data, place, kind)
    if kind == 12:
        return find(data, place, path)
    assert kind == 9
    count, place = data[place] >> 4, place + 1
    kind = data[place - 1] & 15
    if count == 15:
        count, place = unsigned(data, place)
    for _ in range(path[0]):
        place = after(data, place, kind)
    return within(data, place, kind, path[1:])


def unsigned(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, place = data[place], place + 1
        value, shift = value | (byte & 127) << shift, shift + 7
        if byte < 128:
            return value, place


def after(data: bytes, place: int, kind: int) -> int:
    if kind in (1, 2):
        return place
    if kind == 3:
        return place + 1
    if kind in (4, 5, 6):
        return unsigned(data, place)[1]
    if kind == 8:
        length, place = unsigned(data, place)
        return place + length
    if kind == 9:
        head, place = data[place], place + 1
        count = head >> 4
        if count == 15:
            count, place = unsigned(data, place)
        for _ in range(count):
            place = after(data, place, head & 15)
        return place
    assert kind == 12
    while head := data[place]:
        place = after(data, place + 1, head & 15)
    return place + 1


def footer(file: Path) -> tuple[bytes, bytes]:
    data = file.read_bytes()
    (length,) = struct.unpack("<i", data[-8:-4])
    return data[: -8 - length], data[-8 - length : -8]


def with_footer(file: Path, *changes: tuple[tuple[int, ...], int]) -> None:
    """Change numbers of a file's footer: (2: schema, 3: rows, 4: row groups)."""
    body, foot = footer(file)
    for path, value in changes:
        foot = changed(foot, path, value)
    file.write_bytes(body + foot + struct.pack("<i", len(foot)) + b"PAR1")


def with_page(file: Path, column: int, change: Callable[[bytes], bytes]) -> None:
    """Change the header of a column's first page; all else stays as it is."""
    chunk = pq.read_metadata(file).row_group(0).column(column)
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        start = min(start, chunk.dictionary_page_offset)
    data = file.read_bytes()
    length = after(data, start, 12) - start
    header = change(data[start : start + length])
    body, foot = footer(file)
    body = body[:start] + header + body[start + length :]
    file.write_bytes(body + foot + struct.pack("<i", len(foot)) + b"PAR1")
