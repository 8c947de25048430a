"""Build a dataset folder from a pool: read, plan, assemble, write."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import omni_persona
from omni_persona_build.assemble import assemble
from omni_persona_build.card import BuildFacts, GeneratedFacts, render_card
from omni_persona_build.construction import Placed, construction_rows, write_construction
from omni_persona_build.exclude import without
from omni_persona_build.fit import require_company, require_fit
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.own_questions import OwnQuestions, read_questions
from omni_persona_build.plan import plan
from omni_persona_build.pool import Persona, read_pool
from omni_persona_build.recipe import Recipe
from omni_persona_build.rows import sample_rows
from omni_persona_build.write import Row, content_hash, whole_folder, write_parquet

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
    exclude: Path | None = None,
    overwrite: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Built:
    """Build `out` from the pool by the recipe. The same pool, recipe and seed give the same bytes.

    exclude: a built dataset whose people and media are kept out.
    license: the Hub's identifier of the pool's licence, for the card.
    Raises `BuildError`; `out` then is as it was.
    """
    with whole_folder(out, overwrite) as folder:
        people = read_pool(pool, lambda done, total: progress("reading people", done, total))
        questions = read_questions(pool, people)
        if exclude is not None:
            people = without(people, exclude)
        require_fit(people, recipe)
        graph = PersonaGraph.of(people, lambda done, total: progress("comparing faces and voices", done, total))
        require_company(graph.sizes(), recipe, str(pool))
        rng = np.random.default_rng(seed)
        planned = plan(recipe, rng)
        construction: list[Placed] = []

        def samples() -> Iterator[list[Row]]:
            for index, sample in enumerate(assemble(graph, recipe, planned, rng, questions.by_field)):
                construction.extend(construction_rows(graph, sample, index))
                yield list(sample_rows(sample, index))
                progress("assembling questions", index + 1, len(planned))

        fingerprint = pool_fingerprint(people, questions)
        about = {
            "recipe": recipe.model_dump(),
            "seed": seed,
            "pool_fingerprint": fingerprint,
            "version": omni_persona.__version__,
        }
        counts = write_parquet(samples(), folder, about)
        write_construction(construction, folder)
        facts = BuildFacts(
            recipe=recipe.name,
            seed=seed,
            contexts=recipe.contexts,
            pool=pool.resolve().name,
            fingerprint=fingerprint,
            people=len(people),
            samples=len(planned),
            license=license,
            content=content_hash(folder),
            counts=counts,
            generated=generated_facts(people, questions),
        )
        (folder / "README.md").write_text(render_card(facts), encoding="utf-8")
    size = sum(path.stat().st_size for path in out.glob(omni_persona.DATA_FILES))
    return Built(out, counts.total(), len(planned), len(people), size)


def pool_fingerprint(people: Sequence[Persona], questions: OwnQuestions) -> str:
    """A hash of all that a pool holds: ids, profiles, media, and words of its own."""
    digest = hashlib.sha256()
    for persona in people:
        digest.update(repr((persona.persona_id, persona.gender, persona.profile)).encode())
        media = (*persona.pictures, *persona.query_pictures, *persona.clips, *persona.query_clips)
        digest.update("".join(medium.digest for medium in media).encode())
        if persona.statements or persona.generated:
            digest.update(repr((sorted(persona.statements.items()), sorted(persona.generated.items()))).encode())
    if questions.by_field:
        digest.update(repr((sorted(questions.by_field.items()), sorted(questions.generated.items()))).encode())
    return digest.hexdigest()[:16]


def generated_facts(people: Sequence[Persona], questions: OwnQuestions) -> GeneratedFacts | None:
    """What a model wrote of a pool, or None where it wrote nothing."""
    marks = [(key, mark) for persona in people for key, mark in persona.generated.items()]
    marks += questions.generated.items()
    if not marks:
        return None
    values = Counter(mark.how for key, mark in marks if key.startswith("profile."))
    clauses = [
        len(persona.statements[key.removeprefix("statements.")])
        for persona in people
        for key in persona.generated
        if key.startswith("statements.")
    ]
    asked = [len(questions.by_field[key.removeprefix("questions.")]) for key in questions.generated]
    models = tuple(sorted({mark.by for _, mark in marks}))
    return GeneratedFacts(models, values["extracted"], values.total() - values["extracted"], sum(clauses), sum(asked))
