"""Read a persona pool: `personas.jsonl` and its media, each of which is opened before anything is built.

The format is described in docs/formats.md.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

from omni_persona_artifacts.file_list import MARKER, harmed_files
from omni_persona_artifacts.json_lines import IN_THE_MIDDLE
from omni_persona_artifacts.progress import Steps
from omni_persona_people.errors import PoolError
from omni_persona_people.known_files import KnownFiles
from omni_persona_people.media_files import MediaReader
from omni_persona_people.near_copies import near_copies
from omni_persona_people.persona import Clip, Persona, Picture
from omni_persona_people.persona_line import persona_file, read_line, read_lines
from omni_persona_people.pool_cache import PoolCache
from omni_persona_perception import MediaError

T = TypeVar("T")

FAULTS_TOLD = 20
"""Maximum number of errors that are reported in full; the rest are only counted."""
_MOST_FAULTS = 1000
"""Errors after which no further line is read: most likely, the file is none of a pool."""
_AT_ONCE = 1000
"""Lines that wait to be read by the workers."""


def read_pool(
    folder: Path,
    progress: Steps | None = None,
    cache: PoolCache | None = None,
    *,
    keep_metadata: bool = False,
    comparing: Steps | None = None,
) -> list[Persona]:
    """Read and validate a pool; each picture and clip is decoded once to check it.

    progress: called with (people read, people in all). cache: cached results for media, which are not decoded
    again. keep_metadata: keep personal metadata in media. comparing: called with (pictures compared, pictures in all)
    while near copies are searched, unless the cache says that there are none. Raises `PoolError` that names file and
    line of each error, for the first `FAULTS_TOLD` errors.
    """
    known = cache or PoolCache(None)
    file = persona_file(folder)
    files = KnownFiles(known)
    _require_unharmed(folder, files)
    lines = read_lines(file)
    if not lines:
        raise PoolError(f"{file}: expected one persona a line, got an empty file")
    reader = MediaReader(folder.resolve(), known, keep_metadata, files)
    people: list[Persona] = []
    faults: list[str] = []
    first_line: dict[str, int] = {}
    places = [f"{file}:{number}" for number in range(1, len(lines) + 1)]
    # Decoders release the GIL, so threads help.
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        try:
            one = partial(_read_persona, reader=reader)
            starts = range(0, len(lines), _AT_ONCE)
            read = chain.from_iterable(
                workers.map(one, lines[start : start + _AT_ONCE], places[start : start + _AT_ONCE]) for start in starts
            )
            for number, (persona, wrong) in enumerate(read, start=1):
                faults += wrong
                if persona is not None:
                    earlier = first_line.setdefault(persona.persona_id, number)
                    if earlier != number:
                        faults.append(
                            f"{persona.where}: persona_id {persona.persona_id!r} is on line {earlier} already"
                        )
                    people.append(persona)
                if progress:
                    progress(number, len(lines))
                if len(faults) > _MOST_FAULTS:
                    break
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise
    reader.keep()
    if not faults:
        faults = list(near_copies(people, reader.prints, reader.slow, known, comparing))
    if faults:
        raise PoolError(_told(faults))
    return people


def _told(faults: list[str]) -> str:
    """The first errors, a line each, and the number of the others."""
    # If a person is spread over several lines, errors in the following lines are meaningless.
    spread = next((place for place, fault in enumerate(faults, start=1) if IN_THE_MIDDLE in fault), None)
    faults = faults[:spread]
    more = f"and {'at least ' * (len(faults) > _MOST_FAULTS)}{len(faults) - FAULTS_TOLD} more"
    return "\n".join([*faults[:FAULTS_TOLD], *([more] if len(faults) > FAULTS_TOLD else [])])


def _require_unharmed(folder: Path, files: KnownFiles) -> None:
    """Raise `PoolError` if files of a generated pool are missing or differ from their recorded hashes."""
    missing, changed = harmed_files(folder, lambda name: files.sha256(name, folder / name))
    changes = [
        f"{len(names)} {what} (first {names[0]})"
        for names, what in ((missing, "missing"), (changed, "changed"))
        if names
    ]
    if changes:
        raise PoolError(
            f"{folder}: the pool is incomplete or was edited after it was made: {', '.join(changes)}; restore it, or "
            f"remove {MARKER} in it to use it as it is"
        )


def _read_persona(line: str, where: str, reader: MediaReader) -> tuple[Persona | None, list[str]]:
    """A person or None, and all errors in their line."""
    try:
        entry = read_line(line, where)
    except PoolError as error:
        return None, str(error).split("\n")
    faults: list[str] = []
    pictures: list[tuple[str, Picture]] = []
    clips: list[tuple[str, Clip]] = []
    for image in entry.images:
        try:
            _, file = reader.read(image.path, "picture")
            pictures.append((image.role, Picture(**vars(file))))
        except MediaError as error:
            faults.append(f"{where}: {error}")
    for audio in entry.audios:
        try:
            seconds, file = reader.read(audio.path, "clip")
            clips.append((audio.role, Clip(**vars(file), transcript=audio.transcript, seconds=seconds)))
        except MediaError as error:
            faults.append(f"{where}: {error}")
    if faults:
        return None, faults
    context_pictures, query_pictures = _split(pictures, ("query",))
    context_clips, query_clips = _split(clips, ("query", "emotional"))
    persona = Persona(
        entry.persona_id,
        entry.gender,
        entry.profile,
        context_pictures,
        context_clips,
        query_pictures,
        query_clips,
        where,
        entry.name,
        {field: tuple(clauses) for field, clauses in entry.statements.items()},
        entry.generated,
    )
    return persona, []


def _split(media: Sequence[tuple[str, T]], query_roles: Sequence[str]) -> tuple[tuple[T, ...], tuple[T, ...]]:
    """Media for contexts and for queries: by role, else the later half of the references is for queries."""
    references = [medium for role, medium in media if role == "reference"]
    for query_role in query_roles:
        queries = [medium for role, medium in media if role == query_role]
        if queries and references:
            return tuple(references), tuple(queries)
    every = [medium for _, medium in media]
    kept = (len(every) + 1) // 2
    return tuple(every[:kept]), tuple(every[kept:])
