"""How alike the people of a set of memories are, for solvers that do not see the query; each set is processed once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_build.checks.described import DescribedMedia
from omni_persona_perception import text_vectors

Set = tuple[NDArray[np.float32], ...]
"""Vectors of the faces, the voices and the notes of a set of memories, each of shape (K, d)."""


class MemoryVectors:
    """The vectors of each source sample's memories. Word weights are learnt once from all notes."""

    def __init__(self, items: Iterable[Item], media: DescribedMedia) -> None:
        samples = {(item.source_sample_id, len(item.contexts)): item for item in items if item.contexts}
        notes = list(dict.fromkeys(context.text for item in samples.values() for context in item.contexts))
        rows = dict(zip(notes, text_vectors(notes) if notes else [], strict=True))
        self._sets: dict[tuple[str, int], Set] = {
            name: (
                np.stack([media.vector(context.image, "image") for context in item.contexts]),
                np.stack([media.vector(context.audio, "audio") for context in item.contexts]),
                np.stack([rows[context.text] for context in item.contexts]),
            )
            for name, item in samples.items()
        }

    def of(self, item: Item) -> Set:
        """The vectors of an item's memories."""
        return self._sets[item.source_sample_id, len(item.contexts)]


def unlikeness(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean dissimilarity of each of K vectors to the others."""
    likeness = (vectors @ vectors.T).astype(np.float64)
    return -(likeness.sum(axis=1) - likeness.diagonal())
