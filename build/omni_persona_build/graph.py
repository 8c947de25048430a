"""The Persona Modality Graph: people, how alike they are in each modality, and who is a hard distractor for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.pool import Persona
from omni_persona_build.recipe import Hardness
from omni_persona_perception import Vectors, face_vectors, text_vectors, voice_pitch, voice_vectors

MODALITIES = ("face", "voice", "text")


class PersonaGraph:
    """People as nodes; edges between people of one gender, weighed by likeness of face, voice and profile."""

    def __init__(self, people: Sequence[Persona], genders: Sequence[str], vectors: Mapping[str, Vectors]) -> None:
        """people: n; genders: n; vectors: for each of `MODALITIES`, shape (n, d)."""
        self.people = tuple(people)
        self._index = {persona.persona_id: index for index, persona in enumerate(people)}
        self._genders = np.array(genders)
        self._vectors = {modality: _unit(vectors[modality]) for modality in MODALITIES}

    @classmethod
    def of(cls, people: Sequence[Persona], progress: Callable[[int, int], None]) -> PersonaGraph:
        """Describe each person by the mean vectors of the media that may stand in contexts, and by the profile."""
        faces, voices, pitches = [], [], []
        for done, persona in enumerate(people, start=1):
            clips = [clip.read() for clip in persona.clips]
            faces.append(face_vectors([picture.read() for picture in persona.pictures]).mean(axis=0))
            voices.append(voice_vectors(clips).mean(axis=0))
            pitches.append(None if persona.gender else voice_pitch(clips[0]))
            progress(done, len(people))
        profiles = [
            " ".join(str(value) for _, value in persona.profile if value is not None) or "-" for persona in people
        ]
        vectors = {"face": np.stack(faces), "voice": np.stack(voices), "text": text_vectors(profiles)}
        return cls(people, _genders(people, pitches), vectors)

    def likeness(self, one: Persona, other: Persona) -> dict[str, float]:
        """Cosine similarity of two people in each modality."""
        first, second = self._index[one.persona_id], self._index[other.persona_id]
        return {modality: float(vectors[first] @ vectors[second]) for modality, vectors in self._vectors.items()}

    def distractors(self, index: int, hardness: Hardness, rng: np.random.Generator) -> NDArray[np.intp]:
        """Everybody of the person's gender but the person, those to take first in front.

        hard: nearest first, in face, in voice and in profile by turns. medium: from the middle outwards. random: in
        an order of chance.
        """
        others = np.flatnonzero(self._genders == self._genders[index])
        others = others[others != index]
        if hardness == "random":
            return rng.permutation(others)
        ranks = [
            np.argsort(np.argsort(-(vectors[others] @ vectors[index]), kind="stable"))
            for vectors in self._vectors.values()
        ]
        nearest_first = others[np.argsort(np.minimum.reduce(ranks), kind="stable")]
        if hardness == "hard":
            return nearest_first
        middle = (len(others) - 1) / 2
        return nearest_first[np.argsort(np.abs(np.arange(len(others)) - middle), kind="stable")]

    def with_company(self, number: int) -> list[int]:
        """Indices of the people of a gender that has at least `number` people."""
        sizes = self.sizes()
        return [index for index, gender in enumerate(self._genders.tolist()) if sizes[gender] >= number]

    def sizes(self) -> Counter[str]:
        """People by gender, or by pitch where the pool tells no gender."""
        return Counter(self._genders.tolist())


def _genders(people: Sequence[Persona], pitches: Sequence[float | None]) -> list[str]:
    """Each person's gender; people without one are told apart by pitch, so that voices stay hard to tell."""
    known = [pitch for pitch in pitches if pitch is not None]
    split = _valley(np.log(known)) if len(known) > 1 else 0.0
    return [
        persona.gender or ("low voice" if np.log(pitch or 1.0) <= split else "high voice")
        for persona, pitch in zip(people, pitches, strict=True)
    ]


def _valley(values: NDArray[np.float64]) -> float:
    """Where to cut numbers in two so that the parts vary least."""
    from sklearn.cluster import KMeans

    centres = KMeans(2, n_init=4, random_state=0).fit(values[:, None]).cluster_centers_
    return float(centres.mean())


def _unit(vectors: Vectors) -> Vectors:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
