"""The audio-visual gap: a person found by face against one found by voice."""

from __future__ import annotations

from collections.abc import Sequence

from omni_persona_cal import figure as drawing
from omni_persona_report.figures.figure import SHOWN, Figure, first, points
from omni_persona_report.runs.measures import ANS, slice_of, value_of
from omni_persona_report.runs.published import PublishedRow
from omni_persona_report.runs.report_run import ReportRun

LEFT, RIGHT, ROW = 0.12, 0.42, 0.3


def gap(runs: Sequence[ReportRun], published: Sequence[PublishedRow], measure: str) -> Figure:
    """One row per run and per published row: Ans of I2I and of A2A, and the difference."""
    shown, more = first(runs)
    rows: list[tuple[str, float | None, float | None, int | None]] = []
    for number, run in enumerate(shown):
        face, voice = (value_of(slice_of(run.scores, "by_group", name), ANS).value for name in ("I2I", "A2A"))
        rows.append((run.name, face, voice, number))
    for row in published:
        face, voice = (row.groups.get(name, {}).get("ans") for name in ("I2I", "A2A"))
        if face is not None and voice is not None:
            rows.append((f"{row.name} (published)", face, voice, None))
    top, height = 0.25, ROW * len(rows)
    figure = drawing.sheet(top + height + 0.4)
    box = drawing.axes(figure, LEFT, top, drawing.WIDTH - LEFT - RIGHT, height)
    box.set(
        xlim=(0, 100), ylim=(len(rows), 0), xlabel="Ans (%): filled by face (I2I), hollow by voice (A2A)", yticks=[]
    )
    box.spines["left"].set_visible(False)
    box.grid(True, axis="x")
    drawing.words(figure, drawing.WIDTH - 0.06, 0.17, "gap", ha="right", color=drawing.MUTED)
    said = []
    for number, (name, face, voice, place) in enumerate(rows):
        colour = drawing.MUTED if place is None else drawing.SERIES[place % SHOWN]
        box.text(
            0, number + 0.3, drawing.short(name, 44), va="center", color=drawing.MUTED if place is None else drawing.INK
        )
        y = number + 0.72
        if face is None or voice is None:
            box.text(1, y, "not asked by both", color=drawing.MUTED, va="center", fontsize=6.5)
            continue
        box.plot([100 * face, 100 * voice], [y, y], color=colour, linewidth=1.2)
        box.plot([100 * voice], [y], marker="o", color=drawing.PAPER, markeredgecolor=colour, clip_on=False)
        box.plot([100 * face], [y], marker="o", color=colour, clip_on=False, markersize=5)
        box.text(104, y, points(face - voice), va="center", fontsize=7)
        if place is not None:
            said.append(f"{name}: by face {100 * face:.1f}, by voice {100 * voice:.1f}, gap {points(face - voice)}")
    return Figure(
        "audio_visual_gap",
        "The audio-visual gap",
        f"Ans of queries by face minus Ans of queries by voice ({measure}): how much better the model finds people by "
        "face than by voice." + more,
        "; ".join(said) + ".",
        figure,
    )
