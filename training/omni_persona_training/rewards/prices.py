"""What each reward pays for what a completion does: the tables behind the reward functions and their simulation.

    paper      a right answer 1, anything else 0; where nothing can be answered, abstaining 1. Binary, as the paper
               describes it; yes-or-no and index tasks likewise.
    release    the v2.2 release as its README describes it: a right answer 1, a false abstention -0.5; where nothing can
               be answered, abstaining 1 and answering -0.5. Yes-or-no and index tasks: right 1, wrong -0.5.
    grounded   ours: a right answer 1, a wrong one 0, a false abstention less than a wrong answer; where nothing can be
               answered, abstaining pays, and naming the right context pays on every item, whatever is said of it.

`RELEASE_AS_CODED` is the release's program and no reward of ours: it takes all whose person is there for answerable, so
that abstaining rightly on an absent attribute costs 0.5 (109 of its 382 records). It is here to be simulated.
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
"""What `grounded` adds for naming the right context."""
MOST_RATIO = 4.0
"""Answerable questions for each unanswerable one up to which `grounded` makes up for their number."""
LEAST_COST = 0.1
"""What a false abstention costs at least under `grounded`."""


def _prices(
    answerable: tuple[float, float, float],
    absent: tuple[float, float],
    perception: tuple[float, float, float] = (1.0, 0.0, 0.0),
) -> Prices:
    """answerable, perception: for right, wrong, abstaining. absent: for abstaining, answering."""

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
    """What a batch holds, as far as `grounded` looks at it."""

    n_answerable: int
    n_absent: int
    right_of_attempts: float
    """Share of the attempted answers to answerable questions that are right, in 0..1."""


def grounded(mix: Mix) -> Prices:
    """The prices of `grounded` for a batch.

    Abstaining instead of answering then brings exactly -w on answerable and +w on other questions, weighted by how many
    of each there are: a policy that cannot tell them apart is drawn to neither side, and one that can, to the right
    one. w is 1 for batches of twins. For that, a false abstention costs 1 less the share of attempts that are right, at
    least `LEAST_COST`, and abstaining rightly is worth as much more as unanswerable questions are rarer.
    """
    cost = max(1.0 - mix.right_of_attempts, LEAST_COST)
    given_up = cost + mix.right_of_attempts
    ratio = min(mix.n_answerable / mix.n_absent, MOST_RATIO) if mix.n_answerable and mix.n_absent else 1.0
    return _prices((1.0, 0.0, -cost), (given_up * ratio, 0.0))
