"""Ways of perceiving: what turns faces, voices and texts into vectors that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from omni_persona_perception.vectors import Vectors, face_vectors, text_vectors, voice_vectors


@dataclass(frozen=True)
class Perception:
    """Three kinds of vectors; each function gives shape (n, d), rows of unit length."""

    name: str
    faces: Callable[[Sequence[bytes]], Vectors]
    voices: Callable[[Sequence[bytes]], Vectors]
    texts: Callable[[Sequence[str]], Vectors]


LIGHT = Perception("light", face_vectors, voice_vectors, text_vectors)
