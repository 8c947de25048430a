"""What a local model is shown: media in their places, sizes, limits, and items that cannot be shown."""

from __future__ import annotations

import io
import itertools
import json
import shutil
from dataclasses import replace

import pytest
from checkpoint_cases import inputs_of, long_clip
from PIL import Image

from omni_persona import Media
from omni_persona_runner.media import decode_clip, decode_picture
from omni_persona_runner.model import ModelError
from omni_persona_runner.transformers_model import TransformersModel


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


def test_clips_are_padded_to_the_longest_of_the_batch(model, items):
    inputs = inputs_of(model, *items)
    n_frames = inputs["feature_attention_mask"].sum(dim=1)
    assert inputs["input_features"].shape[2] == n_frames.max()


# ---- failed items


def broken_picture(item):
    first, *others = item.contexts
    return replace(item, contexts=(replace(first, image=Media(b"no picture", "torn.png")), *others))


def broken_clip(item):
    first, *others = item.contexts
    return replace(item, contexts=(replace(first, audio=Media(b"no clip", "torn.wav")), *others))


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
        (placeholder_in_note, "contains the placeholder of a picture or a clip"),
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


@pytest.mark.slow
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
