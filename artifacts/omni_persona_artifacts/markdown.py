"""Escape untrusted text for Markdown, so that it is shown literally."""

from __future__ import annotations

import re

from omni_persona_artifacts.characters import visible

_ACTS = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
"""Characters with a meaning in Markdown or its math extension; an underscore inside a word has none."""
_STARTS = re.compile(r"^(\d*)([#>+=.)-])")
"""Starts of a paragraph that make it a heading, a quotation or a list item."""
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp)(?=:)|\b(www)(?=\.)")


def inline(text: object) -> str:
    """Escape a text, on one line, for a heading, a paragraph or a table cell: no markup, HTML or link takes effect."""
    line = visible(" ".join(str(text).split()))
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
    # Bare URLs become links without markup; an empty HTML comment inside prevents that.
    return _LINK.sub(r"\g<0><!-- -->", _STARTS.sub(r"\1\\\2", _ACTS.sub(r"\\\g<0>", line)))


def code(text: object) -> str:
    """Format a text as inline code on one line, outside tables; backticks, which would end it, become apostrophes."""
    return f"`{visible(' '.join(str(text).split())).replace('`', chr(39)) or ' '}`"
