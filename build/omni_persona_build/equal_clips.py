"""Make clips alike in everything but the voice: rate, format, level, silence, noise and microphone response.

The effects of a microphone and a room are drawn independently for every clip, so that two clips of one person share
them no more often than clips of two people.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona_perception import decode_audio, encode_wav

RATE = 16_000
"""Sampling rate of every clip, in Hz."""
WINDOW, HOP = 512, 128
"""Frame length and hop of the spectrum, in samples."""
SILENT = 35.0
"""Silence threshold in dB below the loudest frame; quieter frames at either end of a clip are cut off."""
MARGIN = 0.08
"""Seconds of silence kept at either end."""
PASSED = (120.0, 7000.0)
"""Pass band in Hz; it ends lower if some clips of the pool hold nothing that high."""
HELD = 0.45
"""Share of its sampling rate up to which a clip is taken to hold sound."""
LEVEL = (-26.0, -20.0)
"""Level of the speech in dB relative to full scale, drawn for each clip."""
COLOUR = 1.5
"""Standard deviation, in dB, of a drawn microphone's gain in each of its bands."""
NOISE = (28.0, 34.0)
"""Drawn noise level in dB below the speech. It masks the noise of the original recording: at (22, 28), recordings tell
people apart no less (AUC of noise floors 0.53 both ways), and a trained recogniser worse (AUC 0.895, not 0.917)."""
OVERSUBTRACTED, LEAST_GAIN = 1.5, 0.15
"""Factor by which the recording's own noise is subtracted, and the least gain left in a frequency."""
PADDING = (0.25, 0.75)
"""Seconds of noise before and after the speech, drawn for each clip."""
SPARE = 0.2
"""Margin in seconds by which a clip exceeds the minimum length."""

Samples = NDArray[np.float64]


def speech(data: bytes) -> Samples:
    """A clip's samples at `RATE`, without silence at its ends. Raises `MediaError`."""
    samples = decode_audio(data, RATE)[0].astype(np.float64)
    size = RATE // 50
    count = max(1, len(samples) // size)
    power = np.array([np.mean(np.square(part)) for part in np.array_split(samples, count)])
    loud = np.flatnonzero(power > power.max() * 10 ** (-SILENT / 10))
    if not len(loud):
        return samples
    margin = round(MARGIN * RATE)
    return samples[max(0, loud[0] * size - margin) : (loud[-1] + 1) * size + margin]


def highest(rates: Iterable[int]) -> float:
    """The frequency in Hz up to which all clips of these sampling rates hold sound: the end of their pass band.

    Clips that held more than others would tell their people apart.
    """
    return min(PASSED[1], HELD * min(rates, default=RATE))


def equalised_clip(
    samples: Samples,
    rng: np.random.Generator,
    most_seconds: float,
    bounds: tuple[float, float],
    top: float = PASSED[1],
) -> tuple[bytes, float]:
    """Speech as a WAV file, and its length in seconds: denoised, filtered, levelled, and mixed with drawn noise.

    most_seconds: longer speech is cut to a random part of this length. bounds: minimum and maximum length in seconds; a
    shorter clip is padded with noise. top: the end of the pass band in Hz, see `highest`.
    """
    if len(samples) > (size := round(most_seconds * RATE)):
        start = int(rng.integers(len(samples) - size + 1))
        samples = samples[start : start + size]
    cleaned = _filtered(samples, rng, top)
    power = np.mean(np.square(cleaned.reshape(-1)))
    level = 10 ** (rng.uniform(*LEVEL) / 20)
    cleaned *= level / max(np.sqrt(power), 1e-6)
    before, after = (round(seconds * RATE) for seconds in rng.uniform(*PADDING, 2))
    least, most = (round(seconds * RATE) for seconds in (bounds[0] + SPARE, bounds[1]))
    after += max(0, least - len(cleaned) - before - after)
    if len(cleaned) + before + after > most:
        before, after = 0, max(0, most - len(cleaned))
    whole = np.pad(cleaned, (before, after))
    noise = _noise(len(whole), rng, top)
    whole += noise * level * 10 ** (-rng.uniform(*NOISE) / 20) / max(float(np.sqrt(np.mean(noise**2))), 1e-9)
    return encode_wav(_below(whole, top).astype(np.float32), RATE), len(whole) / RATE


def _below(samples: Samples, top: float) -> Samples:
    """The samples without anything above a frequency; a filter alone lets some of it pass."""
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / RATE) > top] = 0
    return np.asarray(np.fft.irfft(spectrum, len(samples)), dtype=np.float64)


def _filtered(samples: Samples, rng: np.random.Generator, top: float) -> Samples:
    """The speech with most of its own noise removed, filtered by a drawn microphone response."""
    from scipy.signal import istft, stft

    frequencies, _, spectrum = stft(samples, RATE, nperseg=WINDOW, noverlap=WINDOW - HOP)
    power = np.abs(spectrum) ** 2
    noise = np.quantile(power, 0.1, axis=1, keepdims=True)
    gain = np.maximum(1 - OVERSUBTRACTED * noise / np.maximum(power, 1e-12), LEAST_GAIN)
    passed = (frequencies >= PASSED[0]) & (frequencies <= top)
    colour = 10 ** (_drawn_bands(frequencies, rng, COLOUR) / 20) * passed
    _, cleaned = istft(spectrum * gain * colour[:, None], RATE, nperseg=WINDOW, noverlap=WINDOW - HOP)
    return np.asarray(cleaned[: len(samples)], dtype=np.float64)


def _noise(length: int, rng: np.random.Generator, top: float) -> Samples:
    """Noise with a randomly drawn spectrum, different for each clip and typical of no room."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    frequencies = np.fft.rfftfreq(length, 1 / RATE)
    tilt = rng.uniform(-6, 0) * np.log2(np.maximum(frequencies, PASSED[0]) / PASSED[0])
    gain = 10 ** ((tilt + _drawn_bands(frequencies, rng, COLOUR)) / 20)
    gain[frequencies > top] = 0
    return np.asarray(np.fft.irfft(spectrum * gain, length), dtype=np.float64)


def _drawn_bands(frequencies: NDArray[Any], rng: np.random.Generator, spread: float) -> Samples:
    """Gain in dB for each frequency: drawn for seven bands and interpolated between them."""
    centres = np.geomspace(*PASSED, 7)
    return np.interp(np.log(np.maximum(frequencies, 1)), np.log(centres), rng.normal(0, spread, len(centres)))
