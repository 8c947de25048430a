"""Circles: people whose media fit into one row group, and who stand in memories with each other alone.

A medium is stored once in a row group, and again in every other one that it stands in. The people of a pool that is
larger are therefore parted, those who are alike staying together, so that distractors stay near.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.graph import PersonaGraph

T = TypeVar("T")


def circles(graph: PersonaGraph, most_bytes: int, fewest: int) -> list[list[int]]:
    """Part the people of a graph, everybody into one circle: indices, in order.

    most_bytes: of a circle's media, as far as it leaves `fewest` people of one gender together.
    """
    sizes = np.array([sum(medium.size for medium in persona.media()) for persona in graph.people])
    everybody = np.arange(len(sizes))
    if sizes.sum() <= most_bytes:
        return [everybody.tolist()]
    parts = [everybody[graph.genders == gender] for gender in sorted(set(graph.genders.tolist()))]
    return [sorted(part.tolist()) for gender in parts for part in _halved(graph, gender, sizes, most_bytes, fewest)]


def _halved(
    graph: PersonaGraph, people: NDArray[np.intp], sizes: NDArray[np.intp], most_bytes: int, fewest: int
) -> Iterator[NDArray[np.intp]]:
    """People parted by halves until each part is small enough, or too few to be parted."""
    if sizes[people].sum() <= most_bytes or len(people) < 2 * fewest:
        yield people
        return
    # Two people who are unlike each other; everybody goes with the one they are more like.
    one = people[int(graph.likeness_to(people[0], people).argmin())]
    towards_one = graph.likeness_to(one, people)
    other = people[int(towards_one.argmin())]
    order = np.argsort(graph.likeness_to(other, people) - towards_one, kind="stable")
    weights = np.cumsum(sizes[people[order]])
    cut = int(np.searchsorted(weights, weights[-1] / 2)) + 1
    cut = min(max(cut, fewest), len(people) - fewest)
    for half in (people[order[:cut]], people[order[cut:]]):
        yield from _halved(graph, half, sizes, most_bytes, fewest)


def deal(things: Sequence[T], sizes: Sequence[int]) -> list[Sequence[T]]:
    """Cut things into consecutive parts, as nearly in proportion to `sizes` as whole numbers allow."""
    ends = np.rint(np.cumsum(sizes) / sum(sizes) * len(things)).astype(int)
    return [things[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
