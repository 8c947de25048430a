"""Read a persona pool: `personas.jsonl` and its media, each of which is opened before anything is built.

The format is described in the README, "A benchmark of your own people".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.folders import MARKER, harmed_files
from omni_persona_artifacts.json_lines import IN_THE_MIDDLE, parse_json, text_lines
from omni_persona_artifacts.schema_errors import flaws
from omni_persona_people.errors import PoolError
from omni_persona_people.media_files import MediaFile, MediaReader
from omni_persona_people.near_copies import near_copies
from omni_persona_people.pool_cache import PoolCache
from omni_persona_people.rules.clauses import MOST_CLAUSES, clause_flaw
from omni_persona_people.rules.values import value_flaw
from omni_persona_perception import MediaError

Text = str | None
T = TypeVar("T")

FAULTS_TOLD = 20
"""Maximum number of errors that are reported in full; the rest are only counted."""


class Profile(BaseModel):
    """A person's profile, with the paper's fields; each may be missing or null."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, str_min_length=1)

    hobby: Text = None
    major: Text = None
    affiliation: Text = None
    role: Text = None
    interest: Text = None
    topic: Text = None
    quote: Text = None
    location: Text = None
    environment: Text = None
    emotion: Text = None
    appearance: Text = None
    clothing: Text = None
    hairstyle: Text = None
    voice_identity: Text = None
    source_style: Text = None
    travel_experience: Text = None
    food_preference: Text = None
    life_event: Text = None
    MBTI: Text = None


class _ImageLine(BaseModel):
    path: str
    role: Literal["reference", "query"]


class _AudioLine(BaseModel):
    path: str
    role: Literal["reference", "emotional", "query"]
    emotion: str | None = None
    transcript: str | None = None


class Turn(BaseModel):
    """The words of one speaker in a dialogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    speaker: str = Field(min_length=1)
    text: str


class Mark(BaseModel):
    """Marks a text in a pool as written by a model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: str = Field(min_length=1, max_length=200, pattern=r"^[^\s`]+$")
    """The model's name."""
    how: Literal["extracted", "invented", "written"]
    """Whether it was found in a dialogue, invented, or rephrased."""


class PersonaLine(BaseModel):
    """A line of `personas.jsonl`. Its generated texts follow the rules of `omni_persona_people.refine`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    persona_id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    gender: Literal["male", "female"] | None = None
    profile: Profile
    images: list[_ImageLine] = Field(min_length=1)
    audios: list[_AudioLine] = Field(min_length=1)
    dialogue: list[Turn] | str | None = None
    """What the person said in a conversation; `omni-persona refine` reads it, the builder does not."""
    statements: dict[str, list[str]] = Field(default_factory=dict)
    """Field -> the person's own clauses that state its value, to be read after `They`."""
    generated: dict[str, Mark] = Field(default_factory=dict)
    """`profile.FIELD` or `statements.FIELD` -> the model that wrote it, if any."""

    def values(self) -> dict[str, str]:
        """The fields of the profile that have a value."""
        return {field: str(value) for field, value in self.profile if value is not None}

    def spoken(self) -> list[str]:
        """The transcripts of the clips, as far as they are known."""
        return [audio.transcript for audio in self.audios if audio.transcript]


@dataclass(frozen=True)
class Picture(MediaFile):
    """A picture of a person."""


@dataclass(frozen=True)
class Clip(MediaFile):
    """A clip of a person's voice."""

    transcript: str | None
    """Its transcript, if known."""
    seconds: float
    """Its duration."""


@dataclass(frozen=True)
class Persona:
    """One person. Media for contexts and media for queries are disjoint."""

    persona_id: str
    gender: str | None
    profile: Profile
    pictures: tuple[Picture, ...]
    """For contexts; at least one."""
    clips: tuple[Clip, ...]
    """For contexts; at least one."""
    query_pictures: tuple[Picture, ...]
    query_clips: tuple[Clip, ...]
    where: str
    """`FILE:LINE` of its source, for messages."""
    name: str = ""
    """Used to check that no text names the person; not part of any dataset."""
    statements: Mapping[str, Sequence[str]] = field(default_factory=dict, hash=False)
    """Field -> the person's own clauses that state its value in a note, in addition to our templates."""
    generated: Mapping[str, Mark] = field(default_factory=dict, hash=False)
    """`profile.FIELD` or `statements.FIELD` -> the model that wrote it, if any."""

    def value(self, field: str) -> str | None:
        """The profile's value of a field, or None."""
        value = getattr(self.profile, field)
        return None if value is None else str(value)

    def all_clips(self) -> tuple[Clip, ...]:
        """Clips for contexts and for queries."""
        return (*self.clips, *self.query_clips)

    def media(self) -> tuple[Picture | Clip, ...]:
        """All pictures and clips."""
        return (*self.pictures, *self.query_pictures, *self.all_clips())


