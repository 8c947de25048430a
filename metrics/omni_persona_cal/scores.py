"""The scores of a set of judged items: counting and dividing, nothing else.

A score is None if its denominator is zero. None is not zero: a slice without answerable items has no
answer accuracy, good or bad.

The formulas are defined once, in `formulas`, over totals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CORRECT = "CORRECT"
WRONG = "WRONG"
UNJUDGED = "UNJUDGED"
VERDICTS = (CORRECT, WRONG, UNJUDGED)
"""A judge's possible verdicts. UNJUDGED: the judge was asked but gave no usable reply."""

GROUPS = ("I2I", "A2A", "T2T", "T2Any")
"""Query cue per group: a face photo, a voice clip, a description, a description of something said."""

NO_ABSENCE = "none"
ABSENCES = (NO_ABSENCE, "absent_persona", "absent_attribute")
"""Why an item cannot be answered: `none` (it can), no memory of the person, or no statement of the attribute."""

GUARDED = "guarded"
PROTOCOLS = (GUARDED, "paper", "v2.2")
"""The rules for `ans` and `cal`: see `formulas`."""


@dataclass(frozen=True)
class JudgedItem:
    """One item with everything that a score needs."""

    augmented_id: str
    """The item's ID; unique in a set."""
    source_sample_id: str
    """The ID of its memories. Items that share them are not independent of each other."""
    group: str
    """One of `GROUPS`."""
    task: str
    """The selected task, such as `visual_to_bio`."""
    absence: str
    """One of `ABSENCES`."""
    answerable: bool
    """Whether the memories contain the answer."""
    gold_answer: str
    """The gold answer; may be empty for an unanswerable item."""
    abstaining: bool
    """Whether the prediction abstains."""
    verdict: str | None
    """One of `VERDICTS` for an answerable item; None for an unanswerable one, where only abstention counts."""
    n_words: int
    """Length of the prediction in white-space words."""
    rouge_l: float | None
    """Recall of the longest common subsequence, 0..1; None for an unanswerable item."""
    token_f1: float | None
    """F1 of the two bags of words, 0..1; None for an unanswerable item."""
    bertscore: float | None
    """BERTScore F1; None for an unanswerable item, and unless requested."""
    abstaining_judged: bool = False
    """Whether the prediction abstains by the rule that also knows other wordings, `abstention.abstains_judged`."""
    person: str | None = None
    """The person asked about; None if unknown. Items about one person are not independent of each other."""

    def is_right(self, protocol: str = GUARDED) -> bool | None:
        """Whether the item counts as right under `protocol`; None if it is UNJUDGED."""
        if not self.answerable:
            return self.abstaining
        if self.verdict == UNJUDGED:
            return None
        return self.verdict == CORRECT and (protocol == "paper" or not self.abstaining)


COLUMNS = (
    "n", "answerable", "unanswerable", "judged", "correct", "correct_guarded", "answered", "false_abstentions",
    "true_abstentions", "hallucinated", "correct_judged", "true_abstentions_judged", "rouge_l", "token_f1",
    "bertscored", "bertscore", "words",
)  # fmt: skip
"""Summed over items; every score is a function of these totals."""


def columns(item: JudgedItem) -> tuple[float, ...]:
    """The contribution of `item` to each of `COLUMNS`."""
    judged = item.answerable and item.verdict != UNJUDGED
    correct = judged and item.verdict == CORRECT
    return (
        1,
        item.answerable,
        not item.answerable,
        judged,
        correct,
        correct and not item.abstaining,
        item.answerable and not item.abstaining,
        item.answerable and item.abstaining,
        not item.answerable and item.abstaining,
        not item.answerable and not item.abstaining,
        correct and not item.abstaining_judged,
        not item.answerable and item.abstaining_judged,
        item.rouge_l or 0.0,
        item.token_f1 or 0.0,
        item.bertscore is not None,
        item.bertscore or 0.0,
        item.n_words,
    )


@dataclass(frozen=True)
class Rate:
    """A mean of the items' contributions, 0..1."""

    top: tuple[str, ...]
    """The columns that are summed up."""
    over: tuple[str, ...]
    """The columns that count the items it is over."""


RATES = {
    "ans_guarded": Rate(("correct_guarded",), ("judged",)),
    "ans_unguarded": Rate(("correct",), ("judged",)),
    "unans": Rate(("true_abstentions",), ("unanswerable",)),
    "cal_weighted": Rate(("correct_guarded", "true_abstentions"), ("judged", "unanswerable")),
    "one_minus_fa": Rate(("answered",), ("answerable",)),
    "false_abstention_rate": Rate(("false_abstentions",), ("answerable",)),
    "hallucination_rate": Rate(("hallucinated",), ("unanswerable",)),
    "ans_judged": Rate(("correct_judged",), ("judged",)),
    "ta_judged": Rate(("true_abstentions_judged",), ("unanswerable",)),
    "rouge_l": Rate(("rouge_l",), ("answerable",)),
    "token_f1": Rate(("token_f1",), ("answerable",)),
    "bertscore": Rate(("bertscore",), ("bertscored",)),
}
"""The scores that are one rate: see `formulas`."""


