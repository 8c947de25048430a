"""Invents people for a benchmark: profiles, faces and voices that belong to nobody.

`EMBEDDED_POOL` is a pool that comes with the package, made by
`generate_pool(folder, personas=EMBEDDED_SIZE, seed=EMBEDDED_SEED)`.
"""

from __future__ import annotations

from pathlib import Path

from omni_persona_people.invent.pool import generate_pool
from omni_persona_people.invent.speech import SpeechError

EMBEDDED_SIZE = 24
"""People in the embedded pool."""

EMBEDDED_SEED = 0
"""Seed of the embedded pool."""

EMBEDDED_POOL: Path = Path(__file__).resolve().parent.parent / "embedded_pool"
"""Folder of the embedded pool."""

__all__ = ["EMBEDDED_POOL", "EMBEDDED_SEED", "EMBEDDED_SIZE", "SpeechError", "generate_pool"]
