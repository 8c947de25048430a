"""TF-IDF of words and word pairs.

The same vectors as scikit-learn's `TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)` with the words `_WORD`; to
import that takes longer than a small build.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\b\w+\b")
_PAIR = 32
"""A pair of words is numbered by the first word's number, shifted by as many bits, plus the second's."""
_Numbers: TypeAlias = NDArray[np.int64]


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
        texts, terms = self._occurring(words)
        self._terms = np.unique(terms)
        if len(self._terms) > max_terms:
            total = np.bincount(np.searchsorted(self._terms, terms))
            self._terms = self._terms[np.sort(np.argsort(-total)[:max_terms])]
        counted = self._counted(texts, terms)
        texts_with = np.bincount(counted[1], minlength=len(self._terms)).astype(np.float64)
        self._weights = np.log((1 + len(corpus)) / (1 + texts_with)) + 1
        self.corpus = self._packed(len(corpus), *counted)
        """The vectors of the corpus."""

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts; shape (n, number of terms), rows of unit length, or zero for a text without terms."""
        occurring = self._occurring([_words(text) for text in texts])
        return self._packed(len(texts), *self._counted(*occurring)).rows()

    def _occurring(self, texts: Sequence[Sequence[str]]) -> tuple[_Numbers, _Numbers]:
        """For each time that a term occurs: the place of the text, and the term's number.

        texts: the words of each text. Words that are not in the corpus are left out, with their pairs.
        """
        known = self._numbers
        words = np.fromiter((known.get(word, 0) for word in chain.from_iterable(texts)), dtype=np.int64)
        place = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
        paired = (place[:-1] == place[1:]) & (words[:-1] > 0) & (words[1:] > 0)
        pairs = (words[:-1] << _PAIR) + words[1:]
        terms = np.concatenate([words[words > 0] << _PAIR, pairs[paired]])
        return np.concatenate([place[words > 0], place[:-1][paired]]), terms

    def _counted(self, texts: _Numbers, terms: _Numbers) -> tuple[_Numbers, _Numbers, _Numbers]:
        """The place of a text, the column of a used term that occurs in it, and how often; by text, then by column."""
        width = max(1, len(self._terms))
        columns = np.searchsorted(self._terms, terms)
        if len(self._terms):
            used = self._terms[np.minimum(columns, width - 1)] == terms
            texts, columns = texts[used], columns[used]
        both = np.sort(texts * width + columns)
        first = np.flatnonzero(np.diff(both, prepend=-1))
        texts, columns = np.divmod(both[first], width)
        return texts, columns, np.diff(first, append=len(both))

    def _packed(self, n_texts: int, texts: _Numbers, columns: _Numbers, counts: _Numbers) -> PackedVectors:
        values = (np.log(counts) + 1) * self._weights[columns]
        # `bincount` adds one after the other, as scikit-learn does: the last digits depend on the order.
        lengths = np.sqrt(np.bincount(texts, np.square(values), minlength=n_texts))
        starts = np.searchsorted(texts, np.arange(n_texts + 1))
        return PackedVectors(starts, columns, (values / lengths[texts]).astype(np.float32), max(1, len(self._terms)))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
