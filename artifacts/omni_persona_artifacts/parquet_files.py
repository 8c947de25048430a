"""Write Parquet files, and read those that may be somebody else's, unless they would take too much memory.

A file of some kilobytes can hold one long text and ten million references to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MOST_BYTES = 1 << 30
"""Maximum size of the texts of a table once repetitions are unpacked; those of the published benchmark take 20 MB."""


MOST_ROWS = 10_000_000
MOST_GROUP_BYTES = 1 << 30
MOST_VALUES = 50_000_000
"""Limits of a Parquet file of a dataset: rows, bytes of a row group, and values of a column in a row group. The builder
writes row groups of about 100 MB."""


class ParquetWriter(pq.ParquetWriter):
    """Writes a Parquet file; one that could not be finished, as on a full disk, is not written to again."""

    def __del__(self) -> None:
        """Leave the file as it is: pyarrow would try to finish it, and print a traceback if that fails."""


def open_parquet(file: str | Path) -> pq.ParquetFile:
    """Open a Parquet file of a dataset, and keep texts and media dictionary-encoded: repetitions are not unpacked.

    Raises `ValueError` if the file says that it holds more than the limits above, before anything of it is read, and
    what pyarrow raises for a file that is not Parquet.
    """
    if not Path(file).is_file():
        raise ValueError(f"{file}: expected a Parquet file of a dataset, got no regular file")
    about = pq.read_metadata(file)
    groups = [about.row_group(index) for index in range(about.num_row_groups)]
    largest = max((group.total_byte_size for group in groups), default=0)
    columns = [group.column(index) for group in groups for index in range(group.num_columns)]
    most = max((column.num_values for column in columns), default=0)
    if about.num_rows > MOST_ROWS or largest > MOST_GROUP_BYTES or most > MOST_VALUES:
        raise ValueError(
            f"{file}: expected at most {MOST_ROWS:,} rows, row groups of at most {MOST_GROUP_BYTES >> 20:,} MiB, and "
            f"{MOST_VALUES:,} values a column, got {about.num_rows:,} rows, {largest >> 20:,} MiB and {most:,} values"
        )
    leaves = [about.schema.column(index) for index in range(about.num_columns)]
    return pq.ParquetFile(file, read_dictionary=[leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"])


def read_columns(parquet: pq.ParquetFile, columns: Sequence[str] | None = None) -> pa.Table:
    """Some columns of a file from `open_parquet`, or all of them.

    One row group after the other, because pyarrow does not read lists of dictionary-encoded texts across several.
    """
    names = None if columns is None else list(columns)
    groups = [parquet.read_row_group(index, columns=names) for index in range(parquet.num_row_groups)]
    return pa.concat_tables(groups) if groups else parquet.read(columns=names)


def unpacked_rows(table: pa.Table, what: object) -> list[dict[str, Any]]:
    """The rows of a table as Python objects. Raises what `require_unpackable` raises."""
    require_unpackable(table, what)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def require_unpackable(table: pa.Table, what: object) -> None:
    """Raise `ValueError` if a table's texts would take more than `MOST_BYTES` once unpacked.

    what: the file, for the message.
    """
    size = sum(unpacked_bytes(chunk) for column in table.columns for chunk in column.chunks)
    if size > MOST_BYTES:
        raise ValueError(f"{what}: expected at most {MOST_BYTES >> 20:,} MiB of texts, got {size >> 20:,} MiB unpacked")


def unpacked_bytes(array: pa.Array) -> int:
    """Bytes of an array's texts and binary values, each counted as often as it occurs."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        if not _has_length(kind.value_type):
            return 0
        lengths = pc.binary_length(array.dictionary)
        return int(pc.sum(pc.cast(pc.take(lengths, array.indices), pa.int64())).as_py() or 0)
    if _has_length(kind):
        return int(pc.sum(pc.cast(pc.binary_length(array), pa.int64())).as_py() or 0)
    if pa.types.is_struct(kind):
        return sum(unpacked_bytes(array.field(index)) for index in range(kind.num_fields))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return unpacked_bytes(array.flatten())
    return 0


def _has_length(kind: pa.DataType) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(test(kind) for test in tests)
