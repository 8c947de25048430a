"""One figure of a report, with its caption and text alternative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from omni_persona_cal import figure as drawing
from omni_persona_report.runs.report_run import ReportRun

SHOWN = 8
"""Maximum number of runs in a figure; the best by Cal are drawn, and the tables list all."""


@dataclass(frozen=True)
class Figure:
    """One figure of a report."""

    key: str
    """Its file name without extension."""
    title: str
    caption: str
    """Self-contained caption of one or two sentences."""
    alt: str
    """Text alternative for readers who cannot see it."""
    drawing: Any
    """The matplotlib figure."""

    def inline(self) -> str:
        """An SVG element for a page that has `omni_persona_cal.figure.style`."""
        return drawing.inline(self.drawing, self.key, self.alt)

    def files(self) -> dict[str, bytes]:
        """The figure as SVG, PDF and PNG: file name -> content."""
        return {
            f"{self.key}.svg": drawing.as_svg(
                self.drawing, self.key, self.title, f"{self.caption} {self.alt}"
            ).encode(),
            f"{self.key}.pdf": drawing.as_bytes(self.drawing, "pdf"),
            f"{self.key}.png": drawing.as_bytes(self.drawing, "png"),
        }


def first(runs: Sequence[ReportRun]) -> tuple[Sequence[ReportRun], str]:
    """The runs that a figure draws, and the caption's remark on the others."""
    more = len(runs) - SHOWN
    return runs[
        :SHOWN
    ], f" Shown are the best {SHOWN} of {len(runs)} runs by Cal; the tables list all." if more > 0 else ""


def names(runs: Sequence[ReportRun]) -> list[tuple[str, dict[str, Any]]]:
    """The legend of some runs."""
    return [(run.name, drawing.sign(number)) for number, run in enumerate(runs)]


def points(value: float) -> str:
    """A difference of rates in points, with sign."""
    return "0.0" if abs(value) < 0.0005 else f"{100 * value:+.1f}"
