"""Find a photo or recording that occurs twice in a pool: for two people, or both for memories and for queries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from omni_persona_artifacts.progress import Steps
from omni_persona_people.media_files import MediaFile
from omni_persona_people.persona import Persona
from omni_persona_people.pool_cache import PoolCache
from omni_persona_perception import Compared, Prints, Samples, Vectors, near_clips, near_pictures

TABLE = "no-near-copies"
"""The cache's table of pools that have none, by `_key`."""
SEARCHED = "searched-for-near-copies"
"""The cache's table of media among which none was found: for each, which search it was and whose use of the medium."""
METHOD = "1"
"""To be changed with what counts as a near copy, so that pools are searched again."""

_Owned = tuple[int, Persona, MediaFile, bool]
"""A number in the order of the pool, a person, one of their media, and whether it is for queries."""


def near_copies(
    people: Sequence[Persona],
    prints: Mapping[str, Prints],
    slow: Callable[[MediaFile], Samples],
    known: PoolCache,
    progress: Steps | None = None,
) -> Iterator[str]:
    """Errors between the media of a pool, each with file and line.

    prints: the print of each medium, by the SHA-256 of its file. slow: gives a clip's samples for comparison. known:
    the pool's cache, which also keeps that media with these owners and uses have no near copies. progress: called with
    (pictures compared with all others, pictures in all), unless the cache tells that there are none.
    """
    pictures = _by_content(people, lambda person, asks: person.query_pictures if asks else person.pictures)
    clips = _by_content(people, lambda person, asks: person.query_clips if asks else person.clips)
    key = _key([*pictures, *clips])
    if key in known.known(TABLE):
        return
    wrong = 0
    for fault in _faults(pictures, clips, prints, slow, progress):
        wrong += 1
        yield fault
    if not wrong:
        known.learn(SEARCHED, _searched(key, [*pictures, *clips]))
        known.learn(TABLE, {key: np.ones(1, np.float32)})


def told_apart(one: Vectors | None, other: Vectors | None) -> bool:
    """Whether two media are known to be no near copies of each other: one search compared them.

    That is so of media of two people, and of those of one for memories and for queries. one, other: their rows of
    `SEARCHED`, if any.
    """
    if one is None or other is None or len(one) != len(other):
        return False
    return bool((one[:-1] == other[:-1]).all() and one[-1] != other[-1])


def _searched(key: str, contents: Sequence[Sequence[_Owned]]) -> dict[str, Vectors]:
    """The rows of `SEARCHED` of all media: six times 24 bits of the key, and the number of a person's use."""
    search = [int(key[start : start + 6], 16) for start in range(0, 36, 6)]
    uses = {use: number for number, use in enumerate(dict.fromkeys(map(_use, contents)))}
    return {owners[0][2].digest: np.array([*search, uses[_use(owners)]], np.float32) for owners in contents}


def _key(contents: Sequence[Sequence[_Owned]]) -> str:
    """A hash of media, their owners and their uses."""
    lines = [
        json.dumps([person.persona_id, type(medium).__name__, medium.digest, medium.stored, asks])
        for owners in contents
        for _, person, medium, asks in owners
    ]
    return hashlib.sha256("\n".join([METHOD, *lines]).encode()).hexdigest()


def _faults(
    pictures: Sequence[Sequence[_Owned]],
    clips: Sequence[Sequence[_Owned]],
    prints: Mapping[str, Prints],
    slow: Callable[[MediaFile], Samples],
    progress: Steps | None,
) -> Iterator[str]:
    alike = near_pictures(_rows(pictures, prints), _must_differ(pictures), progress)
    yield from _wrong(pictures, alike, "picture")
    near = near_clips(_rows(clips, prints), lambda index: slow(clips[index][0][2]), _must_differ(clips))
    yield from _wrong(clips, near, "clip")


def _by_content(
    people: Sequence[Persona], media_of: Callable[[Persona, bool], Sequence[MediaFile]]
) -> list[list[_Owned]]:
    """For each content, its owners: each person, and each use that a person makes of it, once, however often it is
    listed.
    """
    owners: dict[str, dict[tuple[str, bool], _Owned]] = {}
    number = 0
    for person in people:
        for asks in (False, True):
            for medium in media_of(person, asks):
                of_content = owners.setdefault(medium.digest, {})
                of_content.setdefault((person.persona_id, asks), (number, person, medium, asks))
                number += 1
    return [list(one.values()) for one in owners.values()]


def _rows(contents: Sequence[Sequence[_Owned]], prints: Mapping[str, Prints]) -> Prints:
    media = [owners[0][2] for owners in contents]
    return np.stack([prints[medium.stored or medium.digest] for medium in media])


def _must_differ(contents: Sequence[Sequence[_Owned]]) -> Compared:
    """Whether a copy among two contents is an error: for two people, or for memories and queries of one."""
    uses = [_use(owners) for owners in contents]
    return lambda one, other: uses[one] != uses[other]


def _use(owners: Sequence[_Owned]) -> tuple[str, bool]:
    """The person who owns a medium, and whether it is for queries."""
    _, person, _, asks = owners[0]
    return person.persona_id, asks


def _wrong(contents: Sequence[Sequence[_Owned]], near: Sequence[tuple[int, int]], what: str) -> Iterator[str]:
    found = [(owners[0], other, f"the same {what}") for owners in contents for other in owners[1:]]
    found += [(contents[one][0], contents[other][0], f"a near copy of the same {what}") for one, other in near]
    for pair in sorted(found, key=lambda pair: (pair[0][0], pair[1][0])):
        yield _fault(*pair)


def _fault(first: _Owned, second: _Owned, likeness: str) -> str:
    (_, person, medium, _), (_, another, copy, _) = first, second
    if person.persona_id != another.persona_id:
        return (
            f"{another.where}: {_name(copy)} of {another.persona_id} is {likeness} as {_name(medium)} of "
            f"{person.persona_id} (line {person.where.rpartition(':')[2]})"
        )
    use = "one is for memories, the other for queries"
    return f"{person.where}: {_name(copy)} is {likeness} as {_name(medium)}; {use}"


def _name(medium: MediaFile) -> str:
    return "/".join(medium.path.parts[-2:])
