"""The tables that a report exports: those of the paper's form, every score by task, and the paper's analyses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omni_persona import TASKS
from omni_persona_report.analyses import checkpoints, errors, gaps, judge_checks
from omni_persona_report.comparison import Comparison
from omni_persona_report.gather import Gathered
from omni_persona_report.measures import (
    ABSENCE_NAMES,
    CAL,
    GROUP_NAMES,
    HEADLINE,
    SLICED,
    Measure,
    Value,
    slice_of,
    value_of,
)
from omni_persona_report.published import PublishedRow
from omni_persona_report.report_run import ReportRun
from omni_persona_report.tables import Cell, Column, Number, Table, rate

_RUN = Column("run", "Run")
_BY = (Column("judge", "Judge"), Column("protocol", "Protocol"))


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
    runs, measure = gathered.runs, gathered.measure
    made = [
        _paper(gathered, "table_2", "Answering and abstaining by group.", _TABLE_2, published, ("table_2", "release")),
        _paper(gathered, "table_s2", "All scores.", _TABLE_S2, published, ("table_s2",)),
        _by_task(gathered),
        _scores(gathered),
        _errors(runs, measure),
        _gaps(runs, measure),
        _judges(runs, measure),
    ]
    if pairs:
        made.append(_pairs(gathered, pairs))
    if trained := checkpoints(runs):
        columns = (Column("training", "Training run"), Column("step", "Step", 0), _RUN)
        figures = (Column("one_minus_fa", "1-FA", 1), Column("ta", "TA", 1), Column("cal", "Cal", 1))
        steps: list[tuple[Cell, ...]] = [
            (
                one.training,
                Number(one.step),
                one.run,
                *(rate(one.values[c.key]) for c in figures),
                Number(one.values["mean_len"]),
            )
            for one in trained
        ]
        caption = f"Checkpoints of a training run, x 100 ({measure})."
        made.append(Table("dynamics", caption, (*columns, *figures, Column("mean_len", "Words", 1)), tuple(steps)))
    return made


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
        *_BY,
    )
    rows: list[tuple[Cell, ...]] = [
        (
            run.name,
            "",
            *(_own(one, run.scores) for one in figures),
            "this report",
            _n(run.scores),
            run.judge,
            run.protocol,
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
        )
        for row in published
        if row.table in sources
    ]
    note = f"{caption} Rates x 100 with 95 % intervals; {gathered.measure}."
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
    columns = (_RUN, Column("task", "Task"), Column("group", "Group"), Column("n", "n", 0))
    scores = tuple(Column(one.key, one.label, 1, bold_best=False) for one in SLICED)
    rows: list[tuple[Cell, ...]] = []
    for run in gathered.runs:
        for task in TASKS.values():
            part = slice_of(run.scores, "by_task", task.name)
            if part is not None:
                figures = (_number(value_of(part, one)) for one in SLICED)
                label = f"{task.paper_id} {task.name}"
                rows.append((run.name, label, task.group, _n(part), *figures, run.judge, run.protocol))
    caption = f"Scores by task, x 100, with 95 % intervals ({gathered.measure})."
    return Table("tasks", caption, (*columns, *scores, *_BY), tuple(rows))


def _scores(gathered: Gathered) -> Table:
    """Every score of every slice, one per row, for use by programs."""
    columns = (
        _RUN,
        Column("slice", "Slice"),
        Column("score", "Score"),
        Column("value", "Value", 4),
        Column("n", "n", 0),
    )
    rows: list[tuple[Cell, ...]] = []
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
                    told = Number(value.value, value.low, value.high), Number(count if isinstance(count, int) else None)
                    rows.append((run.name, name, one.key, *told, run.judge, run.protocol))
    caption = f"Every score of every slice; rates in 0..1; n: the items that a score is over ({gathered.measure})."
    return Table("scores", caption, (*columns, *_BY), tuple(rows))


def _errors(runs: Sequence[ReportRun], measure: str) -> Table:
    columns = (
        _RUN,
        Column("n_answerable", "answerable", 0),
        Column("wrong", "wrong", 0),
        Column("false_abstentions", "false abstentions", 0),
        Column("false_abstention_rate", "FA %", 1),
        Column("n_absent_persona", "person absent", 0),
        Column("hallucinated_persona", "hallucinated", 0),
        Column("n_absent_attribute", "attribute absent", 0),
        Column("hallucinated_attribute", "hallucinated", 0),
        Column("hallucination_rate", "hallucinated %", 1),
    )
    rates = {"false_abstention_rate", "hallucination_rate"}
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (one.run, *(rate(getattr(one, c.key)) if c.key in rates else Number(getattr(one, c.key)) for c in columns[1:]))
        for one in errors(runs)
    )
    return Table("errors", f"False abstentions and hallucinations, counts and rates ({measure}).", columns, rows)


def _gaps(runs: Sequence[ReportRun], measure: str) -> Table:
    columns = (_RUN, Column("face", "Ans by face", 1), Column("voice", "Ans by voice", 1), Column("gap", "Gap", 1))
    rows = tuple((one.run, rate(one.face), rate(one.voice), rate(one.gap, one.low, one.high)) for one in gaps(runs))
    caption = f"The audio-visual gap: Ans of I2I minus Ans of A2A, x 100 ({measure})."
    return Table("audio_visual_gap", caption, columns, rows)


def _judges(runs: Sequence[ReportRun], measure: str) -> Table:
    columns = (
        _RUN,
        Column("judge", "Judge"),
        Column("n", "n", 0),
        Column("agreement", "agrees with lexical %", 1),
        Column("kappa", "kappa", 2),
        Column("rouge_correct", "ROUGE-L, CORRECT", 1),
        Column("rouge_wrong", "ROUGE-L, WRONG", 1),
        Column("token_f1_correct", "Token-F1, CORRECT", 1),
        Column("token_f1_wrong", "Token-F1, WRONG", 1),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            one.run,
            one.judge,
            Number(one.n),
            rate(one.agreement),
            Number(one.kappa, one.kappa_low, one.kappa_high),
            *(rate(getattr(one, column.key)) for column in columns[5:]),
        )
        for one in judge_checks(runs)
    )
    caption = f"The judge beside the lexical judge, and mean overlap with the gold answer by verdict ({measure})."
    return Table("judge_check", caption, columns, rows)


def _pairs(gathered: Gathered, pairs: Sequence[Comparison]) -> Table:
    names = [run.name for run in gathered.runs]
    columns = (
        Column("first", "Ahead"),
        Column("second", "Behind"),
        Column("n", "n", 0),
        Column("difference", "Cal difference", 1),
        Column("p", "p", 4),
        Column("p_holm", "p (Holm)", 4),
        Column("better", "Better"),
    )
    rows: list[tuple[Cell, ...]] = []
    for pair in pairs:
        cal = next((one for one in pair.differences if one.label == CAL.label), None)
        told = rate(cal.difference, cal.low, cal.high) if cal else Number(None)
        better = "yes" if pair.better else "cannot tell"
        rows.append(
            (names[pair.first], names[pair.second], Number(pair.n), told, Number(pair.p), Number(pair.p_holm), better)
        )
    caption = f"Paired differences in Cal, in points ({gathered.measure}); p corrected for the number of pairs (Holm)."
    return Table("pairs", caption, columns, tuple(rows))
