"""Synthesised environmental sounds, mixed with speech, and simple changes of how a clip is spoken.

A pool contains voices but no environmental sounds. Those that a corpus needs are synthesised here, with labels, or come
from the user's folder. The same arguments give the same samples.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omni_persona import Media
from omni_persona_perception import MediaError, decode_audio
from omni_persona_training.errors import TrainingError

Samples = NDArray[np.float64]

RATE = 16_000
"""Sampling rate of all clips made here, in Hz: the one that the models use."""

_UNDER_SPEECH_DB = -3.0
"""Level of a sound relative to the speech, in dB of RMS."""
_PAUSE = 0.25
"""Pause in seconds between turns of a conversation, and between speech and a sound before or after it."""


def _time(seconds: float) -> Samples:
    return np.arange(int(RATE * seconds)) / RATE


def _tone(frequency: float, seconds: float, decay: float = 0.0) -> Samples:
    time = _time(seconds)
    return np.sin(2 * np.pi * frequency * time) * np.exp(-decay * time)


def _noise(seconds: float, rng: np.random.Generator, smooth: int = 1) -> Samples:
    noise = rng.standard_normal(int(RATE * seconds) + smooth)
    return np.convolve(noise, np.ones(smooth) / smooth, "valid")[: int(RATE * seconds)]


def _silence(seconds: float) -> Samples:
    return np.zeros(int(RATE * seconds))


def _doorbell(rng: np.random.Generator) -> Samples:
    return np.concatenate([_tone(659, 0.5, 5), _tone(523, 0.9, 4)])


def _telephone(rng: np.random.Generator) -> Samples:
    ring = (_tone(440, 0.04) + _tone(480, 0.04)).tolist() + _silence(0.01).tolist()
    burst = np.array(ring * 10)
    return np.concatenate([burst, _silence(0.4), burst])


def _siren(rng: np.random.Generator) -> Samples:
    time = _time(2.0)
    return np.sin(2 * np.pi * (800 * time - 120 * np.cos(2 * np.pi * 1.0 * time)))


def _clock(rng: np.random.Generator) -> Samples:
    tick = np.concatenate([_tone(2500, 0.02, 200), _silence(0.48)])
    return np.tile(tick, 4)


def _knocking(rng: np.random.Generator) -> Samples:
    knock = np.concatenate([_noise(0.06, rng, 12) * np.exp(-60 * _time(0.06)), _silence(0.2)])
    return np.tile(knock, 3)


def _applause(rng: np.random.Generator) -> Samples:
    noise, time = _noise(2.0, rng), _time(2.0)
    claps = (rng.random(time.size) < 0.004) * rng.random(time.size)
    return noise * np.minimum(1, np.convolve(claps, np.exp(-np.arange(400) / 80), "same"))


def _rain(rng: np.random.Generator) -> Samples:
    return _noise(2.0, rng, 3) + 0.3 * _noise(2.0, rng)


def _horn(rng: np.random.Generator) -> Samples:
    chord = sum(np.sign(_tone(frequency, 0.7)) for frequency in (349, 440))
    return np.asarray(chord) * 0.5


def _whistle(rng: np.random.Generator) -> Samples:
    time = _time(1.2)
    return np.sin(2 * np.pi * 2800 * time + 3 * np.sin(2 * np.pi * 28 * time))


def _church_bell(rng: np.random.Generator) -> Samples:
    return sum((_tone(220 * ratio, 2.0, 1.5 * ratio) / ratio for ratio in (1, 2, 2.4, 3, 4.2)), np.zeros(2 * RATE))


EVENTS: Mapping[str, Callable[[np.random.Generator], Samples]] = {
    "a doorbell": _doorbell,
    "a ringing telephone": _telephone,
    "a siren": _siren,
    "a ticking clock": _clock,
    "knocking on a door": _knocking,
    "applause": _applause,
    "rain": _rain,
    "a car horn": _horn,
    "a referee's whistle": _whistle,
    "a church bell": _church_bell,
}
"""Label -> function that synthesises the sound."""

MANNERS: Mapping[str, tuple[float, float]] = {
    "excited": (1.2, 1.5),
    "weary": (0.82, 0.6),
}
"""Manner -> (playback speed and pitch factor, gain) applied to a neutral clip."""


def synthesised_events(rng: np.random.Generator) -> dict[str, Samples]:
    """One clip per label, at `RATE`."""
    return {label: make(rng) for label, make in EVENTS.items()}


def events_from(folder: Path) -> dict[str, Samples]:
    """Read a user's sounds: one folder per label, whose first clip is used, or one clip named after its label.

    Raises `TrainingError` for a folder with fewer than four labels, or a clip that cannot be decoded.
    """
    found: dict[str, Samples] = {}
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        file = next((file for file in sorted(place.iterdir()) if file.is_file()), None) if place.is_dir() else place
        if file is None or place.name.startswith("."):
            continue
        label = (place.name if place.is_dir() else place.stem).replace("_", " ")
        try:
            found[label] = np.asarray(decode_audio(file.read_bytes(), RATE)[0], dtype=np.float64)[: 3 * RATE]
        except MediaError as error:
            raise TrainingError(f"{file}: {error}") from None
    if len(found) < 4:
        raise TrainingError(f"{folder}: expected sounds of four labels or more, got {len(found)}")
    return found


def speech(clip: Media) -> Samples:
    """The samples of a clip at `RATE`. Raises `TrainingError` if it cannot be decoded."""
    try:
        return np.asarray(decode_audio(clip.data, RATE)[0], dtype=np.float64)
    except MediaError as error:
        raise TrainingError(f"clip {clip.name}: {error}") from None


def with_event(spoken: Samples, event: Samples, place: str) -> Samples:
    """Mix speech with a sound `before`, `after` or `under` it."""
    level = _loudness(spoken) * 10 ** (_UNDER_SPEECH_DB / 20) / max(_loudness(event), 1e-9)
    sound = event * level
    if place == "before":
        return np.concatenate([sound, _silence(_PAUSE), spoken])
    if place == "after":
        return np.concatenate([spoken, _silence(_PAUSE), sound])
    mixed = np.concatenate([spoken, _silence(max(0.0, (sound.size - spoken.size) / RATE))])
    start = max(0, (mixed.size - sound.size) // 2)
    mixed[start : start + sound.size] += sound[: mixed.size - start]
    return mixed


def conversation(turns: list[Samples]) -> Samples:
    """Concatenate turns with pauses between them."""
    parts: list[Samples] = []
    for turn in turns:
        parts += [turn, _silence(_PAUSE)]
    return np.concatenate(parts[:-1])


def spoken_as(spoken: Samples, manner: str) -> Samples:
    """Make speech sound `excited` or `weary`: faster or slower, and louder or softer."""
    faster, louder = MANNERS[manner]
    return at_speed(spoken, faster) * louder


def at_speed(spoken: Samples, faster: float) -> Samples:
    """Change the playback speed by a factor, which also changes the pitch."""
    import soxr

    return np.asarray(soxr.resample(spoken, RATE * faster, RATE, quality="HQ"), dtype=np.float64)


def as_clip(samples: Samples, name: str) -> Media:
    """Encode samples as a FLAC file at `RATE`, with the peak below full scale."""
    import soundfile

    peak = max(float(np.abs(samples).max(initial=0.0)), 1e-9)
    # 12 significant bits: FLAC does not store bits that are zero throughout a block.
    steps = np.round(samples * min(1.0, 0.98 / peak) * 2**11).astype(np.int16) << 4
    buffer = io.BytesIO()
    soundfile.write(buffer, steps.astype(np.int16), RATE, format="FLAC", subtype="PCM_16")
    return Media(buffer.getvalue(), f"{name}.flac")


def _loudness(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0
