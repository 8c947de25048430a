from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_persona_cal.overlap import rouge_l_recall, token_f1


@settings(deadline=None, max_examples=80)
@given(st.text(st.characters(codec="ascii"), max_size=40), st.text(st.characters(codec="ascii"), max_size=40))
def test_rouge_l_is_what_rouge_score_says_of_ascii_text(gold: str, prediction: str) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    expected = RougeScorer(["rougeL"]).score(gold, prediction)["rougeL"].recall
    assert rouge_l_recall(gold, prediction) == expected


@settings(deadline=None, max_examples=80)
@given(st.lists(st.sampled_from("abc"), max_size=90), st.lists(st.sampled_from("abcd"), max_size=120))
def test_rouge_l_of_few_words_that_often_repeat(gold: list[str], prediction: list[str]) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    texts = " ".join(gold), " ".join(prediction)
    assert rouge_l_recall(*texts) == RougeScorer(["rougeL"]).score(*texts)["rougeL"].recall


def test_letters_beyond_ascii_count() -> None:
    assert rouge_l_recall("Café Ærø", "at the café ærø") == 1.0
    assert token_f1("Ærø", "ærø") == 1.0


@pytest.mark.parametrize(
    ("gold", "prediction", "f1"),
    [
        ("a b", "a b", 1.0),
        ("a b", "b a", 1.0),
        ("a a b", "a b b", 2 / 3),
        ("a", "a b c", 1 / 2),
        ("a", "b", 0.0),
        ("a", "", 0.0),
        ("...", "...", 0.0),
    ],
)
def test_token_f1(gold: str, prediction: str, f1: float) -> None:
    assert token_f1(gold, prediction) == pytest.approx(f1, rel=0, abs=1e-15)
