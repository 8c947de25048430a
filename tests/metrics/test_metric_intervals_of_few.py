"""Intervals of few items: which slices have one, and how wide those of overlaps are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student

from omni_persona_cal import CANONICAL_ABSTENTION, compute
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
