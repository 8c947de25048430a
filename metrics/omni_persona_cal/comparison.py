"""Compare two runs over the same items: the difference, and whether chance can explain it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .evaluation import summary
from .intervals import Place, described, detectable_cal, intervals, p_value_of_cal, places
from .scores import DENOMINATORS, GUARDED, UNJUDGED, JudgedItem
from .validation import check_protocol, check_resampling

_OF_THE_ITEM = ("source_sample_id", "group", "task", "absence", "answerable", "gold_answer", "person")


def compare(
    a: Sequence[JudgedItem],
    b: Sequence[JudgedItem],
    *,
    protocol: str = GUARDED,
    n_resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Any]:
    """The paired difference b minus a of every score, with intervals, and exact McNemar tests.

    An item that is UNJUDGED in one run is excluded from scores that need verdicts in both, so that each difference is
    over the same items on both sides.

    Args:
        a, b: Two runs as returned by `evaluation.judged_items`, items in any order.
        protocol, n_resamples, confidence, seed: As for `evaluation.compute`.

    Returns:
        `n`, `n_unjudged` (in either run), `protocol`, `interval`; `scores`, for each score `a`, `b`,
        `difference`, its `interval` ([low, high], paired) and `count`; the same under `by_group`, `by_task` and
        `by_absence`; `p_cal`, the p-value of the difference in Cal by its interval; `detectable_cal`, the smallest
        difference in Cal that two such runs would detect with 80 % power; and `mcnemar` for `all` items, the
        `answerable` and the `unanswerable` ones, as from `mcnemar`. Undefined values are None.

    Raises:
        ValueError: the runs are over different items, or contain an item twice; names them.
    """
    check_protocol(protocol)
    check_resampling(n_resamples, confidence, seed)
    a, b = paired(a, b)
    totals = [summary(run, protocol) for run in (a, b)]
    found: dict[Place, dict[str, Any]] = intervals(a, protocol, confidence, others=b) if n_resamples else {}
    result: dict[str, Any] = {
        "n": len(a),
        "n_unjudged": totals[0]["n_unjudged"],
        "protocol": protocol,
        "interval": described(confidence, a) if n_resamples else None,
        "p_cal": p_value_of_cal(a, b, protocol),
        "detectable_cal": detectable_cal(a, b, protocol),
        "mcnemar": {
            "all": _mcnemar(a, b, protocol),
            "answerable": _mcnemar(*_both(a, b, answerable=True), protocol),
            "unanswerable": _mcnemar(*_both(a, b, answerable=False), protocol),
        },
    }
    for place in places(a):
        sides = totals
        for name in place:
            sides = [side[name] for side in sides]
        differences = _differences(sides[0], sides[1], found.get(place, {}))
        if place:
            result.setdefault(place[0], {})[place[1]] = differences
        else:
            result["scores"] = differences
    return result


def mcnemar(n_only_a: int, n_only_b: int) -> float:
    """The exact two-sided p-value of McNemar's test (McNemar 1947, with the binomial in place of chi-square).

    Under the null hypothesis each item that only one run has right is equally likely to be a's or b's. Items are
    assumed to be independent, which those that share memories are not, so read it together with the interval.

    Args:
        n_only_a: Items that only run a has right.
        n_only_b: Items that only run b has right.

    >>> mcnemar(1, 8)
    0.0390625
    """
    n = n_only_a + n_only_b
    # Integers up to the last division: exact for any n. Each binomial coefficient is computed from the previous one.
    coefficient = tail = 1
    for k in range(min(n_only_a, n_only_b)):
        coefficient = coefficient * (n - k) // (k + 1)
        tail += coefficient
    return min(1.0, 2 * tail / 2**n)


def paired(a: Sequence[JudgedItem], b: Sequence[JudgedItem]) -> tuple[list[JudgedItem], list[JudgedItem]]:
    """Both runs in the order of IDs; an item UNJUDGED in one becomes UNJUDGED in both.

    Raises ValueError if the runs are over different items, or contain an item twice; names them.
    """
    if not a:
        raise ValueError("expected runs over at least one item, got an empty one")
    ours, theirs = _by_id(a, "a"), _by_id(b, "b")
    if ours.keys() != theirs.keys():
        only_a, only_b = sorted(ours.keys() - theirs.keys()), sorted(theirs.keys() - ours.keys())
        missing = [f"{len(ids)} only in {run} (such as {ids[0]})" for run, ids in (("a", only_a), ("b", only_b)) if ids]
        raise ValueError(f"expected two runs over the same items, got {' and '.join(missing)}")
    left, right = [], []
    for augmented_id in sorted(ours):
        one, other = ours[augmented_id], theirs[augmented_id]
        for field in _OF_THE_ITEM:
            if getattr(one, field) != getattr(other, field):
                raise ValueError(
                    f"expected two runs over the same items, got another {field} of {augmented_id}: "
                    f"{getattr(one, field)!r} in a, {getattr(other, field)!r} in b"
                )
        if UNJUDGED in (one.verdict, other.verdict):
            one, other = replace(one, verdict=UNJUDGED), replace(other, verdict=UNJUDGED)
        left.append(one)
        right.append(other)
    return left, right


def _by_id(run: Sequence[JudgedItem], name: str) -> dict[str, JudgedItem]:
    result: dict[str, JudgedItem] = {}
    for item in run:
        if item.augmented_id in result:
            raise ValueError(f"expected each item once in run {name}, got {item.augmented_id} twice")
        result[item.augmented_id] = item
    return result


def _both(
    a: Sequence[JudgedItem], b: Sequence[JudgedItem], answerable: bool
) -> tuple[list[JudgedItem], list[JudgedItem]]:
    left, right = ([item for item in run if item.answerable == answerable] for run in (a, b))
    return left, right


def _mcnemar(a: Sequence[JudgedItem], b: Sequence[JudgedItem], protocol: str) -> dict[str, Any]:
    """Counts of items that both, one or neither run has right, and the p-value of `mcnemar`."""
    pairs = [(one.is_right(protocol), other.is_right(protocol)) for one, other in zip(a, b, strict=True)]
    only_a, only_b = pairs.count((True, False)), pairs.count((False, True))
    return {
        "n_both": pairs.count((True, True)),
        "n_only_a": only_a,
        "n_only_b": only_b,
        "n_neither": pairs.count((False, False)),
        "p": mcnemar(only_a, only_b),
    }


def _differences(a: dict[str, Any], b: dict[str, Any], found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    names = [*DENOMINATORS, *(["audio_visual_gap"] if "audio_visual_gap" in a else [])]
    result = {}
    for name in names:
        exists = a[name] is not None and b[name] is not None
        result[name] = {
            "a": a[name],
            "b": b[name],
            "difference": b[name] - a[name] if exists else None,
            "interval": found.get(name),
            "count": a["counts"][name],
        }
    return result
