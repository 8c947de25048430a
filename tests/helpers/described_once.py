"""What is computed of a medium alone: most tests read the same few media, and the same medium has the same numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest


def describe_once(patch: pytest.MonkeyPatch) -> None:
    """Let what describes one medium, encoded or decoded, answer from memory where it was asked before."""
    from omni_persona_build import mixed_media
    from omni_persona_build.checks import described
    from omni_persona_perception import vectors

    for module, name in ((vectors, "_face"), (vectors, "_voice")):
        patch.setattr(module, name, _remembering(getattr(module, name)))
    for name in ("picture_facts", "clip_facts"):
        once = _remembering(getattr(described, name))
        for module in (described, mixed_media):
            patch.setattr(module, name, once)


def _remembering(describe: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[tuple[object, ...], Any] = {}

    def once(*medium: Any) -> Any:
        key = tuple(map(_key, medium))
        if key not in known:
            known[key] = describe(*medium)
        return known[key]

    return once


def _key(value: Any) -> object:
    """Equal for equal bytes, pictures, samples, and tuples of these."""
    if isinstance(value, tuple):
        return tuple(map(_key, value))
    if isinstance(value, bytes):
        return hashlib.sha256(value).digest()
    if hasattr(value, "tobytes"):  # a picture or an array
        shape = getattr(value, "shape", None) or (value.mode, value.size)
        return type(value), shape, str(getattr(value, "dtype", "")), hashlib.sha256(value.tobytes()).digest()
    return value
