"""Find out whether the people of a pool can be told apart by how they were recorded, before anything is built."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from omni_persona_artifacts.progress import Steps
from omni_persona_build.checks.media_facts import (
    CLIP_FACTS,
    PICTURE_FACTS,
    Facts,
    as_numbers,
    clip_facts,
    picture_facts,
)
from omni_persona_build.checks.ranking import area_under_curve
from omni_persona_people.persona import Clip, Persona, Picture
from omni_persona_people.pool_cache import PoolCache
from omni_persona_perception import Vectors, decode_audio, decode_image

TELLING = 0.7
"""AUC of a fact from which on people are told apart by it. Pools whose media were all made in one way reach 0.63."""
LIMIT = 3.09
"""Minimum distance of such an AUC from one half, in standard errors."""
MOST_PEOPLE = 200
"""Maximum number of people who are compared."""


def mixed_media(
    people: Sequence[Persona],
    cache: PoolCache | None = None,
    progress: Steps = lambda done, total: None,
) -> list[str]:
    """The facts by which people are told apart, such as `noise floor of clips (AUC 0.83)`; empty if there are none.

    Different file types and different sampling rates always count. Another fact counts if two media of one person are
    more alike in it than media of two people of one gender. cache: the pool's cache of facts. Raises `MediaError`
    if a medium cannot be decoded.
    """
    compared = [people[place] for place in dict.fromkeys(np.linspace(0, len(people) - 1, MOST_PEOPLE).astype(int))]
    known = cache or PoolCache(None)
    clips = {clip.digest: clip for persona in compared for clip in persona.all_clips()}
    pictures = {one.digest: one for persona in compared for one in (*persona.pictures, *persona.query_pictures)}
    total = len(clips) + len(pictures)
    heard, seen = [*clips.values()], [*pictures.values()]
    of_clips = known.vectors(
        "clip-facts",
        [*clips],
        lambda at: as_numbers(_of_clip(heard[at]), CLIP_FACTS),
        lambda done: progress(done, total),
    )
    of_pictures = known.vectors(
        "picture-facts",
        [*pictures],
        lambda at: as_numbers(_of_picture(seen[at]), PICTURE_FACTS),
        lambda done: progress(len(clips) + done, total),
    )
    rates = of_clips[:, 1].tolist() if clips else []
    kinds = {f"{clip.suffix.lstrip('.')} {rate:.0f} Hz" for clip, rate in zip(heard, rates, strict=True)}
    suffixes = {picture.suffix.lstrip(".") for picture in seen}
    reasons = [f"file types of {', '.join(sorted(names))}" for names in (kinds, suffixes) if len(names) > 1]
    return [
        *reasons,
        *_alike(compared, dict(zip(clips, of_clips, strict=True)), CLIP_FACTS, "clips", known),
        *_alike(compared, dict(zip(pictures, of_pictures, strict=True)), PICTURE_FACTS, "pictures", known),
    ]


def _alike(
    people: Sequence[Persona], rows: Mapping[str, Vectors], widths: Mapping[str, int], sort: str, cache: PoolCache
) -> list[str]:
    """The facts in which the media of one person are alike. rows: digest -> numbers of all facts, in order."""
    owned = [(place, one.digest) for place, who in enumerate(people) for one in who.media() if one.digest in rows]
    if not owned:
        return []
    whose, table = np.array([place for place, _ in owned]), np.stack([rows[digest] for _, digest in owned])
    genders = np.array([str(persona.gender) for persona in people])[whose]
    parts = np.split(table, np.cumsum([*widths.values()])[:-1], axis=1)
    compared = json.dumps([[*widths.items()], owned, genders.tolist()])
    (areas,) = cache.vectors(
        f"{sort}-areas",
        [hashlib.sha256(compared.encode()).hexdigest()],
        lambda _: np.array([_area(part, whose, genders) for part in parts], np.float32),
        lambda done: None,
    )
    least = max(TELLING, 0.5 + LIMIT / (12 * len(people)) ** 0.5)
    return [
        f"{name} of {sort} (AUC {area:.2f})"
        for name, area in zip(widths, areas, strict=True)
        if area >= least and name != "format"
    ]


def _area(table: Vectors, whose: NDArray[np.intp], genders: NDArray[np.str_]) -> float:
    """How often two media of one person are nearer to each other than two of different people of one gender; NaN if
    there are no such pairs.
    """
    one, other = np.triu_indices(len(table), 1)
    comparable = genders[one] == genders[other]
    one, other = one[comparable], other[comparable]
    same = whose[one] == whose[other]
    if same.all() or not same.any():
        return float("nan")
    return area_under_curve(same, -np.linalg.norm(table[one] - table[other], axis=1))


def _of_clip(clip: Clip) -> Facts:
    samples, rate = decode_audio(clip.read())
    return clip_facts(samples, rate, clip.suffix.lstrip("."))


def _of_picture(picture: Picture) -> Facts:
    data = picture.read()
    return picture_facts(decode_image(data), len(data), picture.suffix.lstrip("."))
