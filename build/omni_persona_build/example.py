"""The item that a dataset's card shows: its files, and its texts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omni_persona_build.row_group import Row, Stored

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


def write_example(folder: Path, row: Row | None) -> Example | None:
    """Write the media of a row into `example/` of a dataset folder: those of the memory that the question is about,
    and of the question. None if no row can be answered.
    """
    if row is None:
        return None
    supervision, query = row["answer_supervision"], row["query_assets"]
    memory = next(one for one in row["contexts"] if one["concept_id"] == row["target_concept_id"])
    (folder / FOLDER).mkdir()

    def keep(name: str, medium: Stored | None) -> str | None:
        if medium is None:
            return None
        path = f"{FOLDER}/{name}{medium.suffix}"
        (folder / path).write_bytes(medium.read())
        return path

    return Example(
        face=keep("face", memory["image"]) or "",
        voice=keep("voice", memory["audio"]) or "",
        note=memory["text"],
        query_image=keep("query", query["image"]),
        query_audio=keep("query", query["audio"]),
        question=row["query_text"],
        answer=supervision["gold_answer"],
    )


def better_example(one: Row | None, other: Row) -> Row | None:
    """Which of two rows, in order, the card shows: one that can be answered, by a face if there is such a row."""
    if other["absence"] != "none" or (one is not None and (one["group"] == "I2I" or other["group"] != "I2I")):
        return one
    return other
