"""What media and texts are compared by: light vectors, or those of trained specialists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from omni_persona_perception import specialists
from omni_persona_perception.vectors import Vectors, face_vectors, text_vectors, voice_vectors


@dataclass(frozen=True)
class Perception:
    """A way to make vectors whose dot products are cosine similarities."""

    name: str
    """What caches and manifests call it."""
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
"""Name -> perception. The specialists need the extra of their name, and load when they are first called."""


def perception(name: str) -> Perception:
    """A perception by its name. Raises `ValueError` for an unknown one."""
    if name not in PERCEPTIONS:
        raise ValueError(f"expected a perception among {', '.join(PERCEPTIONS)}, got {name!r}")
    return PERCEPTIONS[name]
