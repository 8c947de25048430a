"""Partitions and neighbourhoods: which people may share a set of memories.

A **partition** is a set of people whose media fit into one Parquet row group. A medium is stored once in each row group
that uses it, so a large pool is split, and people share memories only with others of their partition.

A **neighbourhood** is a set of people of one partition who are similar in face, voice and profile together. Memories
are drawn from it independently of who is asked about and by which cue. (Drawing the nearest neighbours of the person
asked about would be harder, but would identify that person as the one whom all others resemble. And if people were
similar only in the cue's modality, sets with a missing person would differ from complete ones.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from omni_persona_build.bisection import Part, bisected
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.recipes import Hardness

T = TypeVar("T")

TIMES_CONTEXTS: dict[Hardness, float] = {"hard": 1.5, "medium": 4}
"""Size of the smallest neighbourhood, as a multiple of K. Random distractors come from the whole partition."""


def partitions(graph: PersonaGraph, most_bytes: int, fewest: int) -> list[list[int]]:
    """Divide the people of a graph into partitions: indices, in order. Everybody is in exactly one.

    most_bytes: of a partition's media, unless that would leave fewer than `fewest` people of one gender together.
    """
    sizes = np.array([sum(medium.size for medium in persona.media()) for persona in graph.people])
    if sizes.sum() <= most_bytes:
        return [list(range(len(sizes)))]
    return [
        smallest.tolist()
        for group in graph.by_gender(range(len(sizes)))
        for smallest, *_ in bisected(group, graph.vectors(), sizes, most_bytes, fewest)
    ]


def deal(things: Sequence[T], sizes: Sequence[int]) -> list[Sequence[T]]:
    """Cut a sequence into consecutive parts, as nearly proportional to `sizes` as whole numbers allow."""
    ends = np.rint(np.cumsum(sizes) / sum(sizes) * len(things)).astype(int)
    return [things[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def neighbourhoods(
    graph: PersonaGraph, partition: Sequence[int], hardness: Hardness, contexts: int
) -> dict[int, tuple[Part, ...]]:
    """Each person of a partition -> people of one gender to draw memories from: the nearest first, then wider sets."""
    by_gender = graph.by_gender(partition)
    if hardness == "random":
        return {index: (group,) for group in by_gender for index in group.tolist()}
    # Always larger than a set of memories: one person of a sample may be missing from its memories.
    fewest = math.ceil(TIMES_CONTEXTS[hardness] * contexts)
    ones = np.ones(len(graph.people), dtype=np.intp)
    return {
        index: parts
        for group in by_gender
        for parts in bisected(group, graph.vectors(), ones, fewest, fewest)
        for index in parts[0].tolist()
    }
