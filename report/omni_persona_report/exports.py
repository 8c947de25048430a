"""The tables that a report exports: those of the paper's form, every score by task, and the paper's analyses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from omni_persona import TASKS
from omni_persona_report.comparison import Comparison
from omni_persona_report.exported_analyses import BY, MARK, RUN, analysis_tables
from omni_persona_report.gather import Gathered
from omni_persona_report.reproduction import line
from omni_persona_report.runs.measures import (
    ABSENCE_NAMES,
    GROUP_NAMES,
    HEADLINE,
    SLICED,
    Measure,
    Value,
    slice_of,
    value_of,
)
from omni_persona_report.runs.published import PublishedRow
from omni_persona_report.tables import Cell, Column, Number, Table, rate


@dataclass(frozen=True)
class _Figure:
    """One numeric column of a published table."""

    key: str
    """Its name in a CSV file, as in the published tables."""
    head: str
    score: str
    """Its key in `scores.json`."""
    group: str = ""
    """Its group; empty for all items."""
    percent: bool = True


_GROUPED = tuple(
    _Figure(f"{group.lower()}_{score}", f"{group} {score.capitalize()}", score, group)
    for group in GROUP_NAMES
    for score in ("ans", "unans", "cal")
)
_TABLE_2 = (
    _Figure("ans", "Ans", "ans"),
    _Figure("cal", "Cal", "cal"),
    *_GROUPED,
    _Figure("one_minus_fa", "1-FA", "one_minus_fa"),
    _Figure("ta", "TA", "ta"),
    _Figure("avg", "Avg", "abstention_avg"),
)
_TABLE_S2 = (
    _Figure("cal", "Cal", "cal"),
    _Figure("ans", "Ans", "ans"),
    _Figure("unans", "Unans", "unans"),
    _Figure("abs_f1", "Abs-F1", "abs_f1"),
    _Figure("rouge_l", "ROUGE-L", "rouge_l"),
    _Figure("token_f1", "Token-F1", "token_f1"),
    _Figure("bertscore", "BERTScore", "bertscore"),
    _Figure("avg_all", "Avg all", "avg_all"),
    _Figure("one_minus_fa", "1-FA", "one_minus_fa"),
    _Figure("ta", "TA", "ta"),
    _Figure("avg_abstention", "Avg abst.", "abstention_avg"),
    _Figure("mean_len", "Words", "mean_len", percent=False),
)


def tables(gathered: Gathered, published: Sequence[PublishedRow], pairs: Sequence[Comparison]) -> list[Table]:
    """All tables of a report. published: rows over the same items; none if the items differ."""
    made = tuple((run.name, line(run)) for run in gathered.runs)
    found = [
        _paper(gathered, "table_2", "Answering and abstaining by group.", _TABLE_2, published, ("table_2", "release")),
        _paper(gathered, "table_s2", "All scores.", _TABLE_S2, published, ("table_s2",)),
        _by_task(gathered),
        _scores(gathered),
        *analysis_tables(gathered, pairs),
    ]
    return [replace(table, made=made) for table in found]


def _paper(
    gathered: Gathered,
    name: str,
    caption: str,
    figures: Sequence[_Figure],
    published: Sequence[PublishedRow],
    sources: Sequence[str],
) -> Table:
    columns = (
        Column("model", "Model"),
        Column("regime", "Regime"),
        *(Column(one.key, one.head, 1, bold_best=one.percent) for one in figures),
        Column("source", "Source"),
        Column("n", "n", 0),
        *BY,
        MARK,
    )
    marked = " ".join(gathered.dataset.unneeded)
    rows: list[tuple[Cell, ...]] = [
        (
            run.name,
            "",
            *(_own(one, run.scores) for one in figures),
            "this report",
            _n(run.scores),
            run.judge,
            run.protocol,
            marked,
        )
        for run in gathered.runs
    ]
    theirs: list[tuple[Cell, ...]] = [
        (
            row.model,
            row.regime,
            *(_theirs(one, row) for one in figures),
            f"published: {row.source}",
            Number(750),
            "",
            "",
            "",
        )
        for row in published
        if row.table in sources
    ]
    note = f"{caption} Rates x 100 with 95 % intervals; {gathered.measure}.{gathered.dataset.about_marks}"
    return Table(name, note, columns, tuple(rows), tuple(theirs))


def _own(figure: _Figure, scores: Mapping[str, Any] | None) -> Number:
    if figure.score == "avg_all":
        return rate(_mean_of_seven(scores or {}))
    part = slice_of(scores, "by_group", figure.group) if figure.group else scores
    return _number(value_of(part, Measure(figure.score, figure.head, "", figure.percent)))


def _mean_of_seven(scores: Mapping[str, Any]) -> float | None:
    """The supplement's average: of its first seven scores; None if one of them is missing."""
    keys = ("cal", "ans", "unans", "abs_f1", "rouge_l", "token_f1", "bertscore")
    seven = [value_of(scores, Measure(key, "", "")).value for key in keys]
    known = [value for value in seven if value is not None]
    return sum(known) / len(seven) if len(known) == len(seven) else None


