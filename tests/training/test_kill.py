"""A training that is killed goes on where it was, and ends as one that was not. Subprocesses, so slow."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

OPTIONS = {
    "sft": ("--steps", 8, "--batch-size", 4, "--micro-batch", 4, "--learning-rate", 1e-3),
    "rlvr": (
        "--steps",
        6,
        "--batch-size",
        2,
        "--micro-batch",
        2,
        "--group-size",
        2,
        "--max-new-tokens",
        4,
        "--reward",
        "grounded",
        "--learning-rate",
        1e-3,
    ),
}


def start(command, data, model, out):
    options = (*OPTIONS[command], "--rank", 4, "--alpha", 8, "--save-every", 2, "--no-recompute")
    arguments = ("--dataset", data, "--model", model, "--out", out, "--device", "cpu", *options)
    line = [sys.executable, "-m", "omni_persona_cli", command, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def killed_after(process, checkpoint):
    """Kill a training once a checkpoint is there."""
    until = time.monotonic() + 240
    while not (checkpoint / "trainer_state.json").exists():
        assert process.poll() is None and time.monotonic() < until, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("command", ["sft", "rlvr"])
def test_a_killed_training_ends_as_one_that_was_not(sure, eight, tmp_path, command):
    import torch
    from safetensors.torch import load_file

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    first = start(command, eight, sure, killed)
    killed_after(first, killed / "checkpoints" / "checkpoint-2")
    assert not (killed / "adapter_model.safetensors").exists()
    again, beside = start(command, eight, sure, killed), start(command, eight, sure, whole)
    (said, told), (_, trouble) = again.communicate(timeout=300), beside.communicate(timeout=300)
    assert again.returncode == 0, told
    assert beside.returncode == 0, trouble
    assert "going on from checkpoint-" in told and "Next: omni-persona run" in said
    one, other = (load_file(folder / "adapter_model.safetensors") for folder in (killed, whole))
    assert all(torch.allclose(one[name], other[name], atol=1e-6) for name in one)
    steps = [json.loads(line)["step"] for line in (killed / "curve.jsonl").read_text(encoding="utf-8").splitlines()]
    assert steps == list(range(1, OPTIONS[command][1] + 1))
    if command == "rlvr":
        assert "<think>Context: 2</think>" in (killed / "prompt.txt").read_text(encoding="utf-8")
        assert f"--prompt {killed / 'prompt.txt'}" in said
