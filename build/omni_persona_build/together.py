"""Draw people who may stand together in a sample, whichever role each of them gets.

Who is asked about, who is missing and whose note leaves what out is decided afterwards. A rule that bound one of these
roles alone would rule out some people more often than others, and who is asked about would then tell whether that
person is missing. So whatever a role needs is asked of everybody drawn, in every sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from omni_persona_build.sample_rules import (
    READ,
    SAID_TWICE,
    UnmetNeedError,
    says_the_same,
    spoken_content,
    tells_of_itself,
)
from omni_persona_people.persona import Clip, Persona
from omni_persona_people.rules import wording
from omni_persona_people.rules.content_words import alike, content_words, share_words

GIVEN_AWAY = "a note holds what is said, or what it leaves out"


@dataclass(frozen=True)
class Rules:
    """What the people of a sample must have."""

    common: tuple[str, ...]
    """The fields that all notes state, but for those that one of them leaves out."""
    left_out: tuple[str, ...]
    """Those of them that one note leaves out."""
    heard: bool
    """Whether the recipe has T2Any, which identifies people by what they say."""
    asks_by_voice: bool
    """Whether the recipe has A2A."""
    strict: bool
    """Whether everybody must fit every role. If no such people are found, those will do who fit the role they get."""
    common_words: frozenset[str]
    """Words that several people of the pool say, which identify nobody."""


@dataclass(frozen=True)
class Drawn:
    """A person, the clip that is heard in the memory, and the clip to ask about the person with."""

    person: Persona
    clip: Clip
    query_clip: Clip | None
    """None if the recipe has no A2A, or if the rules are not strict."""

    def said(self, heard: bool) -> frozenset[str]:
        """Stems of the words by which a clip could be recognised in a note. heard: whether the recipe has T2Any."""
        spoken = content_words(spoken_content(self.person, self.clip)) if heard else frozenset()
        asked = self.query_clip.transcript if self.query_clip is not None else None
        return spoken | (content_words(asked) if asked else frozenset())


Ways = tuple[tuple[frozenset[str], ...], ...]
"""For each field that all notes state, stems of the words of each clause that may state it."""


class Together:
    """Draws people one after another, each of whom fits the ones before."""

    def __init__(self, rules: Rules, rng: np.random.Generator) -> None:
        self._rules, self._rng = rules, rng
        self._drawn: list[Drawn] = []
        self._ways: list[Ways] = []
        self._said: frozenset[str] = frozenset()

    def fill(self, people: Sequence[Persona], number: int) -> list[Drawn]:
        """The first person and those of the others who fit, in order, until there are as many as asked for.

        Raises `UnmetNeedError` with the most frequent reason if there are too few.
        """
        reasons: Counter[str] = Counter()
        for person in people:
            if reason := self._reason(person):
                reasons[reason] += 1
            if len(self._drawn) == number:
                return self._drawn
            if not self._drawn:
                break
        raise UnmetNeedError(reasons.most_common(1)[0][0] if reasons else "too few people")

    def _reason(self, person: Persona) -> str | None:
        """Why a person does not fit those drawn, if so; otherwise the person joins them."""
        rules = self._rules
        values = [
            (str(one.person.value(field)), str(person.value(field))) for one in self._drawn for field in rules.common
        ]
        if any(alike(first, second) for first, second in values):
            return "two people share what is asked for"
        ways = self._ways_of(person) if rules.strict else ()
        if not all(ways):
            return GIVEN_AWAY
        reason: str | None = None
        for one in self._options(person):
            reason = self._flaw(one, ways)
            if reason is None:
                said = one.said(rules.heard)
                self._drawn.append(one)
                self._ways = [_without(said, others) for others in (*self._ways, ways)]
                self._said |= said
                break
        return reason

    def _options(self, person: Persona) -> Iterator[Drawn]:
        """A person with each clip and each query clip, in random order."""
        asked = self._rules.asks_by_voice and self._rules.strict
        queries: Sequence[Clip | None] = person.query_clips if asked else [None]
        pairs = [*product(person.clips, queries)]
        for place in self._rng.permutation(len(pairs)):
            yield Drawn(person, *pairs[place])

    def _ways_of(self, person: Persona) -> Ways:
        """The ways to state each field without a word that is said, and without one of what the note may leave out."""
        rules = self._rules
        values = {field: str(person.value(field)) for field in rules.common}
        return tuple(
            _clauses_without(
                self._said.union(*(content_words(values[other]) for other in rules.left_out if other != field)),
                wording.clause_words(field, value, tuple(person.statements.get(field, ()))),
            )
            for field, value in values.items()
        )

    def _flaw(self, one: Drawn, ways: Ways) -> str | None:
        """Why somebody cannot join those drawn with these clips. ways: to state what the note states."""
        rules = self._rules
        if rules.heard and any(says_the_same(one.clip, other.clip) for other in self._drawn):
            return SAID_TWICE
        if not rules.strict:
            return READ if rules.heard and tells_of_itself(one.person, one.clip, rules.common) else None
        if any(self._echoes(one, other) or self._echoes(other, one) for other in (*self._drawn, one)):
            return "a query clip says what a memory's clip says"
        if rules.heard and any(_mistaken(one, other) or _mistaken(other, one) for other in self._drawn):
            return SAID_TWICE
        if any(share_words(str(one.person.value(field)), one.clip.transcript or "") for field in rules.left_out):
            return READ
        said = one.said(rules.heard)
        return None if all(all(_without(said, others)) for others in (*self._ways, ways)) else GIVEN_AWAY

    def _echoes(self, asked: Drawn, other: Drawn) -> bool:
        """Whether a query clip says what only one person's clip says."""
        query = asked.query_clip
        known = self._rules.common_words
        return query is not None and query.transcript not in known and says_the_same(query, other.clip)


def _mistaken(one: Drawn, other: Drawn) -> bool:
    """Whether the content by which T2Any asks about somebody fits what another person says."""
    return alike(spoken_content(one.person, one.clip), other.clip.transcript or "")


def _without(said: frozenset[str], ways: Ways) -> Ways:
    """The ways that hold nothing that is said."""
    return tuple(_clauses_without(said, clauses) for clauses in ways)


def _clauses_without(avoided: frozenset[str], clauses: tuple[frozenset[str], ...]) -> tuple[frozenset[str], ...]:
    return tuple(words for words in clauses if words.isdisjoint(avoided))
