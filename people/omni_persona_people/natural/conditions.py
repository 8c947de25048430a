"""Rooms, microphones, noise and distance: what makes two recordings of one voice unlike.

Conditions are drawn for each clip independently of the person, so that a recording tells nothing about who speaks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Conditions:
    """How a clip is recorded."""

    seed: int
    """Of the echoes and the noise."""
    reverberation: float
    """Seconds until an echo has fallen by 60 dB."""
    distance: float
    """How much of what arrives is echo, 0 to 1, by energy."""
    low_cut: float
    """Hz, where the microphone begins."""
    high_cut: float
    """Hz, where it ends."""
    bell: tuple[float, float]
    """Hz and decibels: what it favours or lacks."""
    noise: float
    """Decibels of the speech above the noise."""
    tilt: float
    """Of the noise: 0 white, 1 falls by 3 dB an octave, 2 by 6 dB."""
    level: float
    """Decibels of full scale, of the whole clip."""
    before: float
    """Seconds of the room before the first word."""
    after: float


def draw_conditions(rng: np.random.Generator) -> Conditions:
    """Conditions by chance alone."""

    def between(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 3)

    return Conditions(
        seed=int(rng.integers(2**31)),
        reverberation=between(0.12, 0.4),
        distance=between(0.0, 0.15),
        low_cut=between(50, 160),
        high_cut=between(7500, 11500),
        bell=(round(float(np.exp(rng.uniform(np.log(300), np.log(5000)))), 1), between(-3, 3)),
        noise=between(24, 42),
        tilt=between(0.6, 1.8),
        level=between(-29, -20),
        before=between(0.1, 0.35),
        after=between(0.15, 0.45),
    )


def recorded(samples: Samples, rate: int, conditions: Conditions) -> Samples:
    """`samples` as recorded: echoes added, filtered, with noise, at the level of the conditions."""
    rng = np.random.default_rng(conditions.seed)
    padded = np.pad(samples, (round(conditions.before * rate), round(conditions.after * rate)))
    with_room = _in_room(padded, rate, conditions, rng)
    speech = float(np.sqrt(np.mean(with_room**2)))
    noise = _noise(len(with_room), rate, conditions.tilt, rng) * speech * 10 ** (-conditions.noise / 20)
    heard = _through_microphone(with_room + noise, rate, conditions)
    heard = heard * (10 ** (conditions.level / 20) / np.sqrt(np.mean(heard**2)))
    # Loud syllables are rounded off as a recorder would, not cut.
    return np.asarray(np.tanh(heard / 0.9) * 0.9)


def _in_room(samples: Samples, rate: int, conditions: Conditions, rng: np.random.Generator) -> Samples:
    from scipy.signal import fftconvolve

    length = int(conditions.reverberation * rate)
    time = np.arange(length) / rate
    echo = rng.normal(size=length) * 10 ** (-3 * time / conditions.reverberation)
    echo[: int(0.004 * rate)] = 0
    echo *= np.sqrt(conditions.distance / max(float(np.sum(echo**2)), 1e-12))
    echo[0] = np.sqrt(1 - conditions.distance)
    return np.asarray(fftconvolve(samples, echo)[: len(samples)])


def _noise(length: int, rate: int, tilt: float, rng: np.random.Generator) -> Samples:
    spectrum = np.fft.rfft(rng.normal(size=length))
    hertz = np.maximum(np.fft.rfftfreq(length, 1 / rate), 60.0)
    noise = np.fft.irfft(spectrum * (hertz / 1000) ** (-tilt / 2), length)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)))


def _through_microphone(samples: Samples, rate: int, conditions: Conditions) -> Samples:
    spectrum = np.fft.rfft(samples)
    hertz = np.maximum(np.fft.rfftfreq(len(samples), 1 / rate), 1.0)
    gain = 1 / np.sqrt(1 + (conditions.low_cut / hertz) ** 4) / np.sqrt(1 + (hertz / conditions.high_cut) ** 8)
    centre, decibels = conditions.bell
    octaves = np.log2(hertz / centre)
    return np.asarray(np.fft.irfft(spectrum * gain * 10 ** (decibels * np.exp(-(octaves**2)) / 20), len(samples)))
