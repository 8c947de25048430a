"""The prefix that siblings share, computed once: the same inputs, logits and answers as without it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
from slow_cases import slow_but

from omni_persona_runner.model import Answer
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.shared_prefix import prefill
from omni_persona_runner.transformers_model import TransformersModel

GROUPS = ("visual_to_bio", "voice_to_bio", "semantic_to_bio", "dialogue_to_bio")


@pytest.fixture(scope="module")
def siblings(make_item):
    """Two source samples with three and four questions, and one with a single question."""
    items = []
    for sample, tasks in enumerate((GROUPS[:3], GROUPS, GROUPS[:1])):
        for place, task in enumerate(tasks):
            item = make_item(sample, task)
            other = make_item(sample + 50 * (place + 1), task)
            items.append(
                replace(
                    item,
                    augmented_id=f"sample_{sample}__aug_{place}",
                    query_text=f"{item.query_text} ({place})",
                    query_image=other.query_image,
                    query_audio=other.query_audio,
                )
            )
    return items


def models(checkpoint, **settings):
    settings = {"batch_size": 16, "max_new_tokens": 12, "dtype": "float32", **settings}
    return TransformersModel(checkpoint, **settings), TransformersModel(checkpoint, share_prefix=False, **settings)


@pytest.fixture(scope="module")
def plain_answers(checkpoint, siblings, said):
    """What the checkpoint answers to four siblings where nothing is shared."""
    return [answer.text for answer in said(models(checkpoint)[1], siblings[:4])]


def made(model, items):
    _ = model._model
    return model._omni.make(model._chats.prepare(items))


@pytest.mark.parametrize("cues", slow_but(["as-released"], ["isolated", "as-released"]))
def test_inputs_made_medium_by_medium_are_the_processors(checkpoint, siblings, cues):
    _, plain = models(checkpoint, prompt=Prompt(cues=cues))
    # The processor fills up each clip to 300 s, which takes long.
    few = [replace(item, contexts=item.contexts[:2]) for item in siblings[1:4]]
    ours, theirs = made(plain, few).rest, plain._processed(plain._chats.prepare(few))
    for name in ("input_ids", "attention_mask", "pixel_values", "image_grid_thw"):
        assert ours[name].equal(theirs[name]), name
    # Theirs are filled up to 300 s.
    longest = ours["input_features"].shape[2]
    assert ours["feature_attention_mask"].equal(theirs["feature_attention_mask"][:, :longest].long())
    heard = ours["feature_attention_mask"][:, None].bool()
    assert (ours["input_features"] * heard).equal(theirs["input_features"][:, :, :longest] * heard)
    positions = plain._model._prepare_position_ids_for_generation(theirs["input_ids"], dict(theirs))
    filled = ours["attention_mask"].bool()
    assert ours["position_ids"][:, filled].equal(positions[:, filled])


def test_a_prefix_is_all_that_siblings_share_and_stands_once(checkpoint, siblings):
    shared, plain = models(checkpoint)
    inputs, whole = made(shared, siblings), made(plain, siblings)
    assert inputs.groups == [0, 0, 0, 1, 1, 1, 1, 2]
    assert len(inputs.prefix["input_ids"]) == 3
    assert inputs.lengths == whole.lengths
    # Four pictures and four clips a sample; then the queries' own: a picture in I2I, a clip in A2A.
    assert len(inputs.prefix["image_grid_thw"]) == len(inputs.prefix["input_features"]) == 12
    assert (len(inputs.rest["image_grid_thw"]), len(inputs.rest["input_features"])) == (3, 2)
    for row, group in enumerate(inputs.groups):
        head = inputs.prefix["input_ids"][group][inputs.prefix["attention_mask"][group].bool()]
        n_rest = inputs.lengths[row] - len(head)
        rest = inputs.rest["input_ids"][row, -n_rest:]
        tokens = whole.rest["input_ids"][row][whole.rest["attention_mask"][row].bool()]
        assert [*head.tolist(), *rest.tolist()] == tokens.tolist()
        assert len(head) > 0.9 * len(tokens)


@pytest.mark.parametrize("cues", slow_but(["isolated"], ["isolated", "as-released"]))
def test_logits_are_those_of_the_plain_path(checkpoint, siblings, cues):
    import torch

    shared, plain = models(checkpoint, prompt=Prompt(cues=cues))
    inputs, whole = made(shared, siblings), made(plain, siblings)
    with torch.inference_mode():
        once = shared._model(**inputs.rest, past_key_values=prefill(shared._model, inputs)).logits
        each = plain._model(**whole.rest).logits
    assert once.shape == each.shape == (8, 1, plain._model.vocab_size)
    assert (once - each).abs().max() < 1e-4
    assert each.std() > 0.1


@pytest.mark.parametrize("cues", slow_but(["isolated"], ["isolated", "as-released"]))
def test_answers_are_those_of_the_plain_path_and_of_one_at_a_time(checkpoint, siblings, said, cues):
    shared, plain = models(checkpoint, prompt=Prompt(cues=cues))
    once = [answer.text for answer in said(shared, siblings)]
    assert once == [answer.text for answer in said(plain, siblings)]
    assert once == [said(plain, [item])[0].text for item in siblings]
    assert len(set(once)) > 4


HOSTILE = {
    "repetition_penalty": 1.3,
    "no_repeat_ngram_size": 2,
    "use_cache": False,
    "return_dict_in_generate": True,
    "stop_strings": ["a"],
    "prompt_lookup_num_tokens": 3,
    "max_time": 1e-9,
}


@pytest.mark.parametrize("setting", slow_but(["repetition_penalty", "use_cache"], HOSTILE))
def test_generation_settings_of_a_checkpoint_change_no_answer(
    checkpoint, siblings, said, plain_answers, tmp_path, setting
):
    folder = shutil.copytree(checkpoint, tmp_path / "tiny")
    settings = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps({**settings, setting: HOSTILE[setting]}))
    for model in models(folder):
        assert [answer.text for answer in said(model, siblings[:4])] == plain_answers


@pytest.mark.parametrize("without", slow_but(["image"], ["image", "audio", "text", "query"]))
def test_answers_stay_the_same_whatever_is_left_out(checkpoint, siblings, said, without):
    shared, plain = models(checkpoint, prompt=Prompt(without=frozenset({without})))
    once, each = said(shared, siblings), said(plain, siblings)
    assert [answer.text for answer in once] == [answer.text for answer in each]
    assert all(isinstance(answer, Answer) for answer in once)


def test_memories_in_another_order_are_not_shared(checkpoint, siblings):
    shared, _ = models(checkpoint)
    first, second, third, *_ = siblings
    turned = replace(second, contexts=second.contexts[::-1])
    inputs = made(shared, [first, turned, third])
    assert inputs.groups == [0, 1, 0]


def test_where_nothing_is_shared_prompts_stay_whole(checkpoint, items):
    shared, _ = models(checkpoint)
    assert made(shared, items).prefix is None


def test_equal_questions_leave_a_token_each(checkpoint, siblings, said):
    shared, plain = models(checkpoint)
    first, *_ = siblings
    twins = [first, replace(first, augmented_id="twin")]
    text = replace(twins[0], query_image=None, query_audio=None)
    twins = [replace(item, task=siblings[2].task, query_image=None) for item in (text, replace(text, augmented_id="b"))]
    inputs = made(shared, twins)
    assert inputs.rest["input_ids"].shape == (2, 1)
    assert [answer.text for answer in said(shared, twins)] == [answer.text for answer in said(plain, twins)]


def test_media_of_siblings_are_decoded_and_made_once(checkpoint, siblings, said, monkeypatch):
    from omni_persona_runner import chats

    decoded, extracted = [], []
    for name in ("decode_picture", "decode_clip"):
        whole = getattr(chats, name)
        monkeypatch.setattr(chats, name, lambda media, *rest, whole=whole: decoded.append(media) or whole(media, *rest))
    shared, _ = models(checkpoint, batch_size=1)
    extractor = shared._processor.feature_extractor
    monkeypatch.setattr(shared._processor, "feature_extractor", extractor)
    whole = shared._processor._process_audio
    monkeypatch.setattr(
        shared._processor, "_process_audio", lambda audio, **rest: extracted.extend(audio) or whole(audio, **rest)
    )
    said(shared, siblings[:3])
    assert len(decoded) == len(set(decoded)) == 4 + 4 + 1 + 1
    assert len(extracted) == 4 + 1


def test_only_the_last_position_has_logits(checkpoint, items, said):
    model, _ = models(checkpoint)
    shapes = []
    model._model.lm_head.register_forward_hook(lambda module, args, logits: shapes.append(logits.shape[1]))
    said(model, items)
    assert set(shapes) == {1}


def test_prompts_find_their_prefix_where_layers_lie_on_another_device_than_the_inputs(checkpoint, siblings):
    """Layers spread over GPUs: here the cache lies on the CPU, and what is asked on a device that holds nothing."""
    import torch

    shared, _ = models(checkpoint)
    inputs = made(shared, siblings)
    wanted = prefill(shared._model, inputs)
    cache = prefill(shared._model, replace(inputs, rest={name: v.to("meta") for name, v in inputs.rest.items()}))
    for one, other in zip(cache.layers, wanted.layers, strict=True):
        assert one.keys.device == torch.device("cpu")
        assert one.keys.equal(other.keys)
