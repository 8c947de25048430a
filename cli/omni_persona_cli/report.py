"""`omni-persona report`: one page to see, hear and compare runs."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omni_persona_artifacts.characters import visible
from omni_persona_cli.console import err, out, progress

if TYPE_CHECKING:
    from omni_persona_report import Report

EXAMPLES = """Examples:

omni-persona report runs/nearest --out report.html

omni-persona report runs/before runs/after --figures figures --latex tables --out compared.html

omni-persona report runs/* --judge lexical --protocol paper --csv tables

omni-persona report runs/mine --eval-results my-model --dataset-id ORG/omni-persona"""


class Protocol(str, Enum):
    """By which rules all runs are scored."""

    guarded = "guarded"
    paper = "paper"
    v2_2 = "v2.2"


class Media(str, Enum):
    """How pictures and clips are embedded."""

    small = "small"
    full = "full"
    none = "none"


def report(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or result files of the release's scripts.")],
    target: Annotated[Path, typer.Option("--out", help="The page to write.")] = Path("report.html"),
    dataset: Annotated[
        Path | None, typer.Option(help="The dataset folder, where it is not where the runs say it was.")
    ] = None,
    protocol: Annotated[
        Protocol, typer.Option(help="By which rules all runs are scored: see `omni-persona score`.")
    ] = Protocol.guarded,
    judge: Annotated[
        str | None,
        typer.Option(
            help="Whose verdicts count; runs judged by another are left out. lexical: judges all runs anew. That of "
            "most runs if left out."
        ),
    ] = None,
    media: Annotated[
        Media,
        typer.Option(help="small: light copies of pictures and clips. full: as they are. none: texts alone."),
    ] = Media.small,
    figures: Annotated[Path | None, typer.Option(help="A folder for the figures as SVG, PDF and PNG.")] = None,
    latex: Annotated[Path | None, typer.Option(help="A folder for the tables as LaTeX.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="A folder for the tables as CSV.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="A folder for the tables as Markdown.")] = None,
    eval_results: Annotated[
        Path | None,
        typer.Option(help="The copy of a model repository: writes .eval_results/omni-persona.yaml for the Hub."),
    ] = None,
    dataset_id: Annotated[
        str | None, typer.Option(help="The benchmark's repository on the Hub, for --eval-results.")
    ] = None,
    dataset_revision: Annotated[
        str | None, typer.Option(help="Its commit, for --eval-results; the newest if left out.")
    ] = None,
    published: Annotated[bool, typer.Option(help="Show published rows beside the runs.")] = True,
    title: Annotated[str | None, typer.Option(help="The page's title; the runs' names if left out.")] = None,
) -> None:
    """Write one HTML page about runs: which is better, where and why, and every item with its faces and voices.

    The page asks nothing of a network or server. All runs are scored by one judge and one protocol; runs that cannot
    be compared with the others are left out, and told. Their folders stay as they are. The tables hold the paper's
    analyses, too: errors, checkpoints of a training run, the judge against overlap of words, the audio-visual gap.
    Exit code 2 where no run is left to show.
    """
    from omni_persona_report import write_report
    from omni_persona_report.hub import write_entries
    from omni_persona_report.tables import write_tables

    if eval_results is not None and (dataset_id is None or len(runs) != 1):
        raise typer.BadParameter("--eval-results takes one run, and --dataset-id to say what it was asked")
    with progress() as shown:
        written = write_report(
            runs,
            target,
            dataset=dataset,
            protocol=protocol.value,
            judge=judge,
            media=media.value,
            figures=figures,
            published=published,
            title=title,
            advance=lambda done, total: shown("pictures and clips", done, total),
        )
    gathered = written.gathered
    files = list(written.figures)
    for kind, folder in (("latex", latex), ("csv", csv), ("markdown", markdown)):
        if folder is not None:
            files += write_tables(kind, written.tables(), folder)
    if eval_results is not None and dataset_id is not None:
        files.append(write_entries(gathered.runs[0], dataset_id, dataset_revision, eval_results))
    for one in gathered.left_out:
        err.print(f"left out: {one}", soft_wrap=True)
    for notice in gathered.notices:
        err.print(f"note: {notice}", soft_wrap=True)
    if gathered.problems:
        n_more = len(gathered.problems) - 1
        more = f" and {n_more} more, listed in the page" * bool(n_more)
        err.print(f"not read: {gathered.problems[0]}{more}", soft_wrap=True)
    _print_ranking(written)
    out.print(f"Wrote {target} ({written.bytes / 1e6:.1f} MB)", soft_wrap=True)
    for file in files:
        out.print(f"Wrote {file}", soft_wrap=True)


def _print_ranking(written: Report) -> None:
    """The runs by falling Cal, and whether each is better than the next."""
    from rich.table import Table
    from rich.text import Text

    from omni_persona_report.comparison import neighbours
    from omni_persona_report.measures import CAL, value_of

    table = Table(title=Text(f"Cal x 100 ({written.gathered.measure})"), title_justify="left")
    for name in ("run", "Cal", "95 % interval", "better than the next?"):
        table.add_column(name, justify="right" if name == "Cal" else "left", overflow="fold")
    beside = neighbours(written.pairs)
    for place, run in enumerate(written.gathered.runs):
        cal, pair = value_of(run.scores, CAL), beside.get(place)
        says = "" if pair is None else "yes" if pair.better else "cannot tell"
        table.add_row(Text(visible(run.name)), cal.text, cal.interval, says)
    out.print(table)
