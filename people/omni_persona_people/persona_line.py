"""A line of `personas.jsonl`: its schema, and its only parser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.json_lines import parse_json, text_lines
from omni_persona_artifacts.schema_errors import flaws
from omni_persona_people.errors import PoolError
from omni_persona_people.rules.clauses import MOST_CLAUSES, clause_flaw
from omni_persona_people.rules.values import value_flaw

PERSONAS = "personas.jsonl"
"""File of a pool with one person a line."""

_MOST_MEDIA = 1000
"""Pictures, and clips, of one person: each is compared with all the others of the same person."""

Text = str | None


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
    images: list[_ImageLine] = Field(min_length=1, max_length=_MOST_MEDIA)
    audios: list[_AudioLine] = Field(min_length=1, max_length=_MOST_MEDIA)
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


def persona_file(pool: Path) -> Path:
    """The file of a pool's people. Raises `PoolError` if there is none."""
    file = pool / PERSONAS
    if not file.is_file():
        raise PoolError(f"{pool} is not a persona pool: it has no {PERSONAS}")
    return file


def read_lines(file: Path) -> list[str]:
    """The lines of `personas.jsonl`, one per person. Raises `PoolError` if one is not valid UTF-8."""
    try:
        return [text for _, text in text_lines(file)]
    except ArtifactError as error:
        raise PoolError(str(error)) from None


def read_line(line: str, where: str) -> PersonaLine:
    """Parse a line of `personas.jsonl` without its media. Raises `PoolError` that names `where` and the field."""
    try:
        value, flaw = parse_json(line, "person")
        if flaw:
            raise PoolError(f"{where}: {flaw}")
        entry = PersonaLine.model_validate(value)
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
        others = {other: text for other, text in values.items() if other != name}
        # A value found in what somebody said naturally shares words with it.
        heard = spoken if entry.generated[f"profile.{name}"].how == "invented" else ()
        if reason := value_flaw(name, value, others, entry.name, heard, entry.statements):
            return f"profile.{name}: {reason}"
    return None


def persona_lines(pool: Path) -> Iterator[tuple[str, PersonaLine]]:
    """The people of a pool without their media, each with its `FILE:LINE`. Raises `PoolError` as `read_line` does."""
    file = persona_file(pool)
    for number, line in enumerate(read_lines(file), start=1):
        where = f"{file}:{number}"
        yield where, read_line(line, where)
