"""The order of prompts: twins in one batch, and optionally equal shares of groups and kinds of absence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np


@dataclass(frozen=True)
class Entry:
    """The properties of an example that determine its place in the order."""

    place: int
    stratum: str
    """Its task type, or its item's group."""
    absence: str
    together: str
    """Equal for twins, and for items over the same contexts."""


def shuffled_order(entries: Sequence[Entry], n: int, rng: np.random.Generator) -> list[int]:
    """n indices in random order: each is used before any repeats, with twins adjacent."""
    groups: dict[str, list[int]] = {}
    for entry in entries:
        groups.setdefault(entry.together, []).append(entry.place)
    order: list[int] = []
    known = list(groups.values())
    while len(order) < n:
        for index in rng.permutation(len(known)).tolist():
            order += known[index]
    return order[:n]


def balanced_order(entries: Sequence[Entry], n: int, rng: np.random.Generator) -> list[int]:
    """n indices in pairs of an answerable and an unanswerable example, twins if possible.

    Strata (task type or group) and kinds of absence alternate; if a stratum has no unanswerable examples, its
    answerable ones are paired.
    """
    decks = [_Deck(pairs, rng) for pairs in _pairs(entries, rng).values()]
    order: list[int] = []
    for deck in cycle(decks):
        if len(order) >= n:
            return order[:n]
        order += deck.draw()
    return order


class _Deck:
    """Draws pairs without replacement, and starts over when all are used."""

    def __init__(self, pairs: Sequence[tuple[int, ...]], rng: np.random.Generator) -> None:
        self._pairs, self._rng = pairs, rng
        self._left: list[int] = []

    def draw(self) -> tuple[int, ...]:
        if not self._left:
            self._left = self._rng.permutation(len(self._pairs)).tolist()
        return self._pairs[self._left.pop()]


def _pairs(entries: Sequence[Entry], rng: np.random.Generator) -> dict[tuple[str, str], list[tuple[int, ...]]]:
    """(stratum, absence) -> pairs of indices."""
    found: dict[tuple[str, str], list[tuple[int, ...]]] = {}
    for stratum in dict.fromkeys(entry.stratum for entry in entries):
        own = [entry for entry in entries if entry.stratum == stratum]
        answered = [entry for entry in own if entry.absence == "none"]
        absent = [entry for entry in own if entry.absence != "none"]
        if not answered or not absent:
            one = [entry.place for entry in own]
            whole = one + one[: len(one) % 2]
            found[stratum, "none"] = list(zip(whole[::2], whole[1::2], strict=True))
            continue
        for entry in absent:
            twins = [other for other in answered if other.together == entry.together] or answered
            partner = twins[int(rng.integers(len(twins)))]
            found.setdefault((stratum, entry.absence), []).append((partner.place, entry.place))
    return found