def _theirs(figure: _Figure, row: PublishedRow) -> Number:
    value = (row.groups.get(figure.group, {}) if figure.group else row.values).get(figure.score)
    return rate(value) if figure.percent else Number(value)


def _number(value: Value) -> Number:
    return (
        rate(value.value, value.low, value.high)
        if value.measure.percent
        else Number(value.value, value.low, value.high)
    )


def _n(scores: Mapping[str, Any] | None) -> Number:
    n = (scores or {}).get("n")
    return Number(n if isinstance(n, int) else None)


def _by_task(gathered: Gathered) -> Table:
    columns = (RUN, Column("task", "Task"), Column("group", "Group"), Column("n", "n", 0))
    scores = tuple(Column(one.key, one.label, 1, bold_best=False) for one in SLICED)
    rows: list[tuple[Cell, ...]] = []
    unneeded = gathered.dataset.unneeded
    for run in gathered.runs:
        for task in TASKS.values():
            part = slice_of(run.scores, "by_task", task.name)
            if part is not None:
                figures = (_number(value_of(part, one)) for one in SLICED)
                label = f"{task.paper_id} {task.name}"
                mark = "yes" if task.group in unneeded else ""
                rows.append((run.name, label, task.group, _n(part), *figures, run.judge, run.protocol, mark))
    caption = f"Scores by task, x 100, with 95 % intervals ({gathered.measure}).{gathered.dataset.about_marks}"
    return Table("tasks", caption, (*columns, *scores, *BY, MARK), tuple(rows))


def _scores(gathered: Gathered) -> Table:
    """Every score of every slice, one per row, for use by programs."""
    columns = (
        RUN,
        Column("slice", "Slice"),
        Column("score", "Score"),
        Column("value", "Value", 4),
        Column("n", "n", 0),
    )
    rows: list[tuple[Cell, ...]] = []
    unneeded = gathered.dataset.unneeded
    marked = {f"group {name}" for name in unneeded}
    marked |= {f"task {task.name}" for task in TASKS.values() if task.group in unneeded}
    for run in gathered.runs:
        slices: dict[str, Mapping[str, Any] | None] = {"all": run.scores}
        slices |= {f"group {name}": slice_of(run.scores, "by_group", name) for name in GROUP_NAMES}
        slices |= {f"task {name}": slice_of(run.scores, "by_task", name) for name in TASKS}
        slices |= {f"absence {name}": slice_of(run.scores, "by_absence", name) for name in ABSENCE_NAMES}
        for name, part in slices.items():
            for one in HEADLINE:
                value = value_of(part, one)
                if value.value is not None:
                    count = ((part or {}).get("counts") or {}).get(one.key)
                    numbers = (
                        Number(value.value, value.low, value.high),
                        Number(count if isinstance(count, int) else None),
                    )
                    mark = "yes" if name in marked else ""
                    rows.append((run.name, name, one.key, *numbers, run.judge, run.protocol, mark))
    caption = f"Every score of every slice; rates in 0..1; n: items that a score is over ({gathered.measure})."
    return Table("scores", caption + gathered.dataset.about_marks, (*columns, *BY, MARK), tuple(rows))
