"""Intervals of rates of clustered items, of weighted sums of such rates, and of differences.

A bootstrap finds no spread for a rate of 0 or 1, and too little near them. A rate therefore has the score interval of
Wilson (1927), with the number of items divided by the design effect (how much more the rate varies than one of
independent items; Kish 1965), and with the quantile of Student's t for the number of clusters. So has a mean of values
between 0 and 1, whose design effect is smaller because they vary less than zeros and ones. Sums and differences have
score intervals, too, which take into account how rates are correlated; those of functions of rates are derived from the
intervals of the rates (MOVER: Zou and Donner 2008). Means of values without bounds have t intervals.

All arrays may have leading axes, to process many sets of items at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .student import quantile

Array = NDArray[np.float64]

_LEAST = 0.5
"""Lower limit of the design effect, because a few clusters that happen to be similar suggest too little variance."""

_ASSUMED = 0.05
"""Assumed correlation of the items of a cluster, as far as there are too few items to estimate it."""

_WEAK, _STRONG, _HALVINGS = 1e-4, 1e4, 40
"""The range in which the ends of `sum_intervals` are searched, and the number of times that it is halved."""
_ROUNDING = 1e-24
"""The variance below which rates of 0 and 1 are rounding."""


@dataclass(frozen=True)
class Clusters:
    """Which items belong together: one clustering, or two that cross each other."""

    codes: tuple[NDArray[np.intp], ...]
    """The cluster number of each item, one array per clustering. If two cross, a third has their intersections."""

    @property
    def signs(self) -> tuple[int, ...]:
        """The signs with which the covariances of the clusterings are summed (Cameron, Gelbach and Miller 2011)."""
        return (1, 1, -1)[: len(self.codes)]

    def of(self, items: Any) -> Clusters:
        """The clusters of a subset. items: an index array or a mask."""
        return Clusters(tuple(np.unique(codes[items], return_inverse=True)[1] for codes in self.codes))


def clusters(sources: Sequence[str], people: Sequence[str | None]) -> Clusters:
    """Cluster items by source sample or, if every item has a person, by the person asked about and source sample.

    If each source sample asks about one person, people are clusters of source samples, and only people are used.
    """
    source = _codes(sources)
    if any(person is None for person in people):
        return Clusters((source,))
    person = _codes([str(person) for person in people])
    both = _codes([f"{one} {other}" for one, other in zip(source, person, strict=True)])
    if both.max() == source.max():
        return Clusters((person,))
    return Clusters((source, person, both))


def _codes(names: Sequence[str]) -> NDArray[np.intp]:
    return np.unique(np.asarray(names, dtype=str), return_inverse=True)[1]


@dataclass(frozen=True)
class Estimates:
    """R rates, and what their intervals are computed from."""

    rate: Array
    """... x R. NaN for a rate over no items."""
    correlation: Array
    """... x R x R: correlations of the errors of the rates."""
    n_effective: Array
    """... x R: the number of independent items with the same information."""
    df: Array
    """... x R: degrees of freedom of the error. NaN if all items are in one cluster; may be infinite."""
    count: Array
    """... x R: the number of items."""

    def take(self, order: Sequence[int]) -> Estimates:
        """Some of the rates, in another order."""
        index = np.asarray(order, dtype=int)
        pairs = self.correlation[..., index[:, None], index[None, :]]
        values = (one[..., index] for one in (self.n_effective, self.df, self.count))
        return Estimates(self.rate[..., index], pairs, *values)


def estimate(
    tops: Array, bottoms: Array, grouping: Clusters, signs: Array | None = None, exceptions: Array | None = None
) -> Estimates:
    """Compute the rates sum(tops) / sum(bottoms) and the accuracy of each.

    Args:
        tops: ... x items x R. Contribution of each item to the numerator of each rate, 0..1; 0 if not counted.
        bottoms: ... x items x R, or without the leading axes. 1 if the rate counts the item, else 0.
        grouping: The items' clusters.
        signs: R. For rates whose signed sum is a difference of two runs, the sign of each. With few clusters, such
            differences vary more than they seem to. Clusters are therefore weighed as by the jackknife, and
            correlations that widen the difference are not reduced.
        exceptions: ... x R. For means of values that follow a rate, such as overlaps that are high for right answers:
            the number of the rarer results of that rate. How much such values vary is not known from few of these,
            even if it is known how much the others do.
    """
    counts = bottoms.sum(-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = tops.sum(-2) / counts
        # The influence of each item on its rate; the variance of their sum is that of the rate (Taylor).
        moves = (tops - rate[..., None, :] * bottoms) / counts[..., None, :]
        errors = _errors(moves, bottoms, grouping, signs)
        deviation = np.sqrt(errors.variance)
        correlation = errors.covariance / (deviation[..., :, None] * deviation[..., None, :])
        # With few clusters the estimated correlation is too strong: two clusters always lie on a line.
        fewest = np.minimum(errors.df[..., :, None], errors.df[..., None, :])
        correlation = np.clip(correlation, -1, 1)
        reduced = correlation * fewest / (fewest + 2)
        widens = False if signs is None else signs[:, None] * signs * correlation > 0
        correlation = np.where(widens, correlation, reduced)
        independent = (moves * moves).sum(-2)
        variance = np.fmax(errors.variance, _LEAST * independent)
        # The assumption has the weight of one item of the rarer kind, so it decides if there is none.
        rarer = np.maximum(np.minimum(rate, 1 - rate) * counts, 0) if exceptions is None else exceptions
        effect = np.nan_to_num(variance * counts / (rate * (1 - rate)), posinf=0.0)
        # Values between 0 and 1 vary less than zeros and ones with the same mean, for which this ratio is 1. One more
        # item is counted that is 0 or 1, so that equal values do not suggest that there is no variance.
        one_more = 1.0 if exceptions is None else np.fmax(rate, 1 - rate) ** 2 / (rate * (1 - rate))
        spread = (independent * counts**2 / (rate * (1 - rate)) + one_more) / (counts + 1)
        spread = np.nan_to_num(np.minimum(spread, 1), nan=1.0)
        assumed = spread * (1 + (errors.size - 1) * _ASSUMED)
        n_effective = counts * (rarer + 1) / (effect * rarer + assumed)
        # What is assumed adds as many degrees of freedom as it has weight (Smyth 2004). Differences vary more than they
        # seem to, so they keep those of the estimate.
        df = errors.df * (rarer + 1) / rarer if signs is None else np.broadcast_to(errors.df, rate.shape)
    correlation = np.nan_to_num(correlation)
    diagonal = np.arange(correlation.shape[-1])
    correlation[..., diagonal, diagonal] = 1
    return Estimates(rate, correlation, n_effective, df, np.broadcast_to(counts, rate.shape))


def mean_interval(values: Array, grouping: Clusters, confidence: float, *, is_difference: bool) -> tuple[Array, Array]:
    """Both ends of the t interval of a mean of values without bounds, such as lengths: ... and ..., NaN if undefined.

    Args:
        values: ... x items.
        is_difference: Whether the values are differences of two runs, and not positive numbers.
    """
    mean = values.mean(-1)
    moves = ((values - mean[..., None]) / values.shape[-1])[..., None]
    errors = _errors(moves, np.ones(moves.shape[-2:]), grouping, np.ones(1))
    variance = np.fmax(errors.variance, _LEAST * (moves * moves).sum(-2))
    variance = np.where(variance > 0, variance, np.nan)  # equal values do not show how much they vary
    half = (t_quantiles(confidence, np.broadcast_to(errors.df, variance.shape)) * np.sqrt(variance))[..., 0]
    if is_difference:
        return mean - half, mean + half
    # Lengths are skewed to the right, so their mean errs about alike on a logarithmic scale.
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        factor = np.exp(half / mean)
    return mean / factor, mean * factor


@dataclass(frozen=True)
class _Errors:
    """How sums over items that R statistics are made of err, by their clusters."""

    covariance: Array
    """... x R x R."""
    variance: Array
    """... x R: that of the clustering in which a statistic varies most, or of both together."""
    df: Array
    """... x R: degrees of freedom. NaN if all items are in one cluster."""
    size: Array
    """... x R: the mean size of an item's cluster."""


