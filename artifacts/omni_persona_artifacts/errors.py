"""The errors of this room."""

from __future__ import annotations


class ArtifactError(ValueError):
    """A file or folder that cannot be read or written as asked; the message names it and says what to do."""


class ItemError(Exception):
    """One item of a dataset that cannot be used; the others can."""

    def __init__(self, item_id: str, message: str) -> None:
        super().__init__(f"item {item_id}: {message}")
        self.item_id = item_id
        self.message = message

    def __reduce__(self) -> tuple[type[ItemError], tuple[str, str]]:
        """Rebuild it from its arguments in another process."""
        return type(self), (self.item_id, self.message)
