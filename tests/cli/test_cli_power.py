"""`omni-persona power`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from omni_persona_cal import detectable_difference, source_samples_needed
from omni_persona_cli import power

app = typer.Typer()
app.command()(power.power)


def call(*arguments: Any) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "120"})


def rows(output: str) -> list[list[str]]:
    return [line.split() for line in output.splitlines() if re.match(r" *\d+  ", line)]


def test_a_difference_and_the_table() -> None:
    needed = source_samples_needed(0.05)
    assert rows(call("--difference", 5).output) == [["5", f"{needed}", f"{3 * needed:,}"]]
    table = rows(call().output)
    assert [row[0] for row in table] == ["2", "3", "5", "7", "10", "15"]
    assert ["5", f"{needed}", f"{3 * needed:,}"] in table


def test_few_people_cannot_tell_small_differences() -> None:
    assert "needs more people" in call("--people", 10).output
    refused = call("--people", 10, "--difference", 1)
    assert "10 people cannot tell a difference of 1 points" in str(refused.exception)


def test_what_a_dataset_can_tell(built: Path) -> None:
    done = call("--dataset", built)
    assert done.exit_code == 0, done.output
    # The recipe tiny: 72 of 144 items are answerable, three to a source sample.
    assert done.output.startswith("144 items over 48 source samples about ")
    n_people = int(done.output.split(" about ")[1].split()[0])
    detectable = detectable_difference(72, 72, 48, n_people)
    assert detectable is not None
    assert f"about {100 * detectable:.1f} points" in done.output
    assert "alone" in str(call("--dataset", built, "--difference", 5).exception)


@pytest.mark.parametrize("bad", [("--difference", 0), ("--people", 1), ("--answerable", 1), ("--power", 0.2)])
def test_options_out_of_range_are_refused(bad: tuple[str, float]) -> None:
    assert call(*bad).exit_code == 2