def sums_of_rates(protocol: str) -> dict[str, dict[str, float]]:
    """The scores that are weighted sums of `RATES`: score -> rate -> weight."""
    ans = "ans_unguarded" if protocol == "paper" else "ans_guarded"
    return {
        **{name: {name: 1.0} for name in RATES},
        "ans": {ans: 1.0},
        "ta": {"unans": 1.0},
        "cal": {"cal_weighted": 1.0} if protocol == "v2.2" else {ans: 0.5, "unans": 0.5},
        "cal_mean": {"ans_guarded": 0.5, "unans": 0.5},
        "cal_judged": {"ans_judged": 0.5, "ta_judged": 0.5},
        "abstention_avg": {"one_minus_fa": 0.5, "unans": 0.5},
    }


@dataclass(frozen=True)
class Denominator:
    """The denominator of a score."""

    over: tuple[str, ...]
    """The columns whose sum is the score's count of items."""
    needs: tuple[str, ...]
    """Columns that must be nonzero for the score to be defined."""


_ANSWERED = Denominator(("judged",), ("judged",))
_ALL_ANSWERABLE = Denominator(("answerable",), ("answerable",))
_ALL_UNANSWERABLE = Denominator(("unanswerable",), ("unanswerable",))
_BOTH = Denominator(("judged", "unanswerable"), ("judged", "unanswerable"))
_EITHER = Denominator(("judged", "unanswerable"), ())
_ALL = Denominator(("n",), ("n",))

DENOMINATORS = {
    "ans": _ANSWERED,
    "ans_guarded": _ANSWERED,
    "ans_unguarded": _ANSWERED,
    "unans": _ALL_UNANSWERABLE,
    "ta": _ALL_UNANSWERABLE,
    "cal": _BOTH,
    "cal_mean": _BOTH,
    "cal_weighted": _EITHER,
    "ans_judged": _ANSWERED,
    "ta_judged": _ALL_UNANSWERABLE,
    "cal_judged": _BOTH,
    "one_minus_fa": _ALL_ANSWERABLE,
    "false_abstention_rate": _ALL_ANSWERABLE,
    "hallucination_rate": _ALL_UNANSWERABLE,
    "abstention_avg": Denominator(("n",), ("answerable", "unanswerable")),
    "abs_f1": Denominator(("n",), ("unanswerable",)),
    "rouge_l": _ALL_ANSWERABLE,
    "token_f1": _ALL_ANSWERABLE,
    "bertscore": Denominator(("bertscored",), ("answerable", "bertscored")),
    "composite": Denominator(("n",), ("judged", "unanswerable", "bertscored")),
    "mean_len": _ALL,
}
"""Score -> its denominator."""

COMPOSITE = ("cal", "ans", "unans", "abs_f1", "rouge_l", "token_f1", "bertscore", "one_minus_fa", "ta")

_MISSING = {
    "n": "no items",
    "answerable": "no answerable items",
    "unanswerable": "no unanswerable items",
    "judged": "no answerable items with a verdict",
    "bertscored": "BERTScore was not requested",
}


def formulas(totals: Mapping[str, Any], protocol: str, ratio: Callable[[Any, Any], Any]) -> dict[str, Any]:
    """Compute the scores of `DENOMINATORS` from the totals of `COLUMNS`; NaN for a zero denominator.

    N_a items are answerable and N_u are not. UNJUDGED items, which are always answerable, are left out
    wherever a verdict is needed; they are never counted as wrong.

        ans_guarded            answerable, not abstaining, CORRECT / N_a judged       (the v2.2 release)
        ans_unguarded          answerable, CORRECT / N_a judged                       (the paper's first rule)
        unans, ta              unanswerable, abstaining / N_u
        cal_mean               (ans_guarded + unans) / 2
        cal_weighted           (numerator of ans_guarded + of unans) / (N_a judged + N_u)    (the v2.2 release)
        ans_judged, ta_judged  ans_guarded and ta with abstaining in one's own words counted, too
        cal_judged             (ans_judged + ta_judged) / 2
        one_minus_fa           answerable, not abstaining / N_a
        false_abstention_rate  answerable, abstaining / N_a
        hallucination_rate     unanswerable, not abstaining / N_u
        abstention_avg         (one_minus_fa + ta) / 2
        abs_f1                 F1 of abstaining, with unanswerable as the positive class
        rouge_l, token_f1, bertscore    means over answerable items
        composite              mean of the nine scores of the paper where more is better: cal, ans, unans,
                               abs_f1, rouge_l, token_f1, bertscore, one_minus_fa and ta
        mean_len               mean over all items

    `ans` and `cal`, the headline, follow the protocol:

        guarded    ans_guarded      (ans + unans) / 2
        paper      ans_unguarded    (ans + unans) / 2
        v2.2       ans_guarded      cal_weighted

    Args:
        totals: Column -> number, or an array with one number per resample.
        protocol: One of `PROTOCOLS`.
        ratio: Divides two of them; NaN where the second is zero.
    """
    rates = {
        name: ratio(sum(totals[column] for column in rate.top), sum(totals[column] for column in rate.over))
        for name, rate in RATES.items()
    }
    sums = {
        name: rates[next(iter(weights))] if len(weights) == 1 else sum(rates[rate] for rate in weights) / len(weights)
        for name, weights in sums_of_rates(protocol).items()
    }
    n_unanswerable, n_true = totals["unanswerable"], totals["true_abstentions"]
    # 2TP / (2TP + FP + FN). Without positives recall is 0/0, and the F1 built on it says nothing.
    f1_whole = (n_true + totals["false_abstentions"] + n_unanswerable) * (n_unanswerable > 0)
    scores = {
        **sums,
        "abs_f1": ratio(2 * n_true, f1_whole),
        "mean_len": ratio(totals["words"], totals["n"]),
    }
    return {**scores, "composite": sum(scores[name] for name in COMPOSITE) / len(COMPOSITE)}


