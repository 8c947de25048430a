"""The improving half: corpora, supervised fine-tuning and reinforcement learning with verifiable rewards.

    from omni_persona_training import make_corpus, load_recipe, sft, sft_preset, rlvr, rlvr_preset, make_reward

Each is imported when it is first asked for, so that a reward costs no trainer.
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
"""Name -> the module of this package that has it."""

__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    """The function called `name`, from its module."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
