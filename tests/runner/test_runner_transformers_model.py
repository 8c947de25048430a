"""The general path, on a tiny Qwen2.5-Omni Thinker with random weights and the real processor classes."""

from __future__ import annotations

import io
import itertools
import json
import shutil
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from PIL import Image

from omni_persona import Media
from omni_persona_runner.families import FAMILIES
from omni_persona_runner.media import decode_clip, decode_picture
from omni_persona_runner.model import Answer, LoadError, ModelError
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.transformers_model import TransformersModel


@pytest.fixture(scope="module")
def model(checkpoint):
    return TransformersModel(checkpoint, batch_size=4, max_new_tokens=8)


def inputs_of(model, *items):
    """What the model is fed for a batch."""
    _ = model._model
    inputs, _ = model._inputs(model._chats.prepare(items))
    return inputs.rest if model._omni else inputs


def placeholders(model, token_ids):
    """The media in a prompt, in order: (kind, number of placeholder tokens)."""
    words = model._processor.tokenizer
    kinds = {words.image_token_id: "image", words.audio_token_id: "audio"}
    runs = itertools.groupby(int(token) for token in token_ids)
    return [(kinds[token], len(list(run))) for token, run in runs if token in kinds]


def shown_media(item):
    """The media of an I2I item as (kind, medium), in order."""
    return [
        *itertools.chain.from_iterable((("image", c.image), ("audio", c.audio)) for c in item.contexts),
        ("image", item.query_image),
    ]


def alone(model, kind, medium):
    """A medium's features when it is processed by itself, and its number of placeholder tokens."""
    processor = model._processor
    if kind == "image":
        features = processor.image_processor(decode_picture(medium), return_tensors="pt")
        return features["pixel_values"], int(features["image_grid_thw"].prod()) // 4
    samples = decode_clip(medium, 16_000)
    # The processor's own way: padded to 300 s.
    features = processor.feature_extractor(
        samples, sampling_rate=16_000, padding="max_length", return_attention_mask=True, return_tensors="pt"
    )
    n_frames = int(features["attention_mask"].sum())
    return features["input_features"][0, :, :n_frames], ((n_frames - 1) // 2 + 1 - 2) // 2 + 1


def test_media_arrive_in_order_and_place(model, items):
    item = items[0]
    inputs = inputs_of(model, item)
    expected = [(kind, *alone(model, kind, medium)) for kind, medium in shown_media(item)]

    assert placeholders(model, inputs["input_ids"][0]) == [(kind, n_tokens) for kind, _, n_tokens in expected]
    patches = inputs["pixel_values"].split(inputs["image_grid_thw"].prod(dim=1).tolist())
    pictures = [features for kind, features, _ in expected if kind == "image"]
    assert len(patches) == len(pictures) == 5
    assert all(got.equal(wanted) for got, wanted in zip(patches, pictures, strict=True))
    clips = [features for kind, features, _ in expected if kind == "audio"]
    n_frames = inputs["feature_attention_mask"].sum(dim=1).tolist()
    assert len(n_frames) == len(clips) == 4
    for features, n, wanted in zip(inputs["input_features"], n_frames, clips, strict=True):
        # Bit for bit what padding to 300 s gives.
        assert features[:, :n].equal(wanted)


def test_notes_and_question_stand_beside_their_media(model, items):
    item = items[0]
    text = model._processor.tokenizer.decode(inputs_of(model, item)["input_ids"][0])
    for kind in ("IMAGE", "AUDIO"):
        while f"<|{kind}|><|{kind}|>" in text:
            text = text.replace(f"<|{kind}|><|{kind}|>", f"<|{kind}|>")
    image, audio = "<|vision_bos|><|IMAGE|><|vision_eos|>", "<|audio_bos|><|AUDIO|><|audio_eos|>"
    notes = [context.text for context in item.contexts]
    blocks = [f"Context {n}\n{image}{audio}\nNote: {note}\n\n" for n, note in enumerate(notes, start=1)]
    user = f"<|im_start|>user\n{''.join(blocks)}Query\n{image}\n{item.query_text}<|im_end|>\n"
    assert text.endswith(user + "<|im_start|>assistant\n")


@pytest.mark.parametrize(("medium", "others"), [("image", "input_features"), ("audio", "pixel_values")])
def test_swapping_two_media_swaps_their_inputs(model, items, medium, others):
    item = items[0]
    first, *middle, last = item.contexts
    swapped = (
        replace(first, **{medium: getattr(last, medium)}),
        *middle,
        replace(last, **{medium: getattr(first, medium)}),
    )
    before, after = inputs_of(model, item), inputs_of(model, replace(item, contexts=swapped))
    assert before[others].equal(after[others])
    places = [place for place, (kind, _) in enumerate(placeholders(model, before["input_ids"][0])) if kind == medium]
    first, last = places[0], places[3]
    runs = placeholders(model, before["input_ids"][0])
    runs[first], runs[last] = runs[last], runs[first]
    assert placeholders(model, after["input_ids"][0]) == runs
    if medium == "audio":
        order = [3, 1, 2, 0]
        assert after["input_features"].equal(before["input_features"][order])
        assert after["feature_attention_mask"].equal(before["feature_attention_mask"][order])
    else:
        order = [3, 1, 2, 0, 4]
        patches = before["pixel_values"].split(before["image_grid_thw"].prod(dim=1).tolist())
        swapped_patches = after["pixel_values"].split(after["image_grid_thw"].prod(dim=1).tolist())
        assert all(swapped_patches[place].equal(patches[source]) for place, source in enumerate(order))


@pytest.mark.parametrize("medium", ["image", "audio", "text"])
def test_answers_follow_the_contexts(model, items, medium, said):
    item = items[0]
    values = [getattr(context, medium) for context in item.contexts]
    turned = [replace(c, **{medium: v}) for c, v in zip(item.contexts, values[::-1], strict=True)]
    other = replace(item, contexts=tuple(turned))
    assert said(model, [item])[0].text != said(model, [other])[0].text


def test_clips_are_padded_to_the_longest_of_the_batch(model, items):
    inputs = inputs_of(model, *items)
    n_frames = inputs["feature_attention_mask"].sum(dim=1)
    assert inputs["input_features"].shape[2] == n_frames.max()


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


# ---- failed items


def broken_picture(item):
    first, *others = item.contexts
    return replace(item, contexts=(replace(first, image=Media(b"no picture", "torn.png")), *others))


def broken_clip(item):
    first, *others = item.contexts
    return replace(item, contexts=(replace(first, audio=Media(b"no clip", "torn.wav")), *others))


def long_clip(item):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(301 * 4_000), 4_000, format="FLAC")
    return replace(item, query_audio=Media(buffer.getvalue(), "long.flac"))


