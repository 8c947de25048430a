"""Whether a picture's print is that of another one, cropped or mirrored, and a bound that rules out most at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
"""Shape (n, d)."""

SIDE = 32
"""Side of a picture's square print in pixels."""
_BLOCKS = 8
"""Blocks per side of a print."""
_MARGINS = (0.0, 0.01, 0.02, 0.03, 0.045, 0.06)
"""Shares of a side that may have been cropped at each edge."""
_LEVELS, _WIDTH = 64, 5
"""Levels of brightness for equalising a channel, and the number of neighbouring ones that count as alike."""
_FLAT = 1e-4
"""Length, relative to the whole print, below which a crop shows nothing but rounding."""
_SAMPLED = 256
"""Number of prints, at most, from which the directions of sketches are found."""
_DIRECTIONS = 32
"""Number of directions of a sketch. With 16, six times as many pairs of drawn faces remain to be compared closely."""
_FEW = 8
"""Number of pictures up to which bounds are not worth their cost."""
ROUNDING = 1e-3
"""More than bounds and products may be off by in 32-bit arithmetic."""


@dataclass(frozen=True)
class Way:
    """One of two ways to compare a picture with the crops of another one."""

    equalised: bool
    """Whether all levels of each channel are made equally frequent: tone curves and tints do not matter then."""
    least: float
    """The correlation of prints from which on a picture may be a copy."""
    most_changed: float
    """How much a block of the print may differ in a copy, relative to a picture's mean block variance."""
    one_edge: tuple[float, ...]
    """Shares of a side that may have been cropped at one edge alone, or by halves at both."""

    def seen(self, picture: Rows) -> Rows:
        """A print, shape (3072,), as it is compared."""
        return _equalised(picture) if self.equalised else picture

    def views(self, picture: Rows) -> Rows:
        """The crops of a print, shape (m, 3072); rows of unit length, or zero where a crop shows nothing."""
        views = _crops(self.one_edge).of(self.seen(picture))
        views -= views.mean(axis=1, keepdims=True)
        lengths = np.sqrt(np.einsum("ij,ij->i", views, views))
        views /= np.maximum(lengths, _FLAT)[:, None]
        views[lengths <= _FLAT] = 0
        return views

    def is_seen(self, picture: Rows, views: Rows) -> bool:
        """Whether a print, shape (3072,), is one of the `views` of another, as it is or mirrored."""
        own = self.seen(picture)[None]
        # The crops of a mirrored picture, mirrored, are those of the picture.
        both = np.concatenate([own, _mirrored(own)])
        likeness = both @ views.T
        turned, view = np.unravel_index(int(likeness.argmax()), likeness.shape)
        best = likeness[turned, view]
        # An open mouth changes a small part of a picture, in one place; re-encoding changes it everywhere.
        return bool(best >= self.least) and _most_changed(both[turned] - best * views[view]) <= self.most_changed


