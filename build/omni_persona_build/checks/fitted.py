"""A classifier of contexts that is fitted on some items and applied to others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.checks.evidence import FOLDS


def fitted_scores(
    features: NDArray[np.float64], targets: NDArray[np.intp], groups: NDArray[np.str_]
) -> NDArray[np.float64] | None:
    """Log odds that each context is the target, shape (n, K); None if there are too few items to fit on.

    features: shape (n, K, d). targets: the target's position, shape (n,). groups: the group of each item, shape (n,);
    each item is scored by a classifier fitted on other groups.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    number, contexts, width = features.shape
    folds = min(FOLDS, len(set(groups.tolist())))
    if folds < 2:
        return None
    # Only differences between the contexts of one item matter, not differences between items.
    features = features - features.mean(axis=1, keepdims=True)
    is_target = np.arange(contexts) == targets[:, None]
    scores = np.zeros((number, contexts))
    for taught, asked in GroupKFold(folds).split(features, groups=groups):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
        model.fit(features[taught].reshape(-1, width), is_target[taught].ravel())
        scores[asked] = model.decision_function(features[asked].reshape(-1, width)).reshape(-1, contexts)
    return scores
