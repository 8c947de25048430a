"""One run in two processes, as `torchrun` and `accelerate launch` start them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from omni_persona_artifacts.dataset_folder import DatasetFolder
from omni_persona_artifacts.run_folder import read_manifest, read_predictions, start_or_resume
from omni_persona_runner.ranks import Ranks
from omni_persona_runner.run_loop import siblings_together

SCRIPT = """
import os, sys
from omni_persona_artifacts.run_folder import RunFolderError
from omni_persona_runner.model import Answer, ModelError
from omni_persona_runner.run_loop import run

dataset, out, lost, revision = sys.argv[1:]

class Echo:
    name = "fake:echo"
    n_asked = 0
    def describe(self):
        return {"revision": revision}
    def check(self, items):
        pass
    def answer(self, items):
        for item in items:
            self.n_asked += 1
            if os.environ.get("RANK") == lost and self.n_asked == 3:
                os._exit(9)
            if item.augmented_id == "sample_4__aug_0":
                yield ModelError(item.augmented_id, "broken")
            else:
                yield Answer(item.augmented_id, item.query_text, 1, 1, 0.5)

try:
    summary = run(Echo(), dataset, out)
    # In one piece: the processes share their output.
    os.write(1, f"SUMMARY {os.environ.get('RANK')} {summary}\\n".encode())
except RunFolderError as error:
    print("ERROR", os.environ.get("RANK"), str(error).splitlines()[0])
    sys.exit(2)
"""


@pytest.fixture
def start(dataset, tmp_path):
    """Runs the script in some processes and gives its exit code and what it said."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)

    def call(out, launcher, lost="nobody", revision="abc"):
        done = subprocess.run(
            [sys.executable, *launcher, str(script), str(dataset), str(out), lost, revision],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return call


TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
ACCELERATE = ("-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1")
ACCELERATE += ("--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0")


def content(folder):
    return (folder / "predictions.jsonl").read_text()


@pytest.mark.slow
def test_two_processes_write_what_one_writes(start, tmp_path):
    assert start(tmp_path / "alone", ())[0] == 0
    code, said, errors = start(tmp_path / "two", TORCHRUN)
    assert code == 0, errors
    assert content(tmp_path / "two") == content(tmp_path / "alone")
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["predictions.jsonl", "run.json"]
    # Both know of the whole run.
    for rank in "01":
        assert f"SUMMARY {rank} RunSummary(n_done=15, n_skipped=0, n_failed=1, n_left=0)" in said


@pytest.mark.slow
def test_what_a_lost_process_left_is_done_on_resume(start, tmp_path):
    assert start(tmp_path / "alone", ())[0] == 0
    code, _, _ = start(tmp_path / "two", TORCHRUN, lost="1")
    assert code != 0
    left = read_predictions(tmp_path / "two")
    assert 2 <= len(left) < 16
    assert (tmp_path / "two" / "predictions.part-1.jsonl").exists()
    code, said, errors = start(tmp_path / "two", TORCHRUN)
    assert code == 0, errors
    n_answered = sum(line.status == "ok" for line in left.values())
    assert f"n_done={15 - n_answered}, n_skipped={n_answered}, n_failed=1" in said
    assert content(tmp_path / "two") == content(tmp_path / "alone")


@pytest.mark.slow
def test_a_process_alone_goes_on_with_what_several_left(start, tmp_path):
    start(tmp_path / "two", TORCHRUN, lost="0")
    assert start(tmp_path / "two", ())[0] == 0
    assert start(tmp_path / "alone", ())[0] == 0
    assert content(tmp_path / "two") == content(tmp_path / "alone")
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["predictions.jsonl", "run.json"]


@pytest.mark.slow
def test_another_run_is_refused_by_all_processes(start, tmp_path):
    assert start(tmp_path / "two", ())[0] == 0
    before = content(tmp_path / "two")
    code, said, _ = start(tmp_path / "two", TORCHRUN, revision="def")
    assert code != 0
    assert said.count("contains another run") >= 1
    assert content(tmp_path / "two") == before


@pytest.mark.slow
def test_a_folder_in_use_is_refused_by_all_processes(start, tmp_path):
    assert start(tmp_path / "two", ())[0] == 0
    with start_or_resume(tmp_path / "two", read_manifest(tmp_path / "two")):
        code, said, _ = start(tmp_path / "two", TORCHRUN)
    assert code != 0
    assert said.count("another run is using") >= 1
    assert "SUMMARY" not in said


@pytest.mark.slow
def test_accelerate_starts_it_too(start, tmp_path):
    assert start(tmp_path / "alone", ())[0] == 0
    code, _, errors = start(tmp_path / "two", ACCELERATE)
    assert code == 0, errors
    assert content(tmp_path / "two") == content(tmp_path / "alone")


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_every_sample_is_taken_whole_and_once(write_dataset, make_row, tmp_path, count):
    rows = [make_row(index // 3) for index in range(15)]
    for place, row in enumerate(rows):
        row["augmented_id"] = f"{row['source_sample_id']}__aug_{place % 3}"
    pending = siblings_together(DatasetFolder(write_dataset(tmp_path / "omni-persona", rows)).rows)
    shares = [Ranks(index, count).share(pending) for index in range(count)]
    assert sorted(row.item_id for share in shares for row in share) == sorted(row.item_id for row in pending)
    samples = [{row.source_sample_id for row in share} for share in shares]
    assert sum(map(len, samples)) == 5
    assert max(map(len, samples)) - min(map(len, samples)) <= 1


def test_scores_of_an_interrupted_run_see_all_parts(tmp_path):
    (tmp_path / "predictions.jsonl").write_text(json.dumps({"augmented_id": "a", "prediction": "x"}) + "\n")
    for part, name in enumerate("bc"):
        line = json.dumps({"augmented_id": name, "prediction": "y"})
        (tmp_path / f"predictions.part-{part}.jsonl").write_text(line + "\n" + '{"augmented_id": "d", "pre')
    assert list(read_predictions(tmp_path)) == ["a", "b", "c"]
