from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def reference() -> Callable[..., dict[str, Any]]:
    """Makes the reference of item `i`; answerable unless `absence` says otherwise."""

    def make(i: int, absence: str = "none", **changes: Any) -> dict[str, Any]:
        return {
            "augmented_id": f"sample_{i // 3}__aug_{i % 3}",
            "source_sample_id": f"sample_{i // 3}",
            "group": "I2I",
            "task": "visual_to_bio",
            "absence": absence,
            "gold_answer": "harbour pilot" if absence == "none" else "",
            "answerable": absence == "none",
        } | changes

    return make
