"""`omni-persona build`: a benchmark from a folder of people."""

from __future__ import annotations

from dataclasses import asdict, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omni_persona_cli.check import find_in_built, print_findings, result_of
from omni_persona_cli.console import detectable, err, out, progress
from omni_persona_cli.results import JSON_HELP, BuildResult, output_kept_for_result, print_result

if TYPE_CHECKING:
    from omni_persona_artifacts.build_record import PeopleKind

EXAMPLES = """Examples:

omni-persona build --pool people --recipe tiny --out omni-persona

omni-persona build --pool people --recipe my_recipe.yaml --seed 7 --out second/omni-persona

omni-persona build --pool people --json > built.json

omni-persona build --pool more-people --recipe train --exclude omni-persona --out train/omni-persona"""


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
            help="How people are compared. light: fast. specialists: more accurate; needs the extra `specialists`."
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
            help="Make media alike in all but faces and voices; default: only if recordings tell people apart.",
        ),
    ] = None,
    people: Annotated[
        People | None,
        typer.Option(help="What the people are, for the card and reports; default: what `omni-persona pool` recorded."),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Rebuild items that a shortcut solves too surely; slow, noted in the card.")
    ] = False,
    checks: Annotated[
        bool, typer.Option("--check/--no-check", help="Check the dataset and add the results to its card.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Build a benchmark from your own people: photos, voices, profiles.

    All media are read first; --out is written completely or not at all. The same pool, recipe and seed
    give the same bytes. Exit code 1 if a check fails; the folder is kept, and its card reports the failure.
    """
    with output_kept_for_result(as_json):
        result = build_and_report(
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
            kind=None if people is None else people.value,
            prune=prune,
            quiet=as_json,
        )
        findings = find_in_built(target) if checks else None
    checked = None if findings is None else result_of(target, findings)
    if as_json:
        keys = None if checked is None else asdict(checked)
        print_result(replace(result, check=keys))
    elif findings is not None:
        print_findings(target, findings)
    if checked is not None and not checked.passed:
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
    kind: PeopleKind | None = None,
    prune: bool = False,
    quiet: bool = False,
) -> BuildResult:
    """Build with a progress display, then print what was built and where, unless `quiet`."""
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
            kind=kind,
            prune=prune,
            progress=shown,
        )
    n_answerable = sum(count for (_, absence), count in built.recipe.counts().items() if absence == "none")
    result = BuildResult(
        dataset=str(built.out),
        recipe=built.recipe.name,
        seed=seed,
        n_items=built.items,
        n_samples=built.samples,
        n_people=built.people,
        n_excluded=built.left_out,
        bytes=built.bytes,
        fitted=built.fitted,
        recognised={kind: (one.given, one.alike) for kind, one in built.recognised.items()},
        pruned=None if built.pruned is None else str(built.pruned),
        detectable_cal=detectable_difference(n_answerable, built.items - n_answerable, built.samples, built.people),
    )
    if not quiet:
        _print_built(result, exclude)
    return result


def _print_built(built: BuildResult, exclude: Path | None) -> None:
    if built.fitted:
        out.print(f"--fit: {built.fitted}", soft_wrap=True)
    out.print(
        f"Built {built.dataset}: {built.n_items} items over {built.n_samples} sets of memories of {built.n_people} "
        f"people, {built.bytes / 1e6:.1f} MB",
        soft_wrap=True,
    )
    out.print(detectable(built.detectable_cal).strip() or "It cannot tell a difference in Cal.", soft_wrap=True)
    for kind, (given, alike) in built.recognised.items():
        out.print(
            f"Trained recognisers tell {kind} with AUC {given:.3f} as given, {alike:.3f} made alike", soft_wrap=True
        )
    if built.pruned is not None:
        out.print(f"--prune: {built.pruned}", soft_wrap=True)
    if exclude is not None:
        out.print(f"--exclude {exclude} left out {built.n_excluded} people of the pool", soft_wrap=True)
