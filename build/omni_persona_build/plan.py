"""Deal the items of a recipe into source samples, before anybody is chosen for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import omni_persona
from omni_persona_build.recipe import Recipe


@dataclass(frozen=True)
class PlannedItem:
    """A task and why it cannot be answered, if so."""

    task: omni_persona.Task
    absence: omni_persona.Absence


@dataclass(frozen=True)
class PlannedSample:
    """Questions that will share one set of memories."""

    items: tuple[PlannedItem, ...]
    """No two ask for the same kind of attribute, so that no answer gives another away."""
    position: int | None
    """Where the queried person stands among the contexts, or None where they stand outside (`absent_persona`)."""


def plan(recipe: Recipe, rng: np.random.Generator) -> list[PlannedSample]:
    """Deal a recipe's items into samples of `items_per_sample`, in an order of chance.

    Every position among the contexts is taken equally often, up to one.
    """
    items = [
        PlannedItem(omni_persona.TASKS[name], absence)
        for (name, absence), count in recipe.counts().items()
        for _ in range(count)
    ]
    inside = [item for item in items if item.absence != "absent_persona"]
    outside = [item for item in items if item.absence == "absent_persona"]
    present = _deal(inside, recipe.items_per_sample, rng)
    turns = -(-len(present) // recipe.contexts)
    positions = [int(place) for _ in range(turns) for place in rng.permutation(recipe.contexts)]
    samples = [PlannedSample(part, place) for part, place in zip(present, positions, strict=False)]
    samples += [PlannedSample(part, None) for part in _deal(outside, recipe.items_per_sample, rng)]
    return [samples[index] for index in rng.permutation(len(samples))]


def _deal(items: list[PlannedItem], size: int, rng: np.random.Generator) -> list[tuple[PlannedItem, ...]]:
    """Parts of at most `size` items, each asking for another kind of attribute."""
    piles: dict[str, list[PlannedItem]] = {}
    for index in rng.permutation(len(items)):
        piles.setdefault(items[index].task.asked_group, []).append(items[index])
    parts = []
    while piles:
        # Always from the highest piles: they are the ones that could be left over with nothing to go beside them.
        chance = {asked: rng.random() for asked in sorted(piles)}
        highest = sorted(piles, key=lambda asked: (-len(piles[asked]), chance[asked]))[:size]
        parts.append(tuple(piles[asked].pop() for asked in highest))
        piles = {asked: pile for asked, pile in piles.items() if pile}
    return parts
