"""Send results and errors to another process of ours."""

from __future__ import annotations

import pickle
from typing import TypeVar

T = TypeVar("T")


def picklable(said: T) -> T | RuntimeError:
    """A result or an error, or, if it cannot be pickled and unpickled, a `RuntimeError` with its type and message."""
    try:
        pickle.loads(pickle.dumps(said))
    # Some exceptions can be pickled but not unpickled.
    except Exception:
        return RuntimeError(f"{type(said).__name__}: {said}")
    return said
