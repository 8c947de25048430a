"""Build a dataset folder from a pool: read, plan, assemble, write."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import omni_persona
from omni_persona_artifacts.build_record import PeopleKind
from omni_persona_artifacts.data_files import data_files
from omni_persona_artifacts.folders import whole_folder
from omni_persona_build.assemble import UnfilledError, assemble
from omni_persona_build.card import BuildFacts, GeneratedFacts, TraceFacts
from omni_persona_build.dataset_rows import DatasetRows
from omni_persona_build.errors import BuildError
from omni_persona_build.exclude import Exclusion
from omni_persona_build.feasibility import people_needed, require_fit, require_one_gender
from omni_persona_build.fit import described, fit_to_graph, fit_to_people, merged
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.hub import write_hub_files
from omni_persona_build.media_made import media_made
from omni_persona_build.partitions import deal, partitions
from omni_persona_build.plan import PlannedSample, plan
from omni_persona_build.prune import Part, Pruned, pruned
from omni_persona_build.recipe import Recipe
from omni_persona_build.recognition import Recognition
from omni_persona_build.sample import Sample
from omni_persona_build.write import PARTITION_BYTES
from omni_persona_people.errors import PoolError
from omni_persona_people.invent import EMBEDDED_POOL
from omni_persona_people.media_files import is_folder
from omni_persona_people.parameters import recorded_kind
from omni_persona_people.persona import Persona
from omni_persona_people.pool import read_pool
from omni_persona_people.pool_cache import PoolCache
from omni_persona_people.pool_questions import OwnQuestions, read_questions
from omni_persona_perception import PERCEPTIONS, Perception

Progress = Callable[[str, int, int], None]
"""Called with (stage, steps done, steps in all)."""


@dataclass(frozen=True)
class Built:
    """The result of a build."""

    out: Path
    items: int
    samples: int
    people: int
    left_out: int
    """Number of people excluded because another dataset contains them."""
    bytes: int
    """Size of the Parquet files in bytes."""
    recipe: Recipe
    """The recipe used; with `fit`, the nearest one that the pool can fill."""
    fitted: str | None = None
    """Summary of what `fit` removed; None if the recipe was filled unchanged."""
    recognised: Mapping[str, Recognition] = field(default_factory=dict)
    """`faces` and `voices` -> how well people are recognised before and after media were made alike, if measured."""
    pruned: Pruned | None = None
    """What came of rebuilding items; None without `prune`."""


def build(
    pool: Path,
    recipe: Recipe,
    out: Path,
    *,
    seed: int = 0,
    license: str = "other",
    exclude: Path | None = None,
    perception: Perception = PERCEPTIONS["light"],
    overwrite: bool = False,
    fit: bool = False,
    keep_metadata: bool = False,
    equalise: bool | None = None,
    kind: PeopleKind | None = None,
    prune: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Built:
    """Build `out` from the pool by the recipe. The same pool, recipe and seed give the same bytes.

    exclude: a built dataset whose people and media are kept out.
    license: the Hub's identifier of the pool's licence, for the card.
    perception: computes how alike people are; its vectors are cached in the pool's folder (`remembered`).
    fit: if the pool cannot fill the recipe, build the nearest one that it can, and say so in the card.
    keep_metadata: keep personal metadata, such as owners and places, in media files.
    equalise: make pictures and clips alike in all but faces and voices; None does so if people are
        told apart by how they were recorded (`mixed_media`).
    kind: what the people are, for the card and for reports; None takes what a generated pool records of itself.
    prune: rebuild items that a shortcut solves too surely, a bounded number of times; the card says what is left.
    Raises `BuildError`; `out` is then unchanged.
    """
    if not is_folder(pool):
        raise PoolError(f"{pool} is no persona pool: there is no such folder")
    inputs = [pool] if exclude is None else [pool, exclude]
    with (
        whole_folder(out, overwrite=overwrite, inputs=inputs) as folder,
        Exclusion(exclude) as exclusion,
        # Inside the draft, so that no copy of a face or voice outlives a killed process.
        TemporaryDirectory(dir=folder) as made_in,
    ):
        # A pool that ships with the package is never written to.
        remembered = PoolCache(None if pool.resolve() == EMBEDDED_POOL.resolve() else pool)
        people = read_pool(
            pool, lambda done, total: progress("reading people", done, total), remembered, keep_metadata=keep_metadata
        )
        questions = read_questions(pool, people)
        people = exclusion.left(people)
        to_people = fit_to_people(people, recipe) if fit else None
        if to_people is None:
            require_fit(people, recipe)
        else:
            recipe = to_people.recipe
        graph = PersonaGraph.of(
            people, lambda done, total: progress("comparing faces and voices", done, total), perception, remembered
        )
        require_one_gender(graph.sizes(), recipe, str(pool))
        fitted = None
        if to_people is not None:
            fitted = merged(to_people, fit_to_graph(graph, recipe, seed, questions.by_field))
            recipe = described(fitted)
        made = media_made(graph, recipe, seed, equalise, perception, remembered, Path(made_in), progress)
        graph = made.graph
        rng = np.random.default_rng(seed)
        planned = plan(recipe, rng)
        fingerprint = pool_fingerprint(people, questions)
        kind = kind or recorded_kind(pool, (person.persona_id for person in people))
        about = {
            "people": kind,
            "recipe": recipe.model_dump(),
            "seed": seed,
            "perception": perception.name,
            "equalised": made.equalised,
            "mixed": made.mixed,
            "recognised": {kind: [round(one.given, 4), round(one.alike, 4)] for kind, one in made.recognised.items()},
            "pool_fingerprint": fingerprint,
            "version": omni_persona.__version__,
        }
        rows = DatasetRows(
            folder, graph, about, recipe.split, lambda done: progress("assembling questions", done, len(planned))
        )
        came_of: Pruned | None = None
        try:
            filled = _filled(graph, recipe, planned, rng, questions.by_field)
            if prune:
                parts = [Part(partition, [*samples]) for partition, samples in filled]
                shown = partial(progress, "rebuilding items that a shortcut solves")
                written, came_of = pruned(folder, rows, parts, graph, recipe, seed, questions.by_field, shown)
            else:
                written = rows.write(samples for _, samples in filled)
        except UnfilledError as error:
            raise BuildError(_what_instead(graph, recipe, seed, questions.by_field, error)) from None
        facts = BuildFacts(
            recipe=recipe.name,
            seed=seed,
            contexts=recipe.contexts,
            pool=pool.resolve().name,
            fingerprint=fingerprint,
            people=len(people),
            samples=len(planned),
            license=license,
            content=written.content,
            counts=written.counts,
            settings=recipe,
            perception=perception.name,
            generated=generated_facts(people, questions),
            traces=TraceFacts(
                len({one.stored for person in people for one in person.media() if one.traced}), keep_metadata
            ),
            equalised=made.equalised,
            mixed=made.mixed,
            exempt=rows.n_exempt,
            recognised=tuple(f"{kind} {one}" for kind, one in made.recognised.items()),
            pruned=None if came_of is None else str(came_of),
            kind=kind,
            split=recipe.split,
        )
        write_hub_files(folder, facts)
    size = sum(path.stat().st_size for path in data_files(out))
    told = fitted.told() if fitted is not None and fitted.changed else None
    return Built(
        out,
        written.counts.total(),
        len(planned),
        len(people),
        exclusion.n_left_out,
        size,
        recipe,
        told,
        made.recognised,
        came_of,
    )


def _what_instead(
    graph: PersonaGraph,
    recipe: Recipe,
    seed: int,
    questions: Mapping[str, Sequence[str]],
    error: UnfilledError,
) -> str:
    """The cells of a recipe that a pool cannot fill, and the lines to write instead."""
    try:
        fitted = fit_to_graph(graph, recipe, seed, questions)
    except BuildError:
        return str(error)
    because = fitted.because() or str(error)
    return (
        f"the pool cannot fill recipe {recipe.name}: {because}. Write instead: {fitted.instead()}; or build with --fit"
    )


def _filled(
    graph: PersonaGraph,
    recipe: Recipe,
    planned: Sequence[PlannedSample],
    rng: np.random.Generator,
    questions: Mapping[str, Sequence[str]],
) -> Iterator[tuple[Sequence[int] | None, Iterator[Sample]]]:
    """The people and the samples of each partition, followed by samples that needed people of several partitions."""
    needed = people_needed(recipe)
    parts = partitions(graph, PARTITION_BYTES, 2 * needed)
    if len(parts) == 1:
        yield None, assemble(graph, recipe, planned, rng, questions)
        return
    left_over: list[PlannedSample] = []
    shares = deal(planned, [len(graph.of_common_gender(needed, partition)) for partition in parts])
    for partition, share in zip(parts, shares, strict=True):
        yield partition, assemble(graph, recipe, share, rng, questions, partition, left_over)
    yield None, assemble(graph, recipe, left_over, rng, questions)


def pool_fingerprint(people: Sequence[Persona], questions: OwnQuestions) -> str:
    """A hash of the content of a pool: ids, profiles, media, and its own wording."""
    digest = hashlib.sha256()
    for persona in people:
        digest.update(repr((persona.persona_id, persona.gender, persona.profile)).encode())
        digest.update("".join(medium.digest for medium in persona.media()).encode())
        if persona.statements or persona.generated:
            digest.update(repr((sorted(persona.statements.items()), sorted(persona.generated.items()))).encode())
    if questions.by_field:
        digest.update(repr((sorted(questions.by_field.items()), sorted(questions.generated.items()))).encode())
    return digest.hexdigest()[:16]


def generated_facts(people: Sequence[Persona], questions: OwnQuestions) -> GeneratedFacts | None:
    """Number of texts in a pool that a model wrote, or None if it wrote none."""
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
