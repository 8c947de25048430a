from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omni_persona_cal
from omni_persona_cal import CANONICAL_ABSTENTION, abstains, abstains_judged, compute
from omni_persona_cal.abstention import ABSTENTION_PHRASES, folded


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


def folded_letter_by_letter(text: str) -> str:
    """The definition, one character after another."""
    straight = ["'" if letter in "‘’ʼ´＇" else letter for letter in text]
    visible = "".join(letter for letter in straight if unicodedata.category(letter) != "Cf")
    bare = re.sub(r"</?[a-z][^<>]{0,80}>|[*_~#`\\]+", "", visible, flags=re.IGNORECASE)
    return " ".join(unicodedata.normalize("NFKC", bare).lower().split())


@given(st.text(alphabet=st.one_of(st.sampled_from("a<b>/*_ \n'’´\u00ad\u200b\ufeffＩﬁ"), st.characters()), max_size=80))
def test_normal_form_is_the_same_letter_by_letter(text: str) -> None:
    assert folded(text) == folded_letter_by_letter(text)
    ascii_only = text.encode("ascii", "ignore").decode()
    assert folded(ascii_only) == folded_letter_by_letter(ascii_only)


TEXTS = [
    json.loads(line)
    for line in (Path(__file__).parent / "abstention_texts.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize(("part", "n"), [("development", 310), ("held_out", 50), ("later", 217)])
def test_abstaining_in_other_words_is_found_as_the_card_says(part: str, n: int) -> None:
    texts = [text for text in TEXTS if text["part"] == part]
    assert len({text["text"] for text in texts}) == n
    said = [(abstains_judged(text["text"]), text["abstains"]) for text in texts]
    hits = said.count((True, True))
    precision, recall = hits / sum(found for found, _ in said), hits / sum(true for _, true in said)
    assert precision >= 0.98
    assert recall >= 0.9
    card = Path(omni_persona_cal.__file__).with_name("README.md").read_text(encoding="utf-8")
    assert f"precision {precision:.3f} and recall {recall:.3f}" in " ".join(card.replace("*", "").split())
    assert sum(abstains(text["text"]) for text in texts if text["abstains"]) < len(texts) / 20


def test_the_rates_by_either_rule_stand_beside_each_other(reference) -> None:
    references = [reference(0), reference(1), reference(2, "absent_persona"), reference(3, "absent_persona")]
    said = ["A harbour pilot.", "I don't know.", "No idea.", CANONICAL_ABSTENTION]
    scores = compute(said, references, n_resamples=0)
    assert (scores["ta"], scores["ta_judged"]) == (0.5, 1.0)
    assert (scores["ans"], scores["ans_judged"]) == (0.5, 0.5)
    assert (scores["cal"], scores["cal_judged"]) == (0.5, 0.75)
    assert scores["n_phrased_otherwise"] == 2
    assert scores["by_absence"]["absent_persona"]["n_phrased_otherwise"] == 1
    # An answer that merely mentions what it does not know is an answer to this rule.
    verdicts = ["CORRECT", "WRONG", None, None]
    said[0] = "I cannot identify the tune, but she is a harbour pilot."
    scores = compute(said, references, verdicts=verdicts, n_resamples=0)
    assert (scores["ans"], scores["ans_judged"]) == (0.0, 0.5)
