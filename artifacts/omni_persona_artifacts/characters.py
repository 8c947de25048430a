"""Make characters visible that a reader cannot see or that reorder the text around them."""

from __future__ import annotations

import re

# Controls except tab and line feed, joiners and direction marks, surrogates, noncharacters.
_UNSEEN = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\udfff\\ufeff\\ufffe\\uffff]")  # fmt: skip  # noqa: E501


def code(character: str) -> str:
    """The code point in the form `U+202E`."""
    return f"U+{ord(character):04X}"


def visible(text: str) -> str:
    """Replace invisible characters by their code points, for places that take only plain text.

    >>> visible("a\\u202eb")
    'a[U+202E]b'
    """
    return _UNSEEN.sub(lambda match: f"[{code(match[0])}]", text)


def split(text: str) -> list[tuple[str, str]]:
    """Split a text into pieces: (piece, "") for visible text, (character, its code point) for an invisible one.

    >>> split("a\\u202eb")
    [('a', ''), ('\\u202e', 'U+202E'), ('b', '')]
    """
    pieces, end = [], 0
    for match in _UNSEEN.finditer(text):
        pieces += [(text[end : match.start()], ""), (match[0], code(match[0]))]
        end = match.end()
    return [piece for piece in [*pieces, (text[end:], "")] if piece[0]]
