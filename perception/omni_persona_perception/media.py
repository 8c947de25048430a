"""Decode encoded pictures and clips into arrays."""

from __future__ import annotations

import io
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

MAX_PIXELS = 64_000_000
"""Pictures beyond this many pixels are refused before they are unpacked."""

_STREAMED = 0x7FFFF000
"""Sizes in a WAV's header from here on are written by programs that do not know yet how much will follow."""
_MP3_FRAME = 1152
"""Samples: what decoders of MP3 leave out at an end differs by no more."""


class MediaError(ValueError):
    """A picture or a clip that cannot be used; the message says why, the caller adds whose it is."""


def decode_image(data: bytes) -> Image.Image:
    """Decode a picture to RGB, upright. Raises `MediaError` for broken, empty or huge ones."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures; the limit below decides.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
            if image.width * image.height > MAX_PIXELS:
                raise MediaError(f"picture of {image.width} x {image.height} pixels is over {MAX_PIXELS} pixels")
            return ImageOps.exif_transpose(image).convert("RGB")
    except MediaError:
        raise
    # SyntaxError is what Pillow raises for some broken PNG and EXIF data.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise MediaError(f"not a readable picture ({error})") from None


def decode_audio(data: bytes, sampling_rate: int | None = None) -> tuple[NDArray[np.float32], int]:
    """Decode a clip to mono samples in -1..1, shape (n,), and its sampling rate in Hz.

    sampling_rate: the rate to resample to; None keeps the clip's own.
    Raises `MediaError` for a broken, cut off, empty or non-finite clip.
    """
    import soundfile
    import soxr

    if _is_cut_wav(data):
        raise MediaError("the clip is cut off: its header tells of more samples than there are")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            samples, rate, told = file.read(dtype="float32", always_2d=True), file.samplerate, file.frames
    # MemoryError: a broken header may announce more samples than there is memory.
    except (soundfile.SoundFileError, RuntimeError, TypeError, MemoryError) as error:
        raise MediaError(f"not a readable clip ({error})") from None
    if samples.size == 0:
        raise MediaError("the clip holds no samples")
    if len(samples) < told - _MP3_FRAME:
        raise MediaError(f"the clip is cut off: {len(samples)} of {told} samples are there")
    mono = samples.mean(axis=1)
    if not np.isfinite(mono).all():
        raise MediaError("the clip holds samples that are not finite numbers")
    if sampling_rate is not None and rate != sampling_rate:
        mono, rate = soxr.resample(mono, rate, sampling_rate), sampling_rate
    return np.ascontiguousarray(mono, dtype=np.float32), rate


def _is_cut_wav(data: bytes) -> bool:
    """Whether a WAV's header tells of more bytes of samples than follow; decoders take what there is for the whole."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return False
    place = 12
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        if data[place : place + 4] == b"data":
            return size < _STREAMED and place + 8 + size > len(data)
        place += 8 + size + size % 2
    return False
