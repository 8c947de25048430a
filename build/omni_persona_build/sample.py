"""A sample: memories of K people, and the questions over them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from omni_persona_build.plan import PlannedItem, PlannedSample
from omni_persona_people.persona import Clip, Persona, Picture

Facts = tuple[tuple[str, str], ...]
"""(field, value) pairs."""


@dataclass(frozen=True)
class Memory:
    """The memory of one person."""

    persona: Persona
    picture: Picture
    clip: Clip
    facts: Facts
    """The facts that its note states."""
    note: str

    def value(self, field: str) -> str | None:
        """The value that the note states for a field, or None."""
        return self._values.get(field)

    @cached_property
    def _values(self) -> dict[str, str]:
        return dict(self.facts)


@dataclass(frozen=True)
class Question:
    """One item of a sample."""

    item: PlannedItem
    asked: str
    """The profile field asked for."""
    cue: str | None
    """T2T: the described value. T2Any: the spoken content."""
    text: str


@dataclass(frozen=True)
class Sample:
    """K memories and the questions over them. `queried` is at `position`, or missing if that is None."""

    planned: PlannedSample
    """The plan that it fills."""
    queried: Persona
    position: int | None
    cue_field: str | None
    """The field that T2T describes people by; None if the recipe has no T2T."""
    heard: bool
    """Whether the recipe has T2Any."""
    memories: tuple[Memory, ...]
    query_picture: Picture | None
    query_clip: Clip | None
    questions: tuple[Question, ...]
    left_out: tuple[str, ...] = ()
    """Fields that one note omits and all others state, whether they are asked for or not."""
    dropped: tuple[Memory, ...] = ()
    """The memory of the person who was drawn and dropped, made by the same rules; empty if nobody was dropped."""
    exempt: bool = False
    """Whether the missing person is exempt from rules that everybody in the memories meets."""
    query_clips: tuple[Clip, ...] = ()
    """Query clips available for each of the people drawn; empty if the recipe has no A2A."""

    @property
    def drawn(self) -> tuple[Memory, ...]:
        """The memories, including that of the person who was dropped."""
        return (*self.memories, *self.dropped)
