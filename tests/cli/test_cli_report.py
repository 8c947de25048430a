"""`omni-persona report`: options, messages and exit codes."""

from __future__ import annotations

import json
import shutil

import pytest
import typer
from typer.testing import CliRunner

from omni_persona_cli import report


@pytest.fixture
def call():
    app = typer.Typer(add_completion=False)
    app.command("report", epilog=report.EXAMPLES)(report.report)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def results(tmp_path):
    """A result file of the release's scripts with one answer to each kind of item."""
    file = tmp_path / "results.jsonl"
    lines = [
        {
            "augmented_id": f"sample_{number}__aug_0",
            "source_sample_id": f"sample_{number}",
            "model_name": "their-model",
            "scenario": "visual_identity",
            "selected_task": "visual_to_bio",
            "no_GT": number == 1,
            "model_prediction": "beekeeper",
            "gold_answer": "beekeeper",
            "answerable_from_context": number != 1,
            "judge_verdict": "CORRECT",
        }
        for number in range(3)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def test_it_writes_the_page_and_says_what_it_wrote(call, results, tmp_path):
    done = call(results, "--out", tmp_path / "r.html", "--csv", tmp_path / "t", "--figures", tmp_path / "f")
    assert done.exit_code == 0, done.output
    assert "r.html" in done.stdout
    assert "table_2.csv" in done.stdout
    assert "cal_by_group.png" in done.stdout
    assert "Media and notes are not shown" in done.stderr
    assert "their-model" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_lines_that_cannot_be_read_are_reported(call, results, tmp_path):
    with results.open("a") as file:
        file.write("nonsense\n{}\n")
    done = call(results, "--out", tmp_path / "r.html", "--no-published")
    assert done.exit_code == 0
    assert "not read:" in done.stderr
    assert "results.jsonl:4" in done.stderr
    assert "and 1 more" in done.stderr
    assert "Qwen2.5" not in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_entries_for_the_hub_need_one_run_and_the_benchmarks_name(call, results, tmp_path):
    assert call(results, "--out", tmp_path / "r.html", "--eval-results", tmp_path / "m").exit_code == 2
    done = call(results, "--out", tmp_path / "r.html", "--eval-results", tmp_path / "m", "--dataset-id", "org/data")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "m" / ".eval_results" / "omni-persona.yaml").is_file()


def test_help_shows_an_example(call):
    done = call("--help")
    assert done.exit_code == 0
    assert "omni-persona report" in done.stdout


def test_the_ranking_is_printed_with_its_measure_and_what_was_left_out(call, results, tmp_path):
    other = tmp_path / "other.jsonl"
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    other.write_text(
        "".join(json.dumps(line | {"model_prediction": "a nurse", "judge_verdict": "WRONG"}) + "\n" for line in lines)
    )
    done = call(results, other, tmp_path / "nowhere", "--out", tmp_path / "r.html", "--media", "none")
    assert done.exit_code == 0, done.output
    assert "protocol guarded" in done.stdout
    rows = [line for line in done.stdout.splitlines() if "their-model" in line]
    assert "(results)" in "".join(rows[0].split()) or "results" in rows[0]
    assert "cannot tell" in done.stdout
    assert "left out: " in done.stderr
    assert "no such run folder or file" in done.stderr


def test_a_judge_and_a_protocol_are_chosen(call, results, tmp_path):
    done = call(results, "--out", tmp_path / "r.html", "--judge", "lexical", "--protocol", "v2.2")
    assert done.exit_code == 0, done.output
    assert "judge lexical, protocol v2.2" in done.stdout


@pytest.mark.parametrize(
    ("options", "reason"),
    [(("--judge", "org/judge"), "in this report: org/judge"), (("--dataset", "nowhere"), "expected a dataset folder")],
)
def test_nothing_to_show_is_an_error_with_the_reason(call, results, tmp_path, options, reason):
    done = call(results, "--out", tmp_path / "r.html", *options)
    assert reason in str(done.exception)
    assert not (tmp_path / "r.html").exists()


@pytest.mark.slow
def test_scores_are_written_into_the_card_of_their_dataset_alone(call, built, shared_pool, tmp_path):
    from omni_persona_build.pipeline import build
    from omni_persona_build.recipes import load_recipe
    from omni_persona_runner.baselines import load_baseline
    from omni_persona_runner.run_loop import run

    data = shutil.copytree(built, tmp_path / "omni-persona")
    run(load_baseline("baseline:abstain"), data, tmp_path / "run")
    done = call(tmp_path / "run", "--out", tmp_path / "r.html", "--media", "none", "--card", data)
    assert done.exit_code == 0, done.output
    assert "| baseline:abstain | 0.0 | 100.0 | 50.0 | " in (data / "README.md").read_text(encoding="utf-8")
    build(shared_pool.folder, load_recipe("tiny"), tmp_path / "other", seed=5)
    done = call(tmp_path / "run", "--out", tmp_path / "r.html", "--media", "none", "--card", tmp_path / "other")
    assert "got one over another dataset" in str(done.exception)
