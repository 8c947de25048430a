"""Reference points for a single run: a policy without a model, and baselines whose runs are in the same folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omni_persona_artifacts.run_folder import read_manifest
from omni_persona_artifacts.run_reader import MANIFEST, RunFolderError, read_run
from omni_persona_report.conditions import conditions_of, difference
from omni_persona_report.runs.measures import CAL, GROUP_NAMES, Value, slice_of, value_of
from omni_persona_report.runs.report_run import LEXICAL, ReportRun

MOST_FOLDERS = 100
"""Maximum number of sibling folders that are examined."""


@dataclass(frozen=True)
class Reference:
    """A row shown beside a single run."""

    name: str
    cal: Value
    by_group: list[Value]


def baselines_beside(run: ReportRun, conditions: Mapping[str, str | None]) -> list[Reference]:
    """The always-abstain policy, and comparable, scored runs of baselines in the same folder."""
    always = {"cal": 0.5, "ans": 0.0, "unans": 1.0}
    found = [Reference("always abstains", value_of(always, CAL), [value_of(always, CAL) for _ in GROUP_NAMES])]
    if (run.scores or {}).get("protocol") == "v2.2":
        found = []  # its Cal there depends on how many items are answerable
    for folder in _folders(run.files.path):
        scores = _scores(folder, run, conditions)
        if scores is not None:
            name, baseline = scores
            groups = [value_of(slice_of(baseline, "by_group", group), CAL) for group in GROUP_NAMES]
            found.append(Reference(name, value_of(baseline, CAL), groups))
    return found


def _folders(run: Path) -> list[Path]:
    try:
        beside = [path for path in run.resolve().parent.iterdir() if (path / MANIFEST).is_file()]
    except OSError:
        return []
    return sorted(path for path in beside if path != run.resolve())[:MOST_FOLDERS]


def _scores(folder: Path, run: ReportRun, conditions: Mapping[str, str | None]) -> tuple[str, Mapping[str, Any]] | None:
    """The name and scores of a comparable baseline run."""
    try:
        manifest = read_manifest(folder)
        model, dataset = manifest.get("model"), manifest.get("dataset")
        name = model.get("name") if isinstance(model, Mapping) else None
        if not isinstance(name, str) or not name.startswith("baseline:") or name == run.name:
            return None
        other = read_run(folder)
    except (RunFolderError, OSError):
        return None
    scores = other.scores
    if scores is None:
        return None
    identity = dataset.get("fingerprint") if isinstance(dataset, Mapping) else None
    theirs = conditions_of(
        other, dataset=str(identity), judge=other.judge or LEXICAL, protocol=str(scores.get("protocol"))
    )
    return None if difference(theirs, conditions) else (name, scores)
