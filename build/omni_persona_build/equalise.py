"""Make the media of a pool alike in everything but faces and voices before a benchmark is built from them.

People whose photos come from one camera, or whose clips come from one microphone, can be recognised by that. So every
picture is cropped to the face and laid over a drawn backdrop, and every clip is denoised, levelled and mixed with drawn
noise; all random choices are made independently for each medium. The pool itself is not changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from omni_persona_artifacts.progress import Steps
from omni_persona_build.equal_clips import RATE, equalised_clip, highest, speech
from omni_persona_build.equal_pictures import equalised_picture
from omni_persona_people.persona import Clip, Persona, Picture
from omni_persona_perception import decode_audio

LEAST_SPEECH = 1.2
"""Minimum seconds of speech in a query, if its clip has that much."""

M = TypeVar("M", Picture, Clip)


def equalised(
    people: Sequence[Persona], folder: Path, seed: int, clip_seconds: tuple[float, float], progress: Steps
) -> list[Persona]:
    """The same people with equalised media, written into a folder. The same seed gives the same bytes.

    Queries are cut to the shortest speech among them, so that length identifies nobody; clips of memories keep all that
    is said in them. clip_seconds: the minimum and maximum clip length. Raises `MediaError` if a medium cannot be
    decoded.
    """
    media = {medium.digest: medium for persona in people for medium in persona.media()}
    queries = {clip.digest for persona in people for clip in persona.query_clips}
    top = highest(decode_audio(medium.read())[1] for medium in media.values() if isinstance(medium, Clip))
    spoken = {digest: len(speech(medium.read())) / RATE for digest, medium in media.items() if isinstance(medium, Clip)}
    shortest = max(LEAST_SPEECH, min((spoken[digest] for digest in queries), default=LEAST_SPEECH))
    made: dict[str, Picture | Clip] = {}
    for done, (digest, medium) in enumerate(media.items(), start=1):
        rng = np.random.default_rng([seed, int(digest[:15], 16)])
        data = medium.read()
        if isinstance(medium, Clip):
            most = shortest if digest in queries else clip_seconds[1]
            stored, seconds = equalised_clip(speech(data), rng, most, clip_seconds, top)
            made[digest] = replace(_kept(medium, stored, ".wav", folder), seconds=seconds)
        else:
            made[digest] = _kept(medium, equalised_picture(data, rng), ".png", folder)
        progress(done, len(media))

    def of_pictures(pictures: Sequence[Picture]) -> tuple[Picture, ...]:
        return tuple(one for picture in pictures if isinstance(one := made[picture.digest], Picture))

    def of_clips(clips: Sequence[Clip]) -> tuple[Clip, ...]:
        return tuple(
            replace(one, transcript=clip.transcript) for clip in clips if isinstance(one := made[clip.digest], Clip)
        )

    return [
        replace(
            persona,
            pictures=of_pictures(persona.pictures),
            query_pictures=of_pictures(persona.query_pictures),
            clips=of_clips(persona.clips),
            query_clips=of_clips(persona.query_clips),
        )
        for persona in people
    ]


def _kept(medium: M, data: bytes, suffix: str, folder: Path) -> M:
    """Write new content of a medium to a file in a folder, and return the medium that refers to it."""
    digest = hashlib.sha256(data).hexdigest()
    path = folder / f"{digest}{suffix}"
    path.write_bytes(data)
    source = tuple(filter(None, dict.fromkeys((medium.digest, medium.stored))))
    made = replace(medium, path=path, digest=digest, size=len(data), suffix=suffix, stored=None, traced=False)
    return replace(made, made_from=source)
