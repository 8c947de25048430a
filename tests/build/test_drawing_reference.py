"""Drawing, which compares sets of stems made once, decides as the rules of texts do, pair by pair."""

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_folder import PoolFolder

from omni_persona_build.candidate import Candidate
from omni_persona_build.field_fits import FieldFits
from omni_persona_build.sample_rules import (
    READ,
    SAID_TWICE,
    UnmetNeedError,
    says_the_same,
    spoken_content,
    tells_of_itself,
)
from omni_persona_build.together import GIVEN_AWAY, Rules, Together
from omni_persona_people.pool import read_pool
from omni_persona_people.rules import wording
from omni_persona_people.rules.content_words import alike, content_words, share_words

FIELDS = ("role", "hobby", "location", "quote", "emotion")
VALUES = st.one_of(
    st.sampled_from([f"{one}{other}" for one in "abcdefgh" for other in "abcdefgh"]),
    st.lists(st.sampled_from(["aa", "bb", "cc", "the"]), min_size=1, max_size=2).map(" ".join),
)
CLAUSES = sorted(set().union(*(words for field in FIELDS for words in wording.clause_words(field, "zz"))) - {"zz"})
"""The words beside the value in clauses that state it."""
SAID = st.sampled_from(["", "…", "x", "x y", "y z", "x y z", "aa", "ab bb", *CLAUSES])
SPEECH = st.none() | SAID | st.lists(st.sampled_from(CLAUSES), max_size=4).map(" ".join)
PEOPLE = st.lists(
    st.tuples(st.lists(VALUES, min_size=5, max_size=5), st.sampled_from([None, "x", "y"]), *[SPEECH] * 4),
    min_size=3,
    max_size=8,
)
RULES = st.builds(
    Rules,
    st.permutations(FIELDS).map(lambda fields: tuple(fields[:2])),
    st.just(()),
    st.booleans(),
    st.booleans(),
    st.sampled_from([True, True, True, False]),
    st.frozensets(SAID, min_size=3, max_size=8),
).flatmap(lambda rules: st.integers(0, 2).map(lambda n: replace(rules, left_out=rules.common[:n])))


@cache
def _templates(folder):
    return read_pool(PoolFolder(folder, 2).folder)


@pytest.fixture(scope="module")
def somebody(tmp_path_factory):
    return _templates(tmp_path_factory.mktemp("drawing") / "pool")[0]


def _person(somebody, index, values, topic, *speech):
    """Somebody with these values, who says these things in two clips for memories and two for queries."""
    profile = dict.fromkeys(type(somebody.profile).model_fields) | dict(zip(FIELDS, values, strict=True))
    profile["topic"] = topic
    clips = [replace(somebody.clips[0], transcript=said) for said in speech]
    return replace(
        somebody,
        persona_id=f"p{index}",
        profile=somebody.profile.model_copy(update=profile),
        clips=tuple(clips[:2]),
        query_clips=tuple(clips[2:]),
    )


