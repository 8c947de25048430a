"""Turn planned samples into questions over memories: choose people, media, facts and words without shortcuts.

A sample is redrawn until it meets the rules of `sample_rules`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.draw import Fields, SampleDraw, UnmetNeedError
from omni_persona_build.errors import BuildError
from omni_persona_build.feasibility import people_needed
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.partitions import neighbourhoods
from omni_persona_build.plan import PlannedSample
from omni_persona_build.recipe import Recipe
from omni_persona_build.sample import Sample
from omni_persona_build.sample_rules import flaw
from omni_persona_people import wording


class UnfilledError(BuildError):
    """A planned sample for which no people of the pool fit."""


ATTEMPTS = 100
"""Number of draws from a neighbourhood before a wider one is tried, and after the widest the next person."""

People = NDArray[np.intp]
"""Indices of people in a graph."""


def assemble(
    graph: PersonaGraph,
    recipe: Recipe,
    plans: Sequence[PlannedSample],
    rng: np.random.Generator,
    questions: Mapping[str, Sequence[str]] = wording.NONE,
    partition: Sequence[int] | None = None,
    left_over: list[PlannedSample] | None = None,
) -> Iterator[Sample]:
    """Fill planned samples, using every person about equally often, as far as the rules allow.

    The person asked about is drawn at random and not by whose turn it is: some people fit the rules less easily, and
    would otherwise be recognisable as the ones whose turn it is.

    questions: the pool's own, by asked field. partition: indices of the people used in memories; None for all.
    left_over: receives the plans that cannot be filled. Without it, `BuildError` is raised for the first such plan.
    """
    filling = _Filling(graph, recipe, rng, questions, range(len(graph.people)) if partition is None else partition)
    for planned in plans:
        if (sample := filling.sample(planned)) is None and left_over is not None:
            left_over.append(planned)
            continue
        if sample is None and filling.all_alike:
            # In this pool, no K + 1 people meet all rules together, so the person who is missing is exempt from the
            # rules about clips. `omni-persona check` tests whether that identifies them.
            filling.all_alike = False
            sample = filling.sample(planned)
        if sample is None:
            tasks = ", ".join(item.task.name for item in planned.items)
            reasons = "; ".join(f"{reason} ({count} x)" for reason, count in filling.refused.most_common(3))
            raise UnfilledError(f"the pool cannot fill a sample of {tasks}: {reasons}")
        yield sample


class _Filling:
    """Fills planned samples one after another with the people of a partition."""

    def __init__(
        self,
        graph: PersonaGraph,
        recipe: Recipe,
        rng: np.random.Generator,
        questions: Mapping[str, Sequence[str]],
        partition: Sequence[int],
    ) -> None:
        self.all_alike = True
        """Whether a person who is missing from the memories meets the same rules as those who are present."""
        self.refused: Counter[str] = Counter()
        """The reasons why draws for the last planned sample failed."""
        self._graph, self._recipe, self._rng, self._questions = graph, recipe, rng, questions
        self._needed, self._groups, self._kinds = people_needed(recipe), recipe.groups, recipe.asked_groups
        self._has = _who_has(graph)
        self._near = neighbourhoods(graph, partition, recipe.distractors, recipe.contexts)
        able = graph.of_common_gender(self._needed, partition)
        complete = [index for index in able if self._has_all_kinds(index)]
        # Only fields that all people of a sample have are asked for, or left out, so people who lack a kind are not
        # used. If too few people have every kind, some samples leave out less.
        self._able = graph.of_common_gender(self._needed, complete) or able
        self._turns: list[int] = []

    def sample(self, planned: PlannedSample) -> Sample | None:
        """A sample with the people whose turn it is, or None if nobody fits."""
        self.refused.clear()
        if len(self._turns) < len(self._able):
            # People still due come first; a new round is appended whole.
            self._turns += [self._able[index] for index in self._rng.permutation(len(self._able))]
        for index in dict.fromkeys(self._turns):
            if (sample := self._with_person(planned, index)) is not None:
                self._turns.remove(index)
                return sample
        return None

    def _with_person(self, planned: PlannedSample, index: int) -> Sample | None:
        """A sample that contains the person of an index, drawn from the nearest neighbourhood that can fill it."""
        number = self._needed if self.all_alike else self._recipe.contexts
        fewest = max(number, self._recipe.contexts + (planned.position is None))
        draw = SampleDraw(self._recipe, planned, self._rng, self._questions, self._graph.common_words)
        parts = self._near[index]
        for part in parts:
            if len(part) < fewest:
                continue
            for _ in range(ATTEMPTS):
                try:
                    fields, fitting = self._fields(planned, index, part, fewest, part is parts[-1])
                    others = self._rng.permutation(fitting[fitting != index])
                    people = [self._graph.people[one] for one in others.tolist()]
                    sample = draw.sample(self._graph.people[index], people, fields, number)
                except UnmetNeedError as unmet:
                    self.refused[str(unmet)] += 1
                    continue
                if (reason := flaw(sample, self._graph.common_words)) is None:
                    return sample
                self.refused[reason] += 1
        return None

    def _fields(
        self, planned: PlannedSample, index: int, part: People, number: int, last: bool
    ) -> tuple[Fields, People]:
        """The fields that one note leaves out and that T2T describes by, and the people of a part who have all of them.

        A field is drawn in the same way whether it is asked for or not. last: this is the widest part, so a kind that
        no question asks for may be skipped.
        """
        asked = [item.task.asked_group for item in planned.items]
        quiet = sorted(self._kinds.difference(asked))
        left_out: dict[str, str] = {}
        cue: str | None = None
        kinds = [*(asked[place] for place in self._rng.permutation(len(asked)))]
        kinds += [quiet[place] for place in self._rng.permutation(len(quiet))]
        for kind in kinds:
            options = wording.askable(kind, self._shown(planned))
            field = self._drawn_field(options, index, part, number, left_out.values())
            if field is not None:
                left_out[kind] = field
                part = part[self._has[field][part]]
            elif kind in asked or not last:
                raise UnmetNeedError(f"too few people with {' or '.join(options)}")
        if "T2T" in self._groups:
            cue = self._drawn_field([*wording.CUE_STATEMENTS], index, part, number, left_out.values())
            if cue is None:
                raise UnmetNeedError("too few people with a field in common to be described by")
            part = part[self._has[cue][part]]
        return Fields(left_out, cue), part

    def _drawn_field(
        self, options: Sequence[str], index: int, part: People, number: int, taken: Collection[str]
    ) -> str | None:
        """A random field that the person and enough people of a part have; None if there is none."""
        possible = [
            field
            for field in options
            if field not in taken and self._has[field][index] and int(self._has[field][part].sum()) >= number
        ]
        return str(self._rng.choice(possible)) if possible else None

    def _shown(self, planned: PlannedSample) -> frozenset[str]:
        """Groups whose queries show something that a note then must not state."""
        return frozenset() if planned.looks else self._groups

    def _has_all_kinds(self, index: int) -> bool:
        """Whether a person has a field of each kind that the recipe asks for, in every sample."""
        kinds = [wording.askable(kind, self._groups) for kind in sorted(self._kinds)]
        return all(any(self._has[field][index] for field in fields) for fields in kinds)


def _who_has(graph: PersonaGraph) -> dict[str, NDArray[np.bool_]]:
    """Field -> whether each person has a value for it, shape (n,)."""
    return {
        field: np.array([persona.value(field) is not None for persona in graph.people]) for field in wording.STATEMENTS
    }