class Sketches:
    """Short vectors of prints, and of their mirror images, by which a product of prints is bounded from above.

    A print is split into its part along the directions in which these prints differ most, and the rest. A sketch is the
    first part and the length of the rest: by the inequality of Cauchy and Schwarz, the product of two sketches is at
    least that of what they stand for.
    """

    def __init__(self, prints: Rows, way: Way) -> None:
        """prints: shape (n, 3072), at least one."""
        self._way = way
        sample = np.stack([way.seen(picture) for picture in prints[:: -(-len(prints) // _SAMPLED)]])
        self._directions = np.linalg.svd(sample, full_matrices=False)[2][:_DIRECTIONS].T
        # In batches, as the equalised prints of a large pool would take as much memory as the prints.
        starts = range(0, len(prints), _SAMPLED)
        self._sketches = np.concatenate([self._both(prints[start : start + _SAMPLED]) for start in starts], axis=1)

    def may_be_seen(self, places: NDArray[np.intp], views: Rows) -> NDArray[np.bool_]:
        """Of the prints at n places, those that can be one of the `views` of another, shape (n,)."""
        bounds = self._sketches[:, places] @ self._sketched(views).T
        return np.asarray(bounds.max(axis=(0, 2)) >= self._way.least - ROUNDING)

    def _both(self, prints: Rows) -> Rows:
        """The sketches of n prints and of their mirror images, shape (2, n, directions + 1)."""
        seen = np.stack([self._way.seen(picture) for picture in prints])
        return np.stack([self._sketched(seen), self._sketched(_mirrored(seen))])

    def _sketched(self, vectors: Rows) -> Rows:
        """The sketches of vectors, shape (n, 3072), as rows."""
        part = vectors @ self._directions
        rest = np.einsum("ij,ij->i", vectors, vectors) - np.einsum("ij,ij->i", part, part)
        return np.hstack([part, np.sqrt(np.maximum(rest, 0))[:, None]])


class Views:
    """Finds pictures among the crops of others."""

    def __init__(self, prints: Rows, ways: Sequence[Way]) -> None:
        """prints: shape (n, 3072). ways: to compare two; each of them counts."""
        self._prints, self._ways = prints, ways

    def seen_in(self, whole: int, others: Sequence[int]) -> list[int]:
        """Those of the pictures at `others` that are the one at `whole` or a crop of it, as they are or mirrored."""
        views = [way.views(self._prints[whole]) for way in self._ways]
        if len(others) > _FEW:
            places = np.array(others)
            maybe = [known.may_be_seen(places, own) for known, own in zip(self._sketches, views, strict=True)]
            others = places[np.logical_or.reduce(maybe)].tolist()
        return [
            other
            for other in others
            if any(way.is_seen(self._prints[other], own) for way, own in zip(self._ways, views, strict=True))
        ]

    @cached_property
    def _sketches(self) -> list[Sketches]:
        return [Sketches(self._prints, way) for way in self._ways]


def _mirrored(prints: Rows) -> Rows:
    """Prints, shape (n, 3072), with left and right exchanged."""
    return prints.reshape(-1, SIDE, SIDE, 3)[:, :, ::-1].reshape(prints.shape)


def _equalised(picture: Rows) -> Rows:
    """A print in which all levels of each channel are equally frequent."""
    channels = []
    for values in picture.reshape(-1, 3).T:
        low, high = float(values.min()), float(values.max())
        counts, edges = np.histogram(values, _LEVELS, (low, max(high, low + 1e-9)))
        # Neighbouring levels together, so that the noise of an even background stays small.
        smooth = np.convolve(counts, np.full(_WIDTH, 1 / _WIDTH), mode="same")
        channels.append(np.interp(values, edges, np.append(0, np.cumsum(smooth))))
    return unit_rows(np.stack(channels, axis=1).reshape(1, -1))[0]


def unit_rows(values: NDArray[np.floating]) -> Rows:
    """Each of n arrays as a row with its mean subtracted, scaled to unit length."""
    flat = values.reshape(len(values), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return (flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def _most_changed(difference: Rows) -> float:
    """How much the block of a print that changed most did, relative to the mean of all blocks in a picture."""
    blocks = difference.reshape(_BLOCKS, SIDE // _BLOCKS, _BLOCKS, SIDE // _BLOCKS, 3)
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

    def of(self, picture: Rows) -> Rows:
        """A print cropped in m ways and stretched, not of unit length, shape (m, 3072)."""
        rows = picture.reshape(SIDE, SIDE, 3).swapaxes(1, 2)
        wide = (rows.reshape(-1, SIDE) @ self.across).reshape(SIDE, 3, -1, SIDE)
        stretched = wide.transpose(2, 0, 3, 1).reshape(-1, SIDE, SIDE * 3)[self.which]
        return (self.down @ stretched).reshape(len(self.which), -1)


@lru_cache
def _crops(one_edge: tuple[float, ...] = ()) -> _Crops:
    """The crops that are tried: by `_MARGINS` at all edges, and by `one_edge`.

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
    places = (np.arange(SIDE) + 0.5) / SIDE
    wanted = np.clip((start + places * (1 - share)) * SIDE - 0.5, 0, SIDE - 1)
    return np.maximum(0, 1 - np.abs(wanted[:, None] - np.arange(SIDE))).astype(np.float32)
