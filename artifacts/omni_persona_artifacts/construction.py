"""The side file `data/construction.parquet`: how each item was constructed. No model is ever shown it.

One row for each item and context. The builder writes it; `omni-persona check` reads it to see that what is absent is
truly absent, and a report to show how similar the people of an item are.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

MODALITIES = ("face", "voice", "text")
"""Modalities in which people are compared."""

FILE = "data/construction.parquet"

ROWS_AT_ONCE = 4096
"""Rows that wait in memory."""

Placed = dict[str, Any]
"""How one context of one item was filled: the columns of `SCHEMA`."""
Construction = dict[str, list[Placed]]
"""Item -> its contexts, in their order."""

SCHEMA = pa.schema(
    [
        ("augmented_id", pa.string()),
        ("concept_id", pa.string()),
        ("person", pa.string()),  # the pool's id of who stands there
        ("queried_person", pa.string()),  # the pool's id of who is asked about
        ("cue", pa.string()),  # what describes the queried person (T2T), or was said (T2Any)
        ("withheld", pa.string()),  # the true value of an absent attribute, where the pool knows it
        ("transcript", pa.string()),  # what the context's clip says
        ("states_asked", pa.bool_()),  # whether the context's note states what is asked
        ("stated_value", pa.string()),  # what the context's note states for the asked field; null where it is silent
        ("stated", pa.list_(pa.string())),  # the fields that the context's note states
        *(
            (f"{modality}_{figure}", kind)
            for modality in MODALITIES
            for figure, kind in (("similarity", pa.float32()), ("rank", pa.int32()))
        ),  # to the queried person: cosine, and 0 for the nearest of the people beside them
        ("generated", pa.bool_()),  # whether a model wrote the queried person's value of what is asked
    ]
)


class ConstructionFile:
    """Writes the side file into a dataset folder, a part at a time."""

    def __init__(self, folder: Path) -> None:
        """folder: that of the dataset; its `data` folder is there."""
        self._file = pq.ParquetWriter(folder / FILE, SCHEMA)
        self._rows: list[Placed] = []

    def add(self, rows: Iterable[Placed]) -> None:
        """Append rows."""
        self._rows.extend(rows)
        if len(self._rows) >= ROWS_AT_ONCE:
            self._write()

    def close(self) -> None:
        """Write what is left, and end the file."""
        self._write()
        self._file.close()

    def _write(self) -> None:
        self._file.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
        self._rows = []


def read_construction(folder: Path) -> Construction | None:
    """The rows of each item in the order of its contexts, or None where the folder has no such file."""
    if not (folder / FILE).is_file():
        return None
    items: Construction = {}
    for row in pq.read_table(folder / FILE, schema=SCHEMA).to_pylist():
        items.setdefault(row["augmented_id"], []).append(row)
    return items
