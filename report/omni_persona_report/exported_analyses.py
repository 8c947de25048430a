"""The exported tables of a report's analyses: errors, audio-visual gap, judges, pairs of runs, checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

from omni_persona_report.comparison import Comparison
from omni_persona_report.gather import Gathered
from omni_persona_report.runs.analyses import checkpoints, errors, gaps, judge_checks
from omni_persona_report.runs.measures import CAL, Value
from omni_persona_report.tables import Cell, Column, Number, Table, rate

RUN = Column("run", "Run")
BY = (Column("judge", "Judge"), Column("protocol", "Protocol"))
MARK = Column("does_not_need_its_modality", "Does not need its modality")
"""`yes` for a group or task that does not need its modality, or the names of such groups."""


def analysis_tables(gathered: Gathered, pairs: Sequence[Comparison]) -> list[Table]:
    """The tables of a report's analyses; those of pairs and checkpoints only if there are any."""
    made = [_errors(gathered), _gaps(gathered), _judges(gathered)]
    made += [_pairs(gathered, pairs)] if pairs else []
    dynamics = _dynamics(gathered)
    return [*made, dynamics] if dynamics.rows else made


def _errors(gathered: Gathered) -> Table:
    columns = (
        RUN,
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
        (
            one.run,
            *(rate(*one.with_interval(c.key)) if c.key in rates else Number(getattr(one, c.key)) for c in columns[1:]),
            *_cells(one, BY),
        )
        for one in errors(gathered.runs)
    )
    caption = f"False abstentions and hallucinations, counts and rates with 95 % intervals ({gathered.measure})."
    return Table("errors", caption, (*columns, *BY), rows)


def _gaps(gathered: Gathered) -> Table:
    columns = (
        RUN,
        Column("face", "Ans by face", 1),
        Column("n_face", "n by face", 0),
        Column("voice", "Ans by voice", 1),
        Column("n_voice", "n by voice", 0),
        Column("gap", "Gap", 1),
        *BY,
        MARK,
    )
    unneeded = gathered.dataset.unneeded
    marked = " ".join(group for group in ("I2I", "A2A") if group in unneeded)
    rows: tuple[tuple[Cell, ...], ...] = tuple((*_cells(one, columns[:-1]), marked) for one in gaps(gathered.runs))
    caption = (
        f"The audio-visual gap: Ans of I2I minus Ans of A2A, x 100, with 95 % intervals ({gathered.measure}); n: "
        f"number of answerable items.{gathered.dataset.about_marks}"
    )
    return Table("audio_visual_gap", caption, columns, rows)


def _judges(gathered: Gathered) -> Table:
    columns = (
        RUN,
        Column("judge", "Judge"),
        Column("n", "n", 0),
        Column("agreement", "agrees with lexical %", 1),
        Column("kappa", "kappa", 2),
        Column("rouge_correct", "ROUGE-L, CORRECT", 1),
        Column("rouge_wrong", "ROUGE-L, WRONG", 1),
        Column("token_f1_correct", "Token-F1, CORRECT", 1),
        Column("token_f1_wrong", "Token-F1, WRONG", 1),
    )
    protocol = str(gathered.conditions["protocol"])
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            *_cells(one, columns[:3]),
            rate(one.agreement),
            Number(one.kappa, one.kappa_low, one.kappa_high),
            *(rate(getattr(one, column.key)) for column in columns[5:]),
            protocol,
        )
        for one in judge_checks(gathered.runs)
    )
    caption = (
        f"The judge compared with the lexical judge, and mean overlap with the gold answer by verdict "
        f"({gathered.measure})."
    )
    return Table("judge_check", caption, (*columns, BY[1]), rows)


def _pairs(gathered: Gathered, pairs: Sequence[Comparison]) -> Table:
    names = [run.name for run in gathered.runs]
    by = tuple(str(gathered.conditions[column.key]) for column in BY)
    columns = (
        Column("first", "Ahead"),
        Column("second", "Behind"),
        Column("n", "n", 0),
        Column("difference", "Cal difference", 1),
        Column("p", "p", 4),
        Column("p_holm", "p (Holm)", 4),
        Column("better", "Better"),
        *BY,
    )
    rows: list[tuple[Cell, ...]] = []
    for pair in pairs:
        cal = next((one for one in pair.differences if one.label == CAL.label), None)
        gain = rate(cal.difference, cal.low, cal.high) if cal else Number(None)
        better = "yes" if pair.better else "cannot tell"
        tests = gain, Number(pair.p), Number(pair.p_holm)
        rows.append((names[pair.first], names[pair.second], Number(pair.n), *tests, better, *by))
    caption = f"Paired differences in Cal, in points ({gathered.measure}); p corrected for the number of pairs (Holm)."
    return Table("pairs", caption, columns, tuple(rows))


def _dynamics(gathered: Gathered) -> Table:
    figures = (
        Column("one_minus_fa", "1-FA", 1),
        Column("ta", "TA", 1),
        Column("cal", "Cal", 1),
        Column("mean_len", "Words", 1),
    )
    columns = (Column("training", "Training run"), Column("step", "Step", 0), RUN, *figures, Column("n", "n", 0), *BY)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            *_cells(one, columns[:3]),
            *(_rate(one.values[column.key]) for column in figures),
            *_cells(one, columns[-3:]),
        )
        for one in checkpoints(gathered.runs)
    )
    caption = f"Checkpoints of a training run, rates x 100, with 95 % intervals ({gathered.measure})."
    return Table("dynamics", caption, columns, rows)


def _cells(one: object, columns: Sequence[Column]) -> tuple[Cell, ...]:
    """The attributes of a row that columns are named after: texts, counts, and rates with intervals."""
    return tuple(_cell(getattr(one, column.key)) for column in columns)


def _cell(value: str | int | Value | None) -> Cell:
    if isinstance(value, str):
        return value
    return _rate(value) if isinstance(value, Value) else Number(value)


def _rate(value: Value) -> Number:
    made = rate if value.measure.percent else Number
    return made(value.value, value.low, value.high)
