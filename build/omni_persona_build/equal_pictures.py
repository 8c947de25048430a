"""Make pictures alike in everything but the face: background, size, light and grain are drawn at random.

A picture is assumed to be a portrait, as for the light face vectors: an oval in its middle is kept and laid over a
drawn backdrop.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from omni_persona_perception import decode_image

SIZE = (192, 224)
"""Width and height of every picture in pixels."""
OVAL = (0.40, 0.42)
"""Half axes of the kept oval, as shares of width and height."""
SOFT = 0.12
"""Share of the half axes over which the oval fades out."""
MEAN, SPREAD = (105.0, 135.0), (42.0, 55.0)
"""Mean brightness and contrast of the kept part (0 to 255), drawn for each picture."""
BLUR = (0.8, 1.4)
"""Blur radii in pixels; one is drawn for each picture, so that sharpness does not depend on its camera."""
GRAIN = (4.0, 10.0)
"""Standard deviation of the drawn grain (0 to 255)."""

Pixels = NDArray[np.float64]


def equalised_picture(data: bytes, rng: np.random.Generator) -> bytes:
    """A picture as a PNG of `SIZE`. Not compressed, so that all files have one size. Raises `MediaError`."""
    from PIL import Image, ImageFilter, ImageOps

    image = ImageOps.fit(decode_image(data), SIZE, Image.Resampling.BICUBIC)
    face = np.asarray(image, dtype=np.float64)
    mask = _oval()
    weights = mask / mask.sum()
    grey = face.mean(axis=2)
    mean = float((grey * weights).sum())
    spread = float(np.sqrt(((grey - mean) ** 2 * weights).sum()))
    face = (face - mean) * (rng.uniform(*SPREAD) / max(spread, 1.0)) + rng.uniform(*MEAN)
    whole = face * mask[..., None] + _backdrop(rng) * (1 - mask[..., None])
    soft = Image.fromarray(np.clip(whole, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(rng.uniform(*BLUR)))
    grain = rng.normal(0, rng.uniform(*GRAIN), (*whole.shape[:2], 1))
    pixels = np.clip(np.rint(np.asarray(soft, dtype=np.float64) + grain), 0, 255).astype(np.uint8)
    stored = io.BytesIO()
    Image.fromarray(pixels).save(stored, "PNG", compress_level=0)
    return stored.getvalue()


def _oval() -> Pixels:
    """The opacity of each pixel, shape (height, width)."""
    width, height = SIZE
    x = (np.arange(width) + 0.5) / width - 0.5
    y = (np.arange(height) + 0.5) / height - 0.5
    radius = np.hypot(x[None, :] / OVAL[0], y[:, None] / OVAL[1])
    mask: Pixels = np.clip((1 - radius) / SOFT + 0.5, 0, 1)
    return mask


def _backdrop(rng: np.random.Generator) -> Pixels:
    """A wall in a drawn colour, lighter on one side; shape (height, width, 3)."""
    width, height = SIZE
    colour, shade = rng.uniform(60, 200, 3), rng.uniform(-40, 40, 2)
    slope = shade[0] * np.linspace(-1, 1, width)[None, :] + shade[1] * np.linspace(-1, 1, height)[:, None]
    return np.asarray(colour + slope[..., None], dtype=np.float64)
