"""Content words: two texts that share one may reveal each other."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from omni_persona_people.stemming import stem

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


# The vocabulary is small compared with the texts, so each word is stemmed only once.
_stem = lru_cache(maxsize=None)(stem)


@lru_cache(maxsize=1)
def _function_words() -> frozenset[str]:
    """Function words of English: the list of the Glasgow Information Retrieval Group, as scikit-learn has it."""
    return frozenset(Path(__file__).with_name("function_words.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """Stems of the content words of a text; of all its words if it has only function words."""
    stop = _function_words()
    words = [word.casefold().replace("’", "'").removesuffix("'s") for word in WORD.findall(text)]
    content = [word for word in words if word not in stop] or words
    return frozenset(map(_stem, content))


def is_function_word(word: str) -> bool:
    """Whether a word is a function word, such as `they`, `when` and `I'm`."""
    return word.casefold().replace("’", "'").partition("'")[0] in _function_words()


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