def read_pool(
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
    remembered: PoolCache | None = None,
    *,
    keep_metadata: bool = False,
) -> list[Persona]:
    """Read and validate a pool; each picture and clip is decoded once to check it.

    progress: called with (people read, people in all). remembered: cached results for media, which are not decoded
    again. keep_metadata: keep personal metadata in media. Raises `PoolError` that names file and line of each error,
    for the first `FAULTS_TOLD` errors.
    """
    known = remembered or PoolCache(None)
    file = folder / "personas.jsonl"
    if not file.is_file():
        raise PoolError(f"{folder} is no persona pool: it has no personas.jsonl")
    _require_unharmed(folder)
    lines = read_lines(file)
    if not lines:
        raise PoolError(f"{file}: expected one persona a line, got an empty file")
    reader = MediaReader(folder.resolve(), known, keep_metadata)
    people: list[Persona] = []
    faults: list[str] = []
    first_line: dict[str, int] = {}
    places = [f"{file}:{number}" for number in range(1, len(lines) + 1)]
    # Decoders release the GIL, so threads help.
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        try:
            read = workers.map(partial(_read_persona, reader=reader), lines, places)
            for number, (persona, wrong) in enumerate(read, start=1):
                faults += wrong
                if persona is not None:
                    earlier = first_line.setdefault(persona.persona_id, number)
                    if earlier != number:
                        faults.append(
                            f"{persona.where}: persona_id {persona.persona_id!r} stands on line {earlier} already"
                        )
                    people.append(persona)
                if progress:
                    progress(number, len(lines))
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise
    reader.keep()
    if not faults:
        faults = list(near_copies(people, reader.prints))
    # If a person is spread over several lines, errors in the following lines are meaningless.
    spread = next((place for place, fault in enumerate(faults, start=1) if IN_THE_MIDDLE in fault), None)
    faults = faults[:spread]
    if faults:
        more = len(faults) - FAULTS_TOLD
        raise PoolError("\n".join([*faults[:FAULTS_TOLD], *([f"and {more} more"] if more > 0 else [])]))
    return people


def _require_unharmed(folder: Path) -> None:
    """Raise `PoolError` if files of a generated pool are missing or differ from their recorded hashes."""
    missing, changed = harmed_files(folder)
    told = [
        f"{len(names)} {what} (first {names[0]})"
        for names, what in ((missing, "missing"), (changed, "changed"))
        if names
    ]
    if told:
        raise PoolError(
            f"{folder}: the pool was cut off or edited since it was made: {', '.join(told)}; restore it, or remove "
            f"{MARKER} in it to use it as it is"
        )


def read_lines(file: Path) -> list[str]:
    """The lines of `personas.jsonl`, one per person. Raises `PoolError` if one is not valid UTF-8."""
    try:
        return [text for _, text in text_lines(file)]
    except ArtifactError as error:
        raise PoolError(str(error)) from None


def read_line(line: str, where: str) -> PersonaLine:
    """Parse a line of `personas.jsonl` without its media. Raises `PoolError` that names `where` and the field."""
    try:
        held, flaw = parse_json(line, "person")
        if flaw:
            raise PoolError(f"{where}: {flaw}")
        entry = PersonaLine.model_validate(held)
    except ValidationError as error:
        fields = [*Profile.model_fields, *PersonaLine.model_fields]
        raise PoolError("\n".join(f"{where}: {one}" for one in flaws(error, "the line", fields))) from None
    except RecursionError:
        raise PoolError(f"{where}: JSON nested too deeply") from None
    except PoolError:
        raise
    except ValueError as error:
        raise PoolError(f"{where}: {error}") from None
    # Words are compared only if there is a text to compare them with.
    if (entry.statements or entry.generated) and (reason := line_flaw(entry)):
        raise PoolError(f"{where}: {reason}")
    return entry


def line_flaw(entry: PersonaLine) -> str | None:
    """The first rule that one of a line's own clauses or generated texts breaks, or None."""
    values, spoken = entry.values(), entry.spoken()
    for key, mark in entry.generated.items():
        part, _, name = key.partition(".")
        if not (part == "profile" and name in values) and not (part == "statements" and name in entry.statements):
            return f"generated: expected profile.FIELD or statements.FIELD of something that is there, got {key!r}"
        if (mark.how == "written") != (part == "statements"):
            return f"generated: {key}: a profile field is extracted or invented, statements are written, got {mark.how}"
    for name, clauses in entry.statements.items():
        if not 1 <= len(clauses) <= MOST_CLAUSES:
            return f"statements.{name}: expected 1 to {MOST_CLAUSES} clauses, got {len(clauses)}"
        for clause in clauses:
            if reason := clause_flaw(clause, name, values, entry.name, spoken):
                return f"statements.{name}: {clause!r} {reason}"
    for name, value in values.items():
        if f"profile.{name}" not in entry.generated:
            continue
        others = {other: held for other, held in values.items() if other != name}
        # A value found in what somebody said naturally shares words with it.
        heard = spoken if entry.generated[f"profile.{name}"].how == "invented" else ()
        if reason := value_flaw(name, value, others, entry.name, heard, entry.statements):
            return f"profile.{name}: {reason}"
    return None


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
