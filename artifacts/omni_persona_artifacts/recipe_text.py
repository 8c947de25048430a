"""Validation of a recipe's free text, which is copied into cards, file headers and tables."""

from __future__ import annotations

import re

NAME_LENGTH = 60
DESCRIPTION_LENGTH = 1000
_NAME = re.compile(r"[^\W_][\w .+()-]*")


def plain_name(name: str) -> str:
    """Return a valid name unchanged. Raises `ValueError` for one that is too long or contains more than words."""
    if len(name) > NAME_LENGTH:
        raise ValueError(f"expected at most {NAME_LENGTH} characters, got {len(name):,}")
    if not _NAME.fullmatch(name):
        raise ValueError(f"expected letters, digits, spaces and . _ + ( ) - after a letter or digit, got {name!a}")
    return name
