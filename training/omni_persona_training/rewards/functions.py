"""Rewards as functions `(completions, **columns) -> list[float | None]`, for TRL, ms-swift and verl.

    reward = make_reward("grounded", judge)
    reward(completions=["<think>Context: 2</think>beekeeper"], kind=["question"], answer=["beekeeper"],
           absence=["none"], context=[2], example_id=["e1"])          # [1.5]

Unknown columns are ignored. A completion without a verdict gets None: the trainer leaves it out of the
group's mean and of the step. Nothing here imports torch, transformers or a trainer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from omni_persona_cal import JudgeError, make_judge
from omni_persona_training.rewards.columns import Label, labels
from omni_persona_training.rewards.outcomes import Outcome, outcomes
from omni_persona_training.rewards.prices import GROUNDING, PAPER, RELEASE, Case, Mix, Prices, grounded
from omni_persona_training.rewards.text import Completion

if TYPE_CHECKING:
    from omni_persona_cal import Judge

Reward: TypeAlias = Callable[..., list[float | None]]

REWARDS = ("paper", "release", "grounded")

SCALE_REWARDS = {"paper": "group", "release": "group", "grounded": "none"}
"""TRL's `scale_rewards` for each reward: dividing by a group's standard deviation would discard the relative prices."""


def make_reward(name: str, judge: Judge | None = None) -> Reward:
    """Return the reward called `name`, one of `REWARDS`; `judge` (default: the lexical one) grades answers.

    Raises `ValueError` for an unknown name.
    """
    if name not in REWARDS:
        raise ValueError(f"expected a reward among {', '.join(REWARDS)}, got {name!r}")
    judges = judge or make_judge("lexical")

    def reward(completions: Sequence[Completion], **columns: Any) -> list[float | None]:
        known = labels(len(completions), columns)
        done = outcomes(completions, known, judges)
        if name == "grounded":
            prices, bonus = grounded(_mix(known, done)), GROUNDING
        else:
            prices, bonus = (PAPER if name == "paper" else RELEASE), 0.0
        return [_paid(prices, bonus, label, outcome) for label, outcome in zip(known, done, strict=True)]

    reward.__name__ = f"{name}_reward"
    return reward


def require_judge(judge: Judge) -> None:
    """Raise `JudgeError` if a judge is unavailable: it reaches no verdict even on a trivial pair."""
    (said,) = judge.judge([("a beekeeper", "beekeeper")])
    if said.verdict == "UNJUDGED":
        reason = " ".join((said.raw or "no reply").split())[:200]
        raise JudgeError(f"judge {judge.name} has no verdict on a plain answer, so no step would learn: {reason}")


def verl_score(name: str = "grounded", judge: Judge | None = None) -> Callable[..., float]:
    """A `compute_score` for verl, from `ground_truth` (the answer) and `extra_info` (the other columns).

    verl does not support a reward of None, so an answer without a verdict scores 0. It scores one completion at a time,
    so `grounded` uses the prices for a batch of twins with half the attempts right.
    """
    reward = make_reward(name, judge)

    def compute_score(
        data_source: str, solution_str: str, ground_truth: str, extra_info: dict[str, Any] | None = None, **_: Any
    ) -> float:
        columns = {key: [value] for key, value in {**(extra_info or {}), "answer": ground_truth}.items()}
        return reward([solution_str], **columns)[0] or 0.0

    return compute_score


def _paid(prices: Prices, bonus: float, label: Label, outcome: Outcome) -> float | None:
    if outcome.act == "unjudged":
        return None
    if outcome.act == "malformed":
        return 0.0
    return prices[case_of(label)][outcome.act] + bonus * outcome.grounded


def case_of(label: Label) -> Case:
    """The row of a price table that applies to an example."""
    if label.kind != "question":
        return "perception"
    return "answerable" if label.absence == "none" else label.absence  # type: ignore[return-value]


def _mix(known: Sequence[Label], done: Sequence[Outcome]) -> Mix:
    """The composition of a batch. Smoothed with two additional attempts, one of them right."""
    cases = [case_of(label) for label in known]
    acts = [outcome.act for outcome, case in zip(done, cases, strict=True) if case == "answerable"]
    n_right, n_wrong = acts.count("right"), acts.count("wrong")
    absent = sum(case in ("absent_persona", "absent_attribute") for case in cases)
    return Mix(len(acts), absent, (n_right + 1) / (n_right + n_wrong + 2))
