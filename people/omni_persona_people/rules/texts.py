"""Rules for every text that a model wrote; such text is untrusted until it has passed them."""

from __future__ import annotations

import re
import unicodedata

from omni_persona_people.rules.content_words import WORD, content_words

_GENDERED = re.compile(
    r"\b(?:he|him|his|himself|she|hers?|herself|m[ae]n|wom[ae]n|boys?|girls?|gentlem[ae]n|lady|ladies|mrs?|ms|sir|madam)\b",
    re.IGNORECASE,
)
_LINE_BREAKS = ("Zl", "Zp")


def plain_flaw(text: str, longest: int) -> str | None:
    """The reason why a text is not one clean line of at most `longest` characters, or None."""
    if not text.strip():
        return "is empty"
    if len(text) > longest:
        return f"is longer than {longest} characters"
    kinds = {unicodedata.category(character) for character in text}
    if any(kind.startswith("C") or kind in _LINE_BREAKS for kind in kinds):
        return "contains a line break, a control character or an invisible one"
    return None


def words(text: str) -> list[str]:
    """The lower-case words of a text, without a possessive ending."""
    return [word.casefold().replace("’", "'").removesuffix("'s") for word in WORD.findall(text)]


def names_somebody(text: str, name: str) -> bool:
    """Whether a text contains a word of a name, other than function words."""
    return not content_words(text).isdisjoint(content_words(name))


def gendered(text: str) -> str | None:
    """The first word that reveals a gender, or None."""
    found = _GENDERED.search(text)
    return None if found is None else found[0]


def cut_out(text: str, part: str) -> str:
    """A text without the first occurrence of `part`, ignoring case."""
    return re.sub(re.escape(part), " ", text, count=1, flags=re.IGNORECASE)
