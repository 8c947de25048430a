"""Drawing with SVG: few shapes, colours by class, so that a page can show a figure light or dark."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape

from omni_persona_artifacts.characters import visible

SERIES = ("#2a6cb0", "#c2541a", "#23815a", "#7a4fae", "#b5324a", "#14788a", "#8a6500", "#8c4a7d")
"""Colours of runs on white, each with a contrast of at least 3 to it."""
RAMP = ("#f2f6fb", "#dfeaf6", "#c8dcf0", "#acc9e7", "#8ab1da", "#6697ca", "#3d72aa", "#2c619a", "#1a487b", "#0d315a")
"""From nothing to all, on white."""
INK, MUTED, LINE, PAPER = "#1c1f24", "#5b626c", "#d5d9df", "#ffffff"

FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Helvetica, Arial, sans-serif"
TEXT = 12
"""Size of text, in pixels."""
_ADVANCE = 0.6
"""Mean width of a letter, in sizes of the font: a guess, for text is measured nowhere here."""


def style(
    ink: str = INK,
    muted: str = MUTED,
    line: str = LINE,
    paper: str = PAPER,
    series: Sequence[str] = SERIES,
    ramp: Sequence[str] = RAMP,
    light_text: Collection[int] = range(6, 10),
) -> str:
    """The style sheet of a figure in some colours. light_text: the steps of the ramp on which text is light."""
    rules = [
        f".fg text{{fill:{ink};font-family:{FONT};font-size:{TEXT}px}}",
        f".fg .mut{{fill:{muted}}}",
        ".fg .small{font-size:11px}",
        ".fg .strong{font-weight:600}",
        f".fg .grid{{stroke:{line};stroke-width:1;fill:none}}",
        f".fg .axis{{stroke:{muted};stroke-width:1;fill:none}}",
        f".fg .pub{{fill:{paper};stroke:{muted};stroke-width:1.25}}",
        f".fg .publine{{stroke:{muted};stroke-width:1.25;fill:none}}",
        f".fg .paper{{fill:{paper}}}",
        f".fg .none{{fill:none;stroke:{line};stroke-width:1}}",
        f".fg .pubfill{{fill:{muted}}}",
        ".fg .dashed{stroke-dasharray:3 4}",
        ".fg .thin{stroke-width:1.5}",
        ".fg .thick{stroke-width:2.5}",
        ".fg .soft{fill-opacity:.22}",
    ]
    for number, colour in enumerate(series):
        rules += [
            f".fg .f{number}{{fill:{colour}}}",
            f".fg .l{number}{{stroke:{colour};fill:none}}",
            f".fg .h{number}{{stroke:{colour};fill:{paper};stroke-width:2}}",
        ]
    for step, colour in enumerate(ramp):
        rules.append(f".fg .q{step}{{fill:{colour}}}")
        rules.append(f".fg text.t{step}{{fill:{PAPER if step in light_text else INK}}}")
    return "\n".join(rules)


@dataclass(frozen=True)
class Figure:
    """One picture of a report."""

    key: str
    """Its file name without ending."""
    title: str
    caption: str
    """What it shows, in a sentence or two."""
    alt: str
    """What it says, for who cannot see it."""
    width: int
    height: int
    body: str
    """The SVG elements."""

    def inline(self) -> str:
        """For an HTML page, which has the style sheet."""
        return (
            f'<svg class="fg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}" '
            f'role="img" aria-label="{_safe(self.alt)}">{self.body}</svg>'
        )

    def file(self) -> str:
        """For a file of its own: light, on white."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" role="img"><title>{_safe(self.title)}</title><desc>{_safe(self.alt)}</desc>'
            f'<style>{style()}</style><g class="fg"><rect class="paper" width="{self.width}" height="{self.height}"/>'
            f"{self.body}</g></svg>\n"
        )


