"""Write rows as Parquet that stores every medium once in its row group, into a folder that appears whole."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import omni_persona
from omni_persona_build.errors import BuildError

MEDIA_BYTES = 96 << 20
"""Distinct media in a row group, at most."""
UNPACKED_BYTES = 1_800_000_000
"""Media of one column of a row group with repetitions, at most: readers that unpack it cannot hold 2 GiB in one."""


@contextmanager
def whole_folder(out: Path, overwrite: bool = False) -> Iterator[Path]:
    """A folder to write into that becomes `out` when the block ends well, and vanishes when it does not.

    Raises `BuildError` where `out` exists and `overwrite` is not set.
    """
    if out.exists() and not overwrite:
        raise BuildError(f"{out} exists; choose another --out, or replace it with --overwrite")
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        draft.chmod(0o755)
        yield draft
        if out.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
            out.rename(old / out.name)
            draft.rename(out)
            shutil.rmtree(old)
        else:
            draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


class Stored(Protocol):
    """A medium that is read when it is written."""

    @property
    def digest(self) -> str:
        """SHA-256 of its content, in hex."""

    @property
    def suffix(self) -> str:
        """The ending of its file's name, with the dot."""

    def read(self) -> bytes:
        """Its content."""


Row = dict[str, Any]
"""A row of the dataset, with something `Stored` where the dataset has bytes and a name."""


def write_parquet(samples: Iterable[Sequence[Row]], folder: Path, about: dict[str, Any]) -> Counter[tuple[str, str]]:
    """Write `data/test-00000-of-00001.parquet`; `about` goes into its footer as JSON, for `omni-persona check`.

    samples: the rows of each source sample, which stay in one row group.
    Returns the number of items by (task, absence).
    """
    counts: Counter[tuple[str, str]] = Counter()
    path = folder / "data" / "test-00000-of-00001.parquet"
    path.parent.mkdir(exist_ok=True)
    table = _RowGroup()
    writer = pq.ParquetWriter(
        path,
        table.schema,
        compression="none",  # media are compressed already, and the rest is small
        use_dictionary=True,
        dictionary_pagesize_limit=1 << 30,  # so that a repeated medium costs an index, however large it is
        write_statistics=["group", "absence"],
        store_schema=False,  # or readers would be told of dictionaries, a detail of writing
    )
    with writer:
        for sample in samples:
            for row in sample:
                table.add(row)
                counts[row["selected_task"], row["absence"]] += 1
            if table.media_bytes >= MEDIA_BYTES or table.unpacked_bytes.most_common(1)[0][1] >= UNPACKED_BYTES:
                writer.write_table(table.take())
        if table.rows:
            writer.write_table(table.take())
        features = omni_persona.features().arrow_schema.metadata
        writer.add_key_value_metadata({**features, b"omni_persona": json.dumps(about, sort_keys=True).encode()})
    return counts


def content_hash(folder: Path) -> str:
    """A hash of a dataset folder's rows, 16 hex digits."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob(omni_persona.DATA_FILES)):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]


def media_name(medium: Stored) -> str:
    """What a medium is called in the dataset: its own name may tell the person, a hash of its content does not."""
    return medium.digest[:16] + medium.suffix.lower()


class _RowGroup:
    """Rows on their way into one row group, each medium held once."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.media_bytes = 0
        self.unpacked_bytes: Counter[str] = Counter()
        self._media: dict[str, dict[str, bytes]] = {}
        self.schema = self._table().schema

    def add(self, row: Row) -> None:
        """Append a row."""
        self.rows.append(row)
        for kind in ("image", "audio"):
            # Contexts and queries are columns of their own, each with a dictionary of its own.
            self._keep(f"contexts.{kind}", [context[kind] for context in row["contexts"]])
            self._keep(f"query.{kind}", [row["query_assets"][kind]])

    def take(self) -> pa.Table:
        """The rows as a table whose media are dictionary-encoded; empties the group."""
        table = self._table()
        self.rows, self._media = [], {}
        self.media_bytes, self.unpacked_bytes = 0, Counter()
        return table

    def _keep(self, column: str, media: Sequence[Stored | None]) -> None:
        kept = self._media.setdefault(column, {})
        for medium in media:
            if medium is None:
                continue
            name = media_name(medium)
            if name not in kept:
                kept[name] = medium.read()
                self.media_bytes += len(kept[name])
            self.unpacked_bytes[column] += len(kept[name])

    def _table(self) -> pa.Table:
        contexts = [context for row in self.rows for context in row["contexts"]]
        ends = np.cumsum([0] + [len(row["contexts"]) for row in self.rows])
        columns = {}
        for field in omni_persona.features().arrow_schema:
            if field.name == "contexts":
                parts = {
                    part.name: self._media_array("contexts", part.name, contexts)
                    if part.name in ("image", "audio")
                    else pa.array([context[part.name] for context in contexts], part.type)
                    for part in field.type.value_type
                }
                memories = pa.StructArray.from_arrays(list(parts.values()), names=list(parts))
                columns[field.name] = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), memories)
            elif field.name == "query_assets":
                assets = [row["query_assets"] for row in self.rows]
                media = [self._media_array("query", kind, assets) for kind in ("image", "audio")]
                columns[field.name] = pa.StructArray.from_arrays(media, names=["image", "audio"])
            else:
                columns[field.name] = pa.array([row[field.name] for row in self.rows], field.type)
        return pa.table(columns)

    def _media_array(self, column: str, kind: str, holders: Sequence[Row]) -> pa.StructArray:
        media = [holder[kind] and media_name(holder[kind]) for holder in holders]
        kept = self._media.get(f"{column}.{kind}", {})
        place = {name: index for index, name in enumerate(kept)}
        indices = pa.array([None if name is None else place[name] for name in media], pa.int32())
        encoded = pa.DictionaryArray.from_arrays(indices, pa.array(list(kept.values()), pa.binary()))
        absent = pa.array([name is None for name in media], pa.bool_())
        return pa.StructArray.from_arrays([encoded, pa.array(media, pa.string())], names=["bytes", "path"], mask=absent)
