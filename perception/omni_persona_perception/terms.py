"""TF-IDF of words and word pairs.

The same vectors as scikit-learn's `TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)` with the words `_WORD`; to
import that takes longer than a small build.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\b\w+\b")
_PAIR = 32
"""A pair of words is numbered by the first word's number, shifted by as many bits, plus the second's."""


@dataclass(frozen=True)
class PackedVectors:
    """Text vectors without their zeros, which nearly all values are."""

    starts: NDArray[np.intp]
    """Where the values of each of n texts start, and where the last ones end; shape (n + 1,)."""
    columns: NDArray[np.intp]
    """The columns of the values, ascending in each text."""
    values: NDArray[np.float32]
    width: int
    """The length d of each vector."""

    def rows(self, places: Sequence[int] | NDArray[np.intp] | None = None) -> NDArray[np.float32]:
        """The vectors of the texts at some places, or of all; shape (number of places, d)."""
        chosen = np.arange(len(self.starts) - 1) if places is None else np.asarray(places, dtype=np.intp)
        rows = np.zeros((len(chosen), self.width), dtype=np.float32)
        for row, place in zip(rows, chosen.tolist(), strict=True):
            part = slice(self.starts[place], self.starts[place + 1])
            row[self.columns[part]] = self.values[part]
        return rows


class TermWeights:
    """The terms of a corpus and their weights: 1 + log((1 + texts) / (1 + texts with the term)).

    Terms are handled as numbers. Words are numbered in alphabetical order, from 1, and a pair follows its first word,
    so that terms in the order of their numbers are in alphabetical order, too: no character of a word precedes a space.
    """

    def __init__(self, corpus: Sequence[str], max_terms: int) -> None:
        """max_terms: how many terms are used, the most frequent ones."""
        words = [_words(text) for text in corpus]
        self._numbers = {word: number for number, word in enumerate(sorted({*chain.from_iterable(words)}), start=1)}
        texts, terms, counts = self._counted(words)
        known, place = np.unique(terms, return_inverse=True)
        texts_with = np.bincount(place, minlength=len(known))
        if len(known) > max_terms:
            total = np.zeros(len(known), dtype=np.int64)
            np.add.at(total, place, counts)
            most_frequent = np.sort(np.argsort(-total)[:max_terms])
            known, texts_with = known[most_frequent], texts_with[most_frequent]
        self._terms = known
        self._weights = np.log((1 + len(corpus)) / (1 + texts_with.astype(np.float64))) + 1
        self.corpus = self._packed(len(corpus), texts, terms, counts)
        """The vectors of the corpus."""

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts; shape (n, number of terms), rows of unit length, or zero for a text without terms."""
        return self._packed(len(texts), *self._counted([_words(text) for text in texts])).rows()

    def _counted(self, texts: Sequence[Sequence[str]]) -> tuple[NDArray[np.int64], ...]:
        """The place of a text, the number of a term that occurs in it, and how often; by text, then by term.

        texts: the words of each text. Words that are not in the corpus are left out, with their pairs.
        """
        known = self._numbers
        words = np.fromiter((known.get(word, 0) for word in chain.from_iterable(texts)), dtype=np.int64)
        place = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
        paired = (place[:-1] == place[1:]) & (words[:-1] > 0) & (words[1:] > 0)
        pairs = (words[:-1] << _PAIR) + words[1:]
        terms = np.concatenate([words[words > 0] << _PAIR, pairs[paired]])
        place = np.concatenate([place[words > 0], place[:-1][paired]])
        order = np.lexsort((terms, place))
        terms, place = terms[order], place[order]
        first = np.ones(len(terms), dtype=bool)
        first[1:] = (terms[1:] != terms[:-1]) | (place[1:] != place[:-1])
        counts = np.diff(np.append(np.flatnonzero(first), len(terms)))
        return place[first], terms[first], counts

    def _packed(
        self, n_texts: int, texts: NDArray[np.int64], terms: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> PackedVectors:
        columns = np.searchsorted(self._terms, terms)
        if len(self._terms):
            used = self._terms[np.minimum(columns, len(self._terms) - 1)] == terms
            columns, texts, counts = columns[used], texts[used], counts[used]
        values = (np.log(counts) + 1) * self._weights[columns]
        # `bincount` adds one after the other, as scikit-learn does: the last digits depend on the order.
        lengths = np.sqrt(np.bincount(texts, np.square(values), minlength=n_texts))
        starts = np.searchsorted(texts, np.arange(n_texts + 1))
        return PackedVectors(starts, columns, (values / lengths[texts]).astype(np.float32), max(1, len(self._terms)))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
