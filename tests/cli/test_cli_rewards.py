"""`omni-persona rewards`: table, JSON lines, files and errors."""

import json

import pytest


@pytest.fixture
def rewards(command_line):
    def call(*arguments):
        return command_line("rewards", *arguments)

    return call


def test_table_says_where_policies_drift_to_and_what_was_published(rewards):
    done = rewards("--reward", "paper", "--p", 0.4, "--steps", 50)
    assert done.returncode == 0 and "paper, perception" in done.stdout and "87.2 / 27.6" in done.stdout


def test_json_is_one_record_a_line(rewards):
    done = rewards("--reward", "paper", "--reward", "grounded", "--p", 0.4, "--json")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 10
    drift = {(one["reward"], one["policy"]): one for one in records}
    assert drift["paper", "cannot tell"]["one_minus_fa"] < 0.05
    assert drift["grounded", "cannot tell"]["one_minus_fa"] == pytest.approx(0.7, abs=0.01)


def test_files_are_written(rewards, tmp_path, require_extra):
    require_extra("matplotlib")
    done = rewards("--reward", "paper", "--p", 0.4, "--steps", 5, "--out", tmp_path / "drift")
    assert done.returncode == 0
    names = {file.name for file in (tmp_path / "drift").iterdir() if not file.name.startswith(".")}
    assert names == {"rewards.csv", "rewards.svg"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--reward", "cal"), "expected a reward among paper, release, release as coded, grounded, got 'cal'"),
        (("--p", 0), "expected each p to be above 0 and at most 1"),
    ],
)
def test_bad_usage_is_reported(rewards, arguments, message):
    done = rewards(*arguments)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
