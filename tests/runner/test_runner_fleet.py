"""One run by the workers of a Ray cluster: two of them, on this machine."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from omni_persona_artifacts.dataset_folder import DatasetFolder
from omni_persona_artifacts.run_folder import read_manifest, read_predictions
from omni_persona_runner import fleet as fleet_module
from omni_persona_runner.baselines import load_baseline
from omni_persona_runner.cluster import Workers, cluster, share
from omni_persona_runner.fleet import Fleet
from omni_persona_runner.model import Answer, LoadError, ModelError
from omni_persona_runner.run_loop import RunSummary, run
from omni_persona_runner.transformers_model import TransformersModel

# Ray warns of its own older settings, and leaves sockets to its end.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

IDS = [f"sample_{index}__aug_0" for index in range(16)]


@dataclass
class Echo:
    """Answers with the question, and fails on an item. What is said of each call stands in a folder."""

    notes: Path
    broken: str = ""
    deadly: str = ""
    """The item over which its process dies."""
    deaths: int = 0
    """How often it does."""
    revision: str = "abc"
    unusable: bool = False
    together: int = 0
    """How many workers have to be there before one answers."""
    name = "fake:echo"

    def describe(self):
        return {"revision": self.revision, "device": "cpu"}

    def check(self, items):
        pass

    def answer(self, items):
        for item in items:
            if self.unusable:
                raise LoadError("no weights here")
            note = f"{item.augmented_id}.{os.getpid()}.{len(list(self.notes.iterdir()))}"
            (self.notes / note).touch()
            until = time.monotonic() + 200
            while len(workers_of(self.notes)) < self.together and time.monotonic() < until:
                time.sleep(0.01)
            if item.augmented_id == self.deadly and asked(self.notes)[self.deadly] <= self.deaths:
                os._exit(9)
            if item.augmented_id == self.broken:
                yield ModelError(item.augmented_id, "broken")
            else:
                yield Answer(item.augmented_id, f"to {item.query_text}", 7, 3, 0.25, "stop")


def asked(notes):
    """Item -> how often a worker was asked it."""
    return Counter(note.name.partition(".")[0] for note in notes.iterdir())


def workers_of(notes):
    return {note.name.split(".")[1] for note in notes.iterdir()}


@pytest.fixture(scope="module")
def two(require_extra):
    """Two workers on this machine."""
    require_extra("ray")
    import ray

    # Workers cannot import a test.
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.delenv("RAY_ADDRESS", raising=False)
        with cluster(2, use_gpus=False) as workers:
            assert signal.getsignal(signal.SIGTERM) is handler
            yield workers
    assert signal.getsignal(signal.SIGTERM) is handler


@pytest.fixture
def notes(tmp_path):
    (tmp_path / "notes").mkdir()
    return tmp_path / "notes"


def start(two, load, dataset, out, batch_size=1, **options):
    return run(load(), dataset, out, fleet=Fleet(two, load, batch_size), **options)


def content(folder):
    """What a run holds, without the times."""
    rows = [json.loads(row) for row in (folder / "predictions.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_two_workers_write_what_one_process_writes(two, dataset, notes, tmp_path):
    load = partial(Echo, notes, broken=IDS[4], together=2)
    assert start(two, load, dataset, tmp_path / "two") == RunSummary(n_done=15, n_skipped=0, n_failed=1)
    assert asked(notes) == dict.fromkeys(IDS, 1)
    assert len(workers_of(notes)) == 2
    assert str(os.getpid()) not in workers_of(notes)
    run(load(), dataset, tmp_path / "alone")
    assert content(tmp_path / "two") == content(tmp_path / "alone")
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["predictions.jsonl", "run.json"]
    assert read_predictions(tmp_path / "two")[IDS[4]].error == "broken"
    of_two, of_one = read_manifest(tmp_path / "two"), read_manifest(tmp_path / "alone")
    assert of_two["hardware"].pop("fleet")["workers"] == 2
    assert {**of_two, "created": None} == {**of_one, "created": None}


@pytest.mark.slow
def test_a_checkpoint_answers_alike_in_workers(two, dataset, checkpoint, tmp_path):
    load = partial(TransformersModel, str(checkpoint), batch_size=2, max_new_tokens=8, device="cpu", dtype="float32")
    assert start(two, load, dataset, tmp_path / "two", 2).n_done == 16
    run(load(), dataset, tmp_path / "alone")
    assert content(tmp_path / "two") == content(tmp_path / "alone")


def test_workers_go_on_where_a_run_stopped_and_a_process_where_they_did(two, dataset, tmp_path):
    load = partial(load_baseline, "baseline:random", 3)
    run(load(), dataset, tmp_path / "run", limit=5)
    assert start(two, load, dataset, tmp_path / "run", limit=11) == RunSummary(6, 5, 0)
    assert run(load(), dataset, tmp_path / "run") == RunSummary(5, 11, 0)
    # A finished run asks no worker.
    assert start(two, load, dataset, tmp_path / "run") == RunSummary(0, 16, 0)
    run(load(), dataset, tmp_path / "undisturbed")
    assert content(tmp_path / "run") == content(tmp_path / "undisturbed")


def test_a_worker_that_dies_once_costs_nothing(two, dataset, notes, tmp_path):
    load = partial(Echo, notes, deadly=IDS[3], deaths=1)
    assert start(two, load, dataset, tmp_path / "run") == RunSummary(16, 0, 0)
    assert asked(notes)[IDS[3]] == 2
    run(partial(Echo, notes)(), dataset, tmp_path / "alone")
    assert content(tmp_path / "run") == content(tmp_path / "alone")


@pytest.mark.slow
def test_an_item_that_kills_its_workers_fails_alone_and_is_asked_again(two, dataset, notes, tmp_path):
    load = partial(Echo, notes, deadly=IDS[3], deaths=4)
    assert start(two, load, dataset, tmp_path / "run", 4) == RunSummary(15, 0, 1)
    failed = [row for row in content(tmp_path / "run") if row["status"] == "failed"]
    assert [(row["augmented_id"], row["prediction"]) for row in failed] == [(IDS[3], None)]
    assert "died" in failed[0]["error"]
    assert start(two, load, dataset, tmp_path / "run") == RunSummary(1, 15, 0)
    run(partial(Echo, notes)(), dataset, tmp_path / "alone")
    assert content(tmp_path / "run") == content(tmp_path / "alone")


@pytest.mark.slow
def test_workers_that_all_die_end_the_run(two, dataset, notes, tmp_path):
    class Dying(Echo):
        def answer(self, items):
            os._exit(9)
            yield

    with pytest.raises(LoadError, match="the workers die, and have answered nothing"):
        start(two, partial(Dying, notes), dataset, tmp_path / "run")
    assert read_predictions(tmp_path / "run") == {}


def test_what_a_worker_cannot_load_ends_the_run_as_it_does_elsewhere(two, dataset, notes, tmp_path):
    with pytest.raises(LoadError, match=r"^no weights here$"):
        start(two, partial(Echo, notes, unusable=True), dataset, tmp_path / "run")


def test_a_worker_with_another_model_or_dataset_is_refused(two, dataset, write_dataset, make_row, notes, tmp_path):
    fleet = Fleet(two, partial(Echo, notes))
    folder = DatasetFolder(dataset)
    with pytest.raises(LoadError, match=r"another model fake:echo: its revision is 'abc', expected 'def'"):
        list(fleet.ask(Echo(notes, revision="def"), folder, folder.rows))
    job = fleet_module._Job(fleet.load, {"revision": "abc"}, dataset, "another", Path.cwd(), None)
    with pytest.raises(LoadError, match=f"sees another dataset at {dataset}"):
        _ = fleet_module._Worker(job)._folder
    job = fleet_module._Job(fleet.load, {"revision": "abc"}, tmp_path / "nowhere", "another", Path.cwd(), None)
    with pytest.raises(LoadError, match=f"does not see the dataset: expected it at {tmp_path / 'nowhere'}"):
        _ = fleet_module._Worker(job)._folder
    assert not asked(notes)


def test_workers_may_have_flash_attention_where_the_head_node_has_none(dataset, checkpoint, monkeypatch):
    load = partial(TransformersModel, str(checkpoint), device="cuda:0")
    here = load()
    job = fleet_module._Job(load, fleet_module._identity(here), dataset, "a", Path.cwd(), None)
    monkeypatch.setattr("transformers.utils.is_flash_attn_2_available", lambda: True)
    monkeypatch.setattr("atexit.register", lambda *_: None)
    there = fleet_module._Worker(job)._model
    assert (here.describe()["attention"], there.describe()["attention"]) == (None, "flash_attention_2")


def test_workers_start_where_the_run_was_called(two, dataset, notes, tmp_path, monkeypatch):
    class Relative(Echo):
        def answer(self, items):
            for item in items:
                yield Answer(item.augmented_id, Path("here").read_text(), None, None, 0.0)

    (tmp_path / "here").write_text("found")
    monkeypatch.chdir(tmp_path)
    start(two, partial(Relative, notes), os.path.relpath(dataset), "run", limit=2)
    assert {row["prediction"] for row in content(tmp_path / "run")} == {"found"}


# ---- how work and machines are dealt, without a cluster


@pytest.mark.parametrize(
    ("machines", "n_workers", "use_gpus", "expected"),
    [
        ([(8, 0)], None, True, Workers(1, 0, 8, 1)),
        ([(8, 0)], 3, True, Workers(3, 0, 2, 1)),
        ([(8, 0), (4, 0)], None, True, Workers(2, 0, 4, 2)),
        ([(8, 0), (4, 0)], 5, True, Workers(5, 0, 1, 2)),
        ([(8, 0), (4, 0)], 12, True, Workers(12, 0, 1, 2)),
        ([(64, 8), (4, 0)], None, True, Workers(8, 1, 8, 2)),
        ([(64, 8), (16, 4)], None, True, Workers(12, 1, 4, 2)),
        ([(64, 8), (16, 4)], 2, True, Workers(2, 1, 4, 2)),
        ([(64, 8), (16, 4)], None, False, Workers(2, 0, 16, 2)),
    ],
)
def test_a_worker_for_each_gpu_or_each_machine(machines, n_workers, use_gpus, expected):
    assert share([{"CPU": cpus, "GPU": gpus} for cpus, gpus in machines], n_workers, use_gpus) == expected


@pytest.mark.parametrize(
    ("machine", "n_workers", "message"),
    [({"CPU": 8.0, "GPU": 2.0}, 3, "1 to 2 workers.* for each GPU"), ({"CPU": 2.0}, 3, "1 to 2 .* each CPU .*got 3")],
)
def test_more_workers_than_places_are_an_error(machine, n_workers, message):
    with pytest.raises(ValueError, match=message):
        share([machine], n_workers, True)


@pytest.mark.parametrize("n_items", [1, 2, 3, 4, 7, 100])
def test_calls_hold_whole_samples_and_every_item_once(write_dataset, make_row, tmp_path, n_items):
    rows = [make_row(index // 3) for index in range(15)]
    for place, row in enumerate(rows):
        row["augmented_id"] = f"{row['source_sample_id']}__aug_{place % 3}"
    pending = DatasetFolder(write_dataset(tmp_path / "omni-persona", rows)).rows
    calls = fleet_module._calls(pending, n_items)
    assert [item_id for call in calls for item_id in call.item_ids] == [row.item_id for row in pending]
    assert all(len(call.item_ids) % 3 == 0 for call in calls)
    assert {len(call.item_ids) for call in calls[:-1]} <= {3 * -(-n_items // 3)}
    assert len({call.number for call in calls}) == len(calls)


@pytest.mark.parametrize(
    ("batch_size", "n_items", "n_workers", "expected"),
    [(1, 750, 8, 8), (4, 750, 8, 32), (16, 750, 8, 47), ("auto", 750, 2, 128), ("auto", 750, 8, 47), (8, 3, 8, 1)],
)
def test_a_call_has_batches_enough_and_leaves_work_for_others(batch_size, n_items, n_workers, expected):
    fleet = Fleet(Workers(n_workers, 1, 4, 1), partial(load_baseline, "baseline:abstain"), batch_size)
    assert fleet._n_items(n_items) == expected


def test_an_address_where_nobody_listens_is_an_error(require_extra, monkeypatch):
    require_extra("ray")
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{one.getsockname()[1]}"
        monkeypatch.setenv("RAY_ADDRESS", address)
        monkeypatch.setattr("ray.is_initialized", lambda: False)
        with pytest.raises(ConnectionError, match=f"no Ray cluster at {address}"), cluster():
            pass


def test_processes_and_workers_at_once_are_refused(dataset, tmp_path, monkeypatch):
    from contextlib import nullcontext

    from omni_persona_runner.ranks import Ranks

    monkeypatch.setattr("omni_persona_runner.run_loop.ranks", lambda: nullcontext(Ranks(0, 2)))
    load = partial(load_baseline, "baseline:abstain")
    with pytest.raises(ValueError, match="torchrun or accelerate, or workers of Ray, got both"):
        start(Workers(2, 0, 1, 1), load, dataset, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_handlers_that_are_not_rays_keep_their_level(monkeypatch):
    """Whoever collects all records, as pytest does, has a handler at Ray's logger, too."""
    rays, callers = type("Handler", (logging.StreamHandler,), {"__module__": "ray.log"})(), logging.StreamHandler()
    monkeypatch.setattr(logging.getLogger("ray.data"), "handlers", [rays, callers])
    fleet_module._hush(SimpleNamespace())
    assert (rays.level, callers.level) == (logging.CRITICAL, logging.NOTSET)
