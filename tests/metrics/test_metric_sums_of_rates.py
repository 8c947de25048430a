"""Intervals of sums of rates, beside ones that a general optimiser finds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from omni_persona_cal.rates import Estimates, sum_intervals, wilson
from omni_persona_cal.student import quantile

DF = 1e6


def estimates(rates: list[float], n: list[float]) -> Estimates:
    """Independent rates of many clusters."""
    return Estimates(np.array(rates), np.eye(len(rates)), np.array(n), np.full(len(rates), DF), np.array(n))


def likeliest(rates: list[float], n: list[float], weights: list[float], total: float) -> tuple[float, float]:
    """The two rates with which what was observed is likeliest, among those whose weighted sum is `total`."""

    def second(first: float) -> float:
        return (total - weights[0] * first) / weights[1]

    def surprise(first: float) -> float:
        found = 0.0
        for seen, count, rate in zip(rates, n, (first, second(first)), strict=True):
            rate = min(max(rate, 1e-15), 1 - 1e-15)
            found -= count * (seen * np.log(rate) + (1 - seen) * np.log(1 - rate))
        return float(found)

    ends = sorted((total - weights[1] * other) / weights[0] for other in (0.0, 1.0))
    low, high = max(ends[0], 0), min(ends[1], 1)
    found = minimize_scalar(surprise, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    return found, second(found)


@pytest.mark.parametrize("weights", [[0.5, 0.5], [1.0, -1.0], [0.7, 0.3]])
@pytest.mark.parametrize("rates", [[0.3, 0.6], [0.02, 0.05], [0.02, 0.97], [0.9, 0.85]])
def test_two_independent_rates(rates: list[float], weights: list[float]) -> None:
    """An end is where the score statistic of the likeliest rates is the quantile (Miettinen and Nurminen 1985)."""
    n = [60.0, 45.0]
    t = quantile(0.95, DF)
    seen = float(np.dot(rates, weights))

    def beyond(total: float) -> float:
        there = np.array(likeliest(rates, n, weights, total))
        variance = (np.square(weights) * there * (1 - there) / n).sum()
        return float(abs(total - seen) - t * np.sqrt(max(variance, 0)))

    least, most = np.minimum(weights, 0).sum(), np.maximum(weights, 0).sum()
    expected = [brentq(beyond, end, seen - sign * 1e-4) for end, sign in ((least + 1e-6, 1), (most - 1e-6, -1))]
    found = [float(end[0]) for end in sum_intervals(estimates(rates, n), np.array([weights]), 0.95)]
    assert found == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("rate", [0.0, 0.013, 0.5, 1.0])
def test_one_rate_has_the_interval_of_wilson_and_its_complement_the_mirrored_one(rate: float) -> None:
    one = estimates([rate, 1 - rate], [37.0, 37.0])
    low, high = sum_intervals(one, np.eye(2), 0.9)
    assert [low[0], high[0]] == pytest.approx([float(end[0]) for end in wilson(one, 0.9)], abs=1e-9)
    assert [1 - high[1], 1 - low[1]] == pytest.approx([low[0], high[0]], abs=1e-9)


def test_two_halves_of_one_rate_have_its_interval() -> None:
    """Where both are likeliest to be alike, it does not matter that the items were counted apart."""
    low, high = sum_intervals(estimates([0.1, 0.1], [50.0, 50.0]), np.array([[0.5, 0.5]]), 0.95)
    whole = wilson(estimates([0.1], [100.0]), 0.95)
    assert [low[0], high[0]] == pytest.approx([float(end[0]) for end in whole], abs=1e-9)


def test_rates_that_err_together_cannot_differ() -> None:
    """The difference of two rates over the same items is narrow, and their mean no narrower than each of them."""
    together = Estimates(
        np.array([0.4, 0.4]), np.ones((2, 2)), np.array([50.0, 50.0]), np.full(2, DF), np.full(2, 50.0)
    )
    low, high = sum_intervals(together, np.array([[1.0, -1.0], [0.5, 0.5]]), 0.95)
    assert high[0] - low[0] < 0.06
    apart = sum_intervals(estimates([0.4, 0.4], [50.0, 50.0]), np.array([[1.0, -1.0]]), 0.95)
    assert apart[1][0] - apart[0][0] > 0.3
    alone = wilson(together, 0.95)
    assert high[1] - low[1] == pytest.approx(float(alone[1][0] - alone[0][0]), abs=1e-9)


def test_undefined_rates_make_undefined_sums_only() -> None:
    some = Estimates(
        np.array([0.4, np.nan]), np.eye(2), np.array([50.0, np.nan]), np.array([9.0, np.nan]), np.array([50.0, 0.0])
    )
    low, high = sum_intervals(some, np.array([[1.0, 0.0], [0.5, 0.5]]), 0.95)
    assert np.isnan([low[1], high[1]]).all()
    assert 0 < low[0] < 0.4 < high[0] < 1
