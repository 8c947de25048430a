"""Invent people for a benchmark: profiles, faces and voices of people who do not exist.

`EMBEDDED_POOL` is a pool that is part of the package: rendered faces and natural voices, generated in advance.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omni_persona_people.espeak import SpeechError as SpeechError
    from omni_persona_people.invent.pool import generate_pool as generate_pool
    from omni_persona_people.rendered.makehuman import AssetError as AssetError

EMBEDDED_SIZE = 24
"""Number of people in the embedded pool."""

EMBEDDED_SEED = 4
"""Seed of the embedded pool."""

EMBEDDED_POOL: Path = Path(__file__).resolve().parent.parent / "embedded_pool"
"""Folder of the embedded pool."""

__all__ = ["EMBEDDED_POOL", "EMBEDDED_SEED", "EMBEDDED_SIZE", "AssetError", "SpeechError", "generate_pool"]

_MODULES = {
    "AssetError": "omni_persona_people.rendered.makehuman",
    "SpeechError": "omni_persona_people.espeak",
    "generate_pool": "omni_persona_people.invent.pool",
}


def __getattr__(name: str) -> Any:
    """Import what makes people on first access: a build only needs to know which pool is part of the package."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
