"""Check a Parquet file's pages against its footer before anything is read by it.

A footer says where the chunks of columns lie and how large they are once unpacked; the header of each page says the
same of the page, and memory is taken by both. Either may lie. The headers are read here, which takes no memory: they
are structs of Thrift's compact protocol, as `parquet.thrift` defines them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow.parquet as pq

_WINDOWS = (1 << 10, 1 << 16, 1 << 20, 1 << 24)
"""Bytes read at once for a header: headers are short, unless they have statistics of long values."""

_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
"""Types of pages."""
_VALUES = {_DATA: (5, 1), _DICTIONARY: (7, 1), _DATA_V2: (8, 1)}
"""Type of page -> fields of its header and, in that, of the number of values."""
_ENCODINGS = {_DATA: (5, 2), _DICTIONARY: (7, 2), _DATA_V2: (8, 4)}
"""Type of page -> fields of its header and, in that, of the encoding of values."""

_DELTA_BYTE_ARRAY = 7
"""An encoding in which a value repeats the beginning of the one before: a page may unpack to any size."""

_MOST_FIELDS = 200
_DEEPEST = 8


@dataclass(frozen=True)
class Size:
    """What reading a chunk of a column takes."""

    n_values: int
    bytes: int
    """Bytes of its pages once unpacked."""


def chunk_size(opened: BinaryIO, end: int, chunk: pq.ColumnChunkMetaData) -> Size:
    """The size of a chunk by the headers of its pages.

    end: where the file's footer begins. Raises `ValueError` if the chunk or a page lies outside of the file, or if the
    pages are not as the footer says.
    """
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset and chunk.dictionary_page_offset > 0:
        start = min(start, chunk.dictionary_page_offset)
    last = start + chunk.total_compressed_size
    name = chunk.path_in_schema
    if chunk.num_values == 0 and 0 <= chunk.total_compressed_size <= end:
        return Size(0, 0)  # some writers give it no place
    if not 4 <= start <= last <= end:
        raise ValueError(f"its column {name} is said to lie at bytes {start:,} to {last:,} of {end:,}")
    n_values = size = 0
    for page in _pages(opened, start, last, name):
        if page.encoding == _DELTA_BYTE_ARRAY:
            raise ValueError(f"its column {name} has an encoding that is not read: DELTA_BYTE_ARRAY")
        size += page.bytes
        n_values += 0 if page.kind == _DICTIONARY else page.n_values
        if page.kind != _DICTIONARY and n_values >= chunk.num_values:
            break  # what follows is not read
    if n_values != chunk.num_values:
        raise ValueError(f"its column {name} is said to have {chunk.num_values:,} values, its pages have {n_values:,}")
    return Size(n_values, size)


@dataclass(frozen=True)
class _Page:
    kind: int
    n_values: int
    bytes: int
    encoding: int


def _pages(opened: BinaryIO, place: int, last: int, name: str) -> Iterator[_Page]:
    """The pages of a chunk, in order."""
    while place < last:
        header, length = _header(opened, place, last, name)
        kind, packed, unpacked = header.get(1), header.get(3), header.get(2)
        if not isinstance(kind, int) or not isinstance(packed, int) or not isinstance(unpacked, int):
            raise ValueError(f"its column {name} has no page at byte {place:,}")
        if packed < 0 or unpacked < 0 or place + length + packed > last:
            raise ValueError(f"a page of its column {name} is said to have {packed:,} bytes, {unpacked:,} unpacked")
        if kind in _VALUES:
            n_values, encoding = (_inner(header, fields) for fields in (_VALUES[kind], _ENCODINGS[kind]))
            if n_values < 0:
                raise ValueError(f"a page of its column {name} is said to have {n_values:,} values")
            yield _Page(kind, n_values, max(packed, unpacked), encoding)
        place += length + packed


def _inner(header: dict[int, Any], fields: tuple[int, int]) -> int:
    inner = header.get(fields[0])
    value = inner.get(fields[1]) if isinstance(inner, dict) else None
    return value if isinstance(value, int) else -1


def _header(opened: BinaryIO, place: int, last: int, name: str) -> tuple[dict[int, Any], int]:
    """The header of a page, and its length."""
    for window in _WINDOWS:
        opened.seek(place)
        data = opened.read(min(window, last - place))
        try:
            return _struct(data, 0, 0)
        except IndexError:  # longer than that
            continue
        except ValueError:
            break
    raise ValueError(f"its column {name} has no page at byte {place:,}")


# ---- Thrift's compact protocol


def _struct(data: bytes, place: int, depth: int) -> tuple[dict[int, Any], int]:
    """Field number -> value of a struct: numbers, structs, and None for anything else; and where the struct ends.

    Raises `IndexError` if the data end before it does, `ValueError` if it is no struct.
    """
    if depth > _DEEPEST:
        raise ValueError("too deep")
    found: dict[int, Any] = {}
    number = 0
    for _ in range(_MOST_FIELDS):
        head, place = data[place], place + 1
        if head == 0:
            return found, place
        if head >> 4:
            number += head >> 4
        else:
            number, place = _number(data, place)
        found[number], place = _value(data, place, head & 15, depth)
    raise ValueError("too many fields")


def _value(data: bytes, place: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (1, 2):  # true and false
        return None, place
    if kind == 3:
        return None, place + 1
    if kind in (4, 5, 6):
        return _number(data, place)
    if kind == 7:
        return None, place + 8
    if kind == 8:
        length, place = _unsigned(data, place)
        if place + length > len(data):
            raise IndexError
        return None, place + length
    if kind in (9, 10):
        head, place = data[place], place + 1
        count, of = head >> 4, head & 15
        if count == 15:
            count, place = _unsigned(data, place)
        for _ in range(count):
            # In a list, each boolean takes a byte.
            _, place = (None, place + 1) if of in (1, 2) else _value(data, place, of, depth + 1)
        return None, place
    if kind == 12:
        return _struct(data, place, depth + 1)
    raise ValueError("no such type")


def _unsigned(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, place = data[place], place + 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, place
        if shift > 63:
            raise ValueError("too long a number")


def _number(data: bytes, place: int) -> tuple[int, int]:
    value, place = _unsigned(data, place)
    return (value >> 1) ^ -(value & 1), place
