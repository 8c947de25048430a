"""Cal of each group, with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from omni_persona_report.figures.svg import Canvas, Figure, legend, percent_axis
from omni_persona_report.gather import ReportRun
from omni_persona_report.measures import CAL, GROUP_NAMES, slice_of, value_of

WIDTH, LEFT, RIGHT, STEP = 640, 150, 580, 15


def group_cal(runs: Sequence[ReportRun]) -> Figure:
    """One row per group, one sign per run."""
    canvas = Canvas()
    top = legend(canvas, 10, 20, [run.name for run in runs], WIDTH - 20) + 4
    row = STEP * len(runs) + 16
    names = ["All", *GROUP_NAMES]
    bottom = top + row * len(names)
    percent_axis(canvas, LEFT, RIGHT, top, bottom, "Cal")
    said = []
    for number, name in enumerate(names):
        y = top + row * number
        canvas.line(10, y, RIGHT, y, "grid")
        canvas.text(10, y + row / 2 - (2 if name in GROUP_NAMES else -4), name, "strong")
        if name in GROUP_NAMES:
            canvas.text(10, y + row / 2 + 12, GROUP_NAMES[name], "mut small")
        for place, run in enumerate(runs):
            scores = run.scores if name == "All" else slice_of(run.scores, "by_group", name)
            value = value_of(scores, CAL)
            at = y + 8 + STEP * (place + 0.5)
            if value.value is None:
                canvas.text(LEFT + 4, at + 4, "no Cal", "mut small")
                continue
            if value.low is not None and value.high is not None:
                canvas.line(_x(value.low), at, _x(value.high), at, f"l{place % 8} thick")
            hint = f"{run.name}, {name}: Cal {value.text}" + (f", {value.interval}" if value.interval else "")
            canvas.marker(_x(value.value), at, place, hint)
            canvas.text(RIGHT + 12, at + 4, value.text, "small")
            said.append(hint)
    canvas.line(10, bottom, RIGHT, bottom, "axis")
    return Figure(
        "cal_by_group",
        "Cal by group",
        "Cal is the mean of answering what the memories hold and abstaining from what they do not. A model that always "
        "abstains has 50. Bars are 95 % intervals, where the scores hold them.",
        "Cal by group. " + "; ".join(said) + ".",
        WIDTH,
        int(bottom + 42),
        str(canvas),
    )


def _x(value: float) -> float:
    return LEFT + (RIGHT - LEFT) * value