def placeholder_in_note(item):
    first, *others = item.contexts
    return replace(item, contexts=(replace(first, text="She drew <|IMAGE|>."), *others))


def no_cue(item):
    return replace(item, query_audio=None)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (broken_picture, "torn.png"),
        (broken_clip, "torn.wav"),
        (long_clip, "301 s, over the model's 300 s"),
        (placeholder_in_note, "ValueError"),
        (no_cue, "no query clip"),
    ],
)
def test_a_failed_item_keeps_its_neighbours(model, items, damage, reason, said):
    batch = [items[0], damage(items[1]), items[2]]
    first, failed, last = said(model, batch)
    assert isinstance(failed, ModelError)
    assert failed.item_id == items[1].augmented_id
    assert reason in failed.message
    assert [first.text, last.text] == [answer.text for answer in said(model, [items[0], items[2]])]


@pytest.mark.parametrize(
    "reason",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "DefaultCPUAllocator: can't allocate memory: you tried to allocate 800 bytes",
    ],
)
def test_a_batch_that_does_not_fit_is_halved(checkpoint, items, monkeypatch, said, reason):
    model = TransformersModel(checkpoint, max_new_tokens=4, batch_size=4)
    wanted = [answer.text for answer in said(model, items)]
    whole, sizes = model._model.generate, []

    def generate(**inputs):
        sizes.append(len(inputs["input_ids"]))
        if sizes[-1] > 2:
            raise RuntimeError(reason)
        return whole(**inputs)

    monkeypatch.setattr(model._model, "generate", generate)
    assert [answer.text for answer in said(model, items)] == wanted
    assert [answer.text for answer in said(model, items)] == wanted
    assert sizes == [4, 2, 2, 2, 2]


