"""TF-IDF of words and word pairs.

The same vectors as scikit-learn's `TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\b\\w+\b")`,
whose import takes longer than a small build.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\b\w+\b")


class TermWeights:
    """The terms of a corpus and their weights: 1 + log((1 + texts) / (1 + texts with the term))."""

    def __init__(self, corpus: Sequence[str], max_terms: int) -> None:
        """max_terms: how many terms are used, the most frequent ones."""
        counts = [_terms(text) for text in corpus]
        total, texts_with = Counter[str](), Counter[str]()
        for one in counts:
            total.update(one)
            texts_with.update(one.keys())
        terms = sorted(total)
        if len(terms) > max_terms:
            most_frequent = np.argsort(-np.array([total[term] for term in terms]))[:max_terms]
            terms = [terms[index] for index in sorted(most_frequent)]
        self._columns = {term: column for column, term in enumerate(terms)}
        frequency = np.array([texts_with[term] for term in terms], dtype=np.float64)
        self._weights = np.log((1 + len(corpus)) / (1 + frequency)) + 1

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts; shape (n, number of terms), rows of unit length, or zero for a text without terms."""
        rows = np.zeros((len(texts), max(1, len(self._columns))), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            found = sorted((self._columns[term], n) for term, n in _terms(text).items() if term in self._columns)
            if found:
                columns, counts = (np.array(part) for part in zip(*found, strict=True))
                values = (np.log(counts) + 1) * self._weights[columns]
                # Added one after the other, as scikit-learn does, because the last digits depend on the order.
                row[columns] = values / np.sqrt(np.cumsum(np.square(values))[-1])
        return rows


def _terms(text: str) -> Counter[str]:
    """The words and word pairs of a text, and how often each occurs."""
    words = _WORD.findall(text.lower())
    return Counter([*words, *(f"{one} {other}" for one, other in pairwise(words))])
