"""What a built dataset promises, recounted from its rows with plain string tests."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from pool_folder import PoolFolder

import omni_persona
from omni_persona_artifacts.construction import MODALITIES
from omni_persona_build.assemble import assemble
from omni_persona_build.construction import construction_rows
from omni_persona_build.feasibility import people_needed
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.plan import plan
from omni_persona_build.recipes import Recipe, load_recipe
from omni_persona_build.sample_rules import flaw
from omni_persona_people.pool import read_pool
from omni_persona_people.rules import wording


def test_no_sample_breaks_a_rule(samples):
    assert [flaw(sample) for sample in samples] == [None] * 48


def test_everybody_stands_in_samples_about_equally_often(samples, people):
    stand = Counter(memory.persona.persona_id for sample in samples for memory in sample.memories)
    assert len(stand) == len(people)
    assert max(stand.values()) < 2 * min(stand.values())


def test_people_whom_the_rules_hinder_are_not_known_to_be_asked_about(people, graph):
    """A third of the people say one and the same sentence, so that no two of them can stand together."""
    same = {persona.persona_id for persona in people[::3]}
    changed = [
        replace(persona, clips=tuple(replace(clip, transcript="Same words.") for clip in persona.clips))
        if persona.persona_id in same
        else persona
        for persona in people
    ]
    vectors = {modality: graph._vectors[modality] for modality in MODALITIES}
    recipe = load_recipe("tiny").model_copy(update={"distractors": "random"})
    asked, standing = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        other = PersonaGraph(changed, [persona.gender for persona in changed], vectors)
        for sample in assemble(other, recipe, plan(recipe, rng), rng):
            if sample.position is not None:
                asked.append(sample.queried.persona_id in same)
                standing.append(np.mean([memory.persona.persona_id in same for memory in sample.memories]))
    # 216 samples: two standard errors are 0.06.
    assert np.mean(asked) == pytest.approx(np.mean(standing), abs=0.08)


def test_a_missing_person_who_meets_no_rules_is_marked(people, graph):
    """Four sentences for all people of a gender: five who say different things cannot be drawn together."""
    changed = [
        replace(
            persona, clips=tuple(replace(clip, transcript=f"Word{place // 2 % 4} alone.") for clip in persona.clips)
        )
        for place, persona in enumerate(people)
    ]
    tiny = load_recipe("tiny")
    tasks = {
        # Whoever is missing says what somebody else says, too.
        name: counts.model_copy(update={"absent_persona": 0}) if omni_persona.TASKS[name].group == "T2Any" else counts
        for name, counts in tiny.tasks.items()
    }
    recipe = tiny.model_copy(update={"distractors": "random", "tasks": tasks})
    other = PersonaGraph(
        changed, [persona.gender for persona in changed], {one: graph._vectors[one] for one in MODALITIES}
    )
    rng = np.random.default_rng(0)
    drawn = list(assemble(other, recipe, plan(recipe, rng), rng))
    missing = [sample for sample in drawn if sample.position is None]
    assert missing
    assert all(sample.exempt for sample in missing)
    assert not any(sample.exempt for sample in drawn if sample.position is not None)
    rows = [row for place, sample in enumerate(drawn) for row in construction_rows(other, sample, place)]
    assert {row["exempt"] for row in rows} == {True, False}


def test_nobody_is_exempt_where_all_rules_can_be_met(samples):
    assert not any(sample.exempt for sample in samples)


def test_notes_of_whom_is_asked_about_leave_out_no_more_than_others(graph):
    """Of what others state, whatever is asked. (A third of what is asked of those present is not in their notes.)"""
    recipe, rng = load_recipe("v2_2"), np.random.default_rng(0)
    right = []
    for sample in assemble(graph, recipe, plan(recipe, rng), rng):
        stating = Counter(field for memory in sample.memories for field, _ in memory.facts)
        usual = {field for field, number in stating.items() if number == 3}
        left_out = [len(usual.difference(field for field, _ in memory.facts)) for memory in sample.memories]
        for question in sample.questions:
            if question.item.absence == "none":
                counts = {place: left_out[place] for place in range(4) if sample.memories[place].value(question.asked)}
                most = [place for place, number in counts.items() if number == max(counts.values())]
                right.append((sample.position in most) / len(most))
    assert np.mean(right) == pytest.approx(1 / 3, abs=0.06)


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


def test_memories_of_all_samples_state_the_same_kinds_of_things_whatever_is_asked(samples):
    """Six facts a note: one of each kind of attribute, for what is left out another one, and one to be described by."""
    described = [any(one.item.task.group == "T2T" for one in sample.questions) for sample in samples]
    assert len(set(described)) == 2
    assert {len(memory.facts) for sample in samples for memory in sample.memories} == {6}
    for sample in samples:
        stating = Counter(field for memory in sample.memories for field, _ in memory.facts)
        assert stating[sample.cue_field] == 4
        for fields in wording.ASKED_FIELDS.values():
            assert 3 in {stating[field] for field in fields}


def test_what_nobody_asks_for_is_left_out_by_anybody(samples):
    """Else the one who leaves it out would be the one asked about, or somebody else for sure."""
    silent = Counter()
    for sample in samples:
        asked = {question.asked for question in sample.questions}
        for field in set(wording.STATEMENTS) - asked:
            quiet = [place for place, memory in enumerate(sample.memories) if memory.value(field) is None]
            if len(quiet) == 1 and sample.position is not None:
                silent[quiet[0] == sample.position] += 1
    assert 0.1 < silent[True] / silent.total() < 0.4


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


def test_likeness_is_that_of_the_vectors(graph, people):
    for modality, value in graph.likeness(people[0], people[0]).items():
        assert value == pytest.approx(1, abs=1e-5), modality


def test_people_without_gender_are_told_apart_by_pitch(pool):
    """The made-up voices rise with the index: 110 Hz, 125 Hz..."""
    for line in pool.lines:
        line["gender"] = None
    pool.save()
    graph = PersonaGraph.of(read_pool(pool.folder))
    low, high = sorted(graph.by_gender(range(12)), key=min)
    assert max(low) < min(high)
    assert len(low) + len(high) == sum(graph.sizes().values()) == 12


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


# ---------------------------------------------------------------- whoever is missing is drawn as those who are there


@pytest.fixture(scope="module")
def hindered(tmp_path_factory):
    """A pool in which a third of each gender says one and the same thing, and a tenth of all fields is empty."""
    rng = np.random.default_rng(5)
    changed = []
    for index, persona in enumerate(read_pool(PoolFolder(tmp_path_factory.mktemp("hindered") / "pool", 22).folder)):
        clips = persona.clips
        if index % 6 < 2:
            clips = tuple(replace(clip, transcript=f"Aaa bbb {number}.") for number, clip in enumerate(clips))
        empty = {field: None for field in wording.STATEMENTS if rng.random() < 0.1}
        changed.append(replace(persona, clips=clips, profile=persona.profile.model_copy(update=empty)))
    vectors = {modality: rng.random((len(changed), 4)).astype(np.float32) for modality in MODALITIES}
    return PersonaGraph(changed, [persona.gender for persona in changed], vectors)


@pytest.fixture(scope="module")
def hindered_samples(hindered):
    recipe = load_recipe("tiny").model_copy(update={"distractors": "random"})
    drawn = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        drawn += assemble(hindered, recipe, plan(recipe, rng), rng)
    return drawn


def test_people_whom_the_rules_hinder_are_missing_as_often_as_they_are_there(hindered_samples):
    missing = [
        sample.queried.clips[0].transcript.startswith("Aaa") for sample in hindered_samples if sample.position is None
    ]
    there = [
        memory.persona.clips[0].transcript.startswith("Aaa")
        for sample in hindered_samples
        for memory in sample.memories
    ]
    # 96 samples with somebody missing: two standard errors are 0.1.
    assert len(missing) == 96
    assert np.mean(missing) == pytest.approx(np.mean(there), abs=0.12)


def test_everybody_drawn_has_what_is_asked_and_what_is_left_out(hindered_samples):
    for sample in hindered_samples:
        assert len(sample.dropped) == 1
        assert {question.asked for question in sample.questions} <= set(sample.left_out)
        for field in sample.left_out:
            assert all(memory.persona.value(field) is not None for memory in sample.drawn)
            assert sum(memory.value(field) is None for memory in sample.memories) == 1
            assert sample.dropped[0].value(field) is not None


def test_of_each_kind_one_field_is_left_out_asked_for_or_not(samples):
    kinds = {field: kind for kind, fields in wording.ASKED_FIELDS.items() for field in fields}
    for sample in samples:
        assert sorted(kinds[field] for field in sample.left_out) == sorted(wording.ASKED_FIELDS)


def test_looks_are_left_out_quietly_too_and_as_often_where_somebody_is_missing(graph):
    recipe = load_recipe("v2_2")
    quiet, looks, asked = Counter(), {False: [], True: []}, Counter()
    rngs = [np.random.default_rng(seed) for seed in range(2)]
    made = [sample for rng in rngs for sample in assemble(graph, recipe, plan(recipe, rng), rng)]
    for sample in made:
        (kind,) = set(sample.left_out) & set(wording.ASKED_FIELDS["image"])
        looks[sample.position is None].append(kind != "clothing")
        (asked if kind in {question.asked for question in sample.questions} else quiet)[kind] += 1
    assert set(quiet) == {"clothing", "hairstyle", "appearance"} == set(asked)
    assert np.mean(looks[True]) == pytest.approx(np.mean(looks[False]), abs=0.1)
    assert all(
        not any(question.item.task.group == "I2I" for question in sample.questions)
        for sample in made
        if not {"hairstyle", "appearance"}.isdisjoint(sample.left_out)
    )


def test_whoever_was_dropped_keeps_the_rules_too(samples):
    sample = next(one for one in samples if one.position is not None)
    (dropped,) = sample.dropped
    twin = replace(dropped, clip=replace(dropped.clip, transcript=sample.memories[0].clip.transcript))
    assert flaw(replace(sample, dropped=(twin,))) == "two clips say the same"


def test_a_pool_in_which_only_k_people_can_stand_together_is_built_all_the_same(people, graph):
    """Half of each gender say one and the same thing: of five, two would."""
    changed = [
        replace(persona, clips=tuple(replace(clip, transcript="Same words.") for clip in persona.clips))
        if index >= 6
        else persona
        for index, persona in enumerate(people)
    ]
    vectors = {modality: graph._vectors[modality] for modality in MODALITIES}
    counts = {"answerable": 8, "absent_attribute": 4}
    tasks = {"visual_to_bio": counts | {"absent_persona": 4}, "dialogue_to_emotion": counts}
    recipe = Recipe.model_validate({"name": "few", "tasks": tasks})
    rng = np.random.default_rng(0)
    built = list(
        assemble(PersonaGraph(changed, [one.gender for one in changed], vectors), recipe, plan(recipe, rng), rng)
    )
    assert sum(len(sample.questions) for sample in built) == 28
    assert not any(sample.dropped for sample in built)


def test_questions_of_a_set_stand_in_random_order():
    """The kind of attribute of which most is asked stood first in every set."""
    recipe = load_recipe("v2_2")
    first = Counter(sample.items[0].task.asked_group for sample in plan(recipe, np.random.default_rng(0)))
    every = Counter(item.task.asked_group for sample in plan(recipe, np.random.default_rng(0)) for item in sample.items)
    for kind, number in every.items():
        assert first[kind] / first.total() == pytest.approx(number / every.total(), abs=0.09)
