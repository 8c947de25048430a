"""Model families that need more than the general path of `transformers_model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal


@dataclass(frozen=True)
class Family:
    """How checkpoints of one `model_type` are loaded and which inputs they accept.

    The sampling rate comes from the feature extractor; placeholders for pictures and clips come from the
    chat template and the processor. Both are part of the checkpoint.
    """

    thinker: str | None = None
    """The class to load if the auto class maps to one that generates speech and ignores `max_new_tokens`."""
    clip_seconds: float | None = None
    """Maximum clip length; a longer clip would be cut silently, or crash the model. None for no limit."""
    pixels: int | None = None
    """Default maximum pixels per picture; larger ones are shrunk. None leaves it to the image processor."""
    writes_parts: bool = True
    """Whether the chat template accepts messages with parts; if not, it gets text with placeholders."""
    omni: bool = False
    """Whether it is a Qwen-Omni Thinker, whose inputs are built medium by medium (`shared_prefix`)."""
    flash: bool = False
    """Whether flash attention is used if installed: every part of the model must support it, with heads no wider
    than 256."""
    adapters: Mapping[Literal["image", "audio"], str] = field(default_factory=dict)
    """Adapters that ship with the checkpoint: purpose -> subfolder. The first one that a prompt needs is used:
    the one for pictures also handles clips beside them."""


# Qwen's image processors allow 12.8 megapixels, and two such pictures fill the context: one takes up to 16,000 tokens.
_OMNI_3_THINKER = Family(pixels=1024 * 1024, omni=True, flash=True)
_OMNI_THINKER = replace(_OMNI_3_THINKER, clip_seconds=300)

FAMILIES: dict[str, Family] = {
    "qwen2_5_omni": replace(_OMNI_THINKER, thinker="Qwen2_5OmniThinkerForConditionalGeneration"),
    "qwen2_5_omni_thinker": _OMNI_THINKER,
    "qwen3_omni_moe": replace(_OMNI_3_THINKER, thinker="Qwen3OmniMoeThinkerForConditionalGeneration"),
    "qwen3_omni_moe_thinker": _OMNI_3_THINKER,
    "gemma3n": Family(clip_seconds=30),
    "gemma4": Family(clip_seconds=30),
    # transformers splits longer clips into pieces of 40 s and then fails (tested with 5.23).
    "phi4_multimodal": Family(
        clip_seconds=40,
        writes_parts=False,
        adapters={"image": "vision-lora", "audio": "speech-lora"},
        flash=True,
    ),
}
"""`config.model_type` -> family; all other models use the general path."""
