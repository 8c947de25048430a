from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_persona_cal import CANONICAL_ABSTENTION, compare, compute, detectable_difference, judged_items
from omni_persona_cal.bootstrap import percentile_intervals, resampled_totals, source_sums
from omni_persona_cal.comparison import mcnemar

ABSENCES = ["none", "absent_persona", "absent_attribute"]


@pytest.fixture
def run(reference) -> Callable[..., tuple[list, list, list]]:
    """Predictions, references and verdicts of `n` items, three to a source, at random."""

    def make(n: int, seed: int, unjudged: float = 0.0) -> tuple[list, list, list]:
        rng = random.Random(seed)
        references = [
            reference(
                i,
                random.Random(i).choice(["none", *ABSENCES]),
                group=["I2I", "A2A", "T2T", "T2Any"][i % 4],
                task=f"task_{i % 18}",
            )
            for i in range(n)
        ]
        predictions = [rng.choice(["a harbour pilot", "baker", CANONICAL_ABSTENTION]) for _ in range(n)]
        verdicts = ["UNJUDGED" if rng.random() < unjudged else rng.choice(["CORRECT", "WRONG"]) for _ in range(n)]
        return predictions, references, verdicts

    return make


def parts(scores: dict[str, Any]) -> list[dict[str, Any]]:
    return [scores, *(part for kind in ("by_group", "by_task", "by_absence") for part in scores[kind].values())]


def test_source_sums_and_totals_by_hand() -> None:
    sums = source_sums(["b", "a", "b"], np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]]))
    assert sums.tolist() == [[10.0, 20.0], [101.0, 202.0]]
    totals = resampled_totals(sums, 500, np.random.default_rng(0))
    assert {tuple(row) for row in totals} == {(20.0, 40.0), (111.0, 222.0), (202.0, 404.0)}
    # Twice one source has probability 1/4 each, both of them 1/2.
    assert 200 < (totals[:, 0] == 111).sum() < 300


def test_percentiles_pass_over_what_does_not_exist() -> None:
    nan = math.nan
    values = np.array([[1.0, nan, nan], [2.0, 5.0, nan], [3.0, nan, nan]])
    assert percentile_intervals(values, 0.5) == [(1.5, 2.5), (5.0, 5.0), None]


def test_intervals_agree_with_a_loop_that_draws_sources(run) -> None:
    predictions, references, verdicts = run(240, 1)
    scores = compute(predictions, references, verdicts=verdicts, n_resamples=4000)
    by_source: dict[str, list[int]] = {}
    for index, reference in enumerate(references):
        by_source.setdefault(reference["source_sample_id"], []).append(index)
    sources, rng = list(by_source), random.Random(5)
    ans, cal = [], []
    for _ in range(4000):
        n_a = n_u = right = refused = 0
        for source in rng.choices(sources, k=len(sources)):
            for index in by_source[source]:
                abstaining = predictions[index] == CANONICAL_ABSTENTION
                if references[index]["answerable"]:
                    n_a += 1
                    right += verdicts[index] == "CORRECT" and not abstaining
                else:
                    n_u += 1
                    refused += abstaining
        ans.append(right / n_a)
        cal.append((right / n_a + refused / n_u) / 2)
    for name, values in (("ans", ans), ("cal", cal)):
        low, high = np.percentile(values, (2.5, 97.5))
        # The two loops draw differently: 4000 draws leave an end uncertain by about 0.2 points.
        assert scores["intervals"][name] == pytest.approx([low, high], abs=0.006), name
        assert low < scores[name] < high


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 9), st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 1.0]))
def test_never_nan_and_never_of_no_width_however_small(n: int, seed: int, unjudged: float) -> None:
    rng = random.Random(seed)
    references = [
        {
            "augmented_id": f"item_{i}",
            "source_sample_id": f"sample_{i // 3}",
            "group": rng.choice(["I2I", "A2A", "T2T", "T2Any"]),
            "task": rng.choice(["bio", "image"]),
            "absence": (absence := rng.choice(ABSENCES)),
            "gold_answer": "harbour pilot",
            "answerable": absence == "none",
        }
        for i in range(n)
    ]
    predictions = [rng.choice(["a harbour pilot", "", CANONICAL_ABSTENTION]) for _ in range(n)]
    verdicts = ["UNJUDGED" if rng.random() < unjudged else "CORRECT" for _ in range(n)]
    scores = compute(predictions, references, verdicts=verdicts, n_resamples=50)
    for part in parts(scores):
        for name, pair in part["intervals"].items():
            assert pair is None or part[name] is not None
            if pair is not None:
                assert all(math.isfinite(end) for end in pair)
                assert pair[0] < pair[1]
                assert part["n_source_samples"] > 1
    for part in parts(scores)[1:]:
        assert set(part["intervals"].values()) == {None}, "a slice of so few items has no interval"
    for name, kind in (("one_minus_fa", True), ("unans", False)):
        sources = {one["source_sample_id"] for one in references if one["answerable"] == kind}
        assert (scores["intervals"][name] is None) == (len(sources) < 2)


