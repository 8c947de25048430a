"""Answer length and overlap with the gold answer, against the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from omni_persona_report.figures.svg import Canvas, Figure, short
from omni_persona_report.gather import ReportRun, judged

WIDTH, ROW = 680, 20
NAMES, WORDS, ROUGE = 178, (190, 400), (450, 640)
"""Right edge of names; left and right edges of the two panels."""

KINDS: dict[str, Callable[[Any], bool]] = {
    "correct": lambda item: item.answerable and not item.abstaining and item.verdict == "CORRECT",
    "wrong": lambda item: item.answerable and not item.abstaining and item.verdict == "WRONG",
    "hallucinated": lambda item: not item.answerable and not item.abstaining,
    "abstained": lambda item: item.abstaining,
}


def lengths(runs: Sequence[ReportRun]) -> Figure:
    """Per run and kind of answer, boxes of the number of words and of ROUGE-L recall."""
    items = [judged(run) for run in runs]
    longest = max((np.percentile([item.n_words for item in part], 98) for part in items if part), default=10.0)
    limit = float(max(20, int(np.ceil(longest / 20)) * 20))
    canvas = Canvas()
    top, y = 34.0, 34.0
    rows = []
    for place, (run, part) in enumerate(zip(runs, items, strict=True)):
        canvas.marker(15, y + 9, place, run.name)
        canvas.text(26, y + 13, short(run.name, 60), "strong", hint=run.name)
        y += 22
        for kind, belongs in KINDS.items():
            rows.append((y, place, run.name, kind, [item for item in part if belongs(item)]))
            y += ROW
        y += 10
    bottom = y
    _axis(canvas, WORDS, top, bottom, limit, "words")
    _axis(canvas, ROUGE, top, bottom, 1.0, "ROUGE-L recall")
    canvas.text(WORDS[0], 18, "Length of the answer", "strong")
    canvas.text(ROUGE[0], 18, "Overlap with the gold answer", "strong")
    said = []
    for at, place, name, kind, members in rows:
        canvas.text(NAMES, at + 14, f"{kind} ({len(members)})", "mut small", "end")
        middle = at + ROW / 2
        words = _box(canvas, WORDS, limit, middle, place, [item.n_words for item in members])
        overlap = [item.rouge_l for item in members if item.rouge_l is not None]
        rouge = _box(canvas, ROUGE, 1.0, middle, place, overlap)
        if words is not None:
            tail = f", ROUGE-L {rouge:.2f}" if rouge is not None else ""
            said.append(f"{name}, {kind}: {words:.0f} words{tail}")
    return Figure(
        "length_and_overlap",
        "Length and overlap against the verdict",
        "Boxes hold the middle half of the answers, the line is the median, whiskers reach from 5 to 95 %. A judge "
        "that can be trusted puts more overlap among the correct than among the wrong.",
        "Medians. " + "; ".join(said) + ".",
        WIDTH,
        int(bottom + 42),
        str(canvas),
    )


def _axis(canvas: Canvas, panel: tuple[int, int], top: float, bottom: float, limit: float, title: str) -> None:
    for part in range(5):
        x = panel[0] + (panel[1] - panel[0]) * part / 4
        value = limit * part / 4
        canvas.line(x, top, x, bottom, "grid")
        canvas.text(x, bottom + 16, f"{value:.2f}" if limit == 1 else f"{value:.0f}", "mut small", "middle")
    canvas.line(panel[0], bottom, panel[1], bottom, "axis")
    canvas.text((panel[0] + panel[1]) / 2, bottom + 33, title, "mut small", "middle")


def _box(
    canvas: Canvas, panel: tuple[int, int], limit: float, y: float, place: int, values: Sequence[float]
) -> float | None:
    if not values:
        return None
    low, first, middle, third, high = (float(value) for value in np.percentile(values, [5, 25, 50, 75, 95]))

    def x(value: float) -> float:
        return panel[0] + (panel[1] - panel[0]) * min(value, limit) / limit

    series = place % 8
    canvas.line(x(low), y, x(high), y, f"l{series} thin")
    hint = f"median {middle:.2f}, middle half {first:.2f} to {third:.2f}"
    canvas.rect(x(first), y - 5, max(2.0, x(third) - x(first)), 10, f"f{series} soft", hint, 2)
    canvas.line(x(middle), y - 6, x(middle), y + 6, f"l{series} thick")
    return middle
