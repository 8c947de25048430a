"""Speak a sentence with espeak-ng and encode it as a small FLAC file.

The same words of the same speaker give the same bytes.
"""

from __future__ import annotations

import ctypes
import io
from pathlib import Path
from typing import Any

import numpy as np

from omni_persona_people import espeak
from omni_persona_people.espeak import SpeechError
from omni_persona_people.invent.voices import Speaker

RATE = 24_000
"""Sampling rate of a clip in Hz."""

SHORTEST, LONGEST = 4.0, 15.0
"""Minimum and maximum length of a clip in seconds."""

_LOUDNESS = 0.04
"""Root mean square of a clip relative to full scale; equal for all, so that loudness identifies nobody."""

_BITS = 11
"""Significant bits per sample. Quantisation noise is then 43 dB below the speech, and FLAC does not store bits that are
zero in every sample of a block: a clip takes half the bytes of a 16-bit one.
"""

# Constants of espeak-ng's C interface (speak_lib.h).
_UTF8 = 1
_PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3, "range": 4}
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def speak(text: str, speaker: Speaker) -> np.ndarray:
    """Speak `text`: a float64 array of samples at `RATE` Hz, mono, with normalised loudness.

    The same arguments give the same samples in any process and after any other sentence.

    Raises:
        SpeechError: espeak-ng does not know the voice or its variant, or produces no sound.
    """
    import soxr

    with espeak.loaded_espeak() as (library, data):
        spoken = _synthesise(library, data, text, speaker)
    samples = soxr.resample(spoken / 32768.0, espeak.RATE, RATE, quality="HQ")
    loudness = float(np.sqrt(np.mean(samples**2)))
    if loudness == 0:
        raise SpeechError(f"expected speech, got silence, for {text!r}")
    return np.asarray(samples * (_LOUDNESS / loudness), dtype=np.float64)


def encode(samples: np.ndarray) -> bytes:
    """`samples` (floats, full scale 1) as mono FLAC at `RATE` Hz with `_BITS` significant bits."""
    import soundfile

    steps = np.clip(np.round(samples * 2 ** (_BITS - 1)), -(2 ** (_BITS - 1)), 2 ** (_BITS - 1) - 1)
    words = (steps.astype(np.int16) << (16 - _BITS)).astype(np.int16)
    out = io.BytesIO()
    # FLAC, because unlike Ogg it has no time stamp and no random serial number.
    soundfile.write(out, words, RATE, format="FLAC", subtype="PCM_16", compression_level=1.0)
    return out.getvalue()


def _synthesise(library: ctypes.CDLL, data: Path, text: str, speaker: Speaker) -> np.ndarray:
    """Speak `text`: int16 samples at `espeak.RATE` Hz."""
    chunks: list[np.ndarray] = []

    def receive(samples: Any, count: int, events: object) -> int:
        if samples and count > 0:
            chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    callback = _CALLBACK(receive)  # Bound to a name, because the library keeps only its address.
    library.espeak_SetSynthCallback(callback)
    _choose_voice(library, data, speaker)
    settings = {"rate": speaker.rate, "volume": 100, "pitch": speaker.pitch, "range": speaker.liveliness}
    for name, value in settings.items():
        if library.espeak_SetParameter(_PARAMETERS[name], value, 0) != 0:
            raise SpeechError(f"espeak-ng refused {name} {value}")
    encoded = text.encode() + b"\0"
    status = library.espeak_Synth(encoded, ctypes.c_size_t(len(encoded)), 0, 1, 0, _UTF8, None, None)
    status = status or library.espeak_Synchronize()
    if status != 0 or not chunks:
        raise SpeechError(f"espeak-ng did not speak {text!r}: status {status}")
    return np.concatenate(chunks)


def _choose_voice(library: ctypes.CDLL, data: Path, speaker: Speaker) -> None:
    # espeak-ng does not treat an unknown variant as an error: it would use the plain voice, and two people would sound
    # alike.
    known = (data / "voices" / "!v" / speaker.variant).is_file()
    status = library.espeak_SetVoiceByName(speaker.voice.encode())
    if status != 0 or not known:
        raise SpeechError(f"espeak-ng has no voice {speaker.voice!r}: status {status}")
