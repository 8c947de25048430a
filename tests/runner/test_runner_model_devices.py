"""Batches and devices: what does not fit, what fails for good, precision and attention."""

from __future__ import annotations

import threading

import pytest

from omni_persona_runner.families import FAMILIES
from omni_persona_runner.model import Answer, LoadError, ModelError
from omni_persona_runner.transformers_model import TransformersModel


@pytest.mark.parametrize(
    "reason",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        pytest.param(
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", marks=pytest.mark.slow
        ),
        pytest.param(
            "DefaultCPUAllocator: can't allocate memory: you tried to allocate 800 bytes", marks=pytest.mark.slow
        ),
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


def test_what_a_library_raises_is_reported_in_short(checkpoint, items, monkeypatch, said):
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
    with pytest.raises(LoadError, match=r"its device failed .* to continue from there: .*assert triggered$"):
        next(answers)


def test_a_device_that_is_full_is_no_device_that_failed(checkpoint, items, monkeypatch, said):
    import torch

    model = TransformersModel(checkpoint, max_new_tokens=2)

    def generate(**inputs):
        raise torch.AcceleratorError("CUDA error: out of memory")

    monkeypatch.setattr(model._model, "generate", generate)
    assert all(isinstance(failed, ModelError) for failed in said(model, items[:2]))


def test_half_precision_answers(checkpoint, items, said):
    answers = said(TransformersModel(checkpoint, max_new_tokens=4, dtype="bfloat16"), items[:2])
    assert all(isinstance(answer, Answer) for answer in answers)


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
