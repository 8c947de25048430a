"""People who may be drawn for a sample, with the stems of their words.

Drawing compares the same people many thousands of times, so each set of stems is computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from omni_persona_build.sample_rules import spoken_content
from omni_persona_people.persona import Clip, Persona
from omni_persona_people.rules import wording
from omni_persona_people.rules.content_words import alike_words, content_words

Clauses = tuple[frozenset[str], ...]
"""Stems of the words of each clause that states a value."""


@dataclass(frozen=True)
class Drawn:
    """A person, the clip that is heard in the memory, and the clip to ask about the person with."""

    person: Persona
    clip: Clip
    query_clip: Clip | None
    """None if the recipe has no A2A, or if the rules are not strict."""

    def said(self, heard: bool) -> frozenset[str]:
        """Stems of the words by which a clip could be recognised in a note. heard: whether the recipe has T2Any."""
        return self._said_and_asked if heard else self.query_words

    @cached_property
    def clip_words(self) -> frozenset[str]:
        """Stems of what the clip says; empty if that is unknown."""
        return content_words(self.clip.transcript or "")

    @cached_property
    def query_words(self) -> frozenset[str]:
        """Stems of what the query clip says; empty if that is unknown, or if there is no query clip."""
        return content_words(self._asked)

    @cached_property
    def cue_words(self) -> frozenset[str]:
        """Stems of the content by which T2Any asks about the person."""
        return content_words(spoken_content(self.person, self.clip))

    @cached_property
    def _asked(self) -> str:
        return (self.query_clip.transcript if self.query_clip is not None else None) or ""

    @cached_property
    def _said_and_asked(self) -> frozenset[str]:
        return self.cue_words | self.query_words

    def says_the_same(self, other: Drawn) -> bool:
        """Whether what two memories' clips say is known and could be mistaken for each other."""
        return bool(self.clip.transcript and other.clip.transcript) and alike_words(self.clip_words, other.clip_words)

    def echoes(self, other: Drawn) -> bool:
        """Whether what the query clip says is known and could be mistaken for what a memory's clip says."""
        return bool(self._asked and other.clip.transcript) and alike_words(self.query_words, other.clip_words)

    def is_mistaken_for(self, other: Drawn) -> bool:
        """Whether the content by which T2Any asks about this person fits what the other's clip says."""
        return alike_words(self.cue_words, other.clip_words)


class Candidate:
    """A person who may be drawn."""

    def __init__(self, person: Persona) -> None:
        self.person = person
        self._clauses: dict[str, Clauses] = {}
        self._revealed: dict[str, Sequence[str]] = {}
        self._options: dict[bool, Sequence[Drawn]] = {}

    @cached_property
    def value_words(self) -> dict[str, frozenset[str]]:
        """Field -> stems of its value, for each field that a note can state and the person has."""
        values = {field: self.person.value(field) for field in wording.STATEMENTS}
        return {field: content_words(value) for field, value in values.items() if value is not None}

    def clauses(self, field: str) -> Clauses:
        """Stems of each clause that can state a field that the person has."""
        if field not in self._clauses:
            own = tuple(self.person.statements.get(field, ()))
            self._clauses[field] = wording.clause_words(field, str(self.person.value(field)), own)
        return self._clauses[field]

    def revealed_by(self, field: str) -> Sequence[str]:
        """The other fields a word of whose value occurs in a clause that can state this one."""
        if field not in self._revealed:
            clauses = self.clauses(field)
            self._revealed[field] = [
                other
                for other, words in self.value_words.items()
                if other != field and not all(map(words.isdisjoint, clauses))
            ]
        return self._revealed[field]

    def is_separable(self, left_out: str, stated: str) -> bool:
        """Whether a note can state one field and not give away another; True if the person lacks one of them."""
        hidden = self.value_words.get(left_out)
        if hidden is None or stated not in self.value_words:
            return True
        return any(map(hidden.isdisjoint, self.clauses(stated)))

    def options(self, asked: bool) -> Sequence[Drawn]:
        """The person with each clip and, if asked about by voice, with each query clip."""
        if asked not in self._options:
            queries: Sequence[Clip | None] = self.person.query_clips if asked else [None]
            pairs = product(self.person.clips, queries)
            self._options[asked] = [Drawn(self.person, clip, query) for clip, query in pairs]
        return self._options[asked]
