"""Figures for pages and papers, drawn by matplotlib. They are one printed column wide, which also fits a phone.

Colours on a page follow its light or dark theme: `inline` replaces them by classes, and `style` returns the CSS rules
for the classes.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from html import escape
from typing import Any
from xml.etree import ElementTree

WIDTH = 3.5
"""Width of every figure, in inches."""
DOTS_PER_INCH = 300
"""Resolution of PNG files."""

INK, MUTED, GRID, PAPER = "#1c1f24", "#5b626c", "#d5d9df", "#ffffff"
SERIES = ("#0072b2", "#d55e00", "#00855f", "#b0468f", "#8a6500", "#3b3d42", "#1787bd", "#c2303f")
"""Colours of runs. Readers with red-green colour blindness can distinguish them; runs also have different markers."""
SIGNS = ("o", "s", "D", "^", "v", "P", "X", "*")
RAMP = ("#f2f6fb", "#dfeaf6", "#c8dcf0", "#acc9e7", "#8ab1da", "#6697ca", "#3d72aa", "#2c619a", "#1a487b", "#0d315a")
"""Colours from lowest to highest, on white."""
ON_RAMP = tuple(f"#1c1f{0x30 + step:02x}" if step < 6 else f"#ffffe{step}" for step in range(10))
"""Text colours on each step of the ramp, all distinct, so that a dark page can replace each of them."""

_DARK_RAMP = (
    "#22272e",
    "#25313f",
    "#293d54",
    "#2d4a6a",
    "#325a83",
    "#3a6d9f",
    "#4b84b9",
    "#6a9dcd",
    "#93bbe0",
    "#c2dbf3",
)
_DARK = {
    INK: "#e9eaec",
    MUTED: "#a2a9b3",
    GRID: "#3a4048",
    PAPER: "#1d2024",
    **dict(
        zip(
            SERIES,
            ("#5aa9e6", "#ff9350", "#43cda0", "#e493cb", "#d8b141", "#c9ccd1", "#7fcdf2", "#ff8590"),
            strict=True,
        )
    ),
    **dict(zip(RAMP, _DARK_RAMP, strict=True)),
    **{colour: "#ffffff" if step < 6 else "#15171a" for step, colour in enumerate(ON_RAMP)},
}
"""Colour of a figure -> the colour on a dark page."""

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and selected
    "pdf.fonttype": 42,
    "font.size": 7.5,
    "font.family": "sans-serif",
    "text.parse_math": False,  # a name may hold dollar signs
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.unicode_minus": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "lines.markersize": 4.5,
    "path.simplify": False,
}


@cache
def _parameters() -> dict[str, Any]:
    """All of matplotlib's parameters in our figures but the backend."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        return {name: value for name, value in matplotlib.rcParams.copy().items() if name != "backend"}


@contextmanager
def settings() -> Iterator[None]:
    """A context in which figures look the same, whatever the user's matplotlib settings are."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        parameters: Any = matplotlib.rcParams
        dict.update(parameters, _parameters())  # validated already, which takes long
        # A PNG shows a box for a letter that the font lacks; an SVG uses the reader's fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def sheet(height: float) -> Any:
    """An empty figure of `WIDTH` x `height` inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height))


def axes(figure: Any, left: float, top: float, width: float, height: float) -> Any:
    """Add axes; the position is given in inches from the figure's top left corner."""
    whole = figure.get_figheight()
    made = figure.add_axes((left / WIDTH, 1 - (top + height) / whole, width / WIDTH, height / whole))
    made.spines[["top", "right"]].set_visible(False)
    made.set_axisbelow(True)
    return made


def words(figure: Any, left: float, top: float, text: str, **options: Any) -> None:
    """Add text with its baseline `top` inches below the figure's upper edge."""
    figure.text(left / WIDTH, 1 - top / figure.get_figheight(), text, **options)


def sign(number: int) -> dict[str, Any]:
    """The marker of the run `number`: its colour, its shape, and a border that separates it from what lies below."""
    return {
        "marker": SIGNS[number % len(SIGNS)],
        "color": SERIES[number % len(SERIES)],
        "markeredgecolor": PAPER,
        "markeredgewidth": 0.5,
        "clip_on": False,
    }


def short(text: str, letters: int = 46) -> str:
    """Shorten a text to a maximum number of letters by leaving out its middle."""
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in text) or "(no name)"
    if len(text) <= letters:
        return text
    head = (letters - 1) * 2 // 3
    return f"{text[:head]}…{text[-(letters - 1 - head) :]}"


def as_svg(figure: Any, key: str, title: str, alt: str) -> str:
    """Format a figure as a separate SVG file, with dark text on white."""
    root = _tree(figure, key)
    for name, text in (("desc", alt), ("title", title)):
        made = ElementTree.Element(f"{{{_SVG}}}{name}")
        made.text = _clean(text)
        root.insert(0, made)
    root.set("role", "img")
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def as_bytes(figure: Any, kind: str) -> bytes:
    """Format a figure as PDF or PNG; equal figures give equal bytes."""
    content = io.BytesIO()
    with settings():
        metadata = {"CreationDate": None} if kind == "pdf" else {"Software": None}
        figure.savefig(content, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)
    return content.getvalue()


