"""Tables for a paper: the forms of the published Table 2 and Table S.2, as LaTeX, CSV and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omni_persona_artifacts.characters import visible
from omni_persona_report.gather import ReportRun
from omni_persona_report.measures import number, slice_of
from omni_persona_report.published import PublishedRow


@dataclass(frozen=True)
class Column:
    """One column of figures."""

    key: str
    """Its name in a CSV file: that of the published tables."""
    head: str
    score: str
    """Its key in `scores.json`."""
    group: str = ""
    """Of which group; of all items where it is empty."""
    percent: bool = True


@dataclass(frozen=True)
class Form:
    """A table by its columns."""

    name: str
    caption: str
    published: tuple[str, ...]
    """The tables whose published rows stand in it."""
    columns: tuple[Column, ...]


_GROUPED = tuple(
    Column(f"{group.lower()}_{score}", f"{group} {score.capitalize()}", score, group)
    for group in ("I2I", "A2A", "T2T", "T2Any")
    for score in ("ans", "unans", "cal")
)

FORMS = (
    Form(
        "table_2",
        "Answering and abstaining by group.",
        ("table_2", "release"),
        (
            Column("ans", "Ans", "ans"),
            Column("cal", "Cal", "cal"),
            *_GROUPED,
            Column("one_minus_fa", "1-FA", "one_minus_fa"),
            Column("ta", "TA", "ta"),
            Column("avg", "Avg", "abstention_avg"),
        ),
    ),
    Form(
        "table_s2",
        "All scores.",
        ("table_s2",),
        (
            Column("cal", "Cal", "cal"),
            Column("ans", "Ans", "ans"),
            Column("unans", "Unans", "unans"),
            Column("abs_f1", "Abs-F1", "abs_f1"),
            Column("rouge_l", "ROUGE-L", "rouge_l"),
            Column("token_f1", "Token-F1", "token_f1"),
            Column("bertscore", "BERTScore", "bertscore"),
            Column("avg_all", "Avg all", "avg_all"),
            Column("one_minus_fa", "1-FA", "one_minus_fa"),
            Column("ta", "TA", "ta"),
            Column("avg_abstention", "Avg abst.", "abstention_avg"),
            Column("mean_len", "Words", "mean_len", percent=False),
        ),
    ),
)


@dataclass(frozen=True)
class Line:
    """One row: its names, and its figures in the order of the columns, already x 100."""

    model: str
    regime: str
    source: str
    """`this report`, or where it was published."""
    figures: tuple[float | None, ...]


def lines(form: Form, runs: Sequence[ReportRun], published: Sequence[PublishedRow]) -> list[Line]:
    """The rows of a table, published ones last."""
    ours = [Line(run.name, "", "this report", _figures(form, run.scores)) for run in runs]
    theirs = [
        Line(row.model, row.regime, f"published: {row.source}", _published(form, row))
        for row in published
        if row.table in form.published
    ]
    return ours + theirs


def _figures(form: Form, scores: Mapping[str, Any] | None) -> tuple[float | None, ...]:
    def figure(column: Column) -> float | None:
        if column.score == "avg_all":
            return _scaled(_mean_of_seven(scores or {}), column)
        part = slice_of(scores, "by_group", column.group) if column.group else scores
        return _scaled(number((part or {}).get(column.score)), column)

    return tuple(figure(column) for column in form.columns)


def _mean_of_seven(scores: Mapping[str, Any]) -> float | None:
    """The supplement's mean over all scores: of its first seven, None where one of them is missing."""
    seven = [number(scores.get(key)) for key in ("cal", "ans", "unans", "abs_f1", "rouge_l", "token_f1", "bertscore")]
    known = [value for value in seven if value is not None]
    return sum(known) / len(seven) if len(known) == len(seven) else None


def _published(form: Form, row: PublishedRow) -> tuple[float | None, ...]:
    return tuple(
        _scaled((row.groups.get(column.group, {}) if column.group else row.values).get(column.score), column)
        for column in form.columns
    )


