"""Where adapters go, and the folder of a training."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tuning_cases import QUICK, SHORT

from omni_persona_runner.checkpoint import Checkpoint
from omni_persona_runner.prompt import Prompt
from omni_persona_training.errors import TrainingError
from omni_persona_training.tuning import output
from omni_persona_training.tuning.session import Machine

# ---- what is trained


# PEFT 0.21 has ranks of its own for fused experts, and warns where none of them is adapted.
@pytest.mark.filterwarnings("ignore:The following (rank|alpha)_pattern keys:RuntimeWarning")
@pytest.mark.parametrize("family", ["omni", "qwen3_omni", "gemma3n", "gemma4"])
def test_adapters_go_into_the_language_model_alone(family, sure, tmp_path, require_extra):
    require_extra("timm")
    import tiny_families
    from peft import LoraConfig, get_peft_model

    from omni_persona_training.tuning.base import load_base
    from omni_persona_training.tuning.language_model import require_language_model_alone, targets

    folder = sure if family == "omni" else tiny_families.save(family, tmp_path / family)
    model = load_base(Checkpoint(folder), "cpu", "float32")
    chosen = targets(model)
    adapter = LoraConfig(r=2, target_modules=list(chosen.modules))
    adapted = require_language_model_alone(get_peft_model(model, adapter), chosen)
    assert adapted.modules >= 8 and 0 < adapted.parameters < adapted.whole / 5


def test_adapters_elsewhere_are_refused(sure):
    from peft import LoraConfig, get_peft_model

    from omni_persona_training.tuning.base import load_base
    from omni_persona_training.tuning.language_model import require_language_model_alone, targets

    model = load_base(Checkpoint(sure), "cpu", "float32")
    chosen = targets(model)
    everywhere = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear"))
    with pytest.raises(TrainingError, match="expected to train the language model's adapters alone"):
        require_language_model_alone(everywhere, chosen)


def test_a_family_with_adapters_of_its_own_is_refused(tmp_path, require_extra):
    require_extra("peft")
    import tiny_families

    from omni_persona_training.tuning.base import load_base

    with pytest.raises(TrainingError, match="already has adapters"):
        load_base(Checkpoint(tiny_families.save("phi4", tmp_path / "phi4")), "cpu", "float32")


# ---- a training


@pytest.fixture(scope="module")
def trained(sure, eight, tmp_path_factory):
    """Two steps of SFT, and the messages about them."""
    from omni_persona_training.tuning.sft import sft

    messages = []
    out = tmp_path_factory.mktemp("adapters") / "first"
    machine = Machine("cpu", tell=messages.append)
    return sft(eight, sure, out, QUICK, preset="paper", prompt=SHORT, machine=machine), messages


def test_a_training_ends_as_an_adapter_with_card_and_curve(trained, sure):
    done, messages = trained
    assert done.steps == 2 and done.loss > 0
    card = (done.out / "README.md").read_text(encoding="utf-8")
    assert "trained parameters in 14 layers" in card and "| epochs | 3.0 | the paper |" in card
    assert "| learning rate | 0.005 | given |" in card and "| rank | 4 | given |" in card
    assert "| dropout | 0.0 | ours, where the source is silent |" in card
    assert str(sure.parent) not in card
    curve = [json.loads(line) for line in (done.out / "curve.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [entry["step"] for entry in curve] == [1, 2]
    assert (done.out / "curve.svg").is_file() and (done.out / "adapter_model.safetensors").is_file()
    assert any("of the language model" in line for line in messages)


def test_a_complete_training_is_not_done_again(trained, sure, eight):
    from omni_persona_training.tuning.sft import sft

    messages = []
    again = sft(eight, sure, trained[0].out, QUICK, preset="paper", prompt=SHORT, machine=Machine(tell=messages.append))
    assert (again.steps, again.loss) == (trained[0].steps, trained[0].loss) and "complete already" in messages[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": replace(QUICK, learning_rate=1e-3)}, "learning_rate was 0.005 and is 0.001"),
        ({"limit": 4}, "n was 8 and is 4"),
        ({"prompt": Prompt()}, "prompt was"),
    ],
)
def test_another_training_in_the_same_folder_is_refused(trained, sure, eight, change, message):
    from omni_persona_training.tuning.sft import sft

    given = {"settings": QUICK, "prompt": SHORT, **change}
    with pytest.raises(TrainingError, match=message):
        sft(eight, sure, trained[0].out, given.pop("settings"), preset="paper", **given)


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(TrainingError, match="contains something other than a training"):
        output.begin(tmp_path, {})


def test_what_failed_before_its_first_checkpoint_is_begun_anew(sure, eight, tmp_path):
    """A mistake in an option leaves nothing that the next attempt would stumble over."""
    from omni_persona_training.tuning.sft import sft

    with pytest.raises(TrainingError, match="a multiple of 3"):
        sft(eight, sure, tmp_path / "out", replace(QUICK, micro_batch=3), prompt=SHORT, machine=Machine("cpu"))
    first = {"command": "sft", "base": {"name": "a"}, "data": {}, "settings": {}}
    second = {**first, "base": {"name": "b"}}
    assert not output.begin(tmp_path / "other", first) and not output.begin(tmp_path / "other", second)
    assert output.read(tmp_path / "other")["base"] == {"name": "b"}
    checkpoint = tmp_path / "other" / "checkpoints" / "checkpoint-1"
    checkpoint.mkdir(parents=True)
    for name in output._PARTS:
        (checkpoint / name).write_text('{"global_step": 1}')
    with pytest.raises(TrainingError, match="another training: base name was b and is a"):
        output.begin(tmp_path / "other", first)


def test_a_loss_that_is_not_a_number_stops_a_training(sure, eight, tmp_path):
    from omni_persona_training.tuning.sft import sft

    hopeless = replace(QUICK, learning_rate=1e30)
    with pytest.raises(TrainingError, match=r"step 2: expected a finite \w+, got (nan|inf); .* --learning-rate"):
        sft(eight, sure, tmp_path / "out", hopeless, prompt=SHORT, machine=Machine("cpu"))
    assert not (tmp_path / "out" / "adapter_model.safetensors").exists()


def test_half_a_checkpoint_is_passed_over(tmp_path):
    for step, parts in ((10, output._PARTS), (20, output._PARTS), (30, output._PARTS[:-1])):
        folder = tmp_path / "checkpoints" / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        for name in parts:
            (folder / name).write_text(json.dumps({"global_step": step}))
    assert output.last_checkpoint(tmp_path).name == "checkpoint-20"
    (tmp_path / "checkpoints" / "checkpoint-20" / "trainer_state.json").write_text('{"global_st')
    assert output.last_checkpoint(tmp_path).name == "checkpoint-10"
    assert output.last_checkpoint(tmp_path / "nowhere") is None
