"""Cal of each group, with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from omni_persona_cal import figure as drawing
from omni_persona_report.figures.figure import Figure, first, names
from omni_persona_report.runs.measures import CAL, GROUP_NAMES, slice_of, value_of
from omni_persona_report.runs.report_run import ReportRun

LEFT, RIGHT, STEP = 0.55, 0.38, 0.135


def group_cal(runs: Sequence[ReportRun], measure: str) -> Figure:
    """One block per group, one sign per run."""
    shown, more = first(runs)
    slices = ["All", *GROUP_NAMES]
    block = STEP * len(shown) + 0.09
    top = 0.17 * len(shown) + 0.12
    height = block * len(slices)
    figure = drawing.sheet(top + height + 0.4)
    drawing.legend(figure, 0.02, names(shown))
    box = drawing.axes(figure, LEFT, top, drawing.WIDTH - LEFT - RIGHT, height)
    box.set(xlim=(0, 100), ylim=(height, 0), xlabel="Cal (%)", yticks=[])
    box.spines["left"].set_visible(False)
    box.grid(True, axis="x")
    said = []
    for number, name in enumerate(slices):
        y = block * number
        if number:
            box.axhline(y, color=drawing.GRID, linewidth=0.6)
        box.text(-3, y + block / 2, name, ha="right", va="center", fontweight="bold")
        for place, run in enumerate(shown):
            value = value_of(run.scores if name == "All" else slice_of(run.scores, "by_group", name), CAL)
            at = y + 0.045 + STEP * (place + 0.5)
            if value.value is None:
                box.text(1, at, "no Cal", color=drawing.MUTED, va="center", fontsize=6.5)
                continue
            if value.low is not None and value.high is not None:
                line = [100 * value.low, 100 * value.high]
                box.plot(line, [at, at], color=drawing.SERIES[place % 8], linewidth=1.3, clip_on=False)
            box.plot([100 * value.value], [at], linestyle="none", **drawing.sign(place))
            box.text(103, at, value.text, va="center", fontsize=6.5)
            said.append(f"{run.name}, {name}: Cal {value.text}" + (f", {value.interval}" if value.interval else ""))
    return Figure(
        "cal_by_group",
        "Cal by group",
        f"Cal ({measure}) of all items and of each group: a query shows a face (I2I), plays a voice (A2A), describes a "
        "person (T2T) or quotes one (T2Any). A model that always abstains scores 50. Lines are 95 % intervals."
        + more
        + runs[0].dataset.about_marks,
        "; ".join(said) + ".",
        figure,
    )
