"""Detect whether two texts share a content word.

A benchmark question asks for one fact of a person. If two facts of that person share a word ("harbour pilot", "works
for the Harbour Trust"), the answer can be read or partly guessed from the wrong fact. The generator therefore rejects
such pairs. It errs on the side of rejecting: a needless rejection costs only one more draw.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from omni_persona_people.rules.function_words import function_words

_WORD = re.compile(r"[^\W\d_]+")

# Longest first, so that "makers" loses "ers" and not only "s".
_SUFFIXES = ("ness", "less", "ings", "ful", "ied", "ies", "ing", "ers", "ly", "er", "ed", "es", "s", "e", "y")


@cache
def content_words(text: str) -> tuple[str, ...]:
    """The content words of `text`: lower-case, in order, each once.

    Function words and single letters are left out; a hyphen separates two words; a possessive "'s" is dropped.
    """
    folded = text.lower().replace("\u2019", "'").replace("'s", "")
    words = (word for word in _WORD.findall(folded) if len(word) > 1 and word not in function_words())
    return tuple(dict.fromkeys(words))


@cache
def stem(word: str) -> str:
    """`word` without its inflection, with at least two letters: "bakery" and "baking" both give "bak"."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 2:
            return stem(word[: -len(suffix)])
    # "setting" and "sets", "hurry" and "hurried".
    return word[:-1] if len(word) > 2 and word[-1] == word[-2] else word


@dataclass(frozen=True)
class Footprint:
    """The keys by which a text's content words are compared.

    Two words are the same word or of one family ("geology" and "geologist") if their stems agree, if the longer starts
    or ends with the shorter ("boat", "steamboat"), or if two long words start alike. A three-letter word counts only as
    the start of a long one ("bee", "beekeeper"). Stored as sets, because thousands of texts are compared.
    """

    roots: frozenset[str]
    """Stems, and the first five letters of words of at least six."""
    wholes: frozenset[str]
    """Words of at least three letters."""
    parts: frozenset[str]
    """Starts and ends of words with at least four letters, and three-letter starts of words of at least six."""


@cache
def footprint(text: str) -> Footprint:
    """The footprint of a text."""
    words = content_words(text)
    return Footprint(
        frozenset(stem(word) for word in words) | {f"{word[:5]}-" for word in words if len(word) >= 6},
        frozenset(word for word in words if len(word) >= 3),
        frozenset(part for word in words for part in _parts(word)),
    )


def _parts(word: str) -> Iterator[str]:
    if len(word) >= 6:
        yield word[:3]
    for length in range(4, len(word)):
        yield word[:length]
        yield word[-length:]


class Footprints:
    """The content words of many texts together."""

    def __init__(self, *texts: str) -> None:
        self._roots: set[str] = set()
        self._wholes: set[str] = set()
        self._parts: set[str] = set()
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Add the words of a text."""
        own = footprint(text)
        self._roots |= own.roots
        self._wholes |= own.wholes
        self._parts |= own.parts

    def meets(self, text: str) -> bool:
        """Whether a content word of `text` matches one of these."""
        other = footprint(text)
        return not (
            self._roots.isdisjoint(other.roots)
            and self._wholes.isdisjoint(other.parts)
            and self._parts.isdisjoint(other.wholes)
        )


def share_a_word(first: str, second: str) -> bool:
    """Whether two texts share a content word, or two words of one family."""
    return Footprints(first).meets(second)
