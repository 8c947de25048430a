"""What an imported release may hold that datasets of our own do not: other query media, siblings of other memories."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from omni_persona_artifacts.data_files import data_files
from omni_persona_artifacts.parquet_files import open_parquet, read_columns, unpacked_rows

_COLUMNS = ("source_sample_id", "contexts.list.element.text", "query_assets.image.path", "query_assets.audio.path")


@dataclass(frozen=True)
class ImportedFacts:
    """Counts over an imported release."""

    with_siblings: int
    """Source samples of several items."""
    shared: int
    """Those of them whose items have the same notes, in any order."""
    query_images: int
    """Items whose query has a picture."""
    query_clips: int
    """Items whose query has a clip."""


def imported_facts(folder: Path) -> ImportedFacts:
    """Count over the rows of a dataset folder, without its media."""
    notes: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    images = clips = 0
    for file in data_files(folder):
        for row in unpacked_rows(read_columns(open_parquet(file), _COLUMNS), file):
            notes[row["source_sample_id"]].append(tuple(sorted(context["text"] for context in row["contexts"])))
            query = row["query_assets"] or {}
            images += query.get("image") is not None
            clips += query.get("audio") is not None
    several = [held for held in notes.values() if len(held) > 1]
    return ImportedFacts(len(several), sum(len(set(held)) == 1 for held in several), images, clips)
