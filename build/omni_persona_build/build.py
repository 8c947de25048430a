"""Build a dataset folder from a pool: read, plan, assemble, write."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import omni_persona
from omni_persona_build.assemble import Sample, assemble
from omni_persona_build.card import BuildFacts, render_card
from omni_persona_build.fit import require_fit
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.plan import plan
from omni_persona_build.pool import Persona, read_pool
from omni_persona_build.recipe import Recipe
from omni_persona_build.write import whole_folder, write_parquet

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, the steps done and the steps in all."""


@dataclass(frozen=True)
class Built:
    """What a build came to."""

    out: Path
    items: int
    samples: int
    people: int
    bytes: int
    """Size of the Parquet files."""


def build(
    pool: Path,
    recipe: Recipe,
    out: Path,
    *,
    seed: int = 0,
    license: str = "other",
    overwrite: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Built:
    """Build `out` from the pool by the recipe. The same pool, recipe and seed give the same bytes.

    license: the Hub's identifier of the pool's licence, for the card.
    Raises `BuildError`; `out` then is as it was.
    """
    with whole_folder(out, overwrite) as folder:
        people = read_pool(pool, lambda done, total: progress("reading people", done, total))
        require_fit(people, recipe)
        graph = PersonaGraph.of(people, lambda done, total: progress("comparing faces and voices", done, total))
        rng = np.random.default_rng(seed)
        planned = plan(recipe, rng)
        samples = _watched(assemble(graph, recipe, planned, rng), len(planned), progress)
        fingerprint = pool_fingerprint(people)
        about = {
            "recipe": recipe.model_dump(),
            "seed": seed,
            "pool_fingerprint": fingerprint,
            "version": omni_persona.__version__,
        }
        counts = write_parquet(samples, folder, about)
        facts = BuildFacts(
            recipe=recipe.name,
            seed=seed,
            contexts=recipe.contexts,
            pool=pool.resolve().name,
            fingerprint=fingerprint,
            people=len(people),
            samples=len(planned),
            license=license,
            counts=counts,
        )
        (folder / "README.md").write_text(render_card(facts), encoding="utf-8")
    size = sum(path.stat().st_size for path in out.glob("data/*.parquet"))
    return Built(out, counts.total(), len(planned), len(people), size)


def pool_fingerprint(people: Sequence[Persona]) -> str:
    """A hash of all that a pool holds: ids, profiles and media."""
    digest = hashlib.sha256()
    for persona in people:
        media = [medium.data for medium in (*persona.pictures, *persona.query_pictures)]
        media += [medium.data for medium in (*persona.clips, *persona.query_clips)]
        digest.update(repr((persona.persona_id, persona.gender, persona.profile)).encode())
        for data in media:
            digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()[:16]


def _watched(samples: Iterable[Sample], total: int, progress: Progress) -> Iterator[Sample]:
    for done, sample in enumerate(samples, start=1):
        yield sample
        progress("assembling questions", done, total)