def test_items_in_another_order_have_the_same_intervals(run) -> None:
    rows = list(zip(*run(60, 2, unjudged=0.2), strict=True))
    columns = [list(column) for column in zip(*rows, strict=True)]
    before = compute(columns[0], columns[1], verdicts=columns[2], n_resamples=300)
    random.Random(3).shuffle(rows)
    columns = [list(column) for column in zip(*rows, strict=True)]
    assert compute(columns[0], columns[1], verdicts=columns[2], n_resamples=300) == before


def test_confidence_is_followed_and_reported(run) -> None:
    predictions, references, verdicts = run(90, 4)

    def width(**options: Any) -> tuple[float, list]:
        scores = compute(predictions, references, verdicts=verdicts, **options)
        low, high = scores["intervals"]["cal"]
        return high - low, [low, high]

    counts = (sum(one["answerable"] for one in references), sum(not one["answerable"] for one in references), 30)
    assert width(seed=1, n_resamples=7) == width()
    assert width(confidence=0.5)[0] < width()[0] < width(confidence=0.99)[0]
    interval = compute(predictions, references, verdicts=verdicts, confidence=0.9)["interval"]
    assert "score intervals" in interval.pop("method")
    assert interval.pop("detectable_cal") == detectable_difference(*counts)
    assert interval == {"over": "source samples", "n_people": None, "confidence": 0.9}


