"""Near copies: pictures and clips of the same recording in another size, quality, format or excerpt.

A question whose cue is a near copy of a remembered medium tests file comparison, not recognition of faces or voices.
Copies are found in two steps: prints, whose dot products give the candidate pairs in one matrix multiplication, and a
closer comparison of those pairs.

Measured on 80 photos of 20 people and 80 recordings, each 3,160 pairs, and on 640 drawn and 96 rendered faces: no
false positives among different people, except clips of the same sentence by one synthetic voice. Of copied photos,
all are found that were saved as JPEG of quality 15, halved or tripled in size, stretched, mirrored, made brighter,
darker, or of another tint or contrast; nine of ten with strong noise, a quarter of the size, or a twentieth of one edge
cut off; most with up to 4 % cut off at each edge; none that were turned by 3 degrees, framed, or lost more. Of copied
recordings, all are found that were re-encoded, resampled, trimmed to a half, louder, clipped, or under noise of their
own level; none that were played faster, and few that were trimmed to a third.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omni_persona_perception.clips import Samples

if TYPE_CHECKING:
    from PIL import Image

Prints = NDArray[np.float32]
"""Shape (n, d), rows of unit length, or zero if there is nothing to compare."""
Pair = tuple[int, int]
Compared = Callable[[int, int], bool]
"""Says of two places i < j whether the pair of media there is compared."""

PRINT_SIZES = {"picture": 3072, "clip": 1024}

_SIDE = 32
"""Side of a picture's square print in pixels."""
_LIKE_GREY = 0.85
"""Correlation of quarter prints from which on two pictures are compared closely."""
_LIKE, _CHANGED = 0.985, 0.11
"""A copy as it is has at least this correlation of prints, and no block of the print that changed more, relative to a
picture's mean block variance."""
_LIKE_EQUALISED, _CHANGED_EQUALISED = 0.98, 0.14
"""The same for equalised prints."""
_BLOCKS = 8
"""Blocks per side of a print."""
_MARGINS = (0.0, 0.01, 0.02, 0.03, 0.045, 0.06)
"""Shares of a side that may have been cropped at each edge."""
_MORE_MARGINS = (0.015, 0.03, 0.045, 0.06, 0.075, 0.09, 0.105, 0.12)
"""Shares of a side that may have been cropped at one edge; tried for equalised prints alone, as pictures of one drawn
person in two places are too much alike otherwise."""
_LEVELS, _WIDTH = 64, 5
"""Levels of brightness for equalising a channel, and the number of neighbouring ones that count as alike."""

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


def picture_print(picture: Image.Image) -> Prints:
    """A thumbnail of a decoded picture, shape (3072,)."""
    from PIL.Image import Resampling

    return _unit(np.asarray(picture.resize((_SIDE, _SIDE), Resampling.BILINEAR), np.float64).ravel())


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


