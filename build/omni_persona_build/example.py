"""The item that a dataset's card shows: its files, and its texts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from omni_persona import Item, Media
from omni_persona_artifacts.dataset_folder import DatasetFolder, Row
from omni_persona_artifacts.errors import ItemError

FOLDER = "example"
"""Folder of the media that the card shows, within the dataset folder."""


@dataclass(frozen=True)
class Example:
    """An item as the card shows it; media are paths within the dataset folder."""

    face: str
    voice: str
    note: str
    query_image: str | None
    query_audio: str | None
    question: str
    answer: str


def write_example(folder: Path) -> Example | None:
    """Write the media of an item into `example/` of a dataset folder; None if no item can be answered.

    Shown are the memory that the question is about, and the question: by a face if there is such an item.
    """
    held = DatasetFolder(folder)
    answerable = [row for row in held.rows if row.absence == "none"]
    if not answerable:
        return None
    item = _item(held, next((row for row in answerable if row.group == "I2I"), answerable[0]))
    memory = next(context for context in item.contexts if context.concept_id == item.target_concept_id)
    (folder / FOLDER).mkdir()

    def keep(name: str, media: Media | None) -> str | None:
        if media is None:
            return None
        path = f"{FOLDER}/{name}{PurePosixPath(media.name).suffix}"
        (folder / path).write_bytes(media.data)
        return path

    return Example(
        face=keep("face", memory.image) or "",
        voice=keep("voice", memory.audio) or "",
        note=memory.text,
        query_image=keep("query", item.query_image),
        query_audio=keep("query", item.query_audio),
        question=item.query_text,
        answer=item.gold_answer,
    )


def _item(held: DatasetFolder, row: Row) -> Item:
    (item,) = held.items([row])
    if isinstance(item, ItemError):
        raise ValueError(str(item))
    return item
