"""The Persona Modality Graph: people, how near their faces and voices are, and who makes a hard distractor for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.pool import Persona
from omni_persona_perception import Vectors, face_vectors, voice_vectors


class PersonaGraph:
    """People as nodes; edges between people of one gender, weighed by likeness of face and of voice."""

    def __init__(self, people: Sequence[Persona], faces: Vectors, voices: Vectors) -> None:
        """people: n; faces, voices: shape (n, d) and (n, e)."""
        self.people = tuple(people)
        self._faces, self._voices = _unit(faces), _unit(voices)
        self._genders = np.array([str(persona.gender) for persona in people])

    @classmethod
    def of(cls, people: Sequence[Persona], progress: Callable[[int, int], None]) -> PersonaGraph:
        """Describe each person by the mean vector of the media that may stand in contexts."""
        faces, voices = [], []
        for done, persona in enumerate(people, start=1):
            faces.append(face_vectors([picture.data for picture in persona.pictures]).mean(axis=0))
            voices.append(voice_vectors([clip.data for clip in persona.clips]).mean(axis=0))
            progress(done, len(people))
        return cls(people, np.stack(faces), np.stack(voices))

    def distractors(self, index: int) -> NDArray[np.intp]:
        """Everybody of the person's gender but the person, hardest first: near in face and in voice by turns."""
        others = np.flatnonzero(self._genders == self._genders[index])
        others = others[others != index]
        ranks = [
            np.argsort(np.argsort(-(vectors[others] @ vectors[index]), kind="stable"))
            for vectors in (self._faces, self._voices)
        ]
        return others[np.argsort(np.minimum(*ranks), kind="stable")]

    def with_company(self, number: int) -> list[int]:
        """Indices of the people of a gender that has at least `number` people."""
        sizes = Counter(self._genders.tolist())
        return [index for index, gender in enumerate(self._genders.tolist()) if sizes[gender] >= number]


def _unit(vectors: Vectors) -> Vectors:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
