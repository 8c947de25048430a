"""How long work says how far it is: a callback, and what shows it where nobody passed one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """What long work calls as it goes on."""

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        """stage: what is being done, such as `reading people`; what follows a colon may change from call to call.

        done, total: its steps; None where their number is not known.
        """


def silent(stage: str, done: int, total: int | None = None) -> None:
    """A `Progress` that shows nothing."""
    del stage, done, total


@contextmanager
def bars() -> Iterator[Progress]:
    """A `Progress` that shows a bar for each stage in a notebook or on a terminal, and nothing elsewhere.

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
            bar = shown[name] = tqdm(total=total, leave=False)
        bar.set_description(stage, refresh=False)
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        for bar in shown.values():
            bar.close()
