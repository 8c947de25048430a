"""How many of the gold answer's words a prediction shares, in order (ROUGE-L) and out of order (token F1)."""

from __future__ import annotations

from collections import Counter

from .text import words


class _Words:
    """The tokenizer handed to rouge-score, whose own drops every letter that is not ASCII."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


def rouge_l_recall(gold: str, prediction: str) -> float:
    """Length of the longest common subsequence of words, as a share of the gold answer's words. 0..1.

    Computed by rouge-score 0.1.2 without stemming (Lin 2004). A gold answer without words scores 0.
    """
    # rouge-score pulls in nltk: too slow to load for those who only want `abstains`.
    from rouge_score.rouge_scorer import RougeScorer

    return float(RougeScorer(["rougeL"], tokenizer=_Words()).score(gold, prediction)["rougeL"].recall)


def token_f1(gold: str, prediction: str) -> float:
    """F1 of the two bags of words, repetitions counted. 0..1; 0 when they share no word.

    >>> token_f1("a harbour pilot", "a pilot")
    0.8
    """
    gold_words, predicted_words = Counter(words(gold)), Counter(words(prediction))
    shared = (gold_words & predicted_words).total()
    return 2 * shared / (gold_words.total() + predicted_words.total()) if shared else 0.0
