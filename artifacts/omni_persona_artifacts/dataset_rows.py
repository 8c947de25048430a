"""Read the Parquet files of a dataset folder in place, each medium once where items share it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from omni_persona import Item, Media, item_from_row
from omni_persona_artifacts.data_files import data_files
from omni_persona_artifacts.parquet_files import open_parquet
from omni_persona_artifacts.row_groups import RowGroup


def leaves(file: Path) -> list[str]:
    """The paths of a file's leaf columns, such as `query_assets.image.bytes`."""
    metadata = pq.read_metadata(file.absolute())
    return [metadata.schema.column(index).path for index in range(metadata.num_columns)]


def read(path: str | Path, media: dict[Media, Media] | None = None) -> Iterator[Item]:
    """The items of a dataset folder on this machine, in order, straight from its Parquet files.

    Unlike `load`, it leaves no copy in the cache of `datasets`, and holds a medium once where items share it.
    media: media that the items share, too, to which theirs are added; None shares those of a row group alone, so that
    the others can be freed.
    Raises `FileNotFoundError` if there are no files, and `ValueError`, naming file and row, for anything but a Parquet
    file of a dataset.
    """
    for file in data_files(path):
        try:
            yield from _read_file(file, media)
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{file}: expected a Parquet file of a dataset, got: {error}") from None


def _read_file(file: Path, shared: dict[Media, Media] | None) -> Iterator[Item]:
    parquet = open_parquet(file)
    number = 0
    for row_group in range(parquet.num_row_groups):
        rows = RowGroup(parquet.read_row_group(row_group), file)
        media = {} if shared is None else shared
        for place in range(len(rows)):
            number += 1
            try:
                item = item_from_row(rows.row(place))
            except ValueError as error:
                raise ValueError(f"{file}: row {number}: {error}") from None
            yield sharing(item, media)


def sharing(item: Item, media: dict[Media, Media]) -> Item:
    """Replace the item's media by equal ones in `media`, to which new ones are added."""

    def known(medium: Media) -> Media:
        return media.setdefault(medium, medium)

    contexts = tuple(replace(one, image=known(one.image), audio=known(one.audio)) for one in item.contexts)
    image, audio = item.query_image and known(item.query_image), item.query_audio and known(item.query_audio)
    return replace(item, contexts=contexts, query_image=image, query_audio=audio)
