"""A representative subset of a dataset; the same size always gives the same items.

Items are sorted by absence, group, task and a hash of their ids, and taken at places that spread evenly over this
order (van der Corput's sequence): every stratum, coarse or fine, is represented in proportion, up to a few items.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

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
    order = sorted(range(len(items)), key=lambda index: _place(items[index]))
    bits = max(1, (len(order) - 1).bit_length())
    taken: dict[int, None] = {}
    for step in range(1 << bits):
        if len(taken) == min(n, len(order)):
            break
        # Bit reversal of the step: halves, then quarters, then eighths of the order.
        turned = int(f"{step:0{bits}b}"[::-1], 2)
        taken.setdefault(order[turned * len(order) >> bits])
    return sorted(taken)


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


def _place(item: Mapping[str, Any]) -> tuple[str, str, str, bytes]:
    digest = hashlib.sha256(str(item["augmented_id"]).encode("utf-8", "surrogatepass")).digest()
    return (item["absence"], item["group"], item["task"], digest)
