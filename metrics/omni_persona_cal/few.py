"""From how many items on scores have intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .scores import DENOMINATORS

if TYPE_CHECKING:
    from .rates import Array

FEWEST = 30
"""Minimum number of items of a slice (a group, a task, a kind of absence) for its scores to have intervals.

Of 20 to 29 independent items, no function of the number of right ones contains rates of .02, .05, .95 and .98 in 93 to
98 % of cases: so few items have too few possible results.
"""

FEWEST_OF_EACH_KIND = 20
"""Minimum number of answerable items, and of unanswerable ones, for Cal of a slice to have an interval.

It is a sum of both kinds, which has more possible results than each rate, and so needs fewer items of each kind.
"""

_OF_EACH_KIND = {
    **dict.fromkeys(("cal", "cal_mean", "cal_judged", "cal_weighted"), FEWEST_OF_EACH_KIND),
    **dict.fromkeys(("abstention_avg", "abs_f1"), FEWEST),
    "composite": 2 * FEWEST,
}
"""Scores for which a slice needs that many answerable items and as many unanswerable ones.

The parts of those other than Cal differ more from each other, so that those nearer to 0 or 1 decide.
"""

MANY = 400
"""The number of items from which on a sum of rates has an interval however few of them are exceptions.

So few exceptions then mean that the true rates are beyond .02 and .98.
"""

_RARE = 0.1
"""The share of items from which on those of the rarer result are no exceptions."""

_LESS = 1.5
"""How many exceptions less than decide a sum of rates are enough for an interval; found by simulation."""


def too_few(totals: Mapping[str, float]) -> set[str]:
    """The scores that have no interval in a slice, because it has too few items.

    Args:
        totals: Column of `scores.COLUMNS` -> its sum over the slice.
    """
    counts = {name: sum(totals[column] for column in one.over) for name, one in DENOMINATORS.items()}
    few = {name for name, count in counts.items() if count < FEWEST}
    # Cal needs verdicts of the answerable items; the others count all.
    for name, fewest in _OF_EACH_KIND.items():
        answerable = totals["judged" if "judged" in DENOMINATORS[name].over else "answerable"]
        if min(answerable, totals["unanswerable"]) < fewest:
            few.add(name)
    return few


def too_few_exceptions(rates: Array, counts: Array, weights: Array, n: Array) -> Any:
    """Which sums of rates have no interval because too few items decide them.

    An exception is an item whose result is the rarer one of its rate, such as a right answer of a model that seldom
    answers. Where Ans is close to 0 and TA close to 1, some exceptions raise Cal and the others lower it. If a raise it
    and b lower it, an interval leaves out the sum without exceptions where (a - b)^2 / (a + b) is more than t^2, times
    the design effect, and a little less where exceptions are not rare. With fewer exceptions than that, it contains
    that sum however they are divided; with one more, not often enough. So that both together contain it in about 95 %
    of cases, intervals need one or two exceptions less than that.

    Args:
        rates, counts: ... x R. Each rate, NaN over no items, and the number of its items.
        weights: S x R. The weight of each rate in each sum.
        n: ... x R. The number of independent items with the same information, divided by t^2.

    Returns:
        ... x S, booleans.
    """
    import numpy as np

    used = weights != 0
    exceptions = (np.nan_to_num(np.minimum(rates, 1 - rates) * counts)[..., None, :] * used).sum(-1)
    # An exception to a low rate raises the rate, and with it a sum in which it has a positive weight.
    raises = ((rates < 0.5)[..., None, :] == (weights > 0)) & used
    opposite = raises.any(-1) & (used & ~raises).any(-1)
    counts = np.broadcast_to(counts[..., None, :], raises.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        needed = np.where(used, counts / n[..., None, :], 0).sum(-1) / used.sum(-1)
        total = (counts * used).sum(-1)
        needed = needed * (1 - exceptions / total) - _LESS
    return opposite & (total < MANY) & (exceptions < _RARE * total) & ~(exceptions > needed)
