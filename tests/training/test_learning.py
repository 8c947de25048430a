"""That it learns: answers overfitted by SFT, and by RLVR what only a clip or a picture can tell. Minutes, so slow."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace

import pytest

from omni_persona_runner.prompt import Prompt
from omni_persona_runner.run_loop import run
from omni_persona_runner.transformers_model import TransformersModel
from omni_persona_training.tuning.encoding import together
from omni_persona_training.tuning.rlvr import rlvr
from omni_persona_training.tuning.session import Machine
from omni_persona_training.tuning.settings import RlvrSettings, SftSettings
from omni_persona_training.tuning.sft import sft

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SHORT = Prompt(rules="Answer, or: I cannot determine that from the provided context.")
OTHER = "gemma3n"
"""A family that is no Thinker."""

SETTINGS = SftSettings(
    learning_rate=5e-3,
    steps=240,
    batch_size=4,
    micro_batch=4,
    rank=16,
    alpha=32,
    schedule="constant_with_warmup",
    warmup=0.05,
    save_every=1000,
    gradient_checkpointing=False,
)


def merged(base, adapter, out):
    """A checkpoint with the adapter's weights in its own."""
    from peft import PeftModel
    from transformers import AutoModelForMultimodalLM

    shutil.copytree(base, out)
    model = PeftModel.from_pretrained(AutoModelForMultimodalLM.from_pretrained(base), adapter).merge_and_unload()
    model.save_pretrained(out)
    return out


def right_answers(model, dataset, out):
    """How many of a dataset's items a run answers with the gold answer, word for word."""
    import omni_persona

    run(model, dataset, out)
    golds = {item.augmented_id: item.gold_answer for item in omni_persona.read(dataset)}
    lines = [json.loads(line) for line in (out / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    return sum(line["prediction"] == golds[line["augmented_id"]] for line in lines)


@pytest.mark.parametrize("family", ["omni", OTHER])
def test_eight_items_are_overfitted_and_answered_by_a_run(learner, family, eight, tmp_path):
    sure = learner(family)
    done = sft(eight, sure, tmp_path / "adapter", SETTINGS, prompt=SHORT, machine=Machine("cpu"))
    assert done.loss < 0.2
    asked = {"prompt": SHORT, "max_new_tokens": 60, "batch_size": 2}
    one = merged(sure, done.out, tmp_path / "merged")
    for name, model, expected in (
        ("before", TransformersModel(sure, **asked), 0),
        ("beside", TransformersModel(sure, adapter=done.out, **asked), 8),
        ("merged", TransformersModel(one, **asked), 8),
    ):
        assert right_answers(model, eight, tmp_path / "runs" / name) == expected, name
    manifest = json.loads((tmp_path / "runs" / "beside" / "run.json").read_text(encoding="utf-8"))
    assert manifest["model"]["adapter"]["rank"] == 16


# ---- what only what is seen or heard can tell


@pytest.fixture(scope="module")
def policies(learner, which, write_corpus, tmp_path_factory):
    """(kind, family) -> a checkpoint that says any of the four numbers, whatever it is asked, and a corpus of four."""
    known = {}

    def make(kind, family="omni"):
        if (kind, family) not in known:
            root = tmp_path_factory.mktemp("policy")
            examples = which(kind)
            answers = [
                replace(one, example_id=f"{one.example_id}-{answer}", answer=str(answer), context=answer)
                for one in examples
                for answer in (1, 2, 3, 4)
            ]
            random.Random(0).shuffle(answers)
            every = write_corpus(root / "every", answers)
            settings = replace(
                SETTINGS, learning_rate=4e-3, steps=120, batch_size=8, micro_batch=8, schedule="constant"
            )
            base = learner(family)
            adapter = sft(every, base, root / "adapter", settings, machine=Machine("cpu")).out
            known[kind, family] = merged(base, adapter, root / "policy"), write_corpus(root / "four", examples)
        return known[kind, family]

    return make


def trained_by_reward(policy, corpus, out, steps=110, learning_rate=3e-3):
    """Mean reward over the last tenth of the steps, and greedy answers to the four."""
    rewards = []
    settings = RlvrSettings(
        reward="paper",
        learning_rate=learning_rate,
        steps=steps,
        batch_size=4,
        micro_batch=4,
        group_size=8,
        # With less, it settles on three of the four answers before it has tried the last often enough.
        beta=0.2,
        schedule="linear",
        max_new_tokens=3,
        rank=16,
        alpha=32,
        save_every=1000,
        gradient_checkpointing=False,
    )
    machine = Machine("cpu", advance=lambda step, steps, logged: rewards.append(logged.get("reward")))
    rlvr(corpus, policy, out, settings, machine=machine)
    last = [reward for reward in rewards if reward is not None][-steps // 10 :]
    return sum(last) / len(last), greedy(policy, out, corpus)


def greedy(policy, adapter, corpus):
    """The answers to a corpus's examples, each token the likeliest."""
    import torch

    from omni_persona_runner.adapter import read_adapter
    from omni_persona_runner.checkpoint import Checkpoint
    from omni_persona_training.tuning.base import load_base
    from omni_persona_training.tuning.encoding import Encoder
    from omni_persona_training.tuning.examples import TrainingSet

    checkpoint = Checkpoint(policy, adapter=read_adapter(adapter))
    model = load_base(checkpoint, "cpu", "float32")
    encoder = Encoder(checkpoint, model, TrainingSet(corpus))
    said = []
    for place in range(len(encoder.examples)):
        one = encoder.prompt(place)
        given = {"input_ids": torch.tensor([one.tokens]), "attention_mask": torch.ones(1, len(one.tokens)).long()}
        types = {name: torch.tensor([values]) for name, values in one.per_token.items()}
        output = model.generate(**given, **types, **together([one.media]), max_new_tokens=3, do_sample=False)
        said.append(checkpoint.processor.tokenizer.decode(output[0, len(one.tokens) :], skip_special_tokens=True))
    return said


@pytest.mark.parametrize(
    ("kind", "family", "how"),
    [("audio", "omni", {}), ("image", "omni", {}), ("audio", OTHER, {"steps": 170, "learning_rate": 4e-3})],
)
def test_what_only_a_clip_or_a_picture_can_tell_is_learned(policies, kind, family, how, tmp_path):
    policy, corpus = policies(kind, family)
    reward, said = trained_by_reward(policy, corpus, tmp_path / "adapter", **how)
    assert reward >= 0.9
    assert said == ["1", "2", "3", "4"]


@pytest.mark.parametrize("kind", ["audio", "image"])
def test_with_media_left_out_of_the_loss_it_is_not_learned(policies, kind, tmp_path, monkeypatch):
    """What keeps us from going deaf: TRL's own trainer is, in the loss, with clips."""
    from omni_persona_training.tuning import rlvr as module

    hearing = module.omni_grpo_class()

    class Deaf(hearing):
        def _get_per_token_logps_and_entropies(self, *given, **options):
            self.deaf = True
            try:
                return super()._get_per_token_logps_and_entropies(*given, **options)
            finally:
                self.deaf = False

        def _media(self, shown):
            return {} if getattr(self, "deaf", False) else super()._media(shown)

    monkeypatch.setattr(module, "omni_grpo_class", lambda: Deaf)
    policy, corpus = policies(kind)
    reward, said = trained_by_reward(policy, corpus, tmp_path / "adapter")
    assert reward < 0.6
    assert said != ["1", "2", "3", "4"]
