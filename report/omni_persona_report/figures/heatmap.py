"""The 18 tasks as a heat map."""

from __future__ import annotations

from collections.abc import Sequence

from omni_persona import GROUPS, TASKS
from omni_persona_report.figures.svg import RAMP, Canvas, Figure, short
from omni_persona_report.gather import ReportRun
from omni_persona_report.measures import CAL, SLICED, Measure, slice_of, value_of

LEFT, WIDTH, ROW, HEAD = 236, 640, 26, 52


def heatmap(runs: Sequence[ReportRun]) -> Figure:
    """Rows are tasks. Columns are runs with their Cal; of a single run, its Ans, Unans and Cal."""
    columns: list[tuple[str, ReportRun, Measure]] = [(run.name, run, CAL) for run in runs]
    if len(runs) == 1:
        columns = [(measure.label, runs[0], measure) for measure in SLICED]
    cell = max(62, min(150, (WIDTH - LEFT - 10) // len(columns)))
    canvas = Canvas()
    for place, (name, _, _) in enumerate(columns):
        x = LEFT + cell * (place + 0.5)
        canvas.text(x, HEAD - 24, short(name, int(cell / 6.6)), "strong" if len(runs) == 1 else "", "middle", hint=name)
        if len(runs) > 1:
            canvas.text(x, HEAD - 9, "Cal", "mut small", "middle")
    y, said = float(HEAD), []
    for group in GROUPS:
        for task in (task for task in TASKS.values() if task.group == group):
            canvas.text(10, y + 17, task.paper_id, "mut small")
            canvas.text(42, y + 17, task.name)
            told = []
            for place, (name, run, measure) in enumerate(columns):
                value = value_of(slice_of(run.scores, "by_task", task.name), measure)
                x = LEFT + cell * place
                hint = f"{task.name}, {name}: {measure.label} {value.text}"
                if value.value is None:
                    canvas.rect(x + 1, y + 1, cell - 2, ROW - 2, "none", hint, 3)
                    canvas.text(x + cell / 2, y + 17, "-", "mut", "middle")
                    continue
                step = min(len(RAMP) - 1, int(value.value * len(RAMP)))
                canvas.rect(x + 1, y + 1, cell - 2, ROW - 2, f"q{step}", hint, 3)
                canvas.text(x + cell / 2, y + 17, value.text, f"t{step}", "middle")
                told.append(f"{name} {value.text}")
            said.append(f"{task.name}: {', '.join(told) or 'not asked'}")
            y += ROW
        y += 8
    return Figure(
        "tasks",
        "The 18 tasks",
        "The stronger the colour, the better. A dash stands where a task has no items of the kind that a score needs.",
        "Scores by task. " + "; ".join(said) + ".",
        max(520, LEFT + cell * len(columns) + 10),
        int(y + 4),
        str(canvas),
    )
