"""The people whom a sample is drawn from, and who of them cannot stand together.

In a small neighbourhood, most choices of fields leave no K + 1 people who can: to find that out from sets made once
saves most of the draws.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.candidate import Candidate
from omni_persona_build.field_fits import Bits, FieldFits

MOST_SEARCHED = 24
"""Largest neighbourhood that is searched. In larger ones, few choices of fields leave too few people."""


class Neighbours:
    """People of one gender from whom samples are drawn."""

    def __init__(
        self, fits: FieldFits, people: NDArray[np.intp], *, heard: bool, asks_by_voice: bool, strict: bool
    ) -> None:
        """people: their indices. heard, asks_by_voice, strict: as in `together.Rules`."""
        self.people, self.bits = people, fits.of_indices(people)
        """The people as indices, and as a set."""
        self._fits = fits
        self._heard, self._asks_by_voice, self._strict = heard, asks_by_voice, strict

    def may_hold(self, number: int, index: int, fitting: Bits, fields: tuple[str, ...]) -> bool:
        """Whether the person of an index and others of `fitting`, `number` in all, may stand together.

        fields: all fields that their notes state. False only if no such people fit the rules of `Together`; always
        true of a large neighbourhood, which is not searched.
        """
        if len(self.people) > MOST_SEARCHED:
            return True
        return self._hold(number - 1, fitting & self._fitting(index, fields), fields)

    def _hold(self, number: int, among: Bits, fields: tuple[str, ...]) -> bool:
        """Whether there are so many people in a set of whom any two may stand together."""
        if number <= 1:
            return among.bit_count() >= number
        while among.bit_count() >= number:
            one = among.bit_length() - 1
            among ^= 1 << one
            if self._hold(number - 1, among & self._fitting(one, fields), fields):
                return True
        return False

    def _fitting(self, index: int, fields: tuple[str, ...]) -> Bits:
        """The others who may stand beside a person if all notes state these fields."""
        fitting, apart = self.bits & ~(1 << index), self._apart[index]
        for field in fields:
            fitting &= ~apart.get(field, 0)
        return fitting

    @cached_property
    def _apart(self) -> dict[int, dict[str, Bits]]:
        """Person -> field -> the others who never fit beside the person if notes state the field."""
        people = self.people.tolist()
        apart: dict[int, dict[str, Bits]] = {index: {} for index in people}
        for place, one in enumerate(people):
            for other in people[:place]:
                fields = self._fits.alike(other, one)
                if self._strict:
                    first, second = self._fits.people[one], self._fits.people[other]
                    fields = fields | self._said_by(first, second) | self._said_by(second, first)
                for field in fields:
                    apart[one][field] = apart[one].get(field, 0) | 1 << other
                    apart[other][field] = apart[other].get(field, 0) | 1 << one
        return apart

    def _said_by(self, speaker: Candidate, other: Candidate) -> frozenset[str]:
        """The fields that another's note cannot state without a word by which the speaker could be recognised,
        whichever clips are used.
        """
        fields = frozenset(other.clauses)
        for said in speaker.sayings(self._heard, self._asks_by_voice):
            fields &= other.touched_by(said)
            fields = frozenset(
                field for field in fields if not any(said.isdisjoint(clause) for clause in other.clauses[field])
            )
            if not fields:
                break
        return fields
