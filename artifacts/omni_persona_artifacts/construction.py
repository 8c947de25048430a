"""The side file `data/construction.parquet`: how each item was constructed. Never shown to a model.

One row per item and context. The builder writes it; `omni-persona check` reads it to verify that absent facts are
truly absent, and the report reads it to show how similar the people of an item are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from omni_persona_artifacts.arrow_values import arrow_table
from omni_persona_artifacts.parquet_files import (
    ParquetWriter,
    as_parquet,
    open_parquet,
    read_columns,
    require_unpackable,
)
from omni_persona_artifacts.row_groups import shared_rows

MODALITIES = ("face", "voice", "text")
"""Modalities in which people are compared."""

FILE = "data/construction.parquet"

SIDE_FILE = "the side file of a dataset, as `omni-persona build` writes it"
"""What the file should be, for errors."""

ROWS_AT_ONCE = 4096
"""Rows buffered in memory before they are written."""

Placed = dict[str, Any]
"""How one context of one item was filled; the fields are the columns of `SCHEMA`."""
Construction = dict[str, list[Placed]]
"""Item ID -> its contexts, in order."""

SCHEMA = pa.schema(
    [
        ("augmented_id", pa.string()),
        ("concept_id", pa.string()),
        ("person", pa.string()),  # pool ID of the person in this context
        ("queried_person", pa.string()),  # pool ID of the person asked about
        ("cue", pa.string()),  # description (T2T) or quotation (T2Any) that identifies the queried person
        ("withheld", pa.string()),  # true value of an absent attribute, if the pool knows it
        ("transcript", pa.string()),  # transcript of the context's clip
        ("states_asked", pa.bool_()),  # whether the context's note states what is asked
        ("stated_value", pa.string()),  # value of the asked field in the context's note; null if not stated
        ("stated", pa.list_(pa.string())),  # the fields that the context's note states
        *(
            (f"{modality}_{figure}", kind)
            for modality in MODALITIES
            for figure, kind in (("similarity", pa.float32()), ("rank", pa.int32()))
        ),  # similarity to the queried person: cosine, and 0 for the nearest of the people in the other contexts
        ("exempt", pa.bool_()),  # whether the missing person is exempt from rules that the others meet
        ("generated", pa.bool_()),  # whether a model wrote the queried person's value of the asked field
        (
            "leak",
            pa.float32(),
        ),  # how surely a shortcut solves the item: 0 for a guess, 1 for certainty; null if unknown
        ("leak_by", pa.string()),  # the shortcut; null if none does better than a guess
        # SHA-256, in hex, of the pool's media that were equalised for this context and, on an item's first row, for
        # its query; null if they are the pool's own
        ("made_from", pa.list_(pa.string())),
    ]
)


class ConstructionFile:
    """Writes the side file into a dataset folder, in batches."""

    def __init__(self, folder: Path) -> None:
        """folder: the dataset folder; its `data` subfolder must exist."""
        self._file = ParquetWriter(folder / FILE, SCHEMA)
        self._rows: list[Placed] = []

    def add(self, rows: Iterable[Placed]) -> None:
        """Append rows."""
        self._rows.extend(rows)
        if len(self._rows) >= ROWS_AT_ONCE:
            self._write()

    def close(self) -> None:
        """Write the remaining rows and close the file."""
        self._write()
        self._file.close()

    def _write(self) -> None:
        self._file.write_table(arrow_table(self._rows, SCHEMA))
        self._rows = []


def with_leaks(folder: Path, leaks: Mapping[str, tuple[float, str]]) -> bytes:
    """The content of a folder's side file with the leak of each item and the shortcut that it is by; other items keep
    theirs.
    """
    table = _read_table(folder / FILE)
    require_unpackable(table, folder / FILE)
    table = table.cast(SCHEMA)
    known = zip(*(table[name].to_pylist() for name in ("augmented_id", "leak", "leak_by")), strict=True)
    rows = [leaks.get(item, (leak, by)) for item, leak, by in known]
    for name, values in (("leak", [leak for leak, _ in rows]), ("leak_by", [by or None for _, by in rows])):
        place = SCHEMA.get_field_index(name)
        table = table.set_column(place, SCHEMA.field(name), pa.array(values, SCHEMA.field(name).type))
    return as_parquet(table)


def read_construction(folder: Path, columns: Sequence[str] | None = None) -> Construction | None:
    """Read each item's rows in the order of its contexts; None if the folder has no such file.

    columns: the columns to read besides `augmented_id`; None reads all of them.
    """
    if not (folder / FILE).is_file():
        return None
    items: Construction = {}
    for row in shared_rows(_read_table(folder / FILE, columns), folder / FILE):
        items.setdefault(row["augmented_id"], []).append(row)
    return items


def excluded_by(construction: Construction) -> tuple[set[str], set[str]]:
    """The people of a dataset by their pool IDs, and the SHA-256, in hex, of pool media that were equalised for it."""
    rows = [row for placed in construction.values() for row in placed]
    people = {str(row[column]) for row in rows for column in ("person", "queried_person") if row[column]}
    return people, {digest for row in rows for digest in row["made_from"] or () if isinstance(digest, str)}


def _read_table(file: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The side file with some columns of `SCHEMA`, or all of them. Raises `ValueError` that names it if it is none."""
    wanted = SCHEMA.names if columns is None else ["augmented_id", *columns]
    try:
        parquet = open_parquet(file, SIDE_FILE)
        there = set(parquet.schema_arrow.names)
        table = read_columns(parquet, None if columns is None else [name for name in wanted if name in there])
        return _with_columns(table, wanted)
    except (pa.ArrowException, TypeError) as error:
        cause = " ".join(str(error).split())[:200]
        raise ValueError(f"{file}: expected {SIDE_FILE}, got: {cause}") from None


def _with_columns(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Columns of `SCHEMA`; those that the file of an earlier version lacks are null."""
    columns = {
        name: _of_type(table[name], SCHEMA.field(name).type)
        if name in table.column_names
        else pa.nulls(table.num_rows, SCHEMA.field(name).type)
        for name in names
    }
    return pa.table(columns)


def _of_type(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    # Texts stay dictionary-encoded, so that repetitions are not unpacked.
    texts = pa.types.is_dictionary(column.type) and column.type.value_type == kind
    return column if texts or pa.types.is_list(kind) else column.cast(kind)
