"""Read a dataset folder in place: the columns without media at once, media on demand.

`datasets` unpacks Parquet into a cache that stores every repetition of a medium again; here a row group stays
dictionary-encoded, with each medium once, and items that share a medium share one `Media`.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

import omni_persona
from omni_persona import Context, Item, Media
from omni_persona_artifacts.data_files import data_files
from omni_persona_artifacts.dataset_rows import leaves, sharing
from omni_persona_artifacts.errors import ItemError
from omni_persona_artifacts.parquet_files import open_parquet, unpacked_rows
from omni_persona_artifacts.row_groups import RowGroup

_KEPT = 2
"""Row groups held in memory: the current one, and the next, into which its last sample may continue."""

_NO_MEDIA = Media(b"", "")


@dataclass(frozen=True)
class Row:
    """A row without its media."""

    item_id: str
    source_sample_id: str
    group: str
    absence: str
    task: str
    n_contexts: int
    has_query_image: bool
    has_query_audio: bool
    file: Path
    row_group: int
    place: int
    """Its index within the row group."""

    def key(self) -> dict[str, str]:
        """Its ID and classification, with the keys of a reference."""
        return {"augmented_id": self.item_id, "absence": self.absence, "group": self.group, "task": self.task}


class DatasetFolder:
    """The rows of a folder, in the order of files and rows."""

    def __init__(self, path: str | Path) -> None:
        """Read the columns without media.

        Raises `FileNotFoundError` if there are no files, and `ValueError` for a file that is not Parquet or lacks a
        column, for files without rows, and for a duplicate id.
        """
        self.path = Path(path)
        files = data_files(self.path)
        self.rows: list[Row] = [row for file in files for row in _rows(file)]
        if not self.rows:
            raise ValueError(f"{path}: expected a dataset folder with items, got {len(files)} files without any")
        n_repeated = len(self.rows) - len({row.item_id for row in self.rows})
        if n_repeated:
            raise ValueError(f"{path}: expected each augmented_id once, got {n_repeated} repeated")
        self._row_groups: OrderedDict[tuple[Path, int], RowGroup] = OrderedDict()

    def items(self, rows: Iterable[Row]) -> Iterator[Item | ItemError]:
        """Yield the item of each row, or the error that makes it unreadable; neighbours share their common media."""
        before: dict[Media, Media] = {}
        for row in rows:
            try:
                item = omni_persona.item_from_row(self._row_group(row).row(row.place))
            except ValueError as error:
                yield ItemError(row.item_id, str(error))
                continue
            item = sharing(item, before)
            yield item
            before = {medium: medium for medium in _media(item)}

    def _row_group(self, row: Row) -> RowGroup:
        key = (row.file, row.row_group)
        if key not in self._row_groups:
            self._row_groups[key] = RowGroup(open_parquet(row.file).read_row_group(row.row_group), row.file)
            if len(self._row_groups) > _KEPT:
                self._row_groups.popitem(last=False)
        self._row_groups.move_to_end(key)
        return self._row_groups[key]


def media_digests(path: str | Path) -> dict[bytes, str]:
    """Map the SHA-256 of the content of each picture and clip of a dataset folder to its file name.

    Reads one row group at a time and hashes each stored medium once. Raises `ValueError` for a file that is not a
    Parquet file of a dataset.
    """
    digests: dict[bytes, str] = {}
    for file in data_files(path):
        try:
            for media in _stored_media(file):
                digests |= _digests(media)
        except (pa.ArrowException, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{file}: expected a Parquet file of a dataset, got: {error}") from None
    return digests


def _stored_media(file: Path) -> Iterator[pa.StructArray]:
    parquet = open_parquet(file)
    for row_group in range(parquet.num_row_groups):
        table = parquet.read_row_group(row_group, columns=["contexts", "query_assets"])
        for holders in (pc.list_flatten(table["contexts"]), table["query_assets"]):
            for chunk in holders.chunks:
                for kind in ("image", "audio"):
                    yield pc.struct_field(chunk, kind)


def _digests(media: pa.StructArray) -> dict[bytes, str]:
    encoded, names = (pc.struct_field(media, field) for field in ("bytes", "path"))
    # A dictionary may hold values that no row of the chunk uses: count only those that are referenced.
    first: dict[int, int] = {}
    for place, index in enumerate(encoded.indices.to_pylist()):
        if index is not None:
            first.setdefault(index, place)
    return {
        hashlib.sha256(encoded.dictionary[index].as_buffer()).digest(): str(names[place].as_py() or "a medium")
        for index, place in first.items()
    }


def outlines(rows: Iterable[Row]) -> list[Item]:
    """One item of each kind among some rows, without notes and with empty media.

    The kind determines how many pictures and clips are shown: group, number of contexts, query media.
    """
    makes = {(row.group, row.n_contexts, row.has_query_image, row.has_query_audio): row for row in rows}
    return [_outline(row) for row in makes.values() if row.task in omni_persona.TASKS]


def _outline(row: Row) -> Item:
    return Item(
        augmented_id=row.item_id,
        source_sample_id=row.source_sample_id,
        task=omni_persona.TASKS[row.task],
        absence="none",
        target_concept_id=None,
        contexts=(Context("", _NO_MEDIA, _NO_MEDIA, "", False),) * row.n_contexts,
        query_image=_NO_MEDIA if row.has_query_image else None,
        query_audio=_NO_MEDIA if row.has_query_audio else None,
        query_text="",
        gold_answer="",
        asked_subfield=None,
    )


def _rows(file: Path) -> Iterator[Row]:
    columns = ["augmented_id", "source_sample_id", "group", "absence", "selected_task"]
    try:
        parquet = open_parquet(file)
        shown = [path for path in leaves(file) if path.endswith((".concept_id", ".image.path", ".audio.path"))]
        for row_group in range(parquet.num_row_groups):
            table = parquet.read_row_group(row_group, columns=[*columns, *shown])
            for place, row in enumerate(unpacked_rows(table, file)):
                for name in ("augmented_id", "source_sample_id"):
                    if not isinstance(row[name], str):
                        where = f"{file}: row {place + 1}" + (f" of row group {row_group}" if row_group else "")
                        raise ValueError(f"{where}: expected a text as {name}, got {row[name]!r}")
                query = row["query_assets"]
                yield Row(
                    item_id=row["augmented_id"],
                    source_sample_id=row["source_sample_id"],
                    group=row["group"],
                    absence=row["absence"],
                    task=row["selected_task"],
                    n_contexts=len(row["contexts"]),
                    has_query_image=query["image"] is not None,
                    has_query_audio=query["audio"] is not None,
                    file=file,
                    row_group=row_group,
                    place=place,
                )
    except KeyError as error:
        raise ValueError(f"{file}: expected a Parquet file of a dataset, got one without column {error}") from None
    except (pa.ArrowException, TypeError) as error:
        raise ValueError(f"{file}: expected a Parquet file of a dataset, got: {error}") from None


def _media(item: Item) -> list[Media]:
    remembered = [medium for context in item.contexts for medium in (context.image, context.audio)]
    return [*remembered, *filter(None, (item.query_image, item.query_audio))]
