"""Where adapters are placed: in the language model only, never in the vision and audio encoders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from omni_persona_training.errors import TrainingError

PROJECTIONS = (
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "qkv_proj", "gate_up_proj",
)  # fmt: skip
"""Names of the linear layers of attention and feed-forward blocks in various families."""


@dataclass(frozen=True)
class Adapted:
    """What an adapter trains."""

    parameters: int
    modules: int
    whole: int
    """Number of parameters of the model, including adapters."""


@dataclass(frozen=True)
class Targets:
    """The linear projections of a language model's layers, excluding those of encoders."""

    pattern: str
    """A regular expression that matches exactly their names."""
    modules: tuple[str, ...]
    """Their names, which are passed to PEFT: given a regular expression, it uses only the last words if experts are
    fused, and then also matches the encoders."""


def targets(model: Any) -> Targets:
    """Find the layers of a model to adapt.

    Raises `TrainingError` if the language model cannot be identified.
    """
    import torch

    decoder = model.get_decoder()
    name = next((name for name, module in model.named_modules() if module is decoder), None)
    if name is None:
        raise TrainingError(f"{type(model).__name__}: expected a language model among its parts, found none")
    prefix = re.escape(f"{name}." if name else "")
    pattern = rf"{prefix}layers\.\d+\..*\b({'|'.join(PROJECTIONS)})"
    matched = tuple(
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and re.fullmatch(pattern, name)
    )
    if any(".experts." in name for name, _ in model.named_parameters()):
        # With fused experts, PEFT would map a feed-forward layer's name to the experts' own.
        matched = tuple(name for name in matched if "attn" in name)
    if not matched:
        raise TrainingError(f"{type(model).__name__}: no linear layers of the language model to adapt")
    return Targets(pattern, matched)


def require_language_model_alone(model: Any, chosen: Targets) -> Adapted:
    """Count the trainable parameters. Raises `TrainingError` if anything but the adapters of `chosen` is trainable."""
    trained = [(name, value.numel()) for name, value in model.named_parameters() if value.requires_grad]
    inside = re.compile(rf".*?{chosen.pattern}\.(lora_A|lora_B)\..*")
    outside = [name for name, _ in trained if not inside.fullmatch(name)]
    if outside or not trained:
        raise TrainingError(f"expected to train the language model's adapters alone, got {outside[:2] or 'nothing'}")
    modules = {name.split(".lora_")[0] for name, _ in trained}
    return Adapted(sum(count for _, count in trained), len(modules), sum(value.numel() for value in model.parameters()))
