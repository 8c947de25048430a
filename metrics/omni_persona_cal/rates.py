"""Intervals of rates whose items stand in clusters, of sums of such rates, and of differences.

A bootstrap finds no spread where a rate is 0 or 1, and too little near them. Here a rate has the score interval of
Wilson (1927), with the number of items divided by the design effect (how much more the rate varies than one of
independent items; Kish 1965) and the quantile of Student's t for the number of clusters. Sums and differences of
rates have their intervals from those of the rates (MOVER: Zou and Donner 2008), with the correlation between them.

All arrays may have leading axes, so that many sets of items are done at once.
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
"""The smallest design effect believed: few clusters that happen to be alike show less than there is."""

_ASSUMED = 0.1
"""Correlation of a cluster's items that is assumed as far as too few items differ to estimate it."""


@dataclass(frozen=True)
class Clusters:
    """Which items belong together: one clustering, or two that cross each other."""

    codes: tuple[NDArray[np.intp], ...]
    """One array per clustering with the number of each item's cluster. Of two that cross, the third is both at once."""

    @property
    def signs(self) -> tuple[int, ...]:
        """How the clusterings' covariances add up (Cameron, Gelbach and Miller 2011)."""
        return (1, 1, -1)[: len(self.codes)]

    def of(self, items: Any) -> Clusters:
        """The clusters of some items alone: an index or a mask of them."""
        return Clusters(tuple(np.unique(codes[items], return_inverse=True)[1] for codes in self.codes))


def clusters(sources: Sequence[str], people: Sequence[str | None]) -> Clusters:
    """Source samples, or, where each item has a person, the people asked about together with the source samples.

    Where each source sample asks about one person, people are clusters of source samples, and they alone count.
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
    """Rates with what their intervals need; R of them."""

    rate: Array
    """... x R. NaN where a rate is over no items."""
    correlation: Array
    """... x R x R: of the rates' errors."""
    n_effective: Array
    """... x R: independent items that would tell as much."""
    df: Array
    """... x R: degrees of freedom of the error. NaN where all items stand in one cluster, which tells nothing of it."""

    def take(self, order: Sequence[int]) -> Estimates:
        """Some of the rates, in another order."""
        index = np.asarray(order, dtype=int)
        pairs = self.correlation[..., index[:, None], index[None, :]]
        return Estimates(self.rate[..., index], pairs, self.n_effective[..., index], self.df[..., index])


def estimate(tops: Array, bottoms: Array, grouping: Clusters) -> Estimates:
    """The rates sum(tops) / sum(bottoms), and how sure they are.

    Args:
        tops: ... x items x R. What each item adds to the numerator of each rate: 0..1, and 0 where it is not in it.
        bottoms: ... x items x R, or without the leading axes. 1 where an item is in a rate and 0 where it is not.
        grouping: The items' clusters.
    """
    counts = bottoms.sum(-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = tops.sum(-2) / counts
        # What each item moves its rate by; the variance of a sum of such terms is that of the rate (Taylor).
        moves = (tops - rate[..., None, :] * bottoms) / counts[..., None, :]
        covariance = np.zeros(rate.shape + rate.shape[-1:])
        variance = np.full(rate.shape, -np.inf)
        df = np.full(rate.shape, np.inf)
        size = np.ones(rate.shape)
        for codes, sign in zip(grouping.codes, grouping.signs, strict=True):
            moved, sizes = _cluster_sums(moves, codes), _cluster_sums(bottoms, codes)
            n_clusters = (sizes > 0).sum(-2)
            correction = np.sqrt(n_clusters / (n_clusters - 1.0))
            moved = moved * correction[..., None, :]
            one = np.swapaxes(moved, -1, -2) @ moved
            covariance = covariance + sign * one
            if sign > 0:
                variance = np.fmax(variance, np.diagonal(one, axis1=-2, axis2=-1))
                squares = (sizes * sizes).sum(-2)
                # As many clusters of equal size as would be worth as much as these.
                df = np.minimum(df, np.where(n_clusters > 1, np.maximum(counts**2 / squares - 1, 1), np.nan))
                size = np.fmax(size, squares / counts)
        summed = np.diagonal(covariance, axis1=-2, axis2=-1)
        variance = np.fmax(variance, summed)
        deviation = np.sqrt(variance)
        correlation = covariance / (deviation[..., :, None] * deviation[..., None, :])
        # Few clusters make it look surer than it is: any two of them are in a line.
        fewest = np.minimum(df[..., :, None], df[..., None, :])
        correlation = np.clip(correlation, -1, 1) * fewest / (fewest + 2)
        independent = (moves * moves).sum(-2)
        variance = np.fmax(variance, _LEAST * independent)
        # What is assumed counts as much as one item of the rarer kind, so that it decides where there is none.
        rarer = np.minimum(rate, 1 - rate) * counts
        effect = np.nan_to_num(variance * counts / (rate * (1 - rate)), posinf=0.0)
        assumed = 1 + (size - 1) * _ASSUMED
        n_effective = counts * (rarer + 1) / (effect * rarer + assumed)
    correlation = np.nan_to_num(correlation)
    diagonal = np.arange(correlation.shape[-1])
    correlation[..., diagonal, diagonal] = 1
    return Estimates(rate, correlation, n_effective, np.broadcast_to(df, rate.shape))


def wilson(estimates: Estimates, confidence: float) -> tuple[Array, Array]:
    """Both ends of each rate's interval: ... x R and ... x R, NaN where there is none."""
    squared = t_quantiles(confidence, estimates.df) ** 2 / estimates.n_effective
    rate = estimates.rate
    middle = (rate + squared / 2) / (1 + squared)
    half = np.sqrt(np.maximum(rate * (1 - rate), 0) * squared + squared**2 / 4) / (1 + squared)
    # Rounding must not put the rate outside.
    return np.maximum(np.minimum(middle - half, rate), 0), np.minimum(np.maximum(middle + half, rate), 1)


def of_means(estimates: Estimates, weights: Array, confidence: float) -> tuple[Array, Array]:
    """Both ends of the intervals of means of rates, each taken as one rate of all their items: ... x S and ... x S.

    `mover` adds up what each rate may be off by, which is too little where both are near zero: few items of one kind
    then tell that there are few of the other.

    Args:
        weights: S x R. NaN comes of a row that is no mean, with weights below zero or another sum than one, and of
            rates all of which are 0 or 1.
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
    """`student.quantile` of each element; NaN stays. Degrees of freedom are rounded down a little."""
    kept = np.floor(np.minimum(df, 1e6) * 8) / 8
    values, index = np.unique(kept, return_inverse=True)
    found = np.array([quantile(confidence, value) if value >= 1 else np.nan for value in values.tolist()])
    return found[index].reshape(kept.shape)


def mover(rate: Array, low: Array, high: Array, correlation: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Weighted sums of rates, and both ends of their intervals.

    Args:
        rate, low, high: ... x R. Of each rate.
        correlation: ... x R x R.
        weights: S x R. Of each rate in each sum; rates of weight zero may be NaN.

    Returns:
        Three arrays, ... x S.
    """
    used = weights != 0
    value = _sums(np.where(used, rate[..., None, :] * weights, 0))
    # The end of a sum is reached when each rate is off in the direction in which its weight takes it.
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
