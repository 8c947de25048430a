"""A judge at a test's own endpoint."""

from __future__ import annotations

from typing import Any

from fake_endpoint import graded

from omni_persona_cal import make_judge

KEY = "sk-a-key-that-must-not-leak"


def judge(endpoint: Any, **options: Any) -> Any:
    quick = {"longest_pause": 0.01, "timeout": 60.0, "attempts": 4}
    return make_judge("openai", {"model": "m", "base_url": endpoint.url, **quick, **options})


def honest(prompt: str, before: int) -> str:
    """Says CORRECT of predictions that hold the word pilot."""
    return "It is the same.\nCORRECT" if "pilot" in graded(prompt) else "It is not.\nWRONG"
