"""Prompts, loss and generation of a training are those of a run."""

from __future__ import annotations

import pytest
from slow_cases import slow_but
from tuning_cases import SHORT

from omni_persona_training.tuning.session import Machine
from omni_persona_training.tuning.settings import RlvrSettings

FAMILIES = ("omni", "qwen3_omni", "gemma3n", "gemma4")
"""Those that can be trained."""

# ---- encoding


def test_prompts_are_those_of_a_run(parts, sure, eight):
    """Token by token and medium by medium what `omni-persona run` shows the model."""
    import torch

    from omni_persona_artifacts.dataset_folder import DatasetFolder
    from omni_persona_runner.chats import Chats
    from omni_persona_runner.shared_prefix import OmniInputs

    checkpoint, model, encoder = parts
    folder = DatasetFolder(eight)
    chats = Chats(SHORT, checkpoint.limits(None), False).prepare(list(folder.items(folder.rows)))
    omni = OmniInputs(checkpoint.processor, model.config, model.get_rope_index, False)
    for place, chat in enumerate(chats):
        expected, encoded = omni.make([chat]).rest, encoder.prompt(place)
        assert encoded.tokens == expected["input_ids"][0].tolist()
        for name in ("pixel_values", "input_features"):
            assert torch.equal(encoded.media[name], expected[name])


def test_the_loss_is_on_the_answer_and_the_end_of_the_turn_alone(parts):
    from omni_persona_training.tuning.encoding import Collator

    checkpoint, _, encoder = parts
    batch = Collator(encoder)([{"place": place} for place in (0, 7, 3)])
    words = checkpoint.processor.tokenizer
    learned = [words.decode(row[row != -100]) for row in batch["labels"]]
    assert learned[0] == "beekeeper<|im_end|>" and learned[2] == "Rome<|im_end|>"
    assert learned[1] == "I cannot determine that from the provided context.<|im_end|>"
    lengths = [len(encoder.prompt(place).tokens) + len(encoder.answer(place)) for place in (0, 7, 3)]
    assert batch["attention_mask"].sum(1).tolist() == lengths and len(set(lengths)) > 1
    assert words.pad_token_id not in batch["input_ids"]


def as_given(shown, new=0):
    """What the model gets for several prompts, filled on the left, with room for `new` tokens of an answer."""
    from omni_persona_training.tuning.encoding import left_filled, together

    tokens, mask = left_filled([one.tokens for one in shown], 0)
    types = {name: left_filled([one.per_token[name] + [0] * new for one in shown], 0)[0] for name in shown[0].per_token}
    return {"input_ids": tokens, "attention_mask": mask, **types, **together([one.media for one in shown])}


