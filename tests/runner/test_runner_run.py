from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

import datasets
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import omni_persona
from omni_persona_artifacts.dataset_folder import DatasetFolder
from omni_persona_artifacts.run_folder import RunFolderError, read_manifest, read_predictions
from omni_persona_runner.model import Answer, LoadError, ModelError
from omni_persona_runner.run_loop import RunSummary, run, stratified
from omni_persona_runner.scoring import score_run


class Echo:
    """Answers with the question; fails on the items in `broken`; records what it was asked."""

    name = "fake:echo"

    def __init__(self, broken=(), **description):
        self.broken, self.description, self.asked = set(broken), description, []

    def describe(self):
        return {"revision": "abc", "device": "cpu", **self.description}

    def check(self, items):
        self.checked = list(items)

    def answer(self, items):
        for item in items:
            self.asked.append(item.augmented_id)
            yield self.one(item)

    def one(self, item):
        if item.augmented_id in self.broken:
            return ModelError(item.augmented_id, "broken")
        return Answer(item.augmented_id, f"to {item.query_text}", 7, 3, 0.25, "stop")


IDS = [f"sample_{index}__aug_0" for index in range(16)]


def content(folder):
    """What a run holds, without the times."""
    rows = [json.loads(row) for row in (folder / "predictions.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_a_run_answers_every_item_in_order(dataset, tmp_path):
    model = Echo()
    assert run(model, dataset, tmp_path / "run") == RunSummary(n_done=16, n_skipped=0, n_failed=0)
    assert model.asked == IDS
    rows = content(tmp_path / "run")
    assert [row["augmented_id"] for row in rows] == IDS
    assert rows[0] == {
        "augmented_id": IDS[0],
        "prediction": "to What does person 0 do for a living?",
        "status": "ok",
        "error": None,
        "input_tokens": 7,
        "output_tokens": 3,
        "finish": "stop",
        "thinking": None,
        "confidence": None,
        "dropped": [],
    }


def test_the_manifest_says_what_the_answers_were_made_with(dataset, tmp_path):
    model = Echo(prompt={"version": 1}, cues="isolated", generation={"max_new_tokens": 256}, seed=3)
    run(model, dataset, tmp_path / "run", limit=8)
    manifest = read_manifest(tmp_path / "run")
    assert manifest["model"] == {"name": "fake:echo", "revision": "abc"}
    assert manifest["dataset"]["path"] == str(dataset.resolve())
    assert (len(manifest["dataset"]["fingerprint"]), manifest["dataset"]["n_items"]) == (64, 16)
    assert (manifest["prompt"], manifest["cues"], manifest["seed"]) == ({"version": 1}, "isolated", 3)
    assert (manifest["generation"], manifest["limit"]) == ({"max_new_tokens": 256}, 8)
    assert manifest["versions"]["datasets"] == datasets.__version__
    assert manifest["hardware"]["device"] == "cpu"
    assert manifest["created"].endswith("+00:00")


def test_a_second_run_does_nothing(dataset, tmp_path):
    folder = tmp_path / "run"
    run(Echo(), dataset, folder)
    before = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.iterdir()}
    model = Echo()
    assert run(model, dataset, folder) == RunSummary(n_done=0, n_skipped=16, n_failed=0)
    assert model.asked == []
    assert {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.iterdir()} == before


def test_failed_items_are_recorded_and_asked_again(dataset, tmp_path):
    broken = [IDS[1], IDS[5]]
    assert run(Echo(broken=broken), dataset, tmp_path / "run") == RunSummary(14, 0, 2)
    failed = [row for row in content(tmp_path / "run") if row["status"] == "failed"]
    assert [(row["augmented_id"], row["prediction"], row["error"]) for row in failed] == [
        (name, None, "broken") for name in broken
    ]

    again = Echo()
    assert run(again, dataset, tmp_path / "run") == RunSummary(2, 14, 0)
    assert again.asked == broken
    run(Echo(), dataset, tmp_path / "undisturbed")
    assert content(tmp_path / "run") == content(tmp_path / "undisturbed")


def test_an_item_that_cannot_be_read_fails_alone(write_dataset, make_row, tmp_path):
    rows = [make_row(index) for index in range(3)]
    rows[1]["contexts"][2]["audio"] = None
    model = Echo()
    folder = write_dataset(tmp_path / "omni-persona", rows)
    assert run(model, folder, tmp_path / "run") == RunSummary(2, 0, 1)
    assert model.asked == [IDS[0], IDS[2]]
    assert "concept_2 has no picture or no clip" in read_predictions(tmp_path / "run")[IDS[1]].error


def test_two_items_of_one_id_are_an_error(write_dataset, make_row, tmp_path):
    folder = write_dataset(tmp_path / "omni-persona", [make_row(0), make_row(0)])
    with pytest.raises(ValueError, match="each augmented_id once, got 1 repeated"):
        run(Echo(), folder, tmp_path / "run")


def test_no_dataset_is_an_error_and_leaves_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no data/test-\*\.parquet"):
        run(Echo(), tmp_path / "empty", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_another_model_or_dataset_is_refused(dataset, write_dataset, make_row, tmp_path):
    run(Echo(), dataset, tmp_path / "run", limit=2)
    with pytest.raises(RunFolderError, match=r'model\.revision: "abc" there, "def" now'):
        run(Echo(revision="def"), dataset, tmp_path / "run")
    other = write_dataset(tmp_path / "omni-persona", [make_row(0)])
    with pytest.raises(RunFolderError, match=r"dataset\.fingerprint"):
        run(Echo(), other, tmp_path / "run")


def test_another_device_goes_on(dataset, tmp_path):
    run(Echo(), dataset, tmp_path / "run", limit=2)
    assert run(Echo(device="cuda"), dataset, tmp_path / "run").n_done == 14


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
import sys, time
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
            if item.augmented_id == "sample_4__aug_0":
                yield ModelError(item.augmented_id, "broken")
            else:
                yield Answer(item.augmented_id, item.query_text, 1, 1, time.perf_counter())

run(Slow(), sys.argv[1], sys.argv[2])
"""


@pytest.fixture(scope="module")
def start_slow(dataset):
    """Starts a slow run in a process of its own."""

    def start(out, pause):
        arguments = [sys.executable, "-c", SLOW, str(dataset), str(out), str(pause)]
        return subprocess.Popen(arguments, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})

    return start


def test_a_killed_run_goes_on_to_the_same_file(start_slow, tmp_path):
    """kill -9, twice, then left alone; the second time there is half a line too, as a full pipe would leave it."""
    killed = tmp_path / "killed"
    predictions = killed / "predictions.jsonl"
    for n_lines in (4, 9):
        process = start_slow(killed, 0.1)
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
    process = start_slow(out, 0.1)
    deadline = time.monotonic() + 120
    while not (out / "predictions.jsonl").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    model = Echo()
    model.name = "fake:slow"
    with pytest.raises(RunFolderError, match="another run is at work in"):
        run(model, dataset, out)
    assert model.asked == []
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
        time.sleep(whole * rng.uniform(0, 1))
        n_killed += process.poll() is None
        process.kill()
        process.wait()
        assert start_slow(out, 0).wait() == 0
        assert content(out) == content(tmp_path / "undisturbed")
        assert [row["augmented_id"] for row in content(out)] == IDS
    assert n_killed >= 10


# ---- what a model is given


def test_siblings_follow_each_other_and_share_their_media(write_dataset, make_row, tmp_path):
    rows = [make_row(index, task) for index in range(2) for task in ("visual_to_bio", "voice_to_bio")]
    for place, row in enumerate(rows):
        row["augmented_id"] = f"sample_{place // 2}__aug_{place % 2}"
    rows = [rows[0], rows[2], rows[1], rows[3]]
    items = []

    class Keeping(Echo):
        def one(self, item):
            items.append(item)
            return super().one(item)

    folder = write_dataset(tmp_path / "omni-persona", rows)
    run(Keeping(), folder, tmp_path / "run")
    assert [item.source_sample_id for item in items] == ["sample_0", "sample_0", "sample_1", "sample_1"]
    for one, other in (items[:2], items[2:]):
        assert all(a.image is b.image and a.audio is b.audio for a, b in zip(one.contexts, other.contexts, strict=True))
    # The file is in the dataset's order all the same.
    assert [row["augmented_id"] for row in content(tmp_path / "run")] == [row["augmented_id"] for row in rows]


def test_items_are_read_as_the_contract_reads_them(dataset):
    folder = DatasetFolder(dataset)
    assert list(folder.items(folder.rows)) == list(omni_persona.items(omni_persona.load(dataset)))
    assert list(folder.items([folder.rows[7], folder.rows[2]])) == [
        list(folder.items(folder.rows))[place] for place in (7, 2)
    ]


def test_nothing_is_unpacked_into_a_cache(dataset, datasets_cache, monkeypatch, tmp_path):
    monkeypatch.setattr("datasets.load_dataset", None)
    assert run(Echo(), dataset, tmp_path / "run").n_done == 16


def test_a_model_is_checked_with_one_item_of_each_make(dataset, tmp_path):
    model = Echo()
    run(model, dataset, tmp_path / "run")
    assert sorted(item.task.group for item in model.checked) == ["A2A", "I2I", "T2Any", "T2T"]
    assert {context.image.data for item in model.checked for context in item.contexts} == {b""}

    class Deaf(Echo):
        def check(self, items):
            raise LoadError("takes no audio")

    with pytest.raises(LoadError):
        run(Deaf(), dataset, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "test-0.parquet").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"test-0\.parquet: expected a Parquet file"):
        run(Echo(), tmp_path, tmp_path / "run")


def test_a_file_of_other_columns_is_named_with_what_it_lacks(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"question": ["why"]}), tmp_path / "data" / "test-0.parquet")
    with pytest.raises(ValueError, match=r"test-0\.parquet: .* without column 'query_assets'"):
        run(Echo(), tmp_path, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_dataset_without_items_is_an_error(write_dataset, tmp_path):
    folder = write_dataset(tmp_path / "omni-persona", [])
    with pytest.raises(ValueError, match="expected a dataset folder with items, got 1 files without any"):
        run(Echo(), folder, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "odd",
    [
        {"text": None},
        {"text": 7},
        {"input_tokens": "many", "output_tokens": -1},
        {"input_tokens": 2.5, "output_tokens": True},
        {"seconds": float("nan")},
        {"seconds": None},
        {"finish": "tired", "thinking": ["a"], "dropped": None},
        {"dropped": ("an image", 7)},
    ],
    ids=str,
)
def test_odd_values_of_a_model_spoil_no_folder(dataset, tmp_path, odd):
    class Odd:
        name = "odd"

        def describe(self):
            return {}

        def check(self, items):
            pass

        def answer(self, items):
            for number, item in enumerate(items):
                answer = Answer(item.augmented_id, "a nurse", 1, 1, 0.5)
                yield replace(answer, **odd) if number == 3 else answer

    n_failed = int("text" in odd)
    assert run(Odd(), dataset, tmp_path / "run") == RunSummary(16 - n_failed, 0, n_failed)
    lines = read_predictions(tmp_path / "run")
    assert len(lines) == 16
    assert sum(line.status == "failed" for line in lines.values()) == n_failed
    assert score_run(tmp_path / "run")["n_failed"] == n_failed


@pytest.mark.parametrize(("strays", "reason"), [([], "left out 1 items"), (["elsewhere"], "was not asked")])
def test_a_model_that_breaks_its_contract_is_an_error(dataset, tmp_path, strays, reason):
    class Careless(Echo):
        def answer(self, items):
            yield from list(super().answer(items))[:-1]
            yield from (Answer(name, "", None, None, 0.0) for name in strays)

    with pytest.raises(ValueError, match=reason):
        run(Careless(), dataset, tmp_path / "run")
    assert len(read_predictions(tmp_path / "run")) == 15


# ---- a slice


def test_a_limit_spreads_over_groups_and_absences(dataset, tmp_path):
    model = Echo()
    assert run(model, dataset, tmp_path / "run", limit=12).n_done == 12
    rows = omni_persona.load(dataset)
    strata = {row: stratum for row, *stratum in zip(rows["augmented_id"], rows["group"], rows["absence"], strict=True)}
    asked = Counter(tuple(strata[name]) for name in model.asked)
    assert set(asked.values()) == {1}
    assert len(asked) == 12

    # A larger slice asks the rest alone, and the file is that of one run.
    assert run(Echo(), dataset, tmp_path / "run", limit=14) == RunSummary(2, 12, 0)
    assert run(Echo(), dataset, tmp_path / "run") == RunSummary(2, 14, 0)
    run(Echo(), dataset, tmp_path / "undisturbed")
    assert content(tmp_path / "run") == content(tmp_path / "undisturbed")


def test_a_limit_beyond_the_dataset_is_the_dataset(dataset, tmp_path):
    assert run(Echo(), dataset, tmp_path / "run", limit=99).n_done == 16


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_an_error(dataset, tmp_path, limit):
    with pytest.raises(ValueError, match=f"at least 1, got {limit}"):
        run(Echo(), dataset, tmp_path / "run", limit=limit)


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=60), st.integers(1, 60))
def test_slices_are_fair_ordered_and_nested(strata, limit):
    chosen = stratified(strata, limit)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(limit, len(strata))
    assert set(stratified(strata, limit + 1)) >= set(chosen)
    counts, sizes = Counter(strata[index] for index in chosen), Counter(strata)
    if limit >= len(sizes):
        assert set(counts) == set(sizes)
        # No stratum is more than an item ahead of another one's share.
        for one in sizes:
            for other in sizes:
                assert (counts[one] - 1) / sizes[one] <= counts[other] / sizes[other]


# ---- progress


def test_progress_tells_the_model_and_how_many_of_how_many(dataset, tmp_path):
    told = []
    run(Echo(), dataset, tmp_path / "run", progress=lambda *step: told.append(step))
    assert told == [("fake:echo", done, 16) for done in range(17)]
