"""The data that the page's template shows of each run, task and slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import omni_persona
from omni_persona import GROUPS, TASKS
from omni_persona_report.reproduction import command_note, commands, facts, manifest_text
from omni_persona_report.runs.measures import (
    ANS,
    CAL,
    GROUP_NAMES,
    HEADLINE,
    SLICED,
    UNANS,
    Measure,
    Value,
    slice_of,
    value_of,
)
from omni_persona_report.runs.published import PublishedRow
from omni_persona_report.runs.report_run import ReportRun

FEW_ITEMS = 5
"""Minimum number of items for a task to be called weak."""


@dataclass(frozen=True)
class RunView:
    """A run."""

    name: str
    cal: Value
    n: int
    judge: str
    protocol: str
    incomplete: bool
    headline: list[Value]
    by_group: list[list[Value]]
    by_absence: list[Value]
    facts: list[tuple[str, str]]
    commands: str
    command_note: str
    manifest: str


@dataclass(frozen=True)
class TaskView:
    """A row of the table of tasks."""

    task: omni_persona.Task
    n: int
    values: list[list[Value]]


@dataclass(frozen=True)
class Weakest:
    """The slices in which a run has the lowest Cal."""

    group: tuple[str, str, Value] | None
    """Its key, its meaning and its Cal."""
    tasks: list[tuple[str, Value]]
    """The three lowest."""


def headline_measures(runs: Sequence[ReportRun], published: Sequence[PublishedRow]) -> list[Measure]:
    """The columns for which any run or row has a figure, without duplicates."""
    weighted = any(run.protocol == "v2.2" for run in runs)
    return [
        measure
        for measure in HEADLINE
        if not (weighted and measure.key == "cal_weighted")
        and (
            measure.key in ("cal", "ans", "unans")
            or any(value_of(run.scores, measure).value is not None for run in runs)
            or any(measure.key in row.values for row in published)
        )
    ]


def run_view(run: ReportRun, measures: Sequence[Measure]) -> RunView:
    """The template's data of a run."""
    scores = run.scores or {}
    n = scores.get("n")
    absences = (("none", ANS), ("absent_persona", UNANS), ("absent_attribute", UNANS))
    return RunView(
        name=run.name,
        cal=value_of(scores, CAL),
        n=n if isinstance(n, int) else len(run.answers) - run.count("failed"),
        judge=run.judge,
        protocol=run.protocol,
        incomplete=bool(run.count("failed") or run.count("unjudged") or run.n_missing),
        headline=[value_of(scores, measure) for measure in measures],
        by_group=[[value_of(slice_of(scores, "by_group", group), measure) for measure in SLICED] for group in GROUPS],
        by_absence=[value_of(slice_of(scores, "by_absence", name), measure) for name, measure in absences],
        facts=facts(run),
        commands=commands(run),
        command_note=command_note(run),
        manifest=manifest_text(run),
    )


def task_views(runs: Sequence[ReportRun], *, full: bool) -> list[tuple[str, list[TaskView]]]:
    """The rows of the table of tasks, by group. full: whether each run shows more than its Cal."""

    def view(task: omni_persona.Task) -> TaskView:
        parts = [slice_of(run.scores, "by_task", task.name) for run in runs]
        counts = [part["n"] for part in parts if part is not None and isinstance(part.get("n"), int)]
        measures = SLICED if full else (CAL,)
        return TaskView(task, max(counts, default=0), [[value_of(part, one) for one in measures] for part in parts])

    return [(group, [view(task) for task in TASKS.values() if task.group == group]) for group in GROUPS]


def weakest(run: ReportRun) -> Weakest:
    """The group and the tasks with the lowest Cal."""
    groups = [(name, GROUP_NAMES[name], value_of(slice_of(run.scores, "by_group", name), CAL)) for name in GROUPS]
    known = [row for row in groups if row[2].value is not None]
    tasks = []
    for name in TASKS:
        part = slice_of(run.scores, "by_task", name)
        value = value_of(part, CAL)
        if value.value is not None and _count(part) >= FEW_ITEMS:
            tasks.append((name, value))
    tasks.sort(key=lambda row: row[1].value or 0.0)
    return Weakest(min(known, key=lambda row: row[2].value or 0.0, default=None), tasks[:3])


def interval_method(runs: Sequence[ReportRun]) -> str:
    """How the intervals were made, according to the scores; empty if they contain none."""
    intervals = [(run.scores or {}).get("interval") for run in runs]
    found = {str(one["method"]) for one in intervals if isinstance(one, Mapping) and one.get("method")}
    return "; ".join(sorted(found))


def _count(part: Mapping[str, Any] | None) -> int:
    n = (part or {}).get("n")
    return n if isinstance(n, int) else 0
