"""From how many items on scores have intervals."""

from __future__ import annotations

from collections.abc import Mapping

from .scores import DENOMINATORS

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
