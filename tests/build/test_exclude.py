"""Keeping the people of one dataset out of another."""

import pytest

import omni_persona
from omni_persona_build.build import build
from omni_persona_build.construction import read_construction
from omni_persona_build.errors import BuildError
from omni_persona_build.exclude import without
from omni_persona_build.pool import read_pool
from omni_persona_build.recipe import Recipe

FEW = Recipe.model_validate({"name": "few", "tasks": {"visual_to_bio": {"answerable": 1}}})


@pytest.fixture
def few(pool, tmp_path):
    """A dataset of four of the pool's twelve people."""
    build(pool.folder, FEW, tmp_path / "few")
    return tmp_path / "few"


def _people(folder):
    rows = [row for rows in read_construction(folder).values() for row in rows]
    return {row["person"] for row in rows} | {row["queried_person"] for row in rows}


def test_people_are_kept_out_by_id(pool, few):
    left = {persona.persona_id for persona in without(read_pool(pool.folder), few)}
    assert left == {line["persona_id"] for line in pool.lines} - _people(few)
    assert len(left) == 8


def test_people_are_kept_out_by_content_under_another_id(pool, few):
    gone = {index for index, line in enumerate(pool.lines) if line["persona_id"] in _people(few)}
    for index, line in enumerate(pool.lines):
        line["persona_id"] = f"renamed_{index}"
    pool.save()
    left = {persona.persona_id for persona in without(read_pool(pool.folder), few)}
    # Whoever has a medium in the dataset is known by it again; a persona's unused media tell nothing.
    assert left == {f"renamed_{index}" for index in set(range(12)) - gone}


def test_two_builds_share_neither_people_nor_media(pool, few, tmp_path):
    build(pool.folder, FEW, tmp_path / "more", exclude=few)
    assert not _people(few) & _people(tmp_path / "more")
    media = [
        {
            medium.data
            for item in omni_persona.items(omni_persona.load(folder, streaming=True))
            for context in item.contexts
            for medium in (context.image, context.audio)
        }
        for folder in (few, tmp_path / "more")
    ]
    assert not media[0] & media[1]


def test_nobody_left_and_no_dataset(pool, few, tmp_path):
    pool.lines = [line for line in pool.lines if line["persona_id"] in _people(few)]
    pool.save()
    with pytest.raises(BuildError, match="it holds all 4 people of the pool"):
        without(read_pool(pool.folder), few)
    with pytest.raises(BuildError, match="expected a dataset folder"):
        without(read_pool(pool.folder), tmp_path)
