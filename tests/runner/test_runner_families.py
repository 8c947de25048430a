"""Each family on a tiny checkpoint of its real class with its real processor."""

from __future__ import annotations

import importlib.util
import io
import itertools
import json
import re
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from PIL import Image
from slow_cases import slow_but

from omni_persona import Media
from omni_persona_runner.model import Answer, LoadError, ModelError
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.shared_prefix import Inputs
from omni_persona_runner.transformers_model import TransformersModel

for _name in ("timm", "peft"):  # not imported yet: both take long, and another worker may run these tests
    if importlib.util.find_spec(_name) is None:
        pytest.skip(f"needs {_name}, which an extra brings", allow_module_level=True)
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")

FAMILIES = ("qwen3_omni", "gemma3n", "gemma4", "phi4")
PICTURES = {"phi4": "image_pixel_values"}
CLIPS = {"phi4": "audio_input_features"}


@pytest.fixture(scope="module")
def folders(tiny_families, tmp_path_factory):
    """Family -> its checkpoint."""
    return {family: tiny_families.save(family, tmp_path_factory.mktemp("models") / family) for family in FAMILIES}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def model(folders, family):
    return TransformersModel(folders[family], batch_size=8, max_new_tokens=12, dtype="float32")


def inputs_of(model, *items):
    """What the model is fed for a batch."""
    _ = model._model
    inputs, _ = model._inputs(model._chats.prepare(items))
    return inputs.rest if isinstance(inputs, Inputs) else inputs


def logits_of(model, *items):
    """Logits of the position after each prompt, shape (n, vocabulary)."""
    import torch

    with torch.inference_mode():
        inputs = {name: value for name, value in inputs_of(model, *items).items() if name != "num_img_tokens"}
        return model._model(**inputs).logits[:, -1]


def rows_of(family, kind, inputs):
    """The features of each picture or clip, in order."""
    if kind == "image" and family == "qwen3_omni":
        return list(inputs["pixel_values"].split(inputs["image_grid_thw"].prod(dim=1).tolist()))
    return list(
        inputs[
            (PICTURES if kind == "image" else CLIPS).get(family, {"image": "pixel_values"}.get(kind, "input_features"))
        ]
    )


def placeholders(model, token_ids):
    """The kinds of media in a prompt, in order."""
    processor = model._processor
    kinds = {processor.image_token_id: "image", processor.audio_token_id: "audio"}
    return [kinds[token] for token, _ in itertools.groupby(token_ids.tolist()) if token in kinds]


def swapped(item, medium):
    """The item with the pictures or clips of its first and last context swapped."""
    first, *middle, last = item.contexts
    contexts = (
        replace(first, **{medium: getattr(last, medium)}),
        *middle,
        replace(last, **{medium: getattr(first, medium)}),
    )
    return replace(item, contexts=contexts)


def test_media_stand_in_their_order(model, items):
    face, voice, *_ = items
    assert placeholders(model, inputs_of(model, face)["input_ids"][0]) == ["image", "audio"] * 4 + ["image"]
    assert placeholders(model, inputs_of(model, voice)["input_ids"][0]) == ["image", "audio"] * 4 + ["audio"]


@pytest.mark.parametrize("medium", ["image", "audio"])
def test_swapping_two_media_swaps_their_inputs_and_moves_the_answer(model, family, items, medium):
    item = items[0]
    other = swapped(item, medium)
    before, after = (rows_of(family, medium, inputs_of(model, one)) for one in (item, other))
    order = [3, 1, 2, 0, 4][: len(before)]
    assert all(row.equal(before[place]) for row, place in zip(after, order, strict=True))
    assert not before[0].equal(before[3])
    other_medium = {"image": "audio", "audio": "image"}[medium]
    kept = (rows_of(family, other_medium, inputs_of(model, one)) for one in (item, other))
    assert all(one.equal(two) for one, two in zip(*kept, strict=True))
    assert (logits_of(model, item) - logits_of(model, other)).abs().max() > 1e-3


@pytest.mark.parametrize("family", slow_but(["qwen3_omni"], FAMILIES), scope="module", indirect=True)
def test_batched_equals_one_at_a_time(model, items, said):
    alone = [logits_of(model, item)[0] for item in items]
    for one, batched in zip(alone, logits_of(model, *items), strict=True):
        assert (one - batched).abs().max() < 1e-4 * one.abs().max()
    assert all((one - two).abs().max() > 1e-3 for one, two in itertools.combinations(alone, 2))
    together = said(model, items)
    assert all(isinstance(answer, Answer) for answer in together)
    assert [answer.text for answer in together] == [said(model, [item])[0].text for item in items]


def test_a_family_is_known_by_its_class(model, family):
    assert (
        model.describe()["class"]
        == {
            "qwen3_omni": "Qwen3OmniMoeThinkerForConditionalGeneration",
            "gemma3n": "Gemma3nForConditionalGeneration",
            "gemma4": "Gemma4ForConditionalGeneration",
            "phi4": "Phi4MultimodalForCausalLM",
        }[family]
    )
    assert model._limits.sampling_rate == 16_000


