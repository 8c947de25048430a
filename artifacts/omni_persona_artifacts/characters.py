"""Make characters visible that a reader cannot see or that reorder the text around them."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "["
    "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f"  # controls except tab and line feed
    "\\u00ad\\u200b-\\u200f\\u2060-\\u206f\\ufeff"  # joiners, hyphens that are not shown
    "\\u061c\\u2028-\\u202e"  # separators and direction marks
    "\\u115f\\u1160\\u180e\\u3164\\uffa0\\ufff9-\\ufffb"  # fillers, marks of annotations
    "\\U000e0000-\\U000e007f"  # tags, which spell hidden texts
    "\\ud800-\\udfff\\ufffe\\uffff"  # surrogates, noncharacters
    "]"
)

_LONGEST_NAME = 500


def code(character: str) -> str:
    """The code point in the form `U+202E`."""
    return f"U+{ord(character):04X}"


def visible(text: str) -> str:
    """Replace invisible characters by their code points, for places that take only plain text.

    >>> visible("a\\u202eb")
    'a[U+202E]b'
    """
    return _UNSEEN.sub(lambda match: f"[{code(match[0])}]", text)


def name_shown(name: str) -> str:
    """A name from outside for a place among other words: in one line, which it cannot end, and of bounded length.

    >>> name_shown("a\\nAll checks pass")
    'a[U+000A]All checks pass'
    """
    shown = visible(name).replace("\n", f"[{code(chr(10))}]")
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[:_LONGEST_NAME]}..."


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
