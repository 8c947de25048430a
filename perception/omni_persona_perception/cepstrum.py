"""Mel-frequency cepstral coefficients (Davis and Mermelstein 1980).

Those of `torchaudio.transforms.MFCC` up to rounding; importing torch for them would take longer than a small build.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

WINDOW, HOP = 400, 160
"""Samples per frame, and between the starts of two frames."""
_BANDS = 40
_FAINTEST, _RANGE = 1e-10, 80.0
"""Power below which a band counts as silent, and the range in dB below the loudest band that is kept."""

Numbers = NDArray[np.float64]


def mfcc(samples: NDArray[np.float32], rate: int, count: int) -> Numbers:
    """The first coefficients of each frame of mono samples, shape (count, frames). Expects at least `WINDOW` samples.

    The first coefficient is loudness. Frames are not padded at the ends.
    """
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    frames = sliding_window_view(samples.astype(np.float64), WINDOW)[::HOP] * window
    spectrum = np.fft.rfft(frames)
    power = (spectrum.real**2 + spectrum.imag**2) @ _mel_filters(rate)
    decibels = 10 * np.log10(np.maximum(power, _FAINTEST))
    kept = np.maximum(decibels, decibels.max() - _RANGE)
    return np.ascontiguousarray((kept @ _cosines(count)).T)


@lru_cache(maxsize=4)
def _mel_filters(rate: int) -> Numbers:
    """Triangular filters that are equally wide on the mel scale, from 0 Hz to half the rate; shape (bins, bands)."""
    frequencies = np.linspace(0, rate // 2, WINDOW // 2 + 1)
    mels = np.linspace(0, 2595 * np.log10(1 + (rate // 2) / 700), _BANDS + 2)
    corners = 700 * (10 ** (mels / 2595) - 1)
    rising = (frequencies[:, None] - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - frequencies[:, None]) / (corners[2:] - corners[1:-1])
    return np.maximum(0, np.minimum(rising, falling))


@lru_cache(maxsize=4)
def _cosines(count: int) -> Numbers:
    """The orthonormal discrete cosine transform from bands to coefficients; shape (bands, count)."""
    table = np.cos(np.pi / _BANDS * (np.arange(_BANDS)[:, None] + 0.5) * np.arange(count))
    table[:, 0] /= np.sqrt(2)
    return table * np.sqrt(2 / _BANDS)
