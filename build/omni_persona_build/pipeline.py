"""Build a dataset folder from a pool: read, plan, assemble, write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import omni_persona
from omni_persona_artifacts.build_record import PeopleKind
from omni_persona_artifacts.data_files import data_files
from omni_persona_artifacts.folders import whole_folder
from omni_persona_artifacts.progress import Progress, silent
from omni_persona_build.assemble import UnfilledError, assemble
from omni_persona_build.card import BuildFacts, TraceFacts
from omni_persona_build.dataset_rows import DatasetRows
from omni_persona_build.exclude import Exclusion
from omni_persona_build.feasibility import people_needed
from omni_persona_build.fit import fit_to_graph
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.hub import write_hub_files
from omni_persona_build.partitions import deal, partitions
from omni_persona_build.plan import PlannedSample, plan
from omni_persona_build.pool_facts import generated_facts, pool_fingerprint
from omni_persona_build.prepare import Prepared, prepare
from omni_persona_build.prune import Part, Pruned, pruned
from omni_persona_build.recipes import Recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_build.recognition import Recognition
from omni_persona_build.row_group import Row
from omni_persona_build.sample import Sample
from omni_persona_build.write import PARTITION_BYTES, Written
from omni_persona_people.errors import PoolError
from omni_persona_people.invent.parameters import recorded_kind
from omni_persona_people.media_files import is_folder
from omni_persona_perception import PERCEPTIONS, Perception, one_blas_thread


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


@one_blas_thread()
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
    progress: Progress = silent,
) -> Built:
    """Build `out` from the pool by the recipe. The same pool, recipe and seed give the same bytes.

    exclude: a built dataset whose people and media are kept out.
    license: the Hub's identifier of the pool's licence, for the card.
    perception: computes how alike people are; its vectors are cached in the pool's folder.
    fit: if the pool cannot fill the recipe, build the nearest one that it can, and say so in the card.
    keep_metadata: keep personal metadata, such as owners and places, in media files.
    equalise: make pictures and clips alike in all but faces and voices; None does so if people are
        told apart by how they were recorded (`mixed_media`).
    kind: what the people are, for the card and for reports; None takes what a generated pool records of itself.
    prune: rebuild items that a shortcut solves too surely, a bounded number of times; the card says what is left.
    Raises `BuildError`; `out` is then unchanged.
    """
    if not is_folder(pool):
        raise PoolError(f"{pool} is not a persona pool: there is no such folder")
    inputs = [pool] if exclude is None else [pool, exclude]
    with (
        whole_folder(out, overwrite=overwrite, inputs=inputs) as folder,
        Exclusion(exclude) as exclusion,
        # Inside the draft, so that no copy of a face or voice outlives a killed process.
        TemporaryDirectory(dir=folder) as media,
    ):
        prepared = prepare(
            pool, recipe, exclusion, Path(media), seed, perception, fit, keep_metadata, equalise, progress
        )
        kind = kind or recorded_kind(pool, (person.persona_id for person in prepared.people))
        source = Source(pool.resolve().name, license, kind, seed, perception.name, keep_metadata)
        assembled = _assembled(folder, prepared, source, prune, progress)
        write_hub_files(folder, _facts(prepared, source, assembled), assembled.example)
    return _built(out, prepared, assembled, exclusion.n_left_out)


@dataclass(frozen=True)
class Source:
    """What a dataset records of its pool and its settings."""

    pool: str
    license: str
    kind: PeopleKind | None
    seed: int
    perception: str
    keep_metadata: bool


@dataclass(frozen=True)
class Assembled:
    """The rows of a dataset, once they are written."""

    written: Written
    samples: int
    exempt: int
    """Number of sets whose missing person is exempt from rules that everybody else meets."""
    fingerprint: str
    """That of the pool."""
    pruned: Pruned | None
    example: Row | None
    """The row that the card shows."""


def _assembled(folder: Path, prepared: Prepared, source: Source, prune: bool, progress: Progress) -> Assembled:
    """Plan the samples, draw their people and write their rows."""
    recipe, graph, questions = prepared.recipe, prepared.made.graph, prepared.questions.by_field
    rng = np.random.default_rng(source.seed)
    planned = plan(recipe, rng)
    fingerprint = pool_fingerprint(prepared.people, prepared.questions)
    about = _record(prepared, source, fingerprint)
    rows = DatasetRows(
        folder,
        graph,
        about,
        recipe.split,
        lambda done: progress("assembling questions", done, len(planned)),
        partial(progress, "writing media"),
    )
    came_of: Pruned | None = None
    try:
        filled = _filled(graph, recipe, planned, rng, questions)
        if prune:
            parts = [Part(partition, [*samples]) for partition, samples in filled]
            shown = partial(progress, "rebuilding items that a shortcut solves")
            written, came_of = pruned(folder, rows, parts, graph, recipe, source.seed, questions, shown)
        else:
            written = rows.write(samples for _, samples in filled)
    except UnfilledError as error:
        raise BuildError(_what_instead(graph, recipe, source.seed, questions, error)) from None
    return Assembled(written, len(planned), rows.n_exempt, fingerprint, came_of, rows.example)


def _record(prepared: Prepared, source: Source, fingerprint: str) -> dict[str, Any]:
    """The build record, which is kept in the footer of each Parquet file."""
    made = prepared.made
    return {
        "people": source.kind,
        "recipe": prepared.recipe.model_dump(),
        "seed": source.seed,
        "perception": source.perception,
        "equalised": made.equalised,
        "mixed": made.mixed,
        "recognised": {what: [round(one.given, 4), round(one.alike, 4)] for what, one in made.recognised.items()},
        "pool_fingerprint": fingerprint,
        "version": omni_persona.__version__,
    }


def _facts(prepared: Prepared, source: Source, assembled: Assembled) -> BuildFacts:
    """The facts for the dataset's card."""
    people, recipe, made = prepared.people, prepared.recipe, prepared.made
    traced = {one.stored for person in people for one in person.media() if one.traced}
    return BuildFacts(
        recipe=recipe.name,
        seed=source.seed,
        contexts=recipe.contexts,
        pool=source.pool,
        fingerprint=assembled.fingerprint,
        people=len(people),
        samples=assembled.samples,
        license=source.license,
        content=assembled.written.content,
        counts=assembled.written.counts,
        settings=recipe,
        perception=source.perception,
        generated=generated_facts(people, prepared.questions),
        traces=TraceFacts(len(traced), source.keep_metadata),
        equalised=made.equalised,
        mixed=made.mixed,
        exempt=assembled.exempt,
        recognised=tuple(f"{what} {one}" for what, one in made.recognised.items()),
        pruned=None if assembled.pruned is None else str(assembled.pruned),
        kind=source.kind,
        split=recipe.split,
    )


def _built(out: Path, prepared: Prepared, assembled: Assembled, n_left_out: int) -> Built:
    fitted = prepared.fitted
    return Built(
        out=out,
        items=assembled.written.counts.total(),
        samples=assembled.samples,
        people=len(prepared.people),
        left_out=n_left_out,
        bytes=sum(path.stat().st_size for path in data_files(out)),
        recipe=prepared.recipe,
        fitted=fitted.summary() if fitted is not None and fitted.changed else None,
        recognised=prepared.made.recognised,
        pruned=assembled.pruned,
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
