"""Write Parquet files, and read those that may be somebody else's, unless they would take too much memory.

A file of some kilobytes can hold one long text and ten million references to it, or say so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from omni_persona_artifacts.data_files import DATASET_FILE, MOST_ROWS
from omni_persona_artifacts.files import open_regular
from omni_persona_artifacts.parquet_pages import chunk_size

_LONGEST_SHOWN = 400
"""Maximum length of an error message of pyarrow's that is shown."""

MOST_BYTES = 1 << 30
"""Maximum size of the texts of a table once repetitions are unpacked; those of the published benchmark take 20 MB."""
MOST_UNPACKED = 30_000_000
"""Maximum number of values of a table once unpacked to Python objects."""

MOST_CHUNKS = 100_000
MOST_GROUP_BYTES = 1 << 30
MOST_VALUES = 50_000_000
"""Limits of a Parquet file of a dataset: chunks of columns; and bytes and values of all columns of a row group. The
builder writes row groups of about 100 MB."""


BLOCK_BYTES = 1 << 18
"""Bytes that are written at once, and hashed while the processor still has them; for a page of 50 MB written at once,
Linux takes up to nine times the time, and for 1 MB often twice the time.
"""

# Paths are given to pyarrow from the root on: it takes a `~` at their beginning for the home.


class HashedFile:
    """A new file that is hashed while it is written, as pyarrow writes it: in order."""

    def __init__(self, file: Path) -> None:
        self._file, self._digest = file.open("wb"), hashlib.sha256()
        self.n_bytes = 0

    def write(self, data: Any) -> int:
        """Write bytes, or anything that holds them."""
        content = memoryview(data).cast("B")
        for start in range(0, len(content), BLOCK_BYTES):
            block = content[start : start + BLOCK_BYTES]
            self._file.write(block)
            self._digest.update(block)
        self.n_bytes += len(content)
        return len(content)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    @property
    def closed(self) -> bool:
        return self._file.closed

    @property
    def sha256(self) -> str:
        """SHA-256 of what is written so far, in hex."""
        return self._digest.hexdigest()


class ParquetWriter(pq.ParquetWriter):
    """Writes a Parquet file; one that could not be finished, as on a full disk, is not written to again."""

    def __init__(self, where: Path | HashedFile, schema: pa.Schema, **options: Any) -> None:
        """options: of pyarrow's class."""
        super().__init__(where.absolute() if isinstance(where, Path) else where, schema, **options)

    def __del__(self) -> None:
        """Leave the file as it is: pyarrow would try to finish it, and print a traceback if that fails."""


def as_parquet(table: pa.Table) -> bytes:
    """A table as the content of a Parquet file: written at once, a full disk leaves no writer behind that complains."""
    stored = pa.BufferOutputStream()
    pq.write_table(table, stored)
    return bytes(stored.getvalue())


class ParquetFile(pq.ParquetFile):
    """A Parquet file of which a row group is read only if its pages are as its footer says, and within the limits."""

    def __init__(self, file: Path, what: str, **options: Any) -> None:
        """what: what the file should be, for errors. options: of pyarrow's class."""
        super().__init__(file.absolute(), **options)
        self._file, self._what = file, what

    def read_row_group(self, index: int, *args: Any, **options: Any) -> pa.Table:
        """A row group, or some columns of it. Raises `ValueError` that names the file."""
        try:
            self._require_honest(index)
            return super().read_row_group(index, *args, **options)
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            raise _no_such_file(self._file, self._what, error) from None

    def _require_honest(self, index: int) -> None:
        group = self.metadata.row_group(index)
        size = n_values = 0
        end = self._file.stat().st_size - _FOOTER_END - self.metadata.serialized_size
        with open_regular(self._file) as opened:
            for place in range(group.num_columns):
                chunk, leaf = group.column(place), self.metadata.schema.column(place)
                found = chunk_size(opened, end, chunk)
                if leaf.max_repetition_level == 0 and found.n_values != group.num_rows:
                    raise ValueError(
                        f"its column {leaf.path} has {found.n_values:,} values for {group.num_rows:,} rows"
                    )
                n_values += found.n_values
                # A value of fixed length takes its room even where it is null.
                size += found.bytes + found.n_values * max(leaf.length or 0, 0)
                _require_within(size, n_values)


