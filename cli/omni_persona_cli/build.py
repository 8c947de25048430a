"""`omni-persona build`: a benchmark from a folder of people."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from omni_persona_cli.check import check_built
from omni_persona_cli.console import detectable, err, out, progress

EXAMPLES = """Examples:

omni-persona build --pool people --recipe tiny --out omni-persona

omni-persona build --pool people --recipe my_recipe.yaml --seed 7 --out second/omni-persona

omni-persona build --pool more-people --recipe train --exclude omni-persona --out train/omni-persona"""


KEEP_METADATA = "Keep metadata (owner, place, title...) in pictures and clips; removed by default."


class Perceptions(str, Enum):
    """How faces, voices and texts are compared."""

    light = "light"
    specialists = "specialists"


def build(
    pool: Annotated[Path, typer.Option(help="Pool folder, with personas.jsonl and its media.")],
    recipe: Annotated[str, typer.Option(help="tiny, balanced, balanced-strict, v2_2, train, or a YAML file.")] = "tiny",
    target: Annotated[Path, typer.Option("--out", help="Dataset folder to write.")] = Path("omni-persona"),
    seed: Annotated[int, typer.Option(min=0, help="Random seed: selects people, fields and wording.")] = 0,
    licence: Annotated[
        str, typer.Option("--license", help="Licence identifier of the pool, shown in the card.")
    ] = "other",
    exclude: Annotated[
        Path | None, typer.Option(help="Dataset whose people and media are excluded, such as the test set.")
    ] = None,
    perception: Annotated[
        Perceptions,
        typer.Option(
            help="How people are compared; specialists: more accurate, slower, needs the extra `specialists`."
        ),
    ] = Perceptions.light,
    overwrite: Annotated[bool, typer.Option(help="Replace --out if it exists.")] = False,
    fit: Annotated[
        bool,
        typer.Option(
            "--fit", help="If the pool is too small for the recipe, build the closest feasible one; noted in the card."
        ),
    ] = False,
    keep_metadata: Annotated[bool, typer.Option("--keep-metadata", help=KEEP_METADATA)] = False,
    equalise: Annotated[
        bool | None,
        typer.Option(
            "--equalise/--no-equalise",
            help="Unify media formats; default: only if the pool mixes file formats.",
        ),
    ] = None,
    checks: Annotated[
        bool, typer.Option("--check/--no-check", help="Check the dataset and add the results to its card.")
    ] = True,
) -> None:
    """Build a benchmark from your own people: photos, voices, profiles.

    All media are read first; --out is written completely or not at all. The same pool, recipe and seed
    give the same bytes. Exit code 1 if a check fails; the folder is kept, and its card reports the failure.
    """
    build_and_report(
        pool,
        recipe,
        target,
        seed=seed,
        licence=licence,
        exclude=exclude,
        perception=perception.value,
        overwrite=overwrite,
        fit=fit,
        keep_metadata=keep_metadata,
        equalise=equalise,
    )
    if checks and not check_built(target):
        err.print(
            f"A check failed: {target} is no fair benchmark as it is. It is kept, and its card says so.",
            style="bold red",
            soft_wrap=True,
        )
        raise typer.Exit(1)


def build_and_report(
    pool: Path,
    recipe: str,
    target: Path,
    *,
    seed: int = 0,
    licence: str = "other",
    exclude: Path | None = None,
    perception: str = "light",
    overwrite: bool = False,
    fit: bool = False,
    keep_metadata: bool = False,
    equalise: bool | None = None,
) -> None:
    """Build with a progress display, then print what was built and where."""
    from omni_persona_build.pipeline import build as build_dataset
    from omni_persona_build.recipe import load_recipe
    from omni_persona_cal import detectable_difference
    from omni_persona_perception import perception as perception_of

    wanted = load_recipe(recipe)
    with progress() as shown:
        built = build_dataset(
            pool,
            wanted,
            target,
            seed=seed,
            license=licence,
            exclude=exclude,
            perception=perception_of(perception),
            overwrite=overwrite,
            fit=fit,
            keep_metadata=keep_metadata,
            equalise=equalise,
            progress=shown,
        )
    if built.fitted:
        out.print(f"--fit: {built.fitted}", soft_wrap=True)
    wanted = built.recipe
    out.print(
        f"Built {built.out}: {built.items} items over {built.samples} sets of memories of {built.people} people, "
        f"{built.bytes / 1e6:.1f} MB",
        soft_wrap=True,
    )
    n_answerable = sum(count for (_, absence), count in wanted.counts().items() if absence == "none")
    told = detectable_difference(n_answerable, built.items - n_answerable, built.samples, built.people)
    out.print(detectable(told).strip() or "It cannot tell a difference in Cal.", soft_wrap=True)
    if exclude is not None:
        out.print(f"--exclude {exclude} left out {built.left_out} people of the pool", soft_wrap=True)
