"""A small `train` dataset of three memories a set, and corpora of it."""

from __future__ import annotations

import pytest
from pool_folder import PoolFolder

RECIPE = {
    "name": "small",
    "contexts": 3,
    "distractors": "random",
    "clip_seconds": [1.0, 30.0],
    "tasks": {
        "visual_to_bio": {"answerable": 9, "absent_persona": 3, "absent_attribute": 3},
        "visual_to_appearance": {"answerable": 9, "absent_persona": 3, "absent_attribute": 3},
        "voice_to_bio": {"answerable": 9, "absent_persona": 3, "absent_attribute": 3},
        "voice_to_image": {"answerable": 9, "absent_persona": 3, "absent_attribute": 3},
        "semantic_to_appearance": {"answerable": 6, "absent_attribute": 3},
        "dialogue_to_image": {"answerable": 6, "absent_attribute": 3},
    },
}


def build_set(pool, out, **options):
    """A dataset of three memories a set."""
    from omni_persona_build.pipeline import build
    from omni_persona_build.recipe import Recipe

    build(pool.folder, Recipe.model_validate(RECIPE), out, **options)
    return out


@pytest.fixture(scope="session")
def train_pool(tmp_path_factory):
    return PoolFolder(tmp_path_factory.mktemp("train-pool") / "pool", people=16)


@pytest.fixture(scope="session")
def train_set(train_pool, tmp_path_factory):
    return build_set(train_pool, tmp_path_factory.mktemp("train") / "omni-persona")


@pytest.fixture(scope="session")
def make(train_set):
    """Makes a corpus of the train set by a recipe's name."""
    from omni_persona_training.corpus.make import make_corpus
    from omni_persona_training.corpus.recipe import load_recipe

    def call(out, recipe="sft-1k", total=60, **options):
        make_corpus(train_set, load_recipe(recipe), out, total=total, **options)
        return out

    return call


@pytest.fixture(scope="session")
def corpora(make, tmp_path_factory):
    """Recipe -> a small corpus of it, to be read only."""
    root = tmp_path_factory.mktemp("corpora")
    return {name: make(root / name, name, total) for name, total in (("sft-1k", 60), ("sft-10k", 90), ("rlvr-1k", 60))}
