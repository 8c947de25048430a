"""Turn planned samples into questions over memories: choose people, media, facts and words without shortcuts.

A sample is redrawn until it meets the rules of `sample_rules`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from omni_persona_build.draw import SampleDraw
from omni_persona_build.feasibility import people_needed
from omni_persona_build.fields import FieldDraw
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.partitions import neighbourhoods
from omni_persona_build.plan import PlannedSample
from omni_persona_build.recipes import Recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_build.sample import Sample
from omni_persona_build.sample_rules import UnmetNeedError
from omni_persona_people.rules import wording


class UnfilledError(BuildError):
    """A planned sample for which no people of the pool fit."""


ATTEMPTS = 100
"""Number of draws from a neighbourhood before a wider one is tried, and after the widest the next person."""


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
        while sample is None and filling.loosen():
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
        self.refused: Counter[str] = Counter()
        """The reasons why draws for the last planned sample failed."""
        self._graph, self._recipe, self._rng, self._questions = graph, recipe, rng, questions
        needed = people_needed(recipe)
        self._levels = [(needed, True), (needed, False)] + [(recipe.contexts, False)] * (needed > recipe.contexts)
        self._fields = FieldDraw(graph, recipe, rng)
        self._near = neighbourhoods(graph, partition, recipe.distractors, recipe.contexts)
        able = graph.of_common_gender(needed, partition)
        complete = [index for index in able if self._fields.has_all_kinds(index)]
        # Only fields that all people of a sample have are asked for, or left out, so people who lack a kind are not
        # used. If too few people have every kind, some samples leave out less.
        self._able = graph.of_common_gender(needed, complete) or able
        self._turns: list[int] = []

    def loosen(self) -> bool:
        """Relax the rules for all samples to come; False if they cannot be relaxed any more.

        In some pools, no K + 1 people fit every role. Then it suffices that each of them fits the role that they get;
        and if no K + 1 people meet all rules together, the person who is missing is exempt from the rules about clips.
        `omni-persona check` tests whether either identifies the one who is missing.
        """
        if len(self._levels) == 1:
            return False
        del self._levels[0]
        return True

    def sample(self, planned: PlannedSample) -> Sample | None:
        """A sample with the people whose turn it is, or None if nobody fits."""
        self.refused.clear()
        if len(self._turns) < len(self._able):
            # People still due come first; a new round is appended whole.
            self._turns += [self._able[index] for index in self._rng.permutation(len(self._able))]
        # Nearly always, the first person fits: the rest of a large pool is not looked at.
        tried: set[int] = set()
        for index in self._turns:
            if index in tried:
                continue
            tried.add(index)
            if (sample := self._with_person(planned, index)) is not None:
                self._turns.remove(index)
                return sample
        return None

    def _with_person(self, planned: PlannedSample, index: int) -> Sample | None:
        """A sample that contains the person of an index, drawn from the nearest neighbourhood that can fill it."""
        number, strict = self._levels[0]
        fewest = max(number, self._recipe.contexts + (planned.position is None))
        fits = self._graph.field_fits
        draw = SampleDraw(self._recipe, planned, self._rng, self._questions, fits, self._graph.common_words)
        parts = self._near[index]
        for part in parts:
            if len(part) < fewest:
                continue
            within = fits.of_indices(part)
            for _ in range(ATTEMPTS):
                try:
                    fields, fitting = self._fields.fields(planned, index, within, fewest, part is parts[-1], strict)
                    others = self._rng.permutation(part[fits.flags(fitting & ~(1 << index))[part]])
                    return draw.sample([index, *others.tolist()], fields, number, strict)
                except UnmetNeedError as unmet:
                    self.refused[str(unmet)] += 1
        return None
