"""The calibration plane: answering against abstaining."""

from __future__ import annotations

from collections.abc import Sequence

from omni_persona_report.figures.svg import Canvas, Figure, short, text_width
from omni_persona_report.gather import ReportRun
from omni_persona_report.measures import ANS, UNANS, value_of
from omni_persona_report.published import PublishedRow

WIDTH, HEIGHT = 640, 560
LEFT, TOP, SIDE = 62, 18, 480

Box = tuple[float, float, float, float]


def plane(runs: Sequence[ReportRun], published: Sequence[PublishedRow]) -> Figure:
    """One point per run, one grey ring per published row, and lines of equal Cal."""
    canvas = Canvas()
    _frame(canvas)
    taken: list[Box] = []
    rings = [(row, row.values["ta"], row.values["ans"]) for row in published if {"ta", "ans"} <= row.values.keys()]
    for row, x_share, y_share in rings:
        x, y = _at(x_share, y_share)
        hint = f"published: {row.name}: TA {100 * x_share:.1f}, Ans {100 * y_share:.1f}"
        canvas.marker(x, y, 0, hint, 4, "pub")
        taken.append((x - 5, y - 5, x + 5, y + 5))
    said, points = [], []
    for place, run in enumerate(runs):
        ans, ta = value_of(run.scores, ANS), value_of(run.scores, UNANS)
        if ans.value is None or ta.value is None:
            continue
        x, y = _at(ta.value, ans.value)
        if ans.low is not None and ans.high is not None:
            canvas.line(x, _at(0, ans.low)[1], x, _at(0, ans.high)[1], f"l{place % 8} thin")
            taken.append((x - 2, _at(0, ans.high)[1], x + 2, _at(0, ans.low)[1]))
        if ta.low is not None and ta.high is not None:
            canvas.line(_at(ta.low, 0)[0], y, _at(ta.high, 0)[0], y, f"l{place % 8} thin")
            taken.append((_at(ta.low, 0)[0], y - 2, _at(ta.high, 0)[0], y + 2))
        hint = f"{run.name}: TA {ta.text}, Ans {ans.text}"
        canvas.marker(x, y, place, hint, 6)
        taken.append((x - 8, y - 8, x + 8, y + 8))
        points.append((run.name, x, y, "strong"))
        said.append(hint)
    for name, x, y, kind in points:
        _label(canvas, name, x, y, kind, taken, must=True)
    for row, x_share, y_share in rings:
        _label(canvas, row.name, *_at(x_share, y_share), "mut small", taken, must=False)
    tail = f" {len(rings)} published rows are drawn as grey rings." if rings else ""
    return Figure(
        "calibration_plane",
        "The calibration plane",
        "Up: answers more of what the memories hold. Right: abstains from more of what they do not. Dashed lines join "
        "points of equal Cal; the corner top right is a perfect assistant." + tail,
        "Answering against abstaining. " + "; ".join(said) + "." + tail,
        WIDTH,
        HEIGHT,
        str(canvas),
    )


def _frame(canvas: Canvas) -> None:
    for tick in range(0, 101, 20):
        x, y = _at(tick / 100, tick / 100)
        canvas.line(x, TOP, x, TOP + SIDE, "grid")
        canvas.line(LEFT, y, LEFT + SIDE, y, "grid")
        canvas.text(x, TOP + SIDE + 17, str(tick), "mut small", "middle")
        canvas.text(LEFT - 8, y + 4, str(tick), "mut small", "end")
    for cal in (0.2, 0.4, 0.6, 0.8):
        low, high = max(0.0, 2 * cal - 1), min(1.0, 2 * cal)
        start, end = _at(low, high), _at(high, low)
        canvas.line(*start, *end, "axis dashed")
        canvas.text(end[0] + (8 if high == 1 else 4), end[1] - 4, f"Cal {100 * cal:.0f}", "mut small")
    canvas.line(LEFT, TOP + SIDE, LEFT + SIDE, TOP + SIDE, "axis")
    canvas.line(LEFT, TOP, LEFT, TOP + SIDE, "axis")
    canvas.text(LEFT + SIDE / 2, TOP + SIDE + 38, "TA: unanswerable items abstained from (%)", "mut small", "middle")
    canvas.upwards(16, TOP + SIDE / 2, "Ans: answerable items answered rightly (%)", "mut small")


def _at(ta: float, ans: float) -> tuple[float, float]:
    return LEFT + SIDE * ta, TOP + SIDE * (1 - ans)


def _label(canvas: Canvas, name: str, x: float, y: float, kind: str, taken: list[Box], must: bool) -> None:
    """Write a name beside its point where there is room; a published row without room keeps its hint alone."""
    label = short(name, 34)
    width = text_width(label, 12 if "strong" in kind else 11)
    places = [(x + 10, y + 4), (x - 10 - width, y + 4), (x - width / 2, y - 11), (x - width / 2, y + 20)]
    places += [(x + 8, y - 8), (x + 8, y + 16), (x - 8 - width, y - 8), (x - 8 - width, y + 16)]
    # A published row's name stands right beside its ring, or nowhere: further off it could be another's.
    places = places if must else places[:4]
    boxes = [(left, base - 10, left + width, base + 3) for left, base in places]
    inside = [box for box in boxes if box[0] >= LEFT and box[2] <= WIDTH and box[1] >= TOP and box[3] <= TOP + SIDE]
    free = next((box for box in inside if not any(_meet(box, other) for other in taken)), None)
    if free is None and must:
        free = (inside or boxes)[0]
    if free is not None:
        canvas.text(free[0], free[1] + 10, label, kind, hint=name)
        taken.append(free)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
