"""The figures of a report: drawn once, for the page and for files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from omni_persona_cal.figure import settings
from omni_persona_report.figures.confusions import confusions
from omni_persona_report.figures.dynamics import dynamics
from omni_persona_report.figures.figure import Figure
from omni_persona_report.figures.gap import gap
from omni_persona_report.figures.group_cal import group_cal
from omni_persona_report.figures.heatmap import heatmap
from omni_persona_report.figures.lengths import lengths
from omni_persona_report.figures.outcomes import outcome_shares
from omni_persona_report.figures.plane import plane
from omni_persona_report.runs.analyses import checkpoints
from omni_persona_report.runs.published import PublishedRow
from omni_persona_report.runs.report_run import ReportRun

__all__ = ["Figure", "draw", "figure_files"]


def draw(runs: Sequence[ReportRun], published: Sequence[PublishedRow], measure: str) -> list[Figure]:
    """Draw all figures of some runs, in page order.

    published: rows to draw, if the items are those that they were measured on. measure: the definition of Cal used.
    """
    trained = checkpoints(runs)
    with settings():
        return [
            group_cal(runs, measure),
            plane(runs, published, measure),
            outcome_shares(runs, measure),
            heatmap(runs, measure),
            gap(runs, published, measure),
            lengths(runs, measure),
            confusions(runs, measure),
            *([dynamics(trained, measure)] if trained else []),
        ]


def figure_files(figures: Sequence[Figure], folder: Path) -> dict[Path, bytes]:
    """The files of figures in a folder, each as SVG, PDF and PNG, and their contents."""
    return {folder / name: content for figure in figures for name, content in figure.files().items()}
