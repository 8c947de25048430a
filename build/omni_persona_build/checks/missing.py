"""Check whether the memories or the people reveal that somebody is missing, or that an attribute is left out.

A model that noticed could abstain correctly without looking at the question's face, voice or description.

Several classifiers try: one reads the notes, one uses how alike the people are, one uses who is missing in other items,
and one uses whose notes leave out attributes in other items. The chance level of each is its result on shuffled labels.
(Sets share people, so an analytic standard error would be too small.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_artifacts.construction import Construction
from omni_persona_build.checks.evidence import standardised
from omni_persona_build.checks.finding import Finding
from omni_persona_build.checks.likeness import MemoryLikeness
from omni_persona_build.checks.ready import by_sample
from omni_persona_build.checks.solvers import Classifier

MOST_DENSE = 20_000_000
"""Maximum number of values of what a classifier sees, zeros included, that are stored with their zeros: 160 MB."""


def missing_people(detected: Sequence[Classifier]) -> list[Finding]:
    """One finding per classifier; none if nobody is missing or everybody is."""
    return [one.finding() for one in detected]


def classifiers(
    items: Sequence[Item], construction: Construction | None, memories: MemoryLikeness
) -> Iterator[Classifier]:
    """What each classifier sees of each set of memories; none if nobody is missing or everybody is."""
    sets = by_sample(items)
    samples = [siblings[0] for siblings in sets]
    missing = np.array([item.absence == "absent_persona" for item in samples])
    if not missing.all() and missing.any():
        yield Classifier("missing, by the notes", sets, _notes(samples), missing)
        yield Classifier("missing, by likeness", sets, _likeness(samples, memories), missing)
        asked = [_asked_about(item, construction) for item in samples]
        if len(set(asked)) > 1:
            yield Classifier("missing, by who is asked about", sets, _one_hot(asked), missing)
    yield from _left_out(items, construction)


def _left_out(items: Sequence[Item], construction: Construction | None) -> Iterator[Classifier]:
    """Predict whether an attribute is absent from whose note leaves something out, and what."""
    silent: dict[str, tuple[Item, tuple[str, str]]] = {}
    for item in items:
        quiet = [one["person"] for one in (construction or {}).get(item.augmented_id, ()) if not one["states_asked"]]
        # One item per set of memories: sibling items are not independent.
        if item.absence != "absent_persona" and len(quiet) == 1:
            silent.setdefault(item.source_sample_id, (item, (quiet[0], str(item.asked_subfield))))
    labels = np.array([item.absence == "absent_attribute" for item, _ in silent.values()], dtype=bool)
    if labels.all() or not labels.any():
        return
    whose = [person for _, (person, _) in silent.values()]
    what = [field for _, (_, field) in silent.values()]
    both = [f"{person} {field}" for person, field in zip(whose, what, strict=True)]
    sets, seen = [[item] for item, _ in silent.values()], _one_hot(whose, what, both)
    yield Classifier("absent attribute, by whose note is silent", sets, seen, labels)


def _asked_about(item: Item, construction: Construction | None) -> str:
    placed = (construction or {}).get(item.augmented_id)
    return str(placed[0]["queried_person"]) if placed else ""


def _one_hot(*columns: Sequence[str]) -> Any:
    """One-hot encodings of columns of n names, side by side, shape (n, d), rows of unit length.

    A sparse array beyond `MOST_DENSE` values: d grows with n.
    """
    from scipy.sparse import csr_matrix

    places, width = [], 0
    for names in columns:
        distinct, place = np.unique(np.array(names), return_inverse=True)
        places.append(place + width)
        width += len(distinct)
    n, each = len(columns[0]), len(columns)
    values = np.full(n * each, 1 / np.sqrt(each))
    hot = csr_matrix((values, np.stack(places, axis=1).ravel(), np.arange(0, n * each + 1, each)), shape=(n, width))
    return hot.toarray() if n * width <= MOST_DENSE else hot


def _notes(samples: Sequence[Item]) -> Any:
    """The words of each sample's notes, a sparse array of shape (n, d)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    notes = [" ".join(context.text for context in item.contexts) for item in samples]
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform(notes)


def _likeness(samples: Sequence[Item], memories: MemoryLikeness) -> NDArray[np.float64]:
    """How alike the people of each sample are, and the lengths of notes and clips, shape (n, d)."""
    rows = []
    for item in samples:
        row: list[float] = []
        likeness = memories.of(item)
        for products, unlikeness in zip(likeness.products, likeness.unlikeness, strict=True):
            pairs = products[_above_diagonal(len(products))]
            row += [pairs.mean(), pairs.min(), pairs.max(), unlikeness.std()]
        for sizes in (
            [len(context.text) for context in item.contexts],
            [len(context.audio.data) for context in item.contexts],
        ):
            row += [float(np.mean(sizes)), float(np.std(sizes))]
        rows.append(row)
    return standardised(np.array(rows, dtype=np.float64))


@cache
def _above_diagonal(size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows and columns of the values above the diagonal of a square matrix."""
    return np.triu_indices(size, 1)
