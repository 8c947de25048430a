"""The options of `omni-persona build`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from omni_persona_cli.results import JSON_HELP

KEEP_METADATA = "Keep metadata (owner, place, title...) in pictures and clips; removed by default."


class Perceptions(str, Enum):
    """How faces, voices and texts are compared."""

    light = "light"
    specialists = "specialists"


class People(str, Enum):
    """What the people of a pool are."""

    invented = "invented"
    rendered = "rendered"
    real = "real"


Pool: TypeAlias = Annotated[Path, typer.Option(help="Pool folder, with personas.jsonl and its media.")]
Recipe: TypeAlias = Annotated[str, typer.Option(help="tiny, balanced, balanced-strict, v2_2, train, or a YAML file.")]
Out: TypeAlias = Annotated[Path, typer.Option("--out", help="Dataset folder to write.")]
Seed: TypeAlias = Annotated[int, typer.Option(min=0, help="Random seed: selects people, fields and wording.")]
Licence: TypeAlias = Annotated[
    str, typer.Option("--license", help="Licence identifier of the pool, shown in the card.")
]
Exclude: TypeAlias = Annotated[
    Path | None, typer.Option(help="Dataset whose people and media are excluded, such as the test set.")
]
PerceptionBy: TypeAlias = Annotated[
    Perceptions,
    typer.Option(
        help="How people are compared. light: fast. specialists: more accurate; needs the extra `specialists`."
    ),
]
Overwrite: TypeAlias = Annotated[bool, typer.Option(help="Replace --out if it exists.")]
Fit: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--fit", help="If the pool is too small for the recipe, build the closest feasible one; noted in the card."
    ),
]
KeepMetadata: TypeAlias = Annotated[bool, typer.Option("--keep-metadata", help=KEEP_METADATA)]
Equalise: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--equalise/--no-equalise",
        help="Make media alike in all but faces and voices; default: only if recordings tell people apart.",
    ),
]
PeopleAre: TypeAlias = Annotated[
    People | None,
    typer.Option(help="What the people are: invented, rendered or real; default: what `omni-persona pool` recorded."),
]
Prune: TypeAlias = Annotated[
    bool, typer.Option("--prune", help="Rebuild items that a shortcut solves too surely; slow, noted in the card.")
]
Checks: TypeAlias = Annotated[
    bool, typer.Option("--check/--no-check", help="Check the dataset and add the results to its card.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help=JSON_HELP)]
