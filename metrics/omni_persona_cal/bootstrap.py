"""Bootstrap intervals that resample clusters of items, for statistics that are neither rates nor sums of them.

Three items share one set of memories, so they are right or wrong together more often than by chance.
Resampling items would overstate the evidence, so we resample source samples, each with all its items (cluster
bootstrap; Davison and Hinkley 1997, section 3.8).

Vectorised: a resample is a row of counts, how often each cluster was drawn; a matrix product
with the clusters' totals gives the totals of all resamples at once. The totals of many clusters are
normally distributed: beyond `_MANY` clusters they are drawn directly, so time grows with clusters plus resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from .student import quantile

Array = NDArray[np.float64]

_CELLS = 50_000
"""Counts per chunk: as many as fit in a processor's cache, which doubles the speed."""

_MANY = 1_000
"""Number of clusters above which totals are drawn from a normal distribution."""


def source_sums(sources: Sequence[str], rows: Array) -> Array:
    """The sum of each column over each source.

    Args:
        sources: One name per item.
        rows: Items x columns.

    Returns:
        Sources x columns, in the order of the sources' names.
    """
    codes = np.unique(np.asarray(sources, dtype=str), return_inverse=True)[1]
    return np.stack([np.bincount(codes, weights=column) for column in rows.T], axis=1)


def resampled_totals(sums: Array, n_resamples: int, rng: np.random.Generator) -> Array:
    """The columns' totals in each resample, which draws as many clusters as there are, with replacement.

    Args:
        sums: Clusters x columns.

    Returns:
        Resamples x columns.
    """
    n_clusters = len(sums)
    if n_clusters > _MANY:
        return _normal_totals(sums, n_resamples, rng)
    chunk = max(1, _CELLS // n_clusters)
    # Each resample has its own bins within the chunk, so that one pass counts all of them.
    first_bins = (np.arange(chunk) * n_clusters)[:, None]
    totals = np.empty((n_resamples, sums.shape[1]))
    for start in range(0, n_resamples, chunk):
        size = min(chunk, n_resamples - start)
        # Small integers need fewer random bits.
        drawn = first_bins[:size] + rng.integers(n_clusters, size=(size, n_clusters), dtype=np.uint16)
        drawn_times = np.bincount(drawn.ravel(), minlength=size * n_clusters).reshape(size, n_clusters)
        totals[start : start + size] = drawn_times.astype(np.float64) @ sums
    return totals


def _normal_totals(sums: Array, n_resamples: int, rng: np.random.Generator) -> Array:
    """Like `resampled_totals`, drawn from a normal distribution with their mean and covariance."""
    totals = sums.sum(0)
    off = sums - totals / len(sums)
    values, vectors = np.linalg.eigh(off.T @ off)
    spread = vectors * np.sqrt(np.maximum(values, 0))
    return np.asarray(totals + rng.standard_normal((n_resamples, len(values))) @ spread.T)


def ratio(part: Array, whole: Array) -> Array:
    """`part / whole`, NaN if `whole` is zero."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole != 0)


def widened(confidence: float, n_clusters: int) -> float:
    """The confidence level to use instead, so that few clusters do not make an interval too narrow.

    Resampling divides by n instead of n - 1, and ignores Student's t (Hesterberg 2015).

    >>> round(widened(0.95, 20), 4)
    0.9682
    """
    return 1 - 2 * NormalDist().cdf(-quantile(confidence, n_clusters - 1) * (n_clusters / (n_clusters - 1)) ** 0.5)


def intervals(
    sums: Array,
    statistics: Callable[[Array], Sequence[Array]],
    n_resamples: int,
    confidence: float,
    seed: int,
) -> list[list[float] | None]:
    """Bootstrap intervals of statistics of cluster totals.

    None if there is one cluster, if a statistic is undefined in every resample, or if no resample differs from another:
    no spread was observed then, which does not mean that there is none.

    Args:
        sums: Clusters x columns.
        statistics: Columns x resamples, the totals, to one array of resamples per statistic.
        n_resamples, confidence, seed: As for `evaluation.compute`.
    """
    n_clusters = len(sums)
    if n_clusters < 2:
        return [None for _ in statistics(sums.sum(0)[:, None])]
    totals = resampled_totals(sums, n_resamples, np.random.default_rng(seed))
    # Make each column contiguous.
    values = np.stack(list(statistics(np.ascontiguousarray(totals.T))), axis=1)
    found = percentile_intervals(values, widened(confidence, n_clusters))
    return [None if pair is None or pair[1] - pair[0] < 1e-12 else list(pair) for pair in found]


def percentile_intervals(values: Array, confidence: float) -> list[tuple[float, float] | None]:
    """The central `confidence` of each column of `values`, resamples x statistics.

    A resample in which a statistic does not exist (NaN) does not count for it; None where it exists in none.
    """
    tail = 50 * (1 - confidence)
    bounds = (tail, 100 - tail)
    result: list[tuple[float, float] | None] = []
    # All at once is far quicker, and right for columns that are whole.
    low, high = np.percentile(values, bounds, axis=0)
    for index in range(values.shape[1]):
        if not np.isnan(low[index]):
            result.append((float(low[index]), float(high[index])))
            continue
        known = values[~np.isnan(values[:, index]), index]
        pair = np.percentile(known, bounds) if known.size else None
        result.append(None if pair is None else (float(pair[0]), float(pair[1])))
    return result
