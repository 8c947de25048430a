"""`omni-persona pool`: invented people, as many as you like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omni_persona_cli.console import out, progress

EXAMPLES = """Examples:

omni-persona pool --personas 250 --out people

omni-persona pool --personas 24 --seed 0 --out same_as_embedded"""


def pool(
    target: Annotated[Path, typer.Option("--out", help="The folder to write.")],
    personas: Annotated[int, typer.Option(min=1, help="How many people.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes other people.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a pool that this command made.")] = False,
) -> None:
    """Invent people: drawn faces, synthetic voices, profiles. Nobody real is shown or heard.

    The same number and seed give the same bytes; 24 people of seed 0 are the pool that ships with the package.
    """
    from omni_persona_people.invent import generate_pool

    with progress() as display:
        bar = display.add_task("inventing people", total=personas)
        generate_pool(
            target,
            personas,
            seed,
            overwrite=overwrite,
            progress=lambda done, total: display.update(bar, completed=done),
        )
    out.print(f"Wrote {personas} people to {target}. Build from them: omni-persona build --pool {target}")
