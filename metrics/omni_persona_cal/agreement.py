"""The reliability of a judge: agreement between two judges, and between verdicts and word overlap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .scores import CORRECT, UNJUDGED, VERDICTS, WRONG, JudgedItem, none_for_nan
from .validation import check_resampling


def judge_agreement(
    verdicts_a: Sequence[str | None],
    verdicts_b: Sequence[str | None],
    sources: Sequence[str] | None = None,
    *,
    n_resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Any]:
    """Cohen's kappa of two judges of the same answers (Cohen 1960).

    Pairs in which a verdict is None or UNJUDGED are left out and counted.

    Args:
        verdicts_a, verdicts_b: One verdict per answer, in the same order; None if it was not judged.
        sources: The `source_sample_id` of each answer, so that the interval resamples sources; by default each
            answer is its own source.
        n_resamples, confidence, seed: As for `evaluation.compute`.

    Returns:
        `n` pairs of verdicts, `n_left_out`, the counts `both_correct`, `only_a_correct`, `only_b_correct` and
        `both_wrong`, `agreement` (fraction of equal verdicts), `kappa` and its `interval`. Undefined values are
        None: kappa if chance agreement is 1, its interval if no resample differs from another (equal judges).

    Raises:
        ValueError: the lists differ in length, or contain an invalid verdict.
    """
    check_resampling(n_resamples, confidence, seed)
    _check_verdicts(verdicts_a, verdicts_b, sources)
    usable = (CORRECT, WRONG)
    kept = [
        (a, b, sources[index] if sources is not None else str(index))
        for index, (a, b) in enumerate(zip(verdicts_a, verdicts_b, strict=True))
        if a in usable and b in usable
    ]
    # Both correct, only a, only b, both wrong: kappa is a function of these four.
    cells = [
        [float((a, b) == cell) for cell in ((CORRECT, CORRECT), (CORRECT, WRONG), (WRONG, CORRECT), (WRONG, WRONG))]
        for a, b, _ in kept
    ]
    counts = [sum(row[index] for row in cells) for index in range(4)]
    kappa = none_for_nan(_kappa(_ratio, *counts))
    interval = None
    if kept and n_resamples:
        import numpy as np

        from .bootstrap import intervals, ratio, source_sums

        sums = source_sums([source for *_, source in kept], np.array(cells))
        found = intervals(sums, lambda totals: [_kappa(ratio, *totals)], n_resamples, confidence, seed)[0]
        interval = None if kappa is None else found
    names = ("both_correct", "only_a_correct", "only_b_correct", "both_wrong")
    return {
        "n": len(kept),
        "n_left_out": len(verdicts_a) - len(kept),
        **{name: int(value) for name, value in zip(names, counts, strict=True)},
        "agreement": (counts[0] + counts[3]) / len(kept) if kept else None,
        "kappa": kappa,
        "interval": interval,
    }


def _check_verdicts(
    verdicts_a: Sequence[str | None], verdicts_b: Sequence[str | None], sources: Sequence[str] | None
) -> None:
    if len(verdicts_a) != len(verdicts_b):
        raise ValueError(f"expected as many verdicts of both judges, got {len(verdicts_a)} and {len(verdicts_b)}")
    if sources is not None and len(sources) != len(verdicts_a):
        raise ValueError(f"expected one source per verdict, {len(verdicts_a)}, got {len(sources)}")
    for name, verdicts in (("a", verdicts_a), ("b", verdicts_b)):
        for index, verdict in enumerate(verdicts):
            if verdict is not None and verdict not in VERDICTS:
                raise ValueError(f"verdicts_{name}[{index}]: expected one of {', '.join(VERDICTS)}, got {verdict!r}")


def overlap_check(
    items: Sequence[JudgedItem], *, n_resamples: int = 10_000, confidence: float = 0.95, seed: int = 0
) -> dict[str, Any]:
    """The paper's check of a judge: answers judged CORRECT should share more words with the gold answer.

    Returns:
        `n_correct`, `n_wrong` and `n_unjudged`; and for `rouge_l` and `token_f1` the means among `correct` and
        among `wrong` answers, their `difference` and its `interval`, None if one of the kinds is missing, or if
        no resample differs from another.
        `holds` is true if both differences are above zero, None if they are undefined.
    """
    check_resampling(n_resamples, confidence, seed)
    answerable = [item for item in items if item.answerable]
    judged = sorted((item for item in answerable if item.verdict != UNJUDGED), key=lambda item: item.augmented_id)
    correct = [item for item in judged if item.verdict == CORRECT]
    wrong = [item for item in judged if item.verdict == WRONG]
    result: dict[str, Any] = {
        "n_correct": len(correct),
        "n_wrong": len(wrong),
        "n_unjudged": len(answerable) - len(judged),
        "holds": None,
    }
    overlaps = ("rouge_l", "token_f1")
    found: list[list[float] | None] = [None, None]
    if correct and wrong and n_resamples:
        import numpy as np

        from .bootstrap import intervals, ratio, source_sums

        rows = np.array([_overlap_row(item) for item in judged])
        sums = source_sums([item.source_sample_id for item in judged], rows)

        def differences(totals: Any) -> list[Any]:
            n_correct, n_wrong, *sums = totals
            return [ratio(sums[i], n_correct) - ratio(sums[i + 1], n_wrong) for i in (0, 2)]

        found = intervals(sums, differences, n_resamples, confidence, seed)
    for name, interval in zip(overlaps, found, strict=True):
        among_correct, among_wrong = (_mean([getattr(item, name) for item in kind]) for kind in (correct, wrong))
        difference = None if among_correct is None or among_wrong is None else among_correct - among_wrong
        result[name] = {
            "correct": among_correct,
            "wrong": among_wrong,
            "difference": difference,
            "interval": interval,
        }
    if correct and wrong:
        result["holds"] = all(result[name]["difference"] > 0 for name in overlaps)
    return result


def _overlap_row(item: JudgedItem) -> list[float]:
    kinds = (item.verdict == CORRECT, item.verdict == WRONG)
    overlaps = (item.rouge_l or 0.0, item.token_f1 or 0.0)
    return [*kinds, *(overlap * kind for overlap in overlaps for kind in kinds)]


def _kappa(ratio: Any, both: Any, only_a: Any, only_b: Any, neither: Any) -> Any:
    """(observed - chance) / (1 - chance), for numbers or arrays; NaN if 1 - chance is zero."""
    n = both + only_a + only_b + neither
    # n^2 times chance agreement, in integers, so that chance agreement of 1 is exactly n^2.
    chance = (both + only_a) * (both + only_b) + (only_b + neither) * (only_a + neither)
    return ratio(n * (both + neither) - chance, n * n - chance)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