def near_pictures(prints: Prints, compared: Compared = _all) -> list[Pair]:
    """The pairs of pictures that are near copies of each other, including mirrored ones.

    prints: shape (n, 3072). compared: says which pairs are looked at.
    """
    grey = _rows(prints.reshape(-1, _SIDE // 2, 2, _SIDE // 2, 2, 3).mean(axis=(2, 4, 5)))
    mirrored = _rows(grey.reshape(-1, _SIDE // 2, _SIDE // 2)[:, :, ::-1])
    partners = defaultdict[int, set[int]](set)
    for one, other in chain(_above(grey, grey, _LIKE_GREY), _above(grey, mirrored, _LIKE_GREY)):
        if compared(one, other):
            partners[one].add(other)
            partners[other].add(one)
    equalised = {index: _equalised(prints[index]) for index in partners}
    pairs: set[Pair] = set()
    for whole, others in partners.items():
        seen = sorted(others)
        found = _seen_in(prints[seen], prints[whole], _crops(), _LIKE, _CHANGED)
        left = [one for one, is_copy in zip(seen, found, strict=True) if not is_copy]
        if left:
            even = np.stack([equalised[one] for one in left])
            found += _seen_in(even, equalised[whole], _crops(_MORE_MARGINS), _LIKE_EQUALISED, _CHANGED_EQUALISED)
        copies = [one for one, is_copy in zip([*seen, *left], found, strict=True) if is_copy]
        pairs.update((min(whole, one), max(whole, one)) for one in copies)
    return sorted(pairs)


def near_clips(prints: Prints, clip: Callable[[int], Samples], compared: Compared = _all) -> list[Pair]:
    """The pairs of clips that are near copies of each other.

    prints: shape (n, 1024). clip: gives the `slow_clip` of the i-th clip; called for those with similar prints alone.
    compared: says which pairs are looked at.
    """
    heard = lru_cache(maxsize=64)(clip)
    maybe = sorted(pair for pair in _above(prints, prints, _LIKE_SPECTRUM) if compared(*pair))
    return [(one, other) for one, other in maybe if _aligned(heard(one), heard(other)) >= _LIKE_WAVE]


def _above(prints: Prints, others: Prints, least: float) -> Iterator[Pair]:
    """The pairs (i, j), i < j, of rows whose dot product is `least` or more."""
    for start in range(0, len(prints), _ROWS):
        rows, columns = np.nonzero(prints[start : start + _ROWS] @ others.T >= least)
        later = rows + start < columns
        yield from zip((rows[later] + start).tolist(), columns[later].tolist(), strict=True)


def _equalised(picture: Prints) -> Prints:
    """A print in which all levels of each channel are equally frequent: tone curves and tints do not matter then."""
    channels = []
    for values in picture.reshape(-1, 3).T:
        low, high = float(values.min()), float(values.max())
        counts, edges = np.histogram(values, _LEVELS, (low, max(high, low + 1e-9)))
        # Neighbouring levels together, so that the noise of an even background stays small.
        smooth = np.convolve(counts, np.full(_WIDTH, 1 / _WIDTH), mode="same")
        channels.append(np.interp(values, edges, np.append(0, np.cumsum(smooth))))
    return _unit(np.stack(channels, axis=1).ravel())


def _seen_in(seen: Prints, whole: Prints, crops: _Crops, least: float, most_changed: float) -> list[bool]:
    """Whether each of n pictures is a copy of another one, as it is or mirrored, or of a part of it without its edges.

    seen: shape (n, 3072). whole: shape (3072,).
    """
    views = crops.of(whole)
    means = views.mean(axis=1)
    lengths = np.sqrt(np.maximum(np.einsum("ij,ij->i", views, views) - views.shape[1] * means**2, 1e-18))
    # The crops of a mirrored picture, mirrored, are those of the picture.
    both = np.stack([seen, seen.reshape(-1, _SIDE, _SIDE, 3)[:, :, ::-1].reshape(seen.shape)], axis=1)
    likeness = (both @ views.T / lengths).reshape(len(seen), -1)
    found = []
    for pictures, row in zip(both, likeness, strict=True):
        best = int(row.argmax())
        picture, view = pictures[best // len(views)], best % len(views)
        # An open mouth changes a small part of a picture, in one place; re-encoding changes it everywhere.
        found.append(
            bool(row[best] >= least)
            and _most_changed(picture - row[best] * (views[view] - means[view]) / lengths[view]) <= most_changed
        )
    return found


def _most_changed(difference: Prints) -> float:
    """How much the block of a print that changed most did, relative to the mean of all blocks in a picture."""
    blocks = difference.reshape(_BLOCKS, _SIDE // _BLOCKS, _BLOCKS, _SIDE // _BLOCKS, 3)
    return float(np.square(blocks).sum(axis=(1, 3, 4)).max()) * _BLOCKS**2


@dataclass(frozen=True)
class _Crops:
    """Ways to crop a print: with each of them goes the mirrored one."""

    down: NDArray[np.float32]
    """For each of m crops, the matrix that stretches what is left to full height, shape (m, 32, 32)."""
    across: NDArray[np.float32]
    """The k different matrices that stretch what is left to full width, side by side and transposed: (32, k * 32)."""
    which: NDArray[np.intp]
    """The place in `across` of each crop's, shape (m,)."""

    def of(self, picture: Prints) -> Prints:
        """A print cropped in m ways and stretched, not of unit length, shape (m, 3072)."""
        rows = picture.reshape(_SIDE, _SIDE, 3).swapaxes(1, 2)
        wide = (rows.reshape(-1, _SIDE) @ self.across).reshape(_SIDE, 3, -1, _SIDE)
        stretched = wide.transpose(2, 0, 3, 1).reshape(-1, _SIDE, _SIDE * 3)[self.which]
        return (self.down @ stretched).reshape(len(self.which), -1)


@lru_cache
def _crops(one_edge: tuple[float, ...] = ()) -> _Crops:
    """The crops that are tried: by `_MARGINS` at all edges, and more.

    one_edge: shares of a side to crop at one edge alone or by halves at both.
    """
    crops = [(margin, 2 * margin, margin, 2 * margin) for margin in _MARGINS]
    for share in one_edge:
        crops.append((share / 2, share, share / 2, share))
        crops += [(start, share, 0.0, 0.0) for start in (0.0, share)]
        crops += [(0.0, 0.0, start, share) for start in (0.0, share)]
    widths = list(dict.fromkeys((before, wide) for _, _, before, wide in crops))
    return _Crops(
        np.stack([_stretched(above, high) for above, high, _, _ in crops]),
        np.hstack([_stretched(before, wide).T for before, wide in widths]),
        np.array([widths.index((before, wide)) for _, _, before, wide in crops], dtype=np.intp),
    )


def _stretched(start: float, share: float) -> NDArray[np.float32]:
    """The matrix that stretches a side without a share of it, which begins at `start`, to full length."""
    places = (np.arange(_SIDE) + 0.5) / _SIDE
    wanted = np.clip((start + places * (1 - share)) * _SIDE - 0.5, 0, _SIDE - 1)
    return np.maximum(0, 1 - np.abs(wanted[:, None] - np.arange(_SIDE))).astype(np.float32)


def _aligned(one: Samples, other: Samples) -> float:
    """The maximum correlation of two clips over all alignments, in 0..1."""
    energy = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    size = 1 << (len(one) + len(other)).bit_length()
    spectrum = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    return float(np.abs(np.fft.irfft(spectrum, size)).max()) / max(energy, 1e-12)


def _rows(values: NDArray[np.floating]) -> Prints:
    """Each of n arrays as a row with its mean subtracted, scaled to unit length."""
    flat = values.reshape(len(values), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return (flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def _unit(values: NDArray[np.float64]) -> Prints:
    return _rows(values[None])[0]
