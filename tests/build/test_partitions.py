"""Partitions and neighbourhoods: complete, small enough, similar; and that a file stores each medium once."""

from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_cases import slow_but

import omni_persona
from omni_persona_build import pipeline as build_module
from omni_persona_build import write
from omni_persona_build.assemble import assemble
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.partitions import TIMES_CONTEXTS, deal, neighbourhoods, partitions
from omni_persona_build.pipeline import build
from omni_persona_build.plan import plan
from omni_persona_build.recipes import Recipe
from omni_persona_people.pool import read_pool


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
def test_everybody_stands_in_one_circle_and_partitions_are_as_small_as_they_may(sizes, most, fewest, data):
    genders = data.draw(st.lists(st.sampled_from(["female", "male"]), min_size=len(sizes), max_size=len(sizes)))
    found = partitions(_graph(sizes, genders), most, fewest)
    assert sorted(index for partition in found for index in partition) == list(range(len(sizes)))
    for partition in found if len(found) > 1 else []:
        assert len({genders[index] for index in partition}) == 1
        assert sum(sizes[index] for index in partition) <= most or len(partition) < 2 * fewest
    for gender in set(genders):
        parts = [partition for partition in found if genders[partition[0]] == gender]
        assert len(found) == 1 or len(parts) == 1 or all(len(part) >= fewest for part in parts)


def _clustered(groups, each, noise):
    """Vectors around the corners of a simplex, in an order of chance; shape (groups * each, groups)."""
    rng = np.random.default_rng(1)
    middles = np.repeat(np.eye(groups, dtype=np.float32), each, axis=0)
    return (middles + rng.normal(0, noise, middles.shape)).astype(np.float32)[rng.permutation(groups * each)]


def _mean_likeness(vectors, parts):
    """Of everybody to the others of their part."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.mean([(unit[part] @ unit[part].T)[~np.eye(len(part), dtype=bool)].mean() for part in map(list, parts)])


def test_people_who_are_alike_stay_together():
    vectors = _clustered(8, 20, 0.3)
    found = partitions(_graph([10] * 160, ["female"] * 160, vectors), 200, 5)
    by_chance = np.array_split(np.random.default_rng(2).permutation(160), len(found))
    assert _mean_likeness(vectors, found) > _mean_likeness(vectors, by_chance) + 0.2


def test_neighbourhoods_are_of_one_gender_alike_and_widen():
    vectors = _clustered(8, 20, 0.3)
    genders = [("female", "male")[index % 2] for index in range(160)]
    graph = _graph([1] * 160, genders, vectors)
    found = {hardness: neighbourhoods(graph, range(160), hardness, 4) for hardness in ("hard", "medium")}
    for hardness, parts in found.items():
        fewest = 4 * TIMES_CONTEXTS[hardness]
        assert sorted(parts) == list(range(160))
        for index, (nearest, *wider) in parts.items():
            assert index in nearest
            assert fewest <= len(nearest) < 2 * fewest
            assert {genders[other] for other in nearest} == {genders[index]}
            for narrow, wide in zip([nearest, *wider], wider, strict=False):
                assert set(narrow) < set(wide)
            assert len([nearest, *wider][-1]) == 80
    likeness = {
        hardness: _mean_likeness(vectors, {tuple(part[0].tolist()) for part in parts.values()})
        for hardness, parts in found.items()
    }
    assert likeness["hard"] > likeness["medium"] > _mean_likeness(vectors, [range(0, 160, 2), range(1, 160, 2)])
    (group,) = neighbourhoods(graph, range(160), "random", 4)[1]
    assert group.tolist() == list(range(1, 160, 2))


@pytest.mark.parametrize("hardness", slow_but(["hard"], ["hard", "medium", "random"]))
def test_who_is_asked_about_is_not_the_one_in_the_middle(pool, hardness):
    """Neighbours of whoever is asked about would surround that person: of K people, the one most like the others."""
    for line in pool.lines:
        line["gender"] = "female"
    pool.save()
    vectors = np.random.default_rng(3).standard_normal((12, 3)).astype(np.float32)
    graph = PersonaGraph(read_pool(pool.folder), ["female"] * 12, {"face": vectors, "voice": vectors, "text": vectors})
    tasks = {"visual_to_bio": {"answerable": 720}}
    recipe = Recipe.model_validate({"name": "faces", "contexts": 3, "distractors": hardness, "tasks": tasks})
    rng = np.random.default_rng(0)
    in_the_middle = []
    for sample in assemble(graph, recipe, plan(recipe, rng), rng):
        people = [memory.persona for memory in sample.memories]
        likeness = [sum(graph.likeness(one, other)["face"] for other in people) for one in people]
        in_the_middle.append(int(np.argmax(likeness)) == sample.position)
    assert len(in_the_middle) == 720
    assert abs(np.mean(in_the_middle) - 1 / 3) < 4 * (1 / 3 * 2 / 3 / 720) ** 0.5


@given(st.lists(st.integers(0, 50), min_size=1, max_size=9).filter(any), st.integers(0, 200))
def test_a_deal_is_complete_and_in_proportion(sizes, number):
    parts = deal(range(number), sizes)
    assert [thing for part in parts for thing in part] == list(range(number))
    for part, size in zip(parts, sizes, strict=True):
        assert abs(len(part) - number * size / sum(sizes)) <= 1


@pytest.mark.parametrize("hardness", slow_but(["hard"], ["hard", "medium", "random"]))
def test_a_pool_larger_than_a_row_group_is_stored_once_all_the_same(pool, tmp_path, monkeypatch, hardness):
    monkeypatch.setattr(build_module, "PARTITION_BYTES", 1_000_000)
    monkeypatch.setattr(write, "PARTITION_BYTES", 1_000_000)
    monkeypatch.setattr(write, "MEDIA_BYTES", 1_100_000)
    recipe = Recipe.model_validate(
        {
            "name": "some",
            "contexts": 3,
            "distractors": hardness,
            "tasks": {"visual_to_bio": {"answerable": 30}, "voice_to_emotion": {"answerable": 30}},
        }
    )
    # Six of each gender, each with four clips of 32 kB and four pictures of 7 kB: a partition of women, one of men.
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
    """Two women of each partition have a mood: too few for a partition, enough for the pool."""
    monkeypatch.setattr(build_module, "PARTITION_BYTES", 1)
    monkeypatch.setattr(build_module, "people_needed", lambda recipe: 1)
    for index, line in enumerate(pool.lines):
        line["gender"] = "female"
        if index % 3:
            line["profile"].pop("emotion")
    pool.save()
    recipe = Recipe.model_validate({"name": "one", "tasks": {"visual_to_emotion": {"answerable": 2}}})
    built = build(pool.folder, recipe, tmp_path / "omni-persona")
    assert built.items == 2
