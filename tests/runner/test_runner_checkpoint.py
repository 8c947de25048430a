"""Checkpoints: what is refused, which revision answers, which senses a model has, how it is described."""

from __future__ import annotations

import json
import shutil
import sys

import pytest
from checkpoint_cases import long_clip

from omni_persona_runner.model import LoadError
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.transformers_model import TransformersModel


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
        ("{{ '<|im_start|>' + message['content'] }}", "cannot write our prompt: can only concatenate str"),
        ("{{ message['content'] }}", "does not take messages in parts"),
        ("{{ raise_exception('no system role') }}", "cannot write our prompt: no system role"),
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
