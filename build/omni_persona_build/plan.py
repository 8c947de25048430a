"""Distribute the items of a recipe over source samples, before people are chosen for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

import omni_persona
from omni_persona_build.recipes import Recipe


@dataclass(frozen=True)
class PlannedItem:
    """A task and its kind of absence, if any."""

    task: omni_persona.Task
    absence: omni_persona.Absence


@dataclass(frozen=True)
class PlannedSample:
    """Questions that will share one set of memories."""

    items: tuple[PlannedItem, ...]
    """No two ask for the same kind of attribute, so that no answer reveals another."""
    position: int | None
    """Position of the queried person among the contexts, or None if the person is missing (`absent_persona`)."""
    left_out: frozenset[str] = frozenset()
    """Kinds of attribute that no question asks for and that the queried person's note omits."""
    looks: bool = False
    """Whether the notes may mention hair and looks, which a face would show."""


def plan(recipe: Recipe, rng: np.random.Generator) -> list[PlannedSample]:
    """Distribute a recipe's items over samples of `items_per_sample`; samples, and the items of each, in random order.

    Every position among the contexts is used equally often, up to a difference of one.
    """
    items = [
        PlannedItem(omni_persona.TASKS[name], absence)
        for (name, absence), count in recipe.counts().items()
        for _ in range(count)
    ]
    inside = [item for item in items if item.absence != "absent_persona"]
    outside = [item for item in items if item.absence == "absent_persona"]
    present = _deal(inside, recipe.items_per_sample, rng)
    missing = _deal(outside, recipe.items_per_sample, rng)
    turns = -(-len(present) // recipe.contexts)
    positions = [int(place) for _ in range(turns) for place in rng.permutation(recipe.contexts)]
    chance = _chance_to_leave_out(present, recipe)
    looks = _chance_of_looks(present, missing)
    samples = [
        PlannedSample(
            part,
            place,
            frozenset(kind for kind in sorted(chance) if rng.random() < chance[kind]) - _kinds(part),
            not _by_face(part) and rng.random() < looks[0],
        )
        for part, place in zip(present, positions, strict=False)
    ]
    samples += [PlannedSample(part, None, looks=not _by_face(part) and rng.random() < looks[1]) for part in missing]
    return [samples[index] for index in rng.permutation(len(samples))]


def _by_face(items: Iterable[PlannedItem]) -> bool:
    return any(item.task.group == "I2I" for item in items)


def _chance_of_looks(
    present: Sequence[tuple[PlannedItem, ...]], missing: Sequence[tuple[PlannedItem, ...]]
) -> tuple[float, float]:
    """Probability that notes may mention looks if no face is shown: in samples of present people, and of missing ones.

    Notes that mention looks reveal that no face is shown, which is not equally frequent in the two kinds of samples;
    the probabilities make such notes equally frequent.
    """
    shares = [sum(not _by_face(part) for part in parts) / len(parts) if parts else None for parts in (present, missing)]
    known = [share for share in shares if share is not None]
    least = min(known, default=0.0)
    first, second = (least / share if share else 0.0 for share in shares)
    return first, second


def _chance_to_leave_out(present: Sequence[tuple[PlannedItem, ...]], recipe: Recipe) -> dict[str, float]:
    """Kind of attribute -> probability that the queried person's note omits it if no question asks for it.

    When it is asked for, the queried person omits it in more or less than one sample of K, depending on the recipe.
    Over all questions whose reader cannot know that it is asked for, the rate must be one in K, as for everybody else:
    otherwise the person whose note omits the most would be the one asked about.
    """
    items = [(item, part) for part in present for item in part]
    chance = {}
    for kind in recipe.asked_groups:
        asked = [item.absence == "absent_attribute" for item, _ in items if item.task.asked_group == kind]
        beside = [kind in _kinds(part) for item, part in items if item.task.asked_group != kind]
        often = sum(beside) / len(beside) if beside else 0.0
        absent = sum(asked) / len(asked) if asked else 0.0
        chance[kind] = (1 / recipe.contexts - often * absent) / (1 - often) if often < 1 else 0.0
    return chance


def _kinds(items: Iterable[PlannedItem]) -> frozenset[str]:
    return frozenset(item.task.asked_group for item in items)


def _deal(items: list[PlannedItem], size: int, rng: np.random.Generator) -> list[tuple[PlannedItem, ...]]:
    """Parts of at most `size` items, each of which asks for a different kind of attribute."""
    piles: dict[str, list[PlannedItem]] = {}
    for index in rng.permutation(len(items)):
        piles.setdefault(items[index].task.asked_group, []).append(items[index])
    parts = []
    while piles:
        # Always take from the highest piles: they are the ones that could be left over without partners.
        chance = {asked: rng.random() for asked in sorted(piles)}
        highest = sorted(piles, key=lambda asked: (-len(piles[asked]), chance[asked]))[:size]
        part = [piles[asked].pop() for asked in highest]
        # The height of its pile must not distinguish a question from its siblings.
        parts.append(tuple(part[place] for place in rng.permutation(len(part))))
        piles = {asked: pile for asked, pile in piles.items() if pile}
    return parts
