"""The 18 tasks as a heat map."""

from __future__ import annotations

from collections.abc import Sequence

from omni_persona import TASKS
from omni_persona_cal import figure as drawing
from omni_persona_report.figures.figure import Figure, first
from omni_persona_report.runs.measures import CAL, SLICED, Measure, Value, slice_of, value_of
from omni_persona_report.runs.report_run import ReportRun

LEFT, ROW, LEGEND = 1.62, 0.17, 0.17


def heatmap(runs: Sequence[ReportRun], measure: str) -> Figure:
    """Rows are tasks. Columns are the runs' Cal in ranking order; for a single run, its Ans, Unans and Cal."""
    shown, more = first(runs)
    columns: list[tuple[str, ReportRun, Measure]] = [(f"{n}", run, CAL) for n, run in enumerate(shown, start=1)]
    if len(runs) == 1:
        columns = [(one.label.partition(" ")[0], runs[0], one) for one in SLICED]
    tasks = list(TASKS.values())
    top = LEGEND * len(shown) + 0.3
    figure = drawing.sheet(top + ROW * len(tasks) + 0.08)
    for number, run in enumerate(shown):
        label = run.name if len(runs) == 1 else f"{number + 1}  {run.name}"
        drawing.words(figure, 0.1, LEGEND * (number + 0.8), drawing.short(label, 50))
    box = drawing.axes(figure, LEFT, top, drawing.WIDTH - LEFT - 0.08, ROW * len(tasks))
    box.set(xlim=(0, len(columns)), ylim=(len(tasks), 0), xticks=[], yticks=[])
    box.spines[["left", "bottom"]].set_visible(False)
    for place, (label, _, _) in enumerate(columns):
        box.text(place + 0.5, -0.25, label, ha="center", va="bottom", fontweight="bold")
    said = []
    for number, task in enumerate(tasks):
        ink = {"va": "center", "fontsize": 7}
        box.text(-0.05 * len(columns), number + 0.5, f"{task.paper_id}  {task.name}", ha="right", **ink)
        values = [value_of(slice_of(run.scores, "by_task", task.name), one) for _, run, one in columns]
        for place, value in enumerate(values):
            _cell(box, place, number, value)
        parts = [
            f"{label} {value.text}" for (label, _, _), value in zip(columns, values, strict=True) if value.text != "-"
        ]
        said.append(f"{task.name}: {', '.join(parts) or 'not asked'}")
    return Figure(
        "tasks",
        "The 18 tasks",
        f"{'Cal' if len(runs) > 1 else 'Scores'} by task, x 100 ({measure}); the stronger the colour, the better. A "
        "dash marks a task without items of the kind that a score needs." + more,
        ", ".join(f"{label} is {run.name}" for label, run, _ in columns if len(runs) > 1)
        + ". "
        + "; ".join(said)
        + ".",
        figure,
    )


def _cell(box: object, place: int, number: int, value: Value) -> None:
    from matplotlib.patches import Rectangle

    if value.value is None:
        box.text(place + 0.5, number + 0.5, "-", ha="center", va="center", color=drawing.MUTED)  # type: ignore[attr-defined]
        return
    step = max(0, min(len(drawing.RAMP) - 1, int(value.value * len(drawing.RAMP))))
    at = (place + 0.02, number + 0.05)
    box.add_patch(Rectangle(at, 0.96, 0.9, facecolor=drawing.RAMP[step], edgecolor="none"))  # type: ignore[attr-defined]
    ink = {"ha": "center", "va": "center", "fontsize": 6.5, "color": drawing.ON_RAMP[step]}
    box.text(place + 0.5, number + 0.52, value.text, **ink)  # type: ignore[attr-defined]
