"""Training: corpora, supervised fine-tuning and reinforcement learning with verifiable rewards.

    from omni_persona_training import make_corpus, load_recipe, sft, sft_preset, rlvr, rlvr_preset, make_reward

Each is imported on first access, so that a reward does not import a trainer.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PLACES = {
    "make_corpus": "corpus.make",
    "load_recipe": "corpus.recipe",
    "export_corpus": "corpus.export",
    "make_reward": "rewards.functions",
    "verl_score": "rewards.functions",
    "simulate": "rewards.simulate",
    "sft": "tuning.sft",
    "rlvr": "tuning.rlvr",
    "sft_preset": "tuning.settings",
    "rlvr_preset": "tuning.settings",
}
"""Exported name -> the module of this package that defines it."""

__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    """Import an exported function on first access."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
