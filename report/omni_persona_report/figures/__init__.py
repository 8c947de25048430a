"""The figures of a report: drawn here as SVG, shown in the page, and written as SVG and PNG files."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from omni_persona_report.figures.confusions import confusions
from omni_persona_report.figures.gap import gap
from omni_persona_report.figures.group_cal import group_cal
from omni_persona_report.figures.heatmap import heatmap
from omni_persona_report.figures.lengths import lengths
from omni_persona_report.figures.plane import plane
from omni_persona_report.figures.svg import Figure, style
from omni_persona_report.gather import ReportRun
from omni_persona_report.published import PublishedRow

__all__ = ["Figure", "draw", "style", "write_figures"]

PNG_SCALE = 2
"""Pixels of a PNG per pixel of the drawing."""

FONT = "Aileron"
"""The family of Pillow's own font."""


def draw(runs: Sequence[ReportRun], published: Sequence[PublishedRow]) -> list[Figure]:
    """All figures of some runs, in the order in which a page shows them."""
    return [
        group_cal(runs),
        plane(runs, published),
        gap(runs, published),
        heatmap(runs),
        lengths(runs),
        confusions(runs),
    ]


def write_figures(figures: Sequence[Figure], out: Path) -> list[Path]:
    """Write each figure as SVG and as PNG into a folder, which is made if need be."""
    import resvg_py
    from PIL import ImageFont

    out.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory() as folder:
        # Pillow's own font, for machines that have none; others have more letters, and are asked where it lacks one.
        font = Path(folder) / "font.ttf"
        font.write_bytes(getattr(ImageFont.load_default(12), "font_bytes", b""))
        files = [str(font)] if font.stat().st_size else []
        for figure in figures:
            drawing = figure.file()
            svg, png = out / f"{figure.key}.svg", out / f"{figure.key}.png"
            svg.write_text(drawing, encoding="utf-8")
            pixels = resvg_py.svg_to_bytes(
                svg_string=drawing, zoom=PNG_SCALE, font_files=files, font_family=FONT, sans_serif_family=FONT
            )
            png.write_bytes(pixels)
            written += [svg, png]
    return written
