"""`omni-persona run` as a user meets it: what goes wrong is a short message and exit code 2, and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from limits import python_within

from omni_persona_artifacts.run_folder import read_manifest, read_predictions, start_or_resume
from omni_persona_cli.app import main


@dataclass(frozen=True)
class Done:
    stdout: str
    stderr: str


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Runs the command in an empty folder, without a Hub, and gives what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("OPENAI_API_KEY", "none")

    def run(*arguments, code=2):
        monkeypatch.setattr(sys, "argv", ["omni-persona", "run", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        assert (stopped.value.code or 0) == code, said.out + said.err
        return Done(said.out, said.err)

    return run


def message(done):
    """The one line that an error is."""
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.stderr.endswith(line + "\n")
    return line


def content(folder):
    rows = [json.loads(row) for row in (Path(folder) / "predictions.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


# ---- what is no dataset


def test_a_folder_that_is_no_dataset_is_named(call, dataset, tmp_path):
    whole = (dataset / "data" / "test-0.parquet").read_bytes()
    for name, data in {"torn": whole[: len(whole) // 2], "words": b"question,answer\n"}.items():
        (tmp_path / name / "data").mkdir(parents=True)
        (tmp_path / name / "data" / "test-0.parquet").write_bytes(data)
    (tmp_path / "other" / "data").mkdir(parents=True)
    pq.write_table(pa.table({"question": ["why"]}), tmp_path / "other" / "data" / "test-0.parquet")
    (tmp_path / "file").touch()
    for name, expected in {
        "nowhere": "nowhere has no data/test-*.parquet: expected a dataset folder, as `omni-persona build` writes",
        "file": "file has no data/test-*.parquet: expected a dataset folder, as `omni-persona build` writes",
        "torn": "torn/data/test-0.parquet: expected a Parquet file of a dataset",
        "words": "words/data/test-0.parquet: expected a Parquet file of a dataset",
        "other": "without column 'augmented_id'",
    }.items():
        assert expected in message(call("--model", "baseline:abstain", "--dataset", name, "--out", "run"))
    assert not (tmp_path / "run").exists()


# ---- what is no model


def test_what_cannot_be_asked_is_reported_before_anything_is_written(call, dataset, checkpoint, tmp_path):
    (tmp_path / "bare").mkdir()
    for file in ("config.json", "model.safetensors"):
        (tmp_path / "bare" / file).write_bytes((checkpoint / file).read_bytes())
    for arguments, expected in {
        ("--model", "nobody/nothing"): "configuration of model nobody/nothing, which is no folder here",
        ("--model", "./bare"): "processor of model ./bare",
        ("--model", checkpoint, "--prompt", "none.txt"): "cannot read the prompt none.txt",
        ("--model", checkpoint, "--batch-size", "many"): "expected --batch-size to be a number or auto, got 'many'",
        ("--model", "baseline:abstain", "--reason"): "baseline:abstain reads no prompt",
        ("--model", "baseline:nearest", "--max-new-tokens", "8"): "writes no tokens",
        (
            "--model",
            "baseline:abstain",
            "--max-pixels",
            "9",
        ): "only apply to checkpoints; baseline:abstain is not loaded here",
        (
            "--model",
            "m",
            "--endpoint",
            "http://localhost:1",
            "--revision",
            "main",
        ): "only apply to checkpoints; m is not loaded here",
        ("--model", checkpoint, "--revision", "main"): "is a folder: a revision is of a checkpoint on the Hub",
        ("--model", "baseline:abstain", "--ray-workers", "2"): "--ray-workers is for --ray",
        ("--model", "m", "--endpoint", "http://localhost:1", "--ray"): "expected --endpoint or --ray, got both",
        ("--model", checkpoint, "--ray", "--device", "cuda:1"): "expected --device cpu or none with --ray",
        ("--model", "m", "--endpoint", "localhost:1"): "expected an endpoint such as http://localhost:8000/v1",
    }.items():
        assert expected in message(call(*arguments, "--dataset", dataset, "--out", "run"))
        assert not (tmp_path / "run").exists()


def test_an_endpoint_that_speaks_html_ends_the_run(call, dataset, tmp_path):
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html><body>Welcome</body></html>")

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{http.server_port}/v1"
        done = call("--model", "m", "--endpoint", url, "--dataset", dataset, "--out", "run")
        http.shutdown()
        thread.join()
    assert message(done).startswith(f"error: no OpenAI-compatible endpoint at {url}: it replied '<html>")
    assert read_predictions(tmp_path / "run") == {}


# ---- what is kept


@pytest.mark.slow
def test_a_disk_that_fills_up_costs_nothing_that_was_answered(call, dataset, tmp_path):
    arguments = ("--model", "baseline:nearest", "--dataset", dataset, "--out")
    # No file may grow beyond this, as on a disk that is full: room for the manifest, and for some of the answers.
    done = subprocess.run(
        [*python_within(RLIMIT_FSIZE=2_000), "-m", "omni_persona_cli", "run", *map(str, arguments), "run"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "cannot write 'run/predictions.jsonl': File too large" in message(done)
    assert 1 <= len(read_predictions(tmp_path / "run")) < 16
    call(*arguments, "run", code=0)
    call(*arguments, "undisturbed", code=0)
    assert content(tmp_path / "run") == content(tmp_path / "undisturbed")


def test_a_folder_in_which_a_run_is_at_work_is_refused(call, dataset, tmp_path):
    same = ("--model", "baseline:abstain", "--dataset", dataset, "--out", "run", "--limit", "2")
    call(*same, code=0)
    with start_or_resume(tmp_path / "run", read_manifest(tmp_path / "run")):
        assert message(call(*same)).startswith("error: another run is using run: wait until it ends")


def test_a_start_that_failed_leaves_the_folder_free(call, dataset, checkpoint, tmp_path):
    same = ("--model", checkpoint, "--dataset", dataset, "--out", "run", "--limit", "2", "--max-new-tokens", "2")
    assert "cannot load the weights" in message(call(*same, "--attention", "flash_attention_2"))
    call(*same, code=0)
    assert read_manifest(tmp_path / "run")["model"]["attention"] is None
    # Now there is something to keep.
    call(*same, "--attention", "eager")


def test_another_run_is_refused_with_what_differs(call, dataset, checkpoint):
    same = ("--model", checkpoint, "--dataset", dataset, "--out", "run", "--limit", "2", "--max-new-tokens", "2")
    call(*same, code=0)
    done = call(*same[:-1], "3", "--cues", "as-released", "--without", "image", "--max-pixels", "900")
    assert done.stderr.splitlines()[-4:] == [
        "  model.max_pixels: 1048576 there, 900 now",
        '  prompt.without: [] there, ["image"] now',
        '  cues: "isolated" there, "as-released" now',
        "  generation.max_new_tokens: 2 there, 3 now",
    ]


def test_a_limit_of_24_spreads_over_groups_and_absences(call, write_dataset, make_row, tmp_path):
    tasks = ("visual_to_bio", "voice_to_bio", "semantic_to_bio", "dialogue_to_bio")
    absences = ("none", "absent_persona", "absent_attribute")
    rows = [make_row(index, tasks[index % 4], absences[index // 4 % 3], n_contexts=1) for index in range(60)]
    folder = write_dataset(tmp_path / "omni-persona", rows)
    call("--model", "baseline:abstain", "--dataset", folder, "--out", "run", "--limit", "24", code=0)
    strata = {row["augmented_id"]: (row["group"], row["absence"]) for row in rows}
    counts = Counter(strata[name] for name in read_predictions(tmp_path / "run"))
    assert counts == dict.fromkeys({*strata.values()}, 2)
    assert len(counts) == 12
    assert read_manifest(tmp_path / "run")["limit"] == 24


@pytest.mark.parametrize("option", ["--limit", "--subset"])
def test_more_items_than_there_are_is_said_in_one_line(call, dataset, option):
    more = f"{option} 17 is more than the dataset's 16 items: all were taken\n"
    for number, told in ((16, ""), (17, more), (17, more)):
        done = call(
            "--model", "baseline:abstain", "--dataset", dataset, "--out", f"run{number}", option, number, code=0
        )
        assert done.stderr == told
