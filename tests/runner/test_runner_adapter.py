"""Adapters: on the checkpoint they were trained for, under other trainers' names, and refused on any other."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from slow_cases import slow_but

from omni_persona_runner.adapter import is_adapter, read_adapter
from omni_persona_runner.model import LoadError
from omni_persona_runner.transformers_model import TransformersModel

LANGUAGE_MODEL = r"model\.language_model\.layers\.\d+\..*(q_proj|v_proj|down_proj)"


@pytest.fixture(scope="session")
def adapter(checkpoint, tmp_path_factory, require_extra):
    """An adapter with large random weights, as PEFT writes it."""
    require_extra("peft")
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen2_5OmniThinkerForConditionalGeneration as Thinker

    torch.manual_seed(1)
    model = get_peft_model(
        Thinker.from_pretrained(checkpoint),
        LoraConfig(r=4, lora_alpha=64, target_modules=LANGUAGE_MODEL, init_lora_weights=False),
    )
    folder = tmp_path_factory.mktemp("adapters") / "first"
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def own(adapter, tmp_path):
    """The same adapter, for a test to change."""
    return shutil.copytree(adapter, tmp_path / "own")


def change_config(folder, **changes):
    file = folder / "adapter_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def rename_tensors(folder, rename):
    file = folder / "adapter_model.safetensors"
    save_file({rename(name): value.clone() for name, value in load_file(file).items()}, file)


def texts(model, items, said):
    return [outcome.text for outcome in said(model, items)]


@pytest.mark.slow
def test_an_adapter_changes_answers_as_its_merged_weights_do(checkpoint, adapter, items, said, tmp_path):
    from peft import PeftModel
    from transformers import Qwen2_5OmniThinkerForConditionalGeneration as Thinker

    merged = shutil.copytree(checkpoint, tmp_path / "merged")
    PeftModel.from_pretrained(Thinker.from_pretrained(checkpoint), adapter).merge_and_unload().save_pretrained(merged)
    limits = {"max_new_tokens": 8, "batch_size": 2}
    expected = texts(TransformersModel(merged, **limits), items, said)
    assert texts(TransformersModel(checkpoint, adapter=adapter, **limits), items, said) == expected
    assert texts(TransformersModel(adapter, **limits), items, said) == expected  # it knows its base
    assert texts(TransformersModel(checkpoint, **limits), items, said) != expected


RENAMED = {
    "whole Omni model": ("base_model.model.", "base_model.model.thinker."),
    "whole Omni model, older": ("base_model.model.model.language_model.", "base_model.model.thinker.model."),
    "older": ("base_model.model.model.language_model.", "base_model.model.model."),
}


@pytest.mark.parametrize("of_whom", slow_but(["whole Omni model"], RENAMED))
def test_names_of_other_trainers_are_understood(checkpoint, adapter, own, items, said, of_whom):
    ours, theirs = RENAMED[of_whom]
    rename_tensors(own, lambda name: name.replace(ours, theirs))
    change_config(own, target_modules=r"^(thinker.model(?=\.).*\.(q_proj|v_proj|down_proj))$")
    expected = texts(TransformersModel(checkpoint, adapter=adapter, max_new_tokens=8), items, said)
    assert texts(TransformersModel(checkpoint, adapter=own, max_new_tokens=8), items, said) == expected


def test_the_manifest_names_the_adapter(checkpoint, adapter, own):
    adapted = TransformersModel(checkpoint, adapter=adapter)
    assert adapted.name == f"{checkpoint} + first"
    about = adapted.describe()["adapter"]
    assert (about["name"], about["rank"], about["alpha"]) == ("first", 4, 64)
    file = own / "adapter_model.safetensors"
    save_file({name: 2 * value for name, value in load_file(file).items()}, file)
    assert TransformersModel(checkpoint, adapter=own).describe()["adapter"]["mark"] != about["mark"]
    assert "adapter" not in TransformersModel(checkpoint).describe()


def test_an_adapter_of_another_base_is_refused(checkpoint, own):
    (own / "training.json").write_text(json.dumps({"base": {"weights_mark": "0" * 64}}))
    with pytest.raises(LoadError, match=r"was trained on .*, whose weights are not those of"):
        TransformersModel(checkpoint, adapter=own)


def without_weights(folder):
    (folder / "adapter_model.safetensors").unlink()


def with_torn_weights(folder):
    file = folder / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:100])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: change_config(folder, peft_type="IA3"), "expected an adapter of the kind LORA, got 'IA3'"),
        (lambda folder: change_config(folder, base_model_name_or_path=None), "expected the name of its base"),
        (lambda folder: change_config(folder, modules_to_save=["lm_head"]), "expected LoRA alone"),
        (lambda folder: (folder / "adapter_config.json").write_text("{"), "not JSON"),
        (lambda folder: (folder / "adapter_config.json").write_text("[]"), "expected a JSON object, got a list"),
        (lambda folder: (folder / "adapter_config.json").unlink(), "is no adapter"),
        (without_weights, "has no adapter_model.safetensors"),
    ],
)
def test_what_is_no_adapter_is_refused_at_once(checkpoint, own, damage, reason):
    damage(own)
    with pytest.raises(LoadError, match=reason):
        TransformersModel(checkpoint, adapter=own)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (with_torn_weights, "cannot be read"),
        (lambda folder: rename_tensors(folder, lambda name: name.replace("layers.1.", "layers.7.")), "has no module"),
        (lambda folder: rename_tensors(folder, lambda name: name.replace("lora_A", "weights")), "of LoRA alone"),
        (lambda folder: change_config(folder, r=8), "does not fit"),
    ],
)
def test_weights_that_do_not_fit_are_refused_before_the_first_answer(checkpoint, own, items, said, damage, reason):
    damage(own)
    model = TransformersModel(checkpoint, adapter=own)
    with pytest.raises(LoadError, match=reason):
        said(model, items[:1])


def test_an_adapter_on_an_adapter_is_refused(adapter):
    with pytest.raises(ValueError, match="is an adapter itself"):
        TransformersModel(adapter, adapter=adapter)


def test_a_base_that_is_gone_is_reported(own):
    change_config(own, base_model_name_or_path="./nowhere")
    with pytest.raises(LoadError, match=r"there is no folder \./nowhere"):
        TransformersModel(own)


def test_an_adapter_is_distinguished_from_a_checkpoint(adapter, checkpoint):
    assert is_adapter(adapter) and not is_adapter(checkpoint)
    assert read_adapter(adapter).base == str(checkpoint)
