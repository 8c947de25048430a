"""Simulate how a reward changes a policy's abstention, without a model.

A policy abstains with probability a on answerable and u on unanswerable questions, and an attempted answer is
right with constant probability p. GRPO samples G answers to a question and moves the logit of abstaining by
the advantages of those that abstain; all expectations over groups are exact sums, without random sampling.

`tells` is how far the policy can tell the kinds of questions apart: 0 moves one logit for all of them, 1 a logit for
each kind, and values in between move both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import lgamma

import numpy as np
from numpy.typing import NDArray

from omni_persona_training.rewards.prices import (
    CASES,
    GROUNDING,
    PAPER,
    RELEASE,
    RELEASE_AS_CODED,
    Case,
    Mix,
    Payable,
    Prices,
    grounded,
)

Floats = NDArray[np.float64]

ACTS: tuple[Payable, ...] = ("abstain", "right", "wrong")
SCALE_ERROR = 1e-4
"""The epsilon that TRL adds to a group's standard deviation."""


@dataclass(frozen=True)
class Policy:
    """The initial state of a policy."""

    name: str
    false_abstention: float
    """a: probability of abstaining on an answerable question."""
    true_abstention: float
    """u: probability of abstaining on an unanswerable question."""
    tells: float
    """How well it can tell the two apart, in 0..1."""


POLICIES = (
    Policy("always abstains", 0.98, 0.98, 0.0),
    Policy("always answers", 0.02, 0.02, 0.0),
    Policy("cannot tell", 0.3, 0.3, 0.0),
    Policy("tells half", 0.25, 0.4, 0.5),
    Policy("tells all", 0.05, 0.95, 1.0),
)
"""`tells half` starts near the paper's Qwen2.5-Omni-3B (1-FA 75.2, TA 37.9)."""


