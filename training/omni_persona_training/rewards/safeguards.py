"""Texts that earn nothing whatever they hold: repetition, spam, loops.

Three rules, each with its figure. They look at what a model wrote in whole, thoughts included.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

NGRAM = 4
MOST_REPEATED_NGRAMS = 0.3
"""Share of a text's 4-grams of words that may be repetitions of earlier ones."""
FEWEST_WORDS = 12
"""Words below which repeated 4-grams say nothing."""
MOST_OF_ONE_CHARACTER = 0.4
"""Share of a text's characters, white space aside, that may be one and the same."""
FEWEST_CHARACTERS = 20
"""Characters below which one may prevail: "No." and "2" are answers."""
MOST_IN_A_ROW = 12
"""Times that one character may follow itself."""
SENTENCE_TIMES = 3
"""Times that a sentence makes a loop."""

_SENTENCE = re.compile(r"[.!?。！？\n]+")
_WORD = re.compile(r"\w+")


def degenerate(text: str) -> str | None:
    """Why a text earns nothing, in words, or None.

    >>> degenerate("the bridge of the town " * 8)
    'repeated 4-grams'
    >>> degenerate("A harbour pilot.") is None
    True
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    if _has_spam(plain):
        return "character spam"
    sentences = Counter(" ".join(part.split()) for part in _SENTENCE.split(plain) if part.strip())
    if sentences and max(sentences.values()) >= SENTENCE_TIMES:
        return "a sentence in a loop"
    words = _WORD.findall(plain)
    if len(words) >= FEWEST_WORDS:
        grams = [tuple(words[place : place + NGRAM]) for place in range(len(words) - NGRAM + 1)]
        if 1 - len(set(grams)) / len(grams) > MOST_REPEATED_NGRAMS:
            return "repeated 4-grams"
    return None


def _has_spam(plain: str) -> bool:
    visible = "".join(plain.split())
    if not visible:
        return False
    if re.search(rf"(.)\1{{{MOST_IN_A_ROW},}}", visible):
        return True
    commonest = max(Counter(visible).values())
    return len(visible) >= FEWEST_CHARACTERS and commonest > MOST_OF_ONE_CHARACTER * len(visible)
