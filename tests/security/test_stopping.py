"""A command that is stopped ends, says so, and leaves nothing behind: no draft, no worker."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forked import all_end, living
from slow_cases import slow_but


def started(arguments: list[str], folder: Path, *program: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *(program or ("-m", "omni_persona_cli")), *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def appears(folder: Path, pattern: str, seconds: float = 60) -> None:
    """Wait until there is such a file or folder."""
    end = time.monotonic() + seconds
    while not list(folder.glob(pattern)):
        assert time.monotonic() < end, f"{pattern} never appeared"
        time.sleep(0.02)


def listens(process: subprocess.Popen, seconds: float = 60) -> None:
    """Wait until a command handles signals, which it does after its first imports. SIGHUP's handler is the last one."""
    end = time.monotonic() + seconds
    status = Path(f"/proc/{process.pid}/status")
    while not int(status.read_text().partition("SigCgt:")[2].split()[0], 16) >> (signal.SIGHUP - 1) & 1:
        assert process.poll() is None and time.monotonic() < end, "it does not listen to signals"
        time.sleep(0.02)


@pytest.mark.parametrize("name", slow_but(["SIGINT"], ["SIGINT", "SIGTERM", "SIGHUP"]))
def test_a_signal_ends_a_command_with_its_workers_and_draft(tmp_path, name):
    number = getattr(signal, name)
    process = started(["pool", "--personas", "400", "--voices", "synthetic", "--out", "people"], tmp_path)
    appears(tmp_path, ".people.draft-*/media/*")
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "stopped; nothing was left half-written" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
    end = time.monotonic() + 20
    while living(process.pid) and time.monotonic() < end:
        time.sleep(0.1)
    assert living(process.pid) == []


@pytest.mark.slow
def test_workers_of_a_killed_command_end_and_the_next_one_tidies_up(tmp_path):
    process = started(["pool", "--personas", "400", "--voices", "synthetic", "--out", "people"], tmp_path)
    appears(tmp_path, ".people.draft-*/media/*")
    process.kill()
    process.communicate(timeout=60)
    end = time.monotonic() + 60
    while living(process.pid) and time.monotonic() < end:
        time.sleep(0.1)
    assert living(process.pid) == []
    process = started(["pool", "--personas", "2", "--voices", "synthetic", "--out", "people"], tmp_path)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "which an interrupted command had left" in err
    assert [path.name for path in tmp_path.iterdir()] == ["people"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_build_stops_at_any_moment_by_a_signal(tmp_path, name):
    """At twelve moments of a build; where it was done first, it is done."""
    number = getattr(signal, name)
    moments = random.Random(0)
    process = started(["pool", "--personas", "24", "--voices", "synthetic", "--out", "people"], tmp_path)
    process.communicate(timeout=120)
    assert process.returncode == 0
    for turn in range(12):
        process = started(["build", "--pool", "people", "--out", f"{turn}/omni-persona"], tmp_path)
        listens(process)
        time.sleep(moments.uniform(0, 7.5))
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode in (0, 128 + number, -number), err
        assert "Traceback" not in err
        if process.returncode != 0 and not (tmp_path / str(turn) / "omni-persona").exists():
            assert not (tmp_path / str(turn)).exists()
    assert not [path for path in tmp_path.rglob(".*") if path.name != ".omni-persona"]
    assert (tmp_path / "people" / "personas.jsonl").is_file()


WITH_CLUSTER = """
import time
from omni_persona_runner.fleet import Fleet

def ask(*_):
    print("has a cluster", flush=True)
    time.sleep(600)
    yield

Fleet.ask = ask
from omni_persona_cli.app import main
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_run_with_its_cluster(require_extra, dataset, tmp_path, monkeypatch, name):
    """Ray itself would let SIGTERM end the process with exit code 15 and without a message."""
    require_extra("ray")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    words = ["run", "--model", "baseline:random", "--dataset", str(dataset), "--ray", "--out", "run"]
    process = started(words, tmp_path, "-c", WITH_CLUSTER)
    assert process.stdout.readline() == "has a cluster\n", process.communicate()
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 128 + getattr(signal, name)
    assert err.endswith("stopped; repeat the command to continue\n") and "Traceback" not in err
    assert all_end(process.pid), "a process of the cluster lives on"
