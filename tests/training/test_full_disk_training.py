"""A training on a disk that becomes full: reported in one line with its folder, and resumed when there is room."""

from __future__ import annotations

import json

import pytest
from command_world import called
from limits import files_up_to
from tuning_cases import OPTIONS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("limit", [0, 200, 3_000, 20_000])
@pytest.mark.parametrize("command", ["sft", "rlvr"])
def test_a_training_goes_on_when_there_is_room_again(sure, eight, tmp_path, command, limit):
    """The limit is met by the description, the log of a checkpoint, the adapter or the optimizer."""
    out = tmp_path / "adapter"
    options = (*OPTIONS[command], "--rank", 4, "--alpha", 8, "--save-every", 2, "--no-recompute")
    words = [command, "--dataset", eight, "--model", sure, "--out", out, "--device", "cpu", *options]
    with files_up_to(limit):
        code, output = called([str(word) for word in words])
    assert code == 2, output
    error = output[output.index("error: ") :]
    assert len(error.splitlines()) == 1 and str(out) in error and "make room there" in error, output
    assert "Traceback" not in output
    assert not list(tmp_path.rglob(".*"))
    code, output = called([str(word) for word in words])
    assert code == 0, output
    assert json.loads((out / "training.json").read_text())["complete"] is True
    assert not list(tmp_path.rglob(".*"))