def test_a_batch_taken_apart_leaves_the_one_made_ahead_alone(checkpoint, make_item, monkeypatch, said):
    """The first batch is halved while the second one is in the making."""
    items = [make_item(index) for index in range(4)]
    model = TransformersModel(checkpoint, max_new_tokens=4, batch_size=2)
    wanted = [answer.text for answer in said(model, items)]
    whole, write, made, lost = model._model.generate, model._omni._prompt, [], []
    ahead, halved = threading.Event(), threading.Event()

    def generate(**inputs):
        if len(inputs["input_ids"]) == 2 and not ahead.is_set():
            assert ahead.wait(60)
            raise RuntimeError("out of memory")
        return whole(**inputs)

    def prompt(chat):
        made.append(chat.item_id)
        if len(made) == 3:
            ahead.set()
            # Where both may go on at once, the halves are made now. Where not, nobody comes.
            halved.wait(1)
        elif ahead.is_set() and threading.current_thread() is threading.main_thread():
            halved.set()
        try:
            return write(chat)
        except KeyError as error:
            lost.append(error)
            raise

    monkeypatch.setattr(model._model, "generate", generate)
    monkeypatch.setattr(model._omni, "_prompt", prompt)
    assert [getattr(outcome, "text", outcome) for outcome in said(model, items)] == wanted
    assert lost == []


def test_what_a_library_raises_is_told_in_short(checkpoint, items, monkeypatch, said):
    model = TransformersModel(checkpoint)
    monkeypatch.setattr(model._model, "generate", lambda **inputs: {}[items[0].query_image, "x" * 10_000])
    (failed,) = said(model, items[:1])
    assert len(failed.message) < 600
    assert str(items[0].query_image.data[:8])[2:-1] not in failed.message


def test_a_device_that_fails_for_good_ends_the_run_and_fails_no_item(checkpoint, items, monkeypatch):
    import torch

    model = TransformersModel(checkpoint, max_new_tokens=2)
    whole, asked = model._model.generate, []

    def generate(**inputs):
        asked.append(inputs)
        if len(asked) > 2:
            raise torch.AcceleratorError("CUDA error: device-side assert triggered\nCompile with ...")
        return whole(**inputs)

    monkeypatch.setattr(model._model, "generate", generate)
    answers = model.answer(items)
    assert all(isinstance(next(answers), Answer) for _ in range(2))
    with pytest.raises(LoadError, match=r"its device failed .* goes on from there: .*assert triggered$"):
        next(answers)


def test_a_device_that_is_full_is_no_device_that_failed(checkpoint, items, monkeypatch, said):
    import torch

    model = TransformersModel(checkpoint, max_new_tokens=2)

    def generate(**inputs):
        raise torch.AcceleratorError("CUDA error: out of memory")

    monkeypatch.setattr(model._model, "generate", generate)
    assert all(isinstance(failed, ModelError) for failed in said(model, items[:2]))


# ---- large pictures


def large(item, width, height):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (9, 90, 200)).save(buffer, "JPEG")
    picture = Media(buffer.getvalue(), "large.jpg")
    return replace(item, contexts=tuple(replace(one, image=picture) for one in item.contexts))


@pytest.fixture
def published(checkpoint, tmp_path):
    """The checkpoint with the bounds of published image processors: 3,136 to 12,845,056 pixels."""
    folder = shutil.copytree(checkpoint, tmp_path / "published")
    settings = json.loads((folder / "processor_config.json").read_text())
    settings["image_processor"]["size"] = {"shortest_edge": 3136, "longest_edge": 12_845_056}
    (folder / "processor_config.json").write_text(json.dumps(settings))
    return folder


def test_photos_of_twelve_megapixels_fit_a_prompt(published, items):
    inputs = inputs_of(TransformersModel(published, max_new_tokens=1), large(items[2], 3024, 4032))
    assert all(n_patches * 14**2 <= 1.1 * 1024**2 for n_patches in inputs["image_grid_thw"].prod(dim=1).tolist())


def test_pictures_have_as_many_pixels_as_asked_for(published, items):
    few, many = (TransformersModel(published, max_new_tokens=1, max_pixels=n) for n in (100 * 100, 13_000_000))
    patches = inputs_of(few, large(items[2], 400, 300))["image_grid_thw"]
    assert all(n * 14**2 <= 1.2 * 100**2 for n in patches.prod(dim=1).tolist())
    assert few.describe()["max_pixels"] == 10_000
    (chat,) = many._chats.prepare([large(items[2], 3024, 4032)])
    assert {picture.size for picture in chat.media.values() if isinstance(picture, Image.Image)} == {(3024, 4032)}
    with pytest.raises(ValueError, match=r"exceed the 32768 .*--max-pixels N"):
        many._inputs([chat])


