"""Vector representations for comparing media and texts: light vectors, or those of trained specialists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from omni_persona_perception import specialists
from omni_persona_perception.vectors import Vectors, face_vectors, text_vectors, voice_vectors


@dataclass(frozen=True)
class Perception:
    """Functions that compute vectors whose dot products are cosine similarities."""

    name: str
    """Its name in caches and manifests."""
    faces: Callable[[Sequence[bytes]], Vectors]
    """Encoded pictures to shape (n, d), rows of unit length."""
    voices: Callable[[Sequence[bytes]], Vectors]
    """Encoded clips to shape (n, d), rows of unit length."""
    texts: Callable[[Sequence[str]], Vectors]
    """Texts to shape (n, d), rows of unit length."""


PERCEPTIONS: dict[str, Perception] = {
    "light": Perception("light", face_vectors, voice_vectors, text_vectors),
    "specialists": Perception("specialists", specialists.faces, specialists.voices, specialists.texts),
}
"""Name -> perception. The specialists need the extra of the same name, and are loaded on first use."""


def perception(name: str) -> Perception:
    """Get a perception by name. Raises `ValueError` for an unknown name."""
    if name not in PERCEPTIONS:
        raise ValueError(f"expected a perception among {', '.join(PERCEPTIONS)}, got {name!r}")
    return PERCEPTIONS[name]
