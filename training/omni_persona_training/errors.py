"""The exceptions of this package."""

from __future__ import annotations


class TrainingError(ValueError):
    """A corpus, model or training that cannot be used or made; the message says what to do."""