RIGHT = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Simulated values of p."""


@dataclass(frozen=True)
class Setting:
    """Training data and hyperparameters."""

    absent: float = 0.5
    """Fraction of unanswerable questions, half of them of each kind of absence."""
    perception: float = 0.0
    """Fraction of all examples that ask for yes or no or an index; there, abstaining is never right."""
    group_size: int = 8
    beta: float = 0.0
    """Weight of the KL divergence from the initial policy."""
    scaled: bool | None = None
    """Whether advantages are divided by the group's standard deviation; None: the reward's default."""
    steps: int = 300
    step_size: float = 2.0

    def __post_init__(self) -> None:
        for name, value in (("absent", self.absent), ("perception", self.perception)):
            if not 0 <= value <= 1:
                raise ValueError(f"expected the share {name} to be in 0..1, got {value}")
        if not 2 <= self.group_size <= 64 or self.steps < 1:
            raise ValueError(
                f"expected 2 to 64 answers a group and a step at least, got {self.group_size} and {self.steps}"
            )

    def shares(self) -> dict[Case, float]:
        """Fraction of each kind of example; they sum to 1."""
        asked = 1 - self.perception
        half = asked * self.absent / 2
        return {
            "answerable": asked * (1 - self.absent),
            "absent_persona": half,
            "absent_attribute": half,
            "perception": self.perception,
        }


@dataclass(frozen=True)
class SimulatedReward:
    """A reward in the form that the simulation uses."""

    prices: Callable[[Setting, float], Prices]
    """Price table for a setting and a p."""
    scaled: bool
    """Whether advantages are scaled by default."""
    bonus: float = 0.0
    """Bonus for naming the right context."""


def _grounded(setting: Setting, p: float) -> Prices:
    shares = setting.shares()
    absent = shares["absent_persona"] + shares["absent_attribute"]
    return grounded(Mix(round(1e6 * shares["answerable"]), round(1e6 * absent), p))


SIMULATED: dict[str, SimulatedReward] = {
    "paper": SimulatedReward(lambda setting, p: PAPER, scaled=True),
    "release": SimulatedReward(lambda setting, p: RELEASE, scaled=True),
    "release as coded": SimulatedReward(lambda setting, p: RELEASE_AS_CODED, scaled=True),
    "grounded": SimulatedReward(_grounded, scaled=False, bonus=GROUNDING),
}


@dataclass(frozen=True)
class Simulated:
    """The effect of a reward on a policy."""

    reward: str
    policy: str
    p: float
    expected: float
    """Mean reward of an example at the start."""
    pushes: dict[Case, float] = field(repr=False)
    """Initial gradient on the logit of abstaining from each kind of example; above 0 it abstains more."""
    silent: float
    """Initial fraction of groups with equal rewards, from which nothing is learned."""
    one_minus_fa: float
    ta: float
    """Final state of the policy."""
    ans: float

    @property
    def cal(self) -> float:
        """(Ans + TA) / 2 of the final state."""
        return (self.ans + self.ta) / 2


def simulate(
    reward: str,
    setting: Setting = Setting(),
    policies: Sequence[Policy] = POLICIES,
    right: Sequence[float] = RIGHT,
) -> list[Simulated]:
    """Simulate each policy and p under a reward, a key of `SIMULATED`. Raises `ValueError` for an unknown name."""
    if reward not in SIMULATED:
        raise ValueError(f"expected a reward among {', '.join(SIMULATED)}, got {reward!r}")
    if not all(0 < p <= 1 for p in right):
        raise ValueError("expected each p to be above 0 and at most 1")
    rule = SIMULATED[reward]
    return [_follow(reward, rule, setting, policy, p) for policy in policies for p in right]


def _follow(reward: str, rule: SimulatedReward, setting: Setting, policy: Policy, p: float) -> Simulated:
    table = np.array([[rule.prices(setting, p)[case][act] for act in ACTS] for case in CASES])
    scaled = rule.scaled if setting.scaled is None else setting.scaled
    shares = np.array([setting.shares()[case] for case in CASES])
    start = np.array([policy.false_abstention, policy.true_abstention, policy.true_abstention, policy.false_abstention])
    right = np.array([p, 0.0, 0.0, p])
    group = Group.of(setting.group_size)
    logits = first = np.log(start / (1 - start))
    pushes = group.push(table, start, right, scaled)
    first_pushes = dict(zip(CASES, pushes.tolist(), strict=True))
    for _ in range(setting.steps):
        abstains = 1 / (1 + np.exp(-logits))
        pushes = group.push(table, abstains, right, scaled)
        drawn = policy.tells * pushes * (shares > 0) + (1 - policy.tells) * (shares @ pushes)
        held = setting.beta * abstains * (1 - abstains) * (logits - first)
        logits = np.clip(logits + setting.step_size * (drawn - held), -12, 12)
    a, persona, attribute, _ = (1 / (1 + np.exp(-logits))).tolist()
    return Simulated(
        reward=reward,
        policy=policy.name,
        p=p,
        expected=float(shares @ (_chances(start, right) * table).sum(axis=1)) + rule.bonus * policy.tells,
        pushes=first_pushes,
        silent=float(shares @ _silent(table, _chances(start, right), setting.group_size, rule.bonus, policy.tells)),
        one_minus_fa=1 - a,
        ta=(persona + attribute) / 2,
        ans=(1 - a) * p,
    )


def _chances(abstains: Floats, right: Floats) -> Floats:
    """Probability of each act, shape (n_cases, 3)."""
    return np.stack([abstains, (1 - abstains) * right, (1 - abstains) * (1 - right)], axis=1)


def _silent(table: Floats, chances: Floats, size: int, bonus: float, named: float) -> Floats:
    """Probability that all answers of a group get the same reward, by case. named: that one names the right context."""
    silent = np.zeros(len(table))
    for case, (prices, acts) in enumerate(zip(table, chances, strict=True)):
        earned: dict[float, float] = {}
        for price, chance in zip(prices, acts, strict=True):
            for extra, share in ((bonus, named), (0.0, 1 - named)) if bonus else ((0.0, 1.0),):
                earned[round(price + extra, 9)] = earned.get(round(price + extra, 9), 0.0) + chance * share
        silent[case] = sum(chance**size for chance in earned.values())
    return silent


@dataclass(frozen=True)
class Group:
    """All ways in which a group of answers can be distributed over the three acts."""

    counts: Floats
    """Number of answers with each act, shape (n_ways, 3)."""
    log_ways: Floats
    """Logarithm of the number of permutations of each, shape (n_ways,)."""

    @staticmethod
    def of(size: int) -> Group:
        """For a group of `size` answers."""
        # Stars and bars: two bars among size + 2 places split the answers in three.
        ways = [(one, two - one - 1, size + 1 - two) for one, two in combinations(range(size + 2), 2)]
        log_ways = [lgamma(size + 1) - sum(lgamma(count + 1) for count in way) for way in ways]
        return Group(np.array(ways, dtype=float), np.array(log_ways))

    def push(self, table: Floats, abstains: Floats, right: Floats, scaled: bool) -> Floats:
        """The expected gradient on the logit of abstaining per answer of a group, by case, shape (n_cases,).

        table: prices, shape (n_cases, 3). The advantages of a group add up to 0, so that those of who abstains say it.
        """
        size = self.counts[0].sum()
        chances = np.maximum(_chances(abstains, right), 1e-300)
        weights = np.exp(self.log_ways + np.log(chances) @ self.counts.T)  # (n_cases, n_ways)
        means = table @ self.counts.T / size
        advantages = table[:, :1] - means  # of abstaining
        if scaled:
            squares = (table[:, None, :] - means[:, :, None]) ** 2
            spread = np.sqrt((squares * self.counts).sum(axis=2) / (size - 1))
            advantages = advantages / (spread + SCALE_ERROR)
        return np.asarray((weights * advantages * self.counts[:, 0] / size).sum(axis=1))
