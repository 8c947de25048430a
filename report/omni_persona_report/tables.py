"""Tables as CSV, LaTeX (booktabs) and Markdown, with the same cells in each."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias, TypeVar

from omni_persona_artifacts.characters import visible
from omni_persona_artifacts.markdown import inline


@dataclass(frozen=True)
class Column:
    """One column."""

    key: str
    """Its name in a CSV file."""
    head: str
    digits: int | None = None
    """Decimals of its figures; None for a text column."""
    bold_best: bool = False
    """Whether LaTeX prints the best figure among the report's own runs in bold."""


@dataclass(frozen=True)
class Number:
    """A figure as printed: rates already x 100."""

    value: float | None
    low: float | None = None
    high: float | None = None
    """Ends of its 95 % interval."""


Cell: TypeAlias = str | Number
T = TypeVar("T")


@dataclass(frozen=True)
class Table:
    """One table."""

    name: str
    """Its file name without extension."""
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """Rows of the report's own runs."""
    published: tuple[tuple[Cell, ...], ...] = ()
    """Published rows; empty unless they are for the same items."""
    made: tuple[tuple[str, str], ...] = ()
    """Run -> the line that says how it came about."""

    def __post_init__(self) -> None:
        for row in (*self.rows, *self.published):
            if len(row) != len(self.columns):
                raise ValueError(f"{self.name}: expected {len(self.columns)} cells, got {len(row)}")


def rate(value: float | None, low: float | None = None, high: float | None = None) -> Number:
    """A rate of 0..1 with its interval, x 100."""
    return Number(*(None if one is None else 100 * one for one in (value, low, high)))


