"""Function words of English: they state no fact, so two texts may share them."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def function_words() -> frozenset[str]:
    """The words of `function_words.txt`: closed classes and auxiliaries, none of which could be half of an answer."""
    return frozenset(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").split())


def is_function_word(word: str) -> bool:
    """Whether a word is a function word, such as `they`, `when` and `I'm`."""
    return word.casefold().replace("’", "'").partition("'")[0] in function_words()
