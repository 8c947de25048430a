"""A small `train` dataset of three memories a set, and corpora of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from once import made_once
from pool_folder import PoolFolder
from tuning_cases import SHORT

from omni_persona_runner.checkpoint import Checkpoint

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
    from omni_persona_build.recipes import Recipe

    build(pool.folder, Recipe.model_validate(RECIPE), out, **options)
    return out


@pytest.fixture(scope="session")
def train_pool(tmp_path_factory):
    return PoolFolder(tmp_path_factory.mktemp("train-pool") / "pool", people=16)


@pytest.fixture(scope="session")
def train_set(train_pool, tmp_path_factory):
    made = made_once(tmp_path_factory, "train", lambda folder: build_set(train_pool, folder / "omni-persona"))
    return made / "omni-persona"


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


@pytest.fixture(scope="session")
def learner(tmp_path_factory, require_extra):
    """Family -> a tiny checkpoint of it that lets media through, and whose head can become sure.

    As one is drawn, its answers stay near equal however it is trained.
    """
    for name in ("trl", "peft"):
        require_extra(name)
    import tiny_families
    import tiny_omni
    import torch
    from tiny_encoders import strengthen
    from transformers import AutoModelForMultimodalLM

    torch.set_num_threads(1)
    known = {}

    def make(family):
        if family not in known:
            if family.startswith("gemma"):
                require_extra("timm")
            folder = tmp_path_factory.mktemp("models") / "sure"
            tiny_omni.save(folder) if family == "omni" else tiny_families.save(family, folder)
            model = AutoModelForMultimodalLM.from_pretrained(folder)
            strengthen(model)
            model.save_pretrained(folder)
            known[family] = folder
        return known[family]

    return make


@pytest.fixture(scope="session")
def sure(learner):
    """A tiny Thinker of that kind."""
    return learner("omni")


RULES = "Answer, or: I cannot determine that from the provided context."
GOLDS = ("beekeeper", "pilot", "baker", "Rome", "Oslo", "chess")


@pytest.fixture(scope="session")
def eight(write_dataset, make_row, tmp_path_factory):
    """Eight items of all groups with short prompts: six with an answer each, and two without."""
    tasks = ("visual_to_bio", "voice_to_bio", "semantic_to_bio", "dialogue_to_bio")
    rows = []
    for index in range(8):
        absence = "none" if index < 6 else ("absent_persona", "absent_attribute")[index - 6]
        row = make_row(index, tasks[index % 4], absence, n_contexts=3)
        if absence == "none":
            row["answer_supervision"]["gold_answer"] = GOLDS[index]
        rows.append(row)
    return write_dataset(tmp_path_factory.mktemp("eight") / "omni-persona", rows)


@pytest.fixture(scope="session")
def write_corpus():
    """Writes examples as a corpus folder."""
    import json
    from collections import Counter

    from omni_persona_training.corpus.folder import write_examples

    def write(folder, examples):
        folder.mkdir(parents=True)
        write_examples(examples, folder)
        made = Counter(one.task for one in examples)
        (folder / "corpus.json").write_text(json.dumps({"made": made, "content": "own"}), encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def which():
    """Four examples with prompts alike but for what is asked with, a picture or a clip: which of four contexts?

    Pictures have one size and clips one length, so that nothing but what is seen or heard tells them apart.
    """
    from tiny_encoders import clips, pictures

    from omni_persona_training.corpus.source import Memory
    from omni_persona_training.corpus.studio import Show, example

    def examples(kind):
        media = zip(pictures(), clips(), strict=True)
        memories = tuple(Memory(f"p{place}", image, audio, "") for place, (image, audio) in enumerate(media))
        shown = {"pictures": kind == "image", "clips": kind == "audio"}
        made = []
        for number, one in enumerate(memories, start=1):
            cue = {"query_image": one.image} if kind == "image" else {"query_audio": one.audio}
            messages = Show("Which?", memories, **shown, **cue).messages("Who?")
            made.append(example(f"{kind}_localization", messages, "localization", str(number), "s", context=number))
        return [replace(one, example_id=f"{kind}-{place}") for place, one in enumerate(made)]

    return examples


@pytest.fixture(scope="session")
def parts_of(learner, eight):
    """Family -> its checkpoint, its weights and an encoder of the eight items."""
    from omni_persona_training.tuning.base import load_base
    from omni_persona_training.tuning.encoding import Encoder
    from omni_persona_training.tuning.examples import TrainingSet

    def load(family):
        checkpoint = Checkpoint(learner(family))
        model = load_base(checkpoint, "cpu", "float32")
        return checkpoint, model, Encoder(checkpoint, model, TrainingSet(eight, SHORT))

    return load


@pytest.fixture(scope="module")
def parts(parts_of):
    """Those of the Thinker."""
    return parts_of("omni")
