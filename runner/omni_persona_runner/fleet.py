"""One run over the machines of a Ray cluster: a worker for each GPU, each with a model of its own (extra `ray`).

    omni-persona run --model ORG/MODEL --ray --out runs/model

Ray Data hands out the work: some source samples a call, as ids alone. Workers read the media themselves, so every
machine sees the dataset folder, and a checkpoint's, under the path of the machine that calls. Outcomes come back to
the process that called, and it alone writes them down.
"""

from __future__ import annotations

import atexit
import logging
import math
import os
import pickle
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_artifacts.dataset_folder import DatasetFolder, Row
from omni_persona_runner.asking import ask
from omni_persona_runner.batching import WINDOW, Size
from omni_persona_runner.model import Answer, LoadError, Model, ModelError, Outcome

if TYPE_CHECKING:
    import pyarrow as pa

_ATTEMPTS = 2
"""How often a call is made whose worker dies over it."""
_HOPELESS = 3
"""Calls lost before any was answered, from which on no worker is expected to live."""
_AUTOMATIC = 128
"""Items of a call whose batches grow by themselves."""
_CALLS_EACH = 2
"""Calls that each worker gets at least, where there are samples enough: none is idle for long at the end."""


@dataclass(frozen=True)
class Workers:
    """What a cluster has for a run."""

    count: int
    gpus: int
    """Of each worker: 0 or 1."""
    cpus: int
    """Of each worker."""
    machines: int

    @property
    def device(self) -> str:
        """Where a worker's model goes; a worker sees its own GPU alone."""
        return "cuda:0" if self.gpus else "cpu"


@contextmanager
def cluster(n_workers: int | None = None, *, use_gpus: bool = True) -> Iterator[Workers]:
    """What is there of the cluster that RAY_ADDRESS names, or else of this machine, as long as the block runs.

    n_workers: None for one on each GPU, or one on each machine where none is used.
    Raises `ValueError` for more workers than there are GPUs or CPUs, `ConnectionError` where RAY_ADDRESS names no
    cluster, and `ModuleNotFoundError` without `ray`.
    """
    # Both are read when Ray is imported or started: it reports to its makers otherwise, and tells of its inner life.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray

    ours = not ray.is_initialized()
    if ours:
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        if address := os.environ.get("RAY_ADDRESS"):
            _reach(address)
            ray.init(address=address, **quiet)
        else:
            ray.init(address="local", include_dashboard=False, **quiet)
    try:
        yield share([node["Resources"] for node in ray.nodes() if node["Alive"]], n_workers, use_gpus)
    finally:
        if ours:
            ray.shutdown()


