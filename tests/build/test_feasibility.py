"""What a pool lacks for a recipe: every count that fails, and by how much, before any work."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_persona_artifacts.construction import MODALITIES
from omni_persona_build import assemble as assemble_module
from omni_persona_build import pipeline as build_module
from omni_persona_build.assemble import assemble
from omni_persona_build.feasibility import require_fit
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.pipeline import build
from omni_persona_build.plan import plan
from omni_persona_build.recipes import Recipe, load_recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_people.persona import Clip, Persona, Picture
from omni_persona_people.persona_line import Profile
from omni_persona_people.pool import read_pool


def _recipe(**tasks):
    return Recipe.model_validate({"name": "few", "tasks": tasks})


ONE_OF_EACH = {"answerable": 1, "absent_persona": 1, "absent_attribute": 1}


@pytest.fixture
def unfit(pool):
    """Says what the pool, as a test changed it, lacks for a recipe."""

    def reason(recipe):
        pool.save()
        with pytest.raises(BuildError) as caught:
            require_fit(read_pool(pool.folder), recipe)
        return str(caught.value).replace(str(pool.file), "FILE")

    return reason


def _forget(pool, field, keep=()):
    for index, line in enumerate(pool.lines):
        if index not in keep:
            line["profile"].pop(field, None)


def test_too_few_people_have_the_one_field_that_a_task_asks_for(pool, unfit):
    _forget(pool, "emotion", keep=(0, 2, 1))  # p0 and p2 are female, p1 is male
    assert unfit(_recipe(visual_to_emotion=ONE_OF_EACH)) == (
        "FILE: visual_to_emotion: needs 5 people of one gender whose profile states emotion; "
        "the pool has 2 female, 1 male: 3 more of one gender are missing"
    )


def test_tasks_that_lack_the_same_are_reported_together(pool, unfit):
    _forget(pool, "emotion")
    tasks = ("visual_to_emotion", "voice_to_emotion", "semantic_to_emotion", "dialogue_to_emotion")
    assert unfit(_recipe(**dict.fromkeys(tasks, ONE_OF_EACH))).startswith(
        "FILE: visual_to_emotion, voice_to_emotion, semantic_to_emotion, dialogue_to_emotion: needs 5 people"
    )


def test_of_several_fields_the_one_that_is_nearest_to_enough_is_reported(pool, unfit):
    _forget(pool, "quote", keep=(1,))
    _forget(pool, "topic", keep=(1, 3))
    assert unfit(_recipe(voice_to_dialogue=ONE_OF_EACH)) == (
        "FILE: voice_to_dialogue: needs 5 people of one gender whose profile states one of quote, topic; "
        "the pool has 0 female, 2 male with topic, and fewer with the others: 3 more of one gender are missing"
    )


def test_looks_cannot_be_asked_by_a_face(pool, unfit):
    _forget(pool, "clothing")
    require_fit(read_pool(pool.folder), _recipe(voice_to_image=ONE_OF_EACH))
    assert "visual_to_appearance: needs 5 people of one gender whose profile states clothing;" in unfit(
        _recipe(voice_to_image=ONE_OF_EACH, visual_to_appearance=ONE_OF_EACH)
    )


def test_a_value_that_all_share_answers_nothing(pool, unfit):
    for line in pool.lines:
        line["profile"]["emotion"] = "Calm"
    pool.lines[0]["profile"]["emotion"] = "calm"
    assert unfit(_recipe(voice_to_emotion={"answerable": 1})) == (
        "FILE: voice_to_emotion: needs 3 people of one gender each of whom has another emotion; "
        "too many values in the pool are equal"
    )
    # What is not answered is stated by as many different notes: it must not be known by them.
    assert "each of whom has another emotion" in unfit(_recipe(voice_to_emotion={"absent_persona": 1}))
    for index, line in enumerate(pool.lines[:6]):
        line["profile"]["emotion"] = ("calm", "cross", "merry")[index // 2]
    pool.save()
    require_fit(read_pool(pool.folder), _recipe(voice_to_emotion=ONE_OF_EACH))


def test_nobody_can_be_described(pool, unfit):
    for field in (
        "role", "affiliation", "major", "hobby", "interest", "food_preference", "travel_experience", "life_event",
        "location", "environment",
    ):  # fmt: skip
        _forget(pool, field)
    for index in range(3):
        pool.lines[2 * index]["profile"]["role"] = f"role{index}"
    assert (
        "semantic_to_emotion: needs 4 people of one gender to describe by one field, each of whom has another value; "
        "the pool has too few for any of role, affiliation,"
    ) in unfit(_recipe(semantic_to_emotion=ONE_OF_EACH))
    pool.lines[6]["profile"]["role"] = "role3"
    pool.save()
    require_fit(read_pool(pool.folder), _recipe(semantic_to_emotion=ONE_OF_EACH))


def test_who_lacks_a_medium_is_named_and_the_others_counted(pool, unfit):
    for index in (2, 5, 7):
        del pool.lines[index]["images"][1:]
    del pool.lines[4]["audios"][1:]
    recipe = _recipe(visual_to_bio=ONE_OF_EACH, voice_to_bio=ONE_OF_EACH)
    assert unfit(recipe) == (
        "FILE:3: p2 has one picture; I2I needs two, one for memories and one for queries (and 2 others); "
        "FILE:5: p4 has one clip; A2A needs two, one for memories and one for queries"
    )


def test_clips_of_a_length_that_the_recipe_does_not_take(pool, unfit):
    recipe = Recipe.model_validate(
        {"name": "long", "clip_seconds": [3, 9], "tasks": {"visual_to_bio": {"answerable": 1}}}
    )
    assert unfit(recipe) == ("FILE:1: p0 has a0.wav, which lasts 2.0 s; recipe long takes 3 to 9 s (and 11 others)")


def test_with_too_few_people_nothing_else_is_reported(pool, unfit):
    pool.lines = pool.lines[:6]
    assert unfit(load_recipe("tiny")) == (
        "FILE: a question over K = 4 memories and one who is in none of them needs 5 people of one gender, "
        "got 3 female, 3 male: 2 more of one gender are missing"
    )
    assert unfit(_recipe(visual_to_bio={"answerable": 1})) == (
        "FILE: a question over K = 4 memories needs 4 people of one gender, got 3 female, 3 male: "
        "1 more of one gender is missing"
    )


def test_tasks_of_t2t_that_fail_by_their_cues_are_reported_together(pool, unfit):
    for line in pool.lines:
        kept = ("emotion", "clothing", "location", "role")
        line["profile"] = {field: line["profile"][field] for field in kept}
        line["profile"] |= {"role": "pilot", "location": "here"}
    message = unfit(_recipe(semantic_to_emotion=ONE_OF_EACH, semantic_to_appearance=ONE_OF_EACH))
    assert message.startswith("FILE: semantic_to_emotion, semantic_to_appearance: needs 4 people")
    assert message.count("to describe by one field") == 1


def test_all_that_fails_is_reported_at_once_up_to_a_bound(pool, unfit):
    for line in pool.lines:
        line["profile"] = {"hobby": line["profile"]["hobby"]}
        del line["images"][1:]
    message = unfit(load_recipe("tiny"))
    assert message.startswith("FILE:1: p0 has one picture; ")
    assert message.count("needs 5 people of one gender whose profile states") == 4
    assert re.search(r"; and \d more$", message)
    assert "\n" not in message


def test_people_of_unknown_gender_stand_among_themselves(pool, unfit):
    for index, line in enumerate(pool.lines):
        if index % 2:
            line["gender"] = None
    pool.lines = pool.lines[:8]
    assert unfit(_recipe(voice_to_bio=ONE_OF_EACH)) == (
        "FILE: a question over K = 4 memories and one who is in none of them needs 5 people of one gender, "
        "got 4 female, 4 of unknown gender: 1 more of one gender is missing"
    )


def test_it_is_reported_before_any_face_or_voice_is_compared(pool, tmp_path, monkeypatch):
    _forget(pool, "emotion")
    pool.save()
    monkeypatch.setattr(build_module, "PersonaGraph", None)
    with pytest.raises(BuildError, match="needs 5 people of one gender whose profile states emotion"):
        build(pool.folder, load_recipe("tiny"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def _person(index, gender, profile, pictures, clips, transcript):
    media = [Picture(None, f"{index}p{n}", 1) for n in range(pictures)]
    heard = [Clip(None, f"{index}c{n}", 1, transcript, 3.0) for n in range(clips)]
    return Persona(
        f"p{index}", gender, Profile.model_validate(profile), tuple(media[:1]), tuple(heard[:1]),
        tuple(media[1:]), tuple(heard[1:]), f"FILE:{index + 1}",
    )  # fmt: skip


fields = st.dictionaries(
    st.sampled_from(["role", "hobby", "quote", "topic", "clothing", "hairstyle", "emotion", "location"]),
    st.sampled_from(["x", "y", "z", "X"]),
)
people = st.lists(
    st.tuples(
        st.sampled_from(["female", "male", None]), fields, st.integers(1, 2), st.integers(1, 2),
        st.sampled_from([None, "hello"]),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip
tasks = st.dictionaries(
    st.sampled_from(
        ["visual_to_bio", "voice_to_image", "visual_to_appearance", "semantic_to_emotion", "dialogue_to_bio"]
    ),
    st.fixed_dictionaries({"answerable": st.integers(0, 1), "absent_persona": st.integers(0, 1)}),
    min_size=1,
).filter(lambda counts: any(sum(one.values()) for one in counts.values()))


@settings(deadline=None, max_examples=150)
@given(people, tasks)
def test_whatever_the_pool_a_refusal_says_how_many_and_more_people_never_make_it_worse(drawn, counts):
    pool, recipe = [_person(index, *one) for index, one in enumerate(drawn)], _recipe(**counts)
    try:
        require_fit(pool, recipe)
    except BuildError as error:
        message = str(error)
        assert message.startswith("FILE")
        assert all(int(number) > 0 for number in re.findall(r"(\d+) more of one gender", message))
        return
    everything = dict.fromkeys(["role", "hobby", "quote", "clothing", "emotion", "location"], "other")
    require_fit([*pool, _person(99, "female", everything, 2, 2, "hello")], recipe)


FILLERS = {"food_preference": "soup", "travel_experience": "north", "life_event": "moved", "major": "law"}


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(["female", "male"]), fields), min_size=8, max_size=10),
    st.sampled_from(
        ["visual_to_appearance", "voice_to_image", "voice_to_emotion", "voice_to_dialogue", "semantic_to_emotion"]
    ),
    st.sampled_from(["answerable", "absent_persona", "absent_attribute"]),
)
def test_what_is_refused_could_not_have_been_filled(drawn, task, absence):
    recipe = _recipe(**{task: {absence: 1}})
    pool = [
        _person(index, gender, FILLERS | profile, 2, 2, f"word{index}") for index, (gender, profile) in enumerate(drawn)
    ]
    try:
        require_fit(pool, recipe)
    except BuildError:
        rng = np.random.default_rng(0)
        vectors = {modality: rng.random((len(pool), 4)).astype(np.float32) for modality in MODALITIES}
        graph = PersonaGraph(pool, [person.gender for person in pool], vectors)
        with pytest.raises(BuildError), pytest.MonkeyPatch.context() as patch:
            patch.setattr(assemble_module, "ATTEMPTS", 60)
            list(assemble(graph, recipe, plan(recipe, rng), rng))
