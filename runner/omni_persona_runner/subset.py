"""A part of a dataset that stands for the whole: always the same items for one number of them.

Items are put in order by absence, group, task and a hash of their ids, and taken at places that spread evenly over this
order (van der Corput's sequence): any stratum, coarse or fine, gives in proportion to its size, up to a few items.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

RATE = 0.5
"""Assumed of Ans and Unans, which vary most there."""


def subset(items: Sequence[Mapping[str, Any]], n: int) -> list[int]:
    """The indices, in order, of `n` items; all of them where there are no more.

    The order of the items does not matter, and a larger part holds the items of a smaller one.

    Args:
        items: Of each its `augmented_id`, `absence`, `group` and `task`.

    Raises:
        ValueError: `n` is below 1.
    """
    if n < 1:
        raise ValueError(f"expected a subset of at least 1 item, got {n}")
    order = sorted(range(len(items)), key=lambda index: _place(items[index]))
    bits = max(1, (len(order) - 1).bit_length())
    taken: dict[int, None] = {}
    for step in range(1 << bits):
        if len(taken) == min(n, len(order)):
            break
        # The bits of the step in reverse: halves, then quarters, then eighths of the order.
        turned = int(f"{step:0{bits}b}"[::-1], 2)
        taken.setdefault(order[turned * len(order) >> bits])
    return sorted(taken)


def added_error(n: Mapping[bool, int], of: Mapping[bool, int]) -> float | None:
    """The standard error of the Cal of a part as an estimate of that of the whole set, 0..1; None where there is none.

    Args:
        n: Whether answerable -> items of the part.
        of: The same of the whole set.
    """
    if any(not n.get(kind) for kind in (True, False)):
        return None
    # Items drawn without putting them back: nothing is added where all are drawn.
    return math.sqrt(sum(RATE * (1 - RATE) * (1 / n[kind] - 1 / of[kind]) for kind in (True, False)) / 4)


def _place(item: Mapping[str, Any]) -> tuple[str, str, str, bytes]:
    digest = hashlib.sha256(str(item["augmented_id"]).encode("utf-8", "surrogatepass")).digest()
    return (item["absence"], item["group"], item["task"], digest)