def as_csv(table: Table) -> str:
    """Format as CSV: the columns, then the interval ends of those that have any; an empty cell for no value.

    The last column, `reproduction`, says how the run that a row names first came about.
    """
    lines = dict(table.made)
    ended = [
        place
        for place in range(len(table.columns))
        if any(isinstance(cell := row[place], Number) and cell.low is not None for row in table.rows)
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = [column.key for column in table.columns]
    ends_of = [f"{heads[place]}_{end}" for place in ended for end in ("low", "high")]
    writer.writerow([*heads, *ends_of, *(["reproduction"] if lines else [])])
    for row in (*table.rows, *table.published):
        cells = [_plain(cell, column) for cell, column in zip(row, table.columns, strict=True)]
        for place in ended:
            cell, digits = row[place], table.columns[place].digits
            ends = (cell.low, cell.high) if isinstance(cell, Number) else (None, None)
            cells += ["" if end is None else f"{end:.{digits or 0}f}" for end in ends]
        cells += [_for_a_sheet(lines.get(str(row[0]), ""))] if lines else []
        writer.writerow(cells)
    return text.getvalue()


def _filled(table: Table) -> Table:
    """The table without its text columns that are empty in every row, which a reader would find puzzling."""
    rows = (*table.rows, *table.published)
    kept = [place for place, c in enumerate(table.columns) if c.digits is not None or any(row[place] for row in rows)]

    def cut(row: Sequence[T]) -> tuple[T, ...]:
        return tuple(row[place] for place in kept)

    own, published = tuple(map(cut, table.rows)), tuple(map(cut, table.published))
    return replace(table, columns=cut(table.columns), rows=own, published=published)


def as_markdown(table: Table) -> str:
    """Format as Markdown; names are escaped. Text columns that are empty in every row are left out."""
    table = _filled(table)
    lines = [[column.head for column in table.columns], ["---" if c.digits is None else "---:" for c in table.columns]]
    for row in (*table.rows, *table.published):
        lines.append(
            [
                inline(cell) if isinstance(cell, str) else f"{_shown(cell, column)} {_interval(cell, column)}".strip()
                for cell, column in zip(row, table.columns, strict=True)
            ]
        )
    return (
        "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        + f"\n\n{inline(table.caption)}\n"
        + "".join(f"\n- {inline(f'{run}: {how}')}" for run, how in table.made)
        + "\n" * bool(table.made)
    )


def as_latex(table: Table) -> str:
    """Format for LaTeX with the package `booktabs`; intervals are printed small below their figures.

    Text columns that are empty in every row are left out.
    """
    table = _filled(table)
    made = [f"% {_one_line(f'{run}: {how}')}" for run, how in table.made]
    best = [_best(table, place) for place in range(len(table.columns))]
    kinds = "".join("l" if column.digits is None else "r" for column in table.columns)
    out = [
        "% needs \\usepackage{booktabs}",
        f"\\begin{{tabular}}{{{kinds}}}",
        "\\toprule",
        " & ".join(_tex(column.head) for column in table.columns) + " \\\\",
        "\\midrule",
    ]
    for row in table.rows:
        out += _latex_row(row, table.columns, best)
    if table.published:
        out += ["\\midrule", f"\\multicolumn{{{len(table.columns)}}}{{l}}{{\\emph{{Published rows}}}} \\\\"]
        for row in table.published:
            out += _latex_row(row, table.columns, [None] * len(best))
    return "\n".join([*out, "\\bottomrule", "\\end{tabular}", f"% {_one_line(table.caption)}", *made]) + "\n"


def _latex_row(row: Sequence[Cell], columns: Sequence[Column], best: Sequence[float | None]) -> list[str]:
    cells = []
    for cell, column, top in zip(row, columns, best, strict=True):
        if isinstance(cell, str):
            cells.append(_tex(cell))
            continue
        shown = _shown(cell, column)
        cells.append(f"\\textbf{{{shown}}}" if top is not None and cell.value == top else shown)
    lines = [" & ".join(cells) + " \\\\"]
    below = [
        f"{{\\scriptsize {found}}}" if isinstance(cell, Number) and (found := _interval(cell, column)) else ""
        for cell, column in zip(row, columns, strict=True)
    ]
    if any(below):
        lines.append(" & ".join(below) + " \\\\")
    return lines


def _best(table: Table, place: int) -> float | None:
    if not table.columns[place].bold_best or len(table.rows) < 2:
        return None
    values = [cell.value for row in table.rows if isinstance(cell := row[place], Number)]
    return max((value for value in values if value is not None), default=None)


KINDS: dict[str, tuple[str, Callable[[Table], str]]] = {
    "latex": (".tex", as_latex),
    "csv": (".csv", as_csv),
    "markdown": (".md", as_markdown),
}
"""Kind -> file extension and formatting function."""


def table_files(kind: str, tables: Sequence[Table], folder: Path) -> dict[Path, bytes]:
    """The files of tables in a folder, one of `KINDS`, and their contents."""
    ending, formatted = KINDS[kind]
    return {folder / f"{table.name}{ending}": formatted(table).encode() for table in tables}


def _plain(cell: Cell, column: Column) -> str:
    if isinstance(cell, str):
        return _for_a_sheet(cell)
    return "" if cell.value is None else f"{cell.value:.{column.digits or 0}f}"


def _shown(cell: Number, column: Column) -> str:
    return "-" if cell.value is None else f"{cell.value:.{column.digits or 0}f}"


def _interval(cell: Number, column: Column) -> str:
    if cell.low is None or cell.high is None:
        return ""
    return f"[{cell.low:.{column.digits or 0}f}, {cell.high:.{column.digits or 0}f}]"


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())


_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}",
}  # fmt: skip


def _tex(text: str) -> str:
    shown = "".join(_TEX.get(mark, mark) for mark in _one_line(text))
    # At the start of a row, the commands in front would take these as their argument.
    return f"{{{shown[0]}}}{shown[1:]}" if shown[:1] in ("[", "*", "(") else shown


def _for_a_sheet(text: str) -> str:
    """Escape a text that a spreadsheet would interpret as a formula; some read the wide forms of its signs, too."""
    line = _one_line(text)
    return f"'{line}" if unicodedata.normalize("NFKC", line[:1]) in ("=", "+", "-", "@") else line
