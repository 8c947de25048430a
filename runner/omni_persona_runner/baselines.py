"""Baseline models, without weights or with small ones, that any real model should beat."""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omni_persona import ABSTENTION, Item, Media
from omni_persona_artifacts.progress import Steps
from omni_persona_runner import specialists
from omni_persona_runner.attributes import stating_sentence
from omni_persona_runner.model import Answer, LoadError, ModelError, Outcome

if TYPE_CHECKING:
    from omni_persona_perception import TextSpace


@dataclass(frozen=True)
class Baseline:
    """A model whose answer is a pure function of the item."""

    name: str
    reply: Callable[[Item], str]
    settings: dict[str, Any]
    """Additional settings that determine the answers, for the manifest."""

    def describe(self) -> dict[str, Any]:
        return {"model": self.name, **self.settings}

    def repeat(self, number: int) -> Baseline:
        """The same baseline with the random draws of another repeat, counted from 1."""
        return load_baseline(self.name, self.settings["seed"] + number - 1) if "seed" in self.settings else self

    def check(self, items: Iterable[Item]) -> None:
        """Do nothing: a baseline accepts every item."""

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
    progress: Steps = lambda done, total: None,
) -> Baseline:
    """Load a baseline by name, such as `baseline:nearest`.

    seed: used by `baseline:random` only. fit_on: the dataset folder that `baseline:specialists`, and no other, is
    fitted on; dataset: the one it will be run on, which must be about other people. progress: called during fitting,
    with (items read, total items).
    Raises `LoadError` for an unknown name, and if `fit_on` is missing, not applicable or unsuitable.
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
        raise LoadError(f"--fit-on only applies to {specialists.NAME}, not to {name}")
    return Baseline(name, *kinds[name])


def random_reply(item: Item, seed: int) -> str:
    """Abstain, or answer from the note of one context; each of the K + 1 choices is equally likely.

    The draw depends only on the seed and the item's ID, so a resumed run gives the same answers.
    """
    rng = np.random.default_rng([seed, zlib.crc32(item.augmented_id.encode())])
    place = int(rng.integers(len(item.contexts) + 1))
    return _from_note(item, place) if place < len(item.contexts) else ABSTENTION


NEAR = {"I2I": 0.64, "A2A": 0.80, "T2T": 0.20, "T2Any": 0.25}
"""Group -> cosine similarity above which a context is taken to show the queried person.

Chosen by eye on the built-in pool of fictional people; never fitted on evaluation data.
"""


class Nearest:
    """Answer from the note of the context whose medium is nearest to the query's, or abstain.

    Faces are compared with faces, voices with voices, and the question's words with the notes' words. This baseline
    does not hear words: in T2Any it has only the notes, which do not hold what was said. A medium that many items
    share is described once.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], NDArray[np.float32]] = {}
        self._notes: tuple[tuple[str, ...], TextSpace, NDArray[np.float32]] | None = None

    def reply(self, item: Item) -> str:
        """The answer to an item. Raises `ValueError` for media that cannot be decoded."""
        likeness = self._likeness(item)
        best = int(likeness.argmax())
        return _from_note(item, best) if likeness[best] >= NEAR[item.task.group] else ABSTENTION

    def _likeness(self, item: Item) -> NDArray[np.float32]:
        """Cosine similarity of the query to each context, shape (K,)."""
        from omni_persona_perception import face_vectors, voice_vectors

        if item.task.group == "I2I":
            media = [item.query_image, *(context.image for context in item.contexts)]
            vectors = self._vectors("face", media, face_vectors)
        elif item.task.group == "A2A":
            media = [item.query_audio, *(context.audio for context in item.contexts)]
            vectors = self._vectors("voice", media, voice_vectors)
        else:
            vectors = self._texts(item.query_text, tuple(context.text for context in item.contexts))
        return vectors[1:] @ vectors[0]

    def _texts(self, question: str, notes: tuple[str, ...]) -> NDArray[np.float32]:
        """Embed a question and the notes, shape (1 + K, d); word weights are learnt once for siblings in a row."""
        from omni_persona_perception import TextSpace

        if self._notes is None or self._notes[0] != notes:
            space = TextSpace(notes)
            self._notes = notes, space, space.vectors(notes)
        _, space, known = self._notes
        return np.concatenate([space.vectors([question]), known])

    def _vectors(
        self, kind: str, media: Sequence[Media | None], describe: Callable[[Sequence[bytes]], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Embed media, shape (n, d); vectors are cached by content, so each medium is embedded once."""
        from omni_persona_perception import one_blas_thread

        rows = []
        for medium in media:
            if medium is None:
                raise ValueError("the query has no picture or clip to compare")
            key = kind, hashlib.sha256(medium.data).digest()
            if key not in self._known:
                with one_blas_thread():
                    self._known[key] = describe([medium.data])[0]
            rows.append(self._known[key])
        return np.stack(rows)


def _from_note(item: Item, place: int) -> str:
    return stating_sentence(item.contexts[place].text, item.query_text) or ABSTENTION
