"""What a built dataset promises, recounted from its rows with plain string tests, and each rule broken once."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import omni_persona
from omni_persona_build import wording
from omni_persona_build.assemble import assemble, flaw
from omni_persona_build.fit import people_needed
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.plan import plan
from omni_persona_build.pool import read_pool
from omni_persona_build.recipe import load_recipe


@pytest.fixture(scope="module")
def people(shared_pool):
    return read_pool(shared_pool.folder)


@pytest.fixture(scope="module")
def graph(people):
    return PersonaGraph.of(people)


@pytest.fixture(scope="module")
def samples(graph):
    recipe, rng = load_recipe("tiny"), np.random.default_rng(3)
    return list(assemble(graph, recipe, plan(recipe, rng), rng))


def test_no_sample_breaks_a_rule(samples):
    assert [flaw(sample) for sample in samples] == [None] * 48


def test_everybody_is_asked_about_equally_often(samples, people):
    asked = Counter(sample.queried.persona_id for sample in samples)
    assert set(asked.values()) == {48 // len(people)}


def test_distractors_are_others_of_the_same_gender(samples):
    for sample in samples:
        ids = [memory.persona.persona_id for memory in sample.memories]
        assert len(set(ids)) == 4
        assert {memory.persona.gender for memory in sample.memories} == {sample.queried.gender}
        assert [place for place, one in enumerate(ids) if one == sample.queried.persona_id] == (
            [] if sample.position is None else [sample.position]
        )


def test_notes_alone_tell_neither_the_person_nor_whether_there_is_an_answer(samples):
    silent = {"none": Counter(), "absent_persona": Counter(), "absent_attribute": Counter()}
    for sample in samples:
        assert len({len(memory.facts) for memory in sample.memories}) == 1
        for question in sample.questions:
            stating = [place for place, memory in enumerate(sample.memories) if memory.value(question.asked)]
            assert len(stating) == 3
            (quiet,) = set(range(4)) - set(stating)
            silent[question.item.absence][quiet == sample.position] += 1
    assert silent["none"] == {False: 72}
    assert silent["absent_attribute"] == {True: 36}
    assert silent["absent_persona"] == {False: 36}


def test_notes_hold_what_they_state_and_nothing_else_of_the_person(samples):
    for sample in samples:
        for memory in sample.memories:
            assert len(re.findall(r"[.!?](?:\s|$)", memory.note)) in (1, 2)
            stated = dict(memory.facts)
            for field, value in memory.persona.profile:
                if value is not None:
                    assert (value in memory.note) == (field in stated)


def test_notes_and_questions_name_nobody(samples, shared_pool):
    names = {word for line in shared_pool.lines for word in line["name"].split()}
    for sample in samples:
        for text in [memory.note for memory in sample.memories] + [question.text for question in sample.questions]:
            assert not names.intersection(re.findall(r"\w+", text)), text


def _likeness(graph, index, order):
    """Each other's rank, 0 for the nearest, in the modality in which it is nearest."""
    queried = graph.people[index]
    ranks = []
    for modality in ("face", "voice", "text"):
        by_likeness = sorted(sorted(order), key=lambda other: -graph.likeness(queried, graph.people[other])[modality])
        ranks.append([by_likeness.index(other) for other in order])
    return [min(each) for each in zip(*ranks, strict=True)]


