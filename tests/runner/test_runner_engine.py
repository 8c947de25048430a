"""A server that is started for one run: it is ready in time or an error says why not, and it always ends afterwards."""

from __future__ import annotations

import base64
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile
from slow_cases import slow_but

from omni_persona_artifacts.run_folder import read_manifest, read_predictions
from omni_persona_runner import engine
from omni_persona_runner.endpoint import EndpointModel
from omni_persona_runner.engine import Settings, serve, transformers_command, vllm_command
from omni_persona_runner.model import LoadError
from omni_persona_runner.run_loop import RunSummary, run
from omni_persona_runner.transformers_model import TransformersModel

STAND_IN = Path(__file__).parents[1] / "helpers" / "stand_in_vllm.py"


@pytest.fixture
def stand_in_log(tmp_path, monkeypatch):
    """Reads what the stand-in notes: its processes, arguments and requests."""
    file = tmp_path / "stand-in.json"
    monkeypatch.setenv("STAND_IN_LOG", str(file))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-server")
    return lambda: json.loads(file.read_text())


def program(mode):
    return shlex.join([sys.executable, str(STAND_IN), mode])


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone(stand_in_log):
    """Whether both processes end; the kernel takes a moment to end the worker, for which nobody can wait."""
    end = time.monotonic() + 60
    while is_alive(stand_in_log()["pid"]) or is_alive(stand_in_log()["worker"]):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


SETTINGS = Settings(model="org/model", most_media=5)


def test_vllm_is_started_with_what_the_prompts_need():
    settings = Settings("org/model", 5, revision="main", dtype="float16", trust_remote_code=True)
    command = vllm_command(settings, 81, "/usr/local/a b/vllm".replace(" ", "\\ "))
    assert command[:3] == ["/usr/local/a b/vllm", "serve", "org/model"]
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == "81"
    assert json.loads(command[command.index("--limit-mm-per-prompt") + 1]) == {"image": 5, "audio": 5}
    assert command[command.index("--served-model-name") + 1] == "org/model"
    assert {"--enable-prefix-caching", "--trust-remote-code"} <= set(command)
    assert (command[command.index("--revision") + 1], command[command.index("--dtype") + 1]) == ("main", "float16")
    with pytest.raises(ValueError, match="--device"):
        vllm_command(Settings("m", 5, device="cuda:1"), 81)
    with pytest.raises(ValueError, match="--revision"):
        transformers_command(Settings("m", 5, revision="main"), 81)


@pytest.mark.parametrize("mode", slow_but(["up"], ["up", "late"]))
def test_a_run_through_a_server_of_its_own(dataset, tmp_path, stand_in_log, mode):
    lines = []

    def on_wait(_, line):
        lines.append(line)
        if line == "loading weights":
            (tmp_path / "stand-in.json.up").touch()

    settings = Settings("org/model", engine.most_media(dataset))
    with serve("vllm", settings, program=program(mode), on_wait=on_wait) as server:
        model = EndpointModel(
            server.url, "org/model", api_key_env=None, sampling_rate=16_000, engine="vllm", versions=server.versions
        )
        assert run(model, dataset, tmp_path / "run") == RunSummary(16, 0, 0)
    assert gone(stand_in_log)
    assert mode == "up" or "loading weights" in lines
    arguments = stand_in_log()["arguments"]
    assert json.loads(arguments[arguments.index("--limit-mm-per-prompt") + 1])["image"] == 5
    request = stand_in_log()["requests"][0]
    assert request["model"] == "org/model"
    # No key of another server goes there, and clips have the rate that models hear at.
    assert request["authorization"] == "Bearer none"
    clips = [part["input_audio"]["data"] for part in request["messages"][1]["content"] if part["type"] == "input_audio"]
    assert {soundfile.info(io.BytesIO(base64.b64decode(clip))).samplerate for clip in clips} == {16_000}
    manifest = read_manifest(tmp_path / "run")
    assert manifest["versions"]["vllm"] == "9.9.9"
    assert manifest["model"] == {"name": "org/model", "engine": "vllm"}
    # The next server has another port, and is no other model for that.
    with serve("vllm", settings, program=program("up")) as server:
        model = EndpointModel(server.url, "org/model", engine="vllm", versions={"vllm": "10"})
        assert run(model, dataset, tmp_path / "run") == RunSummary(0, 16, 0)


