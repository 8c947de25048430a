"""A run answers every item once and records what it was made with."""

from __future__ import annotations

from dataclasses import replace

import datasets
import pytest
from echo_model import IDS, Echo, content

from omni_persona_artifacts.run_folder import RunFolderError, read_manifest, read_predictions
from omni_persona_runner.model import Answer
from omni_persona_runner.run_loop import RunSummary, run
from omni_persona_runner.scoring import score_run


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


# ---- progress


def test_progress_tells_the_model_and_how_many_of_how_many(dataset, tmp_path):
    steps = []
    run(Echo(), dataset, tmp_path / "run", progress=lambda *step: steps.append(step))
    assert steps == [("fake:echo", done, 16) for done in range(17)]
