"""Intervals for every score of a set of judged items, or for every difference of two sets: overall and by slice.

Rates, and sums of rates, have score intervals (`rates`); those of the F1 of abstaining and of `composite` are derived
from them (`abstention_f1`), and lengths have t intervals. All of them treat items as clustered that share a source
sample, or the person asked about.
"""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from .few import FEWEST, too_few, too_few_exceptions
from .item_rows import Slice, summed, sums_of
from .scores import COLUMNS, DENOMINATORS, RATES, JudgedItem, columns, slices

if TYPE_CHECKING:
    from .rates import Array, Estimates

Place = tuple[str, ...]
"""Key path of a slice in the result: () for all items, otherwise such as ("by_group", "I2I")."""

Interval = list[float] | None
"""[low, high], or None if undefined."""

_LEAST_P, _STEPS = 1e-12, 100
"""The smallest p-value that is told, and the maximum number of steps to one, of which about ten are needed."""
_GAP = {"I2I": 1.0, "A2A": -1.0}

_METHOD = (
    "score intervals with design effect and Student's t for rates, their sums and differences, abs_f1 and composite; "
    "MOVER for differences of these two; t interval for mean_len"
)


def places(items: Sequence[JudgedItem]) -> dict[Place, list[JudgedItem]]:
    """All items under (), and those of each slice."""
    result: dict[Place, list[JudgedItem]] = {(): list(items)}
    for kind, parts in slices(items).items():
        result.update({(kind, name): part for name, part in parts.items()})
    return result


def intervals(
    items: Sequence[JudgedItem],
    protocol: str,
    confidence: float,
    others: Sequence[JudgedItem] | None = None,
) -> dict[Place, dict[str, Interval]]:
    """The interval of each score of each slice, or of each difference, `others` minus `items`.

    None if a score is undefined, if its items (of `cal` and its like, those of one kind) belong to a single cluster, if
    lengths do not differ at all, for scores of a slice with too few items (`few.too_few`), and for sums of rates that
    too few items decide (`few.too_few_exceptions`).

    Args:
        others: Another run over the same items in the same order.
    """
    import numpy as np

    # Sort, so that the order of the items does not affect the result.
    order = sorted(range(len(items)), key=lambda index: items[index].augmented_id)
    items = [items[index] for index in order]
    whole = _whole(items, None if others is None else [others[index] for index in order])
    index = {item.augmented_id: row for row, item in enumerate(items)}
    result: dict[Place, dict[str, Interval]] = {}
    for place, part in places(items).items():
        chosen = np.array([index[item.augmented_id] for item in part], dtype=int)
        cut = Slice(
            whole.rows[chosen],
            None if whole.others is None else whole.others[chosen],
            whole.groups[chosen],
            whole.clusters.of(chosen),
        )
        few = too_few(dict(zip(COLUMNS, cut.rows.sum(0), strict=True))) if place else set()
        found = _of_slice(cut, protocol, confidence, few, gap=not place) if part else dict.fromkeys(DENOMINATORS)
        result[place] = found
    return result


def p_value_of_cal(items: Sequence[JudgedItem], others: Sequence[JudgedItem], protocol: str) -> float | None:
    """The two-sided p-value of a difference in Cal: 1 minus the confidence at which the interval's end reaches zero.

    None if Cal is undefined or all items are in one cluster. At least `_LEAST_P`.
    """
    import numpy as np

    estimates, weights, names = _rates(_whole(items, others), protocol, gap=False)
    weights = weights[[names.index("cal")]]
    used = np.flatnonzero(weights[0]).tolist()
    estimates, weights = estimates.take(used), weights[:, used]
    if np.isnan(_interval(estimates, weights, 0.5)).any():
        return None
    difference = float((estimates.rate * weights[0]).sum())
    if abs(difference) < 1e-12:  # rounding
        return 1.0

    def beyond(log_p: float) -> float:
        """How far the end next to zero is away from it; negative if the interval contains it."""
        low, high = _interval(estimates, weights, -math.expm1(log_p))[0]
        return float(low if difference > 0 else -high)

    least, most = math.log(_LEAST_P), 0.0
    at_least, at_most = beyond(least), abs(difference)
    if at_least >= 0:
        return _LEAST_P
    # False position; an end that stays twice weighs half, so that both ends move (the Illinois method).
    stays = 0
    for _ in range(_STEPS):
        middle = (least * at_most - most * at_least) / (at_most - at_least)
        found = beyond(middle)
        if most - least < 1e-9 or abs(found) < 1e-12:
            break
        if found < 0:
            least, at_least, at_most = middle, found, at_most / (2 if stays > 0 else 1)
            stays = 1
        else:
            most, at_most, at_least = middle, found, at_least / (2 if stays < 0 else 1)
            stays = -1
    return math.exp(middle)


def detectable_cal(items: Sequence[JudgedItem], others: Sequence[JudgedItem], protocol: str) -> float | None:
    """The smallest difference in Cal that two such runs would show with 80 % power; None if undefined.

    That is the difference at which four of five 95 % intervals exclude zero, given the width of the observed one.
    """
    import numpy as np

    from .power import CONFIDENCE, POWER

    estimates, weights, names = _rates(_whole(items, others), protocol, gap=False)
    low, high = _interval(estimates, weights[[names.index("cal")]], CONFIDENCE)[0]
    if np.isnan(low):
        return None
    quantile = NormalDist().inv_cdf
    return float((high - low) / 2 * (1 + quantile(POWER) / quantile((1 + CONFIDENCE) / 2)))


