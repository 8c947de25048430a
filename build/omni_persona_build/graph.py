"""The Persona Modality Graph: people, how alike they are in each modality, and who is a hard distractor for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.pool import Persona
from omni_persona_build.recipe import Hardness
from omni_persona_build.remembered import Remembered
from omni_persona_perception import LIGHT, Perception, Vectors, voice_pitch

MODALITIES = ("face", "voice", "text")

AT_A_TIME = 256
"""People whose neighbours are sought at once: enough for a matrix product to be worth it, little enough for memory."""

Progress = Callable[[int, int], None]
"""Called with steps done and steps in all."""


class PersonaGraph:
    """People as nodes; edges between people of one gender, weighed by likeness of face, voice and profile."""

    def __init__(self, people: Sequence[Persona], genders: Sequence[str], vectors: Mapping[str, Vectors]) -> None:
        """people: n; genders: n; vectors: for each of `MODALITIES`, shape (n, d)."""
        self.people = tuple(people)
        self.genders = np.array(genders)
        self._index = {persona.persona_id: index for index, persona in enumerate(people)}
        self._vectors = {modality: _unit(vectors[modality]) for modality in MODALITIES}

    @classmethod
    def of(
        cls,
        people: Sequence[Persona],
        progress: Progress = lambda done, total: None,
        perception: Perception = LIGHT,
        remembered: Remembered | None = None,
    ) -> PersonaGraph:
        """Describe each person by the mean vectors of the media that may stand in contexts, and by the profile.

        remembered: vectors that need not be made again.
        """
        known = remembered or Remembered(None)
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

    def likeness(self, one: Persona, other: Persona) -> dict[str, float]:
        """Cosine similarity of two people in each modality."""
        first, second = self._index[one.persona_id], self._index[other.persona_id]
        return {modality: float(vectors[first] @ vectors[second]) for modality, vectors in self._vectors.items()}

    def likeness_to(self, index: int, others: NDArray[np.intp]) -> NDArray[np.float32]:
        """How alike each of others is to a person, all modalities together; shape (n,)."""
        return np.sum([vectors[others] @ vectors[index] for vectors in self._vectors.values()], axis=0)

    def distractors(
        self,
        indices: Sequence[int],
        hardness: Hardness,
        rng: np.random.Generator,
        among: Sequence[int] | None = None,
        number: int | None = None,
    ) -> list[NDArray[np.intp]]:
        """For each of some people, others of the same gender, those to take first in front.

        hard: nearest first, in face, in voice and in profile by turns. medium: from the middle outwards. random: in
        an order of chance. among: whom to choose from, `indices` among them; None for all. number: how many are wanted.
        """
        choice = np.arange(len(self.people)) if among is None else np.asarray(among, dtype=np.intp)
        found: dict[int, NDArray[np.intp]] = {}
        for gender in dict.fromkeys(self.genders[list(indices)].tolist()):
            company = choice[self.genders[choice] == gender]
            asked = [index for index in indices if self.genders[index] == gender]
            for first in range(0, len(asked), AT_A_TIME):
                part = asked[first : first + AT_A_TIME]
                found.update(zip(part, self._neighbours(np.array(part), company, hardness, rng, number), strict=True))
        return [found[index] for index in indices]

    def _neighbours(
        self,
        asked: NDArray[np.intp],
        company: NDArray[np.intp],
        hardness: Hardness,
        rng: np.random.Generator,
        number: int | None,
    ) -> list[NDArray[np.intp]]:
        if hardness == "random":
            return [rng.permutation(company[company != index])[:number] for index in asked]
        # Everybody is their own nearest neighbour: one more is looked at, and left out.
        reach = len(company) if number is None or hardness == "medium" else min(number + 1, len(company))
        ranks = np.full((len(asked), len(company)), len(company), dtype=np.int32)
        for vectors in self._vectors.values():
            likeness = vectors[asked] @ vectors[company].T
            likeness[asked[:, None] == company] = np.inf
            nearest = _largest(likeness, reach)
            rank = np.broadcast_to(np.arange(reach, dtype=np.int32), nearest.shape)
            np.put_along_axis(ranks, nearest, np.minimum(np.take_along_axis(ranks, nearest, 1), rank), 1)
        orders = _largest(-ranks, reach)[:, 1:]
        if hardness == "medium":
            from_the_middle = np.abs(np.arange(len(company) - 1) - (len(company) - 2) / 2)
            orders = orders[:, np.argsort(from_the_middle, kind="stable")]
        return [company[order[:number]] for order in orders]

    def with_company(self, number: int, among: Sequence[int] | None = None) -> list[int]:
        """Those of some people (None: of all) of whose gender there are at least `number`; indices."""
        choice = list(range(len(self.people))) if among is None else list(among)
        sizes = Counter(self.genders[choice].tolist())
        return [index for index in choice if sizes[self.genders[index]] >= number]

    def sizes(self) -> Counter[str]:
        """People by gender, or by pitch where the pool tells no gender."""
        return Counter(self.genders.tolist())


def _genders(people: Sequence[Persona], pitches: NDArray[np.float32]) -> list[str]:
    """Each person's gender; people without one are told apart by pitch, so that voices stay hard to tell.

    pitches: of those without one, in Hz.
    """
    split = _valley(np.log(pitches)) if len(pitches) > 1 else np.inf
    by_pitch = iter(np.where(np.log(pitches) <= split, "low voice", "high voice").tolist())
    return [persona.gender or next(by_pitch) for persona in people]


def _valley(values: NDArray[np.float32]) -> float:
    """Where to cut numbers in two so that the parts vary least."""
    from sklearn.cluster import KMeans

    centres = KMeans(2, n_init=4, random_state=0).fit(values[:, None]).cluster_centers_
    return float(centres.mean())


def _largest(values: NDArray[Any], number: int) -> NDArray[np.intp]:
    """Where the `number` largest of each row stand, largest first; of equal ones the first; shape (n, number)."""
    if number == values.shape[1]:
        return np.argsort(-values, axis=1, kind="stable")
    places = np.sort(np.argpartition(-values, number - 1, axis=1)[:, :number], axis=1)
    order = np.argsort(-np.take_along_axis(values, places, 1), axis=1, kind="stable")
    return np.take_along_axis(places, order, 1)


def _means(vectors: Vectors, counts: Sequence[int]) -> Vectors:
    """The mean of each person's vectors, which follow each other."""
    starts = np.cumsum([0, *counts[:-1]])
    sums: Vectors = np.add.reduceat(vectors, starts, axis=0)
    return sums / np.array(counts, dtype=np.float32)[:, None]


def _unit(vectors: Vectors) -> Vectors:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
