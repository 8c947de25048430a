"""Settings, memory, the order of examples, and what is refused before training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuning_cases import QUICK

from omni_persona_training.errors import TrainingError
from omni_persona_training.tuning.order import Entry, balanced_order, shuffled_order
from omni_persona_training.tuning.session import Machine, Trained, accumulation, halving
from omni_persona_training.tuning.settings import RlvrSettings, SftSettings, rlvr_preset, sft_preset


def test_where_memory_ends_half_as_many_are_taken_and_the_batch_stays():
    tried, messages = [], []

    def train(settings):
        tried.append((settings.micro_batch, settings.batch_size))
        if settings.micro_batch > 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return Trained(None, 1, 0.0, None)

    halving(replace(QUICK, batch_size=16, micro_batch=8), train, Machine(tell=messages.append))
    assert tried == [(8, 16), (4, 16), (2, 16)]
    assert messages == [f"out of memory: {n} at once from now on, 16 a step as before" for n in (4, 2)]
    tried.clear()
    halving(replace(QUICK, batch_size=30, micro_batch=15), train, Machine())
    assert tried == [(15, 30), (5, 30), (1, 30)]  # halves that do not divide 30 are passed over
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


def test_data_that_is_nowhere_is_reported(sure, tmp_path):
    from omni_persona_training.tuning.sft import sft

    with pytest.raises(FileNotFoundError, match="nowhere does not exist; expected a dataset folder, or a corpus"):
        sft(tmp_path / "nowhere", sure, tmp_path / "out", QUICK)
