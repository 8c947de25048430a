"""Decode the media of an item; what cannot be used is named by item and file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omni_persona import Media
from omni_persona_perception.media import MediaError, decode_audio, decode_image

__all__ = ["MediaError", "decode_clip", "decode_picture"]


def decode_picture(media: Media, item_id: str) -> Image.Image:
    """Decode a picture to RGB, upright. Raises `MediaError` for a broken, empty or huge one."""
    try:
        return decode_image(media.data)
    except MediaError as error:
        raise MediaError(f"item {item_id}, picture {media.name}: {error}") from None


def decode_clip(media: Media, item_id: str, sampling_rate: int) -> NDArray[np.float32]:
    """Decode a clip to mono samples in -1..1 at `sampling_rate` Hz, shape (n,).

    Raises `MediaError` for a broken or empty clip, or one with samples that are not finite numbers.
    """
    try:
        samples, _ = decode_audio(media.data, sampling_rate)
    except MediaError as error:
        raise MediaError(f"item {item_id}, clip {media.name}: {error}") from None
    if samples.size == 0:
        raise MediaError(f"item {item_id}, clip {media.name}: too short for {sampling_rate} Hz")
    return samples
