"""Content words: two texts that share one may reveal each other."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from omni_persona_people.rules.function_words import function_words

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@cache
def _content_stem(word: str) -> str | None:
    """The stem of a word of a text; None for a function word."""
    # Each word is looked at only once: the vocabulary is small compared with the texts.
    plain = _plain(word)
    return None if plain in function_words() else _stem(plain)


def _plain(word: str) -> str:
    return word.casefold().replace("’", "'").removesuffix("'s")


def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """Stems of the content words of a text; of all its words if it has only function words."""
    words = WORD.findall(text)
    content = frozenset(filter(None, map(_content_stem, words)))
    return content or frozenset(_stem(_plain(word)) for word in words)


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
    return alike_words(content_words(one), content_words(other))


def alike_words(first: frozenset[str], second: frozenset[str]) -> bool:
    """Whether two answers could be mistaken for each other, by their `content_words`."""
    if first and second and first.isdisjoint(second):  # the usual case, made quick
        return False
    shared = len(first & second)
    return shared == min(len(first), len(second)) or 2 * shared >= len(first | second)
