"""Intervals of rates of clustered items, of weighted sums of such rates, and of differences.

A bootstrap finds no spread for a rate of 0 or 1, and too little near them. A rate therefore has the score interval of
Wilson (1927), with the number of items divided by the design effect (how much more the rate varies than one of
independent items; Kish 1965), and with the quantile of Student's t for the number of clusters. So has a mean of values
between 0 and 1, whose design effect is smaller because they vary less than zeros and ones. The intervals of sums
and differences are derived from those of the rates and the correlation between them (MOVER: Zou and Donner 2008).

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
    """... x R: degrees of freedom of the error. NaN if all items are in one cluster."""

    def take(self, order: Sequence[int]) -> Estimates:
        """Some of the rates, in another order."""
        index = np.asarray(order, dtype=int)
        pairs = self.correlation[..., index[:, None], index[None, :]]
        return Estimates(self.rate[..., index], pairs, self.n_effective[..., index], self.df[..., index])


def estimate(tops: Array, bottoms: Array, grouping: Clusters, signs: Array | None = None) -> Estimates:
    """Compute the rates sum(tops) / sum(bottoms) and the accuracy of each.

    Args:
        tops: ... x items x R. Contribution of each item to the numerator of each rate, 0..1; 0 if not counted.
        bottoms: ... x items x R, or without the leading axes. 1 if the rate counts the item, else 0.
        grouping: The items' clusters.
        signs: R. For rates whose signed sum is a difference of two runs, the sign of each. With few clusters, such
            differences vary more than they seem to. Clusters are therefore weighed as by the jackknife, and
            correlations that widen the difference are not reduced.
    """
    counts = bottoms.sum(-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = tops.sum(-2) / counts
        # The influence of each item on its rate; the variance of their sum is that of the rate (Taylor).
        moves = (tops - rate[..., None, :] * bottoms) / counts[..., None, :]
        covariance = np.zeros(rate.shape + rate.shape[-1:])
        variance = np.full(rate.shape, -np.inf)
        df = np.full(rate.shape, np.inf)
        size = np.ones(rate.shape)
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
        summed = np.diagonal(covariance, axis1=-2, axis2=-1)
        variance = np.fmax(variance, summed)
        deviation = np.sqrt(variance)
        correlation = covariance / (deviation[..., :, None] * deviation[..., None, :])
        # With few clusters the estimated correlation is too strong: two clusters always lie on a line.
        fewest = np.minimum(df[..., :, None], df[..., None, :])
        correlation = np.clip(correlation, -1, 1)
        reduced = correlation * fewest / (fewest + 2)
        widens = False if signs is None else signs[:, None] * signs * correlation > 0
        correlation = np.where(widens, correlation, reduced)
        independent = (moves * moves).sum(-2)
        variance = np.fmax(variance, _LEAST * independent)
        # The assumption has the weight of one item of the rarer kind, so it decides if there is none.
        rarer = np.minimum(rate, 1 - rate) * counts
        effect = np.nan_to_num(variance * counts / (rate * (1 - rate)), posinf=0.0)
        # Values between 0 and 1 vary less than zeros and ones with the same mean, for which this ratio is 1. One more
        # item is counted that is 0 or 1, so that equal values do not suggest that there is no variance.
        spread = np.nan_to_num((independent * counts**2 / (rate * (1 - rate)) + 1) / (counts + 1), nan=1.0)
        assumed = spread * (1 + (size - 1) * _ASSUMED)
        n_effective = counts * (rarer + 1) / (effect * rarer + assumed)
    correlation = np.nan_to_num(correlation)
    diagonal = np.arange(correlation.shape[-1])
    correlation[..., diagonal, diagonal] = 1
    return Estimates(rate, correlation, n_effective, np.broadcast_to(df, rate.shape))


def wilson(estimates: Estimates, confidence: float) -> tuple[Array, Array]:
    """Both ends of the interval of each rate: ... x R and ... x R, NaN if undefined."""
    squared = t_quantiles(confidence, estimates.df) ** 2 / estimates.n_effective
    rate = estimates.rate
    middle = (rate + squared / 2) / (1 + squared)
    half = np.sqrt(np.maximum(rate * (1 - rate), 0) * squared + squared**2 / 4) / (1 + squared)
    # Rounding must not put the rate outside.
    return np.maximum(np.minimum(middle - half, rate), 0), np.minimum(np.maximum(middle + half, rate), 1)


def of_means(estimates: Estimates, weights: Array, confidence: float) -> tuple[Array, Array]:
    """Both ends of the intervals of means of rates, treating each mean as one rate over all items: ... x S, twice.

    `mover` sums the errors of the rates, which underestimates the error if all rates are near zero.

    Args:
        weights: S x R. The result is NaN for a row that is not a mean (a negative weight, or a sum other than one), and
            if all of its rates are 0 or 1.
    """
    is_mean = (weights >= 0).all(-1) & (abs(weights.sum(-1) - 1) < 1e-9)
    used = np.where(is_mean[:, None], weights, 0)
    rate, df = np.nan_to_num(estimates.rate), np.where(np.isnan(estimates.df), -1, estimates.df)
    deviations = np.sqrt(np.maximum(rate * (1 - rate), 0) / np.fmax(estimates.n_effective, 1e-9))[..., None, :] * used
    mean = (rate[..., None, :] * used).sum(-1)
    variance = np.einsum("...si,...ij,...sj->...s", deviations, estimates.correlation, deviations)
    fewest = np.where(used > 0, df[..., None, :], np.inf).min(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = Estimates(
            mean, estimates.correlation, mean * (1 - mean) / variance, np.where(fewest < 0, np.nan, fewest)
        )
        low, high = wilson(whole, confidence)
    known = is_mean & (variance > 0) & np.isfinite(low)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


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
