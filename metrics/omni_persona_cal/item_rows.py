"""Items as rows of numbers, and the rates that scores are sums of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .scores import COLUMNS, RATES, sums_of_rates

if TYPE_CHECKING:
    from .rates import Array, Clusters, Estimates


@dataclass(frozen=True)
class Slice:
    """Some items as numbers: their contributions to totals, and their clusters."""

    rows: Array
    """Items x `COLUMNS`. It may have leading axes, to process many runs over the same items at once."""
    others: Array | None
    """The same for another run over the same items, for differences."""
    groups: Any
    """The name of each item's group."""
    clusters: Clusters


def sums_of(cut: Slice, protocol: str) -> dict[str, dict[str, float]]:
    """`sums_of_rates`, with `cal_weighted` as a sum of the rates of both kinds of items, by their shares.

    As one rate of all items it would seem to vary as much as if right answers were spread over both kinds at random,
    which is too much if Ans and TA differ. Runs that are processed at once have verdicts of equally many items.
    """
    judged, unanswerable = (float(summed(cut.rows, [name]).sum()) for name in ("judged", "unanswerable"))
    share = judged / (judged + unanswerable) if judged + unanswerable else 0.5
    shares = {"ans_guarded": share, "unans": 1 - share}
    sums = sums_of_rates(protocol)
    return {name: shares if weights == {"cal_weighted": 1.0} else weights for name, weights in sums.items()}


def summed(rows: Array, names: Sequence[str]) -> Array:
    """The sum of some `COLUMNS` of each item. rows: ... x items x `COLUMNS`."""
    return sum(rows[..., COLUMNS.index(name)] for name in names)  # type: ignore[return-value]


def estimates_of(cut: Slice, names: Sequence[str], grows: Array) -> Estimates:
    """Estimate some of `RATES`; for a difference, those of the first run and then those of the second one.

    Args:
        grows: Whether a score grows with each rate (1) or falls (-1), for differences.
    """
    import numpy as np

    from .rates import estimate

    runs = [cut.rows] if cut.others is None else [cut.rows, cut.others]
    tops = np.stack([summed(rows, RATES[name].top) for rows in runs for name in names], axis=-1)
    bottoms = np.stack([summed(rows, RATES[name].over) for rows in runs for name in names], axis=-1)
    return estimate(tops, bottoms, cut.clusters, None if cut.others is None else np.concatenate([-grows, grows]))
