"""Near copies: pictures and clips of the same recording in another size, quality, format or excerpt.

A question whose cue is a near copy of a remembered medium tests file comparison, not recognition of faces or voices.
Copies are found in steps: products of prints, by matrix multiplication, rule out most pairs, and bounds (`Sketches`)
most of the rest of the pictures; the pairs that remain are compared closely.

Measured on 80 photos of 20 people and 80 recordings, each 3,160 pairs, and on 640 drawn and 96 rendered faces: no
false positives among different people, except clips of the same sentence by one synthetic voice. Of copied photos,
all are found that were saved as JPEG of quality 15, halved or tripled in size, stretched, mirrored, made brighter,
darker, or of another tint or contrast; nine of ten with strong noise, a quarter of the size, or a twentieth of one edge
cut off; most with up to 4 % cut off at each edge; none that were turned by 3 degrees, framed, or lost more. Of copied
recordings, all are found that were re-encoded, resampled, trimmed to a half, louder, clipped, or under noise of their
own level; none that were played faster, and few that were trimmed to a third.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omni_persona_perception.clips import Samples
from omni_persona_perception.picture_views import ROUNDING, SIDE, Views, Way, unit_rows

if TYPE_CHECKING:
    from PIL import Image

Prints = NDArray[np.float32]
"""Shape (n, d), rows of unit length, or zero if there is nothing to compare."""
Pair = tuple[int, int]
Compared = Callable[[int, int], bool]
"""Says of two places i < j whether the pair of media there is compared."""

PRINT_SIZES = {"picture": 3072, "clip": 1024}

_LIKE_GREY = 0.85
"""Correlation of quarter prints from which on two pictures are compared closely."""
WAYS = (
    Way(equalised=False, least=0.985, most_changed=0.11, one_edge=()),
    # Cropping at one edge is tried here alone: pictures of one drawn person in two places are too much alike otherwise.
    Way(equalised=True, least=0.98, most_changed=0.14, one_edge=(0.015, 0.03, 0.045, 0.06, 0.075, 0.09, 0.105, 0.12)),
)
"""The ways to compare two pictures closely; they are near copies if one of them finds one in the other."""

_RATE = 4_000
"""Sampling rate in Hz for comparing clips; most of a voice's energy lies below half of it."""
_BINS = 1024
_SMOOTHED = 15
"""Number of bins for smoothing a spectrum; the residual after subtracting it is specific to the recording."""
_LIKE_SPECTRUM, _LIKE_WAVE = 0.45, 0.55
"""Correlation thresholds: of prints for a closer comparison, of aligned samples for a copy."""
_ROWS = 1024
"""Number of rows of a similarity matrix computed at once."""


def _all(one: int, other: int) -> bool:
    return True


def _nothing(done: int, total: int) -> None:
    pass


def picture_print(picture: Image.Image) -> Prints:
    """A thumbnail of a decoded picture, shape (3072,)."""
    from PIL.Image import Resampling

    return _unit(np.asarray(picture.resize((SIDE, SIDE), Resampling.BILINEAR), np.float64).ravel())


def clip_print(samples: Samples, rate: int) -> Prints:
    """The fine structure of a decoded clip's spectrum, shape (1024,); it does not depend on where the clip begins."""
    return slow_print(slow_clip(samples, rate))


