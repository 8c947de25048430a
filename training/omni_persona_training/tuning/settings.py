"""Hyperparameters of SFT and RLVR, with the published ones as presets.

Values stated by the paper are listed in `STATED`; all others are ours. An adapter's card shows which are which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

from omni_persona_training.errors import TrainingError


@dataclass(frozen=True)
class SftSettings:
    """Supervised fine-tuning."""

    learning_rate: float = 2e-5
    epochs: float = 3.0
    steps: int | None = None
    """Total number of steps, instead of epochs."""
    batch_size: int = 16
    """Examples per step, over all processes."""
    micro_batch: int = 1
    """Examples per micro-batch on a device; halved if they do not fit, with `batch_size` unchanged."""
    rank: int = 64
    alpha: int = 128
    dropout: float = 0.0
    warmup: float = 0.03
    """Fraction of the steps."""
    schedule: str = "cosine"
    save_every: int = 50
    """Steps between checkpoints."""
    seed: int = 0
    gradient_checkpointing: bool = True

    def __post_init__(self) -> None:
        _require_positive(self, "learning_rate", "epochs", "batch_size", "micro_batch", "rank", "alpha", "save_every")

    def describe(self) -> dict[str, Any]:
        """The settings that determine the outcome."""
        return {name: value for name, value in asdict(self).items() if name not in ("micro_batch", "save_every")}


@dataclass(frozen=True)
class RlvrSettings:
    """Reinforcement learning with verifiable rewards: GSPO."""

    reward: str = "grounded"
    learning_rate: float = 1e-5
    steps: int = 100
    batch_size: int = 8
    """Prompts per step, over all processes."""
    micro_batch: int = 1
    """Prompts per micro-batch on a device, with all their answers; halved if they do not fit."""
    group_size: int = 8
    """Answers sampled per prompt."""
    beta: float = 0.04
    """Weight of the KL divergence from the base model."""
    clip: float = 0.2
    temperature: float = 1.0
    max_new_tokens: int = 128
    scale: str | None = None
    """TRL's `scale_rewards`; None: the reward's default."""
    rank: int = 32
    alpha: int = 64
    schedule: str = "constant"
    save_every: int = 10
    seed: int = 0
    gradient_checkpointing: bool = True

    def __post_init__(self) -> None:
        _require_positive(
            self,
            "learning_rate",
            "steps",
            "batch_size",
            "micro_batch",
            "rank",
            "alpha",
            "temperature",
            "max_new_tokens",
        )
        if self.group_size < 2:
            raise TrainingError(f"expected a group of at least 2 answers, got {self.group_size}")
        if self.beta < 0 or self.scale not in (None, "group", "batch", "none"):
            raise TrainingError("expected beta of at least 0 and a scale among group, batch, none")

    def describe(self) -> dict[str, Any]:
        """The settings that determine the outcome."""
        return {name: value for name, value in asdict(self).items() if name not in ("micro_batch", "save_every")}


def _require_positive(settings: Any, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        if not value > 0:
            raise TrainingError(f"expected {name.replace('_', ' ')} to be above 0, got {value}")


PAPER_RANKS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"qwen2_5_omni": (64, 128), "qwen2_5_omni_thinker": (64, 128), "gemma4": (32, 64)}
)
"""`model_type` -> rank and alpha of the paper's SFT; other models use the first entry."""

STATED = MappingProxyType(
    {
        "sft paper": ("learning_rate", "epochs", "rank", "alpha"),
        "rlvr paper": ("reward", "group_size", "beta", "learning_rate", "rank", "alpha"),
        "rlvr release": (
            "reward", "group_size", "beta", "clip", "temperature",
            "learning_rate", "max_new_tokens", "batch_size", "steps",
        ),
    }
)  # fmt: skip
"""Command and preset -> the settings that the source states; it states no others."""


def sft_preset(name: str, model_type: str) -> SftSettings:
    """The settings of a preset, `paper`. Raises `TrainingError` for an unknown name."""
    if name != "paper":
        raise TrainingError(f"expected the preset paper, got {name!r}")
    rank, alpha = PAPER_RANKS.get(model_type, (64, 128))
    return replace(SftSettings(), rank=rank, alpha=alpha)


def rlvr_preset(name: str) -> RlvrSettings:
    """The settings of a preset: `paper`, `release` or `grounded` (ours). Raises `TrainingError` for an unknown name.

    The release trains all weights; here its preset also trains an adapter.
    """
    presets = {
        "grounded": RlvrSettings(),
        "paper": RlvrSettings(reward="paper", group_size=4),
        "release": RlvrSettings(
            reward="release", learning_rate=1e-6, temperature=1.1, max_new_tokens=512, batch_size=8, steps=100
        ),
    }
    if name not in presets:
        raise TrainingError(f"expected a preset among {', '.join(presets)}, got {name!r}")
    return presets[name]
