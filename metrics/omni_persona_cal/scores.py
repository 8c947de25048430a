"""The scores of a set of judged items: counting and dividing, nothing else.

A score is None where its denominator is empty. None is not zero: a slice without answerable items has no
answer accuracy, good or bad.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

CORRECT = "CORRECT"
WRONG = "WRONG"
UNJUDGED = "UNJUDGED"
VERDICTS = (CORRECT, WRONG, UNJUDGED)
"""What a judge may say about an answer. UNJUDGED: it was asked, and gave no usable reply."""

GROUPS = ("I2I", "A2A", "T2T", "T2Any")
"""Query cue per group: a face photo, a voice clip, a description, a description of something said."""

NO_ABSENCE = "none"
ABSENCES = (NO_ABSENCE, "absent_persona", "absent_attribute")
"""Why an item cannot be answered: it can; no memory holds the person; none holds the asked attribute."""


@dataclass(frozen=True)
class JudgedItem:
    """One item with all that a score needs to know about it."""

    augmented_id: str
    """Names the item; unique in a set."""
    source_sample_id: str
    """Names the memories. Items that share them are not independent of each other."""
    group: str
    """One of `GROUPS`."""
    task: str
    """The selected task, such as `visual_to_bio`."""
    absence: str
    """One of `ABSENCES`."""
    answerable: bool
    """Whether the memories hold the answer."""
    abstaining: bool
    """Whether the prediction abstains."""
    verdict: str | None
    """One of `VERDICTS` for an answerable item; None for an unanswerable one: abstaining alone decides it."""
    n_words: int
    """Length of the prediction in white-space words."""
    rouge_l: float | None
    """Recall of the longest common subsequence, 0..1; None for an unanswerable item."""
    token_f1: float | None
    """F1 of the two bags of words, 0..1; None for an unanswerable item."""


def rates(items: Sequence[JudgedItem]) -> dict[str, Any]:
    """Counts and scores of `items`. Rates lie in 0..1 or are None; `mean_len` is in words.

    N_a items are answerable and N_u are not. UNJUDGED items, which are always answerable, are left out
    wherever a verdict is needed; they are never counted as wrong.

        ans                answerable, not abstaining, CORRECT / N_a judged     (guarded: the v2.2 release)
        ans_unguarded      answerable, CORRECT / N_a judged                     (the paper's first rule)
        unans, ta          unanswerable, abstaining / N_u
        cal                (ans + unans) / 2                                    (the paper)
        cal_weighted       (numerator of ans + of unans) / (N_a judged + N_u)   (the v2.2 release)
        one_minus_fa       answerable, not abstaining / N_a
        abstention_avg     (one_minus_fa + ta) / 2
        abs_f1             F1 of abstaining, with unanswerable as the positive class
        rouge_l, token_f1  means over answerable items
        mean_len           mean over all items

    `inconsistent` is true when more judged answers are CORRECT than are not abstaining, that is
    `ans_unguarded > one_minus_fa` over the same items. No honest judge can do that.
    """
    answerable = [item for item in items if item.answerable]
    unanswerable = [item for item in items if not item.answerable]
    judged = [item for item in answerable if item.verdict != UNJUDGED]

    n_correct = sum(item.verdict == CORRECT for item in judged)
    n_correct_guarded = sum(item.verdict == CORRECT and not item.abstaining for item in judged)
    n_false_abstentions = sum(item.abstaining for item in answerable)
    n_true_abstentions = sum(item.abstaining for item in unanswerable)

    ans = _ratio(n_correct_guarded, len(judged))
    unans = _ratio(n_true_abstentions, len(unanswerable))
    one_minus_fa = _ratio(len(answerable) - n_false_abstentions, len(answerable))
    return {
        "n": len(items),
        "n_answerable": len(answerable),
        "n_unanswerable": len(unanswerable),
        "n_unjudged": len(answerable) - len(judged),
        "complete": len(answerable) == len(judged),
        "ans": ans,
        "ans_unguarded": _ratio(n_correct, len(judged)),
        "unans": unans,
        "ta": unans,
        "cal": _midpoint(ans, unans),
        "cal_weighted": _ratio(n_correct_guarded + n_true_abstentions, len(judged) + len(unanswerable)),
        "one_minus_fa": one_minus_fa,
        "abstention_avg": _midpoint(one_minus_fa, unans),
        "abs_f1": _abstention_f1(n_true_abstentions, n_false_abstentions, len(unanswerable)),
        "rouge_l": _mean(item.rouge_l for item in answerable),
        "token_f1": _mean(item.token_f1 for item in answerable),
        "mean_len": _mean(item.n_words for item in items),
        "inconsistent": n_correct > sum(not item.abstaining for item in judged),
    }


def summary(items: Sequence[JudgedItem]) -> dict[str, Any]:
    """`rates` of all `items`, and under `by_group`, `by_task`, `by_absence` those of each slice.

    All four groups and all three absence kinds are there, with n = 0 where they have no items. Tasks are
    those that occur, in alphabetical order.
    """

    def slices(names: Iterable[str], name_of: Callable[[JudgedItem], str]) -> dict[str, dict[str, Any]]:
        return {name: rates([item for item in items if name_of(item) == name]) for name in names}

    return {
        **rates(items),
        "by_group": slices(GROUPS, lambda item: item.group),
        "by_task": slices(sorted({item.task for item in items}), lambda item: item.task),
        "by_absence": slices(ABSENCES, lambda item: item.absence),
    }


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _midpoint(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else (a + b) / 2


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    # fsum rounds once, so that the order of the items cannot change the last digit.
    return math.fsum(known) / len(known) if known else None


def _abstention_f1(n_true: int, n_false: int, n_positive: int) -> float | None:
    """2TP / (2TP + FP + FN). Without positives recall is 0/0, and the F1 built on it says nothing."""
    if n_positive == 0:
        return None
    return 2 * n_true / (n_true + n_false + n_positive)