def picture(width, height):
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return Media(buffer.getvalue(), "picture.png")


def tone(seconds):
    time = np.arange(int(seconds * 8_000)) / 8_000
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.3 * np.sin(2 * np.pi * 220 * time), 8_000, format="FLAC")
    return Media(buffer.getvalue(), "tone.flac")


def test_lines_of_a_prompt_stay_apart(model, items):
    """Templates may trim the texts between media: all else of the wording stands there as we write it."""
    item = items[2]
    text = model._words.decode(inputs_of(model, item)["input_ids"][0])
    for number, context in enumerate(item.contexts, start=1):
        after = f"Context {number + 1}" if number < len(item.contexts) else f"Query\n{item.query_text}"
        assert f"Note: {context.text}\n\n{after}" in text


def test_a_prompt_without_media_is_the_wording_to_the_letter(folders, family, items):
    prompt = Prompt(without=frozenset({"image", "audio"}))
    model = TransformersModel(folders[family], prompt=prompt, dtype="float32")
    text = model._words.decode(inputs_of(model, items[2])["input_ids"][0])
    system, user = prompt.conversation(items[2])
    for message in (system, user):
        assert "".join(part.text for part in message.parts) in text


# Indirect: given directly, the family would not end the model of the family before it.
@pytest.mark.parametrize("family", ["gemma3n", "gemma4"], scope="module", indirect=True)
def test_a_clip_that_the_processor_would_cut_fails(model, items, said):
    failed, answer = said(model, [replace(items[1], query_audio=tone(31)), items[0]])
    assert isinstance(failed, ModelError)
    assert failed.message == "clip of query (31 s, over the model's 30 s)"
    assert isinstance(answer, Answer)


def test_a_full_qwen3_omni_answers_as_its_thinker(tiny_families, folders, items, said, tmp_path):
    full = TransformersModel(tiny_families.save("qwen3_omni", tmp_path, full=True), max_new_tokens=6)
    thinker = TransformersModel(folders["qwen3_omni"], max_new_tokens=6)
    assert full.describe()["class"] == "Qwen3OmniMoeThinkerForConditionalGeneration"
    assert (logits_of(full, *items) - logits_of(thinker, *items)).abs().max() == 0


def test_qwen3_omni_shares_the_prefix_of_siblings(folders, make_item, said):
    from omni_persona_runner.shared_prefix import prefill

    siblings = []
    for place, task in enumerate(("visual_to_bio", "voice_to_bio", "semantic_to_bio")):
        item = make_item(1, task)
        siblings.append(replace(item, augmented_id=str(place), query_text=f"{item.query_text} ({place})"))
    settings = {"batch_size": 4, "max_new_tokens": 12, "dtype": "float32"}
    shared = TransformersModel(folders["qwen3_omni"], **settings)
    plain = TransformersModel(folders["qwen3_omni"], share_prefix=False, **settings)
    import torch

    _ = shared._model
    inputs = shared._omni.make(shared._chats.prepare(siblings))
    assert len(inputs.prefix["input_ids"]) == 1
    with torch.inference_mode():
        once = shared._model(**inputs.rest, past_key_values=prefill(shared._model, inputs)).logits[:, -1]
    each = logits_of(plain, *siblings)
    assert (once - each).abs().max() < 1e-4 * each.abs().max()
    assert [answer.text for answer in said(shared, siblings)] == [answer.text for answer in said(plain, siblings)]


def test_qwen3_omni_inputs_are_the_processors(folders, items):
    model = TransformersModel(folders["qwen3_omni"], dtype="float32")
    ours, theirs = inputs_of(model, *items), model._processed(model._chats.prepare(items))
    for name in ("input_ids", "attention_mask", "pixel_values", "image_grid_thw"):
        assert ours[name].equal(theirs[name]), name
    assert ours["feature_attention_mask"].equal(theirs["feature_attention_mask"].long())
    # Theirs fills clips up to the longest, whose last frames then mirror its end instead of finding silence: what a
    # clip sounds like would depend on its neighbours.
    n_frames = ours["feature_attention_mask"].sum(dim=1).tolist()
    for mine, other, n in zip(ours["input_features"], theirs["input_features"], n_frames, strict=True):
        if n < max(n_frames):
            assert mine[:, :n].equal(other[:, :n])
        else:
            assert (mine[:, : n - 2] - other[:, : n - 2]).abs().max() < 1e-3


