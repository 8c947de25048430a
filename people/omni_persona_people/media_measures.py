"""Measures of decoded media by which a picture counts as blank, and a clip as silent or of unusual length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from omni_persona_perception import Samples, Vectors

if TYPE_CHECKING:
    from PIL.Image import Image


def picture_measures(picture: Image) -> Vectors:
    """The standard deviation of brightness, in 0 to 255; shape (1,)."""
    return np.array([np.asarray(picture.convert("L"), np.float32).std()])


def clip_measures(samples: Samples, rate: int) -> Vectors:
    """The root mean square relative to full scale, and the duration in seconds; shape (2,)."""
    return np.array([np.sqrt(np.mean(np.square(samples))), len(samples) / rate], np.float32)
