"""Repeats of a model, and comparisons of more than two runs."""

from __future__ import annotations

import math
import random
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_persona_cal import CANONICAL_ABSTENTION, compare, compare_several, compute, compute_repeats, judged_items
from omni_persona_cal.repeats import agreeing, all_of_k, pass_at_k
from omni_persona_cal.several import holm


@given(st.integers(1, 8), st.data())
def test_shares_of_choices_are_those_of_all_choices(n: int, data: st.DataObject) -> None:
    n_right, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    tries = [True] * n_right + [False] * (n - n_right)
    choices = list(combinations(tries, k))
    assert pass_at_k(n, n_right, k) == pytest.approx(sum(map(any, choices)) / len(choices))
    assert all_of_k(n, n_right, k) == pytest.approx(sum(map(all, choices)) / len(choices))
    if n > 1:
        pairs = list(combinations(tries, 2))
        assert agreeing(n_right, n) == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))


def test_by_hand(reference) -> None:
    """Two repeats: one answerable item is right twice and one once; the unanswerable one is abstained from once."""
    references = [reference(0), reference(3), reference(6, "absent_persona")]
    said = [["harbour pilot", "harbour pilot", "baker"], ["harbour pilot", "baker", CANONICAL_ABSTENTION]]
    found = compute_repeats(said, references)
    assert (found["n_repeats"], found["n"], found["judge"]) == (2, 6, "lexical")
    assert (found["ans"], found["unans"], found["cal"]) == (0.75, 0.5, 0.625)
    assert found["each"]["ans"] == [1.0, 0.5]
    assert found["each"]["unans"] == [0.0, 1.0]
    assert [found["pass_at_k"][k]["value"] for k in (1, 2)] == [0.75, 1.0]
    assert [found["abstains_all_of_k"][k]["value"] for k in (1, 2)] == [0.5, 0.0]
    assert found["agreement_by_item"] == {"sample_0__aug_0": 1.0, "sample_1__aug_0": 0.0, "sample_2__aug_0": 0.0}
    assert found["agreement"]["value"] == pytest.approx(1 / 3)
    low, high = found["pass_at_k"][2]["interval"]
    assert low < high == 1


def runs_of(n: int, seed: int, reference: Any, n_runs: int) -> tuple[list, list, list]:
    rng = random.Random(seed)
    references = [reference(i, "none" if i % 2 else "absent_attribute") for i in range(n)]
    said = [[rng.choice(["a", CANONICAL_ABSTENTION]) for _ in range(n)] for _ in range(n_runs)]
    verdicts = [[rng.choice(["CORRECT", "WRONG"]) for _ in range(n)] for _ in range(n_runs)]
    return references, said, verdicts


def test_one_repeat_is_a_run(reference) -> None:
    references, (said,), (verdicts,) = runs_of(60, 1, reference, 1)
    once = compute(said, references, verdicts=verdicts)
    found = compute_repeats([said], references, verdicts=[verdicts])
    for key in ("cal", "ans", "intervals", "by_group", "counts"):
        assert found[key] == once[key]
    assert found["pass_at_k"][1]["value"] == once["ans"]
    assert found["agreement"] == {"value": None, "interval": None, "count": 0}
    assert found["agreement_by_item"] is None


def test_more_repeats_narrow_an_interval_as_far_as_sampling_is_the_cause(reference) -> None:
    def width(found: dict[str, Any]) -> float:
        low, high = found["intervals"]["cal"]
        return high - low

    references, said, verdicts = runs_of(300, 2, reference, 4)
    one, four = (compute_repeats(said[:n], references, verdicts=verdicts[:n]) for n in (1, 4))
    assert width(four) / width(one) == pytest.approx(0.5, abs=0.1)
    # The same answers four times tell no more than once.
    same = compute_repeats(said[:1] * 4, references, verdicts=verdicts[:1] * 4)
    assert width(same) / width(one) == pytest.approx(1, abs=0.05)
    assert same["agreement"]["value"] == 1.0


