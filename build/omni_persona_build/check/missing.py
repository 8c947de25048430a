"""Whether memories alone tell that the person asked about is missing from them.

A model that saw it could abstain at the right time, with no look at the question's face, voice or description.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_build.check.finding import Finding
from omni_persona_build.check.likeness import context_vectors, unlikeness
from omni_persona_build.check.shortcuts import FOLDS, LIMIT
from omni_persona_perception import face_vectors, text_vectors, voice_vectors

FEWEST = 10
"""Sets of memories with somebody missing, and without, that there is something to learn from."""


def missing_people(items: Sequence[Item]) -> list[Finding]:
    """What the notes tell, and how alike the people are. No finding where nobody is missing, or everybody is."""
    samples = list({item.source_sample_id: item for item in items}.values())
    missing = np.array([item.absence == "absent_persona" for item in samples])
    if missing.all() or not missing.any():
        return []
    names = ("shortcut: missing, by the notes", "shortcut: missing, by likeness")
    fewer = int(min(missing.sum(), (~missing).sum()))
    if fewer < FEWEST:
        return [Finding(name, True, f"{fewer} sets of memories are too few to learn from") for name in names]

    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import StandardScaler

    notes = [" ".join(context.text for context in item.contexts) for item in samples]
    by_notes = _learnt(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), 10, notes, missing)
    by_likeness = _learnt(StandardScaler(), 0.1, _likeness(samples), missing)
    return [_finding(name, sure, missing) for name, sure in zip(names, (by_notes, by_likeness), strict=True)]


def _learnt(seen: Any, trust: float, samples: Any, missing: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How sure a classifier is of each sample that somebody is missing, fitted on others; shape (n,).

    seen: what makes features of samples. trust: the inverse of the regularisation.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(seen, LogisticRegression(C=trust, class_weight="balanced", max_iter=1000))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    sure: NDArray[np.float64] = cross_val_predict(model, samples, missing, cv=folds, method="decision_function")
    return sure


def _finding(name: str, sure: NDArray[np.float64], missing: NDArray[np.bool_]) -> Finding:
    area, error = _area(sure[missing], sure[~missing])
    low, high = max(area - 1.96 * error, 0), min(area + 1.96 * error, 1)
    return Finding(name, area - LIMIT * error <= 0.5, f"AUC {area:.2f} [{low:.2f}, {high:.2f}], chance 0.50")


def _area(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> tuple[float, float]:
    """Area under the ROC curve of two sets of scores, and its standard error (DeLong and others 1988)."""
    above = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    of_one, of_other = above.mean(axis=1), above.mean(axis=0)
    error = np.sqrt(of_one.var(ddof=1) / len(of_one) + of_other.var(ddof=1) / len(of_other))
    return float(above.mean()), float(error)


def _likeness(samples: Sequence[Item]) -> NDArray[np.float64]:
    """How alike the people of each sample are, and how long notes and clips, shape (n, d)."""
    faces = context_vectors(samples, "image", face_vectors)
    voices = context_vectors(samples, "audio", voice_vectors)
    rows = []
    for item in samples:
        row: list[float] = []
        for vectors in (
            np.stack([faces[context.image.data] for context in item.contexts]),
            np.stack([voices[context.audio.data] for context in item.contexts]),
            text_vectors([context.text for context in item.contexts]),
        ):
            pairs = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
            row += [pairs.mean(), pairs.min(), pairs.max(), unlikeness(vectors).std()]
        for sizes in (
            [len(context.text) for context in item.contexts],
            [len(context.audio.data) for context in item.contexts],
        ):
            row += [float(np.mean(sizes)), float(np.std(sizes))]
        rows.append(row)
    return np.array(rows, dtype=np.float64)
