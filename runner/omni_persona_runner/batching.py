"""Which items are answered together: whole source samples, of like length, as many as memory holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Generic, Literal, TypeAlias, TypeVar

from omni_persona import Item

Size: TypeAlias = int | Literal["auto"]
"""Items of a batch, or `auto`: as many as memory holds."""

_FIRST = 4
"""Items of the first batch of an automatic size."""
_FULL = 0.85
"""Share of the memory beyond which a size does not grow."""

WINDOW = 8
"""Batches' worth of items among which those of like length are put together."""

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass
class BatchSize:
    """How many items the next batch holds: it halves where memory ends, and doubles while memory lasts."""

    now: int
    most: int
    """What it does not grow beyond: a size that was asked for, or a bound of an automatic one."""
    n_held: int = WINDOW
    """Batches held since one broke: those of a window must before it grows again, so that its longest items have."""

    @classmethod
    def of(cls, asked: Size, most: int) -> BatchSize:
        """Raises `ValueError` for a size below 1 or an unknown word."""
        if asked == "auto":
            return cls(min(_FIRST, most), most)
        if not isinstance(asked, int) or asked < 1:
            raise ValueError(f"expected a batch size of at least 1, or auto, got {asked!r}")
        return cls(asked, asked)

    def held(self, n_items: int, peak: float, resting: float) -> None:
        """A batch was answered.

        peak: the share of the memory that was in use at most. resting: the share that is in use without any batch, such
        as the weights', which does not grow with it.
        """
        if n_items < self.now:
            return
        # One that was made before a size shrank may hold more: where a single item broke the last one, not the size.
        self.now = n_items
        self.n_held += 1
        if self.n_held > WINDOW and resting + 2 * (peak - resting) <= _FULL:
            self.now = min(2 * self.now, self.most)

    def broke(self, n_items: int) -> None:
        """A batch did not fit. An item that does not fit alone says nothing of the size of a batch."""
        if n_items > 1:
            self.now, self.n_held = min(self.now, n_items // 2), 0


def batches(items: Iterable[Item], length: Callable[[Item], int], size: BatchSize) -> Iterator[list[Item]]:
    """Items in batches: siblings together, longest first within a window, so that little is filled up.

    items: siblings beside each other. length: about how many tokens an item takes. `size` is read before each
    batch; a source sample with more items than that is split.
    """
    samples = (list(siblings) for _, siblings in groupby(items, key=lambda item: item.source_sample_id))
    while window := _draw(samples, WINDOW * size.now):
        window.sort(key=lambda siblings: max(map(length, siblings)), reverse=True)
        while window:
            batch: list[Item] = []
            while window and len(batch) + len(window[0]) <= size.now:
                batch += window.pop(0)
            if not batch:
                batch, window[0] = window[0][: size.now], window[0][size.now :]
            yield batch


def _draw(samples: Iterator[list[Item]], n_items: int) -> list[list[Item]]:
    """Samples that hold at least `n_items` items together, or all that are left."""
    drawn: list[list[Item]] = []
    while sum(map(len, drawn)) < n_items and (sample := list(islice(samples, 1))):
        drawn += sample
    return drawn


class Ahead(Generic[_T, _R]):
    """Prepares what comes next in a thread of its own while the present is worked on."""

    def __init__(self, prepare: Callable[[_T], _R]) -> None:
        self._prepare = prepare
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="prepare")

    def over(self, values: Iterator[_T]) -> Iterator[_R]:
        """What `prepare` makes of each value, one value ahead. `values` is drawn in the thread."""
        try:
            coming: Future[list[_R]] = self._worker.submit(self._next, values)
            while prepared := coming.result():
                coming = self._worker.submit(self._next, values)
                yield from prepared
        finally:
            self._worker.shutdown(wait=True, cancel_futures=True)

    def _next(self, values: Iterator[_T]) -> list[_R]:
        return [self._prepare(value) for value in islice(values, 1)]


def halves(values: Sequence[_T]) -> tuple[Sequence[_T], Sequence[_T]]:
    """The first and the second half."""
    middle = len(values) // 2
    return values[:middle], values[middle:]
