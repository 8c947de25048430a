"""Intervals of the F1 of abstaining, and of `composite`, which it is a part of.

With TA, the true abstentions per unanswerable item, FA, the false ones per answerable item, and r answerable items per
unanswerable one, F1 = 2 TA / (1 + TA + r FA). As one rate among the items that are unanswerable or abstained from, it
would seem to vary as if those of both kinds were mixed at random, which is too much if TA is close to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .few import too_few_exceptions
from .item_rows import estimates_of, summed, sums_of
from .rates import Estimates, estimate, mover, sum_intervals, t_quantiles, wilson
from .scores import COMPOSITE, RATES

if TYPE_CHECKING:
    from .item_rows import Slice
    from .rates import Array

_PARTS = ("unans", "false_abstention_rate")
"""TA and FA, the names of the two rates."""

_STEPS, _CLOSE = 20, 1e-7
"""Maximum number of steps to the ends of the interval of F1, of which about six are needed, and how near is enough."""


def f1_interval(cut: Slice, confidence: float) -> Array:
    """For the F1 of abstaining, or its difference: ... x (low, high), NaN if undefined."""
    estimates = estimates_of(cut, _PARTS, np.array([1.0, -1.0]))
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
    # No width means that nothing is known of it.
    return np.where(found[0][..., 1:] > found[0][..., :1], found[0], np.nan)


def composite_interval(cut: Slice, protocol: str, confidence: float) -> Array:
    """For `composite`, or its difference: ... x (low, high), NaN if undefined.

    It is a sum of two means, of the answerable items and of the others: of rates, and of the F1 of abstaining, which
    grows with a rate of either kind. For small differences, as here, it grows in a straight line.
    """
    weights = _weights_in_composite(cut, protocol)
    if any(np.isnan(_count(cut, name)).all() for name in weights):
        return np.full((*cut.rows.shape[:-2], 2), np.nan)
    runs = [_composite(cut, rows, weights) for rows in (cut.rows, cut.others) if rows is not None]
    signs = np.array([1.0] if cut.others is None else [-1.0, 1.0])
    tops = np.concatenate([run.parts for run in runs], axis=-1)
    bottoms = np.stack([summed(cut.rows, RATES[name].over) for name in ("one_minus_fa", "unans")] * len(runs), axis=-1)
    slopes = np.concatenate([sign * run.slopes for sign, run in zip(signs, runs, strict=True)], axis=-1)[..., None, :]
    rates = np.concatenate([run.rates for run in runs], axis=-1)
    counts = np.stack([_count(cut, name) for name in (_ans(weights), "unans")] * len(runs), axis=-1)
    exceptions = np.minimum(rates, 1 - rates) * counts
    estimates = estimate(tops, bottoms, cut.clusters, None if cut.others is None else np.repeat(signs, 2), exceptions)
    if cut.others is None:
        low, high = sum_intervals(estimates, slopes, confidence)
        n = estimates.n_effective / t_quantiles(confidence, estimates.df) ** 2
        low = np.where(too_few_exceptions(rates, counts, slopes, n), np.nan, low)
    else:
        _, low, high = mover(estimates.rate, *wilson(estimates, confidence), estimates.correlation, slopes)
    value = sum(sign * run.value for sign, run in zip(signs, runs, strict=True))
    ends = np.concatenate([low, high], axis=-1) + (value - (estimates.rate * slopes[..., 0, :]).sum(-1))[..., None]
    return np.clip(ends, 0 if cut.others is None else -1, 1)


@dataclass(frozen=True)
class _Composite:
    """`composite` of a run, as a sum of two means."""

    value: Array
    """... ."""
    parts: Array
    """... x items x 2. What each answerable item adds to the first mean, and each other one to the second."""
    slopes: Array
    """... x 2. How much the score grows with each mean."""
    rates: Array
    """... x 2. Ans and TA."""


def _composite(cut: Slice, rows: Array, weights: Mapping[str, float]) -> _Composite:
    """Of the run `rows` of `cut`. weights: those of `_weights_in_composite`."""
    sums = {name: summed(rows, RATES[name].top) for name in weights}
    means = {name: one.sum(-1) / _count(cut, name) for name, one in sums.items()}
    rates = means["unans"], 1 - means["one_minus_fa"], _answerable(cut)
    with_true, with_false = (slope / len(COMPOSITE) for slope in _slopes(*rates))
    grows: dict[str, Any] = {**weights, "one_minus_fa": weights["one_minus_fa"] - with_false}
    of_others = grows.pop("unans") + with_true
    of_answerable = np.sum(np.broadcast_arrays(*grows.values()), axis=0)
    answerable = summed(cut.rows, RATES["one_minus_fa"].over)
    parts: Array = np.zeros_like(sums["unans"])
    for name, grow in grows.items():
        # An item without a verdict counts as the mean of those with one, which it does not change.
        mean, counted = means[name][..., None], summed(cut.rows, RATES[name].over)
        times = (_count(cut, "one_minus_fa") / _count(cut, name))[..., None]
        values = mean * answerable + (sums[name] - mean * counted) * times
        parts = parts + (grow / of_answerable)[..., None] * values
    # Without rounding errors, equal values have no variance.
    both = np.stack([parts, sums["unans"]], axis=-1).round(12)
    slopes = np.stack(np.broadcast_arrays(of_answerable, of_others), axis=-1)
    value = sum(weights[name] * means[name] for name in weights) + _f1(*rates) / len(COMPOSITE)
    return _Composite(value, both, slopes, np.stack([means[_ans(weights)], means["unans"]], axis=-1))


def _ans(weights: Mapping[str, float]) -> str:
    """The rate of right answers in `composite`, which depends on the protocol."""
    return "ans_unguarded" if "ans_unguarded" in weights else "ans_guarded"


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

    def beyond(quotients: Array) -> Array:
        """How far the ends for two quotients, one for each end, are above them: ... x 2."""
        weights = np.stack([np.ones_like(quotients), -quotients * answerable[..., None]], axis=-1)
        # 0 would leave FA out, whose estimate may be undefined or not.
        low, high = sum_intervals(estimates, np.where(weights == 0, -1e-9, weights), confidence)
        return np.stack([low[..., 0], high[..., 1]], axis=-1) - quotients

    true, false = estimates.rate[..., 0], estimates.rate[..., 1]
    near = np.stack([true / (1 + answerable * false)] * 2, axis=-1)
    far = np.broadcast_to([0.0, 1.0], near.shape)
    at_near, at_far = beyond(near), beyond(far)
    stays = np.zeros(near.shape)
    # False position; an end that stays twice weighs half, so that both ends move (the Illinois method).
    for _ in range(_STEPS):
        with np.errstate(invalid="ignore", divide="ignore"):
            middle = (near * at_far - far * at_near) / (at_far - at_near)
        middle = np.where(at_far == 0, far, np.where(at_near * at_far < 0, middle, near))
        found = beyond(middle)
        on_near_side = found * at_near > 0
        at_far = np.where(on_near_side, at_far / np.where(stays > 0, 2, 1), found)
        at_near = np.where(on_near_side, found, at_near / np.where(stays < 0, 2, 1))
        near, far = np.where(on_near_side, middle, near), np.where(on_near_side, far, middle)
        stays = np.where(on_near_side, 1, -1)
        if not (abs(found) > _CLOSE).any():
            break
    return 2 * middle / (1 + middle)


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
