"""`omni-persona compare`: whether runs differ by more than chance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from omni_persona_artifacts.characters import name_shown, visible
from omni_persona_cli import collected_options as options
from omni_persona_cli.console import ROWS, about_intervals, err, out
from omni_persona_cli.results import print_result

EXAMPLES = """Examples:

omni-persona compare runs/base runs/tuned

omni-persona compare runs/base runs/tuned --json > comparison.json

omni-persona compare runs/*

omni-persona compare runs/base samples.jsonl --dataset omni-persona"""


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Run folders over the same items: two (baseline first) or more; or, with --dataset, files of answers."
        ),
    ],
    dataset: options.Dataset = None,
    partial: options.Partial = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON instead of the table.")] = False,
) -> None:
    """Compare runs over the same items and test which of them differ.

    Two runs: the paired difference of every score with its 95 % interval, and McNemar's exact test. More: the
    difference in Cal of every pair, corrected for the number of pairs (Holm), and the ties. Exit code 1 if items were
    left out because a run has no answer or no verdict for them.
    """
    from omni_persona_runner.scoring import compare_runs

    result = compare_runs(runs, dataset, partial=partial)
    if as_json:
        print_result(result)
    elif "several" in result:
        _print_several(result["several"], result["judge"])
    else:
        _print_two(result)
    if result["n_left_out"] or result["n_unjudged"]:
        some = "a or b" if len(runs) == 2 else "one of the runs"
        err.print(
            f"incomplete: {result['n_left_out']} of {result['n_asked']} items have no answer in {some} and "
            f"{result['n_unjudged']} no verdict; they are in no difference",
            style="bold red",
        )
        raise typer.Exit(1)


def _print_two(result: Mapping[str, Any]) -> None:
    out.print(_table(result))
    for kind, test in result["mcnemar"].items():
        out.print(
            f"{kind} items: {test['n_only_a']} right in a alone, {test['n_only_b']} in b alone, "
            f"McNemar p = {test['p']:.3g}"
        )
    interval = result["interval"]
    # The observed runs give a better estimate of the detectable difference than assumptions made beforehand.
    out.print(about_intervals({**interval, "detectable_cal": result["detectable_cal"]}), soft_wrap=True)


def _print_several(several: Mapping[str, Any], judge: str) -> None:
    """The ranking, each run with the runs it is tied with, and the pairs."""
    ranking = several["ranking"]
    number = {run["name"]: place for place, run in enumerate(ranking, start=1)}
    table = Table(
        title=Text(visible(f"Cal of {several['n']} items, judged by {name_shown(judge)}")), title_justify="left"
    )
    for name in ("", "run", "Cal x 100", "tied with"):
        table.add_column(name, justify="left" if name == "run" else "right", overflow="fold")
    for place, run in enumerate(ranking, start=1):
        tied = ", ".join(str(number[other]) for other in run["tied_with"])
        cal = "-" if run["cal"] is None else f"{100 * run['cal']:.1f}"
        table.add_row(str(place), Text(visible(run["name"])), cal, tied or "none")
    out.print(table)
    pairs = Table(title=Text("Pairs; p corrected for their number (Holm)"), title_justify="left")
    for name in ("pair", "difference", "p", "p corrected", ""):
        pairs.add_column(name, justify="right")
    for pair in sorted(several["pairs"], key=lambda pair: sorted((number[pair["a"]], number[pair["b"]]))):
        pairs.add_row(*_pair_cells(pair, number), style="bold" if pair["differ"] else "")
    out.print(pairs)


def _pair_cells(pair: Mapping[str, Any], number: Mapping[str, int]) -> list[str]:
    better, worse = sorted((pair["a"], pair["b"]), key=number.__getitem__)
    difference = pair["difference"]
    if difference is not None and better == pair["a"]:
        difference = -difference
    return [
        f"{number[better]} over {number[worse]}",
        "-" if difference is None else _points(difference),
        *("-" if pair[key] is None else f"{pair[key]:.3g}" for key in ("p", "p_holm")),
        "differ" if pair["differ"] else "tied",
    ]


def _points(difference: float) -> str:
    """A difference times 100, with its sign; zero has no minus."""
    return f"{round(100 * difference, 1) + 0.0:+.1f}"


def _table(result: Mapping[str, Any]) -> Table:
    title = f"b minus a, judged by {name_shown(result['judge'])}\na: {result['a']}\nb: {result['b']}"
    table = Table(title=Text(visible(title)), title_justify="left")
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
        # Highlight a difference whose interval excludes zero.
        style = "bold" if low > 0 or high < 0 else ""
        interval = Text(f"{_points(low)} .. {_points(high)}", style)
    return [
        Text(f"{100 * row['a']:.1f}"),
        Text(f"{100 * row['b']:.1f}"),
        Text(_points(row["difference"]), style),
        interval,
        Text(str(row["count"])),
    ]
