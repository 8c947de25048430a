"""`omni-persona report`: one HTML page to inspect and compare runs."""

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
    """The scoring rules applied to all runs."""

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
    target: Annotated[Path, typer.Option("--out", help="HTML file to write.")] = Path("report.html"),
    dataset: Annotated[
        Path | None, typer.Option(help="Dataset folder, if it has moved since the runs were made.")
    ] = None,
    protocol: Annotated[
        Protocol, typer.Option(help="Scoring rules for all runs: guarded, paper or v2.2; see `omni-persona score`.")
    ] = Protocol.guarded,
    judge: Annotated[
        str | None,
        typer.Option(
            help="Judge whose verdicts count; runs judged by another are left out. lexical: rejudge all runs. Default: "
            "the judge of most runs."
        ),
    ] = None,
    media: Annotated[
        Media,
        typer.Option(help="small: compressed copies of pictures and clips. full: originals. none: texts only."),
    ] = Media.small,
    figures: Annotated[Path | None, typer.Option(help="Folder for the figures as SVG, PDF and PNG.")] = None,
    latex: Annotated[Path | None, typer.Option(help="Folder for the tables as LaTeX.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Folder for the tables as CSV.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Folder for the tables as Markdown.")] = None,
    eval_results: Annotated[
        Path | None,
        typer.Option(help="Local copy of a model repository, to write .eval_results/omni-persona.yaml for the Hub."),
    ] = None,
    dataset_id: Annotated[str | None, typer.Option(help="Hub repository of the benchmark, for --eval-results.")] = None,
    dataset_revision: Annotated[
        str | None, typer.Option(help="Commit of that repository, for --eval-results; default: the newest.")
    ] = None,
    published: Annotated[bool, typer.Option(help="Show published results beside the runs.")] = True,
    title: Annotated[str | None, typer.Option(help="Title of the page; default: the names of the runs.")] = None,
) -> None:
    """Write one HTML page that compares runs and shows every item with its pictures and clips.

    The page works offline. All runs are scored by one judge and one protocol; runs that cannot
    be compared with the others are left out and listed. Run folders are not modified. The tables include the paper's
    analyses: errors, checkpoints of a training run, the judge against word overlap, the audio-visual gap.
    Exit code 2 if no run is left to show.
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
    """The runs by decreasing Cal, and whether each is significantly better than the next."""
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
