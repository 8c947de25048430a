"""Short settings for tests of training."""

from __future__ import annotations

from omni_persona_runner.prompt import Prompt
from omni_persona_training.tuning.settings import SftSettings

SHORT = Prompt(rules="Answer, or: I cannot determine that from the provided context.")


QUICK = SftSettings(
    learning_rate=5e-3,
    steps=2,
    batch_size=4,
    micro_batch=2,
    rank=4,
    alpha=8,
    schedule="constant",
    warmup=0.0,
    save_every=1,
    gradient_checkpointing=False,
)

OPTIONS = {
    "sft": ("--steps", 8, "--batch-size", 4, "--micro-batch", 4, "--learning-rate", 1e-3),
    "rlvr": (
        "--steps",
        6,
        "--batch-size",
        2,
        "--micro-batch",
        2,
        "--group-size",
        2,
        "--max-new-tokens",
        4,
        "--reward",
        "grounded",
        "--learning-rate",
        1e-3,
    ),
}
"""Command -> options of a short training, but for its adapter and checkpoints."""
