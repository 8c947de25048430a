"""`omni-persona compare`: is one run better than the other, or could it be chance?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from omni_persona_cli.console import ROWS, err, out

EXAMPLES = """Examples:

omni-persona compare runs/base runs/tuned

omni-persona compare runs/base runs/tuned --json > comparison.json"""


def compare(
    run_a: Annotated[Path, typer.Argument(help="The run folder to compare with.")],
    run_b: Annotated[Path, typer.Argument(help="The run folder that may be better.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON in place of the table.")] = False,
) -> None:
    """Compare two runs over the same items: paired differences with 95 % intervals, and McNemar's exact test.

    Exit code 1 when items were left out because a run has no answer or no verdict for them.
    """
    import omni_persona
    import omni_persona_cal
    from omni_persona_runner.judging import run_items

    a, b = _read(run_a), _read(run_b)
    if a.asked != b.asked:
        raise ValueError(
            f"expected two runs over the same items, got {len(a.asked - b.asked)} only in {run_a} "
            f"and {len(b.asked - a.asked)} only in {run_b}"
        )
    if a.judge != b.judge:
        raise ValueError(
            f"expected two runs judged by one judge, got {a.judge} in {run_a} and {b.judge} in {run_b}: judge one anew"
        )
    # Both datasets, so that two that give one id to different items are told apart.
    sides = []
    for side, items in ((a, run_items(run_a)), (b, run_items(run_b))):
        references = [omni_persona.reference(item) for item in items]
        sides.append(_judged(side, [one for one in references if one["augmented_id"] in a.answers.keys() & b.answers]))
    n_left_out = len(a.asked) - len(sides[0])
    result = {
        "a": str(run_a),
        "b": str(run_b),
        "judge": a.judge,
        "n_left_out": n_left_out,
        **omni_persona_cal.compare(*sides),
    }
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        out.print(_table(result))
        for kind, test in result["mcnemar"].items():
            out.print(
                f"{kind} items: {test['n_only_a']} right in a alone, {test['n_only_b']} in b alone, "
                f"McNemar p = {test['p']:.3g}"
            )
    if n_left_out or result["n_unjudged"]:
        err.print(
            f"incomplete: {n_left_out} of {len(a.asked)} items have no answer in a or b and "
            f"{result['n_unjudged']} no verdict; they are in no difference",
            style="bold red",
        )
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Run:
    """What a run folder says about its items."""

    asked: frozenset[str]
    """The items that were asked, answered or not."""
    answers: Mapping[str, str]
    """What was answered, by item."""
    judge: str
    """Who judged."""
    verdicts: Mapping[str, str] | None
    """By item; None for a run that was not judged."""


def _read(run: Path) -> _Run:
    from omni_persona_artifacts.run_reader import judges_of, read_predictions, verdicts_of

    predictions = read_predictions(run)
    answers = {name: line.prediction for name, line in predictions.items() if line.prediction is not None}
    judged = verdicts_of(run, predictions)
    if judged is None:
        return _Run(frozenset(predictions), answers, "lexical", None)
    verdicts = {name: line.verdict for name, line in judged.items()}
    return _Run(frozenset(predictions), answers, judges_of(judged), verdicts)


def _judged(run: _Run, references: Sequence[Mapping[str, Any]]) -> list[Any]:
    from omni_persona_cal import judged_items

    ids = [reference["augmented_id"] for reference in references]
    verdicts = None if run.verdicts is None else [run.verdicts.get(name, "UNJUDGED") for name in ids]
    return judged_items([run.answers[name] for name in ids], references, verdicts=verdicts)[0]


def _table(result: Mapping[str, Any]) -> Table:
    title = f"b minus a, judged by {result['judge']}\na: {result['a']}\nb: {result['b']}"
    table = Table(title=Text(title), title_justify="left")
    table.add_column("x 100")
    for name in ("a", "b", "difference", "95 % interval", "items"):
        table.add_column(name, justify="right")
    for key, label in ROWS.items():
        if key in result["scores"]:
            table.add_row(label, *_cells(result["scores"][key]))
    for name, scores in result["by_group"].items():
        table.add_row(f"{name} Cal", *_cells(scores["cal"]))
    return table


def _cells(row: Mapping[str, Any]) -> list[Text]:
    if row["difference"] is None:
        return [Text("-")] * 4 + [Text(str(row["count"]))]
    interval, style = Text("-"), ""
    if row["interval"] is not None:
        low, high = row["interval"]
        # A difference whose interval does not hold zero stands out.
        style = "bold" if low > 0 or high < 0 else ""
        interval = Text(f"{100 * low:+.1f} .. {100 * high:+.1f}", style)
    return [
        Text(f"{100 * row['a']:.1f}"),
        Text(f"{100 * row['b']:.1f}"),
        Text(f"{100 * row['difference']:+.1f}", style),
        interval,
        Text(str(row["count"])),
    ]