class Reference:
    """Who may stand together, from texts alone and with nothing remembered."""

    def __init__(self, rules, rng):
        self.rules, self.rng, self.drawn, self.reasons = rules, rng, [], Counter()

    def fill(self, people, number):
        for person in people:
            if reason := self.reason(person):
                self.reasons[reason] += 1
            if len(self.drawn) == number:
                return self.drawn
            if not self.drawn:
                break
        return max(self.reasons, key=self.reasons.get) if self.reasons else "too few people"

    def reason(self, person):
        others = [one for one, _, _ in self.drawn]
        fields = self.rules.common
        if any(alike(person.value(field), one.value(field)) for one in others for field in fields):
            return "two people share what is asked for"
        if self.rules.strict and not self.can_state(person, self.said(self.drawn)):
            return GIVEN_AWAY
        asked = self.rules.asks_by_voice and self.rules.strict
        options = [*product(person.clips, person.query_clips if asked else [None])]
        reason = None
        for place in self.rng.permutation(len(options)).tolist():
            reason = self.flaw((person, *options[place]))
            if reason is None:
                self.drawn.append((person, *options[place]))
                break
        return reason

    def flaw(self, new):
        person, clip, _ = new
        rules, everybody = self.rules, [*self.drawn, new]
        if rules.heard and any(says_the_same(clip, other) for _, other, _ in self.drawn):
            return SAID_TWICE
        if not rules.strict:
            return READ if rules.heard and tells_of_itself(person, clip, rules.common) else None
        for asking, heard in product(everybody, repeat=2):
            query = asking[2]
            if new not in (asking, heard) or query is None or query.transcript in rules.common_words:
                continue
            if says_the_same(query, heard[1]):
                return "a query clip says what a memory's clip says"
        for other in self.drawn if rules.heard else []:
            for one, two in ((new, other), (other, new)):
                if alike(spoken_content(one[0], one[1]), two[1].transcript or ""):
                    return SAID_TWICE
        if any(share_words(clip.transcript or "", person.value(field)) for field in rules.left_out):
            return READ
        said = self.said(everybody)
        return None if all(self.can_state(one, said) for one, _, _ in everybody) else GIVEN_AWAY

    def said(self, drawn):
        """The words by which anybody could be recognised."""
        texts = [query.transcript or "" for _, _, query in drawn if query is not None]
        if self.rules.heard:
            texts += [spoken_content(person, clip) for person, clip, _ in drawn]
        return frozenset().union(*map(content_words, texts))

    def can_state(self, person, said):
        """Whether each field can be stated without a word that is said, or one of what the note may leave out."""
        for field in self.rules.common:
            hidden = [person.value(other) for other in self.rules.left_out if other != field]
            words = said.union(*map(content_words, hidden))
            if all(not clause.isdisjoint(words) for clause in wording.clause_words(field, person.value(field))):
                return False
        return True


@pytest.mark.slow
@settings(max_examples=400)
@given(PEOPLE, RULES, st.integers(2, 4), st.integers(0, 3))
def test_those_are_drawn_who_fit_by_the_rules_of_texts(somebody, people, rules, number, seed):
    persons = [_person(somebody, index, *one) for index, one in enumerate(people)]
    expected = Reference(rules, np.random.default_rng(seed)).fill(persons, number)
    together = Together(rules, np.random.default_rng(seed), FieldFits([*map(Candidate, persons)]))
    try:
        drawn = together.fill(range(len(persons)), number)
    except UnmetNeedError as unmet:
        assert str(unmet) == expected
    else:
        assert [(one.person, one.clip, one.query_clip) for one in drawn] == expected


@given(PEOPLE, st.sampled_from(FIELDS), st.frozensets(st.sampled_from(FIELDS)))
def test_fields_fit_the_people_whose_clauses_keep_others_apart(somebody, people, field, others):
    persons = [_person(somebody, index, *one) for index, one in enumerate(people)]
    persons.append(replace(persons[0], profile=persons[0].profile.model_copy(update={field: None})))
    fits = FieldFits([*map(Candidate, persons)])

    def keeps(person, hidden, stated):
        if person.value(hidden) is None or person.value(stated) is None:
            return True
        words = content_words(person.value(hidden))
        return any(map(words.isdisjoint, wording.clause_words(stated, person.value(stated))))

    has = [person.value(field) is not None for person in persons]
    describing = [
        have and all(keeps(one, other, field) for other in others) for have, one in zip(has, persons, strict=True)
    ]
    leaving = [
        fine and all(keeps(one, field, other) for other in others)
        for fine, one in zip(describing, persons, strict=True)
    ]
    assert fits.flags(fits.has(field)).tolist() == has
    assert fits.flags(fits.to_describe_by(field, others)).tolist() == describing
    assert fits.flags(fits.to_leave_out(field, others)).tolist() == leaving
    assert fits.of_indices(np.flatnonzero(has)) == fits.has(field)


@given(PEOPLE)
def test_people_are_alike_in_the_fields_whose_texts_are(somebody, people):
    persons = [_person(somebody, index, *one) for index, one in enumerate(people)]
    persons[0] = replace(persons[0], profile=persons[0].profile.model_copy(update={FIELDS[0]: None}))
    fits = FieldFits([*map(Candidate, persons)])
    for (at, one), (place, other) in product(enumerate(persons), repeat=2):
        known = [field for field in wording.STATEMENTS if None not in (one.value(field), other.value(field))]
        assert fits.alike(at, place) == {field for field in known if alike(one.value(field), other.value(field))}
