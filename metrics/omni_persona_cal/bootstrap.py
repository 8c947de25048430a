"""Intervals by resampling sources, vectorised.

Three items share one set of memories, so that they are right or wrong together more often than by chance.
An interval that resamples items pretends to more evidence than there is; this one resamples source samples,
each with all its items (the cluster bootstrap; Davison and Hinkley 1997, section 3.8).

Nothing is drawn item by item. A resample is a row of counts, how often each source was drawn; a matrix product
with what each source adds to each total gives the totals of all resamples at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_CELLS = 50_000
"""Counts made at a time: as many as a processor's cache holds, which doubles the speed."""


def source_sums(sources: Sequence[str], rows: Array) -> Array:
    """What each source adds to each column.

    Args:
        sources: One name per item.
        rows: Items x columns.

    Returns:
        Sources x columns, in the order of the sources' names.
    """
    names, index = np.unique(np.asarray(sources, dtype=str), return_inverse=True)
    sums = np.zeros((len(names), rows.shape[1]))
    np.add.at(sums, index, rows)
    return sums


def resampled_totals(sums: Array, n_resamples: int, rng: np.random.Generator) -> Array:
    """The columns' totals in each resample: as many sources, drawn with replacement, as there are.

    Args:
        sums: Sources x columns.

    Returns:
        Resamples x columns.
    """
    n_sources = len(sums)
    # Short numbers take fewer random bits.
    dtype = np.uint16 if n_sources <= np.iinfo(np.uint16).max else np.int64
    chunk = max(1, _CELLS // n_sources)
    # One bin per cell of the chunk, so that one pass counts them all: each resample gets bins of its own.
    first_bins = (np.arange(chunk) * n_sources)[:, None]
    totals = np.empty((n_resamples, sums.shape[1]))
    for start in range(0, n_resamples, chunk):
        size = min(chunk, n_resamples - start)
        drawn = first_bins[:size] + rng.integers(n_sources, size=(size, n_sources), dtype=dtype)
        drawn_times = np.bincount(drawn.ravel(), minlength=size * n_sources).reshape(size, n_sources)
        totals[start : start + size] = drawn_times.astype(np.float64) @ sums
    return totals


def ratio(part: Array, whole: Array) -> Array:
    """`part / whole`, NaN where `whole` is zero."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole != 0)


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
