"""Simulated recording conditions: rooms, microphones, noise and distance, which make two recordings of a voice differ.

Conditions are drawn for each clip independently of the person, so that a recording reveals nothing about its speaker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Conditions:
    """The recording conditions of a clip."""

    seed: int
    """Seed of the echoes and the noise."""
    reverberation: float
    """Reverberation time in seconds (decay by 60 dB)."""
    distance: float
    """Share of echo in the received energy, 0 to 1."""
    low_cut: float
    """Lower cut-off frequency of the microphone in Hz."""
    high_cut: float
    """Upper cut-off frequency of the microphone in Hz."""
    bell: tuple[float, float]
    """Frequency in Hz and gain in dB of a peak or dip of the microphone."""
    noise: float
    """Signal-to-noise ratio in dB."""
    tilt: float
    """Spectral slope of the noise: 0 white, 1 falls by 3 dB per octave, 2 by 6 dB."""
    level: float
    """Level of the whole clip in dB relative to full scale."""
    before: float
    """Seconds of room noise before the first word."""
    after: float


def draw_conditions(rng: np.random.Generator) -> Conditions:
    """Draw conditions at random."""

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
    """`samples` as recorded under the conditions: with echoes, filter, noise and level."""
    rng = np.random.default_rng(conditions.seed)
    padded = np.pad(samples, (round(conditions.before * rate), round(conditions.after * rate)))
    with_room = _in_room(padded, rate, conditions, rng)
    speech = float(np.sqrt(np.mean(with_room**2)))
    noise = _noise(len(with_room), rate, conditions.tilt, rng) * speech * 10 ** (-conditions.noise / 20)
    heard = _through_microphone(with_room + noise, rate, conditions)
    heard = heard * (10 ** (conditions.level / 20) / np.sqrt(np.mean(heard**2)))
    # Loud syllables are compressed softly, as by a recorder, and not clipped.
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
