"""Two runs over the same items: what changed, and whether it could be chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from omni_persona_cal.comparison import compare
from omni_persona_report.gather import ReportRun, judged
from omni_persona_report.measures import GROUP_NAMES, HEADLINE, Measure, number
from omni_persona_report.outcomes import OUTCOMES, Outcome

SHOWN = ("cal", "ans", "unans", "one_minus_fa", "abs_f1", "rouge_l", "token_f1", "mean_len")
"""The scores whose differences a report shows."""

EVERY_PAIR = 4
"""Up to that many runs each is compared with each; of more, all with the first."""


@dataclass(frozen=True)
class Difference:
    """A score of the second run minus that of the first, over the same items."""

    measure: Measure
    label: str
    first: float | None
    second: float | None
    difference: float | None
    low: float | None
    high: float | None

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Comparison:
    """Two runs, by their places among the report's."""

    first: int
    second: int
    n: int
    """Items that both answered."""
    differences: tuple[Difference, ...] = ()
    only_first_right: int = 0
    only_second_right: int = 0
    p: float | None = None
    """Of McNemar's exact test over all these items."""
    moves: tuple[tuple[Outcome, Outcome, int], ...] = ()
    """What an item was in the first run, what it is in the second, and how many; those that changed, most first."""
    refused: str = ""
    """Why the two are not compared item by item."""


def comparisons(runs: Sequence[ReportRun]) -> list[Comparison]:
    """Compare runs in pairs, the earlier one first."""
    places = range(len(runs))
    pairs = [(a, b) for a in places for b in places if a < b and (a == 0 or len(runs) <= EVERY_PAIR)]
    return [_compare(runs, a, b) for a, b in pairs]


def _compare(runs: Sequence[ReportRun], a: int, b: int) -> Comparison:
    first, second = runs[a], runs[b]
    if first.dataset is not second.dataset:
        return Comparison(
            a, b, 0, refused="They were asked different datasets, so that no item of one is in the other."
        )
    both = [item_id for item_id in first.answers if item_id in second.answers]
    moves: dict[tuple[Outcome, Outcome], int] = {}
    for item_id in both:
        move = (first.outcomes[item_id], second.outcomes[item_id])
        if move[0] != move[1]:
            moves[move] = moves.get(move, 0) + 1
    ordered = tuple((*move, count) for move, count in sorted(moves.items(), key=lambda row: (-row[1], row[0])))
    answered = [
        item_id
        for item_id in both
        if first.answers[item_id].prediction is not None and second.answers[item_id].prediction is not None
    ]
    ours, theirs = judged(first, answered), judged(second, answered)
    if not ours:
        return Comparison(a, b, 0, moves=ordered, refused="No item is known that both runs answered.")
    found = compare(ours, theirs)
    test = found["mcnemar"]["all"]
    return Comparison(
        first=a,
        second=b,
        n=len(ours),
        differences=tuple(_differences(found)),
        only_first_right=test["n_only_a"],
        only_second_right=test["n_only_b"],
        p=test["p"],
        moves=ordered,
    )


def _differences(found: dict[str, Any]) -> list[Difference]:
    measures = {measure.key: measure for measure in HEADLINE}
    rows = [_difference(measures[key], measures[key].label, found["scores"][key]) for key in SHOWN]
    cal = measures["cal"]
    return rows + [_difference(cal, f"Cal, {name}", found["by_group"][name]["cal"]) for name in GROUP_NAMES]


def _difference(measure: Measure, label: str, told: dict[str, Any]) -> Difference:
    low, high = told.get("interval") or (None, None)
    first, second, difference = (number(told[key]) for key in ("a", "b", "difference"))
    return Difference(measure, label, first, second, difference, number(low), number(high))


def changed_outcomes(comparison: Comparison) -> list[tuple[str, str, int]]:
    """The moves by the names of their outcomes."""
    return [(OUTCOMES[before][0], OUTCOMES[after][0], count) for before, after, count in comparison.moves]
