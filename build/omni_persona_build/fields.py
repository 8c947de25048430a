"""Draw the fields that the notes of a sample state, and that one note leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.graph import PersonaGraph
from omni_persona_build.plan import PlannedSample
from omni_persona_build.recipes import Recipe
from omni_persona_build.sample_rules import UnmetNeedError
from omni_persona_people.rules import wording

People = NDArray[np.intp]
"""Indices of people in a graph."""
_MOST_KEPT = 2048
"""Maximum number of combinations of fields for which the people who fit are kept."""


@dataclass(frozen=True)
class Fields:
    """The fields that the notes of a sample state; everybody drawn has a value for each."""

    left_out: Mapping[str, str]
    """Kind of attribute -> the field of that kind that one note omits and all others state, asked for or not."""
    cue: str | None
    """The field that T2T describes people by; None if the recipe has no T2T."""

    @property
    def common(self) -> tuple[str, ...]:
        """All fields together."""
        return (*self.left_out.values(), *(() if self.cue is None else (self.cue,)))


class FieldDraw:
    """Draws the fields of samples that a recipe plans."""

    def __init__(self, graph: PersonaGraph, recipe: Recipe, rng: np.random.Generator) -> None:
        self._groups, self._kinds, self._rng = recipe.groups, recipe.asked_groups, rng
        people = graph.candidates
        has = {field: np.array([field in one.value_words for one in people]) for field in wording.STATEMENTS}

        @cache
        def separable(left_out: str, stated: str) -> NDArray[np.bool_]:
            return np.array([one.is_separable(left_out, stated) for one in people])

        # The same combinations of fields are drawn again and again.
        @lru_cache(maxsize=_MOST_KEPT)
        def fit(field: str, others: frozenset[str]) -> NDArray[np.bool_]:
            both = [separable(field, other) & separable(other, field) for other in others]
            return np.logical_and.reduce([has[field], *both])

        @lru_cache(maxsize=_MOST_KEPT)
        def fit_cue(cue: str, left_out: frozenset[str]) -> NDArray[np.bool_]:
            return np.logical_and.reduce([has[cue], *(separable(other, cue) for other in left_out)])

        self._has = has
        self._fit = fit
        """Whether each person's note could leave a field out or state it, as it could the others; shape (n,)."""
        self._fit_cue = fit_cue
        """Whether each person can be described by a field, whatever else the note leaves out; shape (n,)."""

    def fields(
        self, planned: PlannedSample, index: int, part: People, number: int, last: bool, strict: bool
    ) -> tuple[Fields, People]:
        """Fields that a person and enough people of a part have, and the people of the part who have all of them.

        A field is drawn in the same way whether it is asked for or not. last: this is the widest part, so a kind that
        no question asks for may be skipped. strict: anybody's note can leave any of the fields out without giving it
        away by the others. Raises `UnmetNeedError`.
        """
        asked = [item.task.asked_group for item in planned.items]
        quiet = sorted(self._kinds.difference(asked))
        left_out: dict[str, str] = {}
        cue: str | None = None
        kinds = [*(asked[place] for place in self._rng.permutation(len(asked)))]
        kinds += [quiet[place] for place in self._rng.permutation(len(quiet))]
        for kind in kinds:
            options = wording.askable(kind, self._shown(planned))
            others = frozenset(left_out.values()) if strict else frozenset[str]()
            fit = {field: self._fit(field, others) for field in options}
            field = self._drawn(fit, index, part, number)
            if field is not None:
                left_out[kind] = field
                part = part[fit[field][part]]
            elif kind in asked or not last:
                raise UnmetNeedError(f"too few people with {' or '.join(options)}")
        if "T2T" in self._groups:
            used = frozenset(left_out.values())
            others = used if strict else frozenset()
            fit = {field: self._fit_cue(field, others) for field in wording.CUE_STATEMENTS if field not in used}
            cue = self._drawn(fit, index, part, number)
            if cue is None:
                raise UnmetNeedError("too few people with a field in common to be described by")
            part = part[fit[cue][part]]
        return Fields(left_out, cue), part

    def has_all_kinds(self, index: int) -> bool:
        """Whether a person has a field of each kind that the recipe asks for, in every sample."""
        kinds = [wording.askable(kind, self._groups) for kind in sorted(self._kinds)]
        return all(any(self._has[field][index] for field in fields) for fields in kinds)

    def _drawn(self, fit: Mapping[str, NDArray[np.bool_]], index: int, part: People, number: int) -> str | None:
        """A random field that fits the person and enough people of a part; None if there is none.

        fit: field -> whether it fits each person, shape (n,).
        """
        possible = [field for field, fits in fit.items() if fits[index] and np.count_nonzero(fits[part]) >= number]
        return possible[int(self._rng.integers(len(possible)))] if possible else None

    def _shown(self, planned: PlannedSample) -> frozenset[str]:
        """Groups whose queries show something that a note then must not state."""
        return frozenset() if planned.looks else self._groups
