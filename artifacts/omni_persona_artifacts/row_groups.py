"""The rows of a row group as Python objects, with each text, picture and clip once, however many rows and columns hold
it.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from omni_persona_artifacts.parquet_files import MOST_BYTES, require_unpackable, unpacked_size

_AHEAD = 64
"""Rows that are unpacked together where rows are read one after the other; that takes a quarter of the time."""
_AHEAD_BYTES = 1 << 26
_AHEAD_VALUES = 1_000_000
"""Limits of what is unpacked together: bytes of texts, and values."""
_KEPT_BYTES = 1 << 28
"""Maximum size of the texts and media that are kept for the rows that follow."""

_Fill: TypeAlias = Callable[[Any], Any]
"""Turns the numbers of texts and media in a Python object into the texts and media."""
_Holds: TypeAlias = Callable[[pa.DataType], bool]
"""Whether values of a type are replaced by numbers."""


class RowGroup:
    """The rows of a table whose texts and media are dictionary-encoded, as `open_parquet` reads them."""

    def __init__(self, table: pa.Table, what: object) -> None:
        """what: the file, for errors."""
        self._table, self._what = table, what
        self._kept = _Kept(_is_text_or_medium)
        fills = {field.name: _fill_of(field.type, self._kept.of) for field in table.schema}
        self._fills = {name: fill for name, fill in fills.items() if fill is not None}
        self._numbered = self._kept.numbered(table)
        # Of the same size as rows whose media are not unpacked.
        self._without_media = _Kept(_is_medium).numbered(table)
        self._rows: dict[int, dict[str, Any]] = {}
        self._last = -1

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def row(self, place: int) -> dict[str, Any]:
        """A row as `to_pylist` gives it. Raises `ValueError` for a row over the limits of `require_unpackable`."""
        if place not in self._rows:
            self._rows = self._unpacked(place, self._n_together(place))
        self._last = place
        return self._rows[place]

    def _n_together(self, place: int) -> int:
        """The number of rows to unpack: one, unless rows are read in their order and are small."""
        if place != self._last + 1:
            return 1
        size, n_values = unpacked_size(self._table.slice(place, _AHEAD))
        # The size of media matters only as far as a row may be over the limit: they are not unpacked with each row.
        if size > MOST_BYTES or n_values > _AHEAD_VALUES:
            return 1
        return _AHEAD if unpacked_size(self._without_media.slice(place, _AHEAD))[0] <= _AHEAD_BYTES else 1

    def _unpacked(self, place: int, n: int) -> dict[int, dict[str, Any]]:
        """Place -> row, of n rows."""
        if n == 1:
            require_unpackable(self._table.slice(place, 1), self._what)
        rows: list[dict[str, Any]] = self._numbered.slice(place, n).to_pylist()
        for row in rows:
            row |= {name: fill(row[name]) for name, fill in self._fills.items()}
        return dict(enumerate(rows, start=place))


def shared_rows(table: pa.Table, what: object) -> list[dict[str, Any]]:
    """The rows of a table as `unpacked_rows` gives them, with each text and medium once. Raises what it raises."""
    require_unpackable(table, what)
    kept = _Kept(_is_text_or_medium)
    rows: list[dict[str, Any]] = kept.numbered(table).to_pylist()
    fills = [(field.name, fill) for field in table.schema if (fill := _fill_of(field.type, kept.of)) is not None]
    for row in rows:
        for name, fill in fills:
            row[name] = fill(row[name])
    return rows


class _Kept:
    """The dictionary-encoded values of a table, each of which becomes one Python object."""

    def __init__(self, is_kept: _Holds) -> None:
        """is_kept: whether values of a type are among them."""
        self._is_kept = is_kept
        self._dictionaries: list[pa.Array] = []
        self._starts: list[int] = []
        self._n = 0
        self._kept: dict[int, bytes | str] = {}
        self._same: dict[bytes | str, bytes | str] = {}
        self._kept_bytes = 0

    def numbered(self, table: pa.Table) -> pa.Table:
        """The table with a number in place of each value."""
        columns = [
            pa.chunked_array([self._array(chunk) for chunk in column.chunks]) if column.num_chunks else column
            for column in table.columns
        ]
        return pa.table(columns, names=table.column_names)

    def _array(self, array: pa.Array) -> pa.Array:
        kind = array.type
        if not _holds(kind, self._is_kept):
            return array
        if pa.types.is_dictionary(kind):
            self._dictionaries.append(array.dictionary)
            self._starts.append(self._n)
            self._n += len(array.dictionary)
            return pc.add(pc.cast(array.indices, pa.int64()), _scalar(self._starts[-1]))
        nulls = array.is_null()
        if pa.types.is_struct(kind):
            children = [self._array(array.field(index)) for index in range(kind.num_fields)]
            return pa.StructArray.from_arrays(children, names=[field.name for field in kind], mask=nulls)
        if array.offset:
            array = pa.concat_arrays([array.slice(0, 0), array])
        return type(array).from_arrays(array.offsets, self._array(array.values), mask=nulls)

    def of(self, number: int | None) -> bytes | str | None:
        """The value of a number."""
        if number is None:
            return None
        if number not in self._kept:
            place = bisect_right(self._starts, number) - 1
            value: bytes | str | None = self._dictionaries[place][number - self._starts[place]].as_py()
            if value is None:
                return None
            if self._kept_bytes > _KEPT_BYTES:
                self._kept, self._same, self._kept_bytes = {}, {}, 0
            self._kept_bytes += 0 if value in self._same else len(value)
            # Columns have dictionaries of their own, which may hold the same value.
            self._kept[number] = self._same.setdefault(value, value)
        return self._kept[number]


def _scalar(number: int) -> pa.Scalar:
    """A number from its bytes: before pyarrow converts a Python number, it imports pandas."""
    return pa.Array.from_buffers(pa.int64(), 1, [None, pa.py_buffer(number.to_bytes(8, sys.byteorder))])[0]


def _is_medium(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_text_or_medium(kind: pa.DataType) -> bool:
    return _is_medium(kind) or bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _holds(kind: pa.DataType, is_kept: _Holds) -> bool:
    """Whether arrays of a type hold dictionary-encoded values of some types."""
    if pa.types.is_dictionary(kind):
        return is_kept(kind.value_type)
    if pa.types.is_struct(kind):
        return any(_holds(field.type, is_kept) for field in kind)
    return (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and _holds(kind.value_type, is_kept)


def _fill_of(kind: pa.DataType, value_of: _Fill) -> _Fill | None:
    """What turns the numbers in objects of a type into texts and media; None where a type holds none."""
    if not _holds(kind, _is_text_or_medium):
        return None
    if pa.types.is_dictionary(kind):
        return value_of
    if pa.types.is_struct(kind):
        inner = {field.name: fill for field in kind if (fill := _fill_of(field.type, value_of)) is not None}

        def in_fields(value: Any) -> Any:
            return value if value is None else value | {name: fill(value[name]) for name, fill in inner.items()}

        return in_fields
    each = _fill_of(kind.value_type, value_of)

    def in_list(values: Any) -> Any:
        return values if values is None or each is None else [each(value) for value in values]

    return in_list
