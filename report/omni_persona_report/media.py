"""Embed pictures and clips in a page, each once, unchanged (`full`) or compressed (`small`)."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeAlias

import soundfile
from PIL import Image

from omni_persona import Media
from omni_persona_perception import (
    MediaError,
    clip_seconds,
    decode_audio,
    decode_image,
    encode_wav,
    kind_of,
    played_as_stored,
    shown_as_stored,
)

Size: TypeAlias = Literal["full", "small", "none"]

PICTURE_SIDE = 256
"""Longest side of a compressed picture, in pixels."""
PICTURE_QUALITY = 80
PICTURE_BYTES = 16_384
"""A picture of at most this many bytes is embedded as it is stored."""

_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WebP": "image/webp",
    "WAV": "audio/wav",
    "FLAC": "audio/flac",
    "MP3": "audio/mpeg",
    "Ogg": "audio/ogg",
}
"""File types that browsers support -> MIME types."""


@dataclass(frozen=True)
class Clipping:
    """How clips are compressed. Every browser plays FLAC and MP3."""

    sampling_rate: int
    format: Literal["FLAC", "MP3"] = "MP3"
    bitrate_mode: Literal["CONSTANT", "VARIABLE"] | None = None
    compression_level: float | None = None


QUICK = Clipping(24_000, "FLAC")
"""About 150 kbit/s, encoded 15 times as fast as MP3."""
GOOD = Clipping(24_000, "MP3", "VARIABLE", 0.7)
"""About 40 kbit/s."""
TIGHT = Clipping(16_000, "MP3", "CONSTANT", 0.95)
"""16 kbit/s."""
QUICK_SECONDS = 400
"""Total seconds of clips up to which they are stored as `QUICK`, which then takes about 10 MB of a page."""
GOOD_SECONDS = 3_000
"""Total seconds up to which they are stored as `GOOD`, which then takes about 20 MB; beyond, 1,000 s take 3 MB."""


@dataclass(frozen=True)
class Embedded:
    """A medium embedded in a page."""

    name: str
    """The hash of the original."""
    type: str
    """MIME type; empty if the medium cannot be shown."""
    data: str
    """Base64."""


def embed(
    media: Mapping[str, Media],
    size: Size,
    pictures: Iterable[str],
    clips: Iterable[str],
    advance: Callable[[], None] = lambda: None,
) -> tuple[list[Embedded], list[str]]:
    """Encode media for a page on all cores, and report those that could not be read.

    media: hash -> medium. pictures, clips: the hashes of those to embed. advance: called after each.
    """
    if size == "none":
        return [], []
    pictures, clips = list(dict.fromkeys(pictures)), list(dict.fromkeys(clips))
    seconds = sum(_seconds(media[name].data) for name in clips)
    clipping = QUICK if seconds <= QUICK_SECONDS else GOOD if seconds <= GOOD_SECONDS else TIGHT
    jobs = [(name, _picture) for name in pictures] + [(name, _clip) for name in clips]

    def one(job: tuple[str, Callable[[bytes, Size, Clipping], tuple[str, bytes]]]) -> tuple[Embedded, str]:
        name, encode = job
        problem, kind, data = "", "", b""
        try:
            kind, data = encode(media[name].data, size, clipping)
        except (MediaError, OSError, ValueError, RuntimeError) as error:
            problem = f"{media[name].name}: cannot be shown: {error}"
        advance()
        return Embedded(name, kind, base64.b64encode(data).decode()), problem

    with ThreadPoolExecutor() as pool:
        done = list(pool.map(one, jobs))
    return [embedded for embedded, _ in done], [problem for _, problem in done if problem]


def _picture(data: bytes, size: Size, clipping: Clipping) -> tuple[str, bytes]:
    image = decode_image(data)
    kind = kind_of(data)
    is_small = len(data) <= PICTURE_BYTES and max(image.size) <= PICTURE_SIDE
    if (size == "full" or is_small) and kind is not None and shown_as_stored(data):
        return _TYPES[kind.name], data
    if size == "full":
        return "image/png", _saved(image, "PNG")
    image.thumbnail((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.LANCZOS)
    return "image/webp", _saved(image, "WEBP", quality=PICTURE_QUALITY, method=2)


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _clip(data: bytes, size: Size, clipping: Clipping) -> tuple[str, bytes]:
    if size == "full":
        kind = kind_of(data)
        if kind is not None and kind.name in _TYPES and played_as_stored(data):
            return _TYPES[kind.name], data
        return _TYPES["WAV"], encode_wav(*decode_audio(data))
    if clipping == QUICK and _is_quick(data) and played_as_stored(data):
        return _TYPES["FLAC"], data
    samples, rate = decode_audio(data, clipping.sampling_rate)
    buffer = io.BytesIO()
    if clipping.format == "FLAC":
        soundfile.write(buffer, samples, rate, format="FLAC", subtype="PCM_16")
        return _TYPES["FLAC"], buffer.getvalue()
    soundfile.write(
        buffer,
        samples,
        rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode=clipping.bitrate_mode,
        compression_level=clipping.compression_level,
    )
    return "audio/mpeg", buffer.getvalue()


def _is_quick(data: bytes) -> bool:
    """Whether a clip is stored as `QUICK` already, or smaller."""
    kind = kind_of(data)
    if kind is None or kind.name != "FLAC":
        return False
    try:
        about = soundfile.info(io.BytesIO(data))
    except soundfile.LibsndfileError:
        return False
    return about.samplerate <= QUICK.sampling_rate and len(data) <= 2 * about.frames


def _seconds(data: bytes) -> float:
    try:
        return clip_seconds(data)
    except MediaError:
        return 0.0