def test_a_server_that_breaks_is_reported_with_its_last_lines(stand_in_log):
    with pytest.raises(LoadError) as broken, serve("vllm", SETTINGS, program=program("broken")):
        pytest.fail("it never comes up")
    assert "vllm ended with exit code 3" in str(broken.value)
    assert "no such architecture" in str(broken.value)
    assert "0123456789abcdef" not in str(broken.value)


def test_a_server_that_never_comes_up_is_left_after_a_bounded_wait(stand_in_log, tmp_path):
    def on_wait(*_):
        # Its own start takes as long as this machine needs.
        until = time.monotonic() + 120
        while not (tmp_path / "stand-in.json").exists() and time.monotonic() < until:
            time.sleep(0.01)

    with (
        pytest.raises(LoadError, match=r"(?s)did not start within 1 s; its last lines:\n  loading weights"),
        serve("vllm", SETTINGS, program=program("never"), start_seconds=1, on_wait=on_wait),
    ):
        pytest.fail("it never comes up")
    assert gone(stand_in_log)


def test_a_server_that_dies_ends_the_run_with_its_last_lines(dataset, tmp_path, stand_in_log):
    with (
        pytest.raises(LoadError, match=r"(?s)vllm ended with exit code 7.*device-side assert"),
        serve("vllm", SETTINGS, program=program("dies")) as server,
    ):
        run(EndpointModel(server.url, "org/model", first_wait=0.01, concurrency=1), dataset, tmp_path / "run")
    assert len(read_predictions(tmp_path / "run")) == 1


def test_a_program_that_is_not_there_is_reported_with_what_to_do():
    with (
        pytest.raises(LoadError, match=r"cannot start /nowhere/vllm: No such file.*--vllm-command"),
        serve("vllm", SETTINGS, program="/nowhere/vllm"),
    ):
        pytest.fail("it never comes up")


@pytest.mark.parametrize("name", slow_but(["SIGTERM", "SIGKILL"], ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"]))
def test_the_server_ends_with_a_command_that_is_stopped_or_killed(dataset, tmp_path, stand_in_log, name):
    number = getattr(signal, name)
    command = [sys.executable, "-m", "omni_persona_cli", "run", "--engine", "vllm", "--model", "org/model"]
    command += ["--vllm-command", program("never"), "--dataset", str(dataset), "--out", str(tmp_path / "run")]
    child = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 120
        while not (tmp_path / "stand-in.json").exists():
            assert child.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        child.send_signal(number)
        child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert gone(stand_in_log)


KILLED_AT_ONCE = """
import os, signal, sys
from omni_persona_runner import engine

def dies(process, line):
    print(watcher_and_server, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

watcher_and_server, start = [], engine.subprocess.Popen.__init__

def noted(process, *given, **named):
    start(process, *given, **named)
    watcher_and_server.append(process.pid)

engine.subprocess.Popen.__init__ = noted
engine._tell = dies
with engine.serve("vllm", engine.Settings("org/model", 5), program=sys.argv[1]):
    pass
"""


def test_a_run_that_is_killed_as_its_server_starts_leaves_none(tmp_path, stand_in_log):
    done = subprocess.run([sys.executable, "-c", KILLED_AT_ONCE, program("never")], stdout=subprocess.PIPE, check=False)
    assert done.returncode == -signal.SIGKILL
    watcher_and_server = json.loads(done.stdout)
    assert len(watcher_and_server) == 2
    until = time.monotonic() + 120
    while any(map(is_alive, watcher_and_server)):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert not (tmp_path / "stand-in.json").exists()


@pytest.mark.slow
def test_transformers_serve_answers_as_the_local_model(checkpoint, dataset, tmp_path, require_extra):
    require_extra("fastapi")
    require_extra("uvicorn")
    require_extra("openai")
    settings = Settings(str(checkpoint), engine.most_media(dataset), device="cpu")
    with serve("transformers-serve", settings, start_seconds=240) as server:
        served = EndpointModel(
            server.url,
            str(checkpoint),
            max_new_tokens=8,
            concurrency=2,
            api_key_env=None,
            sampling_rate=engine.SAMPLING_RATE,
            engine="transformers-serve",
        )
        assert run(served, dataset, tmp_path / "served", limit=8) == RunSummary(8, 0, 0)
    run(TransformersModel(checkpoint, max_new_tokens=8), dataset, tmp_path / "local", limit=8)
    answers = [
        {name: (line.prediction, line.input_tokens, line.output_tokens, line.finish) for name, line in lines.items()}
        for lines in map(read_predictions, (tmp_path / "served", tmp_path / "local"))
    ]
    assert len(answers[0]) == 8
    assert answers[0] == answers[1]
