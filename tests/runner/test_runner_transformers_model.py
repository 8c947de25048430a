"""Answers of a local model, on a tiny Qwen2.5-Omni Thinker with random weights and the real processor classes."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
from checkpoint_cases import inputs_of

from omni_persona_runner.prompt import Prompt
from omni_persona_runner.transformers_model import TransformersModel


@pytest.mark.parametrize("medium", ["image", "audio", "text"])
def test_answers_follow_the_contexts(model, items, medium, said):
    item = items[0]
    values = [getattr(context, medium) for context in item.contexts]
    turned = [replace(c, **{medium: v}) for c, v in zip(item.contexts, values[::-1], strict=True)]
    other = replace(item, contexts=tuple(turned))
    assert said(model, [item])[0].text != said(model, [other])[0].text


def test_batched_answers_equal_those_one_at_a_time(checkpoint, items, make_item, said):
    model = TransformersModel(
        checkpoint, batch_size=8, max_new_tokens=24, dtype="float32", prompt=Prompt(cues="as-released")
    )
    batch = [*items, make_item(7, "visual_to_bio", n_contexts=2)]
    together = said(model, batch)
    one_by_one = [said(model, [item])[0] for item in batch]
    assert [answer.text for answer in together] == [answer.text for answer in one_by_one]
    counts = [(answer.input_tokens, answer.output_tokens) for answer in together]
    assert counts == [(answer.input_tokens, answer.output_tokens) for answer in one_by_one]
    assert len({answer.text for answer in together}) == len(batch)
    assert len({n_input for n_input, _ in counts}) > 1


@pytest.mark.parametrize("n_tokens", [1, 5])
def test_new_tokens_are_bounded_and_alone_are_returned(checkpoint, items, n_tokens, said):
    (answer,) = said(TransformersModel(checkpoint, max_new_tokens=n_tokens), items[:1])
    assert answer.output_tokens <= n_tokens
    # A byte-level tokenizer: a token is a byte at most, and the prompt has over a thousand.
    assert len(answer.text.encode("utf-8", "ignore")) <= 3 * n_tokens
    assert answer.input_tokens > 1_000
    assert answer.seconds > 0


def test_an_answer_ends_where_the_model_ends_it(model, checkpoint, items, tmp_path, said):
    """The third token of an answer is declared the one that ends it."""
    inputs = inputs_of(model, items[0])
    tokens = model._model.generate(**inputs, generation_config=model._generation)[0, inputs["input_ids"].shape[1] :]
    end = next(place for place in range(2, len(tokens)) if tokens[place] not in tokens[:place])
    folder = shutil.copytree(checkpoint, tmp_path / "tiny")
    settings = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps({**settings, "eos_token_id": int(tokens[end])}))
    answers = said(TransformersModel(folder, max_new_tokens=8), items[:2])
    assert answers[0].output_tokens == end + 1
    assert answers[1].output_tokens <= 8


def test_special_tokens_and_padding_are_no_part_of_an_answer(model, tiny_omni, items, monkeypatch, said):
    import torch

    words = model._processor.tokenizer
    # In the order of the batch: the longest prompt first.
    rows = [
        [words.vision_bos_token_id, *words.encode("a nurse"), words.eos_token_id, words.pad_token_id],
        [*words.encode("a "), words.audio_token_id, *words.encode("painter")],
    ]

    def generate(input_ids, **inputs):
        return torch.cat([input_ids, torch.tensor(rows)], dim=1)

    monkeypatch.setattr(model._model, "generate", generate)
    found = [(answer.text, answer.output_tokens) for answer in said(model, items[:2])]
    assert sorted(found) == [("a nurse", 9), ("a painter", 10)]


def test_sampling_settings_of_a_checkpoint_do_not_matter(model, checkpoint, items, tmp_path, said):
    folder = shutil.copytree(checkpoint, tmp_path / "tiny")
    settings = json.loads((folder / "generation_config.json").read_text())
    sampling = {"do_sample": True, "temperature": 5.0, "top_p": 0.9, "max_new_tokens": 2}
    (folder / "generation_config.json").write_text(json.dumps({**settings, **sampling}))
    other = TransformersModel(folder, max_new_tokens=8)
    assert [answer.text for answer in said(other, items[:2])] == [a.text for a in said(model, items[:2])]
    assert other.describe()["generation"] == model.describe()["generation"]


def test_the_tokenizers_end_of_a_turn_ends_an_answer_too(checkpoint, tiny_omni, tmp_path):
    folder = shutil.copytree(checkpoint, tmp_path / "tiny")
    settings = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps({**settings, "eos_token_id": [7, 8]}))
    model = TransformersModel(folder)
    end = tiny_omni.tokenizer().eos_token_id
    assert model.describe()["generation"]["eos_token_id"] == [7, 8, end]
    assert model._n_generated([1, 2, end, 4]) == (3, True)


def test_a_full_checkpoint_answers_as_its_thinker(tiny_omni, model, items, tmp_path, said):
    full = TransformersModel(tiny_omni.save(tmp_path / "full", full=True), max_new_tokens=8)
    assert full.describe()["class"] == "Qwen2_5OmniThinkerForConditionalGeneration"
    full_answers, thinker_answers = said(full, items), said(model, items)
    assert [answer.text for answer in full_answers] == [answer.text for answer in thinker_answers]
    assert all(answer.output_tokens <= 8 for answer in full_answers)
