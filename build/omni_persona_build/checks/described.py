"""Descriptions of every picture and clip of a dataset; each medium is decoded once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item, Media
from omni_persona_build.checks.known_media import KnownMedia, Sort
from omni_persona_build.checks.media_facts import (
    CLIP_FACTS,
    PICTURE_FACTS,
    Facts,
    as_numbers,
    clip_facts,
    from_numbers,
    picture_facts,
)
from omni_persona_people.media_measures import clip_measures, picture_measures
from omni_persona_people.pool_cache import PoolCache
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

_NO_VECTOR = np.zeros(0, np.float32)


@dataclass(frozen=True)
class Described:
    """The description of one medium."""

    vector: NDArray[np.float32]
    """Vector of the face or the voice, of unit length; empty if the medium cannot be decoded or stands in no memory."""
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
    digest: str = ""
    """SHA-256 of its content, in hex; empty if it cannot be decoded."""


class DescribedMedia:
    """The media of items, indexed by content."""

    def __init__(self, items: Iterable[Item], known: PoolCache | None = None) -> None:
        """items: the items whose media are described, all at once. known: the cache of the pool that they were built
        from; what it has is not computed again, and what is computed is added.
        """
        pictures: dict[bytes, Media] = {}
        clips: dict[bytes, Media] = {}
        self._remembered: dict[Sort, set[bytes]] = {"image": set(), "audio": set()}
        """The media that stand in memories: nobody compares the vectors of others."""
        for item in items:
            for medium in media_of(item, "image"):
                pictures.setdefault(medium.data, medium)
            for medium in media_of(item, "audio"):
                clips.setdefault(medium.data, medium)
            for context in item.contexts:
                self._remembered["image"].add(context.image.data)
                self._remembered["audio"].add(context.audio.data)
        self._slow = SlowClips()
        self._known_before = KnownMedia(known)
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            # One file may be used both as a picture and as a clip, and is then described as each.
            self._known: dict[Sort, dict[bytes, Described]] = {
                "image": dict(zip(pictures, workers.map(self._picture, pictures.values()), strict=True)),
                "audio": dict(zip(clips, workers.map(self._clip, clips.values()), strict=True)),
            }
        self._known_before.keep()
        self._nothing = {sort: self._zeros(known.values()) for sort, known in self._known.items()}

    def _zeros(self, media: Iterable[Described]) -> NDArray[np.float32]:
        """A zero vector of the same length as the vectors of media."""
        return np.zeros_like(next((one.vector for one in media if one.vector.size), np.zeros(1, np.float32)))

    def _picture(self, medium: Media) -> Described:
        digest, suffix = hashlib.sha256(medium.data).hexdigest(), _suffix(medium)
        row = partial(self._known_before.row, "image", digest=digest)
        image = cache(lambda: decode_image(medium.data))
        try:
            remembered = medium.data in self._remembered["image"]
            vector = row("vector", make=lambda: face_vectors([image()])[0]) if remembered else _NO_VECTOR
            facts = row(
                "facts", make=lambda: as_numbers(picture_facts(image(), len(medium.data), suffix), PICTURE_FACTS)
            )
            prints = row("print", make=lambda: picture_print(image()))
            (spread,) = row("measures", make=lambda: picture_measures(image()))
        except MediaError as error:
            return Described(_NO_VECTOR, error=str(error))
        facts_by_name = from_numbers(facts, PICTURE_FACTS, suffix)
        return Described(vector, facts_by_name, prints, float(spread), digest=digest)

    def _clip(self, medium: Media) -> Described:
        digest, suffix = hashlib.sha256(medium.data).hexdigest(), _suffix(medium)
        row = partial(self._known_before.row, "audio", digest=digest)
        clip = cache(lambda: decode_audio(medium.data))
        try:
            remembered = medium.data in self._remembered["audio"]
            vector = row("vector", make=lambda: voice_vectors([clip()])[0]) if remembered else _NO_VECTOR
            numbers = row("facts", make=lambda: as_numbers(clip_facts(*clip(), suffix), CLIP_FACTS))
            prints = row("print", make=lambda: self._slow.print_of(medium.data, *clip()))
            level, seconds = row("measures", make=lambda: clip_measures(*clip()))
        except MediaError as error:
            return Described(_NO_VECTOR, error=str(error))
        facts = from_numbers(numbers, CLIP_FACTS, suffix)
        kind = f"{suffix} {facts['format'][1]:.0f} Hz"
        return Described(vector, facts, prints, float(level), float(seconds), kind, digest=digest)

    def of(self, medium: Media, sort: Sort) -> Described:
        """The description of a medium as a picture or as a clip."""
        return self._known[sort][medium.data]

    def vector(self, medium: Media, sort: Sort) -> NDArray[np.float32]:
        """The vector of a medium of a memory; a zero vector if it cannot be decoded."""
        vector = self.of(medium, sort).vector
        return vector if vector.size else self._nothing[sort]

    def told_apart(self, one: Media, other: Media, sort: Sort) -> bool:
        """Whether it is known from the pool that two media are no near copies of each other."""
        return self._known_before.told_apart(self.of(one, sort).digest, self.of(other, sort).digest)

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


def _suffix(medium: Media) -> str:
    """The suffix of a medium's name, without the dot."""
    return medium.name.rpartition(".")[2]