def _scaled(value: float | None, column: Column) -> float | None:
    return None if value is None else 100 * value if column.percent else value


def as_csv(form: Form, rows: Sequence[Line]) -> str:
    """Comma-separated, figures with one decimal, an empty cell for none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["model", "regime", *(column.key for column in form.columns), "source"])
    for row in rows:
        figures = ["" if figure is None else f"{figure:.1f}" for figure in row.figures]
        writer.writerow([_for_a_sheet(row.model), _for_a_sheet(row.regime), *figures, _for_a_sheet(row.source)])
    return text.getvalue()


def as_markdown(form: Form, rows: Sequence[Line]) -> str:
    """A Markdown table; names are shown as they are, whatever marks they hold."""
    heads = ["Model", "Regime", *(column.head for column in form.columns), "Source"]
    ruler = ["---", "---", *["---:"] * len(form.columns), "---"]
    table = [heads, ruler]
    for row in rows:
        table.append([_marks(row.model), _marks(row.regime), *map(_shown, row.figures), _marks(row.source)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in table) + "\n"


def as_latex(form: Form, rows: Sequence[Line]) -> str:
    """A table for LaTeX with the package `booktabs`; the best of this report's runs in each column is bold."""
    ours = [row for row in rows if row.source == "this report"]
    best = [
        max((row.figures[place] for row in ours if row.figures[place] is not None), default=None)  # type: ignore[type-var]
        for place in range(len(form.columns))
    ]
    out = [
        "% needs \\usepackage{booktabs}",
        f"\\begin{{tabular}}{{ll{'r' * len(form.columns)}}}",
        "\\toprule",
        " & ".join(["Model", "Regime", *(_tex(column.head) for column in form.columns)]) + " \\\\",
        "\\midrule",
    ]
    for number_, row in enumerate(rows):
        if row.source != "this report" and rows[number_ - 1].source == "this report":
            out += ["\\midrule", f"\\multicolumn{{{2 + len(form.columns)}}}{{l}}{{\\emph{{Published rows}}}} \\\\"]
        mine = row.source == "this report" and len(ours) > 1
        figures = [
            f"\\textbf{{{_shown(figure)}}}"
            if mine and column.percent and figure is not None and figure == top
            else _shown(figure)
            for figure, top, column in zip(row.figures, best, form.columns, strict=True)
        ]
        out.append(" & ".join([_tex(row.model), _tex(row.regime), *figures]) + " \\\\")
    return "\n".join([*out, "\\bottomrule", "\\end{tabular}", f"% {form.caption} Rates x 100."]) + "\n"


KINDS: dict[str, tuple[str, Callable[[Form, Sequence[Line]], str]]] = {
    "latex": (".tex", as_latex),
    "csv": (".csv", as_csv),
    "markdown": (".md", as_markdown),
}
"""Kind -> the ending of its files, and how it is made."""


def write_tables(kind: str, runs: Sequence[ReportRun], published: Sequence[PublishedRow], out: Path) -> list[Path]:
    """Write both tables into a folder, which is made if need be: `table_2` and `table_s2`."""
    ending, made = KINDS[kind]
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for form in FORMS:
        file = out / f"{form.name}{ending}"
        file.write_text(made(form, lines(form, runs, published)), encoding="utf-8", newline="\n")
        written.append(file)
    return written


def _shown(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.1f}"


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())


_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}",
}  # fmt: skip


def _tex(text: str) -> str:
    return "".join(_TEX.get(mark, mark) for mark in _one_line(text))


_MARKDOWN = {**{mark: f"\\{mark}" for mark in "\\`*_[]|~"}, "<": "&lt;", ">": "&gt;", "&": "&amp;"}


def _marks(text: str) -> str:
    return "".join(_MARKDOWN.get(mark, mark) for mark in _one_line(text))


def _for_a_sheet(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    line = _one_line(text)
    return f"'{line}" if line[:1] in ("=", "+", "-", "@") else line
