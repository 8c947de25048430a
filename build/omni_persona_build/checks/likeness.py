"""What the media of contexts look and sound like, for solvers that are shown no query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_perception import MediaError, Vectors


def context_vectors(
    items: Sequence[Item], kind: str, describe: Callable[[Sequence[bytes]], Vectors]
) -> Mapping[bytes, NDArray[np.float32]]:
    """Media -> their vectors; kind: `image` or `audio`."""
    vectors: dict[bytes, NDArray[np.float32]] = {}
    for data in {getattr(context, kind).data: None for item in items for context in item.contexts}:
        # What cannot be decoded is told by a check of its own; here it looks like nothing.
        with suppress(MediaError):
            vectors[data] = describe([data])[0]
    nothing = np.zeros_like(next(iter(vectors.values()), np.zeros(1, dtype=np.float32)))
    return defaultdict(lambda: nothing, vectors)


def unlikeness(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """How little each of K vectors is like the others, on average."""
    likeness = (vectors @ vectors.T).astype(np.float64)
    return -(likeness.sum(axis=1) - likeness.diagonal())
