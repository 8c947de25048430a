"""The scores that a report shows: their keys in `scores.json`, their names and formatting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measure:
    """One score."""

    key: str
    """Its key in `scores.json`."""
    label: str
    """Column header."""
    meaning: str
    """One-line explanation."""
    percent: bool = True
    """Whether it is a rate in 0..1, printed x 100; otherwise a length in words."""


CAL = Measure("cal", "Cal", "Mean of Ans and Unans: the headline")
ANS = Measure("ans", "Ans", "Answerable items answered correctly, without abstaining")
UNANS = Measure("unans", "Unans (TA)", "Unanswerable items on which the model abstains: true abstention")

HEADLINE: tuple[Measure, ...] = (
    CAL,
    ANS,
    UNANS,
    Measure("one_minus_fa", "1-FA", "Answerable items on which the model does not abstain"),
    Measure("abstention_avg", "Abst. avg", "Mean of 1-FA and TA"),
    Measure("abs_f1", "Abs-F1", "F1 of abstaining, with unanswerable as the positive class"),
    Measure("rouge_l", "ROUGE-L", "Longest common subsequence with the gold answer, recall"),
    Measure("token_f1", "Token-F1", "Overlap with the gold answer as bags of words"),
    Measure("bertscore", "BERTScore", "Similarity to the gold answer, if it was computed"),
    Measure("composite", "Composite", "Mean of the nine scores of the paper's Table S.5"),
    Measure("cal_weighted", "Cal (v2.2)", "Share of all items that are right, answerable or not: the release's Cal"),
    Measure("mean_len", "Words", "Mean length of an answer in words", percent=False),
)
"""The columns of the main table."""

SLICED: tuple[Measure, ...] = (ANS, UNANS, CAL)
"""The scores shown for a group, a task or a kind of absence."""

GROUP_NAMES: dict[str, str] = {
    "I2I": "query by face photo",
    "A2A": "query by voice clip",
    "T2T": "query by description",
    "T2Any": "query by what was said",
}

ABSENCE_NAMES: dict[str, str] = {
    "none": "answerable",
    "absent_persona": "person absent",
    "absent_attribute": "attribute absent",
}


@dataclass(frozen=True)
class Value:
    """A score, ready to print."""

    measure: Measure
    value: float | None
    """0..1, or words; None if undefined."""
    low: float | None = None
    high: float | None = None
    """Ends of the interval; None if the scores contain none."""
    why_none: str = ""

    @property
    def text(self) -> str:
        return shown(self.value, self.measure)

    @property
    def interval(self) -> str:
        """Such as `58.1–69.4`, or an empty string."""
        if self.low is None or self.high is None:
            return ""
        return f"{shown(self.low, self.measure)}–{shown(self.high, self.measure)}"


def shown(value: float | None, measure: Measure = CAL) -> str:
    """Format a score for a table: x 100 with one decimal, a dash for None."""
    if value is None:
        return "-"
    return f"{100 * value:.1f}" if measure.percent else f"{value:.1f}"


def signed(value: float | None, measure: Measure = CAL) -> str:
    """Format a difference for a table: in points, with sign."""
    if value is None:
        return "-"
    scaled = 100 * value if measure.percent else value
    return "0.0" if abs(scaled) < 0.05 else f"{scaled:+.1f}"


def value_of(scores: Mapping[str, Any] | None, measure: Measure) -> Value:
    """A score of all items or of one slice, with its interval if available.

    scores: `scores.json`, or its entry for one name under `by_group`...; None if a run has none.
    """
    if scores is None:
        return Value(measure, None)
    interval = _mapping(scores.get("intervals")).get(measure.key)
    low, high = interval if isinstance(interval, (list, tuple)) and len(interval) == 2 else (None, None)
    why = _mapping(scores.get("null_because")).get(measure.key, "")
    return Value(measure, number(scores.get(measure.key)), number(low), number(high), str(why))


def number(value: Any) -> float | None:
    """A finite number from an untrusted file, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < float("inf") else None


def slice_of(scores: Mapping[str, Any] | None, kind: str, name: str) -> Mapping[str, Any] | None:
    """The entry of scores under, for example, `by_group`, `I2I`; None if missing."""
    found = _mapping(_mapping(scores).get(kind)).get(name)
    return found if isinstance(found, Mapping) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
