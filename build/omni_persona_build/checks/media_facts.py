"""Facts about a file and a recording that describe neither a face nor a voice.

If they tell people apart, a question can be answered without recognising anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

Facts = Mapping[str, NDArray[np.float64]]
"""Name of a fact -> its numbers, shape (d,)."""

PICTURE_FACTS = {"corners": 12, "border": 16, "lower edge": 12, "size": 3, "compression": 1, "sharpness": 1}
"""Name of a fact of pictures -> how many numbers it has."""
CLIP_FACTS = {"format": 2, "level": 1, "noise floor": 1, "spectrum of silence": 16, "duration": 1}
"""Name of a fact of clips -> how many numbers it has."""

CORNER_SHARE = 0.1
"""Size of a picture's corners and width of its border, as shares of its sides."""
FRAME_SECONDS = 0.02
QUIET_SHARE = 0.1
"""Share of a clip's frames that count as silence."""
BAND_EDGES = np.geomspace(80, 8000, 17)
"""Edges in Hz of the bands used for the spectrum of silence."""
_SUFFIX_AT = {"size": 2, "format": 0}
"""Name of a fact -> where it has the number of the file's suffix."""
LEAST = 1e-10
"""Power below which differences are ignored."""


def picture_facts(image: Image, size: int, suffix: str) -> Facts:
    """The `PICTURE_FACTS` of a decoded RGB picture. size: of its file, in bytes. suffix: of its file, without a dot."""
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    rows, columns = max(1, round(CORNER_SHARE * height)), max(1, round(CORNER_SHARE * width))
    # Only these parts are converted: the whole picture takes twice the time.
    corners = [np.float64(pixels[across, along]) for across in _ends(rows) for along in _ends(columns)]
    sides = [np.float64(part) for part in (pixels[:rows], pixels[-rows:], pixels[:, :columns], pixels[:, -columns:])]
    lower = [np.float64(part) for part in np.array_split(pixels[-2 * rows :], 3, axis=1)]
    edges = _edges(pixels)
    return {
        "corners": np.concatenate([corner.mean(axis=(0, 1)) for corner in corners]),
        "border": np.concatenate([[*side.mean(axis=(0, 1)), side.std()] for side in sides]),
        "lower edge": np.concatenate([[*part.mean(axis=(0, 1)), part.std()] for part in lower]),
        "size": np.array([width, height, _code(suffix)], dtype=np.float64),
        "compression": np.log([size / (width * height)]),
        "sharpness": np.log([max(float(edges.var()) if edges.size else 0.0, LEAST)]),
    }


def _edges(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How far the inner pixels of an RGB picture differ in brightness from those around them: four times their own less
    the four others; shape (height - 2, width - 2).
    """
    grey = (pixels[:, :, 0].astype(np.uint16) + pixels[:, :, 1] + pixels[:, :, 2]) / 3
    edges: NDArray[np.float64] = grey[1:-1, 1:-1] * 4
    for neighbours in (grey[:-2, 1:-1], grey[2:, 1:-1], grey[1:-1, :-2], grey[1:-1, 2:]):
        edges -= neighbours
    return edges


def clip_facts(samples: NDArray[Any], rate: int, suffix: str) -> Facts:
    """The `CLIP_FACTS` of decoded samples, shape (n,). suffix: of its file, without a dot."""
    frames = _frames(samples, max(16, round(FRAME_SECONDS * rate)))
    power = np.maximum(np.mean(np.square(frames), axis=1), LEAST)
    order = np.argsort(power, kind="stable")
    quiet = frames[order[: max(1, round(QUIET_SHARE * len(frames)))]]
    spectrum = np.mean(np.abs(np.fft.rfft(quiet * np.hanning(frames.shape[1]), axis=1)) ** 2, axis=0)
    bands = np.searchsorted(BAND_EDGES, np.fft.rfftfreq(frames.shape[1], 1 / rate))
    energy = [float(spectrum[bands == band].sum()) for band in range(1, len(BAND_EDGES))]
    shape = 10 * np.log10(np.maximum(energy, LEAST))
    return {
        "format": np.array([_code(suffix), rate], dtype=np.float64),
        "level": 10 * np.log10([power[order[len(order) // 2 :]].mean()]),
        "noise floor": 10 * np.log10([power[order[: len(quiet)]].mean()]),
        "spectrum of silence": shape - shape.mean(),
        "duration": np.log([len(samples) / rate]),
    }


def as_numbers(facts: Facts, widths: Mapping[str, int]) -> NDArray[np.float32]:
    """All facts in one vector, shape (d,). widths: `PICTURE_FACTS` or `CLIP_FACTS`."""
    return np.concatenate([facts[name] for name in widths]).astype(np.float32)


def from_numbers(numbers: NDArray[np.float32], widths: Mapping[str, int], suffix: str) -> Facts:
    """The facts in a vector of `as_numbers`, for a file of the same content with a suffix."""
    parts = np.split(numbers.astype(np.float64), np.cumsum([*widths.values()])[:-1])
    facts = dict(zip(widths, parts, strict=True))
    for name, place in _SUFFIX_AT.items():
        if name in facts:
            facts[name][place] = _code(suffix)
    return facts


def _ends(size: int) -> tuple[slice, slice]:
    return slice(None, size), slice(-size, None)


def _frames(samples: NDArray[Any], size: int) -> NDArray[np.float64]:
    """Samples split into frames, shape (n, size); a clip shorter than a frame is padded with silence."""
    if len(samples) < size:
        samples = np.pad(samples, (0, size - len(samples)))
    count = len(samples) // size
    return samples[: count * size].reshape(count, size).astype(np.float64)


def _code(suffix: str) -> float:
    """A number that encodes a suffix; equal suffixes get equal numbers."""
    return float(int.from_bytes(suffix.lower().encode()[:4], "big") % 10_007)
