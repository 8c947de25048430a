"""Content words: what decides whether one text gives another away."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@lru_cache(maxsize=1)
def _tools() -> tuple[frozenset[str], Callable[[str], str]]:
    from nltk.stem import PorterStemmer
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    # A vocabulary is small beside the texts it makes: each word is cut to its stem once.
    return frozenset(ENGLISH_STOP_WORDS), lru_cache(maxsize=None)(PorterStemmer().stem)


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """Stems of the words of a text that are no function words; all its words where it has no others."""
    stop, stem = _tools()
    words = [word.casefold().replace("’", "'").removesuffix("'s") for word in WORD.findall(text)]
    content = [word for word in words if word not in stop] or words
    return frozenset(map(stem, content))


def is_function_word(word: str) -> bool:
    """Whether a word only holds a sentence together, as `they`, `when` and `I'm` do."""
    return word.casefold().replace("’", "'").partition("'")[0] in _tools()[0]


@lru_cache(maxsize=1 << 16)
def share_words(one: str, other: str) -> bool:
    """Whether two texts have a content word in common."""
    return not content_words(one).isdisjoint(content_words(other))


def states(text: str, value: str) -> bool:
    """Whether a text holds every content word of a value."""
    return content_words(value) <= content_words(text)


@lru_cache(maxsize=1 << 16)
def alike(one: str, other: str) -> bool:
    """Whether two answers could be taken for each other: one holds the other, or they share half of their words."""
    first, second = content_words(one), content_words(other)
    shared = len(first & second)
    return shared == min(len(first), len(second)) or 2 * shared >= len(first | second)
