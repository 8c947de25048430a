"""`baseline:specialists`: a trained recogniser for each modality, and one threshold for when to abstain.

Faces are compared by dlib, voices by CAM++, descriptions with clauses of the notes by MiniLM, and what was
said with Whisper's transcripts of the clips, by MiniLM again. Similarities differ in scale between groups, so one
logistic regression per group maps them to the probability that the best match is right, and one threshold on that
probability serves all four. Both are fitted on a dataset of other people, never on evaluation data.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from omni_persona import ABSTENTION, Item, Media
from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_artifacts.dataset_folder import DatasetFolder, media_digests
from omni_persona_artifacts.errors import ItemError
from omni_persona_artifacts.progress import Steps
from omni_persona_runner.attributes import described, quoted, sentences, stating_sentence
from omni_persona_runner.calibration import Confidence, answering_threshold, features, fit_confidence
from omni_persona_runner.model import LoadError

NAME = "baseline:specialists"

REMEMBERED = 20_000
"""Cached results per function; text vectors, the longest, then take 30 MB."""

_Value = TypeVar("_Value", bytes, str)
_Made = TypeVar("_Made")


class PoolCache(Generic[_Value, _Made]):
    """A function with an LRU cache keyed by content: siblings share their media."""

    def __init__(self, make: Callable[[Sequence[_Value]], Iterable[_Made]], most: int = REMEMBERED) -> None:
        """most: maximum number of cached results; the least recently used are dropped."""
        self._make: Callable[[Sequence[_Value]], Iterable[_Made]] = make
        self._most = most
        self._kept: OrderedDict[bytes, _Made] = OrderedDict()

    def __call__(self, values: Sequence[_Value]) -> list[_Made]:
        # Keyed by digest, so that no media are kept in memory.
        keys = [hashlib.sha256(value if isinstance(value, bytes) else value.encode()).digest() for value in values]
        new = {key: value for key, value in zip(keys, values, strict=True) if key not in self._kept}
        made = dict(zip(new, self._make(list(new.values())), strict=True)) if new else {}
        found = {key: made[key] if key in made else self._kept[key] for key in keys}
        for key, one in found.items():
            self._kept[key] = one
            self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return [found[key] for key in keys]


@dataclass(frozen=True)
class Senses:
    """The perception functions of the baseline. Vectors are rows of unit length."""

    faces: Callable[[Sequence[bytes]], Iterable[NDArray[np.float32]]]
    voices: Callable[[Sequence[bytes]], Iterable[NDArray[np.float32]]]
    texts: Callable[[Sequence[str]], Iterable[NDArray[np.float32]]]
    transcribe: Callable[[Sequence[bytes]], Iterable[str]]

    def remembering(self) -> Senses:
        """The same functions with caches, so that each medium and each text is processed once."""
        return Senses(PoolCache(self.faces), PoolCache(self.voices), PoolCache(self.texts), PoolCache(self.transcribe))


def trained_senses() -> Senses:
    """The recognisers of the perception package."""
    from omni_persona_perception import perception, transcribe

    trained = perception("specialists")
    return Senses(trained.faces, trained.voices, trained.texts, transcribe)


@dataclass(frozen=True)
class Specialists:
    """The fitted baseline."""

    senses: Senses
    confidence: Mapping[str, Confidence]
    """Group -> `Confidence`."""
    threshold: float
    """The confidence from which on it answers."""
    fitted_on: Mapping[str, Any]
    """Manifest entry for the dataset that it was fitted on."""

    def reply(self, item: Item) -> str:
        """Answer from the best match's note; abstain if the match is uncertain or the note does not state the answer.

        Raises `ValueError` for media that are missing or cannot be decoded.
        """
        likeness = likeness_of(item, self.senses)
        if self.confidence[item.task.group].of(likeness) < self.threshold:
            return ABSTENTION
        return _from_note(item, int(likeness.argmax()))

    def describe(self) -> dict[str, Any]:
        """What determines the answers, for the manifest."""
        return {
            "fitted_on": dict(self.fitted_on),
            "confidence": {group: one.describe() for group, one in self.confidence.items()},
            "threshold": self.threshold,
            "specialists": _versions(),
        }


def fit(
    train: Path,
    test: Path,
    *,
    senses: Senses | None = None,
    progress: Steps = lambda done, total: None,
) -> Specialists:
    """Fit the baseline on the dataset folder `train`, to be run on the dataset folder `test`.

    senses: perception functions; None uses the trained recognisers. progress: called with (items read, total items).
    Raises `LoadError` if the two share a picture or a clip, or `train` lacks a kind of item that `test` has, and
    `FileNotFoundError` or `ValueError` if one is not a dataset.
    """
    taught, asked = DatasetFolder(train), DatasetFolder(test)
    fingerprint = dataset_fingerprint(train)
    _require_others(train, test, same=fingerprint == dataset_fingerprint(test))
    groups = sorted({row.group for row in taught.rows})
    if lacking := sorted({row.group for row in asked.rows} - set(groups)):
        raise LoadError(f"{NAME}: {train} has no items of {', '.join(lacking)} to fit on, which {test} asks")
    remembering = (senses or trained_senses()).remembering()

    matches: dict[str, list[_Match]] = {group: [] for group in groups}
    for done, item in enumerate(taught.items(taught.rows), start=1):
        if isinstance(item, ItemError):
            raise LoadError(f"{NAME}: cannot fit on {train}: {item}")
        try:
            matches[item.task.group].append(_match(item, remembering))
        except ValueError as error:
            raise LoadError(f"{NAME}: cannot fit on {train}: item {item.augmented_id}: {error}") from None
        progress(done, len(taught.rows))

    confidence = {
        group: fit_confidence(
            np.array([features(match.likeness) for match in found]), np.array([match.right_person for match in found])
        )
        for group, found in matches.items()
    }
    every = [match for found in matches.values() for match in found]
    try:
        threshold = answering_threshold(
            np.array([match.right_person for match in every]),
            np.array([match.right_answer for match in every]),
            np.array([match.answerable for match in every]),
        )
    except ValueError as error:
        raise LoadError(f"{NAME}: cannot fit on {train}: {error}") from None
    return Specialists(remembering, confidence, threshold, {"fingerprint": fingerprint, "n_items": len(taught.rows)})


def _require_others(train: Path, test: Path, *, same: bool) -> None:
    """Raise `LoadError` if two datasets are the same, or share a picture or clip of a person."""
    advice = f"build it from other people: omni-persona build --recipe train --exclude {test}"
    if same:
        raise LoadError(f"{NAME} is never fitted on the test set, and {train} holds the items of {test}; {advice}")
    trained, tested = media_digests(train), media_digests(test)
    if shared := sorted(trained.keys() & tested.keys(), key=tested.__getitem__):
        raise LoadError(
            f"{NAME} is never fitted on the test set's people, and {train} shares {len(shared)} pictures and clips "
            f"with {test}, such as {tested[shared[0]]}; {advice}"
        )


@dataclass(frozen=True)
class _Match:
    """What fitting needs to know about an item."""

    likeness: NDArray[np.float64]
    right_person: bool
    """Whether the best match is the queried person."""
    right_answer: bool
    """Whether answering from its note would be correct."""
    answerable: bool


def _match(item: Item, senses: Senses) -> _Match:
    from omni_persona_cal import abstains, lexical_judge

    likeness = likeness_of(item, senses)
    best = int(likeness.argmax())
    said = _from_note(item, best)
    if abstains(said):
        right_answer = not item.answerable
    else:
        right_answer = item.answerable and lexical_judge(item.gold_answer, said) == "CORRECT"
    return _Match(
        likeness,
        right_person=item.contexts[best].concept_id == item.target_concept_id,
        right_answer=right_answer,
        answerable=item.answerable,
    )


def _from_note(item: Item, place: int) -> str:
    return stating_sentence(item.contexts[place].text, item.query_text) or ABSTENTION


# ---- likeness


def likeness_of(item: Item, senses: Senses) -> NDArray[np.float64]:
    """Cosine similarities of the query to each context in the group's modality, shape (K,).

    Raises `ValueError` for media that are missing or cannot be decoded.
    """
    clips = [context.audio for context in item.contexts]
    match item.task.group:
        case "I2I":
            return _to_first(senses.faces(_data([item.query_image, *(context.image for context in item.contexts)])))
        case "A2A":
            return _to_first(senses.voices(_data([item.query_audio, *clips])))
        case "T2T":
            cue = described(item.query_text)
            parts = [clauses(context.text) for context in item.contexts]
        case "T2Any":
            cue = quoted(item.query_text) or described(item.query_text)
            length = len(cue.split())
            parts = [windows(words, length) for words in senses.transcribe(_data(clips))]
    vectors = senses.texts([cue, *(part for one in parts for part in one)])
    alike = iter(_to_first(vectors))
    return np.array([max(next(alike) for _ in one) for one in parts])


def clauses(note: str) -> list[str]:
    """Split a note into sentences and, if they have several, their clauses: a description matches one of them."""
    return [part for sentence in sentences(note) for part in dict.fromkeys([sentence, *_clauses(sentence)])]


def _clauses(sentence: str) -> Iterator[str]:
    return (part for part in re.split(r", | and ", sentence) if part)


def windows(text: str, n_words: int) -> list[str]:
    """The windows of `n_words` words of a text, about four per window length: a quotation is a part of what was said.

    Returns the text itself if it is no longer than that.
    """
    words = text.split()
    if len(words) <= n_words:
        return [text]
    last = len(words) - n_words
    starts = [*range(0, last, max(1, n_words // 4)), last]
    return [" ".join(words[start : start + n_words]) for start in starts]


def _to_first(vectors: Iterable[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Cosine similarity of all vectors but the first to the first."""
    first, *others = vectors
    return np.array([np.dot(first, other) for other in others], dtype=np.float64)


def _data(media: Sequence[Media | None]) -> list[bytes]:
    if None in media:
        raise ValueError("the query has no picture or clip to compare")
    return [medium.data for medium in media if medium is not None]


def _versions() -> dict[str, str | None]:
    from omni_persona_perception.specialists import PACKAGES

    def version(package: str) -> str | None:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return None

    return {package: version(package) for package in PACKAGES}
