"""Divide things by repeated bisection, so that similar ones stay together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from omni_persona_perception import Vectors

Part = NDArray[np.intp]
"""Indices of things."""

STEPS = 16
"""Iterations of the power method."""


def bisected(
    things: Part, vectors: Vectors, weights: NDArray[np.intp], most: int, fewest: int
) -> Iterator[tuple[Part, ...]]:
    """Bisect things until each part weighs at most `most`, or is too small to be bisected.

    vectors: of all things, shape (n, d). weights: of all things, shape (n,). fewest: minimum number of things in a
    part. Yields each final part, followed by the larger parts that contain it.
    """
    if weights[things].sum() <= most or len(things) < 2 * fewest:
        yield (things,)
        return
    order = things[np.argsort(_along_their_spread(vectors[things]), kind="stable")]
    weight = np.cumsum(weights[order])
    cut = int(np.searchsorted(weight, weight[-1] / 2)) + 1
    cut = min(max(cut, fewest), len(order) - fewest)
    for half in (order[:cut], order[cut:]):
        for parts in bisected(np.sort(half), vectors, weights, most, fewest):
            yield (*parts, things)


def _along_their_spread(vectors: Vectors) -> NDArray[np.float32]:
    """Projections of vectors on the direction of their largest variance, shape (n,)."""
    spread = vectors - vectors.mean(axis=0)
    # Power iteration from the vector furthest out: accurate enough to bisect by, and fast for thousands of vectors.
    along = spread @ spread[int(np.einsum("nd,nd->n", spread, spread).argmax())]
    for _ in range(STEPS):
        direction = along @ spread
        along = spread @ (direction / max(float(np.linalg.norm(direction)), 1e-12))
    return along
