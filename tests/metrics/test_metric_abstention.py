from __future__ import annotations

import pytest

from omni_persona_cal import CANONICAL_ABSTENTION, abstains
from omni_persona_cal.abstention import ABSTENTION_PHRASES


def test_there_are_fourteen_phrases_and_the_canonical_sentence_holds_one() -> None:
    assert len(set(ABSTENTION_PHRASES)) == 14
    assert abstains(CANONICAL_ABSTENTION)


@pytest.mark.parametrize("phrase", ABSTENTION_PHRASES)
def test_each_phrase_is_found_however_it_is_set(phrase: str) -> None:
    assert abstains(phrase)
    assert abstains(f"Sorry: {phrase.upper()}, so it stays open.")
    assert abstains(phrase.replace(" ", " \n\t"))
    assert abstains(phrase.replace("'", "’"))


@pytest.mark.parametrize(
    "prediction",
    ["", "   ", "harbour pilot", "I can determine that.", "cannotdetermine", "They cannot swim."],
)
def test_anything_else_is_an_answer(prediction: str) -> None:
    assert not abstains(prediction)


@pytest.mark.parametrize(
    "prediction",
    [
        "I **cannot** *determine* that.",
        "I can\u00adnot deter\u200bmine that.",
        "I cannot\u00a0determine that.",
        "I _cannot_ `determine` that.",
        "<b>I cannot</b> determine that.",
        "I cannot\u2003determine that.",
        "\ufeffＩ cannot determine that.",
        "I don\u2019t know from these.",
        "I don\u02bct know from these.",
        "Thinking... </think>I cannot determine that.",
    ],
)
def test_markup_and_invisible_characters_hide_nothing(prediction: str) -> None:
    assert abstains(prediction)
