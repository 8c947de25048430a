"""`omni-persona build`: a benchmark from a folder of people."""

from __future__ import annotations

import gc
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from omni_persona_cli import build_options as options
from omni_persona_cli.check import find_in_built, print_findings, result_of, tell_how_to_check_more
from omni_persona_cli.console import detectable, err, out, progress
from omni_persona_cli.results import BuildResult, output_kept_for_result, print_result

if TYPE_CHECKING:
    from omni_persona_artifacts.build_record import PeopleKind

EXAMPLES = """Examples:

omni-persona build --pool people --recipe tiny --out omni-persona

omni-persona build --pool people --recipe my_recipe.yaml --seed 7 --out second/omni-persona

omni-persona build --pool people --json > built.json

omni-persona build --pool more-people --recipe train --exclude omni-persona --out train/omni-persona"""

_OBJECTS_BETWEEN_SEARCHES = 50_000
"""New objects after which Python searches for unused cycles, often after 700: those of a build live until it ends."""


def build(
    pool: options.Pool,
    recipe: options.Recipe = "tiny",
    target: options.Out = Path("omni-persona"),
    seed: options.Seed = 0,
    licence: options.Licence = "other",
    exclude: options.Exclude = None,
    perception: options.PerceptionBy = options.Perceptions.light,
    overwrite: options.Overwrite = False,
    fit: options.Fit = False,
    keep_metadata: options.KeepMetadata = False,
    equalise: options.Equalise = None,
    people: options.PeopleAre = None,
    prune: options.Prune = False,
    checks: options.Checks = True,
    as_json: options.AsJson = False,
) -> None:
    """Build a benchmark from your own people: photos, voices, profiles.

    All media are read first; --out is written completely or not at all. The same pool, recipe and seed
    give the same bytes. Exit code 1 if a check fails; the folder is kept, and its card reports the failure.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_SEARCHES)
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
        findings = find_in_built(target, pool) if checks else None
    checked = None if findings is None else result_of(target, findings)
    if as_json:
        keys = None if checked is None else asdict(checked)
        print_result(replace(result, check=keys))
    elif findings is not None:
        print_findings(target, findings)
        tell_how_to_check_more(target, findings, pool)
    if checked is not None and not checked.passed:
        err.print(
            f"A check failed: {target} is not a fair benchmark. It was kept, and its card reports the failure.",
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
    from omni_persona_build.recipes import load_recipe
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
