"""What each reward pays for each outcome: the tables behind the reward functions and their simulation.

    paper      a right answer 1, anything else 0; on unanswerable items, abstaining 1. Binary, as the paper
               describes it; yes-or-no and index tasks likewise.
    release    the v2.2 release as its README describes it: a right answer 1, a false abstention -0.5; on unanswerable
               items, abstaining 1 and answering -0.5. Yes-or-no and index tasks: right 1, wrong -0.5.
    grounded   ours: a right answer 1, a wrong one 0, a false abstention less than that; on unanswerable items,
               abstaining pays; naming the right context pays on every item, whatever the answer.

`RELEASE_AS_CODED` is what the release's code does: it treats every item whose person is present as answerable, so
abstaining correctly on an absent attribute costs 0.5 (109 of its 382 records). For simulation only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Case: TypeAlias = Literal["answerable", "absent_persona", "absent_attribute", "perception"]
"""The kind of an example; `perception` is verification and localization."""
CASES: tuple[Case, ...] = ("answerable", "absent_persona", "absent_attribute", "perception")

Payable: TypeAlias = Literal["right", "wrong", "abstain"]
Prices: TypeAlias = Mapping[Case, Mapping[Payable, float]]

ABSENT: tuple[Case, ...] = ("absent_persona", "absent_attribute")

GROUNDING = 0.5
"""Bonus of `grounded` for naming the right context."""
MOST_RATIO = 4.0
"""Maximum ratio of answerable to unanswerable questions that `grounded` compensates."""
LEAST_COST = 0.1
"""Minimum cost of a false abstention under `grounded`."""


def _prices(
    answerable: tuple[float, float, float],
    absent: tuple[float, float],
    perception: tuple[float, float, float] = (1.0, 0.0, 0.0),
) -> Prices:
    """answerable, perception: for (right, wrong, abstaining). absent: for (abstaining, answering)."""

    def row(right: float, wrong: float, abstain: float) -> Mapping[Payable, float]:
        return MappingProxyType({"right": right, "wrong": wrong, "abstain": abstain})

    unanswerable = row(absent[1], absent[1], absent[0])
    return MappingProxyType(
        {
            "answerable": row(*answerable),
            "absent_persona": unanswerable,
            "absent_attribute": unanswerable,
            "perception": row(*perception),
        }
    )


PAPER = _prices((1.0, 0.0, 0.0), (1.0, 0.0))
RELEASE = _prices((1.0, 0.0, -0.5), (1.0, -0.5), perception=(1.0, -0.5, 0.0))
RELEASE_AS_CODED: Prices = MappingProxyType(
    {**RELEASE, "absent_attribute": MappingProxyType({"right": 0.0, "wrong": 0.0, "abstain": -0.5})}
)


@dataclass(frozen=True)
class Mix:
    """The composition of a batch, as far as `grounded` uses it."""

    n_answerable: int
    n_absent: int
    right_of_attempts: float
    """Fraction (0..1) of attempted answers to answerable questions that are right."""


def grounded(mix: Mix) -> Prices:
    """The prices of `grounded` for a batch.

    Abstaining instead of answering then gains exactly -w on answerable and +w on other questions, weighted by how many
    of each there are: a policy that cannot tell them apart is pushed to neither side, and one that can, to the right
    one. w is 1 for batches of twins. For this, a false abstention costs 1 minus the fraction of right attempts, at
    least `LEAST_COST`, and correct abstention is worth proportionally more if unanswerable questions are rarer.
    """
    cost = max(1.0 - mix.right_of_attempts, LEAST_COST)
    given_up = cost + mix.right_of_attempts
    ratio = min(mix.n_answerable / mix.n_absent, MOST_RATIO) if mix.n_answerable and mix.n_absent else 1.0
    return _prices((1.0, 0.0, -cost), (given_up * ratio, 0.0))
