"""Answers that are drawn, several times; what a run has used, and where it stops for that; figures for trackers."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import pytest
from typer.testing import CliRunner

import omni_persona_cal
from omni_persona import ABSTENTION
from omni_persona_artifacts.repeats import repeat_folder, repeat_folders
from omni_persona_artifacts.run_folder import read_manifest, read_predictions
from omni_persona_cli.app import app
from omni_persona_runner.baselines import load_baseline
from omni_persona_runner.model import Answer
from omni_persona_runner.run_loop import RunSummary, run
from omni_persona_runner.sampling import Sampling
from omni_persona_runner.scoring import run_references, score_run
from omni_persona_runner.transformers_model import TransformersModel
from omni_persona_runner.usage import Budget, Prices, usage, usage_of_run


def call(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


# ---- sampling


@pytest.mark.parametrize(
    "numbers",
    [
        {"temperature": -1},
        {"temperature": float("nan")},
        {"temperature": 1, "top_p": 0},
        {"temperature": 1, "top_p": 2},
        {"top_p": 0.5},
        {"seed": -1},
    ],
    ids=str,
)
def test_numbers_out_of_range_are_refused(numbers):
    with pytest.raises(ValueError, match=r"expected|needs"):
        Sampling(**numbers)


def test_greedy_says_nothing_of_seeds_and_draws_say_all():
    assert (Sampling().describe(), Sampling(seed=3).seeds()) == ({"temperature": 0}, {})
    drawn = Sampling(0.7, 0.9, 3).repeat(3)
    assert drawn.settings() == {"temperature": 0.7, "top_p": 0.9, "seed": 5}
    assert (drawn.describe(), drawn.seeds()) == ({"temperature": 0.7, "top_p": 0.9}, {"seed": 5})
    assert drawn.seed_of(["a"]) != drawn.seed_of(["b"]) != Sampling(0.7, 0.9, 4).seed_of(["b"])


def test_a_checkpoint_draws_the_same_again_and_other_repeats_draw_otherwise(checkpoint, items, said):
    def texts(model):
        return [one.text for one in said(model, items)]

    model = TransformersModel(checkpoint, max_new_tokens=6, sampling=Sampling(1.0, seed=7))
    first, second = texts(model), texts(model.repeat(2))
    again = TransformersModel(checkpoint, max_new_tokens=6, sampling=Sampling(1.0, seed=7))
    # Whatever was drawn before, as where a run goes on.
    assert [one.text for one in again.answer(items[2:])] == first[2:]
    assert first != second
    assert first != texts(TransformersModel(checkpoint, max_new_tokens=6))
    assert model.describe()["seed"] == 7
    assert model.repeat(2).describe()["seed"] == 8
    assert model.describe()["generation"]["temperature"] == 1.0


# ---- repeats


def test_repeats_lie_in_the_run_and_are_scored_together(dataset, tmp_path):
    out = tmp_path / "run"
    done = call("run", "--model", "baseline:random", "--dataset", dataset, "--out", out, "--repeats", 3, "--seed", 4)
    assert done.exit_code == 0, done.output
    assert repeat_folders(out) == [out, out / "repeats" / "2", out / "repeats" / "3"]
    for number in (1, 2, 3):
        folder = repeat_folder(out, number)
        assert read_manifest(folder)["seed"] == 3 + number
        alone = tmp_path / f"alone-{number}"
        run(load_baseline("baseline:random", 3 + number), dataset, alone)
        assert {name: line.prediction for name, line in read_predictions(folder).items()} == {
            name: line.prediction for name, line in read_predictions(alone).items()
        }
    # The same command again finds nothing to do.
    again = call("run", "--model", "baseline:random", "--dataset", dataset, "--out", out, "--repeats", 3, "--seed", 4)
    assert again.output.count("0 answered, 16 answered before") == 3
    scored = call("score", out)
    assert scored.exit_code == 0, scored.output
    assert "3 repeats" in scored.output
    scores = json.loads((out / "scores.json").read_text())
    known = run_references(out)
    said = [
        [lines[one["augmented_id"]].prediction for one in known] for lines in map(read_predictions, repeat_folders(out))
    ]
    expected = omni_persona_cal.compute_repeats(said, known)
    assert (scores["n_repeats"], scores["cal"], scores["complete"]) == (3, expected["cal"], True)
    assert scores["pass_at_k"]["3"]["value"] == expected["pass_at_k"][3]["value"]


def test_repeats_are_judged_all_and_an_unjudged_one_is_not_guessed(dataset, tmp_path):
    out = tmp_path / "run"
    call("run", "--model", "baseline:random", "--dataset", dataset, "--out", out, "--repeats", 2)
    judged = call("judge", out)
    assert judged.exit_code == 0, judged.output
    assert all((folder / "verdicts.jsonl").is_file() for folder in repeat_folders(out))
    assert score_run(out)["n_unjudged"] == 0
    (repeat_folder(out, 2) / "verdicts.jsonl").unlink()
    assert score_run(out)["n_unjudged"] == 0  # the lexical judge says the same whenever it is asked
    first = out / "verdicts.jsonl"
    first.write_text(first.read_text().replace('"judge": "lexical"', '"judge": "ORG/JUDGE"'))
    assert score_run(out)["n_unjudged"] > 0


def test_items_that_one_repeat_lacks_are_missing(dataset, tmp_path):
    out = tmp_path / "run"
    call("run", "--model", "baseline:random", "--dataset", dataset, "--out", out, "--repeats", 2)
    file = repeat_folder(out, 2) / "predictions.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    scores = score_run(out)
    assert (scores["n_missing"], scores["complete"]) == (1, False)


def test_repeats_of_greedy_answers_are_refused(dataset, tmp_path):
    for options in (["--model", "baseline:abstain"], ["--model", "org/m", "--endpoint", "http://localhost:1/v1"]):
        done = call("run", *options, "--repeats", 2, "--dataset", dataset, "--out", tmp_path / "run")
        assert "add --temperature" in str(done.exception)
    assert not (tmp_path / "run").exists()


# ---- what is used


class Counting:
    """Answers every item with a hundred tokens in and ten out, or with counts that it does not tell."""

    name = "counting"

    def __init__(self, tokens=(100, 10)):
        self.tokens, self.asked = tokens, []

    def describe(self):
        return {}

    def check(self, items):
        pass

    def answer(self, items):
        for item in items:
            self.asked.append(item.augmented_id)
            yield Answer(item.augmented_id, ABSTENTION, *self.tokens, seconds=0.5)


def test_tokens_seconds_and_cost_are_counted(dataset, tmp_path):
    run(Counting(), dataset, tmp_path / "run", prices=Prices(2.0, 30.0))
    used = usage_of_run(tmp_path / "run")
    assert (used.input_tokens, used.output_tokens, used.seconds, used.n_counted) == (1600, 160, 8.0, 16)
    assert used.cost == pytest.approx(1600 * 2e-6 + 160 * 30e-6)
    assert used.summary() == "1,600 tokens in, 160 out, 8.0 s, cost 0.008"
    assert score_run(tmp_path / "run")["usage"] == used.as_dict()
    lines = list(read_predictions(tmp_path / "run").values())
    lines[0] = type(lines[0])(**{**vars(lines[0]), "input_tokens": None})
    assert usage(lines).summary() == "1,500 tokens in, 150 out (known of 15 of 16 answers), 8.0 s"


def test_a_run_stops_where_its_tokens_are_used_and_goes_on_with_more(dataset, tmp_path):
    model = Counting()
    assert run(model, dataset, tmp_path / "run", budget=Budget(500)) == RunSummary(5, 0, 0, 11)
    assert len(model.asked) == 5
    # The folder's own tokens count: the same limit allows no more.
    assert run(model, dataset, tmp_path / "run", budget=Budget(500)) == RunSummary(0, 5, 0, 11)
    assert run(model, dataset, tmp_path / "run", budget=Budget(10_000)) == RunSummary(11, 5, 0, 0)
    assert sorted(model.asked) == sorted(read_predictions(tmp_path / "run"))


def test_a_limit_needs_counts(dataset, tmp_path):
    with pytest.raises(ValueError, match="reports no token counts"):
        run(Counting((None, None)), dataset, tmp_path / "run", budget=Budget(500))
    with pytest.raises(ValueError, match="at least 1 token"):
        Budget(0)


def test_the_command_says_how_to_go_on_and_exits_with_one(checkpoint, dataset, tmp_path):
    command = ["run", "--model", checkpoint, "--dataset", dataset, "--out", tmp_path / "run", "--max-new-tokens", 2]
    prices = ["--price-in", 1, "--price-out", 2]
    stopped = call(*command, "--max-tokens-total", 1, *prices)
    assert stopped.exit_code == 1
    assert "a larger --max-tokens-total to continue" in " ".join(stopped.output.split())
    assert "tokens in" in stopped.output
    assert "cost" in stopped.output
    done = call(*command, "--max-tokens-total", 10**9)
    assert done.exit_code == 0, done.output
    assert read_manifest(tmp_path / "run")["prices"] == {"in": 1.0, "out": 2.0}
    assert "--price-out" in str(call(*command, "--price-in", 1).exception)


# ---- trackers


def test_a_tracker_gets_figures_and_settings_alone(dataset, tmp_path, monkeypatch):
    calls = []
    tracker = ModuleType("trackio")
    tracker.init = lambda **given: calls.append(("init", given))
    tracker.log = lambda figures: calls.append(("log", figures))
    tracker.finish = lambda: calls.append(("finish", None))
    monkeypatch.setitem(sys.modules, "trackio", tracker)
    out = tmp_path / "nearest"
    done = call("run", "--model", "baseline:abstain", "--dataset", dataset, "--out", out, "--track", "trackio")
    assert done.exit_code == 0, done.output
    (_, given), (_, figures), (last, _) = calls
    assert (given["project"], given["name"], last) == ("omni-persona", "nearest", "finish")
    assert given["config"]["model"] == "baseline:abstain"
    assert (figures["ta"], figures["cal"]) == (1.0, 0.5)
    assert figures["by_group/I2I/cal"] == 0.5
    assert figures["ta_low"] <= 1.0 <= figures["ta_high"]
    assert all(isinstance(value, int | float) for value in figures.values())
    # No item, answer, medium or path on this machine.
    everything = json.dumps([given, figures])
    for private in ("sample_", "bees", ABSTENTION, str(tmp_path), str(dataset)):
        assert private not in everything


def test_a_tracker_that_is_not_installed_is_reported_after_the_work(dataset, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    out = tmp_path / "run"
    done = call("run", "--model", "baseline:abstain", "--dataset", dataset, "--out", out, "--track", "wandb")
    assert "python -m pip install wandb" in str(done.exception)
    assert len(read_predictions(out)) == 16
