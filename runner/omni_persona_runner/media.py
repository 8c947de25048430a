"""Decode the media of an item, or encode them for web services; errors name the unusable file.

Every model gets the same content: local models what is decoded here, services the same pixels and samples re-encoded.
"""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omni_persona import Media
from omni_persona_perception import (
    MediaError,
    decode_audio,
    decode_image,
    encode_wav,
    kind_of,
    shown_as_stored,
    without_traces,
)

__all__ = ["MediaError", "clip_wav", "decode_clip", "decode_picture", "picture_uri"]


def decode_picture(media: Media) -> Image.Image:
    """Decode a picture to RGB, upright, on a white background. Raises `MediaError` for a broken, blank or huge one."""
    try:
        return decode_image(media.data)
    except MediaError as error:
        raise MediaError(f"picture {media.name}: {error}") from None


def decode_clip(media: Media, sampling_rate: int) -> NDArray[np.float32]:
    """Decode a clip to mono samples at `sampling_rate` Hz, shape (n,).

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
    """Encode a picture as a data URI: its own bytes if every program decodes them alike, else a PNG of its pixels.

    Metadata about people, such as an owner or a place, is not sent.
    Raises `MediaError` for a broken, blank or huge one.
    """
    shown = decode_picture(media)
    kind = kind_of(media.data)
    if kind is not None and shown_as_stored(media.data):
        data = without_traces(media.data)
        return f"data:image/{kind.name.lower()};base64,{base64.b64encode(data).decode()}"
    buffer = io.BytesIO()
    shown.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def clip_wav(media: Media, sampling_rate: int | None = None) -> bytes:
    """Encode a clip as a mono 16-bit WAV at `sampling_rate` Hz or its own rate, with a correct header.

    Raises `MediaError` for a broken or empty clip, or one with samples that are not finite numbers.
    """
    try:
        samples, rate = decode_audio(media.data, sampling_rate)
    except MediaError as error:
        raise MediaError(f"clip {media.name}: {error}") from None
    return encode_wav(samples, rate)