def test_an_unjudged_answer_takes_its_item_out_of_tries(reference) -> None:
    references = [reference(0), reference(3)]
    found = compute_repeats([["a", "b"], ["a", "b"]], references, verdicts=[["CORRECT"] * 2, ["UNJUDGED", "WRONG"]])
    assert (found["n_unjudged"], found["complete"]) == (1, False)
    assert found["pass_at_k"][2] == {"value": 1.0, "interval": None, "count": 1}
    assert found["agreement_by_item"] == {"sample_1__aug_0": 0.0}


@pytest.mark.parametrize(
    ("said", "verdicts", "message"),
    [
        ([], None, "at least one repeat"),
        ([["a"], []], None, "repeat 1: expected one prediction per reference"),
        ([["a"]], [], "expected verdicts on each of 1 repeats, got 0"),
        ([["a"], ["a"]], [["CORRECT"], ["MAYBE"]], "repeat 1: verdicts"),
    ],
)
def test_repeats_that_cannot_be_scored(reference, said: list, verdicts: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compute_repeats(said, [reference(0)], verdicts=verdicts)


# ---- more than two runs


@given(st.lists(st.none() | st.floats(0, 1), max_size=8))
def test_holm_is_that_of_its_definition(p_values: list[float | None]) -> None:
    corrected = holm(p_values)
    known = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    assert [one is None for one in corrected] == [one is None for one in p_values]
    for rank, (_, index) in enumerate(known):
        before = [p * (len(known) - place) for place, (p, _) in enumerate(known[: rank + 1])]
        assert corrected[index] == pytest.approx(min(1.0, max(before)))


def test_several_runs_are_ranked_and_their_pairs_corrected(reference) -> None:
    references = [reference(i, "none" if i % 2 else "absent_attribute") for i in range(300)]
    rng = random.Random(3)

    def run(rate: float) -> list:
        right = [rng.random() < rate for _ in references]
        said = [
            CANONICAL_ABSTENTION if one and not row["answerable"] else "x"
            for one, row in zip(right, references, strict=True)
        ]
        return judged_items(said, references, verdicts=["CORRECT" if one else "WRONG" for one in right])[0]

    runs = {"low": run(0.3), "high": run(0.8), "also high": run(0.78)}
    found = compare_several(runs)
    assert [one["name"] for one in found["ranking"]][-1] == "low"
    assert {one["name"]: one["tied_with"] for one in found["ranking"]} == {
        "high": ["also high"], "also high": ["high"], "low": [],
    }  # fmt: skip
    assert len(found["pairs"]) == 3
    for pair in found["pairs"]:
        alone = compare(runs[pair["a"]], runs[pair["b"]], n_resamples=0)
        assert pair["p"] == alone["p_cal"]
        assert pair["difference"] == alone["scores"]["cal"]["difference"]
        # Where the interval leaves out zero, and there alone, is the p-value below 5 %.
        low, high = compare(runs[pair["a"]], runs[pair["b"]], n_resamples=1)["scores"]["cal"]["interval"]
        assert (pair["p"] < 0.05) == (low > 0 or high < 0)
    with pytest.raises(ValueError, match="at least two runs"):
        compare_several({"low": runs["low"]})
    with pytest.raises(ValueError, match=r"low \(a\) and high \(b\): expected two runs over the same items"):
        compare_several({"low": runs["low"], "high": runs["high"][1:]})


def test_runs_without_cal_are_tied(reference) -> None:
    items = judged_items(["x"] * 3, [reference(i) for i in range(3)])[0]
    found = compare_several({"a": items, "b": items})
    assert found["pairs"] == [
        {"a": "a", "b": "b", "n_unjudged": 0, "difference": None, "p": None, "p_holm": None, "differ": False}
    ]
    assert math.isclose(found["level"], 0.05)
    assert [one["tied_with"] for one in found["ranking"]] == [["b"], ["a"]]