def test_sources_not_items_are_resampled(reference) -> None:
    """Three items that stand and fall together are one piece of evidence: the interval is wider by about sqrt 3."""

    def interval(source: Callable[[int], str]) -> float:
        references = [reference(i, augmented_id=f"item_{i}", source_sample_id=source(i)) for i in range(300)]
        verdicts = ["CORRECT" if (i // 3) % 2 else "WRONG" for i in range(300)]
        low, high = compute(["x"] * 300, references, verdicts=verdicts)["intervals"]["ans"]
        return high - low

    ratio = interval(lambda i: f"sample_{i // 3}") / interval(lambda i: f"sample_{i}")
    assert ratio == pytest.approx(math.sqrt(3), rel=0.05)


def test_people_who_stand_behind_many_sources_are_taken_together(reference) -> None:
    """Ten sources about one person that stand and fall together: the interval is wider by about sqrt 10."""

    def scored(**person: Callable[[int], Any]) -> dict[str, Any]:
        references = [
            reference(i, augmented_id=f"item_{i}", source_sample_id=f"sample_{i}")
            | {key: of(i) for key, of in person.items()}
            for i in range(1000)
        ]
        verdicts = ["CORRECT" if (i // 10) % 2 else "WRONG" for i in range(1000)]
        return compute(["x"] * 1000, references, verdicts=verdicts)

    def width(scores: dict[str, Any]) -> float:
        low, high = scores["intervals"]["ans"]
        return high - low

    by_person = scored(person=lambda i: f"p{i // 10}")
    assert width(by_person) / width(scored()) == pytest.approx(math.sqrt(10), rel=0.05)
    assert (by_person["interval"]["over"], by_person["interval"]["n_people"]) == (
        "source samples and the people they ask about",
        100,
    )
    # Where the person of one item is not known, people cannot be taken together.
    unknown = scored(person=lambda i: f"p{i // 10}" if i else None)
    assert width(unknown) == width(scored())
    assert unknown["interval"]["n_people"] is None


def test_source_samples_that_ask_about_several_people_cross_with_people(reference) -> None:
    """Items that stand and fall by source in one half and by person in the other: both count."""
    rng = random.Random(4)
    by_source, by_person = ([rng.random() < 0.5 for _ in range(30)] for _ in range(2))
    rows = [(source, person) for source in range(30) for person in range(30)]
    references = [
        reference(i, augmented_id=f"item_{i}", source_sample_id=f"sample_{source}") | {"person": f"p{person}"}
        for i, (source, person) in enumerate(rows)
    ]
    right = [by_source[source] if rng.random() < 0.5 else by_person[person] for source, person in rows]
    verdicts = ["CORRECT" if one else "WRONG" for one in right]
    bare = [{key: value for key, value in one.items() if key != "person"} for one in references]
    widths = []
    for known in (references, bare):
        low, high = compute(["x"] * 900, known, verdicts=verdicts)["intervals"]["ans"]
        widths.append(high - low)
    assert widths[0] / widths[1] == pytest.approx(math.sqrt(2), rel=0.25)


def test_without_resamples_there_are_no_intervals(run) -> None:
    predictions, references, verdicts = run(9, 1)
    scores = compute(predictions, references, verdicts=verdicts, n_resamples=0)
    assert scores["interval"] is None
    assert not any("intervals" in part for part in parts(scores))


# ---- two runs


def judged(predictions: list, references: list, verdicts: list) -> list:
    return judged_items(predictions, references, verdicts=verdicts)[0]


def test_a_run_does_not_differ_from_itself(run) -> None:
    items = judged(*run(90, 1, unjudged=0.1))
    result = compare(items, items[::-1], n_resamples=200)
    for name, row in result["scores"].items():
        if row["difference"] is not None:
            assert row["difference"] == 0.0
            if row["interval"] is None:  # lengths do not vary, and groups are small
                assert name in ("mean_len", "audio_visual_gap")
                continue
            # Answers that are alike in 90 items do not show that all answers would be.
            low, high = row["interval"]
            assert low < 0 < high
    assert result["p_cal"] == 1.0
    assert result["mcnemar"]["all"]["p"] == 1.0
    assert result["n_unjudged"] > 0


@pytest.mark.slow
def test_the_p_value_of_cal_is_where_the_end_of_its_interval_is_zero(run) -> None:
    seen = set()
    for seed in range(2, 8):
        predictions, references, verdicts = run(120, 1)
        others, _, other_verdicts = run(120, seed)
        a, b = judged(predictions, references, verdicts), judged(others, references, other_verdicts)
        p = compare(a, b)["p_cal"]
        row = compare(a, b, confidence=1 - p)["scores"]["cal"]
        assert min(map(abs, row["interval"])) < 1e-6
        assert compare(b, a)["p_cal"] == pytest.approx(p, rel=1e-6)
        seen.add(row["difference"] > 0)
    assert seen == {True, False}
    assert compare(judged(["x"] * 120, references, ["WRONG"] * 120), a)["p_cal"] < 1e-6


def test_differences_are_those_of_the_scores_and_swapping_turns_them_round(run) -> None:
    predictions, references, verdicts = run(120, 1)
    others, _, other_verdicts = run(120, 2)
    a, b = judged(predictions, references, verdicts), judged(others, references, other_verdicts)
    scores_a = compute(predictions, references, verdicts=verdicts, n_resamples=0, protocol="v2.2")
    scores_b = compute(others, references, verdicts=other_verdicts, n_resamples=0, protocol="v2.2")
    forth, back = compare(a, b, protocol="v2.2"), compare(b, a, protocol="v2.2")
    for place in ((), ("by_group", "I2I"), ("by_task", "task_3"), ("by_absence", "absent_persona")):
        ours, theirs, there, here = scores_a, scores_b, forth, back
        for name in place:
            ours, theirs, there, here = ours[name], theirs[name], there[name], here[name]
        for name, row in (there if place else there["scores"]).items():
            assert (row["a"], row["b"]) == (ours[name], theirs[name])
            turned = (here if place else here["scores"])[name]
            assert turned["difference"] == (None if row["difference"] is None else -row["difference"])
            if row["difference"] is None:
                assert row["interval"] is None
            elif row["interval"] is None:
                if name == "audio_visual_gap":  # of 15 and 15 items
                    continue
                assert place, "all items have intervals, however few they are"
                assert min(row["count"], there["ans"]["count"], there["unans"]["count"]) < 30
            else:
                low, high = row["interval"]
                assert low <= row["difference"] <= high
                assert turned["interval"] == pytest.approx([-high, -low], abs=1e-9)
    one, other = forth["mcnemar"]["all"], back["mcnemar"]["all"]
    assert (one["n_only_a"], one["n_only_b"], one["p"]) == (other["n_only_b"], other["n_only_a"], other["p"])
    assert sum(one[key] for key in ("n_both", "n_only_a", "n_only_b", "n_neither")) == 120


def test_the_interval_is_paired(reference) -> None:
    """Two runs that differ in one item of 300 have a narrow difference, however uncertain each of them is."""
    references = [reference(i) for i in range(300)]
    verdicts = ["CORRECT" if i % 2 else "WRONG" for i in range(300)]
    better = ["CORRECT", *verdicts[1:]]
    row = compare(judged(["x"] * 300, references, verdicts), judged(["x"] * 300, references, better))["scores"]["ans"]
    assert row["difference"] == pytest.approx(1 / 300)
    # One item is no proof of a difference, and no more than a few in 300 can be behind it.
    assert -0.014 < row["interval"][0] < 0 < row["interval"][1] < 0.021


def test_an_item_unjudged_in_one_run_counts_in_neither(reference) -> None:
    references = [reference(i) for i in range(4)]
    a = judged(["x"] * 4, references, ["CORRECT", "CORRECT", "WRONG", "UNJUDGED"])
    b = judged(["x"] * 4, references, ["UNJUDGED", "CORRECT", "CORRECT", "CORRECT"])
    result = compare(a, b, n_resamples=0)
    assert result["n_unjudged"] == 2
    assert result["scores"]["ans"] == {"a": 0.5, "b": 1.0, "difference": 0.5, "interval": None, "count": 2}
    assert result["mcnemar"]["all"] == {"n_both": 1, "n_only_a": 0, "n_only_b": 1, "n_neither": 0, "p": 1.0}


def test_mcnemar_counts_right_by_the_protocol(reference) -> None:
    references = [reference(0), reference(1, "absent_persona")]
    a = judged(["harbour pilot, though I cannot identify the voice", "baker"], references, ["CORRECT", None])
    b = judged(["baker", CANONICAL_ABSTENTION], references, ["WRONG", None])
    assert compare(a, b, n_resamples=0)["mcnemar"]["answerable"]["n_only_a"] == 0
    paper = compare(a, b, n_resamples=0, protocol="paper")["mcnemar"]
    assert (paper["answerable"]["n_only_a"], paper["unanswerable"]["n_only_b"]) == (1, 1)


@pytest.mark.parametrize(("a", "b"), [(0, 0), (1, 0), (3, 3), (2, 9), (0, 40), (150, 211), (900, 1100)])
def test_mcnemar_is_the_exact_binomial_test(a: int, b: int) -> None:
    from scipy.stats import binomtest

    expected = binomtest(a, a + b).pvalue if a + b else 1.0
    assert mcnemar(a, b) == pytest.approx(expected, rel=1e-12)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_fraction_to_the_last_digit(a: int, b: int) -> None:
    tail = sum(Fraction(math.comb(a + b, k), 2 ** (a + b)) for k in range(min(a, b) + 1))
    assert mcnemar(a, b) == float(min(Fraction(1), 2 * tail))


def test_mcnemar_of_12000_items() -> None:
    assert mcnemar(6000, 6000) == 1.0
    assert 0 < mcnemar(5800, 6200) < mcnemar(5900, 6100) < 1


def test_runs_over_different_items_are_refused(reference) -> None:
    references = [reference(i) for i in range(3)]
    a = judged(["x"] * 3, references, ["CORRECT"] * 3)
    with pytest.raises(ValueError, match=re.escape("1 only in a (such as sample_0__aug_2)")):
        compare(a, a[:2])
    with pytest.raises(ValueError, match=re.escape("expected each item once in run b, got sample_0__aug_0 twice")):
        compare(a, [*a, a[0]])
    with pytest.raises(ValueError, match="at least one item"):
        compare([], [])
    for changes in ({"gold_answer": "baker"}, {"group": "T2T"}, {"source_sample_id": "sample_9"}):
        b = judged(["x"] * 3, [reference(0, **changes), *references[1:]], ["CORRECT"] * 3)
        with pytest.raises(ValueError, match=f"another {next(iter(changes))} of sample_0__aug_0"):
            compare(a, b)
