"""Check a dataset folder: is it what its recipe says, and does it hold what makes a question fair?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import omni_persona
from omni_persona import Item, Media
from omni_persona_build.errors import BuildError
from omni_persona_build.recipe import Recipe
from omni_persona_build.words import states

UNANSWERABLE_SHARE = (0.4, 0.6)
"""The share of unanswerable items, in all and in each group, that passes."""
CHANCE = 0.001
"""Positions fail when so uneven ones would come up by chance less often than this."""


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    check: str
    passed: bool
    detail: str
    """What was seen; on a failure, the first items it was seen in."""


def check(folder: Path, progress: Callable[[int], None] = lambda done: None) -> list[Finding]:
    """Run every check over a dataset folder, reading it once.

    progress: called with the number of items read. Raises `BuildError` where the folder cannot be read as a dataset.
    """
    recipe = built_with(folder)
    items: list[Item] = []
    media: dict[bytes, Media] = {}
    try:
        for item in omni_persona.items(omni_persona.load(folder, streaming=True)):
            items.append(_sharing(item, media))
            progress(len(items))
    except (ValueError, KeyError, TypeError, OSError, pa.ArrowException) as error:
        raise BuildError(f"{folder} is no Omni-Persona dataset: {error}") from None
    if not items:
        raise BuildError(f"{folder} holds no items")
    return [
        _counts(items, recipe),
        _each("identifiers", items, _repeated_ids(items), "are unique"),
        _balance(items, recipe),
        _positions(items),
        _each("memories", items, _wrong_contexts(items, recipe), "have K contexts, shared by sibling questions"),
        _each("supervision", items, _contradiction, "agrees with itself, and abstains in the canonical words"),
        _each("gold answers", items, _unfounded_gold, "are stated by the target's note and by no other"),
        _each("query media", items, _reused_query, "stand in no context"),
        _each("query cues", items, _wrong_cue, "are of the query's modality alone"),
    ]


def _sharing(item: Item, media: dict[bytes, Media]) -> Item:
    """The item with every medium that was met before held once, so that memory does not grow with the items."""

    def kept(medium: Media) -> Media:
        return media.setdefault(medium.data, medium)

    contexts = tuple(replace(one, image=kept(one.image), audio=kept(one.audio)) for one in item.contexts)
    image, audio = item.query_image and kept(item.query_image), item.query_audio and kept(item.query_audio)
    return replace(item, contexts=contexts, query_image=image, query_audio=audio)


def built_with(folder: Path) -> Recipe | None:
    """The recipe that a dataset folder says it was built with, or None where it does not say."""
    files = sorted(folder.glob(omni_persona.DATA_FILES))
    if not files:
        raise BuildError(
            f"{folder} has no {omni_persona.DATA_FILES}: expected a folder written by `omni-persona build`"
        )
    try:
        metadata = pq.read_schema(files[0]).metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise BuildError(f"{files[0]}: not a Parquet file: {error}") from None
    about = metadata.get(b"omni_persona")
    return None if about is None else Recipe.model_validate(json.loads(about)["recipe"])


def _counts(items: Sequence[Item], recipe: Recipe | None) -> Finding:
    if recipe is None:
        return Finding("counts", True, f"{len(items)} items; no recipe to compare them with")
    have = Counter((item.task.name, item.absence) for item in items)
    want = recipe.counts()
    wrong = [
        f"{task}/{absence}: {have[task, absence]} of {want[task, absence]}"
        for task, absence in sorted(have | want)
        if have[task, absence] != want[task, absence]
    ]
    detail = _first(wrong) if wrong else f"{len(items)} items, as recipe {recipe.name} says for each task and absence"
    return Finding("counts", not wrong, detail)


def _balance(items: Sequence[Item], recipe: Recipe | None) -> Finding:
    low, high = UNANSWERABLE_SHARE
    parts = {"all": list(items)} | {
        group: [item for item in items if item.task.group == group] for group in omni_persona.GROUPS
    }
    shares = {name: sum(not item.answerable for item in part) / len(part) for name, part in parts.items() if part}
    # A recipe may want a group out of balance (the published one does): then its own counts decide, above.
    judged = shares if recipe is None else {"all": shares["all"]}
    passed = all(low <= share <= high for share in judged.values())
    return Finding("balance", passed, "unanswerable: " + ", ".join(f"{n} {100 * s:.0f} %" for n, s in shares.items()))


def _positions(items: Sequence[Item]) -> Finding:
    from scipy.stats import chisquare

    # Sibling questions share a target: a set of memories counts once.
    places = {
        item.source_sample_id: int(item.target_concept_id.rpartition("_")[2])
        for item in items
        if item.target_concept_id is not None
    }
    slots = max(len(item.contexts) for item in items)
    counts = [sum(place == slot for place in places.values()) for slot in range(slots)]
    detail = f"targets at {counts} of {slots} positions"
    if not places or max(places.values()) >= slots:
        return Finding("positions", not places, detail)
    chance = float(chisquare(counts).pvalue)
    return Finding("positions", chance >= CHANCE, f"{detail} (chi-square p = {chance:.3f})")


Rule = Callable[[Item], str | None]
"""What is wrong with an item, or None."""


def _each(check: str, items: Sequence[Item], rule: Rule, promise: str) -> Finding:
    wrong = [f"{item.augmented_id}: {reason}" for item in items if (reason := rule(item))]
    return Finding(check, not wrong, _first(wrong) if wrong else promise)


def _first(wrong: Sequence[str], limit: int = 3) -> str:
    more = len(wrong) - limit
    return "; ".join(wrong[:limit]) + (f"; and {more} more" if more > 0 else "")


def _repeated_ids(items: Sequence[Item]) -> Rule:
    counts = Counter(item.augmented_id for item in items)
    return lambda item: "stands twice" if counts[item.augmented_id] > 1 else None


def _wrong_contexts(items: Sequence[Item], recipe: Recipe | None) -> Rule:
    number = len(items[0].contexts) if recipe is None else recipe.contexts
    memories: dict[str, int] = {}

    def rule(item: Item) -> str | None:
        if len(item.contexts) != number:
            return f"expected {number} contexts, got {len(item.contexts)}"
        shared = hash(tuple((context.image.data, context.audio.data, context.text) for context in item.contexts))
        if memories.setdefault(item.source_sample_id, shared) != shared:
            return f"its memories differ from those of its siblings in {item.source_sample_id}"
        return None

    return rule


def _contradiction(item: Item) -> str | None:
    concepts = [context.concept_id for context in item.contexts]
    if (item.absence == "absent_persona") != (item.target_concept_id is None):
        return f"absence {item.absence} with target {item.target_concept_id}"
    if item.target_concept_id is not None and item.target_concept_id not in concepts:
        return f"target {item.target_concept_id} is in none of the contexts"
    for context in item.contexts:
        if context.same_as_query != (context.concept_id == item.target_concept_id):
            return f"same_as_query_image_or_audio of {context.concept_id} contradicts the target"
    if item.answerable == (item.gold_answer == omni_persona.ABSTENTION):
        return f"absence {item.absence} with gold answer {item.gold_answer!r}"
    return None


def _unfounded_gold(item: Item) -> str | None:
    if not item.answerable:
        return None
    stating = [context.concept_id for context in item.contexts if states(context.text, item.gold_answer)]
    return None if stating == [item.target_concept_id] else f"{item.gold_answer!r} is stated by {stating or 'nobody'}"


def _reused_query(item: Item) -> str | None:
    remembered = {medium.data for context in item.contexts for medium in (context.image, context.audio)}
    asked = [medium.data for medium in (item.query_image, item.query_audio) if medium is not None]
    return "its query's picture or clip stands in a context" if remembered.intersection(asked) else None


def _wrong_cue(item: Item) -> str | None:
    has = (item.query_image is not None, item.query_audio is not None)
    want = (item.task.group == "I2I", item.task.group == "A2A")
    if has == want:
        return None
    names = ["a picture" * has[0], "a clip" * has[1]]
    return f"a query of {item.task.group} comes with {' and '.join(filter(None, names)) or 'neither picture nor clip'}"
