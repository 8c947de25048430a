from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.run_folder import (
    Prediction,
    RunFolderError,
    append_predictions,
    arrange,
    read_manifest,
    read_predictions,
)
from omni_persona_artifacts.run_folder import start_or_resume as starting

MANIFEST = {
    "model": {"name": "ORG/MODEL", "revision": "abc", "dtype": "float32"},
    "dataset": {"path": "/somewhere", "fingerprint": "f" * 64, "n_items": 3},
    "prompt": {"version": 1, "hash": "0" * 64},
    "cues": "isolated",
    "generation": {"max_new_tokens": 256},
    "seed": None,
    "limit": None,
    "versions": {"torch": "2.14"},
    "hardware": {"device": "cpu"},
    "created": "2026-01-01T00:00:00+00:00",
}


def start_or_resume(run, manifest):
    """The answers that a run finds, of a run that ends at once."""
    with starting(run, manifest) as answered:
        return answered


def line(name, text="yes", status="ok"):
    """A prediction; a failed one has an error for a text."""
    failed = status == "failed"
    return Prediction(name, None if failed else text, status, "broken" if failed else None, 10, 2, 0.5)


@pytest.fixture
def run(tmp_path):
    """A started run with two answers and a failed item."""
    folder = tmp_path / "run"
    assert start_or_resume(folder, MANIFEST) == {}
    append_predictions(folder, [line("a"), line("b", status="failed"), line("c")])
    return folder


def names(run):
    return [json.loads(row)["augmented_id"] for row in (run / "predictions.jsonl").read_text().splitlines()]


# ---- lines


def test_lines_come_back_as_they_were(run):
    assert list(read_predictions(run).values()) == [line("a"), line("b", status="failed"), line("c")]
    first = json.loads((run / "predictions.jsonl").read_text().splitlines()[0])
    assert first == asdict(line("a")) | {"dropped": []}


@pytest.mark.parametrize("text", ["", "naïve “quotes”", "two\nlines", "\u2028", "\x00", "half a pair \ud83d", "语"])
def test_any_text_survives(run, text):
    append_predictions(run, [line("odd", text)])
    assert read_predictions(run)["odd"].prediction == text


def test_the_last_line_of_an_item_counts(run):
    append_predictions(run, [line("b", "at last")])
    assert read_predictions(run)["b"] == line("b", "at last")


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_half_written_last_line_is_no_line(run, cut):
    file = run / "predictions.jsonl"
    file.write_bytes(file.read_bytes()[:-1][:-cut])
    assert list(read_predictions(run)) == ["a", "b"]


def test_a_whole_last_line_without_its_end_counts(run):
    file = run / "predictions.jsonl"
    file.write_bytes(file.read_bytes()[:-1])
    assert list(read_predictions(run)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"augmented_id": "b", "pre', "not a JSON record"),
        ("[1]", "expected a JSON object, got a list"),
        ('{"prediction": "yes"}', "expected augmented_id to be a string, got None"),
        ('{"augmented_id": "b", "prediction": 3}', r"\(b\): expected prediction to be a string, got 3"),
        ('{"augmented_id": "b", "prediction": "x", "status": "done"}', "expected status ok or failed, got 'done'"),
    ],
)
def test_a_corrupt_line_is_named_by_file_and_line(run, row, reason):
    file = run / "predictions.jsonl"
    rows = file.read_text().splitlines()
    file.write_text("\n".join([rows[0], row, rows[2], ""]))
    with pytest.raises(RunFolderError, match=rf"predictions\.jsonl:2.*{reason}"):
        read_predictions(run)


def test_a_second_answer_to_an_item_is_named(run):
    append_predictions(run, [line("a", "something else")])
    with pytest.raises(RunFolderError, match=r"predictions\.jsonl:4: expected each augmented_id once, got 'a' again"):
        read_predictions(run)


def test_files_of_the_upstream_scripts_are_read(tmp_path):
    file = tmp_path / "model_outputs.jsonl"
    file.write_text('{"augmented_id": "a", "model_prediction": "a nurse", "gold_answer": "nurse"}\n')
    assert read_predictions(file)["a"] == Prediction("a", "a nurse", "ok", None, None, None, None)


def test_an_upstream_line_without_an_answer_is_a_failed_one(tmp_path):
    file = tmp_path / "model_outputs.jsonl"
    file.write_text('{"augmented_id": "a", "model_prediction": null}\n')
    assert read_predictions(file)["a"].status == "failed"


