"""Intervals of the F1 of abstaining: against a search over all pairs of rates, and of runs that are alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import xlog1py, xlogy

from omni_persona_cal import CANONICAL_ABSTENTION, compute, judged_items
from omni_persona_cal.comparison import compare
from omni_persona_cal.rates import Clusters, estimate, t_quantiles, wilson


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
