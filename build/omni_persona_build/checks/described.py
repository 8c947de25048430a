"""Descriptions of every picture and clip of a dataset; each medium is decoded once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item, Media
from omni_persona_build.media_facts import Facts, clip_facts, picture_facts
from omni_persona_perception import (
    MediaError,
    Prints,
    Samples,
    SlowClips,
    decode_audio,
    decode_image,
    face_vectors,
    picture_print,
    voice_vectors,
)

Sort = Literal["image", "audio"]


@dataclass(frozen=True)
class Described:
    """The description of one medium."""

    vector: NDArray[np.float32]
    """Vector of the face or the voice, of unit length; empty if the medium cannot be decoded."""
    facts: Facts = field(default_factory=dict)
    print: Prints | None = None
    """Fingerprint for finding near copies; None if the medium cannot be decoded."""
    spread: float = 0.0
    """Picture: standard deviation of brightness (0 to 255). Clip: root mean square, relative to full scale."""
    seconds: float = 0.0
    """Duration of a clip."""
    kind: str = ""
    """How a clip is stored, such as `wav 16000 Hz`."""
    error: str | None = None
    """Why it cannot be decoded."""


class DescribedMedia:
    """The media of items, indexed by content."""

    def __init__(self, items: Iterable[Item]) -> None:
        """items: the items whose media are described, all at once."""
        pictures: dict[bytes, Media] = {}
        clips: dict[bytes, Media] = {}
        for item in items:
            for medium in media_of(item, "image"):
                pictures.setdefault(medium.data, medium)
            for medium in media_of(item, "audio"):
                clips.setdefault(medium.data, medium)
        self._slow = SlowClips()
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            # One file may be used both as a picture and as a clip, and is then described as each.
            self._known: dict[Sort, dict[bytes, Described]] = {
                "image": dict(zip(pictures, workers.map(_picture, pictures.values()), strict=True)),
                "audio": dict(zip(clips, workers.map(self._clip, clips.values()), strict=True)),
            }
        self._nothing = {sort: self._zeros(known.values()) for sort, known in self._known.items()}

    def _zeros(self, media: Iterable[Described]) -> NDArray[np.float32]:
        """A zero vector of the same length as the vectors of media."""
        return np.zeros_like(next((one.vector for one in media if one.vector.size), np.zeros(1, np.float32)))

    def _clip(self, medium: Media) -> Described:
        try:
            samples, rate = decode_audio(medium.data)
            vector = voice_vectors([(samples, rate)])[0]
        except MediaError as error:
            return Described(np.zeros(0, np.float32), error=str(error))
        seconds = len(samples) / rate
        facts = clip_facts(samples, rate, _suffix(medium))
        prints = self._slow.print_of(medium.data, samples, rate)
        level = float(np.sqrt(np.mean(np.square(samples))))
        kind = f"{_suffix(medium)} {rate} Hz"
        return Described(vector, facts, prints, level, seconds, kind)

    def of(self, medium: Media, sort: Sort) -> Described:
        """The description of a medium as a picture or as a clip."""
        return self._known[sort][medium.data]

    def vector(self, medium: Media, sort: Sort) -> NDArray[np.float32]:
        """A medium's vector; a zero vector if it cannot be decoded."""
        vector = self.of(medium, sort).vector
        return vector if vector.size else self._nothing[sort]

    def slow(self, medium: Media) -> Samples:
        """A clip as near copies are compared; `MediaError` if it cannot be decoded."""
        return self._slow.slow(medium.data, medium.data)


def media_of(item: Item, sort: Sort) -> Iterator[Media]:
    """The pictures or clips of an item: those of its contexts, then the query's."""
    for context in item.contexts:
        yield context.image if sort == "image" else context.audio
    query = item.query_image if sort == "image" else item.query_audio
    if query is not None:
        yield query


def distinct(items: Sequence[Item], sort: Sort) -> Iterator[tuple[str, Media]]:
    """Every distinct medium of a kind, with the first item that contains it."""
    seen: set[bytes] = set()
    for item in items:
        for medium in media_of(item, sort):
            if medium.data not in seen:
                seen.add(medium.data)
                yield item.augmented_id, medium


def _picture(medium: Media) -> Described:
    try:
        image = decode_image(medium.data)
        vector = face_vectors([image])[0]
    except MediaError as error:
        return Described(np.zeros(0, np.float32), error=str(error))
    facts = picture_facts(image, len(medium.data), _suffix(medium))
    spread = float(np.asarray(image.convert("L"), dtype=np.float32).std())
    return Described(vector, facts, picture_print(image), spread)


def _suffix(medium: Media) -> str:
    """The suffix of a medium's name, without the dot."""
    return medium.name.rpartition(".")[2]
