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
        """Stems of `asked`."""
        return content_words(self.asked)

    @cached_property
    def cue_words(self) -> frozenset[str]:
        """Stems of the content by which T2Any asks about the person."""
        return content_words(spoken_content(self.person, self.clip))

    @cached_property
    def words(self) -> frozenset[str]:
        """Stems of all that is said."""
        return self.clip_words | self.query_words | self.cue_words

    @cached_property
    def wordless(self) -> bool:
        """Whether something that is said, or could be, has no words."""
        return not self.clip_words or not self.cue_words or bool(self.asked and not self.query_words)

    @cached_property
    def told(self) -> frozenset[str]:
        """The fields a word of whose value the clip says."""
        values = {field: self.person.value(field) for field in wording.STATEMENTS}
        return frozenset(
            field
            for field, value in values.items()
            if value is not None and not content_words(value).isdisjoint(self.clip_words)
        )

    @cached_property
    def asked(self) -> str:
        """What the query clip says; empty if that is unknown, or if there is no query clip."""
        return (self.query_clip.transcript if self.query_clip is not None else None) or ""

    @cached_property
    def _said_and_asked(self) -> frozenset[str]:
        return self.cue_words | self.query_words

    @cached_property
    def echoes_itself(self) -> bool:
        """Whether what the query clip says is known and could be mistaken for what the memory's clip says."""
        return bool(self.asked and self.clip.transcript) and alike_words(self.query_words, self.clip_words)


class Candidate:
    """A person who may be drawn."""

    def __init__(self, person: Persona) -> None:
        self.person = person
        self._without: dict[tuple[str, frozenset[str]], Clauses] = {}
        self._options: dict[bool, Sequence[Drawn]] = {}
        self._touched: dict[frozenset[str], frozenset[str]] = {}

    @cached_property
    def value_words(self) -> dict[str, frozenset[str]]:
        """Field -> stems of its value, for each field that a note can state and the person has."""
        values = {field: self.person.value(field) for field in wording.STATEMENTS}
        return {field: content_words(value) for field, value in values.items() if value is not None}

    @cached_property
    def clauses(self) -> dict[str, Clauses]:
        """Field -> stems of each clause that can state it."""
        statements = self.person.statements
        return {
            field: wording.clause_words(field, str(self.person.value(field)), tuple(statements.get(field, ())))
            for field in self.value_words
        }

    def clauses_without(self, field: str, left_out: frozenset[str]) -> Clauses:
        """Those of the clauses that hold no word of the value of another field that may be left out."""
        if left_out.isdisjoint(self.revealed_by[field]):
            return self.clauses[field]
        hidden = left_out & self.revealed_by[field]
        if (field, hidden) not in self._without:
            words = frozenset[str]().union(*(self.value_words[other] for other in hidden))
            self._without[field, hidden] = tuple(filter(words.isdisjoint, self.clauses[field]))
        return self._without[field, hidden]

    @cached_property
    def stating_words(self) -> dict[str, frozenset[str]]:
        """Field -> the stems of all clauses that can state it."""
        return {field: frozenset[str]().union(*clauses) for field, clauses in self.clauses.items()}

    def touched_by(self, said: frozenset[str]) -> frozenset[str]:
        """The fields a clause of which holds a word of what one of the person's clips says."""
        if said not in self._touched:
            stating = self.stating_words.items()
            self._touched[said] = frozenset(field for field, words in stating if not said.isdisjoint(words))
        return self._touched[said]

    @cached_property
    def revealed_by(self) -> dict[str, frozenset[str]]:
        """Field -> the other fields a word of whose value occurs in a clause that can state it."""
        return {field: frozenset[str]().union(*told) - {field} for field, told in self._told_by.items()}

    @cached_property
    def given_away_by(self) -> dict[str, frozenset[str]]:
        """Field -> the fields that no note can leave out if it states this one, as each clause holds a word of their
        value.
        """
        return {field: told[0].intersection(*told[1:]) for field, told in self._told_by.items()}

    @cached_property
    def _told_by(self) -> dict[str, tuple[frozenset[str], ...]]:
        """Field -> for each clause that can state it, the fields a word of whose value it holds."""
        holders: dict[str, list[str]] = {}
        for field, words in self.value_words.items():
            for word in words:
                holders.setdefault(word, []).append(field)
        return {
            field: tuple(frozenset(other for word in clause for other in holders.get(word, ())) for clause in clauses)
            for field, clauses in self.clauses.items()
        }

    def options(self, asked: bool) -> Sequence[Drawn]:
        """The person with each clip and, if asked about by voice, with each query clip."""
        if asked not in self._options:
            queries: Sequence[Clip | None] = self.person.query_clips if asked else [None]
            pairs = product(self.person.clips, queries)
            self._options[asked] = [Drawn(self.person, clip, query) for clip, query in pairs]
        return self._options[asked]