def slow_print(slow: Samples) -> Prints:
    """The `clip_print` of a clip that has the rate of `slow_clip` already."""
    power = np.abs(np.fft.rfft(slow, 1 << max(12, (len(slow) - 1).bit_length()))) ** 2
    edges = np.linspace(0, len(power), _BINS + 1).astype(int)
    bands = (np.add.reduceat(power, edges[:-1]) / np.diff(edges)) ** 0.3
    around = np.pad(bands, _SMOOTHED // 2, mode="edge")
    smooth = np.convolve(around, np.full(_SMOOTHED, 1 / _SMOOTHED), mode="valid")
    return _unit((bands - smooth) / (smooth + 1e-9)) if slow.any() else np.zeros(_BINS, np.float32)


def slow_clip(samples: Samples, rate: int) -> Samples:
    """A decoded clip at the rate that clips are compared at, 4 kHz."""
    import soxr

    return np.asarray(soxr.resample(samples, rate, _RATE, quality="LQ"), np.float32)


def is_print(values: Prints, kind: str) -> bool:
    """Whether numbers have the form of the print of a `picture` or a `clip`."""
    length = float(np.linalg.norm(values))
    return len(values) == PRINT_SIZES[kind] and (length == 0 or abs(length - 1) < 1e-3)


def near_pictures(
    prints: Prints,
    compared: Compared = _all,
    progress: Callable[[int, int], None] | None = None,
    *,
    changed: Collection[int] | None = None,
) -> list[Pair]:
    """The pairs of pictures that are near copies of each other, including mirrored ones.

    Every pair is compared, but nearly all are ruled out by bounds that cost little.

    prints: shape (n, 3072). compared: says which pairs are looked at. progress: called with (pictures compared with all
    others, pictures in all). changed: the places of which a pair must have one or two; None: all.
    """
    if not len(prints):
        return []
    tell = progress or _nothing
    tell(0, len(prints))
    grey = unit_rows(prints.reshape(-1, SIDE // 2, 2, SIDE // 2, 2, 3).mean(axis=(2, 4, 5)))
    mirrored = unit_rows(grey.reshape(-1, SIDE // 2, SIDE // 2)[:, :, ::-1])

    def alike(one: int, other: int) -> bool:
        one, other = min(one, other), max(one, other)
        return bool(max(grey[one] @ grey[other], grey[one] @ mirrored[other]) >= _LIKE_GREY)

    views = Views(prints, WAYS)
    pairs: set[Pair] = set()
    for whole, others in _maybe_alike(grey, mirrored, changed):
        tell(whole, len(prints))
        wanted = [other for other in others if compared(min(whole, other), max(whole, other))]
        seen = views.seen_in(whole, wanted) if wanted else []
        pairs.update((min(whole, other), max(whole, other)) for other in seen if alike(whole, other))
    tell(len(prints), len(prints))
    return sorted(pairs)


def near_clips(prints: Prints, clip: Callable[[int], Samples], compared: Compared = _all) -> list[Pair]:
    """The pairs of clips that are near copies of each other.

    prints: shape (n, 1024). clip: gives the `slow_clip` of the i-th clip; called for those with similar prints alone.
    compared: says which pairs are looked at.
    """
    heard = lru_cache(maxsize=64)(clip)
    maybe = sorted(pair for pair in _above(prints, _LIKE_SPECTRUM) if compared(*pair))
    return [(one, other) for one, other in maybe if _aligned(heard(one), heard(other)) >= _LIKE_WAVE]


def _maybe_alike(grey: Prints, mirrored: Prints, changed: Collection[int] | None) -> Iterator[tuple[int, list[int]]]:
    """For each picture, the places of all others whose quarter prints, or a mirrored one, may correlate enough."""
    fresh = np.full(len(grey), changed is None)
    fresh[list(changed or ())] = True
    for start in range(0, len(grey), _ROWS):
        rows = slice(start, start + _ROWS)
        near = np.maximum(grey[rows] @ grey.T, grey[rows] @ mirrored.T) >= _LIKE_GREY - ROUNDING
        near &= fresh[rows, None] | fresh
        for whole, row in enumerate(near, start):
            row[whole] = False
            yield whole, np.flatnonzero(row).tolist()


def _above(prints: Prints, least: float) -> Iterator[Pair]:
    """The pairs (i, j), i < j, of rows whose dot product is `least` or more."""
    for start in range(0, len(prints), _ROWS):
        rows, columns = np.nonzero(prints[start : start + _ROWS] @ prints[start:].T >= least)
        later = rows < columns
        yield from zip((rows[later] + start).tolist(), (columns[later] + start).tolist(), strict=True)


def _aligned(one: Samples, other: Samples) -> float:
    """The maximum correlation of two clips over all alignments, in 0..1."""
    energy = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    size = 1 << (len(one) + len(other)).bit_length()
    spectrum = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    return float(np.abs(np.fft.irfft(spectrum, size)).max()) / max(energy, 1e-12)


def _unit(values: NDArray[np.float64]) -> Prints:
    return unit_rows(values[None])[0]