def test_hard_distractors_are_near_in_some_modality_and_others_are_not(graph, people):
    rng = np.random.default_rng(0)
    everybody = range(len(people))
    found = zip(
        *(graph.distractors(everybody, hardness, rng) for hardness in ("hard", "medium", "random")), strict=True
    )
    for index, (hard, medium, random) in enumerate(found):
        hard, medium = list(hard), list(medium)
        assert set(hard) == set(medium) == set(random)
        assert len(hard) == len(people) // 2 - 1
        ranks = _likeness(graph, index, hard)
        assert ranks == sorted(ranks)
        assert medium[0] == hard[len(hard) // 2]


def test_likeness_is_that_of_the_vectors(graph, people):
    for modality, value in graph.likeness(people[0], people[0]).items():
        assert value == pytest.approx(1, abs=1e-5), modality


def test_people_without_gender_are_told_apart_by_pitch(pool):
    """The made-up voices rise with the index: 110 Hz, 125 Hz..."""
    for line in pool.lines:
        line["gender"] = None
    pool.save()
    graph = PersonaGraph.of(read_pool(pool.folder))
    low, high = graph.distractors([0, 11], "hard", np.random.default_rng(0))
    assert max(low) < min(high)
    assert sum(graph.sizes().values()) == 12


def test_asked_fields_are_those_of_the_published_taxonomy():
    for group, fields in wording.ASKED_FIELDS.items():
        assert set(fields) <= set(omni_persona.SUBFIELDS[group])
        for field in fields:
            assert field in wording.STATEMENTS
            assert field in wording.QUESTIONS
    assert set(wording.FILLERS) | set(wording.CUE_STATEMENTS) <= set(wording.STATEMENTS)


def test_people_needed():
    recipe = load_recipe("tiny")
    assert people_needed(recipe) == 5


# ------------------------------------------------------------------------------------------------ each rule, broken


def _find(samples, group, absence):
    for sample in samples:
        for question in sample.questions:
            if question.item.task.group == group and question.item.absence == absence:
                return replace(sample, questions=(question,)), question
    raise AssertionError(f"no {group} {absence}")


def _with_memory(sample, place, **changes):
    memories = list(sample.memories)
    memories[place] = replace(memories[place], **changes)
    return replace(sample, memories=tuple(memories))


def _other(sample):
    return next(place for place in range(4) if place != sample.position)


def test_the_same_picture_twice(samples):
    sample, _ = _find(samples, "I2I", "none")
    assert flaw(replace(sample, query_picture=sample.memories[0].picture)) == "a picture or clip stands twice"


def test_an_answer_that_the_note_leaves_out(samples):
    sample, question = _find(samples, "T2T", "none")
    facts = tuple(fact for fact in sample.memories[sample.position].facts if fact[0] != question.asked)
    assert flaw(_with_memory(sample, sample.position, facts=facts)) == "the note does not state the answer"


def test_an_answer_that_two_people_share(samples):
    sample, question = _find(samples, "A2A", "none")
    gold = sample.memories[sample.position].value(question.asked)
    note = sample.memories[_other(sample)].note + f" They have {gold}."
    assert flaw(_with_memory(sample, _other(sample), note=note)) == f"two people share their {question.asked}"


def test_an_absent_attribute_that_the_note_or_the_clip_gives_away(samples):
    sample, question = _find(samples, "I2I", "absent_attribute")
    gold = getattr(sample.queried.profile, question.asked)
    target = sample.memories[sample.position]
    hinted = _with_memory(sample, sample.position, note=target.note + " " + gold.split()[0])
    assert flaw(hinted) == f"the note gives the absent {question.asked} away"
    spoken = _with_memory(sample, sample.position, clip=replace(target.clip, transcript=gold))
    assert flaw(spoken) == f"the clip gives the absent {question.asked} away"


def test_a_description_that_fits_two_people_or_holds_the_answer(samples):
    sample, question = _find(samples, "T2T", "none")
    other = sample.memories[_other(sample)]
    fits = _with_memory(sample, _other(sample), note=f"{other.note} {question.cue}")
    assert flaw(fits) == f"two people share their {question.cue_field}"
    gold = getattr(sample.queried.profile, question.asked)
    telling = replace(sample, questions=(replace(question, cue=gold),))
    assert flaw(telling) == "the description gives the answer away"


def test_spoken_words_that_a_note_holds_or_two_people_say(samples):
    sample, question = _find(samples, "T2Any", "none")
    place = _other(sample)
    other = sample.memories[place]
    read = _with_memory(sample, place, note=f"{other.note} {question.cue}")
    assert flaw(read) == "a note holds what was said"
    for transcript in (question.cue, None):
        heard = _with_memory(sample, place, clip=replace(other.clip, transcript=transcript))
        assert flaw(heard) == "two people say the same, or nobody knows what one of them says"


def test_a_query_clip_that_says_what_the_memory_says(samples):
    sample, _ = _find(samples, "A2A", "none")
    target = sample.memories[sample.position]
    for transcript, reason in (
        (target.note, "the query clip says what the note states"),
        (target.clip.transcript, "the query clip says what the memory's clip says"),
    ):
        assert flaw(replace(sample, query_clip=replace(sample.query_clip, transcript=transcript))) == reason
