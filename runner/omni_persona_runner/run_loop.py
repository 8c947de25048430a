"""Ask a model the items of a dataset and write each answer as soon as it is available.

Repeating the call resumes an interrupted run:

    run(model, "omni-persona", "runs/first", limit=24)
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omni_persona_artifacts.data_files import dataset_fingerprint, dataset_state
from omni_persona_artifacts.dataset_folder import DatasetFolder, Row, outlines
from omni_persona_artifacts.progress import Progress, silent
from omni_persona_artifacts.run_folder import (
    Prediction,
    append_predictions,
    arrange,
    start_or_resume,
)
from omni_persona_runner.asking import ask
from omni_persona_runner.model import Model, ModelError, Outcome, Resumable
from omni_persona_runner.ranks import ranks
from omni_persona_runner.subset import subset as part_of

if TYPE_CHECKING:
    from omni_persona_runner.fleet import Fleet
    from omni_persona_runner.usage import Budget, Prices

_STANDING_ALONE = ("prompt", "cues", "generation", "seed", "device")
"""Keys of `Model.describe` that become manifest entries of their own."""

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
"""Packages whose version can change an answer."""


@dataclass(frozen=True)
class RunSummary:
    """What one call of `run` did, over all its processes."""

    n_done: int
    """Items answered by this call."""
    n_skipped: int
    """Items that had an answer before."""
    n_failed: int
    """Items that failed; the next call asks them again."""
    n_left: int = 0
    """Items not asked because the token budget was spent."""

    @property
    def n_asked(self) -> int:
        """Items that were to be asked, by this call or before."""
        return self.n_done + self.n_skipped + self.n_failed + self.n_left

    @property
    def complete(self) -> bool:
        """Whether every asked item has an answer."""
        return not self.n_failed and not self.n_left


def run(
    model: Model,
    dataset: str | Path,
    out: str | Path,
    *,
    limit: int | None = None,
    subset: int | None = None,
    same_model: bool = False,
    prices: Prices | None = None,
    budget: Budget | None = None,
    progress: Progress = silent,
    fleet: Fleet | None = None,
) -> RunSummary:
    """Ask `model` the items of a dataset folder that have no answer in `out` yet.

    limit: ask only a slice of this many items, spread over groups and absences (`stratified`); the rest is missing.
    subset: ask a representative subset of this many items (`subset.subset`); other items are not missing.
    same_model: allow a model of the same name at another endpoint to resume the run.
    prices: of tokens, kept in the manifest. budget: the tokens that may be used in total, by this run and those that
    used some of it before; tokens of answers already in the folder count.
    progress: called with (model name, items done, total items), in this process.
    fleet: workers that are asked instead of `model`, which must match the model that they load.
    May be stopped at any time; a later call resumes it, with any number of processes (`ranks`).
    Raises `RunFolderError` if `out` holds a different run or is in use by one, `LoadError` if the model cannot be
    used, `ValueError` for a limit or a subset below 1, for both at once, or for a duplicate id in the dataset, and
    `FileNotFoundError` if there is no dataset.
    """
    out = Path(out)
    folder = DatasetFolder(dataset)
    selected = _selected(folder, limit, subset)
    model.check(outlines(selected))
    with ranks() as peers, ExitStack() as first_holds:
        if fleet is not None and peers.count > 1:
            raise ValueError("expected processes started by torchrun or accelerate, or workers of Ray, got both")
        answered = peers.first_does(
            lambda: first_holds.enter_context(
                start_or_resume(out, _manifest(model, folder, limit, subset, prices, fleet), same_model=same_model)
            )
        )
        if isinstance(model, Resumable):
            model.resume(len(answered))
        pending = siblings_together([row for row in selected if row.item_id not in answered])
        mine = peers.share(pending)
        n_failed, n_left = 0, 0 if budget is None else _spend_answered(budget, answered.values())
        progress(model.name, 0, len(mine))
        asked = mine if budget is None else budget.within(mine)
        outcomes = ask(model, folder, asked) if fleet is None else fleet.ask(model, folder, mine)
        for n_done, outcome in enumerate(outcomes, start=1):
            append_predictions(out, [_prediction(outcome)], peers.part)
            n_failed += isinstance(outcome, ModelError)
            if budget is not None and not isinstance(outcome, ModelError):
                budget.spend(outcome.input_tokens, outcome.output_tokens)
            progress(model.name, n_done, len(mine))
        n_failed = peers.total(n_failed)
        # Also if nothing was asked: an earlier run may have been killed before this step.
        peers.first_does(lambda: arrange(out, [row.item_id for row in folder.rows]))
        n_left = 0 if budget is None else budget.n_left - n_left
    return RunSummary(len(pending) - n_failed - n_left, len(selected) - len(pending), n_failed, n_left)


def _spend_answered(budget: Budget, answered: Iterable[Prediction]) -> int:
    """Count the tokens of answers that the folder has; return the number of items left so far."""
    for line in answered:
        budget.spend(line.input_tokens, line.output_tokens)
    return budget.n_left


def siblings_together(rows: Sequence[Row]) -> list[Row]:
    """Make rows of one source sample adjacent, with samples in the order of their first row."""
    first: dict[str, int] = {}
    for place, row in enumerate(rows):
        first.setdefault(row.source_sample_id, place)
    return sorted(rows, key=lambda row: first[row.source_sample_id])


def _selected(folder: DatasetFolder, limit: int | None, subset: int | None) -> list[Row]:
    if subset is None:
        return [folder.rows[index] for index in stratified([(row.group, row.absence) for row in folder.rows], limit)]
    if limit is not None:
        raise ValueError("expected a limit or a subset, got both")
    return [folder.rows[index] for index in part_of([row.key() for row in folder.rows], subset)]


def stratified(strata: Sequence[Any], limit: int | None) -> list[int]:
    """Indices, in order, of `limit` items distributed over the strata like all items; None selects all.

    strata: the stratum of each item, such as (group, absence). Every stratum contributes one item before any
    contributes a second; after that they contribute in proportion to their size. A larger limit includes the items of a
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
    # The k-th of n members has position k/n within its stratum, which defines the order of selection.
    places = {index: (k / len(indices), indices[0]) for indices in members.values() for k, index in enumerate(indices)}
    return sorted(sorted(places, key=places.__getitem__)[:limit])


