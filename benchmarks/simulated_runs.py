"""Runs of an imaginary model whose true scores are known, over the source samples of a recipe."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.plan import plan
from omni_persona_build.recipes import load_recipe
from omni_persona_cal.bootstrap import ratio
from omni_persona_cal.item_rows import Slice
from omni_persona_cal.rates import clusters
from omni_persona_cal.scores import COLUMNS, GUARDED, formulas

Array = NDArray[np.float64]

BY_SOURCE, BY_PERSON = 1.0, 0.7
"""How much harder some source samples and people are: standard deviations on the logit scale."""


@dataclass(frozen=True)
class Items:
    """What a simulated model is asked."""

    answerable: NDArray[np.bool_]
    groups: NDArray[np.str_]
    tasks: NDArray[np.str_]
    sources: NDArray[np.intp]
    people: NDArray[np.intp]

    def of(self, chosen: NDArray[np.bool_]) -> Items:
        """Some of them."""
        return Items(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def slice(self, rows: Array, others: Array | None = None, *, by_person: bool = True) -> Slice:
        """What the metric makes intervals of."""
        people = [str(one) if by_person else None for one in self.people]
        return Slice(rows, others, self.groups, clusters([str(one) for one in self.sources], people))


def drawn_items(recipe: str, n_people: int, rng: np.random.Generator) -> Items:
    """The items of a recipe, each source sample about a person drawn from `n_people`."""
    rows = []
    for source, sample in enumerate(plan(load_recipe(recipe), rng)):
        person = rng.integers(n_people)
        rows += [(item.absence == "none", item.task.group, item.task.name, source, person) for item in sample.items]
    return Items(*(np.array(column) for column in zip(*rows, strict=True)))


def logit_of_mean(rate: float, deviation: float) -> float:
    """The mean of a normal logit with which probabilities have the mean `rate`."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    low, high = -30.0, 30.0
    for _ in range(80):
        middle = (low + high) / 2
        mean = (weights / (1 + np.exp(-(middle + deviation * nodes)))).sum() / weights.sum()
        low, high = (middle, high) if mean < rate else (low, middle)
    return middle


@dataclass(frozen=True)
class Hardness:
    """What runs share that are compared: how hard sources and people are to both. Runs x sources, runs x people."""

    sources: Array
    people: Array

    @classmethod
    def drawn(cls, n_runs: int, items: Items, rng: np.random.Generator) -> Hardness:
        shapes = (n_runs, items.sources.max() + 1), (n_runs, items.people.max() + 1)
        return cls(*(rng.standard_normal(shape) for shape in shapes))


def drawn_runs(items: Items, rates: tuple[float, float], shared: Hardness, rng: np.random.Generator) -> Array:
    """Runs x items x `COLUMNS` of a model that has these Ans and TA over endlessly many items.

    A wrong answer to an answerable item is an abstention half of the time. The hardness of sources and people is in
    half shared between runs.
    """
    own = Hardness.drawn(len(shared.sources), items, rng)
    by_source, by_person = (
        (getattr(shared, name) + getattr(own, name)) / math.sqrt(2) for name in ("sources", "people")
    )
    deviation = math.hypot(BY_SOURCE, BY_PERSON)
    hard = BY_SOURCE * by_source[:, items.sources] + BY_PERSON * by_person[:, items.people]
    easy = np.where(items.answerable, *(logit_of_mean(rate, deviation) for rate in rates))
    right = rng.random(hard.shape) < 1 / (1 + np.exp(-(easy + hard)))
    answerable = np.broadcast_to(items.answerable, right.shape)
    abstains = np.where(answerable, ~right & (rng.random(right.shape) < 0.5), right)
    overlap = np.where(right, 1.0, 0.6 * rng.random(right.shape))
    words = np.exp(2 + 0.3 * by_person[:, items.people] + 0.5 * rng.standard_normal(right.shape))
    values: dict[str, Any] = {
        "n": 1,
        "answerable": answerable,
        "unanswerable": ~answerable,
        "judged": answerable,
        "correct": answerable & right,
        "correct_guarded": answerable & right,
        "answered": answerable & ~abstains,
        "false_abstentions": answerable & abstains,
        "true_abstentions": ~answerable & abstains,
        "hallucinated": ~answerable & ~abstains,
        "correct_judged": answerable & right,
        "true_abstentions_judged": ~answerable & abstains,
        "rouge_l": answerable * overlap,
        "token_f1": answerable * overlap,
        "bertscored": answerable,
        "bertscore": answerable * (0.7 + 0.3 * overlap),
        "words": words,
    }
    return np.stack([np.broadcast_to(values[name], right.shape) for name in COLUMNS], axis=-1).astype(np.float64)


def true_scores(items: Items, rates: tuple[float, float]) -> dict[str, float]:
    """The scores of the model of `drawn_runs` over endlessly many such items."""
    n_a, n_u = float(items.answerable.sum()), float((~items.answerable).sum())
    ans, ta = rates
    overlap = ans + (1 - ans) * 0.3
    totals = {
        "n": n_a + n_u, "answerable": n_a, "unanswerable": n_u, "judged": n_a, "correct": n_a * ans,
        "correct_guarded": n_a * ans, "answered": n_a * (1 + ans) / 2, "false_abstentions": n_a * (1 - ans) / 2,
        "true_abstentions": n_u * ta, "hallucinated": n_u * (1 - ta),
        "correct_judged": n_a * ans, "true_abstentions_judged": n_u * ta, "rouge_l": n_a * overlap,
        "token_f1": n_a * overlap, "bertscored": n_a, "bertscore": n_a * (0.7 + 0.3 * overlap),
        "words": (n_a + n_u) * math.exp(2 + (0.3**2 + 0.5**2) / 2),
    }  # fmt: skip
    found = formulas({name: np.float64(totals[name]) for name in COLUMNS}, GUARDED, ratio)
    return {name: float(value) for name, value in found.items()} | {"audio_visual_gap": 0.0}
