"""Progress reporting for long work: a callback, and the progress bars shown by default."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """A callback that long work calls as it proceeds."""

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        """stage: the current activity, such as `reading people`; text after a colon may change between calls.

        done, total: steps done and in total; None if unknown.
        """


Steps = Callable[[int, int], None]
"""A callback for one stage of long work: called with (steps done, steps in total)."""


def silent(stage: str, done: int, total: int | None = None) -> None:
    """A `Progress` that does nothing."""
    del stage, done, total


@contextmanager
def bars() -> Iterator[Progress]:
    """Yield a `Progress` that shows a bar per stage in a notebook or on a terminal, and nothing elsewhere.

    Examples:
        >>> with bars() as progress:
        ...     progress("reading people", 3, 12)
    """
    if "ipykernel" not in sys.modules and not sys.stderr.isatty():
        yield silent
        return
    from tqdm.auto import tqdm

    shown: dict[str, tqdm] = {}

    def show(stage: str, done: int, total: int | None = None) -> None:
        name = stage.partition(":")[0]
        bar = shown.get(name)
        if bar is None:
            bar = shown[name] = tqdm(total=total, leave=False, disable=False)
        bar.set_description(stage, refresh=False)
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        for bar in shown.values():
            bar.close()
