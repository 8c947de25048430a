"""A console for untrusted text, which prints plainly where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text, TextType

from omni_persona_artifacts.characters import visible


class SafeConsole(Console):
    """A console that shows control characters as codes and interprets no markup, because texts may be untrusted.

    Where there is no terminal, tables and headings have no lines, and nothing is wrapped.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print objects as rich does, and tables as plain text where there is no terminal."""
        if not self.is_terminal:
            objects = tuple(plain_table(one) if isinstance(one, Table) else one for one in objects)
            options["soft_wrap"] = True
        super().print(*objects, **options)

    def rule(self, title: TextType = "", **options: Any) -> None:
        """Print a heading; on a terminal with a line beside it."""
        if self.is_terminal:
            super().rule(title, **options)
        else:
            self.print(title)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return the text in its displayed form, so that tables measure the right width."""
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render, and replace characters that would act on the terminal instead of being shown."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


def plain_table(table: Table) -> str:
    """A table as lines of aligned columns, without borders and as wide as its content."""
    columns = [[_flat(cell) for cell in (column.header, *column.cells)] for column in table.columns]
    widths = [max(map(cell_len, column)) for column in columns]
    lines = [] if table.title is None else [_text(table.title)]
    for row in zip(*columns, strict=True):
        cells = []
        for cell, width, column in zip(row, widths, table.columns, strict=True):
            space = " " * (width - cell_len(cell))
            cells.append(space + cell if column.justify == "right" else cell + space)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _text(content: Any) -> str:
    return content.plain if isinstance(content, Text) else str(content)


def _flat(cell: Any) -> str:
    """The text of a cell in one line, with control characters in their displayed form."""
    return visible(_text(cell).replace("\n", " "))
