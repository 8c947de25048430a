"""Decode encoded clips: the only module that turns a clip into samples."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona_perception.containers import contained
from omni_persona_perception.errors import MediaError
from omni_persona_perception.kinds import FLAC, MP3, OGG, clip_kind, id3_bytes
from omni_persona_perception.streams import flac_of_known_length, mp3_of_known_length, ogg_pages

MAX_SAMPLES = 64_000_000
"""Maximum number of samples over all channels; larger clips are refused before decoding. 22 minutes at 48 kHz."""
MAX_SECONDS = 1800
"""Maximum duration; longer clips are refused."""
RATES = (4_000, 384_000)
"""Valid sampling rates in Hz; others indicate a broken header."""
MAX_PEAK = 4.0
"""Maximum absolute value of float samples (12 dB over full scale); larger values are not audio in -1..1."""
LEAST_SHARE = 0.6
"""If the mean of all channels has less than this share of the loudest channel's level, the loudest channel is used
instead.

Two uncorrelated channels of equal level keep 0.71, one beside a silent one 0.5, and one beside its inverse nothing.
"""

_BLOCK = 1 << 20
"""Number of samples decoded at once."""
_MP3_FRAME = 1152
"""Tolerance in samples: MP3 decoders differ by no more at the ends of a clip."""
_OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
"""Sampling rates in Hz to which Opus can be decoded; lengths are given at the last one."""

_USUAL_CODECS = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "VORBIS", "OPUS", "MPEG_LAYER_III")

Samples = NDArray[np.float32]


def decode_audio(data: bytes, sampling_rate: int | None = None) -> tuple[Samples, int]:
    """Decode a clip to mono samples, shape (n,), and its sampling rate in Hz.

    Samples are in -1..1, or slightly beyond for floats that overshoot. sampling_rate: the rate to resample to; None
    keeps the clip's own. Raises `MediaError` for a clip that is broken, truncated, empty, too long, not finite, or of
    an unknown format.
    """
    samples, rate = _decoded(data)
    if samples.shape[0] == 0:
        raise MediaError("the clip contains no samples")
    _require_samples(samples)
    mono = mix(samples)
    if sampling_rate is not None:
        mono, rate = resampled(mono, rate, sampling_rate), sampling_rate
    return np.ascontiguousarray(mono, dtype=np.float32), rate


def resampled(samples: Samples, rate: int, new_rate: int) -> Samples:
    """Resample mono samples, shape (n,), to another sampling rate in Hz."""
    if rate == new_rate:
        return samples
    import soxr

    return np.asarray(soxr.resample(samples, rate, new_rate), dtype=np.float32)


def encode_wav(samples: Samples, rate: int) -> bytes:
    """Encode mono samples as a 16-bit WAV; 16-bit samples are preserved exactly.

    Samples beyond full scale are scaled down together, so that nothing is clipped.
    """
    peak = float(np.abs(samples).max(initial=0))
    scaled = samples.astype(np.float64) * (32768 if peak <= 1 else 32767 / peak)
    stored = np.clip(np.rint(scaled), -32768, 32767).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    head = struct.pack("<4sI8sI", b"RIFF", 36 + len(stored), b"WAVEfmt ", len(form)) + form
    return head + b"data" + struct.pack("<I", len(stored)) + stored


def mix(samples: Samples) -> Samples:
    """Mix channels, shape (n, channels), to (n,): their mean, or the loudest channel if the mean cancels most of it."""
    if samples.shape[1] == 1:
        return samples[:, 0]
    mean = samples.mean(axis=1)
    levels = samples.std(axis=0)
    loudest = int(levels.argmax())
    return samples[:, loudest] if float(mean.std()) < LEAST_SHARE * float(levels[loudest]) else mean


def clip_seconds(data: bytes) -> float:
    """A clip's duration in seconds from its corrected header, without decoding. Raises `MediaError`."""
    ready = _prepared(data)
    with _opened(ready.data, ready.name) as file:
        return float((file.frames if ready.expected is None else ready.expected) / file.samplerate)


