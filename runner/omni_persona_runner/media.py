"""Decode the media of an item, or write them as web services take them; what cannot be used is named by its file."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omni_persona import Media
from omni_persona_perception.media import MediaError, decode_audio, decode_image

__all__ = ["MediaError", "clip_wav", "decode_clip", "decode_picture", "picture_uri"]

_WEB = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
"""Picture formats that every server takes."""

_UPRIGHT = (None, 1)
"""Values of a picture's orientation tag that turn nothing."""
_ORIENTATION = 0x0112


def decode_picture(media: Media) -> Image.Image:
    """Decode a picture to RGB, upright. Raises `MediaError` for a broken, empty or huge one."""
    try:
        return decode_image(media.data)
    except MediaError as error:
        raise MediaError(f"picture {media.name}: {error}") from None


def decode_clip(media: Media, sampling_rate: int) -> NDArray[np.float32]:
    """Decode a clip to mono samples in -1..1 at `sampling_rate` Hz, shape (n,).

    Raises `MediaError` for a broken or empty clip, or one with samples that are not finite numbers.
    """
    try:
        samples, _ = decode_audio(media.data, sampling_rate)
    except MediaError as error:
        raise MediaError(f"clip {media.name}: {error}") from None
    if samples.size == 0:
        raise MediaError(f"clip {media.name}: too short for {sampling_rate} Hz")
    return samples


def picture_uri(media: Media) -> str:
    """A picture as a data URI: its own bytes where any server reads them, and upright, else a PNG.

    Raises `MediaError` for a broken, empty or huge one.
    """
    upright = decode_picture(media)
    with Image.open(io.BytesIO(media.data)) as stored:
        form, orientation = stored.format, stored.getexif().get(_ORIENTATION)
    if form in _WEB and orientation in _UPRIGHT:
        return f"data:{_WEB[form]};base64,{base64.b64encode(media.data).decode()}"
    buffer = io.BytesIO()
    upright.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def clip_wav(media: Media) -> bytes:
    """A clip as WAV with 16-bit samples: its own bytes where it is one, else mono at its own rate.

    Raises `MediaError` for a broken or empty clip, or one with samples that are not finite numbers.
    """
    import soundfile

    try:
        samples, rate = decode_audio(media.data)
    except MediaError as error:
        raise MediaError(f"clip {media.name}: {error}") from None
    stored = soundfile.info(io.BytesIO(media.data))
    if (stored.format, stored.subtype) == ("WAV", "PCM_16"):
        return media.data
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()
