"""Near copies: pictures and clips that are one recording, saved again in another size, quality, format or part.

A question whose cue is a near copy of what is remembered asks to compare files, not faces or voices. Copies are looked
for in two steps: prints, whose dot products tell in one multiplication of matrices who may be a copy of whom, and a
closer look at those pairs. Measured on 80 photos, 1,000 drawn faces, 80 recordings and 1,000 synthetic clips: none of
them are taken for one, but clips of one sentence; all that were saved again are found (JPEG of the lowest quality, half
the size, Ogg, a telephone's codec, half of a clip), and most of the photos that lack two hundredths at each edge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omni_persona_perception.clips import Samples, decode_audio

if TYPE_CHECKING:
    from PIL import Image

Prints = NDArray[np.float32]
"""Shape (n, d), rows of unit length, or of zeros where there is nothing to compare."""
Pair = tuple[int, int]

PRINT_SIZES = {"picture": 3072, "clip": 1024}

_SIDE = 32
"""Pixels of the square that a picture's print is."""
_LIKE_GREY, _LIKE_COLOUR = 0.9, 0.985
"""Correlation of quarters of prints from which on there is a closer look; of whole prints, of copies."""
_BLOCKS, _CHANGED = 8, 0.11
"""Blocks of a print's side; the share of a block of a picture's mean variance that saving it again may change."""
_MARGINS = (0.0, 0.01, 0.02, 0.03, 0.045, 0.06)
"""Shares of a side that may have been cut off at each edge."""

_RATE = 4_000
"""Hz at which clips are compared: most of a voice lies below its half."""
_BINS = 1024
_SMOOTHED = 15
"""Bins over which a spectrum is smoothed; what is left of it when that is taken away is the recording's own."""
_LIKE_SPECTRUM, _LIKE_WAVE = 0.45, 0.55
"""Correlation of prints from which on there is a closer look; of aligned samples, of copies."""
_ROWS = 1024
"""Rows of a matrix of likenesses that are made at once."""


def picture_print(picture: Image.Image) -> Prints:
    """A decoded picture in little, shape (3072,)."""
    from PIL.Image import Resampling

    return _unit(np.asarray(picture.resize((_SIDE, _SIDE), Resampling.BILINEAR), np.float64).ravel())


