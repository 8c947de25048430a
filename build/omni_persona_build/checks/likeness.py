"""How alike the people of a set of memories are, for solvers that do not see the query; each set is processed once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_build.checks.described import DescribedMedia
from omni_persona_perception import packed_text_vectors


class SetLikeness:
    """How alike the faces, the voices and the notes of a set of memories are."""

    def __init__(self, faces: NDArray[np.float32], voices: NDArray[np.float32], notes: NDArray[np.float32]) -> None:
        """faces, voices, notes: vectors of unit length, each of shape (K, d)."""
        self.products = tuple(vectors @ vectors.T for vectors in (faces, voices, notes))
        """The cosine similarities of faces, voices and notes, each of shape (K, K)."""

    @cached_property
    def unlikeness(self) -> Sequence[NDArray[np.float64]]:
        """The mean dissimilarity of each face, voice and note to the others, each of shape (K,)."""
        likeness = [products.astype(np.float64) for products in self.products]
        return [-(one.sum(axis=1) - one.diagonal()) for one in likeness]


class MemoryLikeness:
    """The likeness within each source sample's memories. Word weights are learnt once from all notes."""

    def __init__(self, items: Iterable[Item], media: DescribedMedia) -> None:
        samples = {(item.source_sample_id, len(item.contexts)): item for item in items if item.contexts}
        places: dict[str, int] = {}
        for item in samples.values():
            for context in item.contexts:
                places.setdefault(context.text, len(places))
        vectors = packed_text_vectors([*places])
        # Vectors are not kept: those of a hundred thousand notes take gigabytes.
        self._sets = {
            name: SetLikeness(
                np.stack([media.vector(context.image, "image") for context in item.contexts]),
                np.stack([media.vector(context.audio, "audio") for context in item.contexts]),
                vectors.rows([places[context.text] for context in item.contexts]),
            )
            for name, item in samples.items()
        }

    def of(self, item: Item) -> SetLikeness:
        """The likeness within an item's memories."""
        return self._sets[item.source_sample_id, len(item.contexts)]
