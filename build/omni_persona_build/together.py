"""Draw people who may stand together in a sample, whichever role each of them gets.

Who is asked about, who is missing and whose note leaves what out is decided afterwards. A rule that bound one of these
roles alone would rule out some people more often than others, and who is asked about would then tell whether that
person is missing. So whatever a role needs is asked of everybody drawn, in every sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from omni_persona_build.candidate import Candidate, Clauses, Drawn
from omni_persona_build.field_fits import FieldFits
from omni_persona_build.sample_rules import READ, SAID_TWICE, UnmetNeedError, tells_of_itself
from omni_persona_people.rules.content_words import alike_words

SHARED = "two people share what is asked for"
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

    def __init__(self, rules: Rules, rng: np.random.Generator, fits: FieldFits) -> None:
        self._rules, self._rng, self._fits = rules, rng, fits
        self._common, self._left_out = frozenset(rules.common), frozenset(rules.left_out)
        self._drawn: list[Drawn] = []
        self._indices: list[int] = []
        """Those of the people drawn."""
        self._wordless = False
        """Whether what a clip says has no words."""
        self._ways: list[Ways] = []
        self._stating: set[str] = set()
        """At least the words of all ways."""
        self._said: set[str] = set()
        """The words by which a clip could be recognised in a note."""

    def fill(self, people: Sequence[int], number: int) -> list[Drawn]:
        """The first person and those of the others who fit, in order, until there are as many as asked for.

        people: their indices. Raises `UnmetNeedError` with the most frequent reason if there are too few.
        """
        reasons: list[str] = []
        for index in people:
            reason = SHARED if self._shares_value(index) else self._reason(self._fits.people[index])
            if reason is None:
                self._indices.append(index)
            else:
                reasons.append(reason)
            if len(self._drawn) == number:
                return self._drawn
            if not self._drawn:
                break
        raise UnmetNeedError(Counter(reasons).most_common(1)[0][0] if reasons else "too few people")

    def _reason(self, person: Candidate) -> str | None:
        """Why a person who shares no value does not fit those drawn, if so; otherwise the person joins them."""
        rules = self._rules
        ways = self._ways_of(person) if rules.strict else ()
        if not all(ways):
            return GIVEN_AWAY
        options = person.options(rules.asks_by_voice and rules.strict)
        reason: str | None = None
        places = self._rng.permutation(len(options)).tolist()
        for place in places:
            one = options[place]
            # Why a person does not fit is told of the last option alone.
            if place != places[-1] and rules.strict and not one.told.isdisjoint(self._left_out):
                continue
            reason = self._flaw(one, person, ways)
            if reason is None:
                self._join(one, person, ways)
                break
        return reason

    def _shares_value(self, index: int) -> bool:
        """Whether a value of a person could be mistaken for one of those drawn."""
        apart, alike = self._common.isdisjoint, self._fits.alike
        return not all(apart(alike(other, index)) for other in self._indices)

    def _join(self, one: Drawn, person: Candidate, ways: Ways) -> None:
        common = self._rules.common
        self._drawn.append(one)
        self._wordless |= one.wordless
        self._ways.append(ways)
        self._stating.update(*(person.stating_words[field] for field in common))
        self._said |= one.said(self._rules.heard)

    def _ways_of(self, person: Candidate) -> Ways:
        """The ways to state each field without a word that is said, and without one of what the note may leave out."""
        ways = []
        for field in self._rules.common:
            clauses = person.clauses_without(field, self._left_out)
            if self._said and not self._said.isdisjoint(person.stating_words[field]):
                clauses = tuple(filter(self._said.isdisjoint, clauses))
            ways.append(clauses)
        return tuple(ways)

    def _flaw(self, one: Drawn, person: Candidate, ways: Ways) -> str | None:
        """Why a person cannot join those drawn with these clips. ways: to state what the note states."""
        rules = self._rules
        near = self._drawn
        if not (one.wordless or self._wordless):
            near = [other for other in near if not one.words.isdisjoint(other.words)]
        if rules.heard and near and _says_the_same(one, near):
            return SAID_TWICE
        if not rules.strict:
            return READ if rules.heard and tells_of_itself(one.person, one.clip, rules.common) else None
        if self._echoes(one, near):
            return "a query clip says what a memory's clip says"
        if rules.heard and near and _asks_the_same(one, near):
            return SAID_TWICE
        if not one.told.isdisjoint(self._left_out):
            return READ
        said = one.said(rules.heard)
        if not person.touched_by(said).isdisjoint(self._common) and not _sayable(said, ways):
            return GIVEN_AWAY
        if said.isdisjoint(self._stating):
            return None
        everything = said | self._said
        return None if all(_sayable(everything, others) for others in self._ways) else GIVEN_AWAY

    def _echoes(self, one: Drawn, others: Sequence[Drawn]) -> bool:
        """Whether somebody's query clip says what only one person's clip says, if one more person joins others."""
        known, asks = bool(one.clip.transcript), self._asks(one)
        if asks and one.echoes_itself:
            return True
        return bool(others) and any(
            (known and other.asked and self._asks(other) and alike_words(one.clip_words, other.query_words))
            or (asks and one.asked and other.clip.transcript and alike_words(one.query_words, other.clip_words))
            for other in others
        )

    def _asks(self, one: Drawn) -> bool:
        """Whether what a query clip says could identify somebody."""
        return one.query_clip is not None and one.query_clip.transcript not in self._rules.common_words


def _says_the_same(one: Drawn, others: Sequence[Drawn]) -> bool:
    """Whether a person's clip could be mistaken for another's; clips of which it is unknown what they say are not."""
    return bool(one.clip.transcript) and any(
        alike_words(one.clip_words, other.clip_words) for other in others if other.clip.transcript
    )


def _asks_the_same(one: Drawn, others: Sequence[Drawn]) -> bool:
    """Whether T2Any would ask about a person by what the clip of another one says."""
    return any(
        alike_words(one.cue_words, other.clip_words) or alike_words(other.cue_words, one.clip_words) for other in others
    )


def _sayable(said: Set[str], ways: Ways) -> bool:
    """Whether there is a way to state each field that holds nothing that is said."""
    return all(any(map(said.isdisjoint, clauses)) for clauses in ways)
