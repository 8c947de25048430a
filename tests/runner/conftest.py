"""Items, a dataset folder and a tiny checkpoint for the runner's tests, all made in code."""

from __future__ import annotations

import importlib

import pytest

from omni_persona_runner.transformers_model import TransformersModel


@pytest.fixture(scope="session")
def tiny_omni():
    return importlib.import_module("tiny_omni")


@pytest.fixture(scope="session")
def tiny_families():
    return importlib.import_module("tiny_families")


@pytest.fixture(scope="session")
def checkpoint(tiny_omni, tmp_path_factory):
    """A folder with a tiny Qwen2.5-Omni Thinker."""
    import torch

    torch.set_num_threads(1)
    return tiny_omni.save(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session", autouse=True)
def datasets_cache(tmp_path_factory):
    """Keep what `datasets` caches out of the home folder."""
    import datasets

    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("datasets")
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", folder)
        yield folder


@pytest.fixture(scope="session")
def said():
    """What a model says to items, in their order: answers and failures."""

    def ask(model, items):
        outcomes = {outcome.item_id: outcome for outcome in model.answer(items)}
        assert len(outcomes) == len(items)
        return [outcomes[item.augmented_id] for item in items]

    return ask


@pytest.fixture(scope="module")
def model(checkpoint):
    return TransformersModel(checkpoint, batch_size=4, max_new_tokens=8)
