"""The Persona Modality Graph: people, and how alike they are in each modality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from omni_persona_artifacts.construction import MODALITIES
from omni_persona_artifacts.progress import Steps
from omni_persona_build.candidate import Candidate
from omni_persona_build.field_fits import FieldFits
from omni_persona_people.persona import Persona
from omni_persona_people.pool_cache import PoolCache
from omni_persona_perception import PERCEPTIONS, Perception, Vectors, voice_pitch


class PersonaGraph:
    """People as nodes; edges between people of one gender, weighted by similarity of face, voice and profile."""

    def __init__(self, people: Sequence[Persona], genders: Sequence[str], vectors: Mapping[str, Vectors]) -> None:
        """people: n; genders: n; vectors: for each of `MODALITIES`, shape (n, d)."""
        self.people = tuple(people)
        self.genders = np.array(genders)
        self._index = {persona.persona_id: index for index, persona in enumerate(people)}
        self._vectors = {modality: _unit(vectors[modality]) for modality in MODALITIES}
        self._together = np.hstack(list(self._vectors.values()))

    @classmethod
    def of(
        cls,
        people: Sequence[Persona],
        progress: Steps = lambda done, total: None,
        perception: Perception = PERCEPTIONS["light"],
        cache: PoolCache | None = None,
    ) -> PersonaGraph:
        """Describe each person by the mean vectors of the media that may be used in contexts, and by the profile.

        cache: the pool's cache of vectors computed earlier.
        """
        known = cache or PoolCache(None)
        pictures = [picture for persona in people for picture in persona.pictures]
        clips = [clip for persona in people for clip in persona.clips]
        first_clips = [persona.clips[0] for persona in people if persona.gender is None]
        total = len(pictures) + len(clips) + len(first_clips)
        faces = known.vectors(
            f"{perception.name}-face",
            [picture.digest for picture in pictures],
            lambda place: perception.faces([pictures[place].read()])[0],
            lambda done: progress(done, total),
        )
        voices = known.vectors(
            f"{perception.name}-voice",
            [clip.digest for clip in clips],
            lambda place: perception.voices([clips[place].read()])[0],
            lambda done: progress(len(pictures) + done, total),
        )
        pitches = known.vectors(
            "pitch",
            [clip.digest for clip in first_clips],
            lambda place: np.array([voice_pitch(first_clips[place].read())], np.float32),
            lambda done: progress(len(pictures) + len(clips) + done, total),
        )
        profiles = [
            " ".join(str(value) for _, value in persona.profile if value is not None) or "-" for persona in people
        ]
        vectors = {
            "face": _means(faces, [len(persona.pictures) for persona in people]),
            "voice": _means(voices, [len(persona.clips) for persona in people]),
            "text": perception.texts(profiles),
        }
        return cls(people, _genders(people, pitches.ravel()), vectors)

    def with_media(self, people: Sequence[Persona]) -> PersonaGraph:
        """The same graph with the same people and other pictures and clips."""
        return PersonaGraph(people, self.genders.tolist(), self._vectors)

    @cached_property
    def common_words(self) -> frozenset[str]:
        """Words that several people say."""
        said = Counter(words for persona in self.people for words in {clip.transcript for clip in persona.all_clips()})
        return frozenset(words for words, number in said.items() if words is not None and number > 1)

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """The people as they are drawn for samples."""
        return tuple(map(Candidate, self.people))

    @cached_property
    def field_fits(self) -> FieldFits:
        """Which people fit which fields."""
        return FieldFits(self.candidates)

    def likeness(self, one: Persona, other: Persona) -> dict[str, float]:
        """Cosine similarity of two people in each modality."""
        first, second = self._index[one.persona_id], self._index[other.persona_id]
        return {modality: float(vectors[first] @ vectors[second]) for modality, vectors in self._vectors.items()}

    def vectors(self) -> Vectors:
        """The face, voice and profile vectors of each person, concatenated; shape (n, d)."""
        return self._together

    def by_gender(self, among: Sequence[int]) -> list[NDArray[np.intp]]:
        """The given people by gender: indices, in order."""
        choice = np.array(among, dtype=np.intp)
        return [choice[self.genders[choice] == gender] for gender in sorted(set(self.genders[choice].tolist()))]

    def of_common_gender(self, number: int, among: Sequence[int]) -> list[int]:
        """Those of the given people whose gender occurs at least `number` times among them; indices, in order."""
        return sorted(index for part in self.by_gender(among) if len(part) >= number for index in part.tolist())

    def sizes(self) -> Counter[str]:
        """Number of people by gender, or by pitch if the pool gives no gender."""
        return Counter(self.genders.tolist())


def _genders(people: Sequence[Persona], pitches: NDArray[np.float32]) -> list[str]:
    """Each person's gender; people without one are grouped by pitch, so that voices remain hard to distinguish.

    pitches: of the people without a gender, in Hz.
    """
    split = _valley(np.log(pitches)) if len(pitches) > 1 else np.inf
    by_pitch = iter(np.where(np.log(pitches) <= split, "low voice", "high voice").tolist())
    return [persona.gender or next(by_pitch) for persona in people]


def _valley(values: NDArray[np.float32]) -> float:
    """The threshold that splits numbers into two groups with the least variance within them."""
    from sklearn.cluster import KMeans

    centres = KMeans(2, n_init=4, random_state=0).fit(values[:, None]).cluster_centers_
    return float(centres.mean())


def _means(vectors: Vectors, counts: Sequence[int]) -> Vectors:
    """The mean of each person's vectors, which are consecutive rows."""
    starts = np.cumsum([0, *counts[:-1]])
    sums: Vectors = np.add.reduceat(vectors, starts, axis=0)
    return sums / np.array(counts, dtype=np.float32)[:, None]


def _unit(vectors: Vectors) -> Vectors:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