def _prediction(outcome: Outcome) -> Prediction:
    if isinstance(outcome, ModelError):
        return Prediction(outcome.item_id, None, "failed", outcome.message, None, None, None)
    return Prediction(
        augmented_id=outcome.item_id,
        prediction=outcome.text,
        status="ok",
        error=None,
        input_tokens=outcome.input_tokens,
        output_tokens=outcome.output_tokens,
        seconds=round(outcome.seconds, 4),
        finish=outcome.finish,
        thinking=outcome.thinking,
        dropped=outcome.dropped,
    )


def _manifest(
    model: Model,
    folder: DatasetFolder,
    limit: int | None,
    subset: int | None,
    prices: Prices | None,
    fleet: Fleet | None,
) -> dict[str, Any]:
    description = model.describe()
    alone = {key: description.pop(key, None) for key in _STANDING_ALONE}
    device = alone.pop("device")
    versions = {**_versions(), **description.pop("versions", {})}
    return {
        "model": {"name": model.name, **description},
        "dataset": {
            "path": str(folder.path.resolve()),
            "fingerprint": dataset_fingerprint(folder.path),
            "state": dataset_state(folder.path),
            "n_items": len(folder.rows),
        },
        **alone,
        "limit": limit,
        "subset": subset,
        "prices": prices and {"in": prices.per_million_in, "out": prices.per_million_out},
        "versions": versions,
        "hardware": {"device": device, **_hardware(), **({"fleet": fleet.describe()} if fleet else {})},
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
    # A model that does not use torch needs no GPU either, and importing torch takes seconds.
    torch = sys.modules.get("torch")
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())] if torch else []
    return {"system": platform.platform(), "cpus": os.cpu_count(), "gpus": gpus}
