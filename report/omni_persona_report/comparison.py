"""Pairwise comparison of runs over the same items: what changed, and whether chance can explain it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from omni_persona_cal.comparison import compare, paired
from omni_persona_cal.evaluation import summary
from omni_persona_cal.intervals import p_value_of_cal
from omni_persona_cal.scores import GROUPS, UNJUDGED
from omni_persona_cal.several import holm
from omni_persona_report.runs.measures import CAL, HEADLINE, Measure, number, value_of
from omni_persona_report.runs.outcomes import Outcome
from omni_persona_report.runs.report_run import ReportRun

SHOWN = ("cal", "ans", "unans", "one_minus_fa", "abs_f1", "rouge_l", "token_f1")
"""The scores whose differences are shown."""

LEVEL = 0.05
"""Significance level for the corrected p-value."""

WHOLE_PAIRS = 45
WHOLE_ITEMS = 100_000
"""Up to so many pairs, and pairs x items, each pair is compared score by score; of more, only neighbours in the ranking
are, and each run with the first. The others have their difference in Cal and its p-value."""


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
        """Whether the interval excludes zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Comparison:
    """Two runs, by their indices in the ranking; the better-ranked one is first."""

    first: int
    second: int
    n: int
    """Number of items that both answered."""
    p: float | None
    """p-value of the paired difference in Cal; None if undefined."""
    p_holm: float | None
    """The same, corrected for the number of pairs on the page (Holm 1979)."""
    only_first_right: int
    only_second_right: int
    differences: tuple[Difference, ...] = ()
    """Cal first; for a pair that was not compared score by score, only Cal, without an interval."""
    moves: tuple[tuple[Outcome, Outcome, int], ...] = ()
    """(outcome in the first run, outcome in the second, count) of items that changed, most frequent first."""

    @property
    def better(self) -> bool:
        """Whether the first run is significantly better than the second."""
        return self.p_holm is not None and self.p_holm <= LEVEL


def comparisons(runs: Sequence[ReportRun]) -> list[Comparison]:
    """Compare all runs in pairs. runs: in ranking order."""
    pairs = list(combinations(range(len(runs)), 2))
    n_items = max((len(run.items) for run in runs), default=0)
    whole = len(pairs) <= WHOLE_PAIRS and len(pairs) * n_items <= WHOLE_ITEMS
    found = [_compare(runs, a, b, whole=whole or a == 0 or b == a + 1) for a, b in pairs]
    corrected = holm([one["p"] for one in found])
    return [Comparison(**one, p_holm=p) for one, p in zip(found, corrected, strict=True)]


def neighbours(pairs: Sequence[Comparison]) -> dict[int, Comparison]:
    """Rank of a run -> its comparison with the next one."""
    return {pair.first: pair for pair in pairs if pair.second == pair.first + 1}


def _compare(runs: Sequence[ReportRun], a: int, b: int, *, whole: bool) -> dict[str, Any]:
    first, second = runs[a], runs[b]
    protocol = first.protocol
    shared = [item_id for item_id in first.items if item_id in second.items]
    result: dict[str, Any] = {"first": a, "second": b, "n": len(shared), "p": None}
    result |= {"only_first_right": 0, "only_second_right": 0, "moves": _moves(first, second)}
    if not shared:
        return result
    ours, theirs = paired([first.items[name] for name in shared], [second.items[name] for name in shared])
    # The better run of a pair is first, so that its advantages are differences above zero.
    pairs = [
        (one.is_right(protocol), other.is_right(protocol))
        for one, other in zip(ours, theirs, strict=True)
        if UNJUDGED not in (one.verdict, other.verdict)
    ]
    result |= {"only_first_right": pairs.count((True, False)), "only_second_right": pairs.count((False, True))}
    if whole:
        found = compare(theirs, ours, protocol=protocol)
        result |= {"p": found["p_cal"], "differences": _differences(found)}
    else:
        result["p"] = p_value_of_cal(ours, theirs, protocol)
        both = [value_of(summary(side, protocol), CAL).value for side in (ours, theirs)]
        difference = None if both[0] is None or both[1] is None else both[0] - both[1]
        result["differences"] = (Difference(CAL, CAL.label, both[0], both[1], difference, None, None),)
    return result


def _moves(first: ReportRun, second: ReportRun) -> tuple[tuple[Outcome, Outcome, int], ...]:
    moves: dict[tuple[Outcome, Outcome], int] = {}
    for item_id, before in first.outcomes.items():
        after = second.outcomes.get(item_id)
        if after is not None and after != before:
            moves[before, after] = moves.get((before, after), 0) + 1
    return tuple((*move, count) for move, count in sorted(moves.items(), key=lambda row: (-row[1], row[0])))


def _differences(found: dict[str, Any]) -> tuple[Difference, ...]:
    measures = {measure.key: measure for measure in HEADLINE}
    rows = [_difference(measures[key], measures[key].label, found["scores"][key]) for key in SHOWN]
    cal = measures["cal"]
    return tuple(rows + [_difference(cal, f"Cal, {name}", found["by_group"][name]["cal"]) for name in GROUPS])


def _difference(measure: Measure, label: str, values: dict[str, Any]) -> Difference:
    """`told` is the first run minus the second: b and a of `compare`."""
    low, high = values.get("interval") or (None, None)
    first, second, difference = (number(values[key]) for key in ("b", "a", "difference"))
    return Difference(measure, label, first, second, difference, number(low), number(high))