def test_a_prompt_over_the_models_length_fails(checkpoint, items, tmp_path, said):
    folder = edited(checkpoint, tmp_path, lambda config: config["text_config"].update(max_position_embeddings=900))
    (failed,) = said(TransformersModel(folder), items[:1])
    assert isinstance(failed, ModelError)
    assert "exceed the 900 that the model takes" in failed.message


# ---- checkpoints that cannot serve


def edited(checkpoint, tmp_path, edit):
    """A copy of the checkpoint with another configuration."""
    folder = shutil.copytree(checkpoint, tmp_path / "edited")
    config = json.loads((folder / "config.json").read_text())
    edit(config)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def without_processor(folder):
    for file in ("processor_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (folder / file).unlink()


def without_template(folder):
    (folder / "chat_template.jinja").unlink()


def with_broken_config(folder):
    (folder / "config.json").write_text("{")


def of_unknown_type(folder):
    (folder / "config.json").write_text('{"model_type": "unheard_of"}')


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (without_processor, "cannot load the processor"),
        (without_template, "has no chat template"),
        (with_broken_config, "cannot load the configuration"),
        (of_unknown_type, "unheard_of"),
    ],
)
def test_a_damaged_checkpoint_is_refused_at_once(checkpoint, tmp_path, damage, reason):
    folder = shutil.copytree(checkpoint, tmp_path / "damaged")
    damage(folder)
    with pytest.raises(LoadError, match=reason) as error:
        TransformersModel(folder)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)


def without_weights(folder):
    (folder / "model.safetensors").unlink()


def with_torn_weights(folder):
    (folder / "model.safetensors").write_bytes(b"torn")


def with_a_layer_less(folder):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (without_weights, "cannot load the weights"),
        (with_torn_weights, "cannot load the weights"),
        (with_a_layer_less, r"lacks 1 of its weights, such as lm_head\.weight"),
    ],
)
def test_damaged_weights_are_refused_before_the_first_answer(checkpoint, tmp_path, items, damage, reason, said):
    folder = shutil.copytree(checkpoint, tmp_path / "damaged")
    damage(folder)
    model = TransformersModel(folder)
    with pytest.raises(LoadError, match=reason):
        said(model, items[:1])


@pytest.mark.parametrize("name", ["no-such-organisation/no-such-model", "no/such/folder"])
def test_a_model_that_is_nowhere_is_refused(name, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(LoadError, match=f"model {name}, which is no folder here") as error:
        TransformersModel(name)
    assert "\n" not in str(error.value)


def test_a_path_that_leads_nowhere_is_not_looked_for_on_the_hub():
    with pytest.raises(
        LoadError, match=r"^there is no folder \./my-checkpoint: expected a checkpoint's folder or its id"
    ):
        TransformersModel("./my-checkpoint")


# ---- a checkpoint on the Hub


@pytest.fixture
def on_hub(checkpoint, tiny_omni, tmp_path, monkeypatch):
    """The name of a model whose main branch and pull request differ, in a cache as the Hub's client fills it."""
    cache = tmp_path / "hub"
    repository = cache / "models--org--tiny"
    other = tiny_omni.save(tmp_path / "other", seed=1)
    for reference, commit, folder in (("main", "a" * 40, checkpoint), ("refs/pr/70", "b" * 40, other)):
        shutil.copytree(folder, repository / "snapshots" / commit)
        (repository / "refs" / reference).parent.mkdir(parents=True, exist_ok=True)
        (repository / "refs" / reference).write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return "org/tiny"


def test_a_revision_is_what_answers_and_what_the_manifest_names(on_hub, checkpoint, tmp_path, items, said):
    main, other = (TransformersModel(on_hub, revision=name, max_new_tokens=8) for name in (None, "refs/pr/70"))
    assert main.describe()["revision"] == "a" * 40
    assert other.describe()["revision"] == "b" * 40
    for model, folder in ((main, checkpoint), (other, tmp_path / "other")):
        local = said(TransformersModel(folder, max_new_tokens=8), items[:2])
        assert [answer.text for answer in said(model, items[:2])] == [answer.text for answer in local]
    with pytest.raises(LoadError, match="cannot load the configuration"):
        TransformersModel(on_hub, revision="no-such-branch")
    with pytest.raises(ValueError, match="is a folder: a revision is of a checkpoint on the Hub"):
        TransformersModel(checkpoint, revision="main")


# ---- chat templates that cannot write a prompt


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{{ '<|im_start|>' + message['content'] }}", "cannot write our prompt: TypeError: can only concatenate str"),
        ("{{ message['content'] }}", "does not take messages in parts"),
        ("{{ raise_exception('no system role') }}", "cannot write our prompt: TemplateError: no system role"),
        ("", "does not take messages in parts"),
    ],
)
def test_a_template_that_cannot_write_the_prompt_is_refused_before_the_run(
    checkpoint, items, tmp_path, content, reason
):
    folder = shutil.copytree(checkpoint, tmp_path / "other")
    (folder / "chat_template.jinja").write_text(f"{{% for message in messages %}}{content}{{% endfor %}}")
    with pytest.raises(LoadError, match=reason) as error:
        TransformersModel(folder).check(items)
    assert "\n" not in str(error.value)


