"""Silence about warnings, also where several threads work at once."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
_before = warnings.catch_warnings()


@contextmanager
def no_warnings() -> Iterator[None]:
    """Ignore all warnings during the block.

    Filters belong to the process. Two blocks of `warnings.catch_warnings` that overlap in time restore each other's
    filters: warnings are then shown within one of them, and ignored for good after both. Here the first block changes
    the filters, and the last one restores them.
    """
    global _inside, _before
    with _lock:
        if _inside == 0:
            _before = warnings.catch_warnings()
            _before.__enter__()
            warnings.simplefilter("ignore")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _before.__exit__(None, None, None)