def _reach(address: str) -> None:
    """Raise `ConnectionError` where nobody listens at `HOST:PORT`; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise ConnectionError(f"RAY_ADDRESS: no Ray cluster at {address}: {error}") from None


def share(machines: Sequence[Mapping[str, float]], n_workers: int | None, use_gpus: bool) -> Workers:
    """Deal the GPUs and CPUs of some machines to workers.

    machines: what each has, under the names `CPU` and `GPU`.
    Raises `ValueError` for more workers than there are GPUs, or CPUs where none is used.
    """
    cpus = [int(machine.get("CPU", 0)) for machine in machines]
    gpus = [int(machine.get("GPU", 0)) * use_gpus for machine in machines]
    unit, most, usual = ("GPU", sum(gpus), sum(gpus)) if any(gpus) else ("CPU", sum(cpus), sum(map(bool, cpus)))
    count = usual if n_workers is None else n_workers
    if not 1 <= count <= most:
        raise ValueError(f"expected 1 to {most} workers, at most one for each {unit} of the cluster, got {count}")
    if any(gpus):
        each = min(n_cpus // n_gpus for n_cpus, n_gpus in zip(cpus, gpus, strict=True) if n_gpus)
    else:
        each = max(1, min(filter(None, cpus)) // math.ceil(count / usual))
    return Workers(count, int(any(gpus)), each, len(machines))


@dataclass(frozen=True)
class Fleet:
    """Workers that answer for one model."""

    workers: Workers
    load: Callable[[], Model]
    """Makes the model, in each worker: something that can be pickled, such as a class and its arguments."""
    batch_size: Size = 1
    """Items that the model answers at once."""

    def describe(self) -> dict[str, int]:
        """What the manifest says of it."""
        each = {"gpus_each": self.workers.gpus, "cpus_each": self.workers.cpus}
        return {"machines": self.workers.machines, "workers": self.workers.count, **each}

    def ask(self, model: Model, folder: DatasetFolder, rows: Sequence[Row]) -> Iterator[Outcome]:
        """What the workers' models say to the item of each row once, in any order.

        model: one that `load` made here; it is not asked, but those of the workers must describe themselves alike.
        rows: siblings beside each other. Where a worker dies, others do its work; an item over which workers die each
        time is a `ModelError`.
        Raises what a worker's model raises, and `LoadError` for a worker that has another model or dataset.
        """
        if not rows:
            return
        import ray

        attempts = ray.remote(_Attempts).options(num_cpus=0).remote()
        fingerprint = dataset_fingerprint(folder.path)
        job = _Job(self.load, _identity(model), folder.path.resolve(), fingerprint, Path.cwd(), attempts)
        missing = {row.item_id: row for row in rows}
        n_lost = 0
        # A sample that kills its worker takes those of its call along: they are asked again, each sample alone.
        for n_items in (self._n_items(len(rows)), 1):
            for said in self._said(job, _calls(list(missing.values()), n_items)):
                if said is None:
                    n_lost += 1
                    if n_lost == _HOPELESS and len(missing) == len(rows):
                        raise LoadError(f"the workers die, and have answered nothing: {n_lost} calls were given up")
                elif isinstance(said, Answer | ModelError):
                    if missing.pop(said.item_id, None) is not None:
                        yield said
                else:
                    raise said
            if not missing:
                return
        for item_id in missing:
            yield ModelError(item_id, "the worker that was asked died, each time")

    def _n_items(self, n_items: int) -> int:
        """Items of a call: enough for full batches of like length, but no worker's whole work at once."""
        full = _AUTOMATIC if self.batch_size == "auto" else WINDOW * self.batch_size
        return max(1, min(full, math.ceil(n_items / (_CALLS_EACH * self.workers.count))))

    def _said(self, job: _Job, calls: Sequence[_Call]) -> Iterator[Outcome | Exception | None]:
        """What came of calls: outcomes, what ended a call, None for a call that was given up."""
        import ray.data
        from ray.exceptions import RayError

        # A block for each call, as Ray retries and hands over whole blocks.
        data = ray.data.from_items([{"call": pickle.dumps(call)} for call in calls], override_num_blocks=len(calls))
        data = data.map_batches(
            _Worker,
            fn_constructor_args=(job,),
            batch_size=None,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(
                size=min(self.workers.count, len(calls)), max_tasks_in_flight_per_actor=1
            ),
            num_cpus=self.workers.cpus,
            num_gpus=self.workers.gpus,
        )
        _hush(data.context)
        # Loading a large model and thinking at length both take their time.
        data.context.execution_no_progress_timeout_s = -1
        try:
            for block in data.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
                yield from map(pickle.loads, block["said"].to_pylist())
        except RayError as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
            raise LoadError(f"the Ray cluster cannot go on: {reason}") from error


# ---- in the workers


@dataclass(frozen=True)
class _Call:
    """What a worker is asked at once: whole source samples."""

    number: str
    item_ids: tuple[str, ...]


@dataclass(frozen=True)
class _Job:
    """What all calls of a run have in common."""

    load: Callable[[], Model]
    identity: dict[str, Any]
    dataset: Path
    fingerprint: str
    directory: Path
    """Where the run was called: a checkpoint's path may start there."""
    attempts: Any
    """The one `_Attempts`."""


