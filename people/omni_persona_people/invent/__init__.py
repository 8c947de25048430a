"""Invent people for a benchmark: profiles, faces and voices of people who do not exist.

`EMBEDDED_POOL` is a pool that is part of the package: rendered faces and natural voices, generated in advance.
"""

from __future__ import annotations

from pathlib import Path

from omni_persona_people.espeak import SpeechError
from omni_persona_people.invent.pool import generate_pool
from omni_persona_people.rendered.makehuman import AssetError

EMBEDDED_SIZE = 24
"""Number of people in the embedded pool."""

EMBEDDED_SEED = 4
"""Seed of the embedded pool."""

EMBEDDED_POOL: Path = Path(__file__).resolve().parent.parent / "embedded_pool"
"""Folder of the embedded pool."""

__all__ = ["EMBEDDED_POOL", "EMBEDDED_SEED", "EMBEDDED_SIZE", "AssetError", "SpeechError", "generate_pool"]
