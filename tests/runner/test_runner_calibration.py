"""From likeness to confidence, and the confidence from which on a model answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from slow_cases import slow_but

from omni_persona_runner.calibration import Confidence, answering_threshold, features, fit_confidence


@pytest.mark.parametrize(
    ("likeness", "pair"),
    [([0.2, 0.9, 0.5], (0.9, 0.4)), ([0.9, 0.9], (0.9, 0.0)), ([0.7], (0.7, 0.0)), ([-0.5, -0.75], (-0.5, 0.25))],
)
def test_features_are_the_best_and_its_lead(likeness, pair):
    assert features(np.array(likeness)) == pytest.approx(pair)


def test_confidence_by_hand():
    """-3 + 4 * 0.75 + 2 * 0.5 = 1, and 1 / (1 + exp(-1)) is 0.7311."""
    assert Confidence(-3.0, 4.0, 2.0).of(np.array([0.25, 0.75])) == pytest.approx(0.7310586)


@pytest.mark.parametrize(("intercept", "value"), [(-5000.0, 0.0), (5000.0, 1.0)])
def test_confidence_of_extremes_does_not_overflow(intercept, value):
    assert Confidence(intercept, 0.0, 0.0).of(np.array([0.5, 0.1])) == value


def test_a_fit_is_that_of_a_logistic_regression_over_standardised_features():
    """The reference is scipy's minimiser on the penalised likelihood, written out."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(0)
    rows = np.stack([rng.normal(0.9, 0.02, 200), rng.uniform(0, 0.1, 200)], axis=1)
    right = rng.random(200) < 1 / (1 + np.exp(-60 * (rows[:, 0] - 0.9) - 20 * (rows[:, 1] - 0.05)))
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    signs = np.where(right, 1, -1)

    def loss(weights):
        return np.log1p(np.exp(-signs * (scaled @ weights[1:] + weights[0]))).sum() + weights[1:] @ weights[1:] / 2

    best = minimize(loss, np.zeros(3), tol=1e-12).x
    expected = 1 / (1 + np.exp(-(scaled @ best[1:] + best[0])))
    fitted = fit_confidence(rows, right)
    got = [fitted.of(np.array([one, one - lead])) for one, lead in rows]
    assert got == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("n_right", "share"), [(8, 0.9), (0, 0.1)])
def test_matches_that_are_all_right_or_all_wrong_leave_one_probability(n_right, share):
    """Of eight, (8 + 1) / (8 + 2) and (0 + 1) / (8 + 2)."""
    fitted = fit_confidence(np.linspace(0, 1, 16).reshape(8, 2), np.arange(8) < n_right)
    assert (fitted.likeness, fitted.margin) == (0, 0)
    assert fitted.of(np.array([0.3, 0.1])) == pytest.approx(share, abs=1e-3)


def flags(text):
    return np.array([letter == "1" for letter in text])


def test_a_threshold_by_hand():
    """Two of three answerable items whose match is right gain, a silent note gains nothing, the missing person loses.

    Four answerable items weigh 1/8 and two unanswerable ones 1/4. Right: (1/8 + 1/8 + 0 + 0) / 4 = 1/16. Wrong: the
    fourth answerable item gains nothing, the missing person loses 1/4: -1/8. 1/8 / (1/8 + 1/16) = 2/3.
    """
    right_person, right_answer, answerable = flags("111010"), flags("110010"), flags("111100")
    assert answering_threshold(right_person, right_answer, answerable) == pytest.approx(2 / 3, abs=1e-4)


def test_a_threshold_answers_all_where_silence_of_notes_is_enough():
    """The unanswerable items come out right either way, so that abstaining out of doubt can only cost."""
    assert answering_threshold(flags("101"), flags("111"), flags("101")) == 0


def test_a_threshold_abstains_from_all_where_every_answer_is_wrong():
    assert answering_threshold(flags("00"), flags("00"), flags("10")) == 1


@pytest.mark.parametrize("seed", slow_but([0], range(5)))
def test_of_calibrated_confidences_no_other_threshold_is_much_better(seed):
    """The reference tries a hundred thresholds on 200,000 items."""
    rng = np.random.default_rng(seed)
    n, states, silent = 200_000, rng.uniform(0.6, 1), rng.uniform(0.05, 0.4)
    confidence = rng.beta(*rng.uniform(0.5, 2, 2), n)
    right_person = rng.random(n) < confidence
    missing = ~right_person & (rng.random(n) < 0.8)
    answerable = ~missing & (rng.random(n) >= silent)
    right_answer = np.where(answerable, right_person & (rng.random(n) < states), right_person)

    def cal(threshold):
        scores = np.where(confidence >= threshold, right_answer, ~answerable)
        return (scores[answerable].mean() + scores[~answerable].mean()) / 2

    threshold = answering_threshold(right_person, right_answer, answerable)
    assert 0.1 < threshold < 0.9
    best = max(cal(one) for one in np.linspace(0, 1, 101))
    assert best - 0.002 < cal(threshold)
    assert cal(threshold) > max(cal(threshold - 0.2), cal(threshold + 0.2))


@given(st.data())
def test_a_threshold_is_a_probability(data):
    n = data.draw(st.integers(2, 12))
    right_person, right_answer, answerable = (data.draw(arrays.arrays(bool, n)) for _ in range(3))
    answerable[:2] = True, False
    assert 0 <= answering_threshold(right_person, right_answer, answerable) <= 1


@pytest.mark.parametrize("answerable", [[True, True], [False, False]])
def test_a_threshold_needs_items_of_both_kinds(answerable):
    with pytest.raises(ValueError, match="items that can be answered and items that cannot"):
        answering_threshold(flags("10"), flags("11"), np.array(answerable))
