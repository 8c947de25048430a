"""Map the similarities between a query and its contexts to a confidence, and choose the threshold for abstaining."""

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


def fit_threshold(
    confidence: NDArray[np.float64], right_if_answered: NDArray[np.bool_], answerable: NDArray[np.bool_]
) -> float:
    """Find the confidence threshold for answering that maximises Cal; each array has shape (n,).

    right_if_answered: whether an item is correct if the threshold lets the model answer. Among thresholds
    that are equally good, the one in the widest gap between confidences is returned.
    Raises `ValueError` unless there are both answerable and unanswerable items.
    """
    if answerable.all() or not answerable.any():
        raise ValueError("expected items that can be answered and items that cannot")
    order = np.argsort(confidence, kind="stable")
    weight = np.where(answerable, 0.5 / answerable.sum(), 0.5 / (~answerable).sum())
    # What abstaining from an item adds to Cal; abstaining is right exactly if the item is unanswerable.
    gain = (weight * (~answerable * 1.0 - right_if_answered))[order]
    edges = np.concatenate([[0.0], confidence[order], [1.0]])
    gaps = np.diff(edges)
    cal = np.concatenate([[0.0], np.cumsum(gain)])
    # Items of equal confidence cannot be separated; summing in another order may change the last bit.
    cal = np.where(gaps > 0, np.round(cal, 12), -np.inf)
    best = max(range(len(cal)), key=lambda place: (cal[place], gaps[place]))
    return _rounded(float(edges[best] + edges[best + 1]) / 2)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
