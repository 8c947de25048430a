"""A representative subset of a dataset; the same size always gives the same items.

Items are taken one after another, each from the kind of absence, then the group, then the task that is the furthest
behind its share; within a task in the order of a hash of their ids. So every stratum, coarse or fine, is represented in
proportion, up to one item.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

Stratum = tuple[str, ...]
"""Absence, group and task of items, or the first of these."""

LEVELS = 3

RATE = 0.5
"""Rate assumed for Ans and Unans, at which their variance is largest."""


def subset(items: Sequence[Mapping[str, Any]], n: int) -> list[int]:
    """The indices, in order, of `n` items; all of them where there are no more.

    The order of the items does not matter, and a larger subset includes the items of a smaller one.

    Args:
        items: `augmented_id`, `absence`, `group` and `task` of each.

    Raises:
        ValueError: `n` is below 1.
    """
    if n < 1:
        raise ValueError(f"expected a subset of at least 1 item, got {n}")
    queues: dict[Stratum, list[int]] = defaultdict(list)
    for index in sorted(range(len(items)), key=lambda index: _digest(items[index])):
        queues[_stratum(items[index])].append(index)
    sizes = Counter(part for stratum, queue in queues.items() for part in _levels(stratum) for _ in queue)
    taken: Counter[Stratum] = Counter()
    chosen = []
    for _ in range(min(n, len(items))):
        stratum: Stratum = ()
        for level in range(1, LEVELS + 1):
            inner = {one[:level] for one in queues if one[: level - 1] == stratum}
            share = (taken[stratum] + 1) / sizes[stratum]
            stratum = max(sorted(inner), key=lambda one: share * sizes[one] - taken[one])
        chosen.append(queues[stratum][taken[stratum]])
        taken.update(_levels(stratum))
    return sorted(chosen)


def added_error(n: Mapping[bool, int], of: Mapping[bool, int]) -> float | None:
    """The standard error (0..1) of a subset's Cal as an estimate of the whole set's; None if undefined.

    Args:
        n: Whether answerable -> number of items in the subset.
        of: The same of the whole set.
    """
    if any(not n.get(kind) for kind in (True, False)):
        return None
    # Sampling without replacement: no error if all items are drawn.
    return math.sqrt(sum(RATE * (1 - RATE) * (1 / n[kind] - 1 / of[kind]) for kind in (True, False)) / 4)


def _stratum(item: Mapping[str, Any]) -> Stratum:
    return (item["absence"], item["group"], item["task"])


def _levels(stratum: Stratum) -> list[Stratum]:
    """A stratum and all that it is part of, the whole set included."""
    return [stratum[:level] for level in range(LEVELS + 1)]


def _digest(item: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(str(item["augmented_id"]).encode("utf-8", "surrogatepass")).digest()
