"""The public functions of this package; `omni_persona_build` exports them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from omni_persona_artifacts.progress import Progress, bars
from omni_persona_build.checks import Finding
from omni_persona_build.checks import check as check_folder
from omni_persona_build.pipeline import Built
from omni_persona_build.pipeline import build as build_folder
from omni_persona_build.recipes import Recipe, load_recipe
from omni_persona_build.release import Imported
from omni_persona_build.release import import_release as import_folder
from omni_persona_perception import perception as perception_of

T = TypeVar("T")


def build(
    pool: str | Path,
    out: str | Path = "omni-persona",
    *,
    recipe: str | Recipe = "tiny",
    perception: str = "light",
    exclude: str | Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Built:
    """Build a dataset folder from a persona pool. The same pool, recipe and seed give the same bytes.

    recipe: `tiny`, `balanced`, `balanced-strict`, `v2_2`, `train`, a YAML file, or a `Recipe`.
    perception: `light` or `specialists`, which computes how alike people are.
    exclude: a dataset folder whose people and media are kept out, such as the test set.
    progress: called as the work goes on; None shows bars in a notebook and on a terminal.
    options: further arguments of `omni_persona_build.pipeline.build`, such as `seed`, `license` and `overwrite`.
    Raises `PoolError` or `BuildError`, and `ArtifactError` if `out` exists.

    Examples:
        >>> build("people", "omni-persona", recipe="tiny").items
        144
    """
    settings = {
        "perception": perception_of(perception),
        "exclude": None if exclude is None else Path(exclude),
        **options,
    }
    known = load_recipe(recipe) if isinstance(recipe, str) else recipe
    return _shown(progress, lambda shown: build_folder(Path(pool), known, Path(out), progress=shown, **settings))


def check(dataset: str | Path, *, progress: Progress | None = None, **options: Any) -> list[Finding]:
    """Check a dataset folder: counts, balance, answers, cues, leaks and shortcuts.

    progress: called as the work goes on; None shows bars in a notebook and on a terminal.
    options: further arguments of `omni_persona_build.checks.check`.
    Returns a finding for each check; `passed` is False for a failed check and None for one that could not be decided.
    Raises `BuildError` if the folder is not a dataset.

    Examples:
        >>> [finding.check for finding in check("omni-persona") if finding.passed is False]
        []
    """
    return _shown(
        progress,
        lambda shown: check_folder(Path(dataset), progress=lambda done: shown("checking items", done), **options),
    )


def import_release(
    release: str | Path,
    assets: str | Path,
    out: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Convert the published release, a JSONL file and its media folder, to a dataset folder.

    progress: called as the work goes on; None shows bars in a notebook and on a terminal.
    Raises `BuildError` that names line and item, and `ArtifactError` if `out` exists.

    Examples:
        >>> import_release("release.jsonl", "assets", "released/omni-persona").items
        98
    """
    return _shown(
        progress,
        lambda shown: import_folder(Path(release), Path(assets), Path(out), overwrite=overwrite, progress=shown),
    )


def _shown(progress: Progress | None, work: Callable[[Progress], T]) -> T:
    """Run a function with a progress callback: the given one, or one that shows bars."""
    if progress is not None:
        return work(progress)
    with bars() as shown:
        return work(shown)
