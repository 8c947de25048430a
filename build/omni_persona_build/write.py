"""Write rows as Parquet that stores every medium once in its row group."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import accumulate, cycle
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

import omni_persona
from omni_persona_artifacts.arrow_values import arrow_array
from omni_persona_artifacts.build_record import KEY
from omni_persona_artifacts.file_list import enter_written
from omni_persona_artifacts.parquet_files import HashedFile, ParquetWriter
from omni_persona_artifacts.progress import Steps
from omni_persona_artifacts.row_schema import row_schema
from omni_persona_build.recipes.errors import BuildError

MEDIA_BYTES = 96 << 20
"""Maximum number of distinct media in a row group."""
PARTITION_BYTES = 72 << 20
"""Maximum bytes of the media of people who share a row group; it leaves room for rows already in the group."""
UNPACKED_BYTES = 1_800_000_000
"""Maximum bytes of one media column of a row group with repetitions: readers cannot unpack 2 GiB into one column."""

NAMED_BY = KEY
"""Footer key of files written by this package; their media have the names given by `media_name`."""


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


@dataclass(frozen=True)
class Written:
    """Summary of the written file."""

    counts: Counter[tuple[str, str]]
    """Number of items by (task, absence)."""
    content: str
    """Hash of all rows and media, 16 hex digits."""


def write_parquet(
    partitions: Iterable[Iterable[Sequence[Row]]],
    folder: Path,
    about: dict[str, Any],
    split: str = omni_persona.SPLIT,
    progress: Steps = lambda done, total: None,
) -> Written:
    """Write `data/SPLIT-00000-of-00001.parquet`; `about` is stored in its footer as JSON, for `omni-persona check`.

    partitions: the rows of each source sample, in parts that share no media. Rows of a source sample stay in one row
    group; so do those of a partition, as far as its media fit into one. progress: called with the numbers of row groups
    that are written, and that are complete.
    """
    counts: Counter[tuple[str, str]] = Counter()
    content = hashlib.sha256()
    path = folder / "data" / f"{split}-00000-of-00001.parquet"
    path.parent.mkdir(exist_ok=True)
    group = _RowGroup()
    with closing(HashedFile(path)) as file, _RowGroupWriter(file, progress) as writer:
        for partition in partitions:
            for sample in partition:
                for row in sample:
                    group.add(row)
                    counts[row["selected_task"], row["absence"]] += 1
                    content.update(json.dumps(row, default=media_name, sort_keys=True).encode())
                if group.media_bytes >= MEDIA_BYTES or group.unpacked_bytes >= UNPACKED_BYTES:
                    writer.write(group)
                    group = _RowGroup()
            if group.n_rows and group.media_bytes >= MEDIA_BYTES - PARTITION_BYTES:
                writer.write(group)
                group = _RowGroup()
        if group.n_rows:
            writer.write(group)
        writer.close({**(row_schema().metadata or {}), NAMED_BY: json.dumps(about, sort_keys=True).encode()})
    enter_written(folder, path.relative_to(folder).as_posix(), file.n_bytes, file.sha256)
    return Written(counts, content.hexdigest()[:16])


def media_name(medium: Stored) -> str:
    """A medium's name in the dataset: a hash of its content, because the original name may identify the person."""
    return medium.digest[:16] + medium.suffix


ROWS_AT_ONCE = 256
"""Number of rows kept as Python objects before they are converted to columns, which need much less memory."""

MOST_WAITING = 4096
"""Maximum number of rows that wait to be written, without their media."""

_MEDIA = [(holder, kind) for holder in ("contexts", "query_assets") for kind in ("image", "audio")]
"""The media columns. Each has its own dictionary."""


class _RowGroupWriter:
    """Writes row groups, several in a row: while one is written, the media of the next are read, in threads that seldom
    need Python's lock. (Writing while others are drawn, which always needs it, takes longer than one after the other.)
    """

    def __init__(self, file: HashedFile, progress: Steps) -> None:
        """progress: called with the numbers of row groups that are written, and that are complete."""
        self._rooms = (_Room(), _Room())
        self._writer = ParquetWriter(
            file,
            _RowGroup().table(self._rooms[0]).schema,
            compression="none",  # media are compressed already, and the rest is small
            use_dictionary=True,
            dictionary_pagesize_limit=1 << 30,  # so that a repeated medium is stored as an index, however large it is
            write_statistics=["group", "absence"],
            store_schema=False,  # otherwise readers would see dictionary columns, a detail of writing
        )
        self._threads = ThreadPoolExecutor(2)
        self._waiting: list[_RowGroup] = []
        self._n_written, self._progress = 0, progress

    def write(self, group: _RowGroup) -> None:
        """Write a group, which must not change any more, at once or together with later ones."""
        self._waiting.append(group)
        if sum(one.n_rows for one in self._waiting) >= MOST_WAITING:
            self._write_waiting()

    def close(self, metadata: Mapping[bytes, bytes]) -> None:
        """Write the groups that wait, and the footer."""
        self._write_waiting()
        self._writer.add_key_value_metadata(metadata)
        self._writer.close()

    def _write_waiting(self) -> None:
        groups, self._waiting = self._waiting, []
        n_complete = self._n_written + len(groups)
        read = (
            self._threads.submit(group.table, room) for group, room in zip(groups, cycle(self._rooms), strict=False)
        )
        table = next(read, None)
        while table is not None:
            writing = self._threads.submit(self._writer.write_table, table.result())
            table = next(read, None)
            writing.result()
            self._n_written += 1
            self._progress(self._n_written, n_complete)

    def __enter__(self) -> _RowGroupWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)


class _Room:
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


class _RowGroup:
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
            self._settle()

    def table(self, room: _Room) -> pa.Table:
        """The rows as a table with dictionary-encoded media, which are read into `room`."""
        self._settle()
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

    def _settle(self) -> None:
        """Convert the waiting rows to columns."""
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

    def _struct(self, fields: pa.StructType, holder: str, room: _Room) -> pa.StructArray:
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
