"""Tell what a model thought from what it answered: the metric's own splitter, so that both read a text alike."""

from __future__ import annotations

from omni_persona_cal.thinking import Reply, is_open, split_thinking

__all__ = ["Reply", "is_open", "split_thinking"]
