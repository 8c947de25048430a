"""Whether memories alone tell that the person asked about is missing from them.

A model that saw it could abstain at the right time, with no look at the question's face, voice or description.

Two classifiers try: one reads the notes, one sees how alike the people are. What either of them comes to by chance is
what it comes to where it is shuffled who is missing. (Sets share people, so that a formula's error would be too small.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_build.checks.finding import Finding
from omni_persona_build.checks.likeness import context_vectors, unlikeness
from omni_persona_build.checks.shortcuts import FOLDS, LIMIT
from omni_persona_perception import face_vectors, text_vectors, voice_vectors

FEWEST = 10
"""Sets of memories with somebody missing, and without, that there is something to learn from."""
SHUFFLES = 100
MOST = 2000
"""Sets that are looked at: what is learnt takes memory by their square."""


def missing_people(items: Sequence[Item]) -> list[Finding]:
    """A finding for each classifier; none where nobody is missing, or everybody is."""
    samples = list({item.source_sample_id: item for item in items}.values())
    missing = np.array([item.absence == "absent_persona" for item in samples])
    if missing.all() or not missing.any():
        return []
    names = {"shortcut: missing, by the notes": _notes, "shortcut: missing, by likeness": _likeness}
    fewer = int(min(missing.sum(), (~missing).sum()))
    if fewer < FEWEST:
        return [Finding(name, None, f"{fewer} sets of memories are too few to learn from") for name in names]
    samples, missing = samples[:MOST], missing[:MOST]
    return [_finding(name, see(samples), missing) for name, see in names.items()]


def _finding(name: str, seen: Any, missing: NDArray[np.bool_]) -> Finding:
    """seen: what a classifier sees of each sample, shape (n, d), rows of length one or so."""
    rng = np.random.default_rng(0)
    area, *shuffled = _areas(seen, np.stack([missing, *(rng.permutation(missing) for _ in range(SHUFFLES))], axis=1))
    usual, spread = float(np.mean(shuffled)), float(np.std(shuffled))
    passed = area - LIMIT * spread <= usual
    return Finding(name, passed, f"AUC {area:.2f}, by chance {usual:.2f} ± {LIMIT * spread:.2f}")


def _areas(seen: Any, labels: NDArray[np.bool_]) -> list[float]:
    """Areas under the ROC curve for columns of labels, shape (n, m); each sample is told by what others taught."""
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import KFold, cross_val_predict

    wanted = labels - labels.mean(axis=0)
    sure = cross_val_predict(KernelRidge(), seen, wanted, cv=KFold(FOLDS, shuffle=True, random_state=0))
    return [float(roc_auc_score(label, one)) for label, one in zip(labels.T, sure.T, strict=True)]


def _notes(samples: Sequence[Item]) -> Any:
    """The words of each sample's notes, a sparse array of shape (n, d)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    notes = [" ".join(context.text for context in item.contexts) for item in samples]
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(notes)


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
    table = np.array(rows, dtype=np.float64)
    return (table - table.mean(axis=0)) / np.maximum(table.std(axis=0), 1e-9) / np.sqrt(table.shape[1])
