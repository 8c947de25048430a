"""Answer length and overlap with the gold answer, by outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from omni_persona_cal import figure as drawing
from omni_persona_cal.scores import CORRECT, WRONG, JudgedItem
from omni_persona_report.figures.figure import Figure, first
from omni_persona_report.runs.report_run import ReportRun

LEFT, GAP, ROW, NAME = 1.02, 0.28, 0.15, 0.2

KINDS: dict[str, Callable[[JudgedItem], bool]] = {
    "correct": lambda item: item.answerable and not item.abstaining and item.verdict == CORRECT,
    "wrong": lambda item: item.answerable and not item.abstaining and item.verdict == WRONG,
    "hallucinated": lambda item: not item.answerable and not item.abstaining,
    "abstained": lambda item: item.abstaining,
}


def lengths(runs: Sequence[ReportRun], measure: str) -> Figure:
    """Box plots of the number of words and of ROUGE-L recall, per run and kind of outcome."""
    shown, more = first(runs)
    items = [list(run.items.values()) for run in shown]
    longest = max((float(np.percentile([item.n_words for item in part], 98)) for part in items if part), default=10.0)
    limit = float(max(20, int(np.ceil(longest / 20)) * 20))
    block = NAME + ROW * len(KINDS)
    height, top = block * len(shown), 0.22
    figure = drawing.sheet(top + height + 0.4)
    wide = (drawing.WIDTH - LEFT - GAP - 0.12) / 2
    panels = [drawing.axes(figure, LEFT + place * (wide + GAP), top, wide, height) for place in (0, 1)]
    for panel, most, label in zip(panels, (limit, 1.0), ("words", "ROUGE-L recall"), strict=True):
        panel.set(xlim=(0, most), ylim=(height, 0), yticks=[], xticks=[0, most / 2, most], xlabel=label)
        panel.grid(True, axis="x")
    said = []
    for place, (run, part) in enumerate(zip(shown, items, strict=True)):
        y = block * place
        drawing.words(figure, 0.1, top + y + 0.14, drawing.short(run.name, 50), fontweight="bold")
        for number, (kind, belongs) in enumerate(KINDS.items()):
            at = y + NAME + ROW * (number + 0.5)
            members = [item for item in part if belongs(item)]
            drawing.words(figure, LEFT - 0.06, top + at + 0.03, f"{kind} ({len(members)})", ha="right", fontsize=6.5)
            words = _box(panels[0], at, place, [min(limit, item.n_words) for item in members])
            rouge = _box(panels[1], at, place, [item.rouge_l for item in members if item.rouge_l is not None])
            if words is not None:
                tail = f", ROUGE-L {rouge:.2f}" if rouge is not None else ""
                said.append(f"{run.name}, {kind}: {words:.0f} words{tail}")
    return Figure(
        "length_and_overlap",
        "Length and overlap by verdict",
        f"Left: words per answer. Right: overlap with the gold answer ({measure}). Boxes span the middle half, lines "
        "mark the median, whiskers reach from the 5th to the 95th percentile. If the judge can be trusted, correct "
        "answers overlap more than wrong ones." + more,
        "Medians. " + "; ".join(said) + ".",
        figure,
    )


def _box(panel: Any, y: float, place: int, values: Sequence[float]) -> float | None:
    if not values:
        return None
    low, quarter, middle, third, high = (float(value) for value in np.percentile(values, [5, 25, 50, 75, 95]))
    colour = drawing.SERIES[place % len(drawing.SERIES)]
    panel.plot([low, high], [y, y], color=colour, linewidth=0.9)
    panel.plot([quarter, third], [y, y], color=colour, linewidth=5, alpha=0.3, solid_capstyle="butt")
    panel.plot([middle, middle], [y - 0.045, y + 0.045], color=colour, linewidth=1.6)
    return middle
