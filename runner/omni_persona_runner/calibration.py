"""From how alike a query and its contexts are to how sure the best match is, and from there to when to abstain."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

DIGITS = 4
"""Significant digits of what is fitted: a second fit, whose sums may round otherwise, comes to the same."""


@dataclass(frozen=True)
class Confidence:
    """The probability that the best match is the right person: a logistic function of two features."""

    intercept: float
    likeness: float
    """Weight of the best match's likeness."""
    margin: float
    """Weight of its lead over the second."""

    def of(self, likeness: NDArray[np.floating]) -> float:
        """The probability for contexts of this likeness, shape (K,)."""
        best, lead = features(likeness)
        logit = self.intercept + self.likeness * best + self.margin * lead
        # The exponential of a large number overflows; that of its negative does not.
        return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))

    def describe(self) -> dict[str, float]:
        return asdict(self)


def features(likeness: NDArray[np.floating]) -> tuple[float, float]:
    """The largest of K values and its lead over the second; a lone one has no lead."""
    *_, second, best = sorted([likeness[0], *likeness]) if len(likeness) == 1 else sorted(likeness)
    return float(best), float(best - second)


def fit_confidence(rows: NDArray[np.float64], right: NDArray[np.bool_]) -> Confidence:
    """Fit a `Confidence` on the `features` of items, shape (n, 2), and on whether each one's best match is right, (n,).

    Where all matches are right, or none is, the features cannot tell: the probability then is the same for all, by
    the rule of succession, (right + 1) / (n + 2).
    """
    from sklearn.linear_model import LogisticRegression

    if right.all() or not right.any():
        share = (int(right.sum()) + 1) / (len(right) + 2)
        return Confidence(_rounded(math.log(share / (1 - share))), 0.0, 0.0)
    # Similarities of faces and of texts are spread differently: the penalty on weights must not know.
    centre, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-9)
    model = LogisticRegression(tol=1e-10, max_iter=10_000).fit((rows - centre) / scale, right)
    weights = model.coef_[0] / scale
    intercept = float(model.intercept_[0] - weights @ centre)
    return Confidence(_rounded(intercept), _rounded(float(weights[0])), _rounded(float(weights[1])))


def fit_threshold(
    confidence: NDArray[np.float64], right_if_answered: NDArray[np.bool_], answerable: NDArray[np.bool_]
) -> float:
    """The confidence from which on to answer, so that Cal is largest; each array has shape (n,).

    right_if_answered: whether an item comes out right where the model does not abstain out of doubt. Of thresholds
    that are equally good, the one in the widest gap between confidences.
    Raises `ValueError` where not both kinds of items are there, answerable and not.
    """
    if answerable.all() or not answerable.any():
        raise ValueError("expected items that can be answered and items that cannot")
    order = np.argsort(confidence, kind="stable")
    weight = np.where(answerable, 0.5 / answerable.sum(), 0.5 / (~answerable).sum())
    # What abstaining from an item adds to Cal; abstaining is right exactly where there is no answer.
    gain = (weight * (~answerable * 1.0 - right_if_answered))[order]
    edges = np.concatenate([[0.0], confidence[order], [1.0]])
    gaps = np.diff(edges)
    cal = np.concatenate([[0.0], np.cumsum(gain)])
    # Items of one confidence cannot be parted; sums of the same terms in another order may differ in the last bit.
    cal = np.where(gaps > 0, np.round(cal, 12), -np.inf)
    best = max(range(len(cal)), key=lambda place: (cal[place], gaps[place]))
    return _rounded(float(edges[best] + edges[best + 1]) / 2)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
