"""Progress of long work as occasional lines of a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

FIRST_LINE_AFTER = 2.0
LINE_EVERY = 15.0
"""Seconds after which work first reports progress, and the interval from then on."""


class LogLines:
    """Says what the work is at after a few seconds and at intervals, also while no step is completed."""

    def __init__(
        self, say: Callable[[str], None], *, first_after: float = FIRST_LINE_AFTER, every: float = LINE_EVERY
    ) -> None:
        """say: prints a line. first_after, every: seconds until the first line, and between lines."""
        self._say = say
        self._first_after, self._every = first_after, every
        self._latest: str | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._report, daemon=True)

    def __enter__(self) -> LogLines:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        """Note the latest step."""
        self._latest = f"{stage}: {done:,}{'' if total is None else f' of {total:,}'}"

    def _report(self) -> None:
        start, wait = time.monotonic(), self._first_after
        while not self._ended.wait(wait):
            wait = self._every
            self._say(self._latest or f"at work for {time.monotonic() - start:.0f} s")
