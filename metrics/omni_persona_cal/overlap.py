"""Word overlap of a prediction with the gold answer: ordered (ROUGE-L) and unordered (token F1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .text import words


def rouge_l_recall(gold: str, prediction: str) -> float:
    """Length of the longest common subsequence of words, divided by the gold answer's number of words. 0..1.

    That of rouge-score without stemming (Lin 2004), whose own import costs more than all scores. A gold answer
    without words scores 0.

    >>> rouge_l_recall("a quiet harbour pilot", "the pilot of a harbour")
    0.5
    """
    gold_words = words(gold)
    return _common_subsequence(gold_words, words(prediction)) / len(gold_words) if gold_words else 0.0


def _common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence, in time linear in `other` if `one` is short.

    A row of the usual table is one number with a bit for each word of `one`: unset where the row's count grows
    (Hyyro 2004).
    """
    places: dict[str, int] = {}
    for place, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << place
    full = (1 << len(one)) - 1
    row = full
    for word in other:
        matched = row & places.get(word, 0)
        row = (row + matched | row - matched) & full
    return len(one) - row.bit_count()


def token_f1(gold: str, prediction: str) -> float:
    """F1 of the two bags of words, counting repetitions. 0..1; 0 if they share no word.

    >>> token_f1("a harbour pilot", "a pilot")
    0.8
    """
    gold_words, predicted_words = Counter(words(gold)), Counter(words(prediction))
    shared = (gold_words & predicted_words).total()
    return 2 * shared / (gold_words.total() + predicted_words.total()) if shared else 0.0
