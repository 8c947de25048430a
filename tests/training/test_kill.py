"""A training that is killed goes on where it was, and ends as one that was not. Subprocesses, so slow."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kills import Case, lines, ten_kills, warm_up
from tuning_cases import OPTIONS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


HELD = """
import sys, time
from transformers import Trainer

save = Trainer._save_checkpoint

def held(trainer, *given, **named):
    while trainer.state.global_step >= 4:
        time.sleep(1)
    save(trainer, *given, **named)

Trainer._save_checkpoint = held
from omni_persona_cli.app import main
sys.argv[0] = "omni-persona"
main()
"""
"""The command, which saves its first checkpoint and does not get beyond its second one."""


def start(command, data, model, out, code="from omni_persona_cli.app import main; main()"):
    options = (*OPTIONS[command], "--rank", 4, "--alpha", 8, "--save-every", 2, "--no-recompute")
    arguments = ("--dataset", data, "--model", model, "--out", out, "--device", "cpu", *options)
    line = [sys.executable, "-c", code, command, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def is_whole(checkpoint):
    """Whether its last file is there, and not half written."""
    try:
        return bool(json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, json.JSONDecodeError):
        return False


def killed_after(process, checkpoint):
    """Kill a training once a checkpoint is there."""
    until = time.monotonic() + 400
    while not is_whole(checkpoint):
        assert process.poll() is None and time.monotonic() < until, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("command", ["sft", "rlvr"])
def test_a_killed_training_ends_as_one_that_was_not(sure, eight, tmp_path, command):
    import torch
    from safetensors.torch import load_file

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    first = start(command, eight, sure, killed, HELD)
    killed_after(first, killed / "checkpoints" / "checkpoint-2")
    assert not (killed / "adapter_model.safetensors").exists()
    again, beside = start(command, eight, sure, killed), start(command, eight, sure, whole)
    (said, notes), (_, trouble) = again.communicate(timeout=300), beside.communicate(timeout=300)
    assert again.returncode == 0, notes
    assert beside.returncode == 0, trouble
    assert "going on from checkpoint-" in notes and "Next: omni-persona run" in said
    one, other = (load_file(folder / "adapter_model.safetensors") for folder in (killed, whole))
    assert all(torch.allclose(one[name], other[name], atol=1e-6) for name in one)
    steps = [json.loads(line)["step"] for line in (killed / "curve.jsonl").read_text(encoding="utf-8").splitlines()]
    assert steps == list(range(1, OPTIONS[command][1] + 1))
    if command == "rlvr":
        assert "<think>Context: 2</think>" in (killed / "prompt.txt").read_text(encoding="utf-8")
        assert f"--prompt {killed / 'prompt.txt'}" in said


@dataclass
class Weights:
    """The tensors of an adapter."""

    tensors: dict[str, Any]

    def __eq__(self, other: object) -> bool:
        import torch

        assert isinstance(other, Weights)
        same = (torch.allclose(self.tensors[name], other.tensors[name], atol=1e-6) for name in self.tensors)
        return self.tensors.keys() == other.tensors.keys() and all(same)


def result(folder: Path) -> Any:
    from safetensors.torch import load_file

    steps = [line["step"] for line in lines(folder / "curve.jsonl")]
    # Checkpoints but the last may have been made and removed by either.
    names = {path.relative_to(folder).as_posix() for path in folder.iterdir()}
    return Weights(load_file(folder / "adapter_model.safetensors")), steps, names


@pytest.mark.parametrize("command", ["sft", "rlvr"])
def test_ten_kills(sure, eight, tmp_path, command):
    warm_up(tmp_path)
    options = {
        "sft": ("--steps", 4, "--batch-size", 2, "--micro-batch", 2),
        "rlvr": ("--steps", 4, "--batch-size", 1, "--micro-batch", 1, "--group-size", 2, "--max-new-tokens", 2),
    }[command]
    words = [command, "--dataset", eight, "--model", sure, "--out", "adapter", "--device", "cpu", *options]
    words += ["--rank", 2, "--alpha", 4, "--save-every", 1, "--no-recompute", "--learning-rate", 1e-3]
    ten_kills(Case(words, lambda folder: None, "adapter", result, together=5), tmp_path)
