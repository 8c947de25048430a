"""Features of every picture and clip of a dataset; each medium is decoded once.

Besides the light vectors of faces and voices there are facts about the file and the recording. These facts do not
describe a face or a voice, so if they tell people apart, a question can be answered without recognising either.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item, Media
from omni_persona_perception import (
    MediaError,
    Prints,
    clip_print,
    decode_audio,
    decode_image,
    face_vectors,
    picture_print,
    voice_vectors,
)

Facts = Mapping[str, NDArray[np.float64]]
"""Name of a fact -> its numbers, shape (d,)."""
Sort = Literal["image", "audio"]

PICTURE_FACTS = ("corners", "border", "lower edge", "size", "compression", "sharpness")
CLIP_FACTS = ("format", "level", "noise floor", "spectrum of silence", "duration")

CORNER_SHARE = 0.1
"""Size of a picture's corners and width of its border, as shares of its sides."""
FRAME_SECONDS = 0.02
QUIET_SHARE = 0.1
"""Share of a clip's frames that count as silence."""
BAND_EDGES = np.geomspace(80, 8000, 17)
"""Edges in Hz of the bands used for the spectrum of silence."""
LEAST = 1e-10
"""Power below which differences are ignored."""


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
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            # One file may be used both as a picture and as a clip, and is then described as each.
            self._known: dict[Sort, dict[bytes, Described]] = {
                "image": dict(zip(pictures, workers.map(_picture, pictures.values()), strict=True)),
                "audio": dict(zip(clips, workers.map(_clip, clips.values()), strict=True)),
            }
        self._nothing = {sort: self._zeros(known.values()) for sort, known in self._known.items()}

    def _zeros(self, media: Iterable[Described]) -> NDArray[np.float32]:
        """A zero vector of the same length as the vectors of media."""
        return np.zeros_like(next((one.vector for one in media if one.vector.size), np.zeros(1, np.float32)))

    def of(self, medium: Media, sort: Sort) -> Described:
        """The description of a medium as a picture or as a clip."""
        return self._known[sort][medium.data]

    def vector(self, medium: Media, sort: Sort) -> NDArray[np.float32]:
        """A medium's vector; a zero vector if it cannot be decoded."""
        vector = self.of(medium, sort).vector
        return vector if vector.size else self._nothing[sort]


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
    pixels = np.asarray(image, dtype=np.float64)
    grey = pixels.mean(axis=2)
    height, width = grey.shape
    rows, columns = max(1, round(CORNER_SHARE * height)), max(1, round(CORNER_SHARE * width))
    corners = [pixels[across, along] for across in _ends(rows) for along in _ends(columns)]
    sides = [pixels[:rows], pixels[-rows:], pixels[:, :columns], pixels[:, -columns:]]
    lower = np.array_split(pixels[-2 * rows :], 3, axis=1)
    edges = grey[1:-1, 1:-1] * 4 - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    facts = {
        "corners": np.concatenate([corner.mean(axis=(0, 1)) for corner in corners]),
        "border": np.concatenate([[*side.mean(axis=(0, 1)), side.std()] for side in sides]),
        "lower edge": np.concatenate([[*part.mean(axis=(0, 1)), part.std()] for part in lower]),
        "size": np.array([width, height, _code(medium)], dtype=np.float64),
        "compression": np.log([len(medium.data) / (width * height)]),
        "sharpness": np.log([max(float(edges.var()) if edges.size else 0.0, LEAST)]),
    }
    spread = float(np.asarray(image.convert("L"), dtype=np.float32).std())
    return Described(vector, facts, picture_print(image), spread)


def _clip(medium: Media) -> Described:
    try:
        samples, rate = decode_audio(medium.data)
        vector = voice_vectors([(samples, rate)])[0]
    except MediaError as error:
        return Described(np.zeros(0, np.float32), error=str(error))
    seconds = len(samples) / rate
    frames = _frames(samples, max(16, round(FRAME_SECONDS * rate)))
    power = np.maximum(np.mean(np.square(frames), axis=1), LEAST)
    order = np.argsort(power, kind="stable")
    quiet = frames[order[: max(1, round(QUIET_SHARE * len(frames)))]]
    spectrum = np.mean(np.abs(np.fft.rfft(quiet * np.hanning(frames.shape[1]), axis=1)) ** 2, axis=0)
    bands = np.searchsorted(BAND_EDGES, np.fft.rfftfreq(frames.shape[1], 1 / rate))
    energy = [float(spectrum[bands == band].sum()) for band in range(1, len(BAND_EDGES))]
    shape = 10 * np.log10(np.maximum(energy, LEAST))
    facts = {
        "format": np.array([_code(medium), rate], dtype=np.float64),
        "level": 10 * np.log10([power[order[len(order) // 2 :]].mean()]),
        "noise floor": 10 * np.log10([power[order[: len(quiet)]].mean()]),
        "spectrum of silence": shape - shape.mean(),
        "duration": np.log([seconds]),
    }
    level = float(np.sqrt(np.mean(np.square(samples))))
    kind = f"{medium.name.rpartition('.')[2]} {rate} Hz"
    return Described(vector, facts, clip_print(samples, rate), level, seconds, kind)


def _ends(size: int) -> tuple[slice, slice]:
    return slice(None, size), slice(-size, None)


def _frames(samples: NDArray[Any], size: int) -> NDArray[np.float64]:
    """Samples split into frames, shape (n, size); a clip shorter than a frame is padded with silence."""
    if len(samples) < size:
        samples = np.pad(samples, (0, size - len(samples)))
    count = len(samples) // size
    return samples[: count * size].reshape(count, size).astype(np.float64)


def _code(medium: Media) -> float:
    """A number that encodes the suffix of a medium's name; equal suffixes get equal numbers."""
    return float(int.from_bytes(medium.name.rpartition(".")[2].lower().encode()[:4], "big") % 10_007)
