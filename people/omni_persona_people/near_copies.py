"""Find a photo or recording that occurs twice in a pool: for two people, or both for memories and for queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from omni_persona_people.media_files import MediaFile
from omni_persona_people.persona import Persona
from omni_persona_perception import Compared, Prints, Samples, near_clips, near_pictures

_Owned = tuple[Persona, MediaFile, bool]
"""A person, one of their media, and whether it is for queries."""


def near_copies(
    people: Sequence[Persona], prints: Mapping[str, Prints], slow: Callable[[MediaFile], Samples]
) -> Iterator[str]:
    """Errors between the media of a pool, each with file and line.

    prints: the print of each medium, by the SHA-256 of its file. slow: gives a clip's samples for comparison.
    """
    pictures = [
        (person, medium, asks)
        for person in people
        for media, asks in ((person.pictures, False), (person.query_pictures, True))
        for medium in media
    ]
    clips = [
        (person, medium, asks)
        for person in people
        for media, asks in ((person.clips, False), (person.query_clips, True))
        for medium in media
    ]
    yield from _wrong(pictures, near_pictures(_rows(pictures, prints), _must_differ(pictures)), "picture")
    near = near_clips(_rows(clips, prints), lambda index: slow(clips[index][1]), _must_differ(clips))
    yield from _wrong(clips, near, "clip")


def _rows(owned: Sequence[_Owned], prints: Mapping[str, Prints]) -> Prints:
    return np.stack([prints[medium.stored or medium.digest] for _, medium, _ in owned])


def _must_differ(owned: Sequence[_Owned]) -> Compared:
    """Whether a copy among two media is an error: for two people, or for memories and queries of one."""
    uses = [(person.persona_id, asks) for person, _, asks in owned]
    return lambda one, other: uses[one] != uses[other]


def _wrong(owned: Sequence[_Owned], near: Sequence[tuple[int, int]], what: str) -> Iterator[str]:
    places: dict[str, list[int]] = {}
    for index, (_, medium, _) in enumerate(owned):
        places.setdefault(medium.digest, []).append(index)
    same = {(one, other) for found in places.values() for one in found for other in found if one < other}
    for one, other in sorted({*near, *same}):
        (person, medium, asks), (another, copy, asks_too) = owned[one], owned[other]
        likeness = f"{'the same' if (one, other) in same else 'a near copy of the same'} {what}"
        if person.persona_id != another.persona_id:
            yield (
                f"{another.where}: {_name(copy)} of {another.persona_id} is {likeness} as {_name(medium)} of "
                f"{person.persona_id} (line {person.where.rpartition(':')[2]})"
            )
        elif asks != asks_too:
            use = "one is for memories, the other for queries"
            yield f"{person.where}: {_name(copy)} is {likeness} as {_name(medium)}; {use}"


def _name(medium: MediaFile) -> str:
    return "/".join(medium.path.parts[-2:])