def test_no_such_file_is_an_error(tmp_path):
    with pytest.raises(RunFolderError, match="no such run folder or file"):
        read_predictions(tmp_path / "nowhere")


def test_arrange_orders_lines_by_item(run):
    append_predictions(run, [line("b", "at last")])
    arrange(run, ["c", "b", "z", "a"])
    assert names(run) == ["c", "b", "a"]
    assert read_predictions(run)["b"].prediction == "at last"


def test_a_full_disk_is_an_error_that_names_the_file(run, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ArtifactError, match=r"cannot write .*predictions\.jsonl.*No space left"):
        append_predictions(run, [line("d")])


def test_a_disk_that_fills_up_while_lines_are_arranged_costs_none(run, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    before = {file.name: file.read_bytes() for file in run.iterdir()}
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ArtifactError, match=r"cannot write .*predictions\.jsonl.*No space left"):
        arrange(run, ["c", "b", "a"])
    assert {file.name: file.read_bytes() for file in run.iterdir()} == before


# ---- the manifest and resuming


def test_resuming_keeps_answers_and_drops_failed_lines(run):
    assert start_or_resume(run, MANIFEST) == {"a": line("a"), "c": line("c")}
    assert names(run) == ["a", "c"]


def test_resuming_drops_a_half_written_line_from_the_file(run):
    file = run / "predictions.jsonl"
    with file.open("a") as content:
        content.write('{"augmented_id": "d", "predic')
    start_or_resume(run, MANIFEST)
    append_predictions(run, [line("d")])
    assert list(read_predictions(run)) == ["a", "c", "d"]


def test_resuming_a_clean_run_writes_nothing(run):
    start_or_resume(run, MANIFEST)
    before = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in run.iterdir()}
    start_or_resume(run, {**MANIFEST, "created": "2027-01-01T00:00:00+00:00"})
    assert {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in run.iterdir()} == before


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"model": {**MANIFEST["model"], "revision": "def"}}, 'model.revision: "abc" there, "def" now'),
        ({"model": {**MANIFEST["model"], "name": "X"}}, 'model.name: "ORG/MODEL" there, "X" now'),
        ({"model": {**MANIFEST["model"], "class": "Y"}}, 'model.class: null there, "Y" now'),
        ({"dataset": {**MANIFEST["dataset"], "fingerprint": "e"}}, "dataset.fingerprint: "),
        ({"prompt": {"version": 2, "hash": "0" * 64}}, "prompt.version: 1 there, 2 now"),
        ({"prompt": None}, "prompt: "),
        ({"cues": "as-released"}, 'cues: "isolated" there, "as-released" now'),
        ({"generation": {"max_new_tokens": 64}}, "generation.max_new_tokens: 256 there, 64 now"),
        ({"seed": 1}, "seed: null there, 1 now"),
    ],
)
def test_another_run_is_refused_with_the_difference(run, change, differs):
    before = (run / "predictions.jsonl").read_bytes()
    with pytest.raises(RunFolderError) as error:
        start_or_resume(run, {**MANIFEST, **change})
    assert differs in str(error.value)
    _, *lines = str(error.value).splitlines()
    assert lines[1:] == (
        ["  (the dataset in /somewhere there, the one in /somewhere now)"] if "dataset" in change else []
    )
    assert (run / "predictions.jsonl").read_bytes() == before
    assert read_manifest(run) == MANIFEST


