"""The first half of a build: read a pool, decide what is built from it, compare its people, make their media alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from omni_persona_artifacts.progress import Progress
from omni_persona_build.exclude import Exclusion
from omni_persona_build.feasibility import require_fit, require_one_gender
from omni_persona_build.fit import Fitted, described, fit_to_graph, fit_to_people, merged
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.media_made import MediaMade, media_made
from omni_persona_build.recipes import Recipe
from omni_persona_people.invent import EMBEDDED_POOL
from omni_persona_people.persona import Persona
from omni_persona_people.pool import read_pool
from omni_persona_people.pool_cache import PoolCache
from omni_persona_people.pool_questions import OwnQuestions, read_questions
from omni_persona_perception import Perception


@dataclass(frozen=True)
class Prepared:
    """What a dataset is assembled from."""

    people: Sequence[Persona]
    questions: OwnQuestions
    recipe: Recipe
    """The recipe that is built; with `fit`, the nearest one that the pool can fill."""
    fitted: Fitted | None
    """What `fit` removed; None without it."""
    made: MediaMade
    """The graph of the people, with the media that are built from."""


def cache_of(pool: Path) -> PoolCache:
    """The cache of a pool's media; in memory only for the pool that ships with the package, which is not written to."""
    return PoolCache(None if pool.resolve() == EMBEDDED_POOL.resolve() else pool)


def prepare(
    pool: Path,
    recipe: Recipe,
    exclusion: Exclusion,
    media_folder: Path,
    seed: int,
    perception: Perception,
    fit: bool,
    keep_metadata: bool,
    equalise: bool | None,
    progress: Progress,
) -> Prepared:
    """Read a pool and prepare its people for a build; arguments as for `pipeline.build`.

    media_folder: where media that were made alike are written. Raises `PoolError` for a broken pool, and `BuildError`
    if the pool cannot fill the recipe.
    """
    cache = cache_of(pool)
    comparing = partial(progress, "comparing pictures")
    people = read_pool(
        pool, partial(progress, "reading people"), cache, keep_metadata=keep_metadata, comparing=comparing
    )
    questions = read_questions(pool, people)
    people = exclusion.left(people)
    fitted = fit_to_people(people, recipe) if fit else None
    if fitted is None:
        require_fit(people, recipe)
    else:
        recipe = fitted.recipe
    graph = PersonaGraph.of(people, partial(progress, "comparing faces and voices"), perception, cache)
    require_one_gender(graph.sizes(), recipe, str(pool))
    if fitted is not None:
        fitted = merged(fitted, fit_to_graph(graph, recipe, seed, questions.by_field))
        recipe = described(fitted)
    made = media_made(graph, recipe, seed, equalise, perception, cache, media_folder, progress)
    return Prepared(people, questions, recipe, fitted, made)
