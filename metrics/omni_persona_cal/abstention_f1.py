"""Intervals of the F1 of abstaining, and of `composite`, which it is a part of.

With TA, the true abstentions per unanswerable item, FA, the false ones per answerable item, and r answerable items per
unanswerable one, F1 = 2 TA / (1 + TA + r FA). As one rate among the items that are unanswerable or abstained from, it
would seem to vary as if those of both kinds were mixed at random, which is too much if TA is close to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .item_rows import estimates_of, summed, sums_of
from .rates import Estimates, estimate, mover, sum_intervals, wilson
from .scores import COMPOSITE, RATES

if TYPE_CHECKING:
    from .item_rows import Slice
    from .rates import Array

_PARTS = ("unans", "false_abstention_rate")
"""TA and FA, the names of the two rates."""

_STEPS = 5
"""Number of steps to the ends of the interval of a quotient. Each leaves a tenth of the error, or less."""


def f1_interval(cut: Slice, confidence: float) -> Array:
    """For the F1 of abstaining, or its difference: ... x (low, high), NaN if undefined."""
    estimates, _ = estimates_of(cut, _PARTS, np.array([1.0, -1.0]))
    answerable = _answerable(cut)
    if np.isnan(answerable).all():
        return np.full((*answerable.shape, 2), np.nan)
    if (answerable == 0).all():
        estimates = _of_none(estimates)
    found = [
        _ends(estimates.take([at, at + 1]), answerable, confidence) for at in range(0, estimates.rate.shape[-1], 2)
    ]
    if cut.others is not None:
        found = [_difference(estimates, np.stack(found, axis=-2), answerable, confidence)]
    # Two runs that abstain alike provide no estimate of a difference.
    return np.where(found[0][..., 1:] > found[0][..., :1], found[0], np.nan)


def composite_interval(cut: Slice, protocol: str, confidence: float) -> Array:
    """For `composite`, or its difference: ... x (low, high), NaN if undefined.

    It is a sum of two means, of the answerable items and of the others: of rates, and of the F1 of abstaining, which
    grows with a rate of either kind. For small differences, as here, it grows in a straight line.
    """
    weights, answerable = _weights_in_composite(cut, protocol), _answerable(cut)
    tops, lines, value = [], [], np.zeros(answerable.shape)
    if any(np.isnan(_count(cut, name)).all() for name in weights):
        return np.full((*answerable.shape, 2), np.nan)
    runs = [cut.rows] if cut.others is None else [cut.rows, cut.others]
    for sign, rows in zip((-1.0, 1.0)[-len(runs) :], runs, strict=True):
        means = {name: summed(rows, RATES[name].top).sum(-1) / _count(cut, name) for name in weights}
        parts = means["unans"], 1 - means["one_minus_fa"], answerable
        with_true, with_false = (slope / len(COMPOSITE) for slope in _slopes(*parts))
        grows = weights | {"unans": weights["unans"] + with_true, "one_minus_fa": weights["one_minus_fa"] - with_false}
        of_answerable = {name: grow for name, grow in grows.items() if name != "unans"}
        whole = sum(of_answerable.values())
        # Means are over the answerable items with a verdict, or over all.
        values = [
            summed(rows, RATES[name].top) * (grow / whole / _count(cut, name) * _count(cut, "one_minus_fa"))[..., None]
            for name, grow in of_answerable.items()
        ]
        tops += [sum(values), summed(rows, RATES["unans"].top)]
        lines += [sign * whole, sign * grows["unans"]]
        value = value + sign * (sum(weights[name] * means[name] for name in weights) + _f1(*parts) / len(COMPOSITE))
    bottoms = [summed(cut.rows, RATES[name].over) for name in ("one_minus_fa", "unans")] * len(runs)
    line = np.stack(np.broadcast_arrays(*lines), axis=-1)[..., None, :]
    signs = None if cut.others is None else np.array([-1.0, -1.0, 1.0, 1.0])
    estimates = estimate(np.stack(tops, axis=-1), np.stack(bottoms, axis=-1), cut.clusters, signs)
    if cut.others is None:
        low, high = sum_intervals(estimates, line, confidence)
    else:
        _, low, high = mover(estimates.rate, *wilson(estimates, confidence), estimates.correlation, line)
    return np.concatenate([low, high], axis=-1) + (value - (estimates.rate * line[..., 0, :]).sum(-1))[..., None]


def _weights_in_composite(cut: Slice, protocol: str) -> dict[str, float]:
    """The weight of each of `RATES` in `composite`."""
    sums = sums_of(cut, protocol)
    weights = {name: sum(sums[score].get(name, 0.0) for score in COMPOSITE if score in sums) for name in RATES}
    return {name: weight / len(COMPOSITE) for name, weight in weights.items() if weight}


def _count(cut: Slice, name: str) -> Array:
    """The number of items that one of `RATES` is over; NaN for none: ... ."""
    count = np.asarray(summed(cut.rows, RATES[name].over).sum(-1))
    return np.where(count > 0, count, np.nan)


def _answerable(cut: Slice) -> Array:
    """The number of answerable items per unanswerable one; NaN without unanswerable ones, where F1 is undefined."""
    n_a, n_u = (np.asarray(summed(cut.rows, [name]).sum(-1)) for name in ("answerable", "unanswerable"))
    return n_a / np.where(n_u > 0, n_u, np.nan)


def _of_none(estimates: Estimates) -> Estimates:
    """With FA of no items as 0, because nothing depends on it."""
    of_none = np.isnan(estimates.rate)
    numbers = {"rate": 0.0, "n_effective": 1.0, "df": np.inf}
    known = {name: np.where(of_none, number, getattr(estimates, name)) for name, number in numbers.items()}
    return Estimates(**known, correlation=estimates.correlation, count=estimates.count)


def _f1(true: Array, false: Array, answerable: Array) -> Array:
    """F1. true, false: TA and FA; answerable: the number of answerable items per unanswerable one. All ... ."""
    return 2 * true / (1 + true + answerable * false)


def _slopes(true: Array, false: Array, answerable: Array) -> tuple[Array, Array]:
    """How much F1 grows with TA, and with FA; arguments as for `_f1`."""
    whole = (1 + true + answerable * false) ** 2
    return 2 * (1 + answerable * false) / whole, -2 * answerable * true / whole


def _ends(estimates: Estimates, answerable: Array, confidence: float) -> Array:
    """The interval of F1: ... x (low, high).

    F1 is 2 J / (1 + J) of J = TA / (1 + r FA), and J is above some q if TA - q r FA is above q. So the ends of its
    interval are the two q that are an end of the interval of TA - q r FA.

    Args:
        estimates: ... x 2. TA and FA.
        answerable: ... . The number of answerable items per unanswerable one.
    """
    whole = 1 + answerable * estimates.rate[..., 1]
    ends = np.stack([estimates.rate[..., 0] / whole] * 2, axis=-1)
    for _ in range(_STEPS):
        weights = np.stack([np.ones_like(ends), -ends * answerable[..., None]], axis=-1)
        # 0 would leave FA out, whose estimate may be undefined or not.
        low, high = sum_intervals(estimates, np.where(weights == 0, -1e-9, weights), confidence)
        found = np.stack([low[..., 0], high[..., 1]], axis=-1)
        ends = np.clip(ends + (found - ends) / whole[..., None], 0, 1)
    return 2 * ends / (1 + ends)


def _difference(estimates: Estimates, ends: Array, answerable: Array, confidence: float) -> Array:
    """The interval of the second run's F1 minus the first one's: ... x (low, high).

    Args:
        estimates: ... x 4. TA and FA of both runs.
        ends: ... x 2 x (low, high). The interval of each F1.
        answerable: As for `_ends`.
    """
    pairs = estimates.rate.reshape(*estimates.rate.shape[:-1], 2, 2)
    parts = pairs[..., 0], pairs[..., 1], answerable[..., None]
    low, high = wilson(estimates, confidence)
    errors = np.stack(_slopes(*parts), axis=-1).reshape(low.shape) * (high - low)
    covariance = estimates.correlation * errors[..., :, None] * errors[..., None, :]
    # The sum over TA and FA of either run.
    covariance = covariance.reshape(*low.shape[:-1], 2, 2, 2, 2).sum((-3, -1))
    deviation = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.nan_to_num(covariance / (deviation[..., :, None] * deviation[..., None, :]))
    _, low, high = mover(_f1(*parts), ends[..., 0], ends[..., 1], correlation, np.array([[-1.0, 1.0]]))
    return np.concatenate([low, high], axis=-1)
