"""How well people are recognised by face and voice, before and after their media are made alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from omni_persona_artifacts.progress import Steps
from omni_persona_build.checks.ranking import area_under_curve
from omni_persona_people.persona import Clip, Persona, Picture
from omni_persona_people.pool_cache import PoolCache
from omni_persona_perception import Perception, Vectors

MOST_PEOPLE = 60
"""Maximum number of people who are compared; trained recognisers take a good part of a second for each medium."""

Split = tuple[Sequence[Picture | Clip], Sequence[Picture | Clip]]
"""Media of one kind for memories, and for queries."""


@dataclass(frozen=True)
class Recognition:
    """The AUC of a recogniser for one kind of media.

    It is how often a query's medium is more alike to a memory's medium of the same person than to one of another person
    of the same gender.
    """

    given: float
    """For the media of the pool."""
    alike: float
    """For the media as they were made alike."""

    def __str__(self) -> str:
        """Both, for people to read."""
        return f"AUC {self.given:.3f} as given, {self.alike:.3f} made alike"


def recognition(
    given: Sequence[Persona],
    alike: Sequence[Persona],
    perception: Perception,
    cache: PoolCache | None = None,
    progress: Steps = lambda done, total: None,
) -> dict[str, Recognition]:
    """`faces` and `voices` -> how well they are recognised; without a kind of which there are no pairs to compare.

    given, alike: the same people, with the media of the pool and with those made alike. cache: the pool's cache of
    vectors. Raises `MediaError` if a medium cannot be decoded.
    """
    places = np.unique(np.linspace(0, len(given) - 1, MOST_PEOPLE).astype(int)).tolist()
    sides = [[people[place] for place in places] for people in (given, alike)]
    total = sum(len(persona.media()) for people in sides for persona in people)
    caches = [cache or PoolCache(None), PoolCache(None)]
    found: dict[str, list[float]] = {}
    done = 0
    for people, cache in zip(sides, caches, strict=True):
        for kind, describe, split in (("faces", perception.faces, _pictures), ("voices", perception.voices, _clips)):
            media = {one.digest: one for persona in people for part in split(persona) for one in part}
            report = partial(_report, progress, done, total)
            vectors = _vectors(f"{perception.name}-{kind[:-1]}", media, describe, cache, report)
            done += len(media)
            if (area := _area(people, vectors, split)) is not None:
                found.setdefault(kind, []).append(area)
    return {kind: Recognition(*areas) for kind, areas in found.items() if len(areas) == len(sides)}


def _report(progress: Steps, before: int, total: int, done: int) -> None:
    progress(before + done, total)


def _pictures(persona: Persona) -> Split:
    return persona.pictures, persona.query_pictures


def _clips(persona: Persona) -> Split:
    return persona.clips, persona.query_clips


def _vectors(
    kind: str,
    media: Mapping[str, Picture | Clip],
    describe: Callable[[Sequence[bytes]], Vectors],
    cache: PoolCache,
    progress: Callable[[int], None],
) -> dict[str, Vectors]:
    """Digest -> vector. kind: the name under which the graph caches them, too."""
    listed = [*media.values()]
    rows = cache.vectors(kind, [*media], lambda place: describe([listed[place].read()])[0], progress)
    return dict(zip(media, rows, strict=True))


def _area(people: Sequence[Persona], vectors: Mapping[str, Vectors], split: Callable[[Persona], Split]) -> float | None:
    """The AUC of likeness between queries' and memories' media, within each gender; None if there are no such pairs."""
    stood = [(place, vectors[one.digest]) for place, who in enumerate(people) for one in split(who)[0]]
    asked = [(place, vectors[one.digest]) for place, who in enumerate(people) for one in split(who)[1]]
    if not stood or not asked:
        return None
    memory, query = (np.array([place for place, _ in side]) for side in (stood, asked))
    likeness = np.stack([row for _, row in asked]) @ np.stack([row for _, row in stood]).T
    genders = np.array([str(who.gender) for who in people])
    comparable = genders[query][:, None] == genders[memory][None]
    same = (query[:, None] == memory[None])[comparable]
    if same.all() or not same.any():
        return None
    return area_under_curve(same, likeness[comparable])
