"""Texts that get no reward whatever they contain: repetition, spam, loops.

Three rules with fixed thresholds, applied to the whole text of a model, thoughts included.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

NGRAM = 4
MOST_REPEATED_NGRAMS = 0.3
"""Maximum fraction of a text's word 4-grams that repeat earlier ones."""
FEWEST_WORDS = 12
"""Minimum number of words for the 4-gram rule."""
MOST_OF_ONE_CHARACTER = 0.4
"""Maximum fraction of a text's characters, without white space, that are the same character."""
FEWEST_CHARACTERS = 20
"""Minimum number of characters for that rule: "No." and "2" are answers."""
MOST_IN_A_ROW = 12
"""Maximum consecutive repetitions of one character."""
SENTENCE_TIMES = 3
"""Repetitions of a sentence that count as a loop."""

_SENTENCE = re.compile(r"[.!?。！？\n]+")
_WORD = re.compile(r"\w+")


def degenerate(text: str) -> str | None:
    """The reason why a text gets no reward, or None.

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
