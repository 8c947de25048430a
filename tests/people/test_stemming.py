"""Stems and function words are those of the libraries that they are taken from."""

import hypothesis
import hypothesis.strategies as st
import pytest
from nltk.stem import PorterStemmer
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from omni_persona_people.content_words import is_function_word
from omni_persona_people.invent.vocabulary import word_lists
from omni_persona_people.stemming import _DERIVED, _DERIVED_FURTHER, _DROPPED, stem

ENDINGS = [end for rules in (_DERIVED, _DERIVED_FURTHER, _DROPPED) for end, _ in rules]
ENDINGS += ["logi", "sion", "tion", "ed", "ing", "ied", "ies", "s", "ss", "sses", "e", "ll", "y", "eed"]
NLTK = PorterStemmer()


def _texts(node):
    if isinstance(node, str):
        yield node
    else:
        for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from _texts(value)


@pytest.mark.parametrize("name", ["names", "places", "worlds", "pastimes", "sentences"])
def test_words_of_invented_people_have_the_stems_of_nltk(name):
    words = {word.strip(".,!?;:'\"()") for text in _texts(word_lists(name)) for word in text.split()}
    assert len(words) > 100
    assert {word: stem(word) for word in words} == {word: NLTK.stem(word) for word in words}


@hypothesis.settings(max_examples=1500, deadline=None)
@hypothesis.given(
    st.text("abeiouylsztcwxé'Ⅷß", max_size=8), st.lists(st.sampled_from(ENDINGS), max_size=3), st.booleans()
)
def test_any_word_has_the_stem_of_nltk(start, ends, upper):
    word = start + "".join(ends)
    word = word.upper() if upper else word
    assert stem(word) == NLTK.stem(word)


def test_irregular_words_have_the_stems_of_nltk():
    for word in NLTK.pool:
        assert stem(word) == stem(word.title()) == NLTK.stem(word)


def test_function_words_are_those_of_scikit_learn():
    assert all(map(is_function_word, ENGLISH_STOP_WORDS))
    assert not any(map(is_function_word, ("pilot", "harbour", "amoungs", "")))
