"""Decide what a solver's result shows: a leak, no leak, or too few items to tell.

Items of one source sample are correlated, and so are sets about one person; the larger of the two standard errors is
used. `confirmed` then corrects for the number of solvers that were tried.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.checks.finding import Finding
from omni_persona_build.checks.ranking import area_under_curve

LIMIT = 3.09
"""Half width of an interval in standard errors: without a leak, one solver in a thousand lies above it by chance."""
FAMILY = 0.05
"""How probable one false FAIL or more is over all solvers of a fair dataset, at most."""
FAR = 0.15
"""A result whose interval exceeds chance by more than this is inconclusive: it shows neither a leak nor its absence."""
FOLDS = 5
SHUFFLES = 100
MOST = 2000
"""Maximum number of sets that a classifier is trained on; memory grows with the square of their number."""
ROWS_AT_ONCE = 250
"""Rows whose products with the rows that follow are computed together."""
FEWEST = 10
"""Minimum number of sets of each class needed to train a classifier."""


def share_finding(
    check: str,
    right: NDArray[np.float64],
    chances: NDArray[np.float64],
    clusters: Sequence[Sequence[str]],
    group: str | None = None,
) -> Finding:
    """Compare how often a solver is right with how often a guess is right.

    right, chances: one value per item, shape (n,). clusters: for each way of grouping correlated items, the group of
    each item.
    """
    share, chance = float(right.mean()), float(chances.mean())
    # Everything in one group says nothing of how groups differ.
    usable = [names for names in clusters if len(set(names)) > 1] or clusters
    error, fewest = max((_error(right - share, names), -len(set(names))) for names in usable)
    low, high = max(share - LIMIT * error, 0), min(share + LIMIT * error, 1)
    # If the solver is always or never right, use the standard error of a guess.
    widest = max(error, (chance * (1 - chance) / len(right)) ** 0.5)
    p = _tail((share - chance) / max(widest, 1e-12), -fewest - 1)
    detail = (
        f"right {100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}], chance {100 * chance:.1f} %; "
        f"a leak of {100 * LIMIT * widest:.0f} points would be seen"
    )
    if low > chance:
        return Finding(check, False, detail, group, p=p)
    too_few = high - chance > FAR
    return Finding(check, None if too_few else True, detail, group, too_few, p)


def _error(deviations: NDArray[np.float64], names: Sequence[str]) -> float:
    """The standard error of a mean over items; items with the same cluster name are correlated."""
    sums: defaultdict[str, float] = defaultdict(float)
    for name, one in zip(names, deviations.tolist(), strict=True):
        sums[name] += one
    return float(np.sqrt(sum(value**2 for value in sums.values()))) / len(deviations)


def area_finding(check: str, seen: Any, labels: NDArray[np.bool_], group: str | None = None) -> Finding:
    """Compare how well a classifier separates two classes of sets with its result on shuffled labels.

    seen: features of each set, shape (n, d), rows of about unit length. labels: shape (n,).
    """
    fewer = int(min(labels.sum(), (~labels).sum()))
    if fewer < FEWEST:
        return Finding(check, None, f"{fewer} sets of memories are too few to learn from", group)
    seen, labels = seen[:MOST], labels[:MOST]
    rng = np.random.default_rng(0)
    area, *shuffled = _areas(seen, np.stack([labels, *(rng.permutation(labels) for _ in range(SHUFFLES))], axis=1))
    usual, spread = float(np.mean(shuffled)), float(np.std(shuffled))
    detail = (
        f"AUC {area:.2f}, by chance {usual:.2f} ± {LIMIT * spread:.2f}; "
        f"a leak of {LIMIT * spread:.2f} above chance would be seen"
    )
    p = _tail((area - usual) / max(spread, 1e-12), SHUFFLES - 1)
    if area - LIMIT * spread > usual:
        return Finding(check, False, detail, group, p=p)
    too_few = area + LIMIT * spread - usual > FAR
    return Finding(check, None if too_few else True, detail, group, too_few, p)


def confirmed(findings: Sequence[Finding]) -> list[Finding]:
    """Keep a FAIL of a solver only if it holds after correction for all solvers tried (Holm 1979, `FAMILY` overall).

    A FAIL that does not hold becomes `too few to tell`. Findings without `p` are kept and do not count.
    """
    tried = sorted((one.p, place) for place, one in enumerate(findings) if one.p is not None)
    corrected, highest = {}, 0.0
    for rank, (p, place) in enumerate(tried):
        highest = max(highest, min(1.0, p * (len(tried) - rank)))
        corrected[place] = highest
    decided = list(findings)
    for place, p in corrected.items():
        one = findings[place]
        if one.passed is False and p > FAMILY:
            detail = f"{one.detail}; among {len(tried)} solvers this may be chance (Holm, p = {p:.2g})"
            decided[place] = replace(one, passed=None, too_few=True, detail=detail)
    return decided


def _tail(errors: float, freedom: int) -> float:
    """How probable a result so many standard errors above chance is by chance (Student's t, one-sided)."""
    from scipy.stats import t

    return float(t.sf(errors, freedom)) if freedom > 0 else 1.0


def _areas(seen: Any, labels: NDArray[np.bool_]) -> list[float]:
    """Areas under the ROC curve for columns of labels, shape (n, m), by cross-validation."""
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict

    # Both are the same regression; the work grows with the cube of the number of sets, or of features.
    wide = not isinstance(seen, np.ndarray) or seen.shape[1] > len(seen)
    model = KernelRidge() if wide else Ridge(fit_intercept=False, solver="cholesky")
    if not isinstance(seen, np.ndarray):
        # All products of rows at once: each fold would compute most of them anew.
        model, seen = KernelRidge(kernel="precomputed"), _products(seen)
    wanted = labels - labels.mean(axis=0)
    sure = cross_val_predict(model, seen, wanted, cv=KFold(FOLDS, shuffle=True, random_state=0))
    return [area_under_curve(label, one) for label, one in zip(labels.T, sure.T, strict=True)]


def _products(rows: Any) -> NDArray[np.float64]:
    """All products of rows of a sparse array, shape (n, n); those below the diagonal are those above it."""
    products = np.zeros((rows.shape[0], rows.shape[0]))
    for start in range(0, rows.shape[0], ROWS_AT_ONCE):
        block = (rows[start : start + ROWS_AT_ONCE] @ rows[start:].T).toarray()
        products[start : start + ROWS_AT_ONCE, start:] = block
        products[start:, start : start + ROWS_AT_ONCE] = block.T
    return products


def standardised(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns scaled to mean zero and deviation one, then rows scaled to about unit length; shape (n, d)."""
    scaled: NDArray[np.float64] = (table - table.mean(axis=0)) / np.maximum(table.std(axis=0), 1e-9)
    return scaled / np.sqrt(table.shape[1])