def _errors(moves: Array, bottoms: Array, grouping: Clusters, signs: Array | None) -> _Errors:
    """Compute them from the influence of each item on each statistic, ... x items x R; see `estimate`."""
    counts = bottoms.sum(-2)
    shape = (*moves.shape[:-2], moves.shape[-1])
    covariance = np.zeros(shape + shape[-1:])
    variance = np.full(shape, -np.inf)
    df = np.full(shape, np.inf)
    size = np.ones(shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        for codes, sign in zip(grouping.codes, grouping.signs, strict=True):
            moved, sizes = _cluster_sums(moves, codes), _cluster_sums(bottoms, codes)
            n_clusters = (sizes > 0).sum(-2)
            correction = np.sqrt(n_clusters / (n_clusters - 1.0))[..., None, :]
            if signs is not None:
                correction = 1 / (1 - np.minimum(sizes / counts[..., None, :], 0.5))
            moved = moved * correction
            one = np.swapaxes(moved, -1, -2) @ moved
            covariance = covariance + sign * one
            if sign > 0:
                variance = np.fmax(variance, np.diagonal(one, axis1=-2, axis2=-1))
                squares = (sizes * sizes).sum(-2)
                # The number of clusters of equal size that would carry the same information.
                df = np.minimum(df, np.where(n_clusters > 1, np.maximum(counts**2 / squares - 1, 1), np.nan))
                size = np.fmax(size, squares / counts)
        variance = np.fmax(variance, np.diagonal(covariance, axis1=-2, axis2=-1))
    return _Errors(covariance, variance, df, size)


def wilson(estimates: Estimates, confidence: float) -> tuple[Array, Array]:
    """Both ends of the interval of each rate: ... x R and ... x R, NaN if undefined."""
    squared = t_quantiles(confidence, estimates.df) ** 2 / estimates.n_effective
    rate = estimates.rate
    middle = (rate + squared / 2) / (1 + squared)
    half = np.sqrt(np.maximum(rate * (1 - rate), 0) * squared + squared**2 / 4) / (1 + squared)
    # Rounding must not put the rate outside.
    return np.maximum(np.minimum(middle - half, rate), 0), np.minimum(np.maximum(middle + half, rate), 1)


def sum_intervals(estimates: Estimates, weights: Array, confidence: float) -> tuple[Array, Array]:
    """Both ends of the score interval of each weighted sum of rates: ... x S and ... x S, NaN if undefined.

    An end is the furthest sum that what was observed is still likely for, if the true rates are the likeliest ones with
    this sum. For one rate, this is `wilson`; for a difference of two independent ones, the interval of Miettinen and
    Nurminen (1985); for other sums, that of Martin Andres, Alvarez Hernandez and Herranz Tejedor (2011). Errors are
    correlated as observed, and each is multiplied by the quantile of Student's t for its rate.

    Args:
        weights: S x R. The weight of each rate in each sum; rates of weight zero may be NaN.
    """
    used = weights != 0
    n = estimates.n_effective / t_quantiles(confidence, estimates.df) ** 2
    undefined = (used & np.isnan(estimates.rate + n)[..., None, :]).any(-1)
    observed, n = np.nan_to_num(estimates.rate)[..., None, :], np.nan_to_num(n, nan=1.0)[..., None, :]
    ends = []
    for sign in (-1.0, 1.0):
        # The likeliest rates with another sum than the one observed are pulled there by this, times a common strength.
        pulls = sign * weights / n
        strengths = np.where(used, abs(pulls), np.nan)
        weak = np.log(_WEAK / np.nanmax(strengths, axis=-1))
        strong = np.log(_STRONG / np.nanmin(strengths, axis=-1))
        for _ in range(_HALVINGS):
            middle = (weak + strong) / 2
            rates = _pulled(observed, np.exp(middle)[..., None] * pulls)
            errors = np.sqrt(rates * (1 - rates) / n) * weights
            variance = np.einsum("...si,...ij,...sj->...s", errors, estimates.correlation, errors)
            distance = ((rates - observed) * weights).sum(-1)
            too_far = distance * distance > np.maximum(variance, _ROUNDING)
            weak, strong = np.where(too_far, weak, middle), np.where(too_far, middle, strong)
        rates = _pulled(observed, np.exp(strong)[..., None] * pulls)
        ends.append(np.where(undefined, np.nan, (rates * weights).sum(-1)))
    return ends[0], ends[1]


def _pulled(rate: Array, pull: Array) -> Array:
    """The p with p - rate = pull * p * (1 - p): towards 1 for a positive pull, towards 0 for a negative one."""
    root = np.sqrt(np.maximum((1 - pull) ** 2 + 4 * pull * rate, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        # Two forms of one root; each loses its digits where the other does not.
        found = np.where(pull > 0.5, (pull - 1 + root) / (2 * pull), 2 * rate / (1 - pull + root))
    return np.clip(found, 0, 1)


def t_quantiles(confidence: float, df: Array) -> Array:
    """`student.quantile` of each element; NaN is kept. Degrees of freedom are rounded down to eighths."""
    kept = np.floor(np.minimum(df, 1e6) * 8) / 8
    values, index = np.unique(kept, return_inverse=True)
    found = np.array([quantile(confidence, value) if value >= 1 else np.nan for value in values.tolist()])
    return found[index].reshape(kept.shape)


def mover(rate: Array, low: Array, high: Array, correlation: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Compute weighted sums of rates and both ends of their intervals.

    Args:
        rate, low, high: ... x R. Each rate and its interval.
        correlation: ... x R x R.
        weights: S x R. The weight of each rate in each sum; rates of weight zero may be NaN.

    Returns:
        Three arrays, ... x S.
    """
    used = weights != 0
    value = _sums(np.where(used, rate[..., None, :] * weights, 0))
    # A sum is at its end when each rate errs in the direction of its weight.
    falls = np.where(weights > 0, (rate - low)[..., None, :], (high - rate)[..., None, :]) * weights
    rises = np.where(weights > 0, (high - rate)[..., None, :], (rate - low)[..., None, :]) * weights
    ends = []
    for off in (falls, rises):
        off = np.where(used, off, 0)
        ends.append(np.sqrt(np.maximum(np.einsum("...si,...ij,...sj->...s", off, correlation, off), 0)))
    return value, value - ends[0], value + ends[1]


def _sums(values: Array) -> Array:
    return np.asarray(values.sum(-1))


def _cluster_sums(values: Array, codes: NDArray[np.intp]) -> Array:
    """The sums over the items of each cluster: ... x items x R to ... x clusters x R."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    return np.asarray(np.add.reduceat(values[..., order, :], starts, axis=-2))
