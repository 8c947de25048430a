"""Where adapters go: into the language model alone, never into what sees and hears."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from omni_persona_training.errors import TrainingError

PROJECTIONS = (
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "qkv_proj", "gate_up_proj",
)  # fmt: skip
"""Linear layers of attention and feed-forward parts, as families call them."""


@dataclass(frozen=True)
class Adapted:
    """What an adapter trains."""

    parameters: int
    modules: int
    whole: int
    """Parameters of the model, adapters included."""


def target_regex(model: Any) -> str:
    """A regular expression that matches the projections of the language model's layers and nothing of the encoders.

    Raises `TrainingError` for a model whose language model cannot be told.
    """
    import torch

    decoder = model.get_decoder()
    name = next((name for name, module in model.named_modules() if module is decoder), None)
    if name is None:
        raise TrainingError(f"{type(model).__name__}: expected a language model among its parts, found none")
    prefix = re.escape(f"{name}." if name else "")
    pattern = rf"{prefix}layers\.\d+\..*\b({'|'.join(PROJECTIONS)})"
    matched = [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and re.fullmatch(pattern, name)
    ]
    if not matched:
        raise TrainingError(f"{type(model).__name__}: no linear layers of the language model to adapt")
    return pattern


def require_language_model_alone(model: Any, pattern: str) -> Adapted:
    """Count what is trained. Raises `TrainingError` where anything beside the adapters of `pattern` is."""
    trained = [(name, value.numel()) for name, value in model.named_parameters() if value.requires_grad]
    inside = re.compile(rf".*?{pattern}\.(lora_A|lora_B)\..*")
    outside = [name for name, _ in trained if not inside.fullmatch(name)]
    if outside or not trained:
        raise TrainingError(f"expected to train the language model's adapters alone, got {outside[:2] or 'nothing'}")
    modules = {name.split(".lora_")[0] for name, _ in trained}
    return Adapted(sum(count for _, count in trained), len(modules), sum(value.numel() for value in model.parameters()))
