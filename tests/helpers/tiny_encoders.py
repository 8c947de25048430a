"""Media that differ plainly, and tiny encoders that let the difference through, for tests of what is learned from it.

Drawn with a standard deviation of 0.02, as checkpoints are before training, encoders of a few channels pass on almost
nothing: of two tones, what a language model gets differs by less than one percent.
"""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import soundfile
from PIL import Image

from omni_persona import Media

COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))
TONES = (200, 400, 800, 1600)
"""In hertz."""


def strengthen(model: Any) -> None:
    """Scale weights so that a small model can learn from media: all that it needs is there before it is trained.

    Each layer keeps the variance of its input. Attention looks at all tokens, not at one or two drawn at random. The
    logits have a range in which the model can become sure.
    """
    import torch

    head, embedding, decoder = model.get_output_embeddings(), model.get_input_embeddings(), model.get_decoder()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.Linear | torch.nn.modules.conv._ConvNd) and module is not head:
                module.weight.mul_(1 / math.sqrt(module.weight[0].numel()) / module.weight.std())
        if head.weight is not embedding.weight:
            head.weight.mul_(0.5 / head.weight.std())
            return
        # Gemma: it multiplies what it embeds by the root of the width, and does not divide the product of queries and
        # keys, which have been normalised, by anything.
        embedding.weight.mul_(1 / math.sqrt(embedding.weight.shape[1]) / embedding.weight.std())
        decoder.norm.weight.mul_(3)
        for name, module in decoder.named_modules():
            if name.endswith("q_norm"):
                module.weight.mul_(0.25)


def pictures() -> list[Media]:
    """Four pictures of one size, each of one colour."""
    return [
        Media(_png(Image.new("RGB", (56, 56), colour)), f"picture_{place}.png") for place, colour in enumerate(COLOURS)
    ]


def clips() -> list[Media]:
    """Four clips of half a second, each of one tone."""
    time = np.arange(8_000) / 16_000
    return [Media(_wav(0.3 * np.sin(2 * np.pi * tone * time)), f"clip_{place}.wav") for place, tone in enumerate(TONES)]


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _wav(samples: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 16_000, format="WAV")
    return buffer.getvalue()