# ---- what a checkpoint takes


@pytest.fixture
def deaf(tiny_omni, tmp_path):
    from transformers import Qwen2VLConfig, Qwen2VLImageProcessor, Qwen2VLProcessor, Qwen2VLVideoProcessor

    words = tiny_omni.tokenizer()
    processor = Qwen2VLProcessor(
        Qwen2VLImageProcessor(), words, Qwen2VLVideoProcessor(), chat_template=tiny_omni.CHAT_TEMPLATE
    )
    processor.save_pretrained(tmp_path)
    Qwen2VLConfig().save_pretrained(tmp_path)
    return tmp_path


@pytest.fixture
def blind(tiny_omni, tmp_path):
    from transformers import Qwen2AudioConfig, Qwen2AudioProcessor, WhisperFeatureExtractor

    processor = Qwen2AudioProcessor(
        WhisperFeatureExtractor(), tiny_omni.tokenizer(), chat_template=tiny_omni.CHAT_TEMPLATE
    )
    processor.save_pretrained(tmp_path)
    Qwen2AudioConfig().save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("sense", "lacking", "without"), [("deaf", "audio", "audio"), ("blind", "pictures", "image")])
def test_a_model_that_lacks_a_sense_is_refused_unless_it_is_not_needed(sense, lacking, without, items, request):
    folder = request.getfixturevalue(sense)
    with pytest.raises(LoadError, match=f"takes no {lacking}, and items of I2I show [45]: leave them out"):
        TransformersModel(folder).check(items)
    TransformersModel(folder, prompt=Prompt(without=frozenset({without}))).check(items)
    TransformersModel(folder, drop_unsupported=True).check(items)


def test_a_clip_limit_that_we_do_not_know_is_the_extractors(blind, items, said):
    """Whisper's extractor keeps 30 s of a clip without a word."""
    model = TransformersModel(blind, prompt=Prompt(without=frozenset({"image"})))
    assert model._limits.clip_seconds == 30
    (failed,) = model._chats.prepare([long_clip(items[1])])
    assert failed.message == "clip of query (301 s, over the model's 30 s)"


def test_an_extractor_that_a_family_does_not_let_cut_limits_nothing(checkpoint):
    assert TransformersModel(checkpoint)._limits.clip_seconds == 300


def test_a_lone_tokenizer_is_no_processor(tiny_omni, tmp_path):
    from transformers import Qwen2Config

    tiny_omni.tokenizer().save_pretrained(tmp_path)
    Qwen2Config().save_pretrained(tmp_path)
    with pytest.raises(LoadError, match="has no processor"):
        TransformersModel(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [{"batch_size": 0}, {"max_new_tokens": 0}, {"max_pixels": 0}, {"dtype": "float33"}, {"batch_size": "all"}],
    ids=str,
)
def test_impossible_settings_are_errors(checkpoint, wrong):
    with pytest.raises(ValueError, match=r"expected"):
        TransformersModel(checkpoint, **wrong)


# ---- the manifest


