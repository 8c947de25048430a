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


@dataclass(frozen=True)
class Targets:
    """The projections of a language model's layers, and of nothing that sees or hears."""

    pattern: str
    """A regular expression that matches their names and no others."""
    modules: tuple[str, ...]
    """Their names. PEFT is given these: of a regular expression it takes the last words alone where experts are fused,
    and finds them in the encoders, too."""


def targets(model: Any) -> Targets:
    """What is adapted of a model.

    Raises `TrainingError` for a model whose language model cannot be told.
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
        # Beside fused experts, PEFT would turn a feed-forward layer's name into the experts' own.
        matched = tuple(name for name in matched if "attn" in name)
    if not matched:
        raise TrainingError(f"{type(model).__name__}: no linear layers of the language model to adapt")
    return Targets(pattern, matched)


def require_language_model_alone(model: Any, chosen: Targets) -> Adapted:
    """Count what is trained. Raises `TrainingError` where anything beside the adapters of `chosen` is."""
    trained = [(name, value.numel()) for name, value in model.named_parameters() if value.requires_grad]
    inside = re.compile(rf".*?{chosen.pattern}\.(lora_A|lora_B)\..*")
    outside = [name for name, _ in trained if not inside.fullmatch(name)]
    if outside or not trained:
        raise TrainingError(f"expected to train the language model's adapters alone, got {outside[:2] or 'nothing'}")
    modules = {name.split(".lora_")[0] for name, _ in trained}
    return Adapted(sum(count for _, count in trained), len(modules), sum(value.numel() for value in model.parameters()))
