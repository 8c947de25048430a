"""Compare two or more runs over the same items: which differ in Cal, and which are tied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from .comparison import paired
from .evaluation import summary
from .intervals import p_value_of_cal
from .scores import GUARDED, UNJUDGED, JudgedItem
from .validation import check_protocol


def compare_several(
    runs: Mapping[str, Sequence[JudgedItem]], *, protocol: str = GUARDED, level: float = 0.05
) -> dict[str, Any]:
    """Compare every pair of runs by its difference in Cal, corrected for the number of pairs (Holm 1979).

    With k runs there are k (k - 1) / 2 pairs, so some pairs of equal runs differ by chance. With the correction, the
    probability that any pair of equal runs is called different is at most `level`.

    Args:
        runs: Name -> items as of `evaluation.judged_items`, over the same items in any order.
        protocol: As for `evaluation.compute`.
        level: Two runs differ if their corrected p-value is at most this.

    Returns:
        `n`, `level`; `ranking`, the names by decreasing Cal, each with its `cal` and `tied_with`, the names of
        the runs from which it does not differ; and `pairs`, each with the names `a` and `b`, `n_unjudged` in either,
        the `difference` in Cal (b minus a, over items judged in both), `p`, `p_holm` and `differ`. Undefined
        values are None; a pair without a p-value is tied.

    Raises:
        ValueError: there are fewer than two runs, or runs over different items; the message says which.
    """
    check_protocol(protocol)
    if len(runs) < 2:
        raise ValueError(f"expected at least two runs, got {len(runs)}")
    pairs: list[dict[str, Any]] = []
    for (name_a, run_a), (name_b, run_b) in combinations(runs.items(), 2):
        try:
            a, b = paired(run_a, run_b)
        except ValueError as error:
            raise ValueError(f"{name_a} (a) and {name_b} (b): {error}") from None
        cal_a, cal_b = (summary(run, protocol)["cal"] for run in (a, b))
        difference = None if cal_a is None or cal_b is None else cal_b - cal_a
        n_unjudged = sum(item.verdict == UNJUDGED for item in a)
        p = p_value_of_cal(a, b, protocol)
        pairs.append({"a": name_a, "b": name_b, "n_unjudged": n_unjudged, "difference": difference, "p": p})
    for pair, corrected in zip(pairs, holm([pair["p"] for pair in pairs]), strict=True):
        pair["p_holm"] = corrected
        pair["differ"] = corrected is not None and corrected <= level
    cal = {name: summary(run, protocol)["cal"] for name, run in runs.items()}
    ranked = sorted(runs, key=lambda name: -1.0 if cal[name] is None else cal[name], reverse=True)
    tied = {
        name: [other for other in ranked if any({name, other} == {p["a"], p["b"]} and not p["differ"] for p in pairs)]
        for name in ranked
    }
    return {
        "n": len(next(iter(runs.values()))),
        "level": level,
        "ranking": [{"name": name, "cal": cal[name], "tied_with": tied[name]} for name in ranked],
        "pairs": pairs,
    }


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's corrected p-values, in the given order; None is kept and not counted.

    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    known = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    result: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, index) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        result[index] = largest
    return result
