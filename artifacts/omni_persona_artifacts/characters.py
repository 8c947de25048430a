"""Characters that a reader cannot see, or that turn the text around them: what to show in their place."""

from __future__ import annotations

import re

# Controls but for tab and line end, joiners and direction marks, half characters, no-characters.
_UNSEEN = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\udfff\\ufeff\\ufffe\\uffff]")  # fmt: skip  # noqa: E501


def code(character: str) -> str:
    """Such as `U+202E`."""
    return f"U+{ord(character):04X}"


def visible(text: str) -> str:
    """A text for where only plain text can stand: unseen characters by their codes.

    >>> visible("a\\u202eb")
    'a[U+202E]b'
    """
    return _UNSEEN.sub(lambda match: f"[{code(match[0])}]", text)


def split(text: str) -> list[tuple[str, str]]:
    """The text in pieces: (piece, empty) for what is seen, (character, its code) for what is not.

    >>> split("a\\u202eb")
    [('a', ''), ('\\u202e', 'U+202E'), ('b', '')]
    """
    pieces, end = [], 0
    for match in _UNSEEN.finditer(text):
        pieces += [(text[end : match.start()], ""), (match[0], code(match[0]))]
        end = match.end()
    return [piece for piece in [*pieces, (text[end:], "")] if piece[0]]
