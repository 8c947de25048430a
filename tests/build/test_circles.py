"""Circles of people: everybody once, small enough, alike, and what they are for: every medium once in a file."""

from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omni_persona
from omni_persona_build import build as build_module
from omni_persona_build import write
from omni_persona_build.build import build
from omni_persona_build.circles import circles, deal
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.recipe import Recipe


def _graph(sizes, genders, vectors=None):
    rng = np.random.default_rng(0)
    people = [
        SimpleNamespace(persona_id=f"p{index}", media=lambda size=size: [SimpleNamespace(size=size)])
        for index, size in enumerate(sizes)
    ]
    vectors = rng.standard_normal((len(sizes), 4)).astype(np.float32) if vectors is None else vectors
    return PersonaGraph(people, genders, {"face": vectors, "voice": vectors, "text": vectors})


@given(
    sizes=st.lists(st.integers(1, 100), min_size=2, max_size=60),
    most=st.integers(1, 2000),
    fewest=st.integers(1, 8),
    data=st.data(),
)
def test_everybody_stands_in_one_circle_and_circles_are_as_small_as_they_may(sizes, most, fewest, data):
    genders = data.draw(st.lists(st.sampled_from(["female", "male"]), min_size=len(sizes), max_size=len(sizes)))
    found = circles(_graph(sizes, genders), most, fewest)
    assert sorted(index for circle in found for index in circle) == list(range(len(sizes)))
    for circle in found if len(found) > 1 else []:
        assert len({genders[index] for index in circle}) == 1
        assert sum(sizes[index] for index in circle) <= most or len(circle) < 2 * fewest
    for gender in set(genders):
        parts = [circle for circle in found if genders[circle[0]] == gender]
        assert len(found) == 1 or len(parts) == 1 or all(len(part) >= fewest for part in parts)


def test_people_who_are_alike_stay_together():
    rng = np.random.default_rng(1)
    middles = np.repeat(np.eye(8, dtype=np.float32), 20, axis=0)
    vectors = (middles + rng.normal(0, 0.3, middles.shape)).astype(np.float32)[rng.permutation(160)]
    graph = _graph([10] * 160, ["female"] * 160, vectors)
    found = circles(graph, 200, 5)

    def likeness(parts):
        return np.mean([graph.likeness_to(index, np.array(part)).mean() for part in parts for index in part])

    by_chance = np.split(rng.permutation(160), len(found))
    assert likeness(found) > likeness(by_chance) + 0.3


@given(st.lists(st.integers(0, 50), min_size=1, max_size=9).filter(any), st.integers(0, 200))
def test_a_deal_is_complete_and_in_proportion(sizes, number):
    parts = deal(range(number), sizes)
    assert [thing for part in parts for thing in part] == list(range(number))
    for part, size in zip(parts, sizes, strict=True):
        assert abs(len(part) - number * size / sum(sizes)) <= 1


@pytest.mark.parametrize("hardness", ["hard", "medium", "random"])
def test_a_pool_larger_than_a_row_group_is_stored_once_all_the_same(pool, tmp_path, monkeypatch, hardness):
    monkeypatch.setattr(build_module, "CIRCLE_BYTES", 1_000_000)
    monkeypatch.setattr(write, "CIRCLE_BYTES", 1_000_000)
    monkeypatch.setattr(write, "MEDIA_BYTES", 1_100_000)
    recipe = Recipe.model_validate(
        {
            "name": "some",
            "contexts": 3,
            "distractors": hardness,
            "tasks": {"visual_to_bio": {"answerable": 30}, "voice_to_emotion": {"answerable": 30}},
        }
    )
    # Six of each gender, each with four clips of 32 kB and four pictures of 7 kB: a circle of women, one of men.
    build(pool.folder, recipe, tmp_path / "omni-persona")
    (file,) = (tmp_path / "omni-persona").glob(omni_persona.DATA_FILES)
    assert pq.ParquetFile(file).num_row_groups == 2
    media = {}
    asked = set()
    for item in omni_persona.items(omni_persona.load(tmp_path / "omni-persona", streaming=True)):
        media.update(dict.fromkeys(one.data for context in item.contexts for one in (context.image, context.audio)))
        media.update(dict.fromkeys(one.data for one in (item.query_image, item.query_audio) if one))
        asked.add(item.source_sample_id)
    assert file.stat().st_size <= 1.05 * sum(map(len, media))
    assert len(asked) == 30


def test_a_sample_that_no_circle_can_fill_is_filled_from_all(pool, tmp_path, monkeypatch):
    """Two women of each circle have a mood: too few for a circle, enough for the pool."""
    monkeypatch.setattr(build_module, "CIRCLE_BYTES", 1)
    monkeypatch.setattr(build_module, "people_needed", lambda recipe: 1)
    for index, line in enumerate(pool.lines):
        line["gender"] = "female"
        if index % 3:
            line["profile"].pop("emotion")
    pool.save()
    recipe = Recipe.model_validate({"name": "one", "tasks": {"visual_to_emotion": {"answerable": 2}}})
    built = build(pool.folder, recipe, tmp_path / "omni-persona")
    assert built.items == 2
