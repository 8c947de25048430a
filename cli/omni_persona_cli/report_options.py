"""The options of `omni-persona report`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer


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


Runs: TypeAlias = Annotated[
    list[Path], typer.Argument(help="Run folders, or files of answers as `omni-persona score` takes them.")
]
Out: TypeAlias = Annotated[Path, typer.Option("--out", help="HTML file to write.")]
Dataset: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Dataset folder that files of answers belong to, or if it has moved since runs were made."),
]
ScoringRules: TypeAlias = Annotated[
    Protocol, typer.Option(help="Scoring rules for all runs: guarded, paper or v2.2; see `omni-persona score`.")
]
Judge: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Judge whose verdicts count; runs judged by another are left out. lexical: rejudge all runs. Default: "
        "the judge of most runs."
    ),
]
MediaSize: TypeAlias = Annotated[
    Media,
    typer.Option(help="small: compressed copies of pictures and clips. full: originals. none: texts only."),
]
Figures: TypeAlias = Annotated[Path | None, typer.Option(help="Folder for the figures as SVG, PDF and PNG.")]
Latex: TypeAlias = Annotated[Path | None, typer.Option(help="Folder for the tables as LaTeX.")]
Csv: TypeAlias = Annotated[Path | None, typer.Option("--csv", help="Folder for the tables as CSV.")]
Markdown: TypeAlias = Annotated[Path | None, typer.Option(help="Folder for the tables as Markdown.")]
EvalResults: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Local copy of a model repository, to write a file of .eval_results/ for the Hub."),
]
DatasetId: TypeAlias = Annotated[str | None, typer.Option(help="Hub repository of the benchmark, for --eval-results.")]
DatasetRevision: TypeAlias = Annotated[
    str | None, typer.Option(help="Commit of that repository, for --eval-results; default: the newest.")
]
SourceUrl: TypeAlias = Annotated[
    str | None, typer.Option(help="Web address where the evaluation can be seen, for --eval-results.")
]
SourceName: TypeAlias = Annotated[str | None, typer.Option(help="What the Hub calls that address, for --eval-results.")]
SourceUser: TypeAlias = Annotated[
    str | None, typer.Option(help="Name on the Hub of whoever ran the evaluation, for --eval-results.")
]
Card: TypeAlias = Annotated[
    Path | None, typer.Option(help="Dataset folder whose card gets the runs' scores in its table of baselines.")
]
Published: TypeAlias = Annotated[bool, typer.Option(help="Show published results beside the runs.")]
Overwrite: TypeAlias = Annotated[
    bool, typer.Option("--overwrite", help="Replace files of the same names that this command did not write.")
]
Title: TypeAlias = Annotated[str | None, typer.Option(help="Title of the page; default: the names of the runs.")]