class _Attempts:
    """Counts how often calls were begun; it lives on where a worker dies over one."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def begin(self, number: str) -> int:
        """How often this call has been begun, this time included."""
        self._counts[number] = self._counts.get(number, 0) + 1
        return self._counts[number]


class _Worker:
    """Answers calls with a model that it makes when the first one comes."""

    def __init__(self, job: _Job) -> None:
        self._job = job

    def __call__(self, calls: pa.Table) -> pa.Table:
        """calls: column `call`. Returns column `said`: outcomes, what ended a call, None for one given up; pickled."""
        import pyarrow as pa

        said = [one for call in calls["call"].to_pylist() for one in self._said(pickle.loads(call))]
        return pa.table({"said": pa.array([_pickled(one) for one in said], pa.binary())})

    def _said(self, call: _Call) -> Iterator[Outcome | Exception | None]:
        import ray

        # Ray repeats a call whose worker died for as long as it takes.
        if ray.get(self._job.attempts.begin.remote(call.number)) > _ATTEMPTS:
            yield None
            return
        try:
            yield from ask(self._model, self._folder, [self._rows[item_id] for item_id in call.item_ids])
        # It is raised where the run was called, as if there were no workers.
        except Exception as error:
            yield error

    @cached_property
    def _model(self) -> Model:
        # There is nothing to tidy up, and a process that has loaded torch takes seconds over it, if it ends at all: it
        # would hold its GPU for as long.
        atexit.register(os._exit, 0)
        if self._job.directory.is_dir():
            os.chdir(self._job.directory)
        model = self._job.load()
        for key in sorted((here := _identity(model)).keys() | (there := self._job.identity).keys()):
            if here.get(key) != there.get(key):
                raise LoadError(
                    f"a worker on {_host()} has another model {model.name}: its {key} is {here.get(key)!r}, "
                    f"expected {there.get(key)!r}"
                )
        return model

    @cached_property
    def _folder(self) -> DatasetFolder:
        path = self._job.dataset
        try:
            same = dataset_fingerprint(path) == self._job.fingerprint
        except FileNotFoundError:
            raise LoadError(f"a worker on {_host()} does not see the dataset: expected it at {path}") from None
        if not same:
            raise LoadError(f"a worker on {_host()} sees another dataset at {path}")
        return DatasetFolder(path)

    @cached_property
    def _rows(self) -> dict[str, Row]:
        return {row.item_id: row for row in self._folder.rows}


def _calls(rows: Sequence[Row], n_items: int) -> list[_Call]:
    """Whole source samples, in order, as many as make `n_items` items."""
    calls: list[list[str]] = []
    for _, siblings in groupby(rows, key=lambda row: row.source_sample_id):
        if not calls or len(calls[-1]) >= n_items:
            calls.append([])
        calls[-1] += [row.item_id for row in siblings]
    # The number tells calls apart, also those of one sample alone from those with others.
    return [_Call(f"{n_items}:{place}", tuple(item_ids)) for place, item_ids in enumerate(calls)]


def _identity(model: Model) -> dict[str, Any]:
    """What must not differ between workers.

    The attention that was asked for is the same in all of them; one that was not asked for hangs on what a machine
    has, and a head node without a GPU finds no flash attention.
    """
    return {key: value for key, value in model.describe().items() if key not in ("device", "attention")}


def _pickled(said: Outcome | Exception | None) -> bytes:
    try:
        content = pickle.dumps(said)
        pickle.loads(content)
    # Many an exception can be taken apart and not put together again.
    except Exception:
        return pickle.dumps(RuntimeError(f"{type(said).__name__}: {said}"))
    return content


def _host() -> str:
    import platform

    return platform.node()


def _hush(context: Any) -> None:
    """Have Ray Data show no progress of its own, and log to its file alone."""
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    for handler in logging.getLogger("ray.data").handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            handler.setLevel(logging.CRITICAL)
