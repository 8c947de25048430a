"""Map the similarities between a query and its contexts to a confidence, and compute the threshold for abstaining."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

DIGITS = 4
"""Significant digits kept of fitted values, so that rounding differences between two fits do not show."""


@dataclass(frozen=True)
class Confidence:
    """The probability that the best match is the right person: a logistic function of two features."""

    intercept: float
    likeness: float
    """Weight of the best match's similarity."""
    margin: float
    """Weight of its margin over the second best."""

    def of(self, likeness: NDArray[np.floating]) -> float:
        """The probability for similarities of shape (K,)."""
        best, lead = features(likeness)
        logit = self.intercept + self.likeness * best + self.margin * lead
        # The exponential of a large number overflows; that of its negative does not.
        return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))

    def describe(self) -> dict[str, float]:
        return asdict(self)


def features(likeness: NDArray[np.floating]) -> tuple[float, float]:
    """The largest of K values and its margin over the second; 0 for a single value."""
    *_, second, best = sorted([likeness[0], *likeness]) if len(likeness) == 1 else sorted(likeness)
    return float(best), float(best - second)


def fit_confidence(rows: NDArray[np.float64], right: NDArray[np.bool_]) -> Confidence:
    """Fit a `Confidence` on `features`, shape (n, 2), and on whether each item's best match is right, shape (n,).

    If all matches are right, or none is, the features carry no information; the probability is then constant, by
    the rule of succession, (right + 1) / (n + 2).
    """
    from sklearn.linear_model import LogisticRegression

    if right.all() or not right.any():
        share = (int(right.sum()) + 1) / (len(right) + 2)
        return Confidence(_rounded(math.log(share / (1 - share))), 0.0, 0.0)
    # Similarities of faces and of texts differ in scale; standardise them so that the penalty treats them alike.
    centre, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-9)
    model = LogisticRegression(tol=1e-10, max_iter=10_000).fit((rows - centre) / scale, right)
    weights = model.coef_[0] / scale
    intercept = float(model.intercept_[0] - weights @ centre)
    return Confidence(_rounded(intercept), _rounded(float(weights[0])), _rounded(float(weights[1])))


def answering_threshold(
    right_person: NDArray[np.bool_], right_answer: NDArray[np.bool_], answerable: NDArray[np.bool_]
) -> float:
    """The confidence from which on answering is expected to raise Cal; each array has shape (n,).

    With confidence p, an answer is expected to gain p times the mean gain over abstaining of the items whose best match
    is right, plus 1 - p times that of the others. The threshold is where this is zero (Elkan 2001, "The foundations of
    cost-sensitive learning"). It depends on means only: of few people, the threshold with the highest Cal on these
    items is largely a matter of chance.

    right_person: whether the best match is the right person. right_answer: whether an item is correct if the model
    answers from it. Raises `ValueError` unless there are both answerable and unanswerable items.
    """
    if answerable.all() or not answerable.any():
        raise ValueError("expected items that can be answered and items that cannot")
    weight = np.where(answerable, 0.5 / answerable.sum(), 0.5 / (~answerable).sum())
    # Abstaining is right exactly if the item is unanswerable.
    gain = weight * (right_answer * 1.0 - ~answerable)
    if_right, if_wrong = (float(gain[part].mean()) if part.any() else 0.0 for part in (right_person, ~right_person))
    if if_wrong >= 0:
        return 0.0
    return 1.0 if if_right <= 0 else _rounded(if_wrong / (if_wrong - if_right))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
