"""The options of commands that take answers collected elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Dataset: TypeAlias = Annotated[
    Path | None, typer.Option("--dataset", help="Dataset folder that the answers in a file belong to.")
]
Partial: TypeAlias = Annotated[
    bool, typer.Option("--partial", help="Allow a file of answers that does not mention every item.")
]
