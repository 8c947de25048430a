"""Draw the fields that the notes of a sample state, and that one note leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from omni_persona_build.field_fits import Bits
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.plan import PlannedSample
from omni_persona_build.recipes import Recipe
from omni_persona_build.sample_rules import UnmetNeedError
from omni_persona_people.rules import wording


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
        self._fits = graph.field_fits
        # What a query shows of a person, a note must not state.
        shown = {True: frozenset[str](), False: self._groups}
        self._askable = {
            looks: {kind: wording.askable(kind, groups) for kind in wording.ASKED_FIELDS}
            for looks, groups in shown.items()
        }
        """Whether notes may mention looks -> kind of attribute -> the fields that may be asked for."""

    def fields(
        self, planned: PlannedSample, index: int, part: Bits, number: int, last: bool, strict: bool
    ) -> tuple[Fields, Bits]:
        """Fields that a person and enough people of a part have, and the people of the part who have all of them.

        A field is drawn in the same way whether it is asked for or not. last: this is the widest part, so a kind that
        no question asks for may be skipped. strict: anybody's note can leave any of the fields out without giving it
        away by the others. Raises `UnmetNeedError`.
        """
        asked = [item.task.asked_group for item in planned.items]
        quiet = sorted(self._kinds.difference(asked))
        left_out: dict[str, str] = {}
        cue: str | None = None
        kinds = [asked[place] for place in self._rng.permutation(len(asked)).tolist()]
        kinds += [quiet[place] for place in self._rng.permutation(len(quiet)).tolist()]
        fitting = part
        for kind in kinds:
            options = self._askable[planned.looks][kind]
            others = frozenset(left_out.values()) if strict else frozenset[str]()
            fit = {field: fitting & self._fits.to_leave_out(field, others) for field in options}
            field = self._drawn(fit, index, number)
            if field is not None:
                left_out[kind] = field
                fitting = fit[field]
            elif kind in asked or not last:
                raise UnmetNeedError(f"too few people with {' or '.join(options)}")
        if "T2T" in self._groups:
            used = frozenset(left_out.values())
            others = used if strict else frozenset()
            cues = [field for field in wording.CUE_STATEMENTS if field not in used]
            fit = {field: fitting & self._fits.to_describe_by(field, others) for field in cues}
            cue = self._drawn(fit, index, number)
            if cue is None:
                raise UnmetNeedError("too few people with a field in common to be described by")
            fitting = fit[cue]
        return Fields(left_out, cue), fitting

    def has_all_kinds(self, index: int) -> bool:
        """Whether a person has a field of each kind that the recipe asks for, in every sample."""
        kinds = [self._askable[False][kind] for kind in sorted(self._kinds)]
        return all(any(self._fits.has(field) >> index & 1 for field in fields) for fields in kinds)

    def _drawn(self, fit: Mapping[str, Bits], index: int, number: int) -> str | None:
        """A random field that fits the person and enough people; None if there is none.

        fit: field -> the people it fits.
        """
        asked = 1 << index
        possible = [field for field, fitting in fit.items() if fitting & asked and fitting.bit_count() >= number]
        return possible[int(self._rng.integers(len(possible)))] if possible else None
