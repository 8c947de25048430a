from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_persona_cal import judge_agreement, judged_items, overlap_check

verdicts = st.sampled_from(["CORRECT", "WRONG", "UNJUDGED", None])


def test_kappa_by_hand() -> None:
    # 20 both correct, 5 only a, 10 only b, 15 both wrong: observed 0.7, by chance 0.5.
    a = ["CORRECT"] * 25 + ["WRONG"] * 25
    b = ["CORRECT"] * 20 + ["WRONG"] * 5 + ["CORRECT"] * 10 + ["WRONG"] * 15
    result = judge_agreement(a, b, n_resamples=2000)
    assert (result["both_correct"], result["only_a_correct"]) == (20, 5)
    assert (result["only_b_correct"], result["both_wrong"]) == (10, 15)
    assert result["agreement"] == 0.7
    assert result["kappa"] == pytest.approx(0.4, abs=1e-15)
    low, high = result["interval"]
    # The delta method gives a standard error of 0.127.
    assert (low, high) == pytest.approx((0.4 - 1.96 * 0.127, 0.4 + 1.96 * 0.127), abs=0.04)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(verdicts, verdicts), max_size=20))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    from sklearn.metrics import cohen_kappa_score

    a, b = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    result = judge_agreement(a, b, n_resamples=20)
    kept = [pair for pair in pairs if set(pair) <= {"CORRECT", "WRONG"}]
    assert (result["n"], result["n_left_out"]) == (len(kept), len(pairs) - len(kept))
    if len({word for pair in kept for word in pair}) < 2:
        assert result["kappa"] is None
        assert result["interval"] is None
    else:
        ours, theirs = zip(*kept, strict=True)
        assert result["kappa"] == pytest.approx(cohen_kappa_score(ours, theirs), abs=1e-12)
        # None where kappa is the same in all resamples: one pair, or pairs that make it 0 or 1 however often they come.
        assert result["interval"] is None or result["interval"][0] < result["interval"][1]


def test_verdicts_that_share_a_source_are_resampled_together() -> None:
    rng = random.Random(0)
    by_source = [rng.choice([("CORRECT", "CORRECT"), ("WRONG", "WRONG"), ("CORRECT", "WRONG")]) for _ in range(100)]
    a, b = zip(*(pair for pair in by_source for _ in range(3)), strict=True)
    sources = [f"sample_{i // 3}" for i in range(300)]
    apart, together = judge_agreement(a, b)["interval"], judge_agreement(a, b, sources)["interval"]
    assert together[1] - together[0] > 1.2 * (apart[1] - apart[0])


@pytest.mark.parametrize(
    ("a", "b", "sources", "message"),
    [
        (["CORRECT"], [], None, "expected as many verdicts of both judges, got 1 and 0"),
        (["CORRECT"], ["INCORRECT"], None, "verdicts_b[0]: expected one of CORRECT, WRONG, UNJUDGED"),
        (["CORRECT"], ["WRONG"], [], "expected one source per verdict, 1, got 0"),
    ],
)
def test_bad_verdicts_are_named(a: list, b: list, sources: list | None, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        judge_agreement(a, b, sources)


def test_overlap_is_higher_among_correct_answers_of_an_honest_judge(reference) -> None:
    references = [reference(i) for i in range(8)] + [reference(8, "absent_persona")]
    predictions = ["a harbour pilot", "harbour pilot", "pilot", "baker"] * 2 + ["x"]
    honest = ["CORRECT", "CORRECT", "WRONG", "WRONG"] * 2 + [None]
    result = overlap_check(judged_items(predictions, references, verdicts=honest)[0], n_resamples=500)
    assert (result["n_correct"], result["n_wrong"], result["n_unjudged"], result["holds"]) == (4, 4, 0, True)
    assert result["rouge_l"]["correct"] == 1.0
    assert result["rouge_l"]["wrong"] == 0.25
    assert result["token_f1"]["difference"] == pytest.approx((0.8 + 1) / 2 - (2 / 3 + 0) / 2)
    low, high = result["rouge_l"]["interval"]
    assert 0 < low <= 0.75 <= high

    reverse = ["WRONG", "WRONG", "CORRECT", "CORRECT"] * 2 + [None]
    assert overlap_check(judged_items(predictions, references, verdicts=reverse)[0], n_resamples=0)["holds"] is False


def test_overlap_check_without_one_of_the_kinds(reference) -> None:
    items = judged_items(["x", "y"], [reference(0), reference(1)], verdicts=["CORRECT", "UNJUDGED"])[0]
    result = overlap_check(items)
    assert (result["holds"], result["n_unjudged"]) == (None, 1)
    assert result["rouge_l"] == {"correct": 0.0, "wrong": None, "difference": None, "interval": None}
