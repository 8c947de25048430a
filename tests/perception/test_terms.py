"""Text vectors are those of scikit-learn, to the digit."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from omni_persona_perception import packed_text_vectors, vectors
from omni_persona_perception.terms import TermWeights


def _reference(texts, corpus, max_terms):
    reference = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_features=max_terms, token_pattern=r"(?u)\b\w+\b"
    )
    return reference.fit(corpus).transform(texts).toarray().astype(np.float32)


@pytest.mark.slow
@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(
    st.lists(st.text("ab Éß'\u2028-\n", max_size=30), min_size=1, max_size=12),
    st.lists(st.text("abc É", max_size=20), min_size=1, max_size=5),
    st.sampled_from([1, 3, 5, 4096]),
)
def test_any_texts(corpus, texts, max_terms):
    hypothesis.assume(any(letter.isalnum() for text in corpus for letter in text))
    ours = TermWeights(corpus, max_terms)
    for asked in (corpus, texts):
        np.testing.assert_array_equal(ours.vectors(asked), _reference(asked, corpus, max_terms))


@pytest.mark.parametrize("max_terms", [50, 4096])
def test_many_texts_of_which_not_all_terms_are_used(max_terms):
    rng = np.random.default_rng(0)
    words = sorted(ENGLISH_STOP_WORDS)
    corpus = [" ".join(rng.choice(words, size=40)) for _ in range(150)]
    np.testing.assert_array_equal(TermWeights(corpus, max_terms).vectors(corpus), _reference(corpus, corpus, max_terms))


def test_texts_without_words_have_zero_vectors():
    found = vectors.text_vectors(["!?", "", "a pilot"], corpus=["..."])
    assert found.shape[0] == 3
    assert not found.any()
    np.testing.assert_array_equal(vectors.text_vectors(["a pilot", "..."])[1], 0)


def test_packed_vectors_are_those_of_their_texts():
    texts = ["a pilot of the harbour", "!?", "the pilot", "a pilot of the harbour", "bees and the harbour, the harbour"]
    packed, unpacked = packed_text_vectors(texts), vectors.text_vectors(texts)
    np.testing.assert_array_equal(packed.rows(), unpacked)
    np.testing.assert_array_equal(packed.rows([4, 1, 4]), unpacked[[4, 1, 4]])
    assert packed.rows([]).shape == (0, unpacked.shape[1])
    assert packed_text_vectors([]).rows().shape == (0, 1)
