"""Scores of single cases, by hand arithmetic."""

from __future__ import annotations

import math

import pytest
from score_cases import ABSENCES, RATES, assert_close, compute

from omni_persona_cal import CANONICAL_ABSTENTION

BY_HAND = {
    "judge": "given",
    "protocol": "guarded",
    "interval": None,
    "n": 7,
    "n_answerable": 4,
    "n_unanswerable": 3,
    "n_unjudged": 1,
    "n_source_samples": 3,
    "complete": False,
    "ans": 1 / 3,
    "ans_guarded": 1 / 3,
    "ans_unguarded": 2 / 3,
    "unans": 2 / 3,
    "ta": 2 / 3,
    "cal": 1 / 2,
    "cal_mean": 1 / 2,
    "cal_weighted": (1 + 2) / (3 + 3),
    "ans_judged": 2 / 3,
    "ta_judged": 2 / 3,
    "cal_judged": 2 / 3,
    "n_phrased_otherwise": 0,
    "one_minus_fa": 3 / 4,
    "false_abstention_rate": 1 / 4,
    "hallucination_rate": 1 / 3,
    "bertscore": None,
    "composite": None,
    "audio_visual_gap": 1 - 0,
    "abstention_avg": (3 / 4 + 2 / 3) / 2,
    "abs_f1": 2 * 2 / (2 * 2 + 1 + 1),
    "rouge_l": (1 + 1 + 0 + 1 / 2) / 4,
    "token_f1": (4 / 5 + 4 / 10 + 0 + 2 / 3) / 4,
    "mean_len": (3 + 8 + 1 + 1 + 8 + 1 + 3) / 7,
    "inconsistent": False,
}
"""The scores of the example below."""


def test_hand_computed_example(reference) -> None:
    references = [
        reference(0, group="I2I"),
        reference(1, group="A2A"),
        reference(2, group="A2A"),
        reference(3, group="T2T"),
        reference(4, "absent_persona", group="I2I"),
        reference(5, "absent_attribute", group="T2T"),
        reference(6, "absent_attribute", group="T2Any"),
    ]
    predictions = [
        "a harbour pilot",
        "harbour pilot, but I cannot identify the voice",
        "baker",
        "pilot",
        CANONICAL_ABSTENTION,
        "baker",
        "Not enough  information.",
    ]
    verdicts = ["CORRECT", "CORRECT", "WRONG", "UNJUDGED", None, None, None]
    scores = compute(predictions, references, verdicts=verdicts)
    assert_close(scores, BY_HAND)
    assert set(scores) == {*BY_HAND, "counts", "null_because", "by_group", "by_task", "by_absence"}
    assert scores["by_group"]["T2T"]["null_because"]["ans"] == "no answerable items with a verdict"
    assert scores["by_absence"]["none"]["null_because"]["cal"] == "no unanswerable items"
    assert scores["null_because"]["composite"] == "BERTScore was not requested"
    assert scores["by_group"]["T2T"]["ans"] is None
    assert scores["by_group"]["T2T"]["cal"] is None
    assert scores["by_group"]["T2T"]["unans"] == 0.0
    assert scores["by_group"]["T2Any"]["one_minus_fa"] is None
    assert scores["by_absence"]["none"]["unans"] is None
    assert scores["by_absence"]["none"]["abs_f1"] is None
    assert scores["by_absence"]["absent_persona"]["ans"] is None


def test_always_abstaining_scores_exactly_one_half(reference) -> None:
    references = [reference(i, ABSENCES[i % 3]) for i in range(9)]
    scores = compute([CANONICAL_ABSTENTION] * 9, references)
    assert (scores["ans"], scores["ta"], scores["cal"]) == (0.0, 1.0, 0.5)
    assert (scores["one_minus_fa"], scores["abstention_avg"]) == (0.0, 0.5)


def test_always_right_scores_one(reference) -> None:
    references = [reference(i, ABSENCES[i % 3]) for i in range(9)]
    predictions = [row["gold_answer"] or CANONICAL_ABSTENTION for row in references]
    scores = compute(predictions, references)
    assert scores["judge"] == "lexical"
    assert all(scores[key] == 1.0 for key in RATES if key not in ("false_abstention_rate", "hallucination_rate"))
    assert scores["false_abstention_rate"] == scores["hallucination_rate"] == 0.0


@pytest.mark.parametrize("n_answerable", [1, 3, 7])
def test_a_flipped_verdict_moves_ans_by_its_share(reference, n_answerable: int) -> None:
    references = [reference(i) for i in range(n_answerable)] + [reference(50, "absent_persona")]
    verdicts = ["WRONG"] * len(references)
    before = compute(["x"] * len(references), references, verdicts=verdicts)["ans"]
    verdicts[0] = "CORRECT"
    after = compute(["x"] * len(references), references, verdicts=verdicts)["ans"]
    assert after - before == pytest.approx(1 / n_answerable, rel=0, abs=1e-12)


def test_a_judge_that_never_answers_gives_no_score_rather_than_zero(reference) -> None:
    references = [reference(0), reference(1), reference(2, "absent_persona")]
    scores = compute(["x", "y", CANONICAL_ABSTENTION], references, verdicts=["UNJUDGED", "UNJUDGED", None])
    assert (scores["ans"], scores["cal"], scores["n_unjudged"]) == (None, None, 2)
    assert (scores["one_minus_fa"], scores["ta"]) == (1.0, 1.0)


def test_a_judge_that_calls_abstentions_correct_is_inconsistent(reference) -> None:
    references = [reference(0), reference(1)]
    predictions = [CANONICAL_ABSTENTION, "harbour pilot"]
    honest = compute(predictions, references, verdicts=["WRONG", "CORRECT"])
    assert honest["inconsistent"] is False
    flattering = compute(predictions, references, verdicts=["CORRECT", "CORRECT"])
    assert flattering["inconsistent"] is True
    assert flattering["ans_unguarded"] > flattering["one_minus_fa"]
    assert flattering["ans"] == 0.5
    # The abstention is unjudged: 1/1 correct is over another set of items than 1/2 not abstaining.
    assert compute(predictions, references, verdicts=["UNJUDGED", "CORRECT"])["inconsistent"] is False


def test_scores_are_exact_on_many_items(reference) -> None:
    references = [reference(i) for i in range(750)]
    scores = compute(["harbour " * (i % 7) for i in range(750)], references)
    assert scores["mean_len"] == math.fsum(i % 7 for i in range(750)) / 750


def test_composite_is_the_mean_of_nine(reference, monkeypatch: pytest.MonkeyPatch) -> None:
    def stub(pairs: list[tuple[str, str]], model: str) -> list[float]:
        assert model == "encoder"
        return [0.5 + 0.25 * (gold == prediction) for gold, prediction in pairs]

    monkeypatch.setattr("omni_persona_cal.bertscore.bertscores", stub)
    references = [reference(0), reference(1), reference(2, "absent_persona")]
    predictions = ["harbour pilot", "baker", CANONICAL_ABSTENTION]
    scores = compute(predictions, references, bertscore={"model": "encoder"})
    assert scores["bertscore"] == 0.625
    assert scores["counts"]["bertscore"] == 2
    nine = (
        scores[key]
        for key in ("cal", "ans", "unans", "abs_f1", "rouge_l", "token_f1", "bertscore", "one_minus_fa", "ta")
    )
    assert scores["composite"] == pytest.approx(math.fsum(nine) / 9, rel=0, abs=1e-15)
    assert scores["by_group"]["A2A"]["null_because"]["composite"] == "no items"
    assert scores["by_absence"]["absent_persona"]["bertscore"] is None
