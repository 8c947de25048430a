"""What families of checkpoints need beyond the general path of `transformers_model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    pictures: int | None = None
    """The most pictures of a prompt; None where there is no limit."""
    padding_side: str = "left"
    """Where prompts of a batch are filled up. New tokens follow the prompt: nothing may stand between."""
    omni: bool = False
    """Whether it is a Qwen-Omni Thinker, whose inputs are made medium by medium (`shared_prefix`)."""
    flash: bool = False
    """Whether flash attention is taken where it is installed: all parts of a family must know of it, and no head be
    wider than 256."""
    adapters: Mapping[Literal["image", "audio"], str] = field(default_factory=dict)
    """Adapters that come with the checkpoint: what they are for -> folder in it. The first that a prompt needs is used:
    the one for pictures serves clips beside them, too."""


_OMNI = Family(thinker="Qwen2_5OmniThinkerForConditionalGeneration", clip_seconds=300, omni=True, flash=True)
_OMNI_3 = Family(thinker="Qwen3OmniMoeThinkerForConditionalGeneration", omni=True, flash=True)

FAMILIES: dict[str, Family] = {
    "qwen2_5_omni": _OMNI,
    "qwen2_5_omni_thinker": Family(clip_seconds=300, omni=True, flash=True),
    "qwen3_omni_moe": _OMNI_3,
    "qwen3_omni_moe_thinker": Family(omni=True, flash=True),
    "gemma3n": Family(clip_seconds=30),
    "gemma4": Family(clip_seconds=30),
    # transformers cuts longer clips into pieces of 40 s, and fails over it (tried with 5.23).
    "phi4_multimodal": Family(clip_seconds=40, adapters={"image": "vision-lora", "audio": "speech-lora"}, flash=True),
}
"""`config.model_type` -> its family; all others go the general path."""
