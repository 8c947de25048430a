"""How well numbers rank one class above another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def area_under_curve(labels: NDArray[np.bool_], sure: NDArray[np.floating]) -> float:
    """The area under the ROC curve: how often a True has a larger number than a False, ties counted half.

    labels, sure: shape (n,), with at least one label of each kind.
    """
    values, place = np.unique(sure, return_inverse=True)
    positive = np.bincount(place[labels], minlength=len(values))
    negative = np.bincount(place[~labels], minlength=len(values))
    below = np.cumsum(negative) - negative
    # Pairs are counted in halves, as whole numbers.
    halves = int(positive @ (2 * below + negative))
    return halves / (2 * int(positive.sum()) * int(negative.sum()))