@pytest.mark.parametrize("family", slow_but(["omni", "qwen3_omni"], FAMILIES))
def test_a_left_filled_batch_computes_what_each_prompt_alone_does(parts_of, family):
    import torch

    _, model, encoder = parts_of(family)
    shown = [encoder.prompt(place) for place in (0, 1, 5)]
    assert len({len(one.tokens) for one in shown}) > 1
    with torch.no_grad():
        logits = model(**as_given(shown)).logits
        for row, one in enumerate(shown):
            assert torch.allclose(logits[row, -1], model(**as_given([one])).logits[0, -1], atol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_of_a_left_filled_batch_are_numbers(parts_of, family):
    """Gemma 3n takes the root of a mean square, which has none at padding that is embedded as zeros."""
    import torch

    from omni_persona_training.tuning.encoding import Collator

    _, model, encoder = parts_of(family)
    batch = Collator(encoder)([{"place": place} for place in (0, 1, 5)])
    assert (batch["attention_mask"] == 0).any()
    weights = {name: part for name, part in model.get_decoder().named_parameters() if part.is_floating_point()}
    gradients = torch.autograd.grad(model(**batch).loss, list(weights.values()), allow_unused=True)
    seen = {name: one for name, one in zip(weights, gradients, strict=True) if one is not None}
    assert len(seen) > 8 and [name for name, one in seen.items() if not one.isfinite().all()] == []


@pytest.mark.parametrize("family", slow_but(["omni", "qwen3_omni"], FAMILIES))
def test_a_model_in_training_computes_what_it_does_in_a_run(parts_of, family):
    """Its encoders are not trained: no batch norm of theirs moves, and none uses the batch's statistics."""
    import torch

    _, model, encoder = parts_of(family)
    given = as_given([encoder.prompt(place) for place in (0, 1)])
    with torch.no_grad():
        in_a_run = model.eval()(**given).logits
        in_training = model.train()(**given).logits
        afterwards = model.eval()(**given).logits
    assert torch.allclose(in_training, in_a_run, atol=1e-4) and torch.equal(afterwards, in_a_run)


@pytest.mark.parametrize("family", slow_but(["omni", "qwen3_omni"], FAMILIES))
def test_loss_pass_and_generation_agree_in_a_left_filled_batch(parts_of, family, tmp_path, monkeypatch):
    """Log-probabilities to 1e-3, with pictures and clips; and far apart where the loss pass is deaf."""
    import torch
    from peft import LoraConfig

    from omni_persona_training.rewards.functions import make_reward
    from omni_persona_training.tuning import rlvr as module
    from omni_persona_training.tuning.language_model import targets
    from omni_persona_training.tuning.omni_grpo import omni_grpo_class, suppressed_tokens
    from omni_persona_training.tuning.session import Session

    checkpoint, model, encoder = parts_of(family)
    settings = RlvrSettings(
        reward="paper", steps=1, batch_size=2, micro_batch=2, group_size=2, gradient_checkpointing=False
    )
    suppressed = suppressed_tokens(checkpoint.processor, [checkpoint.processor.tokenizer.eos_token_id])
    session = Session(encoder.examples, checkpoint, tmp_path, {}, Machine("cpu"))
    trainer = omni_grpo_class()(
        model=model,
        reward_funcs=make_reward("paper"),
        args=module._arguments(session, settings, suppressed),
        train_dataset=module.prompts(encoder.examples, settings),
        processing_class=checkpoint.processor,
        peft_config=LoraConfig(r=2, target_modules=list(targets(model).modules)),
        encoder=encoder,
    )
    shown = [encoder.prompt(place) for place in (0, 1, 5, 6)]
    given = as_given(shown)
    torch.manual_seed(0)
    generated = trainer.model.generate(
        **given,
        max_new_tokens=6,
        min_new_tokens=6,
        do_sample=True,
        temperature=3.0,  # tokens that are not sure, too
        suppress_tokens=suppressed,
        output_logits=True,
        return_dict_in_generate=True,
    )
    new = generated.sequences[:, given["input_ids"].shape[1] :]
    said = torch.stack(generated.logits, 1).log_softmax(-1).gather(-1, new[..., None])[..., 0]
    whole = torch.cat([given["attention_mask"], torch.ones_like(new)], 1)

    def loss_pass():
        trainer._shown = shown
        with torch.no_grad():
            return trainer._get_per_token_logps_and_entropies(trainer.model, generated.sequences, whole, 6)[0]

    assert (loss_pass() - said).abs().max() < 1e-3
    media = trainer._media(shown)
    for left_out, least in (("pixel_values", 0.02), ("input_features", 0.02), ("", 0.1)):
        kept = {name: value for name, value in media.items() if not name.startswith(left_out)}
        monkeypatch.setattr(trainer, "_media", lambda shown, kept=kept: kept)
        assert (loss_pass() - said).abs().max() > least, left_out or "both"


# ---- other families


@pytest.mark.parametrize("family", [pytest.param("gemma4", marks=pytest.mark.slow), "qwen3_omni"])
@pytest.mark.filterwarnings("ignore:The following (rank|alpha)_pattern keys:RuntimeWarning")
def test_other_families_see_and_hear_in_every_pass(family, eight, tmp_path, monkeypatch, require_extra, items):
    """In generation, in the loss, and for the base model; and a run takes the adapter."""
    for name in ("trl", "timm"):
        require_extra(name)
    import tiny_families
    import torch

    from omni_persona_runner.transformers_model import TransformersModel
    from omni_persona_training.tuning import session
    from omni_persona_training.tuning.rlvr import rlvr

    folder, passes = tiny_families.save(family, tmp_path / family), set()
    load = session.load_base

    def watched(*given):
        model = load(*given)
        forward = model.model.forward

        def spy(*positional, **named):
            tokens = named.get("input_ids")
            if tokens is None or tokens.shape[1] > 1:  # the first step of generation, and every loss
                # Generation may have run an encoder before, and hand over what it made.
                encoded = named.get("mm_encoder_outputs") is not None
                shown = encoded or named.get("pixel_values") is not None, named.get("input_features") is not None
                passes.add((torch.is_grad_enabled(), *shown))
            return forward(*positional, **named)

        model.model.forward = spy
        return model

    monkeypatch.setattr(session, "load_base", watched)
    settings = RlvrSettings(
        reward="paper", steps=2, batch_size=2, micro_batch=2, group_size=2, max_new_tokens=4, rank=4, alpha=8,
        gradient_checkpointing=False,
    )  # fmt: skip
    messages = []
    machine = Machine("cpu", tell=messages.append)
    done = rlvr(eight, folder, tmp_path / "out", settings, prompt=SHORT, machine=machine)
    assert done.steps == 2 and not done.reward
    assert "nothing was learned" in messages[-1]  # nothing that they say by chance earns anything
    assert passes == {(False, True, True), (True, True, True)}
    outcomes = list(TransformersModel(folder, adapter=done.out, max_new_tokens=4).answer(items[:1]))
    assert len(outcomes) == 1
