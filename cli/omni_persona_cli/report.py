"""`omni-persona report`: one HTML page to inspect and compare runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from omni_persona_artifacts.characters import name_shown
from omni_persona_cli import report_options as options
from omni_persona_cli.console import err, out, progress

if TYPE_CHECKING:
    from omni_persona_report import Report
    from omni_persona_report.gather import Gathered

EXAMPLES = """Examples:

omni-persona report runs/nearest --out report.html

omni-persona report runs/before runs/after --figures figures --latex tables --out compared.html

omni-persona report runs/* --judge lexical --protocol paper --csv tables

omni-persona report runs/mine --eval-results my-model --dataset-id ORG/omni-persona"""


def report(
    runs: options.Runs,
    target: options.Out = Path("report.html"),
    dataset: options.Dataset = None,
    protocol: options.ScoringRules = options.Protocol.guarded,
    judge: options.Judge = None,
    media: options.MediaSize = options.Media.small,
    figures: options.Figures = None,
    latex: options.Latex = None,
    csv: options.Csv = None,
    markdown: options.Markdown = None,
    eval_results: options.EvalResults = None,
    dataset_id: options.DatasetId = None,
    dataset_revision: options.DatasetRevision = None,
    source_url: options.SourceUrl = None,
    source_name: options.SourceName = None,
    source_user: options.SourceUser = None,
    card: options.Card = None,
    published: options.Published = True,
    title: options.Title = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Write one HTML page that compares runs and shows every item with its pictures and clips.

    The page works offline. All runs are scored by one judge and one protocol; runs that cannot
    be compared with the others are left out and listed. Runs are not modified; a file that was not written by this
    command is replaced only with --overwrite. The tables include the paper's
    analyses: errors, checkpoints of a training run, the judge against word overlap, the audio-visual gap.
    Exit code 2 if no run is left to show.
    """
    from omni_persona_report import write_report
    from omni_persona_report.hub import ModelRepository, Source

    source, model = Source(source_url, source_name, source_user), None
    if eval_results is not None and dataset_id is not None:
        model = ModelRepository(eval_results, dataset_id, dataset_revision, source)
    if eval_results is not None and (model is None or len(runs) != 1):
        raise typer.BadParameter("--eval-results takes one run, and --dataset-id to say what it was asked")
    folders = (("latex", latex), ("csv", csv), ("markdown", markdown))
    with progress() as shown:
        written = write_report(
            runs,
            target,
            dataset=dataset,
            protocol=protocol.value,
            judge=judge,
            media=media.value,
            figures=figures,
            table_folders={kind: folder for kind, folder in folders if folder is not None},
            model=model,
            overwrite=overwrite,
            published=published,
            title=title,
            advance=lambda done, total: shown("pictures and clips", done, total),
        )
    beside = [] if card is None else [_write_baselines(written, card)]
    _print_warnings(written.gathered)
    _print_ranking(written)
    for file in (f"{target} ({written.bytes / 1e6:.1f} MB)", *written.beside, *beside):
        out.print(f"Wrote {file}", soft_wrap=True)


def _write_baselines(written: Report, dataset: Path) -> Path:
    """Write the rows of baselines into a dataset's card; return the card."""
    from omni_persona_build.card import write_baselines
    from omni_persona_report.hub import baseline_rows

    write_baselines(dataset, baseline_rows(written.gathered.runs, dataset))
    return dataset / "README.md"


def _print_warnings(gathered: Gathered) -> None:
    for one in gathered.left_out:
        err.print(f"left out: {one}", soft_wrap=True)
    for notice in gathered.notices:
        err.print(f"note: {notice}", soft_wrap=True)
    if gathered.problems:
        n_more = len(gathered.problems) - 1
        more = f" and {n_more} more, listed in the page" * bool(n_more)
        err.print(f"not read: {gathered.problems[0]}{more}", soft_wrap=True)


def _print_ranking(written: Report) -> None:
    """The runs by decreasing Cal, and whether each is significantly better than the next."""
    from rich.table import Table
    from rich.text import Text

    from omni_persona_report.comparison import neighbours
    from omni_persona_report.runs.measures import CAL, value_of

    table = Table(title=Text(f"Cal x 100 ({name_shown(written.gathered.measure)})"), title_justify="left")
    for name in ("run", "Cal", "95 % interval", "better than the next?"):
        table.add_column(name, justify="right" if name == "Cal" else "left", overflow="fold")
    beside = neighbours(written.pairs)
    for place, run in enumerate(written.gathered.runs):
        cal, pair = value_of(run.scores, CAL), beside.get(place)
        says = "" if pair is None else "yes" if pair.better else "cannot tell"
        table.add_row(Text(name_shown(run.name)), cal.text, cal.interval, says)
    out.print(table)
