"""The errors of this room."""

from __future__ import annotations


class TrainingError(ValueError):
    """A corpus, a model or a training that cannot be had as asked; the message says what to do."""
