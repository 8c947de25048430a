"""Entries for the `.eval_results/` folder of a model repository on the Hub, in its current format.

The Hub reads each YAML file there as a list of results, shows them on the model's page, and gathers them on the page
of the benchmark dataset, whose `eval.yaml` names the tasks: both take their ids from `omni_persona.LEADERBOARDS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import omni_persona
from omni_persona_artifacts.json_files import read_text
from omni_persona_cal.scores import GUARDED
from omni_persona_report.reproduction import conditions
from omni_persona_report.runs.measures import CAL, Measure, number, slice_of, value_of
from omni_persona_report.runs.report_dataset import fingerprint_of
from omni_persona_report.runs.report_run import ReportRun

FOLDER = ".eval_results"
STEM = "omni-persona"

MARK = b"# Written by omni-persona report, which replaces this file.\n"
"""First line of a file of results."""

_LONGEST_VARIANT = 80
_WEB = re.compile(r"https?://[^\s\"'<>\\]{1,2000}")
_DATASET_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class Source:
    """Where results come from, as the Hub shows it."""

    url: str | None = None
    name: str | None = None
    """Shown in place of the address."""
    user: str | None = None
    """Who ran the evaluation, by their name on the Hub."""

    def __post_init__(self) -> None:
        if self.url is None and (self.name or self.user):
            raise ValueError("expected --source-url beside --source-name and --source-user: the Hub wants an address")
        if self.url is not None and not _WEB.fullmatch(self.url):
            raise ValueError(f"expected a web address as --source-url, got {self.url!r:.80}")


def entries(
    run: ReportRun, dataset_id: str, revision: str | None = None, source: Source = Source()
) -> list[dict[str, Any]]:
    """A run's results in the Hub's YAML structure; values are x 100, with two decimals.

    dataset_id: the benchmark's repository. revision: its commit. source: where the results come from, if known.
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
                    source_url=source.url,
                    source_name=source.name,
                    source_user=source.user,
                )
            )
    return eval_result_entries_to_yaml(found)


@dataclass(frozen=True)
class ModelRepository:
    """A local copy of a model's repository on the Hub, for a file of `.eval_results/`."""

    folder: Path
    dataset_id: str
    """The benchmark's repository."""
    revision: str | None = None
    """The benchmark's commit; None for the newest."""
    source: Source = Source()


def entry_file(run: ReportRun, model: ModelRepository) -> tuple[Path, bytes]:
    """The file of a run's results in a model's repository, and its content. Raises what `entries` raises.

    Each variant (what the model was shown, judge, protocol) has a file of its own, so that none replaces another.
    """
    found = entries(run, model.dataset_id, model.revision, model.source)
    file = model.folder / FOLDER / file_name(run)
    if file.is_file() and f"judge {(run.scores or {}).get('judge')}," not in read_text(file):
        file = model.folder / FOLDER / file_name(run, with_judge=True)
    return file, MARK + yaml.safe_dump(found, sort_keys=False, allow_unicode=True).encode()


def file_name(run: ReportRun, *, with_judge: bool = False) -> str:
    """`omni-persona.yaml` for the usual conditions; others are added to it, as in `omni-persona-no-image.yaml`."""
    scores = run.scores or {}
    prompt = (run.files.manifest or {}).get("prompt")
    parts: list[str] = [run.view.cues] if run.view.cues != "isolated" else []
    parts += [f"no-{part}" for part in run.view.without]
    parts += ["reason"] if isinstance(prompt, Mapping) and prompt.get("reason") else []
    parts += [f"judge-{scores.get('judge')}"] if with_judge else []
    parts += [str(scores["protocol"])] if scores.get("protocol") not in (None, GUARDED) else []
    variant = re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")[:_LONGEST_VARIANT]
    return f"{STEM}-{variant}.yaml" if variant else f"{STEM}.yaml"


def baseline_rows(runs: Sequence[ReportRun], folder: Path) -> list[list[str]]:
    """Name, Ans, Unans, Cal and its interval of runs over a dataset folder, for its card.

    Raises `ValueError` for a run over another dataset, and for one with incomplete scores.
    """
    fingerprint = fingerprint_of(folder)
    for run in runs:
        if run.dataset.fingerprint != fingerprint or fingerprint is None:
            raise ValueError(f"{run.files.path}: expected a run over {folder}, got one over another dataset")
        if (run.scores or {}).get("complete") is not True:
            raise ValueError(f"{run.files.path}: expected complete scores for a card; items are missing or unjudged")
    measures = [Measure(key, key.capitalize(), "") for key in ("ans", "unans")]
    found = []
    for run in runs:
        cal = value_of(run.scores, CAL)
        found.append([run.name, *(value_of(run.scores, one).text for one in measures), cal.text, cal.interval])
    return found


def _notes(run: ReportRun, scores: Mapping[str, Any]) -> str:
    """What else determines a result: the judge, the protocol, and what the model was shown."""
    parts = [f"judge {scores.get('judge')}"]
    if scores.get("protocol"):
        parts.append(f"protocol {scores['protocol']}")
    if run.view.cues != "isolated":
        parts.append(f"cues {run.view.cues}")
    if run.view.without:
        parts.append(f"without {', '.join(run.view.without)}")
    return ", ".join([*parts, *conditions(run)])
