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


class _Said:
    """Sets of words; tells whether a further set could be mistaken for one of them."""

    def __init__(self) -> None:
        self._sets: list[frozenset[str]] = []
        self._words: frozenset[str] = frozenset()
        self._has_empty = False

    def add(self, words: frozenset[str]) -> None:
        self._sets.append(words)
        self._words |= words
        self._has_empty |= not words

    def has_alike(self, words: frozenset[str]) -> bool:
        """Whether the words are `alike_words` with those of any of the sets."""
        if words and not self._has_empty and words.isdisjoint(self._words):  # the usual case, made quick
            return False
        return any(alike_words(words, others) for others in self._sets)


class Together:
    """Draws people one after another, each of whom fits the ones before."""

    def __init__(self, rules: Rules, rng: np.random.Generator) -> None:
        self._rules, self._rng = rules, rng
        self._left_out = frozenset(rules.left_out)
        self._drawn: list[Drawn] = []
        self._values = [_Said() for _ in rules.common]
        """For each field that all notes state, its values."""
        self._heard, self._heard_known, self._cues, self._asked = _Said(), _Said(), _Said(), _Said()
        """What the memories' clips say, that of them which is known, how T2Any asks by it, and what queries say."""
        self._ways: list[Ways] = []
        self._stating: frozenset[str] = frozenset()
        """At least the words of all ways."""
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
        if any(map(_Said.has_alike, self._values, values)):
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
                self._join(one, person, values, ways)
                break
        return reason

    def _join(self, one: Drawn, person: Candidate, values: Sequence[frozenset[str]], ways: Ways) -> None:
        said = one.said(self._rules.heard)
        self._drawn.append(one)
        for known, words in zip(self._values, values, strict=True):
            known.add(words)
        self._heard.add(one.clip_words)
        self._cues.add(one.cue_words)
        if one.clip.transcript:
            self._heard_known.add(one.clip_words)
        if one.asked and self._asks(one):
            self._asked.add(one.query_words)
        if not said.isdisjoint(self._stating):
            self._ways = [_without(said, others) for others in self._ways]
        self._ways.append(_without(said, ways))
        self._stating = self._stating.union(*map(person.stating_words, self._rules.common))
        self._said |= said

    def _ways_of(self, person: Candidate) -> Ways:
        """The ways to state each field without a word that is said, and without one of what the note may leave out."""
        ways = []
        for field in self._rules.common:
            clauses = person.clauses_without(field, self._left_out)
            if self._said and not self._said.isdisjoint(person.stating_words(field)):
                clauses = tuple(filter(self._said.isdisjoint, clauses))
            ways.append(clauses)
        return tuple(ways)

    def _flaw(self, one: Drawn, person: Candidate, ways: Ways) -> str | None:
        """Why a person cannot join those drawn with these clips. ways: to state what the note states."""
        rules, known = self._rules, bool(one.clip.transcript)
        if rules.heard and known and self._heard_known.has_alike(one.clip_words):
            return SAID_TWICE
        if not rules.strict:
            return READ if rules.heard and tells_of_itself(one.person, one.clip, rules.common) else None
        if self._echoes(one):
            return "a query clip says what a memory's clip says"
        if rules.heard and (self._heard.has_alike(one.cue_words) or self._cues.has_alike(one.clip_words)):
            return SAID_TWICE
        if not all(person.value_words[field].isdisjoint(one.clip_words) for field in rules.left_out):
            return READ
        said = one.said(rules.heard)
        everybody = [ways] if said.isdisjoint(self._stating) else [*self._ways, ways]
        return None if all(_sayable(said, one) for one in everybody) else GIVEN_AWAY

    def _echoes(self, one: Drawn) -> bool:
        """Whether somebody's query clip says what only one person's clip says, if one more person joins."""
        if one.clip.transcript and self._asked.has_alike(one.clip_words):
            return True
        return self._asks(one) and (
            one.echoes_itself or (bool(one.asked) and self._heard_known.has_alike(one.query_words))
        )

    def _asks(self, one: Drawn) -> bool:
        """Whether what a query clip says could identify somebody."""
        return one.query_clip is not None and one.query_clip.transcript not in self._rules.common_words


def _without(said: frozenset[str], ways: Ways) -> Ways:
    """The ways that hold nothing that is said."""
    return tuple(tuple(filter(said.isdisjoint, clauses)) for clauses in ways)


def _sayable(said: frozenset[str], ways: Ways) -> bool:
    """Whether there is a way to state each field that holds nothing that is said."""
    return all(any(map(said.isdisjoint, clauses)) for clauses in ways)
