"""The exceptions of this package."""

from __future__ import annotations


class ArtifactError(ValueError):
    """A file or folder that cannot be read or written; the message names it and says what to do."""


class ItemError(Exception):
    """One item of a dataset that cannot be used; other items are not affected."""

    def __init__(self, item_id: str, message: str) -> None:
        super().__init__(f"item {item_id}: {message}")
        self.item_id = item_id
        self.message = message

    def __reduce__(self) -> tuple[type[ItemError], tuple[str, str]]:
        """Make the exception picklable, for use across processes."""
        return type(self), (self.item_id, self.message)
