"""Circles and neighbourhoods: whose memories stand beside whose.

A **circle** is people whose media fit into one row group. A medium is stored once in a row group, and again in every
other one that it stands in, so that the people of a large pool are parted, and stand in memories with each other alone.

A **neighbourhood** is people of a circle who are alike, in face, voice and profile together. Memories are drawn from
one with no regard to who is asked about, and by what. (The nearest neighbours of whoever is asked about would be harder
to tell from them, and give them away: that person would be the one in the middle, whom all others are like. And were
people alike in what the question points by, sets with somebody missing would differ from complete ones.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from omni_persona_build.graph import PersonaGraph
from omni_persona_build.halves import Part, parted
from omni_persona_build.recipe import Hardness

T = TypeVar("T")

TIMES_CONTEXTS: dict[Hardness, float] = {"hard": 1.5, "medium": 4}
"""How many times as many people as memories a neighbourhood has, at least. Random distractors are of all a circle."""


def circles(graph: PersonaGraph, most_bytes: int, fewest: int) -> list[list[int]]:
    """Part the people of a graph, everybody into one circle: indices, in order.

    most_bytes: of a circle's media, as far as it leaves `fewest` people of one gender together.
    """
    sizes = np.array([sum(medium.size for medium in persona.media()) for persona in graph.people])
    if sizes.sum() <= most_bytes:
        return [list(range(len(sizes)))]
    return [
        smallest.tolist()
        for company in graph.companies(range(len(sizes)))
        for smallest, *_ in parted(company, graph.vectors(), sizes, most_bytes, fewest)
    ]


def deal(things: Sequence[T], sizes: Sequence[int]) -> list[Sequence[T]]:
    """Cut things into consecutive parts, as nearly in proportion to `sizes` as whole numbers allow."""
    ends = np.rint(np.cumsum(sizes) / sum(sizes) * len(things)).astype(int)
    return [things[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def neighbourhoods(
    graph: PersonaGraph, circle: Sequence[int], hardness: Hardness, contexts: int
) -> dict[int, tuple[Part, ...]]:
    """Each person of a circle -> those of one gender to draw memories from, the nearest first, then wider ones."""
    companies = graph.companies(circle)
    if hardness == "random":
        return {index: (company,) for company in companies for index in company.tolist()}
    # More than memories in any case: one person is in none of them where somebody is missing.
    fewest = math.ceil(TIMES_CONTEXTS[hardness] * contexts)
    ones = np.ones(len(graph.people), dtype=np.intp)
    return {
        index: parts
        for company in companies
        for parts in parted(company, graph.vectors(), ones, fewest, fewest)
        for index in parts[0].tolist()
    }
