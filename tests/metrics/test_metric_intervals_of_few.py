"""Intervals of few items: which slices have one, and how wide those of overlaps are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student

from omni_persona_cal import CANONICAL_ABSTENTION, compute, judged_items
from omni_persona_cal.comparison import compare as compare_runs
from omni_persona_cal.few import too_few_exceptions
from omni_persona_cal.rates import Clusters, estimate, wilson


@pytest.mark.parametrize(("n", "n_answerable"), [(58, 29), (60, 30), (80, 29), (80, 51)])
def test_scores_of_a_slice_over_fewer_than_30_items_have_no_interval(reference, n: int, n_answerable: int) -> None:
    kinds = ["none"] * n_answerable + ["absent_persona"] * (n - n_answerable)
    references = [reference(i, kind, group="T2T", task="text_to_bio") for i, kind in enumerate(kinds)]
    answers = ["a harbour pilot", CANONICAL_ABSTENTION, "baker"]
    scores = compute([answers[i % 3] for i in range(n)], references, n_resamples=50)
    some = {"cal", "cal_weighted"}
    some |= {"ans", "one_minus_fa", "rouge_l", "token_f1"} if n_answerable >= 30 else set()
    some |= {"unans", "ta", "hallucination_rate"} if n - n_answerable >= 30 else set()
    some |= {"abstention_avg", "abs_f1"} if min(n_answerable, n - n_answerable) >= 30 else set()
    watched = some | {"ans", "one_minus_fa", "rouge_l", "unans", "ta", "abstention_avg", "abs_f1"}
    for part in (scores["by_group"]["T2T"], scores["by_task"]["text_to_bio"]):
        assert {name for name in watched if part["intervals"][name] is not None} == some
    assert all(scores["intervals"][name] is not None for name in watched)
    assert (scores["by_absence"]["none"]["intervals"]["ans"] is None) == (n_answerable < 30)


CALS = ("cal", "cal_mean", "cal_judged", "cal_weighted")


@pytest.mark.parametrize(
    ("n_answerable", "n_unanswerable", "n_unjudged", "has"),
    [(20, 20, 0, True), (19, 30, 0, False), (30, 19, 0, False), (20, 20, 1, False), (21, 20, 1, True)],
)
def test_cal_of_a_slice_needs_20_items_of_each_kind(
    reference, n_answerable: int, n_unanswerable: int, n_unjudged: int, *, has: bool
) -> None:
    kinds = ["none"] * n_answerable + ["absent_persona"] * n_unanswerable
    references = [reference(i, kind, group="T2T", task="text_to_bio") for i, kind in enumerate(kinds)]
    answers = ["a harbour pilot", CANONICAL_ABSTENTION, "baker"]
    predictions = [answers[i % 3] for i in range(len(kinds))]
    verdicts = [None] * len(kinds)
    verdicts[:n_answerable] = (["UNJUDGED"] * n_unjudged + ["CORRECT", "WRONG"] * 15)[:n_answerable]
    scores = compute(predictions, references, verdicts=verdicts)
    for name in CALS:
        assert scores["intervals"][name] is not None, "all items have intervals, however few they are"
        for part in (scores["by_group"]["T2T"], scores["by_task"]["text_to_bio"]):
            assert (part["intervals"][name] is not None) == has, name


def test_what_is_assumed_of_few_rare_items_is_as_sure_as_its_weight() -> None:
    """Of 40 items in 10 clusters, k are rare: 9 degrees of freedom from clusters, and 9/k from what is assumed."""
    right = np.zeros((40, 4))
    for column, k in enumerate((0, 1, 3, 39)):
        right[:k, column] = 1
    grouping = Clusters((np.arange(40) // 4,))
    found = estimate(right, np.ones_like(right), grouping)
    assert found.df.tolist() == pytest.approx([math.inf, 18, 12, 18])
    signs = np.array([1.0, -1.0, 1.0, -1.0])
    assert estimate(right, np.ones_like(right), grouping, signs).df.tolist() == [9, 9, 9, 9]


def test_cal_weighted_varies_within_each_kind_only(reference) -> None:
    """A model that always abstains has half of 400 items right, but it is not by chance that it has."""
    kinds = ["none", "absent_persona"] * 200
    references = [
        reference(i, kind, augmented_id=f"item_{i}", source_sample_id=f"s_{i}") for i, kind in enumerate(kinds)
    ]
    for protocol in ("guarded", "v2.2"):
        scores = compute([CANONICAL_ABSTENTION] * 400, references, protocol=protocol)
        low, high = scores["intervals"]["cal_weighted"]
        assert high - low < 0.03, "as one rate of 400 items, from .45 to .55"
        assert [low, high] == pytest.approx(scores["intervals"]["cal_mean"])
        assert scores["intervals"]["cal"] == pytest.approx([low, high])


def intervals_of(reference, n: int, n_right: int, n_hallucinated: int) -> dict[str, list[float] | None]:
    """The intervals of a model that mostly abstains, of `n` items of either kind."""
    kinds = ["none"] * n + ["absent_persona"] * n
    references = [
        reference(i, kind, group="T2T", augmented_id=f"item_{i}", source_sample_id=f"s_{i}")
        for i, kind in enumerate(kinds)
    ]
    answers = [CANONICAL_ABSTENTION] * 2 * n
    answers[:n_right] = ["a harbour pilot"] * n_right
    answers[n : n + n_hallucinated] = ["baker"] * n_hallucinated
    return compute(answers, references)["intervals"]


@pytest.mark.parametrize(
    ("n", "n_right", "n_hallucinated", "has"),
    [
        (60, 0, 0, False),
        (60, 2, 0, False),
        (60, 3, 0, True),
        (60, 1, 2, True),
        (60, 1, 1, False),
        (199, 0, 0, False),
        (200, 0, 0, True),
        (60, 60, 0, True),
        (60, 59, 0, True),
        (60, 0, 60, True),
        (60, 60, 60, False),
        (60, 57, 60, True),
        (60, 30, 20, True),
    ],
)
def test_cal_that_few_exceptions_decide_has_no_interval(
    reference, n: int, n_right: int, n_hallucinated: int, *, has: bool
) -> None:
    """Right answers of a model that mostly abstains raise Cal, and its answers to unanswerable items lower it."""
    found = intervals_of(reference, n, n_right, n_hallucinated)
    for name in CALS:
        assert (found[name] is not None) == has, name
    for name in ("ans", "unans", "abs_f1", "one_minus_fa"):
        assert found[name] is not None, "of one rate, every exception has the same direction"


def test_with_less_confidence_fewer_exceptions_are_enough() -> None:
    rates, counts, weights = np.array([[2 / 60, 1.0]]), np.array([60.0, 60.0]), np.array([[0.5, 0.5], [1.0, 0.0]])
    for t, decided in ((1.96, False), (1.64, True)):
        n = np.array([[60.0, 60.0]]) / t**2
        assert too_few_exceptions(rates, counts, weights, n).tolist() == [[not decided, False]]


def test_differences_of_runs_need_no_exceptions(reference) -> None:
    references = [reference(i, "none" if i % 2 else "absent_persona") for i in range(60)]
    answers = [CANONICAL_ABSTENTION] * 60
    other = ["a harbour pilot", *answers[1:]]
    a, b = (judged_items(one, references)[0] for one in (answers, other))
    assert compare_runs(a, b)["scores"]["cal"]["interval"] is not None


def test_overlaps_have_the_interval_of_values_that_vary_as_they_do() -> None:
    """With one item a cluster and values far from 0 and 1, it is close to Student's t interval of their mean."""
    values = 0.3 + 0.2 * np.random.default_rng(0).random((120, 1))
    grouping = Clusters((np.arange(120),))
    (low,), (high,) = wilson(estimate(values, np.ones_like(values), grouping), 0.95)
    expected = student.interval(0.95, 119, values.mean(), values.std(ddof=1) / math.sqrt(120))
    assert [low, high] == pytest.approx(expected, abs=0.002)
    binary = np.repeat([0.0, 1.0], 60)[:, None]
    (low,), (high,) = wilson(estimate(binary, np.ones_like(binary), grouping), 0.95)
    assert high - low > 7 * (expected[1] - expected[0])
    # Equal values do not prove that there is no variance.
    equal = np.full((120, 1), 0.4)
    (low,), (high,) = wilson(estimate(equal, np.ones_like(equal), grouping), 0.95)
    assert low < 0.4 < high
