"""The outcomes of each run's items, as fractions."""

from __future__ import annotations

from collections.abc import Sequence

from omni_persona_cal import figure as drawing
from omni_persona_report.figures.figure import Figure, first
from omni_persona_report.runs.outcomes import OUTCOMES, Outcome
from omni_persona_report.runs.report_run import ReportRun

LEFT, ROW = 0.12, 0.32

PARTS: dict[str, tuple[tuple[Outcome, ...], str]] = {
    "right": (("right",), drawing.SERIES[2]),
    "wrong": (("wrong_person", "wrong_attribute", "wrong_unclear"), drawing.SERIES[7]),
    "hallucinated": (("hallucinated",), drawing.SERIES[1]),
    "false abstention": (("false_abstention",), drawing.SERIES[6]),
    "no verdict or answer": (("failed", "unjudged", "unknown"), drawing.MUTED),
}
"""Label -> the outcomes in it and their colour."""


def outcome_shares(runs: Sequence[ReportRun], measure: str) -> Figure:
    """One bar per run."""
    shown, more = first(runs)
    top, height = 0.42, ROW * len(shown)
    figure = drawing.sheet(top + height + 0.4)
    box = drawing.axes(figure, LEFT, top, drawing.WIDTH - 2 * LEFT, height)
    box.set(xlim=(0, 100), ylim=(len(shown), 0), yticks=[], xlabel="share of the run's items (%)")
    box.spines["left"].set_visible(False)
    at = [(0.12, 0.16), (0.62, 0.16), (1.16, 0.16), (2.05, 0.16), (0.12, 0.33)]
    for (label, (_, colour)), (x, y) in zip(PARTS.items(), at, strict=True):
        drawing.words(figure, x, y, "■", color=colour, fontsize=8)
        drawing.words(figure, x + 0.13, y, label, fontsize=7)
    said = []
    for number, run in enumerate(shown):
        box.text(0, number + 0.26, drawing.short(run.name, 50), va="center")
        total, start, parts = max(1, len(run.outcomes)), 0.0, []
        for label, (names, colour) in PARTS.items():
            share = 100 * run.count(*names) / total
            if share:
                box.barh(
                    [number + 0.7],
                    [share],
                    left=start,
                    height=0.4,
                    color=colour,
                    edgecolor=drawing.PAPER,
                    linewidth=0.6,
                )
                parts.append(f"{label} {share:.1f} %")
            start += share
        said.append(f"{run.name}: {', '.join(parts)}")
    assert OUTCOMES.keys() == {name for names, _ in PARTS.values() for name in names}
    return Figure(
        "outcomes",
        "Outcomes of the items",
        "Right: answered correctly, or rightly abstained. Hallucinated: answered although the memories do not contain "
        f"the answer. False abstention: abstained although they do ({measure})." + more,
        "; ".join(said) + ".",
        figure,
    )