def described(confidence: float, items: Sequence[JudgedItem]) -> dict[str, Any]:
    """A description of how intervals over some items were made.

    `method`; `over`, the clusters: source samples, and the people asked about if all are known;
    `n_people`, None if they are not; `detectable_cal`, the difference in Cal that such items can detect between two
    runs with 80 % power (`power.detectable_difference`); and `confidence`.
    """
    from .power import detectable_difference

    people = {item.person for item in items}
    n_people = None if None in people else len(people)
    n_answerable = sum(item.answerable for item in items)
    n_sources = len({item.source_sample_id for item in items})
    return {
        "method": _METHOD,
        "over": "source samples" if n_people is None else "source samples and the people they ask about",
        "n_people": n_people,
        "detectable_cal": detectable_difference(n_answerable, len(items) - n_answerable, n_sources, n_people),
        "confidence": confidence,
    }


def _whole(items: Sequence[JudgedItem], others: Sequence[JudgedItem] | None) -> Slice:
    import numpy as np

    from .rates import clusters

    def rows(run: Sequence[JudgedItem]) -> Array:
        return np.array([columns(item) for item in run], dtype=np.float64)

    return Slice(
        rows(items),
        None if others is None else rows(others),
        np.array([item.group for item in items]),
        clusters([item.source_sample_id for item in items], [item.person for item in items]),
    )


def _of_slice(cut: Slice, protocol: str, confidence: float, few: set[str], *, gap: bool) -> dict[str, Interval]:
    """The intervals of a slice's scores, None for those of `few`, which have too few items."""
    import numpy as np

    names, ends = ends_of(cut, protocol, confidence, few, gap=gap)
    if gap and min(summed(cut.rows, RATES["ans_guarded"].over)[cut.groups == name].sum() for name in _GAP) < FEWEST:
        ends[names.index("audio_visual_gap")] = np.nan
    found = {name: pair.tolist() for name, pair in zip(names, ends, strict=True)}
    order = [*DENOMINATORS, *(["audio_visual_gap"] if gap else [])]
    return {name: None if name in few or np.isnan(found[name]).any() else found[name] for name in order}


def ends_of(
    cut: Slice, protocol: str, confidence: float, without: Container[str] = (), *, gap: bool
) -> tuple[list[str], Array]:
    """The names of the scores, and an array ... x scores x (low, high), NaN if undefined.

    Args:
        cut: Its rows may have leading axes, to process many runs over the same items at once.
        without: Scores that are not needed: `abs_f1` and `composite`, which take longest, may be NaN.
        gap: Whether `audio_visual_gap` is among the scores.
    """
    import numpy as np

    from .abstention_f1 import composite_interval, f1_interval
    from .rates import t_quantiles

    estimates, weights, names = _rates(cut, protocol, gap)
    sums = _interval(estimates, weights, confidence)
    if cut.others is None:
        n = estimates.n_effective / t_quantiles(confidence, estimates.df) ** 2
        sums[too_few_exceptions(estimates.rate, estimates.count, weights, n)] = np.nan
    mean_len = _mean_len_interval(cut, confidence)
    unknown = np.full_like(mean_len, np.nan)
    others = [
        unknown if "abs_f1" in without else f1_interval(cut, confidence),
        unknown if "composite" in without else composite_interval(cut, protocol, confidence),
        mean_len,
    ]
    ends = [sums, *(pair[..., None, :] for pair in others)]
    return [*names, "abs_f1", "composite", "mean_len"], np.concatenate(ends, axis=-2)


def _rates(cut: Slice, protocol: str, gap: bool) -> tuple[Estimates, Array, list[str]]:
    """The rates of a slice, the weights of the scores that are sums of them (scores x rates), and their names.

    For a difference, the items gained and those lost by the second run are separate rates: unlike the two runs'
    rates, they are small if the runs are similar, which narrows the interval.
    """
    import numpy as np

    from .rates import estimate

    parts = {name: (rate.top, rate.over, slice(None)) for name, rate in RATES.items()}
    sums = sums_of(cut, protocol)
    if gap:
        (ans,) = sums["ans"]
        parts.update({group: (RATES[ans].top, RATES[ans].over, cut.groups == group) for group in _GAP})
        sums["audio_visual_gap"] = _GAP
    shape = (*cut.rows.shape[:-1], len(parts))
    tops, bottoms = np.zeros(shape), np.zeros(shape)
    for number, (top, over, where) in enumerate(parts.values()):
        rows = cut.rows if cut.others is None else cut.others
        tops[..., where, number] = summed(rows, top)[..., where]
        bottoms[..., where, number] = summed(cut.rows, over)[..., where]
        if cut.others is not None:
            tops[..., where, number] -= summed(cut.rows, top)[..., where]
    weights = np.array([[sums[name].get(part, 0.0) for part in parts] for name in sums])
    if cut.others is not None:
        tops = np.concatenate([np.maximum(tops, 0), np.maximum(-tops, 0)], axis=-1)
        bottoms = np.concatenate([bottoms, bottoms], axis=-1)
        weights = np.hstack([weights, -weights])
    signs = None if cut.others is None else np.sign(weights.sum(0))
    return estimate(tops, bottoms, cut.clusters, signs), weights, list(sums)


def _interval(estimates: Estimates, weights: Array, confidence: float) -> Array:
    """... x scores x (low, high), NaN if undefined."""
    import numpy as np

    from .rates import sum_intervals

    return np.stack(sum_intervals(estimates, weights, confidence), axis=-1)


def _mean_len_interval(cut: Slice, confidence: float) -> Array:
    """For `mean_len`, or its difference: ... x (low, high), NaN if undefined."""
    import numpy as np

    from .rates import mean_interval

    values = summed(cut.rows, ["words"])
    values = values if cut.others is None else summed(cut.others, ["words"]) - values
    return np.stack(mean_interval(values, cut.clusters, confidence, is_difference=cut.others is not None), -1)