_FOOTER_END = 8
"""Bytes after a footer: its length, and `PAR1`."""


def open_parquet(file: str | Path, what: str = DATASET_FILE, *, most_rows: int = MOST_ROWS) -> ParquetFile:
    """Open a Parquet file of a dataset, and keep texts and media dictionary-encoded: repetitions are not unpacked.

    what: what the file should be, for errors. most_rows: its limit of rows.
    Raises `ValueError` if it is not Parquet, or says that it holds more than the limits above, before anything of it
    is read.
    """
    file = Path(file)
    if not file.is_file():
        raise ValueError(f"{file}: expected {what}, got no regular file")
    try:
        about = pq.read_metadata(file.absolute())
        if about.num_rows > most_rows or about.num_row_groups * about.num_columns > MOST_CHUNKS:
            raise ValueError(
                f"expected at most {most_rows:,} rows and {MOST_CHUNKS:,} chunks of columns, got {about.num_rows:,} "
                f"rows and {about.num_row_groups * about.num_columns:,} chunks"
            )
        groups = [about.row_group(index) for index in range(about.num_row_groups)]
        if any(group.num_rows < 0 for group in groups) or sum(group.num_rows for group in groups) != about.num_rows:
            raise ValueError(f"its footer says {about.num_rows:,} rows, and other numbers for its row groups")
        for group in groups:
            columns = [group.column(index) for index in range(group.num_columns)]
            _require_within(group.total_byte_size, sum(column.num_values for column in columns))
        leaves = [about.schema.column(index) for index in range(about.num_columns)]
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
        parquet = ParquetFile(file, what, read_dictionary=texts)
        if any(map(_has_fixed_lists, parquet.schema_arrow.types)):
            raise ValueError("it has lists of a fixed length, of which the rows of a dataset have none")
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _no_such_file(file, what, error) from None
    return parquet


def _require_within(size: int, n_values: int) -> None:
    """Raise `ValueError` if a row group is over the limits."""
    if size > MOST_GROUP_BYTES or n_values > MOST_VALUES:
        raise ValueError(
            f"expected row groups of at most {MOST_GROUP_BYTES >> 20:,} MiB and {MOST_VALUES:,} values, got at least "
            f"{size >> 20:,} MiB and {n_values:,} values"
        )


def _has_fixed_lists(kind: pa.DataType) -> bool:
    """Whether a type has lists of a fixed length, of which each takes its room even where it is null."""
    return pa.types.is_fixed_size_list(kind) or any(
        _has_fixed_lists(kind.field(index).type) for index in range(kind.num_fields)
    )


def _no_such_file(file: Path, what: str, error: Exception) -> ValueError:
    cause = " ".join(str(error).split())[:_LONGEST_SHOWN] or "too little memory for it"
    return ValueError(f"{file}: expected {what}, got: {cause}")


def read_columns(parquet: ParquetFile, columns: Sequence[str] | None = None) -> pa.Table:
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
    """Raise `ValueError` if a table's texts would take more than `MOST_BYTES` as Python objects.

    what: the file, for the message.
    """
    size, n_values = unpacked_size(table)
    if size > MOST_BYTES:
        raise ValueError(f"{what}: expected at most {MOST_BYTES >> 20:,} MiB of texts, got {size >> 20:,} MiB unpacked")
    if n_values > MOST_UNPACKED:
        raise ValueError(f"{what}: expected at most {MOST_UNPACKED:,} values, got {n_values:,}")


def unpacked_size(table: pa.Table) -> tuple[int, int]:
    """Bytes of a table's texts and binary values, and the number of its values, once unpacked to Python objects."""
    chunks = [chunk for column in table.columns for chunk in column.chunks]
    return sum(map(unpacked_bytes, chunks)), sum(map(_n_values, chunks))


def _n_values(array: pa.Array) -> int:
    """The number of Python objects that an array becomes."""
    kind = array.type
    if pa.types.is_struct(kind):
        return len(array) + sum(_n_values(array.field(index)) for index in range(kind.num_fields))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return len(array) + _n_values(array.flatten())
    return len(array)


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
