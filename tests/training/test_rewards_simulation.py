"""The simulation of rewards against drawing by chance, and against what was published."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from omni_persona_training.rewards.drift import figure, table
from omni_persona_training.rewards.prices import CASES, PAPER, RELEASE
from omni_persona_training.rewards.published import PUBLISHED
from omni_persona_training.rewards.simulate import ACTS, SIMULATED, Group, Policy, Setting, simulate


def drawn(prices, a, p, size, scaled, rng, n=60_000):
    """The push on abstaining, by drawing groups: an implementation of its own."""
    chance = rng.random((n, size))
    acts = np.where(chance < a, 0, np.where(chance < a + (1 - a) * p, 1, 2))
    rewards = np.array([prices[act] for act in ACTS])[acts]
    advantages = rewards - rewards.mean(axis=1, keepdims=True)
    if scaled:
        advantages /= rewards.std(axis=1, ddof=1, keepdims=True) + 1e-4
    return float((advantages * ((acts == 0) - a)).mean())


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("size", [2, 4, 8])
def test_exact_sums_equal_drawing_by_chance(size, scaled):
    rng = np.random.default_rng(0)
    table = np.array([[RELEASE[case][act] for act in ACTS] for case in CASES])
    abstains, right = np.array([0.3, 0.6, 0.1, 0.2]), np.array([0.4, 0.0, 0.0, 0.7])
    pushes = Group.of(size).push(table, abstains, right, scaled)
    for place, case in enumerate(CASES):
        expected = drawn(RELEASE[case], abstains[place], right[place], size, scaled, rng)
        assert pushes[place] == pytest.approx(expected, abs=6e-3)


def test_two_answers_by_hand():
    """Unscaled, G = 2: one abstains and one answers with chance 2a(1-a), and then half the gap of their prices each."""
    table = np.array([[PAPER["absent_persona"][act] for act in ACTS]])
    push = Group.of(2).push(table, np.array([0.25]), np.array([0.0]), scaled=False)
    assert push[0] == pytest.approx(2 * 0.25 * 0.75 * 0.5 / 2)


def ends(reward, policy, setting=None, right=(0.2, 0.4, 0.6, 0.9)):
    setting = setting or Setting()
    return [one for one in simulate(reward, setting, right=right) if one.policy == policy]


def test_the_papers_reward_drifts_into_abstaining_where_a_policy_cannot_tell():
    for one in ends("paper", "cannot tell", right=(0.2, 0.4, 0.6)):
        assert one.one_minus_fa < 0.05 and one.ta > 0.95


def test_the_releases_program_drifts_into_answering():
    for one in ends("release as coded", "cannot tell"):
        assert one.one_minus_fa > 0.95 and one.ta < 0.05
        assert one.pushes["absent_attribute"] < 0 < one.pushes["absent_persona"]


@pytest.mark.slow
def test_grounded_leaves_who_cannot_tell_where_they_are_and_teaches_who_can():
    for name in ("always abstains", "always answers", "cannot tell"):
        for one in ends("grounded", name):
            start = {"always abstains": 0.98, "always answers": 0.02, "cannot tell": 0.3}[name]
            assert one.ta == pytest.approx(start, abs=0.01) and one.one_minus_fa == pytest.approx(1 - start, abs=0.01)
    for one in ends("grounded", "tells half"):
        assert one.one_minus_fa > 0.95 and one.ta > 0.95


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.name)
def test_what_was_published_goes_the_way_that_the_simulation_says(one):
    assert one.agrees()


def test_groups_without_a_signal_by_hand():
    """Under the paper's reward an answerable group of 4 is silent where none is right, or all are."""
    (one,) = simulate("paper", Setting(absent=0.0, group_size=4), (Policy("some", 0.5, 0.5, 0.0),), (0.3,))
    assert one.silent == pytest.approx(0.85**4 + 0.15**4)


def test_a_divergence_that_costs_holds_a_policy_back():
    free, held = (ends("paper", "cannot tell", Setting(beta=beta), (0.4,))[0] for beta in (0.0, 0.2))
    assert free.one_minus_fa < held.one_minus_fa < 0.7


@pytest.mark.parametrize(
    "bad", [{"absent": 1.2}, {"perception": -0.1}, {"group_size": 1}, {"group_size": 65}, {"steps": 0}]
)
def test_impossible_settings_are_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        Setting(**bad)


def test_unknown_rewards_and_impossible_skills_are_refused():
    with pytest.raises(ValueError, match="expected a reward among paper"):
        simulate("cal")
    with pytest.raises(ValueError, match="expected each p"):
        simulate("paper", right=(0.0,))


def test_table_and_figure_hold_all_results(require_extra):
    require_extra("matplotlib")
    results = [one for reward in SIMULATED for one in simulate(reward, Setting(steps=5), right=(0.3, 0.7))]
    rows = list(csv.DictReader(io.StringIO(table(results).decode())))
    assert len(rows) == len(results) == 4 * 5 * 2
    assert {row["reward"] for row in rows} == set(SIMULATED)
    assert float(rows[0]["cal"]) == pytest.approx(results[0].cal, abs=1e-4)
    drawn = figure(results).decode()
    assert drawn.startswith("<?xml") and drawn.count("<use") >= len(results)