def clip_print(samples: Samples, rate: int) -> Prints:
    """The fine structure of a decoded clip's spectrum, shape (1024,): the same wherever the clip begins."""
    slow = _slow(samples, rate)
    power = np.abs(np.fft.rfft(slow, 1 << max(12, (len(slow) - 1).bit_length()))) ** 2
    edges = np.linspace(0, len(power), _BINS + 1).astype(int)
    bands = (np.add.reduceat(power, edges[:-1]) / np.diff(edges)) ** 0.3
    around = np.pad(bands, _SMOOTHED // 2, mode="edge")
    smooth = np.convolve(around, np.full(_SMOOTHED, 1 / _SMOOTHED), mode="valid")
    return _unit((bands - smooth) / (smooth + 1e-9)) if slow.any() else np.zeros(_BINS, np.float32)


def _slow(samples: Samples, rate: int) -> Samples:
    """Samples at the rate at which clips are compared."""
    import soxr

    return np.asarray(soxr.resample(samples, rate, _RATE, quality="LQ"), np.float32)


def is_print(values: Prints, kind: str) -> bool:
    """Whether some numbers can be a print of a `picture` or a `clip`."""
    length = float(np.linalg.norm(values))
    return len(values) == PRINT_SIZES[kind] and (length == 0 or abs(length - 1) < 1e-3)


def near_pictures(prints: Prints) -> list[Pair]:
    """The pairs of pictures that are near copies of each other, mirrored ones too. prints: shape (n, 3072)."""
    grey = _rows(prints.reshape(-1, _SIDE // 2, 2, _SIDE // 2, 2, 3).mean(axis=(2, 4, 5)))
    mirrored = _rows(grey.reshape(-1, _SIDE // 2, _SIDE // 2)[:, :, ::-1])
    maybe = sorted({*_above(grey, grey, _LIKE_GREY), *_above(grey, mirrored, _LIKE_GREY)})
    views = lru_cache(maxsize=512)(lambda index: _views(prints[index]))
    return [pair for pair in maybe if _look_alike(prints, views, *pair)]


def near_clips(prints: Prints, clip: Callable[[int], bytes]) -> list[Pair]:
    """The pairs of clips that are near copies of each other. prints: shape (n, 1024). clip: the i-th clip's bytes.

    Raises `MediaError` for a clip that cannot be decoded.
    """
    heard = lru_cache(maxsize=64)(lambda index: _slow(*decode_audio(clip(index))))
    maybe = sorted(_above(prints, prints, _LIKE_SPECTRUM))
    return [(one, other) for one, other in maybe if _aligned(heard(one), heard(other)) >= _LIKE_WAVE]


def _above(prints: Prints, others: Prints, least: float) -> Iterator[Pair]:
    """The pairs (i, j), i < j, of rows whose dot product is `least` or more."""
    for start in range(0, len(prints), _ROWS):
        rows, columns = np.nonzero(prints[start : start + _ROWS] @ others.T >= least)
        later = rows + start < columns
        yield from zip((rows[later] + start).tolist(), columns[later].tolist(), strict=True)


def _look_alike(prints: Prints, views: Callable[[int], Prints], one: int, other: int) -> bool:
    """Whether a picture is another one, or a part of it that lacks edges."""
    return any(_is_seen_in(prints[seen], views(whole)) for seen, whole in ((one, other), (other, one)))


def _is_seen_in(seen: Prints, views: Prints) -> bool:
    likeness = views @ seen
    best = int(likeness.argmax())
    if likeness[best] < _LIKE_COLOUR:
        return False
    # A mouth that opens changes little of a picture, and all of it in one place; saving it again changes it everywhere.
    changed = (seen - likeness[best] * views[best]).reshape(_BLOCKS, _SIDE // _BLOCKS, _BLOCKS, _SIDE // _BLOCKS, 3)
    return bool(np.square(changed).sum(axis=(1, 3, 4)).max() * _BLOCKS**2 <= _CHANGED)


def _views(picture: Prints) -> Prints:
    """A print with more and more of its edges cut off, as it is and mirrored, shape (2 m, 3072)."""
    square = picture.reshape(_SIDE, _SIDE, 3)
    both = np.stack([square, square[:, ::-1]]).transpose(0, 3, 1, 2)
    cut = _cuts()[:, None, None]
    return _rows((cut @ both @ cut.swapaxes(-1, -2)).reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1))


@lru_cache(maxsize=1)
def _cuts() -> NDArray[np.float32]:
    """For each of m margins, the matrix that stretches a side without it to its whole length, shape (m, 32, 32)."""
    places = (np.arange(_SIDE) + 0.5) / _SIDE
    matrices = []
    for margin in _MARGINS:
        wanted = np.clip((margin + places * (1 - 2 * margin)) * _SIDE - 0.5, 0, _SIDE - 1)
        matrices.append(np.maximum(0, 1 - np.abs(wanted[:, None] - np.arange(_SIDE))).astype(np.float32))
    return np.stack(matrices)


def _aligned(one: Samples, other: Samples) -> float:
    """The correlation of two clips where they fit best, in 0..1."""
    energy = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    size = 1 << (len(one) + len(other)).bit_length()
    spectrum = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    return float(np.abs(np.fft.irfft(spectrum, size)).max()) / max(energy, 1e-12)


def _rows(values: NDArray[np.floating]) -> Prints:
    """Each of n arrays as a row of unit length about its mean."""
    flat = values.reshape(len(values), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return (flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def _unit(values: NDArray[np.float64]) -> Prints:
    return _rows(values[None])[0]
