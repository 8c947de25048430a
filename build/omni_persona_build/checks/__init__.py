"""Check a dataset folder: does it match its recipe, and do its items meet the rules that make a question fair?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from omni_persona import Item, Media
from omni_persona_artifacts.build_record import read_build_record
from omni_persona_artifacts.construction import Construction, read_construction
from omni_persona_artifacts.dataset_rows import read
from omni_persona_artifacts.schema_errors import first_flaw
from omni_persona_build.checks import hidden, rows
from omni_persona_build.checks.described import DescribedMedia
from omni_persona_build.checks.evidence import confirmed
from omni_persona_build.checks.finding import Finding, each, failures, summary, unneeded
from omni_persona_build.checks.item_leaks import ItemLeak, item_leaks
from omni_persona_build.checks.likeness import MemoryLikeness
from omni_persona_build.checks.media import media as media_findings
from omni_persona_build.checks.missing import classifiers, missing_people
from omni_persona_build.checks.query_media import fact_pickers, missing_by_facts, query_media
from omni_persona_build.checks.ready import Ready, ready
from omni_persona_build.checks.shortcuts import items_with_known_cues, pickers, shortcuts
from omni_persona_build.checks.solvers import Classifier, Picked
from omni_persona_build.recipes import Recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_people.pool_cache import PoolCache
from omni_persona_perception import one_blas_thread

__all__ = [
    "CHECKS",
    "Finding",
    "ItemLeak",
    "about",
    "built_with",
    "check",
    "examine",
    "failures",
    "seed_of",
    "summary",
    "unneeded",
]


def check(
    folder: Path,
    progress: Callable[[int], None] = lambda done: None,
    *,
    only: Sequence[str] | None = None,
    others: Sequence[Path] = (),
) -> list[Finding]:
    """Run every check on a dataset folder. Each medium is decoded once, and again only to compare suspected copies.

    progress: called with the number of items read.
    only: the parts of `CHECKS` to run; None runs all of them.
    others: datasets built from the same pool and recipe with other seeds; the solvers use their items as well.
    Raises `BuildError` if a folder is not a readable dataset, and `ValueError` for an unknown part.
    """
    if unknown := sorted(set(only or ()) - set(CHECKS)):
        raise ValueError(f"expected some of {', '.join(CHECKS)}, got {', '.join(unknown)}")
    return _findings(_look(folder, progress, others), only)


@one_blas_thread(scipy=True)
def examine(
    folder: Path,
    progress: Callable[[int], None] = lambda done: None,
    *,
    others: Sequence[Path] = (),
    with_leaks: bool = True,
    known: PoolCache | None = None,
) -> tuple[list[Finding], list[ItemLeak]]:
    """Run every check as `check` does, and also tell how surely each item is solved without its modality.

    with_leaks: whether to do the latter; an empty list stands for it otherwise.
    known: the cache of the pool that the dataset was built from: media described there are not described again.
    """
    seen = _look(folder, progress, others, known)
    findings = _findings(seen, None)
    if not with_leaks:
        return findings, []
    picked, detected = (*seen.picked, *seen.picked_by_facts), (*seen.detected, *seen.detected_by_facts)
    return findings, item_leaks(seen.items, picked, detected)


def _look(
    folder: Path, progress: Callable[[int], None], others: Sequence[Path], known: PoolCache | None = None
) -> Seen:
    recipe = built_with(folder)
    items = _read(folder, progress)
    whole = None if not others else _pooled([folder, *others], progress, known)
    return Seen(items, read_construction(folder, PLACED), recipe, whole, known)


def _findings(seen: Seen, only: Sequence[str] | None) -> list[Finding]:
    findings: list[Finding] = []
    for name in CHECKS if only is None else [name for name in CHECKS if name in only]:
        findings += CHECKS[name](seen.whole or seen if name in POOLED else seen)
    return confirmed(findings)


PLACED = ("concept_id", "person", "queried_person", "cue", "withheld", "transcript", "states_asked", "stated")
"""What the checks use of the side file."""


@dataclass(frozen=True)
class Seen:
    """The input of the checks."""

    items: Sequence[Item]
    construction: Construction | None
    recipe: Recipe | None
    whole: Seen | None = None
    """A larger set of items that contains these, whose descriptions of media are reused; None if there is none."""
    known: PoolCache | None = None
    """Descriptions of media that a build computed."""

    @cached_property
    def media(self) -> DescribedMedia:
        """All pictures and clips; each is described once."""
        return DescribedMedia(self.items, self.known) if self.whole is None else self.whole.media

    @cached_property
    def memories(self) -> MemoryLikeness:
        """How alike the people of each set of memories are."""
        return MemoryLikeness(self.items, self.media)

    @cached_property
    def answerable(self) -> Ready:
        """The answerable items."""
        return self._ready(self.items)

    @cached_property
    def with_known_cues(self) -> Ready:
        """The answerable items without those whose cue is unknown words."""
        known = items_with_known_cues(self.items, self.construction)
        return self.answerable if known is self.items else self._ready(known)

    def _ready(self, items: Sequence[Item]) -> Ready:
        return ready(items, self.construction, self.media, self.memories)

    # What the solvers say is used by findings about all items and by the leaks of single ones.

    @cached_property
    def picked(self) -> Sequence[Picked]:
        """What the solvers without the query medium say."""
        spoken = self._ready([item for item in self.items if item.task.group == "T2Any"])
        return [*pickers(self.with_known_cues, spoken)]

    @cached_property
    def picked_by_facts(self) -> Sequence[Picked]:
        """What the solvers that know facts of the query medium say."""
        return [*fact_pickers(self.answerable)]

    @cached_property
    def detected(self) -> Sequence[Classifier]:
        """What the classifiers of memories see."""
        return [*classifiers(self.items, self.construction, self.memories)]

    @cached_property
    def detected_by_facts(self) -> Sequence[Classifier]:
        """What the classifiers of query media see."""
        return [*missing_by_facts(self.items, self.media)]


def _rows(seen: Seen) -> list[Finding]:
    items, recipe = seen.items, seen.recipe
    return [
        rows.counts(items, recipe),
        each("identifiers", items, rows.repeated_ids(items), "are unique"),
        rows.balance(items, recipe),
        rows.positions(items),
        each(
            "memories", items, rows.wrong_contexts(items, recipe), "have K contexts, the same in all questions of a set"
        ),
        each("supervision", items, rows.contradiction, "agrees with itself, and abstains in the canonical words"),
        each("gold answers", items, rows.unfounded_gold, "are stated by the target's note and by no other"),
        each("query media", items, rows.reused_query, "stand in no context"),
        each("query cues", items, rows.wrong_cue, "are of the query's modality alone"),
    ]


CHECKS: dict[str, Callable[[Seen], list[Finding]]] = {
    "rows": _rows,
    "construction": lambda seen: hidden.findings(seen.items, seen.construction),
    "media": lambda seen: media_findings(seen.items, seen.recipe, seen.media),
    "shortcuts": lambda seen: shortcuts(seen.with_known_cues, seen.picked),
    "query media": lambda seen: query_media(seen.picked_by_facts, seen.detected_by_facts),
    "missing": lambda seen: missing_people(seen.detected),
}
"""Name of a part -> its checks."""
POOLED = ("shortcuts", "query media", "missing")
"""Parts that use the items of several seeds together."""


def _read(folder: Path, progress: Callable[[int], None], before: int = 0) -> list[Item]:
    items: list[Item] = []
    media: dict[Media, Media] = {}
    try:
        for item in read(folder, media):
            items.append(item)
            progress(before + len(items))
    except (ValueError, KeyError, TypeError, OSError, pa.ArrowException) as error:
        raise BuildError(f"{folder} is not an Omni-Persona dataset: {error}") from None
    if not items:
        raise BuildError(f"{folder} holds no items")
    return items


def _pooled(folders: Sequence[Path], progress: Callable[[int], None], known: PoolCache | None) -> Seen:
    """The items of several datasets together; a number in front of each id keeps the ids unique."""
    items: list[Item] = []
    construction: Construction = {}
    for number, folder in enumerate(folders):
        placed = read_construction(folder, PLACED) or {}
        for item in _read(folder, progress, len(items)):
            name = f"{number}/{item.augmented_id}"
            if item.augmented_id in placed:
                construction[name] = placed[item.augmented_id]
            items.append(replace(item, augmented_id=name, source_sample_id=f"{number}/{item.source_sample_id}"))
    return Seen(items, construction or None, built_with(folders[0]), known=known)


def built_with(folder: Path) -> Recipe | None:
    """The recipe recorded in a dataset folder, or None if there is no record of it."""
    # An imported release records its source but no recipe.
    recipe = about(folder).get("recipe")
    try:
        return None if recipe is None else Recipe.model_validate(recipe)
    except ValidationError as error:
        raise BuildError(f"{folder}: the recipe that its rows name: {first_flaw(error, 'the recipe')}") from None


def seed_of(folder: Path) -> int | None:
    """The seed recorded in a dataset folder, or None if there is no record of it."""
    seed = about(folder).get("seed")
    return seed if isinstance(seed, int) else None


def about(folder: Path) -> dict[str, Any]:
    """The build record of a dataset folder."""
    try:
        return read_build_record(folder)
    except (FileNotFoundError, ValueError) as error:
        raise BuildError(str(error)) from None
