"""One run distributed over a Ray cluster: one worker per GPU, each with its own copy of the model (extra `ray`).

    omni-persona run --model ORG/MODEL --ray --out runs/model

Ray Data distributes the work: each call gets the IDs of some source samples. Workers read the media themselves, so
every machine must see the dataset folder, and a checkpoint folder, under the caller's path. Outcomes are returned to
the calling process, which alone writes them.
"""

from __future__ import annotations

import atexit
import logging
import math
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_artifacts.dataset_folder import DatasetFolder, Row
from omni_persona_artifacts.pickling import picklable
from omni_persona_runner.asking import ask
from omni_persona_runner.batching import WINDOW, Size
from omni_persona_runner.cluster import Workers
from omni_persona_runner.model import Answer, LoadError, Model, ModelError, Outcome

if TYPE_CHECKING:
    import pyarrow as pa

_ATTEMPTS = 2
"""Maximum attempts of a call whose worker dies."""
_HOPELESS = 3
"""Calls lost before any was answered, after which the run gives up on its workers."""
_AUTOMATIC = 128
"""Items per call if the batch size is automatic."""
_CALLS_EACH = 2
"""Minimum calls per worker, if there are enough samples, so that no worker is idle for long at the end."""


@dataclass(frozen=True)
class Fleet:
    """Workers that answer in place of one model."""

    workers: Workers
    load: Callable[[], Model]
    """Creates the model in each worker; must be picklable, such as a class with its arguments."""
    batch_size: Size = 1
    """Batch size of the model."""

    def describe(self) -> dict[str, int]:
        """The fleet's entry in the manifest."""
        each = {"gpus_each": self.workers.gpus, "cpus_each": self.workers.cpus}
        return {"machines": self.workers.machines, "workers": self.workers.count, **each}

    def ask(self, model: Model, folder: DatasetFolder, rows: Sequence[Row]) -> Iterator[Outcome]:
        """Yield one outcome per row, in any order, from the workers' models.

        model: a local instance made by `load`; it is not asked, but the workers' models must have the same description.
        rows: siblings must be adjacent. If a worker dies, others do its work; an item that kills its worker every
        time is a `ModelError`.
        Raises what a worker's model raises, and `LoadError` if a worker has a different model or dataset.
        """
        if not rows:
            return
        import ray

        attempts = ray.remote(_Attempts).options(num_cpus=0).remote()
        fingerprint = dataset_fingerprint(folder.path)
        job = _Job(self.load, _identity(model), folder.path.resolve(), fingerprint, Path.cwd(), attempts)
        missing = {row.item_id: row for row in rows}
        n_lost = 0
        # When a worker dies, all samples of its call are asked again, each in its own call, to isolate the culprit.
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
            yield ModelError(item_id, "the worker died each time")

    def _n_items(self, n_items: int) -> int:
        """Items per call: enough for full batches of similar length, but only a part of a worker's share."""
        full = _AUTOMATIC if self.batch_size == "auto" else WINDOW * self.batch_size
        return max(1, min(full, math.ceil(n_items / (_CALLS_EACH * self.workers.count))))

    def _said(self, job: _Job, calls: Sequence[_Call]) -> Iterator[Outcome | Exception | None]:
        """Yield the results of calls: outcomes, the error that ended a call, or None for a call that was abandoned."""
        import ray.data
        from ray.exceptions import RayError

        # One block per call, because Ray retries and returns whole blocks.
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
        # Loading a large model and long generations both take their time.
        data.context.execution_no_progress_timeout_s = -1
        try:
            for block in data.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
                yield from map(pickle.loads, block["said"].to_pylist())
        except RayError as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
            raise LoadError(f"the Ray cluster cannot continue: {reason}") from error


# ---- inside the workers


@dataclass(frozen=True)
class _Call:
    """The unit of work: whole source samples."""

    number: str
    item_ids: tuple[str, ...]


@dataclass(frozen=True)
class _Job:
    """What all calls of a run share."""

    load: Callable[[], Model]
    identity: dict[str, Any]
    dataset: Path
    fingerprint: str
    directory: Path
    """Working directory of the caller, to resolve a relative checkpoint path."""
    attempts: Any
    """The shared `_Attempts` actor."""


class _Attempts:
    """Counts how often each call was started; survives the death of a worker."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def begin(self, number: str) -> int:
        """Count a start of this call and return the total."""
        self._counts[number] = self._counts.get(number, 0) + 1
        return self._counts[number]


class _Worker:
    """Answers calls with a model that it creates on the first one."""

    def __init__(self, job: _Job) -> None:
        self._job = job

    def __call__(self, calls: pa.Table) -> pa.Table:
        """calls: column `call`. Returns column `said`, pickled: outcomes, the error that ended a call, or None."""
        import pyarrow as pa

        said = [one for call in calls["call"].to_pylist() for one in self._said(pickle.loads(call))]
        return pa.table({"said": pa.array([pickle.dumps(picklable(one)) for one in said], pa.binary())})

    def _said(self, call: _Call) -> Iterator[Outcome | Exception | None]:
        import ray

        # Ray retries a call whose worker died without limit.
        if ray.get(self._job.attempts.begin.remote(call.number)) > _ATTEMPTS:
            yield None
            return
        try:
            yield from ask(self._model, self._folder, [self._rows[item_id] for item_id in call.item_ids])
        # Re-raised in the calling process, as if there were no workers.
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
    """Yield calls of whole source samples, in order, with about `n_items` items each."""
    calls: list[list[str]] = []
    for _, siblings in groupby(rows, key=lambda row: row.source_sample_id):
        if not calls or len(calls[-1]) >= n_items:
            calls.append([])
        calls[-1] += [row.item_id for row in siblings]
    # The number distinguishes calls, including those of a single sample from larger ones that contain it.
    return [_Call(f"{n_items}:{place}", tuple(item_ids)) for place, item_ids in enumerate(calls)]


def _identity(model: Model) -> dict[str, Any]:
    """The part of a description that must not differ between workers.

    An attention implementation that was requested is the same everywhere; otherwise it depends on the machine:
    a head node without a GPU, for example, has no flash attention.
    """
    return {key: value for key, value in model.describe().items() if key not in ("device", "attention")}


def _host() -> str:
    import platform

    return platform.node()


def _hush(context: Any) -> None:
    """Turn off Ray Data's progress bars and console logs."""
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    for handler in logging.getLogger("ray.data").handlers:
        # Other handlers are the caller's, who may use them for other notes, too.
        if isinstance(handler, logging.StreamHandler) and type(handler).__module__.startswith("ray."):
            handler.setLevel(logging.CRITICAL)
