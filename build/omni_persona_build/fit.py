"""Find the nearest recipe that a pool can fill: which cells cannot be filled, and what to write instead.

A cell is a task and a kind of absence. For instance, corpora in which everybody says the same few sentences cannot fill
the T2Any cells, because people must be distinguishable by what they say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

import omni_persona
from omni_persona_build.assemble import UnfilledError, assemble
from omni_persona_build.feasibility import require_fit
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.plan import PlannedSample, plan
from omni_persona_build.recipes import Counts, Recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_people.persona import Persona
from omni_persona_people.rules import wording

Cell = tuple[str, omni_persona.Absence]
"""A task and a kind of absence."""

ROUNDS = 12
"""Maximum number of assembly attempts, each without the cells that failed before."""
MOST_NAMED = 6
"""Maximum number of tasks that are listed; the rest are only counted."""

_COUNTS: dict[omni_persona.Absence, str] = dict(
    zip(omni_persona.ABSENCES, ("answerable", "absent_persona", "absent_attribute"), strict=True)
)
"""Kind of absence -> its name in a recipe."""


@dataclass(frozen=True)
class Fitted:
    """A recipe that a pool can fill, and what had to be reduced."""

    recipe: Recipe
    asked: Recipe
    """The requested recipe."""
    reasons: Mapping[Cell, str]
    """Cell -> the reason why none of its items can be filled."""

    @property
    def changed(self) -> list[str]:
        """Tasks with fewer items than requested, in the recipe's order."""
        return [name for name, counts in self.asked.tasks.items() if _counts(self.recipe, name) != counts]

    def instead(self) -> str:
        """The changed lines of the fitted recipe, as written in its YAML file."""
        return _listed([f"{name}: {_line(_counts(self.recipe, name))}" for name in self.changed])

    def because(self) -> str:
        """Each reason once, with the tasks that it applies to."""
        tasks: dict[str, dict[str, None]] = {}
        for (task, _), reason in self.reasons.items():
            tasks.setdefault(reason, {})[task] = None
        return _listed([f"{', '.join(names)}: {reason}" for reason, names in tasks.items()])

    def summary(self) -> str:
        """A one-line summary for the console and the card."""
        lost = self.asked.total - self.recipe.total
        return f"{lost} of {self.asked.total} items of recipe {self.asked.name} left out; {self.instead()}"


def fit_to_people(people: Sequence[Persona], recipe: Recipe) -> Fitted:
    """Remove the cells with too few people, media or fields. Raises `BuildError` if nothing is left."""
    reasons: dict[Cell, str] = {}
    for cell in _cells(recipe):
        try:
            require_fit(people, _alone(recipe, cell))
        except BuildError as error:
            reasons[cell] = str(error)
    if len(reasons) == len(_cells(recipe)):
        require_fit(people, recipe)
    return Fitted(_without(recipe, Counter({cell: recipe.counts()[cell] for cell in reasons})), recipe, reasons)


def fit_to_graph(
    graph: PersonaGraph,
    recipe: Recipe,
    seed: int,
    questions: Mapping[str, Sequence[str]] = wording.NONE,
) -> Fitted:
    """Remove the items that cannot be assembled. Raises `BuildError` if nothing is left, or no recipe is found."""
    reasons: dict[Cell, str] = {}
    for cell in _cells(recipe):
        alone = _alone(recipe, cell)
        rng = np.random.default_rng(seed)
        try:
            list(assemble(graph, alone, plan(alone, rng), rng, questions))
        except BuildError as error:
            # The reason without the number of draws, which means little to a reader.
            reasons[cell] = str(error).partition(": ")[2].partition(" (")[0] or str(error)
    if len(reasons) == len(_cells(recipe)):
        raise BuildError(f"the pool fills no item of recipe {recipe.name}: {next(iter(reasons.values()))}")
    fitted = _without(recipe, Counter({cell: recipe.counts()[cell] for cell in reasons}))
    if _fills(graph, fitted, seed, questions):
        return Fitted(fitted, recipe, reasons)
    for _ in range(ROUNDS):
        rng, left_over = np.random.default_rng(seed), list[PlannedSample]()
        for _ in assemble(graph, fitted, plan(fitted, rng), rng, questions, left_over=left_over):
            pass
        if not left_over:
            return Fitted(fitted, recipe, reasons)
        lost = Counter((item.task.name, item.absence) for planned in left_over for item in planned.items)
        if lost.total() >= fitted.total:
            break
        fitted = _without(fitted, lost)
    raise BuildError(
        f"no recipe near {recipe.name} was found that the pool fills; the last one lacked {len(left_over)}"
    )


def _fills(graph: PersonaGraph, recipe: Recipe, seed: int, questions: Mapping[str, Sequence[str]]) -> bool:
    rng = np.random.default_rng(seed)
    try:
        list(assemble(graph, recipe, plan(recipe, rng), rng, questions))
    except UnfilledError:
        return False
    return True


def merged(first: Fitted, second: Fitted) -> Fitted:
    """Combine two consecutive fittings into one."""
    return Fitted(second.recipe, first.asked, {**first.reasons, **second.reasons})


def described(fitted: Fitted) -> Recipe:
    """The fitted recipe with a description that says so; unchanged if nothing was reduced."""
    if not fitted.changed:
        return fitted.asked
    description = f"{fitted.asked.description} Fitted to the pool: {fitted.summary()}.".strip()
    return fitted.recipe.model_copy(update={"description": description})


def _cells(recipe: Recipe) -> list[Cell]:
    return [cell for cell, count in recipe.counts().items() if count]


def _alone(recipe: Recipe, cell: Cell) -> Recipe:
    """A recipe of one item in one cell."""
    task, absence = cell
    return recipe.model_copy(update={"tasks": {task: Counts(**{_COUNTS[absence]: 1})}})


def _without(recipe: Recipe, lost: Counter[Cell]) -> Recipe:
    """A recipe with fewer items; tasks that lose all of theirs are dropped."""
    tasks = {}
    for name, counts in recipe.tasks.items():
        left = {key: getattr(counts, key) - lost[name, absence] for absence, key in _COUNTS.items()}
        if any(left.values()):
            tasks[name] = Counts(**left)
    return recipe.model_copy(update={"tasks": tasks})


def _counts(recipe: Recipe, task: str) -> Counts:
    return recipe.tasks.get(task, Counts())


def _line(counts: Counts) -> str:
    return "{" + ", ".join(f"{key}: {getattr(counts, key)}" for key in _COUNTS.values()) + "}"


def _listed(parts: Sequence[str]) -> str:
    more = len(parts) - MOST_NAMED
    return "; ".join(parts[:MOST_NAMED]) + (f"; and {more} others" if more > 0 else "")
