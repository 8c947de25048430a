"""The rows of a Parquet row group, in which every medium is stored once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from omni_persona_artifacts.arrow_values import arrow_array
from omni_persona_artifacts.row_schema import row_schema


class Stored(Protocol):
    """A medium that is read only when it is written."""

    @property
    def digest(self) -> str:
        """SHA-256 of its content, in hex."""

    @property
    def suffix(self) -> str:
        """The file suffix for its content, with the dot."""

    @property
    def size(self) -> int:
        """Size of its content in bytes."""

    def read(self) -> bytes:
        """Returns its content."""

    def read_into(self, room: memoryview) -> None:
        """Copies its content into `room`, which has its size."""


Row = dict[str, Any]
"""A row of the dataset, with a `Stored` in place of each medium's bytes and name."""


def media_name(medium: Stored) -> str:
    """A medium's name in the dataset: a hash of its content, because the original name may identify the person."""
    return medium.digest[:16] + medium.suffix


ROWS_AT_ONCE = 256
"""Number of rows kept as Python objects before they are converted to columns, which need much less memory."""

_MEDIA = [(holder, kind) for holder in ("contexts", "query_assets") for kind in ("image", "audio")]
"""The media columns. Each has its own dictionary."""


class Room:
    """Memory for the media of a row group, used again for the next one: memory that is new to a process costs more
    time than reading files into it.
    """

    def __init__(self) -> None:
        self._room = np.empty(0, np.uint8)
        self._used = 0

    def clear(self, n_bytes: int) -> None:
        """Make room for media of this many bytes, in place of those that were here."""
        self._used = 0
        if n_bytes > len(self._room):
            del self._room  # before there is another
            self._room = np.empty(n_bytes, np.uint8)

    def filled(self, media: Collection[Stored]) -> pa.BinaryArray:
        """The content of media, until room is made for others. Raises `BuildError` at 2 GiB."""
        ends = np.cumsum([0, *(medium.size for medium in media)])
        n_bytes = int(ends[-1])
        if n_bytes >= 1 << 31:
            from omni_persona_build.recipes.errors import BuildError  # with it, a process that writes starts later

            raise BuildError(
                "the pictures, or the clips, of one source sample take 2 GiB or more: make the files smaller"
            )
        room = self._room[self._used : self._used + n_bytes]
        self._used += n_bytes
        content = room.data
        for medium, start, end in zip(media, ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            medium.read_into(content[start:end])
        buffers = [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(room)]
        return pa.BinaryArray.from_buffers(pa.binary(), len(media), buffers)


class RowGroup:
    """Collects the rows of one row group. Each medium is held once, and read when the group is complete."""

    def __init__(self) -> None:
        self._schema = row_schema()
        self.n_rows = 0
        self.media_bytes = 0
        self._waiting: list[Row] = []
        self._parts: dict[str, list[pa.Array]] = {}
        self._media: dict[tuple[str, str], dict[str, Stored]] = {column: {} for column in _MEDIA}
        self._unpacked: Counter[tuple[str, str]] = Counter()

    @property
    def unpacked_bytes(self) -> int:
        """Bytes of the largest media column, with repetitions."""
        return max(self._unpacked.values(), default=0)

    def add(self, row: Row) -> None:
        """Append a row."""
        self.n_rows += 1
        self._waiting.append(row)
        for holder, kind in _MEDIA:
            known = self._media[holder, kind]
            for medium in (one[kind] for one in _holders(row, holder)):
                if medium is None:
                    continue
                if medium.digest not in known:
                    known[medium.digest] = medium
                    self.media_bytes += medium.size
                self._unpacked[holder, kind] += medium.size
        if len(self._waiting) >= ROWS_AT_ONCE:
            self.settle()

    def table(self, room: Room) -> pa.Table:
        """The rows as a table with dictionary-encoded media, which are read into `room`."""
        self.settle()
        room.clear(self.media_bytes)
        columns = {}
        for field in self._schema:
            if field.name == "contexts":
                ends = [0, *accumulate(self._joined("contexts").to_pylist())]
                memories = self._struct(field.type.value_type, "contexts", room)
                columns[field.name] = pa.ListArray.from_arrays(arrow_array(ends, pa.int32()), memories)
            elif field.name == "query_assets":
                columns[field.name] = self._struct(field.type, "query_assets", room)
            else:
                columns[field.name] = self._joined(field.name)
        return pa.table(columns)

    def settle(self) -> None:
        """Convert the rows that wait for it to columns."""
        for field in self._schema:
            if field.name == "contexts":
                lengths = [len(row["contexts"]) for row in self._waiting]
                self._part("contexts", arrow_array(lengths, pa.int32()))
                self._settle_holders(field.type.value_type, "contexts")
            elif field.name == "query_assets":
                self._settle_holders(field.type, "query_assets")
            else:
                self._part(field.name, arrow_array([row[field.name] for row in self._waiting], field.type))
        self._waiting = []

    def _settle_holders(self, fields: pa.StructType, holder: str) -> None:
        """Convert `contexts` or `query_assets` of the waiting rows to columns."""
        holders = [one for row in self._waiting for one in _holders(row, holder)]
        for field in fields:
            values = [one[field.name] for one in holders]
            kind = field.type
            if (holder, field.name) in self._media:
                places = {digest: place for place, digest in enumerate(self._media[holder, field.name])}
                values, kind = [None if medium is None else places[medium.digest] for medium in values], pa.int32()
            column = arrow_array(values, kind)
            # Siblings share their notes.
            self._part(f"{holder}.{field.name}", column.dictionary_encode() if field.name == "text" else column)

    def _part(self, column: str, values: pa.Array) -> None:
        self._parts.setdefault(column, []).append(values)

    def _joined(self, column: str) -> pa.Array:
        return pa.concat_arrays(self._parts.pop(column))

    def _struct(self, fields: pa.StructType, holder: str, room: Room) -> pa.StructArray:
        """The struct array of a holder's columns, with media as bytes and names."""
        parts = []
        for field in fields:
            values = self._joined(f"{holder}.{field.name}")
            if (media := self._media.get((holder, field.name))) is not None:
                content = room.filled(media.values())
                names = arrow_array([media_name(medium) for medium in media.values()], pa.string())
                columns = [pa.DictionaryArray.from_arrays(values, content), names.take(values)]
                values = pa.StructArray.from_arrays(columns, names=["bytes", "path"], mask=values.is_null())
            parts.append(values)
        return pa.StructArray.from_arrays(parts, names=[field.name for field in fields])


def _holders(row: Row, holder: str) -> Sequence[Row]:
    """The parts of a row that hold pictures and clips: its contexts, or its query."""
    value = row[holder]
    return value if isinstance(value, list) else [value]
