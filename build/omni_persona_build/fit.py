"""The nearest recipe that a pool fills: which cells of a recipe are the trouble, and what to write instead.

A cell is a task and a kind of absence. Corpora in which everybody says the same few sentences cannot fill those of
T2Any, for instance, where people must be told apart by what they say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

import omni_persona
from omni_persona_build.assemble import UnfilledError, assemble
from omni_persona_build.errors import BuildError
from omni_persona_build.feasibility import require_fit
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.plan import PlannedSample, plan
from omni_persona_build.recipe import Counts, Recipe
from omni_persona_people import wording
from omni_persona_people.pool import Persona

Cell = tuple[str, omni_persona.Absence]
"""A task and why its items cannot be answered, if so."""

ROUNDS = 12
"""Times that a recipe is assembled, with what was left over taken out, before fitting is given up."""
TOLD = 6
"""Tasks that are told; the others are counted."""

_COUNTS: dict[omni_persona.Absence, str] = dict(
    zip(omni_persona.ABSENCES, ("answerable", "absent_persona", "absent_attribute"), strict=True)
)
"""Kind of absence -> its name in a recipe."""


@dataclass(frozen=True)
class Fitted:
    """A recipe that a pool fills, and what had to give way."""

    recipe: Recipe
    asked: Recipe
    """The recipe that was asked for."""
    reasons: Mapping[Cell, str]
    """Cell -> why none of its items can be filled."""

    @property
    def changed(self) -> list[str]:
        """Tasks with fewer items than asked for, in the recipe's order."""
        return [name for name, counts in self.asked.tasks.items() if _counts(self.recipe, name) != counts]

    def instead(self) -> str:
        """The lines of the fitted recipe that differ, as they are written in its YAML file."""
        return _listed([f"{name}: {_line(_counts(self.recipe, name))}" for name in self.changed])

    def because(self) -> str:
        """Why, each reason once with the tasks it is given for."""
        tasks: dict[str, dict[str, None]] = {}
        for (task, _), reason in self.reasons.items():
            tasks.setdefault(reason, {})[task] = None
        return _listed([f"{', '.join(names)}: {reason}" for reason, names in tasks.items()])

    def told(self) -> str:
        """One line for people and for the card."""
        lost = self.asked.total - self.recipe.total
        return f"{lost} of {self.asked.total} items of recipe {self.asked.name} left out; {self.instead()}"


def fit_to_people(people: Sequence[Persona], recipe: Recipe) -> Fitted:
    """Without the cells for which people, media or fields are too few. Raises `BuildError` where nothing is left."""
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
    """Without what cannot be assembled. Raises `BuildError` where nothing is left, or no recipe is found."""
    reasons: dict[Cell, str] = {}
    for cell in _cells(recipe):
        alone = _alone(recipe, cell)
        rng = np.random.default_rng(seed)
        try:
            list(assemble(graph, alone, plan(alone, rng), rng, questions))
        except BuildError as error:
            # What was refused, without the count of draws that says little to a reader.
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
    """Two fittings, one after the other, as one."""
    return Fitted(second.recipe, first.asked, {**first.reasons, **second.reasons})


def described(fitted: Fitted) -> Recipe:
    """The fitted recipe, with a description that says so; as it is where nothing was changed."""
    if not fitted.changed:
        return fitted.asked
    description = f"{fitted.asked.description} Fitted to the pool: {fitted.told()}.".strip()
    return fitted.recipe.model_copy(update={"description": description})


def _cells(recipe: Recipe) -> list[Cell]:
    return [cell for cell, count in recipe.counts().items() if count]


def _alone(recipe: Recipe, cell: Cell) -> Recipe:
    """One item of one cell."""
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
    more = len(parts) - TOLD
    return "; ".join(parts[:TOLD]) + (f"; and {more} others" if more > 0 else "")
