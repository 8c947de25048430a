"""Ask a model a dataset's items, a batch at a time, and write each answer down before the next batch.

The same call again goes on where the last one stopped:

    run(model, "omni-persona", "runs/first", limit=24)
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import omni_persona
from omni_persona import Item
from omni_persona_runner.folder import (
    Prediction,
    append_predictions,
    arrange,
    dataset_fingerprint,
    start_or_resume,
)
from omni_persona_runner.model import Answer, Model, ModelError, outcomes

if TYPE_CHECKING:
    from rich.console import Console

_STANDING_ALONE = ("prompt", "cues", "generation", "seed", "device")
"""Keys of `Model.describe` that have a place of their own in the manifest."""

_PACKAGES = (
    "omni-persona",
    "datasets",
    "huggingface-hub",
    "numpy",
    "pillow",
    "soundfile",
    "soxr",
    "tokenizers",
    "torch",
    "torchvision",
    "transformers",
)
"""What can change an answer by being another version."""


@dataclass(frozen=True)
class RunSummary:
    """What one call of `run` did."""

    n_done: int
    """Items answered now."""
    n_skipped: int
    """Items that had an answer before."""
    n_failed: int
    """Items without an answer; the next call asks them again."""


def run(
    model: Model,
    dataset: str | Path,
    out: str | Path,
    *,
    limit: int | None = None,
    console: Console | None = None,
) -> RunSummary:
    """Ask `model` the items of a dataset folder that `out` has no answer to yet.

    limit: ask a slice of this many items alone, spread over groups and absences (`stratified`).
    console: where to show progress; None shows none.
    May be stopped at any time: a later call goes on. Raises `RunFolderError` where `out` holds another run,
    `LoadError` where the model cannot be loaded, `ValueError` for a limit below 1 or a dataset with an id
    twice, and `FileNotFoundError` where there is no dataset.
    """
    out = Path(out)
    rows = omni_persona.load(dataset)
    ids: list[str] = list(rows["augmented_id"])
    if len(set(ids)) != len(ids):
        raise ValueError(f"{dataset}: expected each augmented_id once, got {len(ids) - len(set(ids))} repeated")
    selected = stratified(list(zip(rows["group"], rows["absence"], strict=True)), limit)
    answered = start_or_resume(out, _manifest(model, Path(dataset), len(ids), limit))
    pending = [index for index in selected if ids[index] not in answered]

    n_failed = 0
    with _progress(console, model.name, len(pending)) as advance:
        for start in range(0, len(pending), model.batch_size):
            indices = pending[start : start + model.batch_size]
            predictions = _ask(model, [_read(rows, ids, index) for index in indices])
            append_predictions(out, predictions)
            n_failed += sum(prediction.status == "failed" for prediction in predictions)
            advance(len(indices))
    if pending:
        arrange(out, ids)
    return RunSummary(len(pending) - n_failed, len(selected) - len(pending), n_failed)


def stratified(strata: Sequence[Any], limit: int | None) -> list[int]:
    """Indices, in order, of `limit` items that spread over the strata as the items do; all of them for None.

    strata: what each item is, such as its (group, absence). Every stratum gives its first item before any
    gives its second; from there on they give in proportion to their size. A larger limit holds the items of a
    smaller one.
    Raises `ValueError` for a limit below 1.
    """
    if limit is None:
        return list(range(len(strata)))
    if limit < 1:
        raise ValueError(f"expected a limit of at least 1, got {limit}")
    members: defaultdict[Any, list[int]] = defaultdict(list)
    for index, stratum in enumerate(strata):
        members[stratum].append(index)
    # The k-th of n members stands at k/n of its stratum: the order in which a slice takes the items.
    places = {index: (k / len(indices), indices[0]) for indices in members.values() for k, index in enumerate(indices)}
    return sorted(sorted(places, key=places.__getitem__)[:limit])


def _read(rows: Any, ids: Sequence[str], index: int) -> Item | ModelError:
    """An item of the dataset, or why it is none."""
    try:
        return next(omni_persona.items(rows.select([index])))
    except ValueError as error:
        return ModelError(ids[index], str(error))


def _ask(model: Model, items: Sequence[Item | ModelError]) -> list[Prediction]:
    """What a model says to a batch, as lines in the order of `items`; broken items are not asked."""
    whole = [item for item in items if isinstance(item, Item)]
    answers = {item.augmented_id: said for item, said in zip(whole, outcomes(model, whole), strict=True)}
    return [
        _prediction(item.augmented_id, answers[item.augmented_id])
        if isinstance(item, Item)
        else _prediction(item.item_id, item)
        for item in items
    ]


def _prediction(item_id: str, outcome: Answer | ModelError) -> Prediction:
    if isinstance(outcome, ModelError):
        return Prediction(item_id, None, "failed", outcome.message, None, None, None)
    tokens = (outcome.input_tokens, outcome.output_tokens)
    return Prediction(item_id, outcome.text, "ok", None, *tokens, round(outcome.seconds, 4))


def _manifest(model: Model, dataset: Path, n_items: int, limit: int | None) -> dict[str, Any]:
    description = model.describe()
    alone = {key: description.pop(key, None) for key in _STANDING_ALONE}
    device = alone.pop("device")
    return {
        "model": {"name": model.name, **description},
        "dataset": {
            "path": str(dataset.resolve()),
            "fingerprint": dataset_fingerprint(dataset),
            "n_items": n_items,
        },
        **alone,
        "limit": limit,
        "versions": _versions(),
        "hardware": {"device": device, **_hardware()},
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def _versions() -> dict[str, str | None]:
    def version(package: str) -> str | None:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return None

    return {"python": platform.python_version(), **{package: version(package) for package in _PACKAGES}}


def _hardware() -> dict[str, Any]:
    # A model that has no use for torch has no use for its GPUs either, and importing it takes seconds.
    torch = sys.modules.get("torch")
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())] if torch else []
    return {"system": platform.platform(), "cpus": os.cpu_count(), "gpus": gpus}


@contextmanager
def _progress(console: Console | None, title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far a run is, its rate and the time left; yields what to call with a number of items."""
    if console is None:
        yield lambda n_items: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn

    class Rate(TextColumn):
        def __init__(self) -> None:
            super().__init__("{task.speed}")

        def render(self, task: Task) -> Any:
            return "" if task.speed is None else f"{task.speed:.2f} items/s"

    name = TextColumn("{task.description}")
    columns = (name, BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=total)
        yield lambda n_items: progress.advance(task, n_items)