def played_as_stored(data: bytes) -> bool:
    """Whether any program that opens a clip plays the same samples as `decode_audio` returns.

    This is false if a header is wrong, a codec is rare, or channels are mixed. Raises `MediaError`.
    """
    samples, _ = decode_audio(data)
    try:
        with _opened(data, clip_kind(data).name) as file:
            usual = file.subtype in _USUAL_CODECS
            return usual and file.channels == 1 and file.frames == len(samples)
    except MediaError:
        return False


@dataclass(frozen=True)
class _Prepared:
    """A clip with a correct header."""

    data: bytes
    name: str
    expected: int | None
    """Minimum number of decoded samples per channel; None to trust the decoder's own count."""


def _prepared(data: bytes) -> _Prepared:
    kind = clip_kind(data)
    if kind == FLAC:
        known, total = flac_of_known_length(data[id3_bytes(data) :])
        return _Prepared(known, kind.name, total)
    if kind == OGG:
        pages = ogg_pages(data)
        return _Prepared(data, kind.name, _ogg_samples(data, pages[0].body, pages[-1].granule))
    if kind == MP3:
        return _Prepared(mp3_of_known_length(data), kind.name, None)
    container = contained(data, kind)
    if container.mpeg is not None:
        return _Prepared(mp3_of_known_length(container.mpeg), MP3.name, None)
    return _Prepared(container.data, kind.name, container.frames)


def _decoded(data: bytes) -> tuple[Samples, int]:
    """All channels of a clip, shape (n, channels), and its sampling rate."""
    ready = _prepared(data)
    blocks: list[Samples] = []
    with _opened(ready.data, ready.name) as file:
        channels, rate = file.channels, file.samplerate
        if not RATES[0] <= rate <= RATES[1]:
            raise MediaError(f"the clip has a sampling rate of {rate} Hz, not {RATES[0]} to {RATES[1]} Hz")
        most = min(MAX_SAMPLES // channels, MAX_SECONDS * rate)
        size, count = max(1, _BLOCK // channels), 0
        # Decoders' own counts are not trusted: read block by block, to the end.
        while len(block := file.read(size, dtype="float32", always_2d=True)):
            count += len(block)
            if count > most:
                raise MediaError(f"the clip is longer than {MAX_SECONDS // 60} minutes or {MAX_SAMPLES} samples")
            blocks.append(block)
        expected = file.frames - _MP3_FRAME if ready.name == MP3.name else ready.expected
    if expected is not None and count < expected:
        raise MediaError(f"the clip is cut off or broken: {count} of {expected} samples can be decoded")
    return np.concatenate(blocks) if blocks else np.zeros((0, channels), np.float32), rate


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[Any]:
    """An open `SoundFile`; errors that it raises in the block become `MediaError`."""
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            yield file
    except MediaError:
        raise
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError, OSError) as error:
        raise MediaError(f"not a readable clip: this {name} cannot be decoded{_reason(error)}") from None
    except MemoryError:
        raise MediaError(f"not a readable clip: this {name} needs more memory than is available") from None


def _require_samples(samples: Samples) -> None:
    low, high = float(samples.min()), float(samples.max())
    if not np.isfinite(low + high):
        raise MediaError("the clip contains samples that are not finite numbers")
    peak = max(-low, high)
    if peak > MAX_PEAK or (peak > 1 and np.array_equal(samples, np.rint(samples))):
        raise MediaError(
            f"the clip's samples are not floats in -1..1: their peak is {int(peak):,}; store them as integers, or "
            "divide them by full scale"
        )


def _ogg_samples(data: bytes, first: int, granule: int) -> int | None:
    """Number of samples in an Ogg stream, or None if unknown. first: offset of the content of its first page."""
    if granule <= 0:
        return None
    if data[first : first + 8] != b"OpusHead":
        return granule
    skipped, rate = struct.unpack_from("<HI", data, first + 10)
    return None if rate not in _OPUS_RATES else max((granule - skipped) * rate // _OPUS_RATES[-1] - 1, 0)


def _reason(error: Any) -> str:
    """The decoder's error message, without references to Python objects."""
    told = str(getattr(error, "error_string", "")).strip().rstrip(".")
    return f" ({told})" if told and "0x" not in told and "psf" not in told else ""
