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
    """The longest clip; its processor would cut a longer one and say nothing. None where there is no limit."""
    pictures: int | None = None
    """The most pictures of a prompt; None where there is no limit."""
    padding_side: str = "left"
    """Where prompts of a batch are filled up. New tokens follow the prompt: nothing may stand between."""
    omni: bool = False
    """Whether it is a Qwen-Omni Thinker, whose inputs are made medium by medium (`shared_prefix`)."""
    adapters: Mapping[Literal["image", "audio"], str] = field(default_factory=dict)
    """Adapters that come with the checkpoint: what they are for -> folder in it. The first that a prompt needs is used:
    the one for pictures serves clips beside them, too."""


_OMNI = Family(thinker="Qwen2_5OmniThinkerForConditionalGeneration", clip_seconds=300, omni=True)
_OMNI_3 = Family(thinker="Qwen3OmniMoeThinkerForConditionalGeneration", omni=True)

FAMILIES: dict[str, Family] = {
    "qwen2_5_omni": _OMNI,
    "qwen2_5_omni_thinker": Family(clip_seconds=300, omni=True),
    "qwen3_omni_moe": _OMNI_3,
    "qwen3_omni_moe_thinker": Family(omni=True),
    "gemma3n": Family(clip_seconds=30),
    "gemma4": Family(clip_seconds=30),
    "phi4_multimodal": Family(adapters={"image": "vision-lora", "audio": "speech-lora"}),
}
"""`config.model_type` -> its family; all others go the general path."""
