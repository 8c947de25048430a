"""What a pool says of its pictures and clips: transcripts, manners of speaking, looks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from omni_persona_people.errors import PoolError
from omni_persona_people.media_files import read_medium
from omni_persona_people.persona_line import persona_lines
from omni_persona_perception import MediaError


@dataclass(frozen=True)
class MediaLabels:
    """SHA-256 of a medium's file -> what the pool says of it."""

    transcripts: dict[bytes, str] = field(default_factory=dict)
    emotions: dict[bytes, str] = field(default_factory=dict)
    appearances: dict[bytes, str] = field(default_factory=dict)


def media_labels(pool: Path) -> MediaLabels:
    """Read a pool's labels for its media. Raises `PoolError` that names file and line."""
    labels = MediaLabels()
    for where, person in persona_lines(pool):
        if appearance := person.profile.appearance:
            for image in person.images:
                labels.appearances[_digest(pool, image.path, where)] = appearance
        for audio in person.audios:
            key = _digest(pool, audio.path, where)
            if audio.transcript:
                labels.transcripts[key] = audio.transcript
            if audio.emotion:
                labels.emotions[key] = audio.emotion
    return labels


def _digest(pool: Path, path: str, where: str) -> bytes:
    root = pool.resolve()
    try:
        medium = (root / path).resolve()
        if not medium.is_relative_to(root):
            raise PoolError(f"{where}: the medium {path!r} lies outside of {pool}")
        return hashlib.sha256(read_medium(medium)).digest()
    except (OSError, RuntimeError, MediaError) as error:  # RuntimeError: a loop of links, before Python 3.13
        raise PoolError(f"{where}: the medium {path!r} in {pool}: {error}") from None
