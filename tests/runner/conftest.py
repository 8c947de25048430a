"""Items, a dataset folder and a tiny checkpoint for the runner's tests, all made in code."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

import omni_persona

TASKS = ("visual_to_bio", "voice_to_bio", "semantic_to_bio", "dialogue_to_bio")
"""One task of each group."""


def _beside(name: str):
    """A module beside this file, which importlib mode puts on no path."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tiny_omni():
    return _beside("tiny_omni")


@pytest.fixture(scope="session")
def tiny_families():
    return _beside("tiny_families")


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


def picture(seed: int) -> dict:
    """Noise of one of four sizes, as an encoded picture of a row."""
    size = ((28, 28), (28, 56), (56, 28), (56, 56))[seed % 4]
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return {"bytes": buffer.getvalue(), "path": f"picture_{seed}.png"}


def clip(seed: int) -> dict:
    """A tone of 0.3 to 0.7 s, at one of three rates and in one of two formats, as an encoded clip of a row."""
    rate = (16_000, 44_100, 48_000)[seed % 3]
    ending = ("wav", "flac")[seed % 2]
    time = np.arange(int(rate * (0.3 + 0.1 * (seed % 5)))) / rate
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.3 * np.sin(2 * np.pi * (200 + 37 * seed) * time), rate, format=ending.upper())
    return {"bytes": buffer.getvalue(), "path": f"clip_{seed}.{ending}"}


def make_row(index: int, task: str = "visual_to_bio", absence: str = "none", n_contexts: int = 4) -> dict:
    """A row of the dataset with query media of both kinds; other indices have other media and notes."""
    known = omni_persona.TASKS[task]
    seed = 100 * index
    return {
        "augmented_id": f"sample_{index}__aug_0",
        "source_sample_id": f"sample_{index}",
        "group": known.group,
        "scenario": known.scenario,
        "selected_task": task,
        "query_modality": known.query_modality,
        "target_modality": known.asked_group,
        "no_GT": absence == "absent_persona",
        "absence": absence,
        "target_concept_id": None if absence == "absent_persona" else "concept_1",
        "contexts": [
            {
                "concept_id": f"concept_{place}",
                "image": picture(seed + place),
                "audio": clip(seed + place),
                "text": f"She keeps bees, hive {seed + place}" + ", near the river" * (index % 3) + ".",
                "same_as_query_image_or_audio": place == 1,
            }
            for place in range(n_contexts)
        ],
        "query_assets": {"image": picture(seed + 50), "audio": clip(seed + 51)},
        "query_text": f"What does person {index} do for a living?",
        "answer_supervision": {
            "answerable_from_context": absence == "none",
            "gold_answer": "beekeeper" if absence == "none" else omni_persona.ABSTENTION,
            "abstain_answer": omni_persona.ABSTENTION,
            "support_mode": "present" if absence == "none" else "absent",
            "asked_group": "bio",
            "asked_subfield": "occupation",
            "gt_concept_id_from_metadata": None,
        },
    }


def make_item(*args, **kwargs) -> omni_persona.Item:
    """The item of `make_row`."""
    return omni_persona.item_from_row(make_row(*args, **kwargs))


@pytest.fixture(scope="session", name="make_row")
def _make_row():
    return make_row


@pytest.fixture(scope="session", name="make_item")
def _make_item():
    return make_item


@pytest.fixture(scope="session")
def items():
    """One item of each group, with prompts of different lengths."""
    return [make_item(index, task) for index, task in enumerate(TASKS)]


@pytest.fixture(scope="session")
def said():
    """What a model says to items, in their order: answers and failures."""

    def ask(model, items):
        outcomes = {outcome.item_id: outcome for outcome in model.answer(items)}
        assert len(outcomes) == len(items)
        return [outcomes[item.augmented_id] for item in items]

    return ask


@pytest.fixture(scope="session")
def write_dataset():
    """Writes rows to a dataset folder."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def write(folder: Path, rows: list[dict]) -> Path:
        (folder / "data").mkdir(parents=True)
        # Not through `datasets`, which encodes clips with torchcodec.
        table = pa.Table.from_pylist(rows, schema=omni_persona.features().arrow_schema)
        pq.write_table(table, folder / "data" / "test-0.parquet")
        return folder

    return write


@pytest.fixture(scope="session")
def dataset(write_dataset, tmp_path_factory):
    """A dataset folder of 16 items: each group with two answerable items and two that are not."""
    absences = ("none", "absent_persona", "none", "absent_attribute")
    rows = [make_row(index, TASKS[index % 4], absences[index // 4]) for index in range(16)]
    return write_dataset(tmp_path_factory.mktemp("dataset") / "omni-persona", rows)
