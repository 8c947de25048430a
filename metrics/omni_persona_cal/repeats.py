"""Scores of a model that answered every item more than once: means over repeats, pass@k, agreement of repeats.

Answers vary by source sample, because some questions are harder, and by repeat, because sampling is random. An interval
over source samples, with all their answers in all repeats, covers both: more repeats reduce only the part that is due
to sampling.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from .evaluation import judged_items, summary
from .intervals import described, intervals
from .judge import Judge
from .scores import GUARDED, JudgedItem
from .validation import check_protocol, check_resampling


def compute_repeats(
    predictions: Sequence[Sequence[str]],
    references: Sequence[Mapping[str, Any]],
    judge: str | Judge = "lexical",
    verdicts: Sequence[Sequence[str | None]] | None = None,
    *,
    judge_options: Mapping[str, Any] | None = None,
    protocol: str = GUARDED,
    n_resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Any]:
    """Compute the scores of a model that was asked every item several times.

    Args:
        predictions: One list per repeat, each as for `evaluation.compute`.
        verdicts: One list per repeat, or None.
        references, judge, judge_options, protocol, n_resamples, confidence, seed: As for `evaluation.compute`.

    Returns:
        The result of `repeated`, with `judge`.

    Raises:
        ValueError: there is no repeat, or one cannot be scored; the message says which.
    """
    if verdicts is not None and len(verdicts) != len(predictions):
        raise ValueError(f"expected verdicts on each of {len(predictions)} repeats, got {len(verdicts)}")
    runs, judged_by = [], ""
    for number, said in enumerate(predictions):
        given = None if verdicts is None else verdicts[number]
        try:
            items, judged_by = judged_items(said, references, judge, given, judge_options=judge_options)
        except ValueError as error:
            raise ValueError(f"repeat {number}: {error}") from None
        runs.append(items)
    options = {"protocol": protocol, "n_resamples": n_resamples, "confidence": confidence, "seed": seed}
    return {"judge": judged_by, **repeated(runs, **options)}  # type: ignore[arg-type]


def repeated(
    runs: Sequence[Sequence[JudgedItem]],
    *,
    protocol: str = GUARDED,
    n_resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Any]:
    """Compute the scores of the repeats of a model.

    Args:
        runs: One list of judged items per repeat, over the same items.
        protocol, n_resamples, confidence, seed: As for `evaluation.compute`.

    Returns:
        `n_repeats`, `protocol`, `interval` (how intervals were made); the keys of `evaluation.summary` over all answers
        of all repeats, with `intervals`, where `n` and all `counts` count answers; `each`, for every score its value in
        each repeat; `pass_at_k` and `abstains_all_of_k`, k -> `value`, `interval` and `count`; `agreement`, the same
        for how often two repeats agree on an item, and `agreement_by_item`, id -> that share (None for one repeat).

        pass@k is the probability that of k answers to an answerable item at least one is right; `abstains_all_of_k`,
        that all of k answers to an unanswerable item abstain. Both are means over items, estimated without bias from
        all repeats (Chen et al. 2021). pass@k does not count an item that is UNJUDGED in a repeat. Two answers agree
        if both are right or both are wrong.

    Raises:
        ValueError: there is no repeat, or repeats are over different items.
    """
    check_protocol(protocol)
    check_resampling(n_resamples, confidence, seed)
    if not runs or not runs[0]:
        raise ValueError("expected at least one repeat over at least one item")
    by_item = [{item.augmented_id: item for item in run} for run in runs]
    for number, (run, named) in enumerate(zip(runs, by_item, strict=True)):
        if named.keys() != by_item[0].keys() or len(named) != len(run):
            raise ValueError(f"expected repeats over the same items, each once, got different items in repeat {number}")
    pooled = list(
        chain.from_iterable(
            [replace(item, augmented_id=f"{item.augmented_id} {number:06d}") for item in run]
            for number, run in enumerate(runs)
        )
    )
    result = {
        "n_repeats": len(runs),
        "protocol": protocol,
        "interval": described(confidence, pooled) if n_resamples else None,
        **summary(pooled, protocol),
    }
    if n_resamples:
        for place, pairs in intervals(pooled, protocol, confidence).items():
            part = result
            for name in place:
                part = part[name]
            part["intervals"] = pairs
    each = [summary(run, protocol) for run in runs]
    result["each"] = {name: [one[name] for one in each] for name in result["counts"]}
    outcomes = {item_id: [named[item_id].is_right(protocol) for named in by_item] for item_id in sorted(by_item[0])}
    return {**result, **_of_tries(by_item[0], outcomes, confidence if n_resamples else None)}


def _of_tries(
    items: Mapping[str, JudgedItem], outcomes: Mapping[str, Sequence[bool | None]], confidence: float | None
) -> dict[str, Any]:
    n = len(next(iter(outcomes.values())))
    whole = {name: [bool(one) for one in found] for name, found in outcomes.items() if None not in found}
    answerable = {name: sum(found) for name, found in whole.items() if items[name].answerable}
    unanswerable = {name: sum(found) for name, found in whole.items() if not items[name].answerable}

    def by_k(counts: Mapping[str, int], share: Callable[[int, int, int], float]) -> dict[int, dict[str, Any]]:
        asked = [items[name] for name in counts]
        return {k: _mean(asked, [share(n, count, k) for count in counts.values()], confidence) for k in range(1, n + 1)}

    agreement = {name: agreeing(sum(found), n) for name, found in whole.items()} if n > 1 else {}
    return {
        "pass_at_k": by_k(answerable, pass_at_k),
        "abstains_all_of_k": by_k(unanswerable, all_of_k),
        "agreement": _mean([items[name] for name in agreement], list(agreement.values()), confidence),
        "agreement_by_item": agreement or None,
    }


def pass_at_k(n: int, n_right: int, k: int) -> float:
    """The fraction of choices of k among n answers that include at least one of `n_right` right ones.

    >>> pass_at_k(4, 1, 2)
    0.5
    """
    return 1 - math.comb(n - n_right, k) / math.comb(n, k)


def all_of_k(n: int, n_right: int, k: int) -> float:
    """The fraction of choices of k among n answers that are all right.

    >>> all_of_k(4, 2, 2) == 1 / 6
    True
    """
    return math.comb(n_right, k) / math.comb(n, k)


def agreeing(n_right: int, n: int) -> float:
    """The fraction of pairs among n answers, `n_right` of them right, that are both right or both wrong."""
    return (math.comb(n_right, 2) + math.comb(n - n_right, 2)) / math.comb(n, 2)


def _mean(items: Sequence[JudgedItem], values: Sequence[float], confidence: float | None) -> dict[str, Any]:
    """The mean of values in 0..1, one per item, with its interval over the items' clusters."""
    if not items:
        return {"value": None, "interval": None, "count": 0}
    result: dict[str, Any] = {"value": math.fsum(values) / len(values), "interval": None, "count": len(values)}
    if confidence is not None:
        import numpy as np

        from .rates import clusters, estimate, wilson

        grouping = clusters([item.source_sample_id for item in items], [item.person for item in items])
        column = np.array(values)[:, None]
        low, high = wilson(estimate(column, np.ones_like(column), grouping), confidence)
        if not np.isnan(low[0]):
            result["interval"] = [float(low[0]), float(high[0])]
    return result
