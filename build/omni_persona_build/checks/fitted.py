"""Classifiers of contexts that are fitted on some items and applied to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.checks.evidence import FOLDS

PEOPLE_FOLDS = 10
"""Folds of people: more than of items, because a fold's people also stand in the sets of many others."""
Split = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Places of the items to fit on, and of those to score."""


def fitted_scores(
    features: NDArray[np.float64], targets: NDArray[np.intp], groups: NDArray[np.str_]
) -> NDArray[np.float64] | None:
    """Log odds that each context is the target, shape (n, K); None if there are too few items to fit on.

    features: shape (n, K, d). targets: the target's position, shape (n,). groups: the group of each item, shape (n,);
    each item is scored by a classifier fitted on other groups.
    """
    from sklearn.model_selection import GroupKFold

    folds = min(FOLDS, len(set(groups.tolist())))
    if folds < 2:
        return None
    return _scores(features, targets, GroupKFold(folds).split(features, groups=groups))


def scores_on_strangers(
    features: NDArray[np.float64], targets: NDArray[np.intp], asked: NDArray[np.str_], standing: Sequence[Sequence[str]]
) -> NDArray[np.float64] | None:
    """Log odds as above, by classifiers that have met none of the people whom they are asked about.

    A set in which one of them stands, though another is asked about, is not fitted on either: there they are never the
    target, and a classifier that remembered that would be wrong more often than a guess. Items without any sets to fit
    on get zeros, which is a guess; None if no item has any.

    asked: the person asked about, shape (n,). standing: the person in each context, n times K.
    """
    return _scores(features, targets, _without_acquaintances(asked, standing))


def _without_acquaintances(asked: NDArray[np.str_], standing: Sequence[Sequence[str]]) -> Iterator[Split]:
    people = sorted(set(asked.tolist()))
    there = [{one, *others} for one, others in zip(asked.tolist(), standing, strict=True)]
    for fold in range(min(PEOPLE_FOLDS, len(people))):
        tested = set(people[fold::PEOPLE_FOLDS])
        taught = [place for place, names in enumerate(there) if tested.isdisjoint(names)]
        yield np.array(taught, dtype=np.intp), np.flatnonzero(np.isin(asked, sorted(tested)))


def _scores(
    features: NDArray[np.float64], targets: NDArray[np.intp], splits: Iterator[Split]
) -> NDArray[np.float64] | None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    number, contexts, width = features.shape
    # Only differences between the contexts of one item matter, not differences between items.
    features = features - features.mean(axis=1, keepdims=True)
    is_target = np.arange(contexts) == targets[:, None]
    scores: NDArray[np.float64] | None = None
    for taught, asked in splits:
        if not len(taught):
            continue
        scores = np.zeros((number, contexts)) if scores is None else scores
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
        model.fit(features[taught].reshape(-1, width), is_target[taught].ravel())
        scores[asked] = model.decision_function(features[asked].reshape(-1, width)).reshape(-1, contexts)
    return scores