def test_describe_tells_apart_what_may_answer_differently(tiny_omni, checkpoint, tmp_path):
    model = TransformersModel(checkpoint, max_new_tokens=8)
    description = model.describe()
    assert json.loads(json.dumps(description)) == description
    assert description["generation"]["max_new_tokens"] == 8
    assert description["generation"]["do_sample"] is False
    assert (description["dtype"], description["cues"]) == ("float32", "isolated")
    others = [
        TransformersModel(checkpoint, max_new_tokens=9),
        TransformersModel(checkpoint, max_new_tokens=8, prompt=Prompt(cues="as-released")),
        TransformersModel(checkpoint, max_new_tokens=8, dtype="bfloat16"),
        TransformersModel(checkpoint, max_new_tokens=8, attention="eager"),
        TransformersModel(checkpoint, max_new_tokens=8, max_pixels=10_000),
        TransformersModel(tiny_omni.save(tmp_path / "other", seed=1), max_new_tokens=8),
    ]
    assert all(other.describe() != description for other in others)
    same = TransformersModel(shutil.copytree(checkpoint, tmp_path / "copy"), max_new_tokens=8, batch_size=3)
    assert same.describe() == description


def test_half_precision_answers(checkpoint, items, said):
    answers = said(TransformersModel(checkpoint, max_new_tokens=4, dtype="bfloat16"), items[:2])
    assert all(isinstance(answer, Answer) for answer in answers)


# ---- code that comes with a checkpoint

CODE = """
from pathlib import Path
from transformers import PretrainedConfig

Path({ran!r}).touch()

class OddConfig(PretrainedConfig):
    model_type = "odd"
"""


@pytest.mark.parametrize("trusted", [False, True])
def test_code_of_a_checkpoint_runs_only_where_it_is_allowed_to(tmp_path, monkeypatch, trusted):
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr("sys.path", [*sys.path])
    odd, ran = tmp_path / "odd", tmp_path / "ran"
    odd.mkdir()
    (odd / "configuration_odd.py").write_text(CODE.format(ran=str(ran)))
    auto_map = {"AutoConfig": "configuration_odd.OddConfig"}
    (odd / "config.json").write_text(json.dumps({"model_type": "odd", "auto_map": auto_map}))
    # Its configuration is read with its code; a processor it has none.
    with pytest.raises(
        LoadError, match="processor" if trusted else r"configuration.* custom code .*--trust-remote-code"
    ):
        TransformersModel(odd, trust_remote_code=trusted)
    assert ran.exists() == trusted


# ---- attention


@pytest.mark.parametrize(
    ("installed", "settings", "expected"),
    [
        (True, {"device": "cuda:0"}, "flash_attention_2"),
        (True, {"device": "auto"}, "flash_attention_2"),
        (True, {"device": "cuda:0", "dtype": "float32"}, None),
        (True, {"device": "cpu", "dtype": "bfloat16"}, None),
        (True, {"device": "cuda:0", "attention": "sdpa"}, "sdpa"),
        (False, {"device": "cuda:0"}, None),
    ],
    ids=str,
)
def test_flash_attention_is_taken_where_it_is_and_can_be(checkpoint, monkeypatch, installed, settings, expected):
    from transformers.models.qwen2_5_omni import modeling_qwen2_5_omni as modeling

    monkeypatch.setattr("transformers.utils.is_flash_attn_2_available", lambda: installed)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.set_device", lambda device: None)
    asked = {}

    class Stop(Exception):  # noqa: N818
        """There is no GPU to load anything on."""

    def from_pretrained(*args, **options):
        asked.update(options)
        raise Stop

    monkeypatch.setattr(modeling.Qwen2_5OmniThinkerForConditionalGeneration, "from_pretrained", from_pretrained)
    model = TransformersModel(checkpoint, **settings)
    with pytest.raises(LoadError):
        _ = model._model
    assert asked["attn_implementation"] == model.describe()["attention"] == expected
    assert asked["dtype"] == settings.get("dtype", "bfloat16")


def test_no_family_takes_flash_attention_whose_class_knows_of_none():
    import transformers

    for kind, family in FAMILIES.items():
        if family.flash:
            config = transformers.AutoConfig.for_model(kind)
            loaded = getattr(transformers, family.thinker) if family.thinker else None
            loaded = loaded or transformers.AutoModelForMultimodalLM._model_mapping[type(config)]
            assert loaded._supports_flash_attn, kind


def test_attention_of_ones_choice_answers_alike(checkpoint, items, said):
    default, eager = (TransformersModel(checkpoint, max_new_tokens=8, attention=name) for name in (None, "eager"))
    assert [one.text for one in said(eager, items)] == [one.text for one in said(default, items)]
    assert eager._model.config._attn_implementation == "eager"
    assert default._model.config._attn_implementation == "sdpa"
    with pytest.raises(LoadError, match="cannot load the weights"):
        list(TransformersModel(checkpoint, attention="none-such").answer(items))
