"""`omni-persona score`: the table, and what is said of groups that do not need their modality."""

import json
import shutil

import pytest
import typer
from typer.testing import CliRunner

import omni_persona
from omni_persona_artifacts.check_results import write_check_results
from omni_persona_cli import score


@pytest.fixture
def scored(dataset, tmp_path):
    """Scores answers to a copy of the dataset, which a change is made to before."""
    app = typer.Typer()
    app.command()(score.score)

    def scored(change, *more):
        folder = shutil.copytree(dataset, tmp_path / "omni-persona")
        change(folder)
        answers = tmp_path / "answers.jsonl"
        lines = [{"augmented_id": item.augmented_id, "prediction": "a pilot"} for item in omni_persona.read(folder)]
        answers.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return CliRunner().invoke(app, [str(answers), "--dataset", str(folder), *more], env={"COLUMNS": "120"})

    return scored


def test_groups_that_do_not_need_their_modality_get_a_star_and_a_line(scored):
    unneeded = {"A2A": ["noise floor", "level\x1b[2J"], "elsewhere": ["x"]}
    done = scored(lambda folder: write_check_results(folder, [], unneeded))
    assert done.exit_code == 0, done.output
    head = next(line for line in done.stdout.splitlines() if "I2I" in line)
    assert "A2A *" in head
    assert head.count("*") == 1
    lines = [line for line in done.stdout.splitlines() if line.startswith("* ")]
    (mark,) = lines
    assert mark.startswith("* A2A does not need its modality (shortcuts that work: noise floor; level")
    assert "\x1b" not in mark


def test_without_marks_nothing_is_said(scored):
    done = scored(lambda folder: None)
    assert done.exit_code == 0, done.output
    assert "*" not in done.stdout


def test_results_of_checks_that_cannot_be_read_do_not_stop_the_scores(scored):
    done = scored(lambda folder: (folder / "checks.json").write_text("{"))
    assert done.exit_code == 0, done.output
    assert "Cal" in done.stdout
    assert "checks.json: expected the results of" in done.stderr


def test_json_is_json_alone(scored):
    done = scored(lambda folder: write_check_results(folder, [], {"A2A": ["level"]}), "--json")
    assert json.loads(done.stdout)["n_items"] == 16


def test_scores_say_which_groups_do_not_need_their_modality(scored):
    done = scored(lambda folder: write_check_results(folder, [], {"A2A": ["level"]}), "--json")
    assert json.loads(done.stdout)["does_not_need_its_modality"] == {"A2A": ["level"]}


@pytest.mark.parametrize(("change", "expected"), [(None, {}), ("{", None)])
def test_scores_say_nothing_of_groups_that_were_not_checked(scored, change, expected):
    done = scored(lambda folder: change and (folder / "checks.json").write_text(change), "--json")
    assert json.loads(done.stdout)["does_not_need_its_modality"] == expected


def test_cal_without_an_interval_is_explained(dataset, tmp_path):
    """All abstentions: Ans 0 and TA 1, which no item contradicts."""
    app = typer.Typer()
    app.command()(score.score)
    answers = tmp_path / "answers.jsonl"
    lines = [
        {"augmented_id": item.augmented_id, "prediction": omni_persona.ABSTENTION}
        for item in omni_persona.read(dataset)
    ]
    answers.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = CliRunner().invoke(app, [str(answers), "--dataset", str(dataset)], env={"COLUMNS": "120"})
    assert done.exit_code == 0, done.output
    cal = next(line for line in done.stdout.splitlines() if line.startswith("Cal "))
    assert cal.split()[:3] == ["Cal", "50.0", "-"]
    assert "Cal has no interval: too few answers differ from always abstaining" in done.stdout
