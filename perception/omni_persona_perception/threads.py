"""Matrix products on one thread."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any


@contextmanager
def one_blas_thread(*, scipy: bool = False) -> Iterator[None]:
    """Let NumPy's matrix products, and SciPy's if it is loaded, run on one thread each, for the whole process.

    Ours are small, and several threads wait for each other longer than they compute: twice the CPU time, and no less
    time on the clock.

    scipy: load SciPy, if it is not yet loaded.
    """
    if scipy:
        import_module("scipy.linalg")
    with _libraries("scipy.linalg" in sys.modules).limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries(with_scipy: bool) -> Any:  # SciPy has a library of its own
    """The libraries of matrix products that are loaded: looking for them takes a millisecond."""
    import numpy as np  # noqa: F401 - loads its library
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()
