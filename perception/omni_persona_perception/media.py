"""Decode encoded pictures and clips into arrays."""

from __future__ import annotations

import io
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

MAX_PIXELS = 64_000_000
"""Pictures beyond this many pixels are refused before they are unpacked."""


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
    Raises `MediaError` for a broken, empty or non-finite clip.
    """
    import soundfile
    import soxr

    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    # MemoryError: a broken header may announce more samples than there is memory.
    except (soundfile.SoundFileError, RuntimeError, TypeError, MemoryError) as error:
        raise MediaError(f"not a readable clip ({error})") from None
    if samples.size == 0:
        raise MediaError("the clip holds no samples")
    mono = samples.mean(axis=1)
    if not np.isfinite(mono).all():
        raise MediaError("the clip holds samples that are not finite numbers")
    if sampling_rate is not None and rate != sampling_rate:
        mono, rate = soxr.resample(mono, rate, sampling_rate), sampling_rate
    return np.ascontiguousarray(mono, dtype=np.float32), rate
