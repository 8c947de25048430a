"""Of many cases that try the same code, a few run by default; the others with `-m slow`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def slow_but(kept: Collection[Any], cases: Iterable[Any]) -> list[Any]:
    """Values of a parameter, or tuples for several, in their order; all but those `kept` are marked slow."""
    cases = list(cases)
    assert all(one in cases for one in kept), kept
    return [case if case in kept else _slow(case) for case in cases]


def _slow(case: Any) -> Any:
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
