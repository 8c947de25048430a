"""What families of checkpoints need beyond the general path of `transformers_model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal


@dataclass(frozen=True)
class Family:
    """How checkpoints of one `model_type` are loaded and what they take.

    The sampling rate is the feature extractor's, and how pictures and clips are written in the prompt is the
    chat template's and the processor's: both come with the checkpoint.
    """

    thinker: str | None = None
    """The class to load instead of the one the auto class maps, which speaks and ignores `max_new_tokens`."""
    clip_seconds: float | None = None
    """The longest clip; a longer one would be cut without a word, or break the model. None where there is no limit."""
    pixels: int | None = None
    """The largest picture, unless asked for another: larger ones are shrunk. None leaves it to the image processor."""
    writes_parts: bool = True
    """Whether the chat template takes messages in parts; one that does not takes text with placeholders in it."""
    omni: bool = False
    """Whether it is a Qwen-Omni Thinker, whose inputs are made medium by medium (`shared_prefix`)."""
    flash: bool = False
    """Whether flash attention is taken where it is installed: all parts of a family must know of it, and no head be
    wider than 256."""
    adapters: Mapping[Literal["image", "audio"], str] = field(default_factory=dict)
    """Adapters that come with the checkpoint: what they are for -> folder in it. The first that a prompt needs is used:
    the one for pictures serves clips beside them, too."""


# Qwen's image processors take 12.8 megapixels, of which two fill the model: a picture is 1,300 to 16,000 tokens.
_OMNI_3_THINKER = Family(pixels=1024 * 1024, omni=True, flash=True)
_OMNI_THINKER = replace(_OMNI_3_THINKER, clip_seconds=300)

FAMILIES: dict[str, Family] = {
    "qwen2_5_omni": replace(_OMNI_THINKER, thinker="Qwen2_5OmniThinkerForConditionalGeneration"),
    "qwen2_5_omni_thinker": _OMNI_THINKER,
    "qwen3_omni_moe": replace(_OMNI_3_THINKER, thinker="Qwen3OmniMoeThinkerForConditionalGeneration"),
    "qwen3_omni_moe_thinker": _OMNI_3_THINKER,
    "gemma3n": Family(clip_seconds=30),
    "gemma4": Family(clip_seconds=30),
    # transformers cuts longer clips into pieces of 40 s, and fails over it (tried with 5.23).
    "phi4_multimodal": Family(
        clip_seconds=40,
        writes_parts=False,
        adapters={"image": "vision-lora", "audio": "speech-lora"},
        flash=True,
    ),
}
"""`config.model_type` -> its family; all others go the general path."""
