"""Entries for the `.eval_results/` folder of a model repository on the Hub, in its current format.

The Hub reads each YAML file there as a list of results, shows them on the model's page, and gathers them on the page
of the benchmark dataset, whose `eval.yaml` names the tasks: both take their ids from `omni_persona.LEADERBOARDS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

import omni_persona
from omni_persona_artifacts.files import make_folder, write_atomically
from omni_persona_report.measures import number, slice_of
from omni_persona_report.report_run import ReportRun

FOLDER = ".eval_results"
FILE = "omni-persona.yaml"

_DATASET_ID = re.compile(r"[\w.-]+/[\w.-]+")


def entries(run: ReportRun, dataset_id: str, revision: str | None = None) -> list[dict[str, Any]]:
    """A run's results in the Hub's YAML structure; values are x 100, with two decimals.

    dataset_id: the benchmark's repository. revision: its commit.
    Raises `ValueError` for a run with incomplete scores, and for an invalid dataset id.
    """
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    if not _DATASET_ID.fullmatch(dataset_id):
        raise ValueError(f"expected the benchmark's repository such as ORG/omni-persona, got {dataset_id!r}")
    scores = run.scores or {}
    if scores.get("complete") is not True:
        raise ValueError(f"{run.files.path}: expected complete scores for the Hub; items are missing or unjudged")
    created = (run.files.manifest or {}).get("created")
    found = []
    for task_id, (config, score) in omni_persona.LEADERBOARDS.items():
        part = scores if config == "default" else slice_of(scores, "by_group", config)
        value = number((part or {}).get(score))
        if value is not None:
            found.append(
                EvalResultEntry(
                    dataset_id=dataset_id,
                    task_id=task_id,
                    value=round(100 * value, 2),
                    dataset_revision=revision,
                    date=created if isinstance(created, str) else None,
                    notes=_notes(run, scores),
                )
            )
    return eval_result_entries_to_yaml(found)


def write_entries(run: ReportRun, dataset_id: str, revision: str | None, out: Path) -> Path:
    """Write `.eval_results/omni-persona.yaml` into a local copy of a model repository. Raises what `entries` raises."""
    content = yaml.safe_dump(entries(run, dataset_id, revision), sort_keys=False, allow_unicode=True)
    file = out / FOLDER / FILE
    make_folder(file.parent)
    write_atomically(file, content.encode())
    return file


def _notes(run: ReportRun, scores: Mapping[str, Any]) -> str:
    """What else determines a result: the judge, the protocol, and what the model was shown."""
    parts = [f"judge {scores.get('judge')}"]
    if scores.get("protocol"):
        parts.append(f"protocol {scores['protocol']}")
    if run.view.cues != "isolated":
        parts.append(f"cues {run.view.cues}")
    if run.view.without:
        parts.append(f"without {', '.join(run.view.without)}")
    return ", ".join(parts)
