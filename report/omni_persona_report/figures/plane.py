"""The calibration plane: answering against abstaining."""

from __future__ import annotations

from collections.abc import Sequence

from omni_persona_cal import figure as drawing
from omni_persona_report.figures.figure import Figure, first
from omni_persona_report.runs.measures import ANS, UNANS, Value, value_of
from omni_persona_report.runs.published import PublishedRow
from omni_persona_report.runs.report_run import ReportRun


def plane(runs: Sequence[ReportRun], published: Sequence[PublishedRow], measure: str) -> Figure:
    """One marker per run, one grey ring per published row, and lines of equal Cal."""
    shown, more = first(runs)
    points, said = [], []
    for run in shown:
        ans, ta = value_of(run.scores, ANS), value_of(run.scores, UNANS)
        if ans.value is None or ta.value is None:
            continue
        points.append((run.name, ta.value, ans.value, _ends(ta), _ends(ans)))
        said.append(f"{run.name}: TA {ta.text}, Ans {ans.text}")
    rings = [(row.name, row.values["ta"], row.values["ans"]) for row in published if {"ta", "ans"} <= row.values.keys()]
    return Figure(
        "calibration_plane",
        "Answering and abstaining",
        f"Up: more answerable items answered correctly. Right: more unanswerable items abstained from ({measure}). "
        "Dashed lines connect points of equal Cal; the top right corner is a perfect assistant. Crosses: 95 % "
        "intervals." + more,
        "; ".join(said) + ".",
        drawing.plane(points, rings),
    )


def _ends(value: Value) -> tuple[float, float] | None:
    return None if value.low is None or value.high is None else (value.low, value.high)
