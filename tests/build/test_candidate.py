"""What is known of candidates by stems computed once is what the rules of texts say of them."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pool_folder import PoolFolder

from omni_persona_build.candidate import Candidate, Drawn
from omni_persona_build.sample_rules import says_the_same, spoken_content
from omni_persona_people.pool import read_pool
from omni_persona_people.rules import wording
from omni_persona_people.rules.content_words import alike, alike_words, content_words, share_words

WORDS = ["the", "nurse", "nurses", "head", "of", "a ward", "Paris", "work", "spoke", "…", ""]
TEXTS = st.lists(st.sampled_from(WORDS)).map(" ".join)


@given(TEXTS, TEXTS)
def test_texts_are_alike_as_their_words_are(one, other):
    first, second = content_words(one), content_words(other)
    shared = len(first & second)
    expected = shared == min(len(first), len(second)) or 2 * shared >= len(first | second)
    assert alike_words(first, second) == alike(one, other) == expected


@pytest.fixture(scope="module")
def person(tmp_path_factory):
    """Somebody whose hobby holds a word of the role, and whom no major is known of."""
    persona = read_pool(PoolFolder(tmp_path_factory.mktemp("candidates") / "pool", 2).folder)[0]
    hobby = f"{persona.value('hobby')} {persona.value('role').split()[0]}"
    return replace(persona, profile=persona.profile.model_copy(update={"hobby": hobby, "major": None}))


def test_a_candidate_offers_each_clip_with_each_query_clip(person):
    candidate = Candidate(person)
    pairs = [(one.clip, one.query_clip) for one in candidate.options(asked=True)]
    assert pairs == [*product(person.clips, person.query_clips)]
    assert [(one.clip, one.query_clip) for one in candidate.options(asked=False)] == [
        (clip, None) for clip in person.clips
    ]


def test_a_note_gives_away_what_a_clause_of_it_holds(person):
    candidate = Candidate(person)
    assert "role" in candidate.revealed_by["hobby"]
    for hidden, stated in product(wording.STATEMENTS, repeat=2):
        if hidden == stated:
            continue
        words, value = person.value(hidden), person.value(stated)
        if words is None or value is None:
            continue
        clauses = wording.clause_words(stated, value)
        sayable = wording.sayable(stated, value, content_words(words), person.statements)
        assert (hidden in candidate.given_away_by[stated]) == (not sayable)
        revealed = any(not clause.isdisjoint(content_words(words)) for clause in clauses)
        assert (hidden in candidate.revealed_by[stated]) == revealed


@given(st.none() | TEXTS, st.none() | TEXTS, st.none() | TEXTS)
def test_clips_are_compared_as_their_transcripts_are(person, said, asked, others):
    clip, query = replace(person.clips[0], transcript=said), replace(person.clips[0], transcript=asked)
    one = Drawn(person, clip, query)
    other = Drawn(person, replace(clip, transcript=others), None)
    assert one.echoes_itself == says_the_same(query, clip)
    assert not other.echoes_itself
    said_words = content_words(spoken_content(person, clip)) | (content_words(asked) if asked else frozenset())
    assert one.said(heard=True) == said_words
    assert one.said(heard=False) == (content_words(asked) if asked else frozenset())
    assert share_words(said or "", others or "") == (not one.clip_words.isdisjoint(other.clip_words))


@given(TEXTS)
def test_what_is_said_touches_the_fields_a_clause_of_which_holds_a_word_of_it(person, said):
    candidate = Candidate(person)
    touched = {
        field
        for field in wording.STATEMENTS
        if (value := person.value(field)) is not None
        and any(not clause.isdisjoint(content_words(said)) for clause in wording.clause_words(field, value))
    }
    for _ in range(2):
        assert candidate.touched_by(content_words(said)) == touched
