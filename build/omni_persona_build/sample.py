"""A sample: memories of K people, and the questions over them."""

from __future__ import annotations

from dataclasses import dataclass

from omni_persona_build.plan import PlannedItem
from omni_persona_people.pool import Clip, Persona, Picture

Facts = tuple[tuple[str, str], ...]
"""(field, value) pairs."""


@dataclass(frozen=True)
class Memory:
    """What is remembered of one person."""

    persona: Persona
    picture: Picture
    clip: Clip
    facts: Facts
    """What its note states."""
    note: str

    def value(self, field: str) -> str | None:
        """What the note states for a field, or None."""
        return dict(self.facts).get(field)


@dataclass(frozen=True)
class Question:
    """One item of a sample."""

    item: PlannedItem
    asked: str
    """The profile field asked for."""
    cue: str | None
    """T2T: the described value; T2Any: the spoken content."""
    text: str


@dataclass(frozen=True)
class Sample:
    """K memories and the questions over them. `queried` stands at `position`, or nowhere."""

    queried: Persona
    position: int | None
    cue_field: str | None
    """The field that T2T describes people by; None where the recipe has no T2T."""
    heard: bool
    """Whether the recipe has T2Any."""
    memories: tuple[Memory, ...]
    query_picture: Picture | None
    query_clip: Clip | None
    questions: tuple[Question, ...]
    left_out: tuple[str, ...] = ()
    """Fields that one note leaves out and all others state, whether they are asked for or not."""
    dropped: tuple[Memory, ...] = ()
    """What would be remembered of whoever was drawn and dropped, under the same rules; empty where nobody was."""
    query_clips: tuple[Clip, ...] = ()
    """Clips that those who were drawn could have been asked about with; empty where the recipe has no A2A."""

    @property
    def drawn(self) -> tuple[Memory, ...]:
        """The memories, and what would be remembered of whoever was dropped."""
        return (*self.memories, *self.dropped)
