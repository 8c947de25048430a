"""Intervals of the F1 of abstaining: against a search over all pairs of rates, and of runs that are alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import xlog1py, xlogy

from omni_persona_cal import CANONICAL_ABSTENTION, compute, judged_items
from omni_persona_cal.abstention_f1 import _ends
from omni_persona_cal.comparison import compare
from omni_persona_cal.intervals import intervals
from omni_persona_cal.rates import Clusters, estimate, sum_intervals, t_quantiles, wilson
from omni_persona_cal.scores import rates


def likeliest(n: np.ndarray, observed: np.ndarray, ratio: float, theta: float) -> tuple[float, float, float]:
    """The likeliest TA and FA with TA / (1 + ratio FA) = theta, and how far off they are in standard errors.

    Searched on a grid of FA, with n (two numbers) of independent items each.
    """
    false = np.linspace(0, 1, 200_001)
    true = theta * (1 + ratio * false)
    false, true = false[true <= 1], true[true <= 1]
    log = sum(
        count * (xlogy(seen, one) + xlog1py(1 - seen, -one))
        for count, seen, one in zip(n, observed, (true, false), strict=True)
    )
    best = int(np.argmax(log))
    error = true[best] * (1 - true[best]) / n[0] + (theta * ratio) ** 2 * false[best] * (1 - false[best]) / n[1]
    off = observed[0] - theta * (1 + ratio * observed[1])
    return true[best], false[best], abs(off) / np.sqrt(error)


@pytest.mark.parametrize(
    ("n_true", "n_false"), [(1, 40), (30, 20), (58, 2), (58, 50), (60, 30), (12, 0), (60, 0), (0, 30)]
)
def test_ends_are_those_of_the_likeliest_rates(reference, n_true: int, n_false: int) -> None:
    """Of 60 unanswerable and 80 answerable items, each of its own set. At an end, what was seen is t errors off."""
    kinds = ["absent_persona"] * 60 + ["none"] * 80
    references = [
        reference(i, kind, augmented_id=f"item_{i:03}", source_sample_id=f"s_{i:03}") for i, kind in enumerate(kinds)
    ]
    abstained = [i < n_true or 60 <= i < 60 + n_false for i in range(140)]
    answers = [CANONICAL_ABSTENTION if one else "a harbour pilot" for one in abstained]
    scores = compute(answers, references)
    low, high = scores["intervals"]["abs_f1"]
    assert 0 <= low <= scores["abs_f1"] <= high <= 1
    tops = np.array([[i < n_true, i >= 60 and one] for i, one in enumerate(abstained)], dtype=float)
    bottoms = np.array([[i < 60, i >= 60] for i in range(140)], dtype=float)
    estimates = estimate(tops, bottoms, Clusters((np.arange(140),)))
    n = estimates.n_effective / t_quantiles(0.95, estimates.df) ** 2
    for end in (low, high):
        quotient = end / (2 - end)
        if 1e-9 < quotient < 1 - 1e-9:
            assert likeliest(n, estimates.rate, 80 / 60, quotient)[2] == pytest.approx(1, abs=0.02)
        else:
            assert quotient == pytest.approx(scores["abs_f1"] / (2 - scores["abs_f1"]), abs=1e-6)


def test_without_answerable_items_it_is_a_function_of_one_rate(reference) -> None:
    references = [
        reference(i, "absent_persona", augmented_id=f"item_{i}", source_sample_id=f"s_{i}") for i in range(40)
    ]
    answers = [CANONICAL_ABSTENTION] * 25 + ["baker"] * 15
    right = np.array([[1.0]] * 25 + [[0.0]] * 15)
    ends = np.concatenate(wilson(estimate(right, np.ones_like(right), Clusters((np.arange(40),))), 0.95))
    expected = 2 * ends / (1 + ends)
    assert compute(answers, references)["intervals"]["abs_f1"] == pytest.approx(expected.tolist(), abs=1e-6)


def test_of_runs_that_differ_in_few_items_the_difference_is_small(reference) -> None:
    """The errors of both runs are alike, so that their difference is known better than either."""
    kinds = ["none", "absent_persona"] * 60
    references = [
        reference(i, kind, augmented_id=f"item_{i}", source_sample_id=f"s_{i}") for i, kind in enumerate(kinds)
    ]
    answers = [CANONICAL_ABSTENTION if i % 3 else "baker" for i in range(120)]
    a, _ = judged_items(answers, references)
    b = [replace(item, abstaining=not item.abstaining) if index < 4 else item for index, item in enumerate(a)]
    found = compare(a, b)["scores"]["abs_f1"]
    low, high = found["interval"]
    assert low < found["difference"] < high
    alone = compute(answers, references)["intervals"]["abs_f1"]
    assert high - low < 0.6 * (alone[1] - alone[0])
    low, high = compare(a, a)["scores"]["abs_f1"]["interval"]
    assert high == pytest.approx(-low)


def test_ends_are_found_where_clusters_are_few() -> None:
    """Of 20 unanswerable and 400 answerable items about 6 people, FA varies much, and F1 with it."""
    kinds = ["absent_persona"] * 20 + ["none"] * 400
    tops = np.array([[i < 10, False] for i in range(420)], dtype=float)
    bottoms = np.array([[kind != "none", kind == "none"] for kind in kinds], dtype=float)
    estimates = estimate(tops, bottoms, Clusters((np.arange(420) % 6,)))
    low, high = _ends(estimates, np.array(20.0), 0.95)
    for quotient, end in ((low / (2 - low), 0), (high / (2 - high), 1)):
        ends = sum_intervals(estimates, np.array([[1.0, -20 * quotient]]), 0.95)
        assert ends[end][0] == pytest.approx(quotient, abs=1e-9)


def composites(reference, answers: list[str], n_unjudged: int, score: float) -> tuple[float, float, float]:
    """`composite` and its interval, where right answers have a BERTScore of `score`; every other item is answerable."""
    kinds = ["none", "absent_persona"] * (len(answers) // 2)
    references = [
        reference(i, kind, augmented_id=f"item_{i:03}", source_sample_id=f"s_{i:03}") for i, kind in enumerate(kinds)
    ]
    items, _ = judged_items(answers, references)
    items = [replace(item, bertscore=score if item.verdict == "CORRECT" else 0.7) for item in items]
    unjudged = [item for item in items if item.answerable][:n_unjudged]
    items = [replace(item, verdict="UNJUDGED") if item in unjudged else item for item in items]
    low, high = intervals(items, "guarded", 0.95)[()]["composite"]
    return rates(items)["composite"], low, high


def test_items_without_a_verdict_add_no_variance_to_composite(reference) -> None:
    """Of 100 answerable items 20 have no verdict; which ones is not what the score varies by."""
    answers = ["a harbour pilot", CANONICAL_ABSTENTION] * 80 + ["baker", "baker"] * 20
    value, low, high = composites(reference, answers, 0, 0.9)
    fewer, lower, higher = composites(reference, answers, 20, 0.9)
    assert low < value < high
    assert lower < fewer < higher
    assert higher - lower < 1.3 * (high - low)


def test_composite_of_a_run_without_an_error_is_not_known_to_be_perfect(reference) -> None:
    """Each rate of 60 of 60 may be .94; so may be what depends on them all."""
    answers = ["a harbour pilot", CANONICAL_ABSTENTION] * 60
    for score in (1.0, 0.95):
        value, low, high = composites(reference, answers, 0, score)
        assert 0.02 < value - low < 0.08
        assert value <= high <= 1
