"""Draw a picture anew that happens to be a near copy of another one: among many people, some look much alike."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path

import numpy as np

from omni_persona_artifacts.progress import Steps
from omni_persona_people.invent.looks import Face, Shot, shot_of
from omni_persona_people.invent.media import Job, write_picture
from omni_persona_perception import Compared, Prints, decode_image, near_pictures, picture_print

_MOST_ROUNDS = 20
"""How often a picture is drawn anew at most. If it is a near copy even then, whoever reads the pool is told."""


def redrawn(
    jobs: Sequence[Job], files: Sequence[Sequence[Path]], seed: int, progress: Steps | None = None
) -> dict[int, tuple[Shot, ...]]:
    """Draw pictures anew that are near copies of an earlier person's, or of one for the person's other use.

    What changes depends on earlier pictures alone, so a larger pool of the same seed still begins with the same people.

    Args:
        jobs: all people of a pool with drawn faces, in order.
        files: their pictures, which are written: two for memories, then two for queries.
        seed: the pool's.
        progress: called with (pictures compared with all others, pictures in all), again for those drawn anew.

    Returns:
        The shots of everybody who has another picture now, by the place in `jobs`.
    """
    shots = [[shot for shot in job.person.shots if isinstance(shot, Shot)] for job in jobs]
    owners = [(index, number) for index, own in enumerate(shots) for number in range(len(own))]
    if progress is not None:
        progress(0, len(owners))
    prints = np.stack([_print(files[index][number]) for index, number in owners])
    changed: Set[int] = set(range(len(owners)))
    anew = set()
    for attempt in range(_MOST_ROUNDS):
        near = near_pictures(prints, _must_differ(owners), progress, changed=changed)
        changed = {later for _, later in near}
        if not changed:
            break
        for place in changed:
            index, number = owners[place]
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2, index, number, attempt)))
            face = jobs[index].person.face
            assert isinstance(face, Face)
            shots[index][number] = shot_of(face, shots[index][number].garment, rng)
            write_picture(jobs[index], number, shots[index][number])
            prints[place] = _print(files[index][number])
            anew.add(index)
    return {index: tuple(shots[index]) for index in sorted(anew)}


def _print(file: Path) -> Prints:
    return picture_print(decode_image(file.read_bytes()))


def _must_differ(owners: Sequence[tuple[int, int]]) -> Compared:
    """Whether a near copy among two pictures is an error: for two people, or for memories and queries of one."""
    uses = [(index, number < 2) for index, number in owners]
    return lambda one, other: uses[one] != uses[other]