def test_what_may_differ_is_recorded(run):
    now = {**MANIFEST, "limit": 24, "versions": {"torch": "2.15"}, "dataset": {**MANIFEST["dataset"], "path": "/new"}}
    for _ in range(2):
        start_or_resume(run, now)
        manifest = read_manifest(run)
        assert manifest["limit"] == 24
        assert (manifest["versions"], manifest["created"]) == (MANIFEST["versions"], MANIFEST["created"])
        assert manifest["resumed_with"] == [{"versions": {"torch": "2.15"}, "hardware": MANIFEST["hardware"]}]


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("dear")
    with pytest.raises(RunFolderError, match="is not a run folder and not empty"):
        start_or_resume(tmp_path, MANIFEST)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_way_is_an_error(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(RunFolderError, match="cannot make the run folder"):
        start_or_resume(tmp_path / "run", MANIFEST)


def test_a_folder_from_a_run_killed_in_its_first_moment_is_taken(tmp_path):
    (tmp_path / ".run.json.new").write_text('{"mod')
    assert start_or_resume(tmp_path, MANIFEST) == {}


def test_a_run_without_a_line_makes_room_for_another(tmp_path):
    start_or_resume(tmp_path, {**MANIFEST, "model": {"name": "a", "attention": "flash_attention_2"}})
    (tmp_path / "predictions.jsonl").write_text('{"augmented_id": "a", "predic')
    assert start_or_resume(tmp_path, MANIFEST) == {}
    assert read_manifest(tmp_path) == MANIFEST
    assert (tmp_path / "predictions.jsonl").read_text() == ""


def test_a_run_that_failed_throughout_makes_no_room(run):
    (run / "predictions.jsonl").unlink()
    append_predictions(run, [line("a", status="failed")], part=1)
    with pytest.raises(RunFolderError, match="contains another run"):
        start_or_resume(run, {**MANIFEST, "seed": 1})
    assert list(read_predictions(run)) == ["a"]


@pytest.mark.parametrize("written", ["ck/tiny", "ck/tiny/", "./ck/../ck/tiny", "{}/ck/tiny"])
def test_a_checkpoints_folder_is_one_however_its_path_is_written(run, tmp_path, monkeypatch, written):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ck" / "tiny").mkdir(parents=True)
    (tmp_path / "ck" / "other").mkdir(parents=True)
    first = {**MANIFEST, "model": {"name": "ck/tiny"}}
    (run / "run.json").write_text(json.dumps(first))
    assert list(start_or_resume(run, {**MANIFEST, "model": {"name": written.format(tmp_path)}})) == ["a", "c"]
    # The manifest keeps the path as it was first written.
    assert read_manifest(run)["model"] == {"name": "ck/tiny"}
    with pytest.raises(RunFolderError, match=r'model\.name: "ck/tiny" there, "ck/other" now'):
        start_or_resume(run, {**MANIFEST, "model": {"name": "ck/other"}})


@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_a_broken_manifest_is_an_error(run, content):
    (run / "run.json").write_text(content)
    with pytest.raises(RunFolderError, match=r"run\.json(:1)?: "):
        start_or_resume(run, MANIFEST)


def test_a_folder_without_a_manifest_is_no_run(tmp_path):
    with pytest.raises(RunFolderError, match=r"is not a run folder: it has no run\.json"):
        read_manifest(tmp_path)


# ---- one run at a time


def test_a_second_run_is_kept_out_until_the_first_ends(run):
    with starting(run, MANIFEST):
        append_predictions(run, [line("d")], part=0)
        with pytest.raises(RunFolderError, match=r"^another run is using .*run: wait until it ends, or"):
            start_or_resume(run, MANIFEST)
        assert list(read_predictions(run)) == ["a", "c", "d"]
    assert list(start_or_resume(run, MANIFEST)) == ["a", "c", "d"]


@pytest.mark.parametrize("fault", [errno.ENOSYS, errno.ENOLCK], ids=["no locks at all", "no lock server"])
def test_a_file_system_without_locks_stops_no_run(run, monkeypatch, fault):
    def flock(descriptor, operation):
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr("fcntl.flock", flock)
    assert list(start_or_resume(run, MANIFEST)) == ["a", "c"]


# ---- the dataset's fingerprint


def test_fingerprint_follows_contents_alone(dataset, tmp_path):
    before = dataset_fingerprint(dataset)
    copy = shutil.copytree(dataset, tmp_path / "elsewhere", copy_function=shutil.copy)
    assert dataset_fingerprint(copy) == before
    (copy / "README.md").write_text("other words")
    assert dataset_fingerprint(copy) == before
    file = copy / "data" / "test-0.parquet"
    file.write_bytes(file.read_bytes() + b"\0")
    assert dataset_fingerprint(copy) != before


def test_fingerprint_tells_where_one_file_ends(tmp_path):
    prints = set()
    for place, (first, second) in enumerate([(b"ab", b"c"), (b"a", b"bc"), (b"c", b"ab")]):
        folder = tmp_path / str(place) / "data"
        folder.mkdir(parents=True)
        (folder / "test-0.parquet").write_bytes(first)
        (folder / "test-1.parquet").write_bytes(second)
        prints.add(dataset_fingerprint(folder.parent))
    assert len(prints) == 3


def test_fingerprint_of_no_dataset_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no data/test-\*\.parquet"):
        dataset_fingerprint(tmp_path)


@pytest.mark.parametrize("place", ["/dev/null", "/dev/null/run", "file", "file/run", "x" * 300])
def test_a_folder_that_cannot_be_made_is_reported_without_a_number(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with (
        pytest.raises(RunFolderError, match=r"cannot make the run folder \S+: [A-Z][a-z ]+$"),
        starting(Path(place), {}),
    ):
        pytest.fail("began")
