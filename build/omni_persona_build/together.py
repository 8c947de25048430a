"""Draw people who may stand together in a sample, whichever role each of them gets.

Who is asked about, who is missing and whose note leaves what out is decided afterwards. A rule that bound one of these
roles alone would rule out some people more often than others, and who is asked about would then tell whether that
person is missing. So whatever a role needs is asked of everybody drawn, in every sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omni_persona_build.candidate import Candidate, Clauses, Drawn
from omni_persona_build.sample_rules import READ, SAID_TWICE, UnmetNeedError, tells_of_itself
from omni_persona_people.rules.content_words import alike_words

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


Ways = tuple[Clauses, ...]
"""For each field that all notes state, the clauses that may state it."""


class Together:
    """Draws people one after another, each of whom fits the ones before."""

    def __init__(self, rules: Rules, rng: np.random.Generator) -> None:
        self._rules, self._rng = rules, rng
        self._drawn: list[Drawn] = []
        self._asking: list[Drawn] = []
        self._values: list[list[frozenset[str]]] = []
        self._ways: list[Ways] = []
        self._said: frozenset[str] = frozenset()

    def fill(self, people: Sequence[Candidate], number: int) -> list[Drawn]:
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

    def _reason(self, person: Candidate) -> str | None:
        """Why a person does not fit those drawn, if so; otherwise the person joins them."""
        rules = self._rules
        values = [person.value_words[field] for field in rules.common]
        if any(any(map(alike_words, others, values)) for others in self._values):
            return "two people share what is asked for"
        ways = self._ways_of(person) if rules.strict else ()
        if not all(ways):
            return GIVEN_AWAY
        options = person.options(rules.asks_by_voice and rules.strict)
        reason: str | None = None
        for place in self._rng.permutation(len(options)).tolist():
            one = options[place]
            reason = self._flaw(one, person, ways)
            if reason is None:
                said = one.said(rules.heard)
                self._drawn.append(one)
                self._asking += [one] if self._asks(one) else []
                self._values.append(values)
                self._ways = [_without(said, others) for others in (*self._ways, ways)]
                self._said |= said
                break
        return reason

    def _ways_of(self, person: Candidate) -> Ways:
        """The ways to state each field without a word that is said, and without one of what the note may leave out."""
        ways = []
        for field in self._rules.common:
            clauses = filter(self._said.isdisjoint, person.clauses(field))
            for other in person.revealed_by(field):
                if other in self._rules.left_out:
                    clauses = filter(person.value_words[other].isdisjoint, clauses)
            ways.append(tuple(clauses))
        return tuple(ways)

    def _flaw(self, one: Drawn, person: Candidate, ways: Ways) -> str | None:
        """Why a person cannot join those drawn with these clips. ways: to state what the note states."""
        rules = self._rules
        if rules.heard and any(map(one.says_the_same, self._drawn)):
            return SAID_TWICE
        if not rules.strict:
            return READ if rules.heard and tells_of_itself(one.person, one.clip, rules.common) else None
        if self._echoes(one):
            return "a query clip says what a memory's clip says"
        if rules.heard and any(one.is_mistaken_for(other) or other.is_mistaken_for(one) for other in self._drawn):
            return SAID_TWICE
        if not all(person.value_words[field].isdisjoint(one.clip_words) for field in rules.left_out):
            return READ
        return None if _sayable(one.said(rules.heard), (*self._ways, ways)) else GIVEN_AWAY

    def _echoes(self, one: Drawn) -> bool:
        """Whether somebody's query clip says what only one person's clip says, if one more person joins."""
        if any(asking.echoes(one) for asking in self._asking):
            return True
        return self._asks(one) and (one.echoes(one) or any(map(one.echoes, self._drawn)))

    def _asks(self, one: Drawn) -> bool:
        """Whether what a query clip says could identify somebody."""
        return one.query_clip is not None and one.query_clip.transcript not in self._rules.common_words


def _without(said: frozenset[str], ways: Ways) -> Ways:
    """The ways that hold nothing that is said."""
    return tuple(tuple(filter(said.isdisjoint, clauses)) for clauses in ways)


def _sayable(said: frozenset[str], everybody: Sequence[Ways]) -> bool:
    """Whether there is a way to state each field of everybody that holds nothing that is said."""
    return all(any(map(said.isdisjoint, clauses)) for ways in everybody for clauses in ways)
