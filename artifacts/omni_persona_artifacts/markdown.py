"""Put free text, which may be somebody else's, into Markdown, so that it is shown as it is and does nothing."""

from __future__ import annotations

import re

from omni_persona_artifacts.characters import visible

_ACTS = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
"""Characters that Markdown, or a math extension of it, reads; an underscore inside a word is one of its letters."""
_STARTS = re.compile(r"^(\d*)([#>+=.)-])")
"""What makes the first line of a paragraph a heading, a quotation or an item of a list."""
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp)(?=:)|\b(www)(?=\.)")


def inline(text: object) -> str:
    """The text on one line, for a heading, a paragraph or a cell of a table: no markup, HTML or link is read."""
    line = visible(" ".join(str(text).split()))
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
    # What looks like an address is a link without any markup: a comment of HTML that shows nothing parts it.
    return _LINK.sub(r"\g<0><!-- -->", _STARTS.sub(r"\1\\\2", _ACTS.sub(r"\\\g<0>", line)))


def code(text: object) -> str:
    """The text as code on one line, not in a table; a backtick, which would end it, becomes an apostrophe."""
    return f"`{visible(' '.join(str(text).split())).replace('`', chr(39)) or ' '}`"