def test_qwen3_omni_positions_are_transformers(folders, items, tmp_path):
    """On pictures and clips large enough for their places to matter."""
    folder = shutil.copytree(folders["qwen3_omni"], tmp_path / "large")
    settings = json.loads((folder / "processor_config.json").read_text())
    settings["image_processor"]["size"] = {"shortest_edge": 1024, "longest_edge": 400 * 400}
    (folder / "processor_config.json").write_text(json.dumps(settings))
    model = TransformersModel(folder, dtype="float32")
    odd = [
        replace(
            item,
            contexts=tuple(
                replace(one, image=picture(90 + 60 * place, 120 + 40 * number), audio=tone(1.3 + 2.1 * place + number))
                for place, one in enumerate(item.contexts[: 4 - number])
            ),
        )
        for number, item in enumerate(items[:3])
    ]
    ours, theirs = inputs_of(model, *odd), model._processed(model._chats.prepare(odd))
    assert ours["input_ids"].equal(theirs["input_ids"])
    positions = model._model._prepare_position_ids_for_generation(theirs["input_ids"], dict(theirs))
    filled = ours["attention_mask"].bool()
    assert ours["position_ids"][:, filled].equal(positions[:, filled])
    assert not positions[1][filled].equal(positions[2][filled])


def test_a_deaf_size_of_gemma4_is_refused(folders, items, tmp_path):
    folder = shutil.copytree(folders["gemma4"], tmp_path / "deaf")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "audio_config": None}))
    with pytest.raises(LoadError, match="takes no audio"):
        TransformersModel(folder).check(items)


@pytest.mark.parametrize(("without", "used"), [((), "vision"), (("image",), "speech"), (("image", "audio"), None)])
def test_phi4_answers_through_the_adapter_that_the_prompt_needs(folders, items, tmp_path, without, used):
    model = TransformersModel(folders["phi4"], prompt=Prompt(without=frozenset(without)), dtype="float32")
    adapted = logits_of(model, items[0])
    for name in ("vision", "speech"):
        other = shutil.copytree(folders["phi4"], tmp_path / name)
        shutil.copytree(
            folders["phi4"] / {"vision": "speech-lora", "speech": "vision-lora"}[name],
            other / f"{name}-lora",
            dirs_exist_ok=True,
        )
        moved = logits_of(
            TransformersModel(other, prompt=Prompt(without=frozenset(without)), dtype="float32"), items[0]
        )
        assert moved.equal(adapted) == (name != used)


def test_phi4_without_its_adapters_is_refused(folders, items, tmp_path):
    folder = shutil.copytree(folders["phi4"], tmp_path / "bare", ignore=shutil.ignore_patterns("*-lora"))
    with pytest.raises(LoadError, match="cannot load the adapter vision-lora"):
        list(TransformersModel(folder).answer(items))


def test_phi4_writes_its_media_into_the_text(folders, items):
    model = TransformersModel(folders["phi4"], dtype="float32")
    model.check(items)
    item = items[0]
    text = model._words.decode(inputs_of(model, item)["input_ids"][0])
    for kind in ("image", "audio"):
        text = re.sub(rf"(<\|{kind}\|>)+", rf"<|{kind}|>", text)
    blocks = [
        f"Context {number}\n<|image|><|audio|>\nNote: {context.text}\n\n"
        for number, context in enumerate(item.contexts, start=1)
    ]
    assert text.endswith(f"<turn>user\n{''.join(blocks)}Query\n<|image|>\n{item.query_text}<eos>\n<turn>assistant\n")


@pytest.mark.parametrize("place", slow_but(["between"], ["between", "growing", "both growing"]))
def test_phi4_answers_alike_where_prompts_lie_on_both_sides_of_its_short_context(
    folders, make_item, tmp_path, said, place
):
    """LongRoPE has other frequencies from some length on: 4,096 tokens in the published checkpoint."""
    long, short = make_item(0, "visual_to_bio"), make_item(1, "semantic_to_bio", n_contexts=2)
    same = replace(long, augmented_id="same", query_text=long.query_text[::-1])
    plain = TransformersModel(folders["phi4"], dtype="float32")
    _, (n_long, n_short) = plain._inputs(plain._chats.prepare([long, short]))
    limit = {"between": (n_long + n_short) // 2, "growing": n_short + 5, "both growing": n_long + 5}[place]
    folder = shutil.copytree(folders["phi4"], tmp_path / "long")
    config = json.loads((folder / "config.json").read_text())
    factors = {"short_factor": [1.0] * 8, "long_factor": [1.0, 2, 4, 8, 16, 24, 32, 40]}
    rope = {"rope_type": "longrope", "rope_theta": 1e4, "partial_rotary_factor": 1.0, **factors}
    lengths = {"original_max_position_embeddings": limit, "max_position_embeddings": 131_072}
    rope["original_max_position_embeddings"] = limit
    (folder / "config.json").write_text(json.dumps({**config, **lengths, "rope_parameters": rope}))
    model = TransformersModel(folder, dtype="float32", max_new_tokens=12, batch_size=8)
    asked = [long, short, same]
    together = [answer.text for answer in said(model, asked)]
    assert together == [said(model, [item])[0].text for item in asked]
    # Those of one length stay together.
    sizes = sorted(len(batch.chats) for batch in model._prepare(asked))
    assert sizes == [1, 2]


def test_a_package_that_is_not_there_is_named_with_what_brings_it(folders, items, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(LoadError, match=r'it needs peft: python -m pip install "omni-persona\[families\]"'):
        list(TransformersModel(folders["phi4"]).answer(items[:1]))