def inline(figure: Any, key: str, alt: str) -> str:
    """Format a figure as an SVG element for a page with `style`; it contains no colours, styles or scripts.

    key: distinguishes its ids from those of other figures on the page.
    """
    root = _tree(figure, key)
    used = set()
    for element in root.iter():
        element.attrib.pop("clip-path", None)  # nothing is drawn outside of its axes
        href = element.attrib.pop(f"{{{_XLINK}}}href", None)
        if href is not None:
            element.set("href", href)
            used.add(href[1:])
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
        _style_to_classes(element)
    width, height = (72 * float(size) for size in figure.get_size_inches())
    root.attrib.pop("width"), root.attrib.pop("height")
    text = "".join(ElementTree.tostring(child, encoding="unicode") for child in root)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"|\s*\n\s*', lambda found: "" if found[0].startswith(" xmlns") else " ", text)
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width * 4 / 3:.0f}" height="{height * 4 / 3:.0f}"'
    return f'<svg class="fig" {size} role="img" aria-label="{escape(_clean(alt))}">{text}</svg>'


def style(dark: str = "@media (prefers-color-scheme:dark){%s}", within: str = "") -> str:
    """The CSS rules for figures on a page. dark: wraps the rules of the dark theme. within: prefix of each rule."""

    def rules(colours: dict[str, str], prefix: str) -> str:
        lines = [f"{prefix}.fig text{{fill:{colours[INK]}}}"]
        for colour, shown in colours.items():
            name = _class(colour)
            lines += [f"{prefix}.fig .f{name}{{fill:{shown}}}", f"{prefix}.fig .s{name}{{stroke:{shown}}}"]
        return "".join(lines)

    return rules({colour: colour for colour in _DARK}, "") + dark % rules(_DARK, within)


def _tree(figure: Any, key: str) -> ElementTree.Element:
    """The SVG of a figure, without metadata and styles."""
    import matplotlib

    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    content = io.BytesIO()
    with settings():
        matplotlib.rcParams["svg.hashsalt"] = key
        figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(content.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{{{_SVG}}}metadata" or child.tag == f"{{{_SVG}}}style":
                parent.remove(child)
    return root


def _style_to_classes(element: ElementTree.Element) -> None:
    """Replace a style by attributes, which the security policy of a page allows, and known colours by classes."""
    declared = element.attrib.pop("style", "")
    classes = []
    for part in declared.split(";"):
        name, _, value = (piece.strip() for piece in part.partition(":"))
        if not name or name == "font-family":
            continue
        if name in ("fill", "stroke") and value in _DARK:
            classes.append(f"{name[0]}{_class(value)}")
        else:
            element.set(name, value)
    if classes:
        element.set("class", " ".join(classes))


def _class(colour: str) -> str:
    return colour.removeprefix("#")


def _clean(text: str) -> str:
    """Replace characters that XML does not allow."""
    return "".join(letter if letter.isprintable() or letter == " " else "\ufffd" for letter in text)


def plane(
    points: Sequence[tuple[str, float, float, Sequence[float] | None, Sequence[float] | None]],
    published: Sequence[tuple[str, float, float]] = (),
) -> Any:
    """Draw Ans against TA: a marker per run, a grey ring per published row, and lines of equal Cal.

    Args:
        points: Name, TA, Ans, and the intervals of both, all in 0..1.
        published: Name, TA and Ans.
    """
    side = WIDTH - 0.75
    row = 0.17
    figure = sheet(side + 0.62 + row * (len(points) + bool(published)))
    box = axes(figure, 0.5, 0.12, side, side)
    box.set(xlim=(0, 100), ylim=(0, 100), xlabel="TA: abstains where it should (%)")
    box.set_ylabel("Ans: answers correctly where it can (%)")
    box.grid(True)
    for cal in (20, 40, 60, 80):
        low, high = max(0, 2 * cal - 100), min(100, 2 * cal)
        box.plot([low, high], [high, low], color=MUTED, linewidth=0.7, linestyle=(0, (2, 3)))
        # Within the plane, right of the line and above its lower end.
        box.text(high - 1, low + 1.5, f"Cal {cal}", color=MUTED, fontsize=6.5, ha="right", va="bottom")
    for _, ta, ans in published:
        box.plot([100 * ta], [100 * ans], marker="o", color=PAPER, markeredgecolor=MUTED, markersize=3.5, clip_on=False)
    for number, (_, ta, ans, ta_ends, ans_ends) in enumerate(points):
        colour = SERIES[number % len(SERIES)]
        for ends, across in ((ta_ends, True), (ans_ends, False)):
            if ends is not None:
                first, last = (100 * end for end in ends)
                line = ([first, last], [100 * ans] * 2) if across else ([100 * ta] * 2, [first, last])
                box.plot(*line, color=colour, linewidth=1.1, clip_on=False)
        box.plot([100 * ta], [100 * ans], markersize=6, linestyle="none", **sign(number))
    top = side + 0.12 + 0.48
    names = [(name, sign(number)) for number, (name, *_) in enumerate(points)]
    if published:
        rings = {"marker": "o", "color": PAPER, "markeredgecolor": MUTED}
        names.append((f"{len(published)} published rows", rings))
    legend(figure, top, names, row)
    return figure


def legend(figure: Any, top: float, names: Sequence[tuple[str, dict[str, Any]]], row: float = 0.17) -> None:
    """Draw markers and names, one per line, starting `top` inches below the upper edge."""
    from matplotlib.lines import Line2D

    whole = figure.get_figheight()
    for number, (name, marked) in enumerate(names):
        y = 1 - (top + row * (number + 0.5)) / whole
        figure.add_artist(Line2D([0.14 / WIDTH], [y], linestyle="none", **{**marked, "clip_on": False}))
        figure.text(0.26 / WIDTH, y, short(name), va="center", fontsize=7.5)
