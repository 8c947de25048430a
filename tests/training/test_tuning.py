"""Fine-tuning: what is encoded, what is trained, how a training goes on, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_persona_runner.checkpoint import Checkpoint
from omni_persona_runner.prompt import Prompt
from omni_persona_training.errors import TrainingError
from omni_persona_training.tuning import output
from omni_persona_training.tuning.order import Entry, balanced_order, shuffled_order
from omni_persona_training.tuning.session import Machine, Trained, accumulation, halving
from omni_persona_training.tuning.settings import RlvrSettings, SftSettings, rlvr_preset, sft_preset

SHORT = Prompt(rules="Answer, or: I cannot determine that from the provided context.")
QUICK = SftSettings(
    learning_rate=5e-3,
    steps=2,
    batch_size=4,
    micro_batch=2,
    rank=4,
    alpha=8,
    schedule="constant",
    warmup=0.0,
    save_every=1,
    gradient_checkpointing=False,
)


@pytest.fixture(scope="module")
def parts(sure, eight):
    """The checkpoint, its weights and an encoder of the eight items."""
    from omni_persona_training.tuning.base import load_base
    from omni_persona_training.tuning.encoding import Encoder
    from omni_persona_training.tuning.examples import TrainingSet

    checkpoint = Checkpoint(sure)
    model = load_base(checkpoint, "cpu", "float32")
    return checkpoint, model, Encoder(checkpoint, model, TrainingSet(eight, SHORT))


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
    assert (batch["attention_mask"].sum(1) == (batch["input_ids"] != words.pad_token_id).sum(1)).all()


def test_a_left_filled_batch_computes_what_each_prompt_alone_does(parts):
    import torch

    from omni_persona_training.tuning.encoding import left_filled, together

    _, model, encoder = parts
    shown = [encoder.prompt(place) for place in (0, 1, 5)]
    assert len({len(one.tokens) for one in shown}) > 1
    tokens, mask = left_filled([one.tokens for one in shown], 0)
    with torch.no_grad():
        logits = model(input_ids=tokens, attention_mask=mask, **together([one.media for one in shown])).logits
        for row, one in enumerate(shown):
            alone = model(
                input_ids=torch.tensor([one.tokens]), attention_mask=torch.ones(1, len(one.tokens)).long(), **one.media
            ).logits
            assert torch.allclose(logits[row, -1], alone[0, -1], atol=1e-3)


def test_loss_pass_and_generation_agree_in_a_left_filled_batch(parts, sure, eight, tmp_path, monkeypatch):
    """Log-probabilities to 1e-3, with pictures and clips; and far apart where the loss pass is deaf."""
    import torch
    from peft import LoraConfig

    from omni_persona_training.rewards.functions import make_reward
    from omni_persona_training.tuning import rlvr as module
    from omni_persona_training.tuning.encoding import left_filled, together
    from omni_persona_training.tuning.language_model import targets
    from omni_persona_training.tuning.omni_grpo import omni_grpo_class, suppressed_tokens
    from omni_persona_training.tuning.session import Session

    checkpoint, model, encoder = parts
    settings = RlvrSettings(
        reward="paper", steps=1, batch_size=2, micro_batch=2, group_size=2, gradient_checkpointing=False
    )
    session = Session(encoder.examples, checkpoint, tmp_path, {}, Machine("cpu"))
    trainer = omni_grpo_class()(
        model=model,
        reward_funcs=make_reward("paper"),
        args=module._arguments(session, settings, suppressed_tokens(checkpoint.processor, [1])),
        train_dataset=module.prompts(encoder.examples, settings),
        processing_class=checkpoint.processor,
        peft_config=LoraConfig(r=2, target_modules=list(targets(model).modules)),
        encoder=encoder,
    )
    shown = [encoder.prompt(place) for place in (0, 1, 5, 6)]
    tokens, mask = left_filled([one.tokens for one in shown], checkpoint.processor.tokenizer.pad_token_id)
    media = together([one.media for one in shown])
    generated = trainer.model.generate(
        input_ids=tokens,
        attention_mask=mask,
        **media,
        max_new_tokens=6,
        min_new_tokens=6,
        do_sample=False,
        output_logits=True,
        return_dict_in_generate=True,
    )
    new = generated.sequences[:, tokens.shape[1] :]
    said = torch.stack(generated.logits, 1).log_softmax(-1).gather(-1, new[..., None])[..., 0]
    whole = torch.cat([mask, torch.ones_like(new)], 1)

    def loss_pass():
        trainer._shown = shown
        with torch.no_grad():
            return trainer._get_per_token_logps_and_entropies(trainer.model, generated.sequences, whole, 6)[0]

    assert (loss_pass() - said).abs().max() < 1e-3
    monkeypatch.setattr(trainer, "_media", lambda shown: {})
    assert (loss_pass() - said).abs().max() > 0.1


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

    with pytest.raises(TrainingError, match="comes with adapters of its own"):
        load_base(Checkpoint(tiny_families.save("phi4", tmp_path / "phi4")), "cpu", "float32")


# ---- a training


@pytest.fixture(scope="module")
def trained(sure, eight, tmp_path_factory):
    """Two steps of SFT, and what was told."""
    from omni_persona_training.tuning.sft import sft

    told = []
    out = tmp_path_factory.mktemp("adapters") / "first"
    machine = Machine("cpu", tell=told.append)
    return sft(eight, sure, out, QUICK, preset="paper", prompt=SHORT, machine=machine), told


def test_a_training_ends_as_an_adapter_with_card_and_curve(trained, sure):
    done, told = trained
    assert done.steps == 2 and done.loss > 0
    card = (done.out / "README.md").read_text(encoding="utf-8")
    assert "trained parameters in 14 layers" in card and "| learning rate | 0.005 | the paper |" in card
    assert str(sure.parent) not in card
    curve = [json.loads(line) for line in (done.out / "curve.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [entry["step"] for entry in curve] == [1, 2]
    assert (done.out / "curve.svg").is_file() and (done.out / "adapter_model.safetensors").is_file()
    assert any("of the language model" in line for line in told)


def test_a_complete_training_is_not_done_again(trained, sure, eight):
    from omni_persona_training.tuning.sft import sft

    told = []
    again = sft(eight, sure, trained[0].out, QUICK, preset="paper", prompt=SHORT, machine=Machine(tell=told.append))
    assert (again.steps, again.loss) == (trained[0].steps, trained[0].loss) and "complete already" in told[0]


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
    with pytest.raises(TrainingError, match="holds something else than a training"):
        output.begin(tmp_path, {})


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


def raising(error):
    def train(settings):
        raise error

    return train


def test_where_memory_ends_half_as_many_are_taken_and_the_batch_stays():
    tried, told = [], []

    def train(settings):
        tried.append((settings.micro_batch, settings.batch_size))
        if settings.micro_batch > 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return Trained(None, 1, 0.0, None)

    halving(replace(QUICK, batch_size=16, micro_batch=8), train, Machine(tell=told.append))
    assert tried == [(8, 16), (4, 16), (2, 16)]
    assert told == [f"out of memory: {n} at once from now on, 16 a step as before" for n in (4, 2)]
    with pytest.raises(RuntimeError, match="out of memory"):
        halving(
            replace(QUICK, micro_batch=1), lambda _: (_ for _ in ()).throw(RuntimeError("out of memory")), Machine()
        )
    with pytest.raises(ValueError, match="other"):
        halving(QUICK, lambda _: (_ for _ in ()).throw(ValueError("other")), Machine())


def test_a_batch_is_made_up_of_whole_micro_batches(monkeypatch):
    assert accumulation(16, 4) == 4
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert accumulation(16, 4) == 2
    with pytest.raises(TrainingError, match="a multiple of 8, 4 at once on 2 processes, got 12"):
        accumulation(12, 4)


# ---- settings and order


def test_presets_are_what_the_sources_state(shared):
    import csv

    with (shared / "facts" / "post_training.csv").open(encoding="utf-8") as lines:
        facts = {row["what"]: row for row in csv.DictReader(lines)}
    paper, qwen, gemma = (
        facts["sft method"]["paper"],
        sft_preset("paper", "qwen2_5_omni"),
        sft_preset("paper", "gemma4"),
    )
    assert f"lr {qwen.learning_rate:g}".replace("e-0", "e-") in paper and f"{qwen.epochs:g} epochs" in paper
    lora = facts["sft lora"]["paper"]
    assert f"r {qwen.rank} alpha {qwen.alpha} (Qwen" in lora and f"r {gemma.rank} alpha {gemma.alpha} (Gemma" in lora
    ours, theirs = rlvr_preset("paper"), rlvr_preset("release")
    stated = facts["rlvr optimiser"]
    assert f"G {ours.group_size}, beta {ours.beta:g}" in stated["paper"] and "lr 1e-5" in stated["paper"]
    assert f"LoRA r {ours.rank} alpha {ours.alpha}" in stated["paper"] and ours.learning_rate == 1e-5
    assert f"G {theirs.group_size}, beta {theirs.beta:g}, clip {theirs.clip:g}/0.2" in stated["release_818b080"]
    assert (
        f"temperature {theirs.temperature:g}, lr 1e-6, {theirs.max_new_tokens} new tokens" in stated["release_818b080"]
    )
    assert f"batch {theirs.batch_size}, {theirs.steps} steps" in stated["release_818b080"]


@pytest.mark.parametrize(
    "bad", [{"learning_rate": 0}, {"epochs": -1}, {"batch_size": 0}, {"rank": 0}, {"learning_rate": float("nan")}]
)
def test_impossible_settings_are_refused(bad):
    with pytest.raises(TrainingError, match="above 0"):
        replace(SftSettings(), **bad)


@pytest.mark.parametrize("bad", [{"group_size": 1}, {"beta": -1}, {"scale": "some"}, {"temperature": 0}])
def test_impossible_settings_of_rlvr_are_refused(bad):
    with pytest.raises(TrainingError, match="expected"):
        replace(RlvrSettings(), **bad)


def entries(counts):
    """Entries of strata: (stratum, pairs with an absence, singles)."""
    made = []
    for stratum, absence, pairs, singles in counts:
        for number in range(pairs):
            for kind in ("none", absence):
                made.append(Entry(len(made), stratum, kind, f"{stratum} {absence} {number}"))
        for number in range(singles):
            made.append(Entry(len(made), stratum, "none", f"{stratum} single {absence} {number}"))
    return made


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 5), st.integers(1, 40), st.integers(0, 1000))
def test_balanced_orders_pair_twins_and_share_equally(first, second, singles, n_pairs, seed):
    known = entries([("a", "absent_persona", first, singles), ("b", "absent_attribute", second, 0)])
    order = balanced_order(known, 2 * n_pairs, np.random.default_rng(seed))
    assert len(order) == 2 * n_pairs
    for one, other in zip(order[::2], order[1::2], strict=True):
        assert known[one].absence == "none" != known[other].absence
        assert known[one].together == known[other].together
    strata = [known[place].stratum for place in order[::2]]
    assert abs(strata.count("a") - strata.count("b")) <= 1


@given(st.integers(1, 6), st.integers(0, 6), st.integers(1, 60), st.integers(0, 1000))
def test_shuffled_orders_take_all_before_any_again(pairs, singles, n, seed):
    known = entries([("a", "absent_persona", pairs, singles)])
    order = shuffled_order(known, n, np.random.default_rng(seed))
    assert len(order) == n
    for start in range(0, n - len(known) + 1, len(known)):
        assert sorted(order[start : start + len(known)]) == list(range(len(known)))


# ---- what is refused


def test_test_data_is_refused_with_the_ids(sure, train_set, corpora, tmp_path):
    from omni_persona_training.tuning.sft import sft

    for data in (train_set, corpora["sft-1k"]):
        with pytest.raises(TrainingError, match=r"shares 16 people \(p0, p1.*\) and \d+ pictures and clips"):
            sft(data, sure, tmp_path / "out", QUICK, exclude=train_set)
    assert not (tmp_path / "out").exists()


def test_a_dead_judge_stops_before_the_first_step(sure, eight, tmp_path):
    from omni_persona_cal import JudgeError, Judgement
    from omni_persona_training.tuning.rlvr import rlvr

    class Dead:
        name = "dead"

        def judge(self, pairs):
            return [Judgement("UNJUDGED", "connection refused") for _ in pairs]

    with pytest.raises(JudgeError, match="no verdict on a plain answer, so no step would learn: connection refused"):
        rlvr(eight, sure, tmp_path / "out", RlvrSettings(reward="paper"), judge=Dead())
    assert not (tmp_path / "out").exists()


def test_what_a_model_cannot_take_is_refused_before_it_is_trained(parts, make_item, write_corpus, tmp_path):
    from omni_persona_runner.chats import Limits
    from omni_persona_training.corpus.source import Memory
    from omni_persona_training.corpus.studio import Show, example
    from omni_persona_training.tuning.examples import ExampleChats, TrainingSet

    contexts = make_item(0).contexts
    memories = tuple(Memory("p", one.image, one.audio, "") for one in contexts)
    one = replace(
        example("text_qa", Show("Rules", memories).messages("Who?"), "question", "a", "s"), example_id="the-one"
    )
    examples = TrainingSet(write_corpus(tmp_path / "corpus", [one]))
    for limits, message in (
        (Limits(16_000, None, 3, None, None), "the-one shows 4 pictures, and tiny takes 3"),
        (Limits(16_000, None, None, None, 0), "the-one shows 4 clips, and tiny takes none"),
        (Limits(16_000, 0.2, None, None, None), "the-one: the clip of context 1 has 0 s, and tiny takes 0 s"),
    ):
        with pytest.raises(TrainingError, match=message):
            ExampleChats(limits, "tiny").check(examples)


def test_data_that_is_nowhere_is_told(sure, tmp_path):
    from omni_persona_training.tuning.sft import sft

    with pytest.raises(FileNotFoundError, match="expected a dataset folder"):
        sft(tmp_path / "nowhere", sure, tmp_path / "out", QUICK)


# ---- other families


@pytest.mark.parametrize("family", ["gemma4", "qwen3_omni"])
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
    done = rlvr(eight, folder, tmp_path / "out", settings, prompt=SHORT, machine=Machine("cpu"))
    assert done.steps == 2
    assert passes == {(False, True, True), (True, True, True)}
    outcomes = list(TransformersModel(folder, adapter=done.out, max_new_tokens=4).answer(items[:1]))
    assert len(outcomes) == 1