class Canvas:
    """Collects SVG elements."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def __str__(self) -> str:
        return "".join(self._parts)

    def text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "start", hint: str = "") -> None:
        """Words with their baseline at y; `hint` is shown when the pointer rests on them."""
        title = f"<title>{_safe(hint)}</title>" if hint else ""
        self._add(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{_class(kind)} unicode-bidi="isolate">{title}'
            f"{_safe(words)}</text>"
        )

    def upwards(self, x: float, y: float, words: str, kind: str) -> None:
        """Words that read upwards, their middle at (x, y)."""
        self._add(
            f'<text transform="translate({x:.1f} {y:.1f}) rotate(-90)" text-anchor="middle"{_class(kind)}>'
            f"{_safe(words)}</text>"
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        self._add(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{_class(kind)}/>')

    def rect(
        self, x: float, y: float, width: float, height: float, kind: str, hint: str = "", round_: float = 0
    ) -> None:
        title = f"<title>{_safe(hint)}</title>" if hint else ""
        corner = f' rx="{round_:g}"' if round_ else ""
        self._add(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"{corner}'
            f"{_class(kind)}>{title}</rect>"
        )

    def marker(self, x: float, y: float, number: int, hint: str, size: float = 5, kind: str | None = None) -> None:
        """The sign of a series: runs differ by shape, too, for who cannot tell their colours."""
        kind = kind if kind is not None else f"f{number % len(SERIES)}"
        shapes = {
            0: f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}"{_class(kind)}>',
            1: f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size:g}" height="{2 * size:g}"{_class(kind)}>',
            2: f'<path d="M{x:.1f} {y - 1.3 * size:.1f}l{1.3 * size:.1f} {1.3 * size:.1f}l{-1.3 * size:.1f} '
            f'{1.3 * size:.1f}l{-1.3 * size:.1f} {-1.3 * size:.1f}z"{_class(kind)}>',
            3: f'<path d="M{x:.1f} {y - 1.2 * size:.1f}l{1.2 * size:.1f} {2.1 * size:.1f}h{-2.4 * size:.1f}z"'
            f"{_class(kind)}>",
        }
        shape = shapes[number % len(shapes)]
        self._add(f"{shape}<title>{_safe(hint)}</title></{shape[1:].split(' ', 1)[0]}>")

    def _add(self, element: str) -> None:
        self._parts.append(element)


def percent_axis(canvas: Canvas, left: float, right: float, top: float, bottom: float, title: str = "") -> None:
    """A horizontal axis from 0 to 100 with its grid."""
    for tick in range(0, 101, 20):
        x = left + (right - left) * tick / 100
        canvas.line(x, top, x, bottom, "grid")
        canvas.text(x, bottom + 16, str(tick), "mut small", "middle")
    if title:
        canvas.text((left + right) / 2, bottom + 33, title, "mut small", "middle")


def legend(canvas: Canvas, x: float, y: float, names: Sequence[str], width: float) -> float:
    """The signs of runs and their names, in lines no wider than `width`; returns the y below them."""
    at = x
    for number, name in enumerate(names):
        label = short(name, 42)
        needed = 18 + text_width(label) + 18
        if at > x and at + needed > x + width:
            at, y = x, y + 20
        canvas.marker(at + 5, y - 4, number, name)
        canvas.text(at + 16, y, label, hint=name)
        at += needed
    return y + 20


def short(text: str, letters: int) -> str:
    """A text of at most so many letters, its middle left out."""
    text = visible(text)
    if len(text) <= letters:
        return text
    head = (letters - 1) * 2 // 3
    return f"{text[:head]}…{text[-(letters - 1 - head) :]}"


def text_width(text: str, size: float = TEXT) -> float:
    """About how wide a text is, in pixels."""
    return len(text) * size * _ADVANCE


def points(value: float) -> str:
    """A difference of rates in points, with its sign."""
    return "0.0" if abs(value) < 0.0005 else f"{100 * value:+.1f}"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _safe(text: str) -> str:
    return escape(visible(text))
