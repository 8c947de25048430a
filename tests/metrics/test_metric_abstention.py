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


PARTS = ("development", "held_out", "later", "styles", "second", "third", "unseen", "figures", "fresh")


def precision_and_recall(part: str) -> tuple[float, float, int]:
    texts = [text for text in TEXTS if text["part"] == part]
    said = [(abstains_judged(text["text"]), text["abstains"]) for text in texts]
    hits = said.count((True, True))
    return hits / sum(found for found, _ in said), hits / sum(true for _, true in said), len(texts)


def test_no_text_stands_in_two_parts() -> None:
    assert len({text["text"] for text in TEXTS}) == len(TEXTS)
    assert {text["part"] for text in TEXTS} == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_abstaining_in_other_words_is_found_as_the_card_says(part: str) -> None:
    precision, recall, n = precision_and_recall(part)
    assert precision >= 0.98
    assert recall >= 0.9
    card = Path(omni_persona_cal.__file__).with_name("README.md").read_text(encoding="utf-8")
    row = next(line for line in card.splitlines() if line.startswith(f"| `{part}` |"))
    assert row.split(" | ")[1:2] + row.rstrip(" |").split(" | ")[-2:] == [f"{n}", f"{precision:.3f}", f"{recall:.3f}"]


def test_the_papers_phrases_find_few_of_them() -> None:
    abstaining = [text["text"] for text in TEXTS if text["abstains"]]
    assert sum(abstains(text) for text in abstaining) < len(abstaining) / 20


@pytest.mark.parametrize(
    "text", ["I don't know who this is.", "None of the four match.", "The notes don't mention her hobby."]
)
@pytest.mark.parametrize(
    "change", [str.upper, lambda text: text.replace("'", "\u2019"), lambda text: text.replace("'", "")]
)
def test_letters_and_apostrophes_do_not_matter(text, change) -> None:
    assert abstains_judged(change(text))
    assert not abstains_judged(change(text) + " But it's the baker, I think.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"answer": null}', True),
        ('{"answer": "unknown"}', True),
        ('{"person": "unknown", "answer": "curling"}', False),
        ('{"reason": "No match.", "final_answer": "a baker"}', False),
        ('{"answer": ["a baker"]}', False),
        ('"I don\'t know."', True),
        ('"I don\'t know where the road goes."', False),
        ("Memory 1: no match. Final answer: a baker", False),
        ("The voice is that of the baker. Final answer: not mentioned", True),
        ("{" * 5000, False),
        ("", False),
    ],
)
def test_objects_quotations_and_conclusions(text: str, expected: bool) -> None:
    assert abstains_judged(text) is expected


@pytest.mark.parametrize(
    "gold",
    [
        "a lighthouse keeper",
        "at the edge of a meadow after a long day",
        "INFP",
        "not a fan of noise",
        "adopted a one-eyed cat without telling anybody",
        "recording birdsong in the evenings",
    ],
)
@pytest.mark.parametrize("hedge", ["{}", "I'm not sure, but {}.", "Not certain, {}.", "{} (not sure)", "Perhaps {}?",
                                   "There's no photo, but the note says {}.", "I can't make out the face; {}.",
                                   "None of the others match; the third one does: {}."])  # fmt: skip
def test_hedged_answers_are_answers(gold: str, hedge: str) -> None:
    assert not abstains_judged(hedge.format(gold))


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
