"""A run that was interrupted or killed resumes and ends in the same file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest
from echo_model import IDS, Echo, content

from omni_persona_artifacts.run_folder import RunFolderError
from omni_persona_runner.run_loop import RunSummary, run

# ---- stopping and going on


class Stopping(Echo):
    """Is interrupted, as by Ctrl-C, at its seventh item."""

    def one(self, item):
        if len(self.asked) == 7:
            raise KeyboardInterrupt
        return super().one(item)


def test_an_interrupted_run_goes_on_to_the_same_file(dataset, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(Stopping(), dataset, tmp_path / "run")
    assert [row["augmented_id"] for row in content(tmp_path / "run")] == IDS[:6]
    assert run(Echo(), dataset, tmp_path / "run") == RunSummary(10, 6, 0)
    run(Echo(), dataset, tmp_path / "undisturbed")
    assert content(tmp_path / "run") == content(tmp_path / "undisturbed")


SLOW = """
import os, sys, time
from omni_persona_runner.model import Answer, LoadError, ModelError
from omni_persona_artifacts.dataset_folder import DatasetFolder
from omni_persona_runner.run_loop import run

class Slow:
    name = "fake:slow"
    def describe(self):
        return {"revision": "abc"}
    def check(self, items):
        pass
    def answer(self, items):
        for item in items:
            time.sleep(float(sys.argv[3]))
            while item.augmented_id == "sample_13__aug_0" and not os.path.exists(sys.argv[4]):
                time.sleep(0.01)
            if item.augmented_id == "sample_4__aug_0":
                yield ModelError(item.augmented_id, "broken")
            else:
                yield Answer(item.augmented_id, item.query_text, 1, 1, time.perf_counter())

run(Slow(), sys.argv[1], sys.argv[2])
"""


@pytest.fixture(scope="module")
def start_slow(dataset):
    """Starts a slow run in a process of its own; its last items wait until the file `until` is there."""

    def start(out, pause, until="/"):
        arguments = [sys.executable, "-c", SLOW, str(dataset), str(out), str(pause), str(until)]
        return subprocess.Popen(arguments, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})

    return start


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_file(start_slow, tmp_path):
    """kill -9, twice, then left alone; the second time there is half a line too, as a full pipe would leave it."""
    killed = tmp_path / "killed"
    predictions = killed / "predictions.jsonl"
    for n_lines in (4, 9):
        process = start_slow(killed, 0.1, until=tmp_path / "never")
        deadline = time.monotonic() + 120
        while not predictions.exists() or predictions.read_bytes().count(b"\n") < n_lines:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 9 <= predictions.read_bytes().count(b"\n") < 16
    with predictions.open("ab") as file:
        file.write(b'{"augmented_id": "sample_12__aug_0", "predict')

    assert start_slow(killed, 0).wait() == 0
    assert start_slow(tmp_path / "undisturbed", 0).wait() == 0
    assert content(killed) == content(tmp_path / "undisturbed")
    assert [row["augmented_id"] for row in content(killed)] == IDS
    assert [row["augmented_id"] for row in content(killed) if row["status"] == "failed"] == [IDS[4]]


def test_a_run_that_was_killed_before_it_put_its_lines_in_order_does_so_later(dataset, tmp_path, monkeypatch):
    class Backwards(Echo):
        def answer(self, items):
            return reversed(list(super().answer(items)))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("omni_persona_runner.run_loop.arrange", killed)
        run(Backwards(), dataset, tmp_path / "run")
    assert [row["augmented_id"] for row in content(tmp_path / "run")] == IDS[::-1]
    assert run(Backwards(), dataset, tmp_path / "run") == RunSummary(0, 16, 0)
    assert [row["augmented_id"] for row in content(tmp_path / "run")] == IDS


def test_two_processes_do_not_share_a_folder(start_slow, dataset, tmp_path):
    out = tmp_path / "run"
    process = start_slow(out, 0, until=tmp_path / "tried")
    deadline = time.monotonic() + 120
    while not (out / "predictions.jsonl").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    model = Echo()
    model.name = "fake:slow"
    with pytest.raises(RunFolderError, match="another run is using"):
        run(model, dataset, out)
    assert model.asked == []
    (tmp_path / "tried").touch()
    assert process.wait() == 0
    assert [row["augmented_id"] for row in content(out)] == IDS


@pytest.mark.slow
def test_twenty_runs_killed_at_random_moments_end_in_the_same_file(start_slow, tmp_path):
    rng = np.random.default_rng(0)
    start = time.monotonic()
    assert start_slow(tmp_path / "undisturbed", 0.05).wait() == 0
    whole = time.monotonic() - start
    n_killed = 0
    for number in range(20):
        out = tmp_path / f"run_{number}"
        process = start_slow(out, 0.05)
        # From its start, when nothing is there yet, to its end.
        start = time.monotonic()
        with suppress(subprocess.TimeoutExpired):
            process.wait(whole * rng.uniform(0, 1))
            whole = min(whole, time.monotonic() - start)  # the machine has become faster
        n_killed += process.poll() is None
        process.kill()
        process.wait()
        assert start_slow(out, 0).wait() == 0
        assert content(out) == content(tmp_path / "undisturbed")
        assert [row["augmented_id"] for row in content(out)] == IDS
    assert n_killed >= 10
