"""Lay out a report as one HTML file that asks nothing of a network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup, escape

import omni_persona
from omni_persona import GROUPS, TASKS
from omni_persona_artifacts import characters
from omni_persona_cal.audit import findings_in_words
from omni_persona_report import figures
from omni_persona_report.comparison import Comparison, changed_outcomes
from omni_persona_report.gather import Gathered, ReportRun
from omni_persona_report.measures import (
    ABSENCE_NAMES,
    ANS,
    CAL,
    GROUP_NAMES,
    HEADLINE,
    SLICED,
    UNANS,
    Measure,
    Value,
    shown,
    signed,
    slice_of,
    value_of,
)
from omni_persona_report.media import Embedded, Size
from omni_persona_report.page_data import page_json
from omni_persona_report.published import PublishedRow
from omni_persona_report.reproduction import command_note, commands, facts, manifest_text

_DARK = figures.style(
    ink="#e9eaec",
    muted="#a2a9b3",
    line="#343940",
    paper="#1d2024",
    series=("#6aa9ec", "#f0935a", "#5fc592", "#b795ea", "#f2808f", "#55bccd", "#d3ab43", "#d58fc6"),
    ramp=(
        "#22272e", "#25313f", "#293d54", "#2d4a6a", "#325a83", "#3a6d9f", "#4b84b9", "#6a9dcd", "#93bbe0", "#c2dbf3",
    ),
    light_text=range(6),
)  # fmt: skip

_MEDIA = {
    "small": "made small: pictures to 256 pixels, clips to MP3",
    "full": "as they are in the dataset",
    "none": "left out",
}


@dataclass(frozen=True)
class RunView:
    """What the template says of a run."""

    name: str
    cal: Value
    ans: Value
    unans: Value
    n: int
    judge: str
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
class PairView:
    """A comparison with the names of its outcomes."""

    one: Comparison
    changes: list[tuple[str, str, int]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.one, name)


def render(
    gathered: Gathered,
    drawings: Sequence[figures.Figure],
    pairs: Sequence[Comparison],
    published: Sequence[PublishedRow],
    media: Sequence[Embedded],
    size: Size,
    *,
    title: str | None = None,
) -> str:
    """The page. It holds a security policy that forbids it every request, and runs no script but its own."""
    here = files("omni_persona_report")
    css = (here / "page.css").read_text("utf-8") + "\n" + _figure_styles()
    script = (here / "page.js").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=False, keep_trailing_newline=True
    )
    environment.filters |= {"marked": marked, "plain": characters.visible, "shown": shown, "signed": signed}
    measures = _measures(gathered.runs, published)
    runs = [_run_view(run, measures) for run in gathered.runs]
    return environment.from_string((here / "page.html").read_text("utf-8")).render(
        policy=Markup(_policy(css, script)),
        css=Markup(css),
        script=Markup(script),
        title=title or _title(gathered.runs),
        summary=_summary(gathered),
        notices=gathered.notices,
        problems=gathered.problems,
        measures=measures,
        runs=runs,
        has_intervals=any(value.interval for run in runs for value in run.headline),
        published=published,
        published_note=findings_in_words() if published else "",
        groups=GROUP_NAMES,
        absences=ABSENCE_NAMES,
        tasks=_tasks(gathered.runs),
        figures=drawings,
        comparisons=[PairView(pair, changed_outcomes(pair)) for pair in pairs],
        data=Markup(page_json(gathered, size)),
        media=[{"name": one.name, "type": one.type, "data": Markup(one.data)} for one in media],
        media_note=_MEDIA[size],
        version=omni_persona.__version__,
    )


def marked(text: str) -> Markup:
    """A text for a page: escaped, unseen characters in elements of their own that show their codes."""
    pieces = []
    for piece, code in characters.split(text):
        if code:
            # HTML can hold neither controls nor halves of a character.
            kept = piece if piece.isprintable() or ord(piece) in range(0x200B, 0x2070) else "\ufffd"
            pieces.append(Markup('<span class="ctl" data-code="{}">{}</span>').format(code, kept))
        else:
            pieces.append(escape(piece))
    return Markup("").join(pieces)


def _figure_styles() -> str:
    return f"{figures.style()}\n@media (prefers-color-scheme:dark){{\n{_DARK}\n}}\n"


def _policy(css: str, script: str) -> str:
    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {source(script)}; style-src {source(css)}; img-src blob: data:; "
        "media-src blob:; base-uri 'none'; form-action 'none'"
    )


def _title(runs: Sequence[ReportRun]) -> str:
    names = [run.name for run in runs]
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} other runs"


def _summary(gathered: Gathered) -> str:
    n_runs, items = len(gathered.runs), sum(len(dataset.entries) for dataset in gathered.datasets)
    runs = "One run" if n_runs == 1 else f"{n_runs} runs"
    datasets = "" if len(gathered.datasets) == 1 else f" of {len(gathered.datasets)} datasets"
    return f"{runs} over {items} items{datasets}."


def _measures(runs: Sequence[ReportRun], published: Sequence[PublishedRow]) -> list[Measure]:
    """The columns that any run or row has a figure for."""
    return [
        measure
        for measure in HEADLINE
        if any(value_of(run.scores, measure).value is not None for run in runs)
        or (measure.key in ("cal", "ans", "unans"))
        or any(measure.key in row.values for row in published)
    ]


def _run_view(run: ReportRun, measures: Sequence[Measure]) -> RunView:
    scores = run.scores or {}
    n = scores.get("n")
    absences = (("none", ANS), ("absent_persona", UNANS), ("absent_attribute", UNANS))
    return RunView(
        name=run.name,
        cal=value_of(scores, CAL),
        ans=value_of(scores, ANS),
        unans=value_of(scores, UNANS),
        n=n if isinstance(n, int) else len(run.answers) - run.count("failed"),
        judge=str(scores.get("judge") or "-"),
        incomplete=bool(run.count("failed") or run.count("unjudged") or run.n_missing),
        headline=[value_of(scores, measure) for measure in measures],
        by_group=[[value_of(slice_of(scores, "by_group", group), measure) for measure in SLICED] for group in GROUPS],
        by_absence=[value_of(slice_of(scores, "by_absence", name), measure) for name, measure in absences],
        facts=facts(run),
        commands=commands(run),
        command_note=command_note(run),
        manifest=manifest_text(run),
    )


def _tasks(runs: Sequence[ReportRun]) -> list[tuple[str, list[TaskView]]]:
    def view(task: omni_persona.Task) -> TaskView:
        parts = [slice_of(run.scores, "by_task", task.name) for run in runs]
        counts = [part["n"] for part in parts if part is not None and isinstance(part.get("n"), int)]
        return TaskView(
            task, max(counts, default=0), [[value_of(part, measure) for measure in SLICED] for part in parts]
        )

    return [(group, [view(task) for task in TASKS.values() if task.group == group]) for group in GROUPS]
