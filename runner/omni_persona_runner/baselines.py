"""Models of no weights, or of small ones: what any real model has to beat."""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona import ABSTENTION, Item, Media
from omni_persona_runner import specialists
from omni_persona_runner.attributes import stating_sentence
from omni_persona_runner.model import Answer, LoadError, ModelError, Outcome


@dataclass(frozen=True)
class Baseline:
    """A model whose answer is a plain function of the item."""

    name: str
    reply: Callable[[Item], str]
    settings: dict[str, Any]
    """What else decides the answers, for the manifest."""

    def describe(self) -> dict[str, Any]:
        return {"model": self.name, **self.settings}

    def repeat(self, number: int) -> Baseline:
        """The same baseline with the draws of another repeat; 1 is this one."""
        return load_baseline(self.name, self.settings["seed"] + number - 1) if "seed" in self.settings else self

    def check(self, items: Iterable[Item]) -> None:
        """A baseline takes every item."""

    def answer(self, items: Iterable[Item]) -> Iterator[Outcome]:
        for item in items:
            start = time.perf_counter()
            try:
                text = self.reply(item)
            except ValueError as error:
                yield ModelError(item.augmented_id, str(error))
            else:
                yield Answer(item.augmented_id, text, None, None, time.perf_counter() - start)


def load_baseline(
    name: str,
    seed: int = 0,
    *,
    fit_on: Path | None = None,
    dataset: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Baseline:
    """A baseline by its name, such as `baseline:nearest`.

    seed: matters to `baseline:random` alone. fit_on: the dataset folder that `baseline:specialists`, and no other, is
    fitted on; dataset: the one it is to be run on, whose people must be others. progress: called while it is fitted,
    with (items read, items in all).
    Raises `LoadError` for an unknown name, and for a dataset to fit on that is missing, not wanted or not fit.
    """
    kinds: dict[str, tuple[Callable[[Item], str], dict[str, Any]]] = {
        "baseline:abstain": (lambda item: ABSTENTION, {}),
        "baseline:random": (lambda item: random_reply(item, seed), {"seed": seed}),
        "baseline:nearest": (Nearest().reply, {"thresholds": NEAR}),
    }
    if name == specialists.NAME:
        if fit_on is None or dataset is None:
            raise LoadError(f"{name} is fitted on other people than the test set's: name their dataset with --fit-on")
        fitted = specialists.fit(fit_on, dataset, progress=progress)
        return Baseline(name, fitted.reply, fitted.describe())
    if name not in kinds:
        raise LoadError(f"no model {name!r}: the baselines are {', '.join([*kinds, specialists.NAME])}")
    if fit_on is not None:
        raise LoadError(f"{name} is fitted on nothing: --fit-on is for {specialists.NAME}")
    return Baseline(name, *kinds[name])


def random_reply(item: Item, seed: int) -> str:
    """Abstain, or answer from the note of a context, each of the K + 1 with the same chance.

    The draw depends on the seed and the item's id alone, so that a resumed run answers alike.
    """
    rng = np.random.default_rng([seed, zlib.crc32(item.augmented_id.encode())])
    place = int(rng.integers(len(item.contexts) + 1))
    return _from_note(item, place) if place < len(item.contexts) else ABSTENTION


NEAR = {"I2I": 0.64, "A2A": 0.80, "T2T": 0.20, "T2Any": 0.25}
"""Group -> the cosine similarity from which on a context's medium counts as the query's person.

Set on the embedded pool of invented people, by eye; never fitted on what is measured.
"""


class Nearest:
    """Answers from the note of the context whose medium is nearest to the query's cue, or abstains.

    Faces are compared with faces, voices with voices, and the question's words with the notes' words. This baseline
    does not hear words: in T2Any it has only the notes, which do not hold what was said. A medium that many items
    share is described once.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], NDArray[np.float32]] = {}

    def reply(self, item: Item) -> str:
        """The answer to an item. Raises `ValueError` for media that cannot be decoded."""
        likeness = self._likeness(item)
        best = int(likeness.argmax())
        return _from_note(item, best) if likeness[best] >= NEAR[item.task.group] else ABSTENTION

    def _likeness(self, item: Item) -> NDArray[np.float32]:
        """Cosine similarity of the query's cue to each context, shape (K,)."""
        from omni_persona_perception import face_vectors, text_vectors, voice_vectors

        if item.task.group == "I2I":
            media = [item.query_image, *(context.image for context in item.contexts)]
            vectors = self._vectors("face", media, face_vectors)
        elif item.task.group == "A2A":
            media = [item.query_audio, *(context.audio for context in item.contexts)]
            vectors = self._vectors("voice", media, voice_vectors)
        else:
            notes = [context.text for context in item.contexts]
            vectors = text_vectors([item.query_text, *notes], corpus=notes)
        return vectors[1:] @ vectors[0]

    def _vectors(
        self, kind: str, media: Sequence[Media | None], describe: Callable[[Sequence[bytes]], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """The vectors of media, shape (n, d), by their content: each is made once."""
        rows = []
        for medium in media:
            if medium is None:
                raise ValueError("the query has no picture or clip to compare")
            key = kind, hashlib.sha256(medium.data).digest()
            if key not in self._known:
                self._known[key] = describe([medium.data])[0]
            rows.append(self._known[key])
        return np.stack(rows)


def _from_note(item: Item, place: int) -> str:
    return stating_sentence(item.contexts[place].text, item.query_text) or ABSTENTION
