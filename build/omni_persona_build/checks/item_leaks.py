"""How surely each item is solved without the modality that it should need.

Every solver of the checks scores the contexts of each item. The more its best context stands out, the surer it is; how
often it is then right is learnt from other sets of memories. The leak of an item is that of the solver that solves it
most surely.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_build.checks.evidence import FEWEST, FOLDS
from omni_persona_build.checks.ready import Ready
from omni_persona_build.checks.solvers import Classifier, Picked

PRIOR = 2.0
"""Guesses that are added to what is known of a solver, so that few items make nobody certain."""
ERRORS = 1.64
"""Standard errors by which the effect of a margin is reduced."""
LARGEST = 1e6
"""Largest margin by which a score stands out."""


@dataclass(frozen=True)
class ItemLeak:
    """How surely an item is solved without the modality that it should need."""

    augmented_id: str
    leak: float
    """0 for a guess, 1 for certainty: (p - chance) / (1 - chance), if the solver is right with probability p."""
    solver: str
    """The solver that solves it most surely; empty if none does better than a guess."""


def item_leaks(items: Sequence[Item], picked: Sequence[Picked], detected: Sequence[Classifier]) -> list[ItemLeak]:
    """The leak of each item, in order. Items that no solver applies to have a leak of 0.

    picked, detected: what all solvers say of these items.
    """
    best: dict[str, ItemLeak] = {}
    for name, group, probabilities, chances in _solved(picked, detected):
        for item, p, chance in zip(group, probabilities.tolist(), chances.tolist(), strict=True):
            leak = max(0.0, (p - chance) / (1 - chance)) if chance < 1 else 0.0
            known = best.get(item.augmented_id)
            if leak > 0 and (known is None or leak > known.leak):
                best[item.augmented_id] = ItemLeak(item.augmented_id, leak, name)
    return [best.get(item.augmented_id, ItemLeak(item.augmented_id, 0.0, "")) for item in items]


Solved = tuple[str, Sequence[Item], NDArray[np.float64], NDArray[np.float64]]
"""A solver's name, its items, the probability that it is right for each, and the probability that a guess is."""


def _solved(picked: Sequence[Picked], detected: Sequence[Classifier]) -> Iterator[Solved]:
    for picker in picked:
        yield picker.name, picker.items.items, _sureness(picker.items, picker.scores), picker.items.chances
    for one in detected:
        if min(one.missing.sum(), (~one.missing).sum()) >= FEWEST:
            sure = _probabilities(one.seen, one.missing)
            given = [(item, sure[at]) for at in np.flatnonzero(one.missing).tolist() for item in one.items[at]]
            probabilities = np.array([p for _, p in given])
            yield one.name, [item for item, _ in given], probabilities, np.full(len(given), one.missing.mean())


def _sureness(items: Ready, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability that a solver picks the target of each item, shape (n,), by how much its best score stands out.

    scores: shape (n, K); notes that do not state the asked attribute are never picked. Without a best score, the solver
    guesses.
    """
    from sklearn.model_selection import GroupKFold

    ordered = np.sort(np.where(items.stating, scores, -np.inf), axis=1)
    margins = ordered[:, -1] - np.maximum(ordered[:, -2], ordered[:, -1] - LARGEST)
    right, chances = items.chosen(scores), items.chances
    sure = chances.copy()
    picks = margins > 0
    folds = min(FOLDS, len(set(items.samples.tolist())))
    if folds < 2 or not picks.any():
        return sure
    shown = margins / np.median(margins[picks])
    for taught, asked in GroupKFold(folds).split(shown, groups=items.samples):
        taught, asked = taught[picks[taught]], asked[picks[asked]]
        sure[asked] = _learnt(shown[taught], right[taught] == 1, float(chances.mean()), shown[asked])
    # If it picks another context, what is left of the probability is shared by the others.
    others = np.maximum(1 / chances - 1, 1)
    return right * sure + (1 - right) * (1 - sure) / others


def _learnt(
    margins: NDArray[np.float64], right: NDArray[np.bool_], chance: float, asked: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probability of being right at the asked margins, by logistic regression on margins at which it is known.

    How much it grows with the margin is reduced by what may be chance, and it never falls: a solver that is right less
    often the surer it is, is right by chance.
    """
    from sklearn.linear_model import LogisticRegression

    share = (right.sum() + PRIOR * chance) / (len(right) + PRIOR)
    slope, mean = 0.0, float(margins.mean()) if len(margins) else 0.0
    spread = float(np.square(margins - mean).sum())
    if spread > 0 and right.any() and not right.all():
        model = LogisticRegression(C=10).fit(margins[:, None], right)
        slope = max(0.0, float(model.coef_[0, 0]) - ERRORS / (share * (1 - share) * spread) ** 0.5)
    odds = np.log(share / (1 - share)) + slope * (asked - mean)
    return np.asarray(1 / (1 + np.exp(-odds)))


def _probabilities(seen: NDArray[np.float64], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Probability of each label being true, shape (n,), by a classifier fitted on other sets."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    likely = np.zeros(len(labels))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    for taught, asked in folds.split(np.zeros(len(labels)), labels):
        likely[asked] = LogisticRegression().fit(seen[taught], labels[taught]).predict_proba(seen[asked])[:, 1]
    return likely
