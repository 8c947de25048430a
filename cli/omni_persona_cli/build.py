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


KEEP_METADATA = "Leave owners, places, titles and the like inside of pictures and clips; they are taken out otherwise."


class Perceptions(str, Enum):
    """What compares faces, voices and texts."""

    light = "light"
    specialists = "specialists"


def build(
    pool: Annotated[Path, typer.Option(help="Folder with personas.jsonl and the media it names.")],
    recipe: Annotated[
        str, typer.Option(help="tiny, balanced, balanced-strict, v2_2, train, or a YAML file of your own.")
    ] = "tiny",
    target: Annotated[Path, typer.Option("--out", help="The dataset folder to write.")] = Path("omni-persona"),
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other people, fields and words.")] = 0,
    licence: Annotated[str, typer.Option("--license", help="Licence identifier of the pool, for the card.")] = "other",
    exclude: Annotated[
        Path | None, typer.Option(help="A built dataset whose people and media are kept out, such as the test set.")
    ] = None,
    perception: Annotated[
        Perceptions,
        typer.Option(help="What tells who is like whom; specialists are surer and slower, and come with an extra."),
    ] = Perceptions.light,
    overwrite: Annotated[bool, typer.Option(help="Replace --out if it is there.")] = False,
    fit: Annotated[
        bool, typer.Option("--fit", help="Build the nearest recipe that the pool fills, and say so in the card.")
    ] = False,
    keep_metadata: Annotated[bool, typer.Option("--keep-metadata", help=KEEP_METADATA)] = False,
    equalise: Annotated[
        bool | None,
        typer.Option(
            "--equalise/--no-equalise",
            help="Make media alike in all but faces and voices; by default where a pool mixes kinds of files.",
        ),
    ] = None,
    checks: Annotated[
        bool, typer.Option("--check/--no-check", help="Check what was built, and put the results into its card.")
    ] = True,
) -> None:
    """Build a benchmark from your own people: photos, voices, profiles.

    The pool is read and every medium opened first; --out appears whole or not at all. The same pool, recipe and seed
    give the same bytes. Exit code 1 when a check fails; the folder is kept, and its card says so.
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
    """Build with a progress display, then say what was built and where."""
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