def rates(items: Sequence[JudgedItem], protocol: str = GUARDED) -> dict[str, Any]:
    """Counts and scores of `items`. Rates lie in 0..1 or are None; `mean_len` is in words.

    The scores are those of `formulas`. Beside them stand `n`, `n_answerable`, `n_unanswerable`, `n_unjudged`,
    `n_phrased_otherwise` (items that abstain in words of their own alone), `n_source_samples` and `complete`;
    `counts`, score -> items it is over; `null_because`, score -> why it is None; and `inconsistent`, true when more
    judged answers are CORRECT than are not abstaining, that is
    `ans_unguarded > one_minus_fa` over the same items. No honest judge can do that.
    """
    totals = _totals(items)
    scores = {name: none_for_nan(value) for name, value in formulas(totals, protocol, _ratio).items()}
    n_answered = sum(item.answerable and item.verdict != UNJUDGED and not item.abstaining for item in items)
    n_unjudged = int(totals["answerable"] - totals["judged"])
    return {
        "n": len(items),
        "n_answerable": int(totals["answerable"]),
        "n_unanswerable": int(totals["unanswerable"]),
        "n_unjudged": n_unjudged,
        "n_phrased_otherwise": sum(item.abstaining_judged and not item.abstaining for item in items),
        "n_source_samples": len({item.source_sample_id for item in items}),
        "complete": n_unjudged == 0,
        **{name: scores[name] for name in DENOMINATORS},
        "inconsistent": totals["correct"] > n_answered,
        "counts": {name: count(name, totals) for name in DENOMINATORS},
        "null_because": {name: _why_null(name, totals) for name in DENOMINATORS if scores[name] is None},
    }


def slices(items: Sequence[JudgedItem]) -> dict[str, dict[str, list[JudgedItem]]]:
    """The items of each slice: `by_group`, `by_task` and `by_absence`, then by name.

    All four groups and all three absence kinds are there, empty where they have no items. Tasks are those
    that occur, in alphabetical order.
    """

    def cut(names: Iterable[str], name_of: Callable[[JudgedItem], str]) -> dict[str, list[JudgedItem]]:
        parts: dict[str, list[JudgedItem]] = {name: [] for name in names}
        for item in items:
            parts[name_of(item)].append(item)
        return parts

    return {
        "by_group": cut(GROUPS, lambda item: item.group),
        "by_task": cut(sorted({item.task for item in items}), lambda item: item.task),
        "by_absence": cut(ABSENCES, lambda item: item.absence),
    }


def audio_visual_gap(ans_by_group: Mapping[str, Any]) -> Any:
    """Ans of I2I minus Ans of A2A: how much better questions are answered from a face than from a voice. -1..1 or NaN.

    It measures what was answered, not who was recognised.
    """
    return ans_by_group["I2I"] - ans_by_group["A2A"]


def count(name: str, totals: Mapping[str, float]) -> int:
    """The number of items that score `name` is over."""
    return int(sum(totals[column] for column in DENOMINATORS[name].over))


def none_for_nan(value: float) -> float | None:
    """`value`, or None if it is not a number."""
    return None if math.isnan(value) else value


def _totals(items: Iterable[JudgedItem]) -> dict[str, float]:
    rows = [columns(item) for item in items]
    # fsum rounds once, so the order of the items cannot change the last digit.
    return {name: math.fsum(row[index] for row in rows) for index, name in enumerate(COLUMNS)}


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _why_null(name: str, totals: Mapping[str, float]) -> str:
    if totals["n"] == 0:
        return _MISSING["n"]
    missing = [_MISSING[column] for column in DENOMINATORS[name].needs if totals[column] == 0]
    return " and ".join(missing) or "no items with a verdict"
