"""Which people of a graph fit which fields: sets that drawing intersects many thousands of times."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.candidate import Candidate
from omni_persona_people.rules import wording
from omni_persona_people.rules.content_words import alike_words

Bits = int
"""A set of people of a graph: bit i stands for the person of index i."""
_MOST_KEPT = 2048
"""Maximum number of combinations of fields for which the people who fit are kept."""
_MOST_PAIRS = 1 << 16
"""Maximum number of pairs of people for whom it is kept what they share."""


class FieldFits:
    """The people who have a field, whose notes can leave it out, who can be described by it, and whose values of it
    are alike.
    """

    def __init__(self, people: Sequence[Candidate]) -> None:
        self.people = people
        """The people, by index."""
        self._n = len(people)
        self._has = {field: _bits([field in one.value_words for one in people]) for field in wording.STATEMENTS}
        given_away = _given_away(people)

        # The same combinations of fields are drawn again and again.
        @lru_cache(maxsize=_MOST_KEPT)
        def to_leave_out(field: str, others: frozenset[str]) -> Bits:
            fitting = self._has[field]
            for other in others:
                fitting &= ~given_away.get((field, other), 0) & ~given_away.get((other, field), 0)
            return fitting

        @lru_cache(maxsize=_MOST_KEPT)
        def to_describe_by(cue: str, left_out: frozenset[str]) -> Bits:
            fitting = self._has[cue]
            for other in left_out:
                fitting &= ~given_away.get((other, cue), 0)
            return fitting

        # So are pairs of neighbours.
        @lru_cache(maxsize=_MOST_PAIRS)
        def alike(one: int, other: int) -> frozenset[str]:
            values, others = people[one].value_words, people[other].value_words
            return frozenset(
                field for field, words in values.items() if field in others and alike_words(words, others[field])
            )

        self.alike = alike
        """(index, index) -> the fields for which the values of two people could be mistaken for each other."""
        self.to_leave_out = to_leave_out
        """(field, others) -> the people whose note could leave the field out or state it, as it could the others."""
        self.to_describe_by = to_describe_by
        """(field, others) -> the people who can be described by the field, whatever else the note leaves out."""

    def has(self, field: str) -> Bits:
        """The people who have a field."""
        return self._has[field]

    def of_indices(self, people: NDArray[np.intp]) -> Bits:
        """The set of people of these indices."""
        flags = np.zeros(self._n, np.bool_)
        flags[people] = True
        return _bits(flags)

    def flags(self, people: Bits) -> NDArray[np.bool_]:
        """Whether each person is in a set; shape (n,)."""
        packed = np.frombuffer(people.to_bytes(-(-self._n // 8), "little"), np.uint8)
        return np.unpackbits(packed, count=self._n, bitorder="little").astype(np.bool_)


def _given_away(people: Sequence[Candidate]) -> dict[tuple[str, str], Bits]:
    """(field, stated field) -> the people whose notes cannot state the second and keep the first to themselves."""
    given_away: dict[tuple[str, str], Bits] = {}
    for index, person in enumerate(people):
        for stated, fields in person.given_away_by.items():
            for field in fields:
                given_away[field, stated] = given_away.get((field, stated), 0) | 1 << index
    return given_away


def _bits(flags: Sequence[bool] | NDArray[np.bool_]) -> Bits:
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")
