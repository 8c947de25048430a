"""Quantiles of Student's t, and what difference a set of items can tell."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_persona_cal import detectable_difference, source_samples_needed
from omni_persona_cal.student import quantile, upper_tail


@settings(deadline=None, max_examples=200)
@given(st.floats(0.01, 0.99999), st.floats(1, 1e6))
def test_quantiles_are_those_of_scipy(confidence: float, df: float) -> None:
    from scipy.stats import t

    assert quantile(confidence, df) == pytest.approx(t.isf((1 - confidence) / 2, df), rel=1e-6)


@settings(deadline=None, max_examples=200)
@given(st.floats(0, 1e6), st.floats(1, 1e6))
def test_tails_are_those_of_scipy(value: float, df: float) -> None:
    from scipy.stats import t

    assert upper_tail(value, df) == pytest.approx(t.sf(value, df), rel=1e-6, abs=1e-300)


def test_by_hand() -> None:
    # One item a source sample, so that none share theirs: each rate varies by .25 / n, their mean by a quarter of the
    # sum, and two runs that correlate by .5 differ by as much as one varies.
    error = math.sqrt((0.25 / 5000 + 0.25 / 5000) / 4)
    assert detectable_difference(5000, 5000, 10_000) == pytest.approx(error * (1.959964 + 0.841621), rel=1e-4)


def test_the_published_counts_tell_6_to_7_points_and_tiny_ones_15() -> None:
    assert 0.06 <= (detectable_difference(391, 359, 250) or 0) <= 0.07
    assert (detectable_difference(72, 72, 48) or 0) == pytest.approx(0.15, abs=0.01)
    # Twenty people behind 250 source samples tell less.
    assert (detectable_difference(391, 359, 250, 20) or 0) > 0.08


@pytest.mark.parametrize("counts", [(0, 9, 3), (9, 0, 3), (9, 9, 1), (9, 9, 6, 1), (0, 0, 0)])
def test_counts_too_small_for_any_difference(counts: tuple[int, ...]) -> None:
    assert detectable_difference(*counts) is None


@settings(deadline=None, max_examples=60)
@given(st.floats(0.02, 0.4), st.sampled_from([None, 60, 250]), st.integers(1, 4), st.sampled_from([0.3, 0.5, 0.8]))
def test_as_many_source_samples_as_needed_and_no_more(
    difference: float, people: int | None, items: int, answerable: float
) -> None:
    try:
        needed = source_samples_needed(difference, people, items_per_sample=items, answerable=answerable)
    except ValueError as error:
        assert people is not None
        assert "people cannot tell" in str(error)
        return

    def detectable(n_sources: int) -> float:
        n = n_sources * items
        n_answerable = min(max(round(n * answerable), 1), n - 1)
        return detectable_difference(n_answerable, n - n_answerable, n_sources, people) or math.inf

    assert detectable(needed) <= difference
    assert needed == 2 or detectable(needed - 1) > difference


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"difference": 0}, "difference: expected a number between 0 and 1, got 0"),
        ({"difference": 5}, "difference: expected a number between 0 and 1, got 5"),
        ({"difference": 0.1, "answerable": 1.0}, "answerable: expected a number between 0 and 1"),
        ({"difference": 0.1, "power": 0.2}, "power: expected at least 0.5"),
        ({"difference": 0.1, "items_per_sample": 0}, "items_per_sample: expected at least 1"),
        ({"difference": 0.1, "n_people": 1}, "n_people: expected at least 2"),
        ({"difference": 0.01, "n_people": 20}, "20 people cannot tell a difference of 1 points"),
    ],
)
def test_what_cannot_be_asked(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        source_samples_needed(**arguments)
