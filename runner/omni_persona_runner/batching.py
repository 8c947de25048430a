"""Group items into batches: whole source samples of similar length, as many as fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Generic, Literal, TypeAlias, TypeVar

from omni_persona import Item

Size: TypeAlias = int | Literal["auto"]
"""Items per batch, or `auto`: as many as fit in memory."""

_FIRST = 4
"""Size of the first batch when the size is automatic."""
_FULL = 0.85
"""Fraction of memory in use above which the batch size stops growing."""

WINDOW = 8
"""Window size in batches; items are sorted by length within a window."""

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass
class BatchSize:
    """The size of the next batch: halved when memory runs out, doubled while memory is left."""

    now: int
    most: int
    """Upper limit: the size that was requested, or the cap on an automatic size."""
    n_fitted: int = WINDOW
    """Batches answered since the last failure; the size grows only after a full window, with its longest items."""
    siblings_only: bool = False
    """Whether a batch holds the items of one source sample alone."""

    @classmethod
    def of(cls, asked: Size, most: int, *, siblings_only: bool = False) -> BatchSize:
        """Raises `ValueError` for a size below 1 or an unknown word.

        siblings_only: whether an automatic size groups nothing but the items of one source sample.
        """
        if asked == "auto":
            return cls(min(_FIRST, most), most, siblings_only=siblings_only)
        if not isinstance(asked, int) or asked < 1:
            raise ValueError(f"expected a batch size of at least 1, or auto, got {asked!r}")
        return cls(asked, asked)

    def fitted(self, n_items: int, peak: float, resting: float) -> None:
        """Record that a batch was answered.

        peak: the highest fraction of memory in use. resting: the fraction in use without a batch, such as by weights,
        which does not grow with the batch.
        """
        if n_items < self.now:
            return
        # A batch built before the size shrank may be larger. If it fitted, one item, not the size, caused the failure.
        self.now = n_items
        self.n_fitted += 1
        if self.n_fitted > WINDOW and resting + 2 * (peak - resting) <= _FULL:
            self.now = min(2 * self.now, self.most)

    def failed(self, n_items: int) -> None:
        """Record that a batch did not fit. A single item that does not fit says nothing about the batch size."""
        if n_items > 1:
            self.now, self.n_fitted = min(self.now, n_items // 2), 0


def batches(items: Iterable[Item], length: Callable[[Item], int], size: BatchSize) -> Iterator[list[Item]]:
    """Group items into batches: siblings together, longest first within a window, so that little padding is needed.

    items: siblings must be adjacent. length: estimates an item's tokens. `size` is read before each
    batch; a source sample with more items than `size` is split.
    """
    samples = (list(siblings) for _, siblings in groupby(items, key=lambda item: item.source_sample_id))
    while window := _draw(samples, WINDOW * size.now):
        window.sort(key=lambda siblings: max(map(length, siblings)), reverse=True)
        while window:
            batch: list[Item] = []
            while window and len(batch) + len(window[0]) <= size.now and not (batch and size.siblings_only):
                batch += window.pop(0)
            if not batch:
                batch, window[0] = window[0][: size.now], window[0][size.now :]
            yield batch


def _draw(samples: Iterator[list[Item]], n_items: int) -> list[list[Item]]:
    """Take samples until they hold at least `n_items` items together, or none are left."""
    drawn: list[list[Item]] = []
    while sum(map(len, drawn)) < n_items and (sample := list(islice(samples, 1))):
        drawn += sample
    return drawn


class Prefetch(Generic[_T, _R]):
    """Prepare the next value in a separate thread while the current one is processed."""

    def __init__(self, prepare: Callable[[_T], _R]) -> None:
        self._prepare = prepare
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="prepare")

    def over(self, values: Iterator[_T]) -> Iterator[_R]:
        """Yield `prepare(value)` for each value, computed one value ahead. `values` is iterated in the thread."""
        try:
            coming: Future[list[_R]] = self._worker.submit(self._next, values)
            while prepared := coming.result():
                coming = self._worker.submit(self._next, values)
                yield from prepared
        finally:
            self._worker.shutdown(wait=True, cancel_futures=True)

    def _next(self, values: Iterator[_T]) -> list[_R]:
        return [self._prepare(value) for value in islice(values, 1)]


def split_in_half(values: Sequence[_T]) -> tuple[Sequence[_T], Sequence[_T]]:
    """Split into the first and the second half."""
    middle = len(values) // 2
    return values[:middle], values[middle:]
