"""Content words: two texts that share one may reveal each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@lru_cache(maxsize=1)
def _tools() -> tuple[frozenset[str], Callable[[str], str]]:
    from nltk.stem import PorterStemmer
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    # The vocabulary is small compared with the texts, so each word is stemmed only once.
    return frozenset(ENGLISH_STOP_WORDS), lru_cache(maxsize=None)(PorterStemmer().stem)


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """Stems of the content words of a text; of all its words if it has only function words."""
    stop, stem = _tools()
    words = [word.casefold().replace("’", "'").removesuffix("'s") for word in WORD.findall(text)]
    content = [word for word in words if word not in stop] or words
    return frozenset(map(stem, content))


def is_function_word(word: str) -> bool:
    """Whether a word is a function word, such as `they`, `when` and `I'm`."""
    return word.casefold().replace("’", "'").partition("'")[0] in _tools()[0]


@lru_cache(maxsize=1 << 16)
def share_words(one: str, other: str) -> bool:
    """Whether two texts have a content word in common."""
    return not content_words(one).isdisjoint(content_words(other))


def states(text: str, value: str) -> bool:
    """Whether a text contains every content word of a value."""
    return content_words(value) <= content_words(text)


@lru_cache(maxsize=1 << 16)
def alike(one: str, other: str) -> bool:
    """Whether two answers could be mistaken for each other: one contains the other, or half their words agree."""
    first, second = content_words(one), content_words(other)
    shared = len(first & second)
    return shared == min(len(first), len(second)) or 2 * shared >= len(first | second)
