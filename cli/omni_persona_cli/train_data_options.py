"""The options of `omni-persona train-data`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer


class Format(str, Enum):
    """Other trainers that a corpus can be exported for."""

    ms_swift = "ms-swift"
    llamafactory = "llamafactory"
    verl = "verl"
    trl = "trl"


Dataset: TypeAlias = Annotated[
    Path | None, typer.Option(help="Dataset folder of `omni-persona build`, such as one of recipe train.")
]
Recipe: TypeAlias = Annotated[str, typer.Option(help="sft-1k, sft-10k, rlvr-1k, or a YAML file.")]
Out: TypeAlias = Annotated[Path, typer.Option("--out", help="Corpus folder to write.")]
Formats: TypeAlias = Annotated[
    list[Format] | None,
    typer.Option("--format", help="Also export for a trainer: ms-swift, llamafactory, verl or trl; may be repeated."),
]
Pool: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Pool that the dataset was built from; provides more labels for clips and pictures."),
]
Events: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Folder of environmental sounds, LABEL.wav or LABEL/any.wav; default: ten synthesised ones."),
]
Exclude: TypeAlias = Annotated[
    Path | None, typer.Option(help="Test dataset; training data that shares people or media with it is rejected.")
]
Examples: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Total number of examples, instead of the recipe's.")
]
Absent: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=0.9,
        help="Fraction of unanswerable localizations and questions; default: the recipe's, such as 0.2.",
    ),
]
Seed: TypeAlias = Annotated[int, typer.Option(min=0, help="Random seed: selects the examples.")]
Overwrite: TypeAlias = Annotated[bool, typer.Option(help="Replace --out if it exists.")]
Check: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="CORPUS", help="Check a corpus and its exports instead of making one.")
]
