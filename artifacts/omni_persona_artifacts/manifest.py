"""Whether the manifest of a run, `run.json`, which may be broken or somebody else's, has the shape that is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXTS = {"model": ("name",), "dataset": ("path", "fingerprint")}
MOST_SUBSET = 10_000_000


def manifest_flaw(manifest: Mapping[str, Any]) -> str | None:
    """What of a manifest is missing or of another type than expected, in words; None where nothing is."""
    for part, names in _TEXTS.items():
        held = manifest.get(part)
        if not isinstance(held, dict):
            return f"expected {part} to be an object with {' and '.join(names)}, got {_shown_value(held)}"
        for name in names:
            if not isinstance(held.get(name), str):
                return f"expected {part}.{name} to be a text, got {_shown_value(held.get(name))}"
    for name in ("limit", "subset"):
        value = manifest.get(name)
        if value is not None and (type(value) is not int or not 0 <= value <= MOST_SUBSET):
            return f"expected {name} to be a number of items, got {_shown_value(value)}"
    resumed = manifest.get("resumed_with", [])
    if not isinstance(resumed, list) or not all(isinstance(one, dict) for one in resumed):
        return f"expected resumed_with to be a list of objects, got {_shown_value(resumed)}"
    return None


def _shown_value(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
