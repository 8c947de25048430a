"""The answer of a local model is what follows its thinking."""

from __future__ import annotations

import shutil

import pytest
from checkpoint_cases import inputs_of

from omni_persona_runner.model import ModelError
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.transformers_model import TransformersModel

# ---- thinking first


def thinking(model, monkeypatch, *texts):
    """Have the model say these texts, whatever it is asked."""
    import torch

    words = model._processor.tokenizer
    ends = [words.encode(text) + [words.eos_token_id] * (not text.endswith("...")) for text in texts]
    longest = max(map(len, ends))
    rows = [row + [words.pad_token_id] * (longest - len(row)) for row in ends]
    monkeypatch.setattr(
        model._model,
        "generate",
        lambda input_ids, **inputs: torch.cat([input_ids, torch.tensor(rows[: len(input_ids)])], dim=1),
    )


def test_the_answer_is_what_follows_the_thinking(checkpoint, items, said, monkeypatch):
    model = TransformersModel(checkpoint, prompt=Prompt(reason=True))
    assert "<think>" in model._words.decode(inputs_of(model, items[0])["input_ids"][0])
    thinking(model, monkeypatch, "<think>Her voice.</think>\na nurse")
    (answer,) = said(model, items[:1])
    assert (answer.text, answer.thinking, answer.finish) == ("a nurse", "Her voice.", "stop")
    assert answer.output_tokens > 20


@pytest.mark.parametrize("text", ["<think>Her voice...", "Her voice is like..."])
def test_thinking_without_an_end_is_a_failed_item(checkpoint, items, said, monkeypatch, text):
    model = TransformersModel(checkpoint, prompt=Prompt(reason=True))
    thinking(model, monkeypatch, text)
    (failed,) = said(model, items[:1])
    assert isinstance(failed, ModelError)
    assert "the thinking has no end within" in failed.message


@pytest.fixture
def thinker(checkpoint, tmp_path):
    """A checkpoint whose template begins every answer with thoughts."""
    folder = shutil.copytree(checkpoint, tmp_path / "thinker")
    template = (folder / "chat_template.jinja").read_text()
    assert template.endswith("assistant\n{% endif -%}")
    (folder / "chat_template.jinja").write_text(template.removesuffix("{% endif -%}") + "<think>\n{% endif -%}")
    return folder


@pytest.mark.parametrize("text", ["Her voice is like...", "Her voice is like that", "Her voice<think>"])
def test_thinking_that_the_template_begins_is_no_answer(thinker, items, said, monkeypatch, text):
    model = TransformersModel(thinker)
    thinking(model, monkeypatch, text)
    (failed,) = said(model, items[:1])
    assert isinstance(failed, ModelError)
    assert "the thinking has no end within" in failed.message


def test_the_answer_follows_the_thinking_that_the_template_begins(thinker, items, said, monkeypatch):
    model = TransformersModel(thinker)
    thinking(model, monkeypatch, "Her voice.</think>a nurse")
    (answer,) = said(model, items[:1])
    assert (answer.text, answer.thinking) == ("a nurse", "Her voice.")


def test_rules_that_mention_thinking_begin_none(checkpoint, items, said, monkeypatch):
    model = TransformersModel(checkpoint, prompt=Prompt(rules="Begin with <think>, where you must."))
    thinking(model, monkeypatch, "a nurse")
    assert said(model, items[:1])[0].text == "a nurse"


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_answer_is_a_failed_item_and_no_wrong_one(checkpoint, items, said, monkeypatch, text):
    model = TransformersModel(checkpoint)
    thinking(model, monkeypatch, text)
    (failed,) = said(model, items[:1])
    assert isinstance(failed, ModelError)
    assert failed.message.startswith("an empty answer of ")


def test_an_answer_cut_at_its_limit_is_flagged(checkpoint, items, said, monkeypatch):
    model = TransformersModel(checkpoint)
    thinking(model, monkeypatch, "a nurse who...")
    (answer,) = said(model, items[:1])
    assert (answer.text, answer.finish) == ("a nurse who...", "length")
