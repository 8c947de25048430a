"""What a solver's result says: a leak, none, or too little to tell.

Items of one source sample stand or fall together, and so do sets about one person: the wider of the two errors counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.checks.finding import Finding

LIMIT = 3.09
"""Standard errors to each end of an interval: a solver's lies above chance one time in a thousand by chance."""
FAR = 0.15
"""What reaches further over chance than this says neither that there is a leak nor that there is none."""
FOLDS = 5
SHUFFLES = 100
MOST = 2000
"""Sets that a classifier learns from: what it learns takes memory by their square."""
FEWEST = 10
"""Sets of either kind that there is something to learn from."""


def share_finding(
    check: str,
    right: NDArray[np.float64],
    chances: NDArray[np.float64],
    clusters: Sequence[Sequence[str]],
    group: str | None = None,
) -> Finding:
    """How often a solver is right, against a guess.

    right, chances: of each item, shape (n,). clusters: for each way in which items hang together, what each is in.
    """
    share, chance = float(right.mean()), float(chances.mean())
    error = max(_error(right - share, names) for names in clusters)
    low, high = max(share - LIMIT * error, 0), min(share + LIMIT * error, 1)
    # What a guess would scatter by, where the solver is always or never right.
    least = max(LIMIT * error, LIMIT * (chance * (1 - chance) / len(right)) ** 0.5)
    detail = (
        f"right {100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}], chance {100 * chance:.1f} %; "
        f"a leak of {100 * least:.0f} points would be seen"
    )
    if low > chance:
        return Finding(check, False, detail, group)
    return Finding(check, None, detail, group, True) if high - chance > FAR else Finding(check, True, detail, group)


def _error(deviations: NDArray[np.float64], names: Sequence[str]) -> float:
    """The standard error of a mean over items of which those of one name hang together."""
    sums: defaultdict[str, float] = defaultdict(float)
    for name, one in zip(names, deviations.tolist(), strict=True):
        sums[name] += one
    return float(np.sqrt(sum(value**2 for value in sums.values()))) / len(deviations)


def area_finding(check: str, seen: Any, labels: NDArray[np.bool_], group: str | None = None) -> Finding:
    """How well a classifier tells two kinds of sets apart, against what it comes to where the labels are shuffled.

    seen: what it sees of each set, shape (n, d), rows of length one or so. labels: shape (n,).
    """
    fewer = int(min(labels.sum(), (~labels).sum()))
    if fewer < FEWEST:
        return Finding(check, None, f"{fewer} sets of memories are too few to learn from", group)
    seen, labels = seen[:MOST], labels[:MOST]
    rng = np.random.default_rng(0)
    area, *shuffled = _areas(seen, np.stack([labels, *(rng.permutation(labels) for _ in range(SHUFFLES))], axis=1))
    usual, spread = float(np.mean(shuffled)), float(np.std(shuffled))
    detail = f"AUC {area:.2f}, by chance {usual:.2f} ± {LIMIT * spread:.2f}"
    if area - LIMIT * spread > usual:
        return Finding(check, False, detail, group)
    too_few = area + LIMIT * spread - usual > FAR
    return Finding(check, None if too_few else True, detail, group, too_few)


def _areas(seen: Any, labels: NDArray[np.bool_]) -> list[float]:
    """Areas under the ROC curve for columns of labels, shape (n, m); each set is told by what others taught."""
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import KFold, cross_val_predict

    wanted = labels - labels.mean(axis=0)
    sure = cross_val_predict(KernelRidge(), seen, wanted, cv=KFold(FOLDS, shuffle=True, random_state=0))
    return [float(roc_auc_score(label, one)) for label, one in zip(labels.T, sure.T, strict=True)]


def standardised(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns of mean zero and deviation one, then rows of length one or so; shape (n, d)."""
    scaled: NDArray[np.float64] = (table - table.mean(axis=0)) / np.maximum(table.std(axis=0), 1e-9)
    return scaled / np.sqrt(table.shape[1])
