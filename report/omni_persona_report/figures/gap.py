"""The audio-visual gap: a person found by face against one found by voice."""

from __future__ import annotations

from collections.abc import Sequence

from omni_persona_report.figures.svg import Canvas, Figure, percent_axis, points, short
from omni_persona_report.gather import ReportRun
from omni_persona_report.measures import ANS, slice_of, value_of
from omni_persona_report.published import PublishedRow

WIDTH, LEFT, RIGHT, ROW = 640, 220, 570, 24


def gap(runs: Sequence[ReportRun], published: Sequence[PublishedRow]) -> Figure:
    """One row per run and per published row: Ans of I2I and of A2A, and the difference."""
    rows: list[tuple[str, float | None, float | None, int | None]] = []
    for number, run in enumerate(runs):
        face, voice = (value_of(slice_of(run.scores, "by_group", name), ANS).value for name in ("I2I", "A2A"))
        rows.append((run.name, face, voice, number))
    for row in published:
        face, voice = (row.groups.get(name, {}).get("ans") for name in ("I2I", "A2A"))
        if face is not None and voice is not None:
            rows.append((row.name, face, voice, None))
    canvas = Canvas()
    canvas.marker(15, 16, 0, "by face", 5, "f0")
    canvas.text(26, 20, "Ans by face (I2I)")
    canvas.marker(165, 16, 0, "by voice", 4.5, "h0")
    canvas.text(176, 20, "Ans by voice (A2A)")
    canvas.text(WIDTH - 10, 20, "gap", "mut small", "end")
    top = 36
    bottom = top + ROW * len(rows)
    percent_axis(canvas, LEFT, RIGHT, top, bottom, "Ans")
    said = []
    for number, (name, face, voice, place) in enumerate(rows):
        y = top + ROW * (number + 0.5)
        canvas.text(LEFT - 12, y + 4, short(name, 32), "" if place is not None else "mut", "end", hint=name)
        if face is None or voice is None:
            canvas.text(LEFT + 6, y + 4, "not both groups", "mut small")
            continue
        x_face, x_voice = (LEFT + (RIGHT - LEFT) * value for value in (face, voice))
        series = None if place is None else place % 8
        canvas.line(x_face, y, x_voice, y, "publine" if series is None else f"l{series} thick")
        hint = f"{name}: by face {100 * face:.1f}, by voice {100 * voice:.1f}, gap {points(face - voice)}"
        canvas.marker(x_face, y, 0, hint, 5, "pubfill" if series is None else f"f{series}")
        canvas.marker(x_voice, y, 0, hint, 4.5, "pub" if series is None else f"h{series}")
        canvas.text(WIDTH - 10, y + 4, points(face - voice), "small" if place is not None else "mut small", "end")
        if place is not None:
            said.append(hint)
    canvas.line(LEFT, bottom, RIGHT, bottom, "axis")
    tail = " Published rows are grey." if len(rows) > len(runs) else ""
    return Figure(
        "audio_visual_gap",
        "The audio-visual gap",
        "Ans of queries by face minus Ans of queries by voice: how much better a person is found by looking than by "
        "listening." + tail,
        "Audio-visual gap. " + "; ".join(said) + "." + tail,
        WIDTH,
        int(bottom + 42),
        str(canvas),
    )
