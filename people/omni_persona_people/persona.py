"""A person of a pool, with pictures and clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from omni_persona_people.media_files import MediaFile
from omni_persona_people.persona_line import Mark, Profile


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
