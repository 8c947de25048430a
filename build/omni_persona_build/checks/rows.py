"""Checks of the rows themselves: counts, balance, positions, labels, answers, query media."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import omni_persona
from omni_persona import Item
from omni_persona_build.checks.finding import Finding, Rule, listed
from omni_persona_build.recipes import Recipe
from omni_persona_people.rules.content_words import states

UNANSWERABLE_SHARE = (0.4, 0.6)
"""Accepted share of unanswerable items, overall and in each group."""
CHANCE = 0.001
"""The check of positions fails if a distribution this uneven has a lower probability than this by chance."""


def counts(items: Sequence[Item], recipe: Recipe | None) -> Finding:
    """Compare the number of items of each task and absence with the recipe."""
    if recipe is None:
        return Finding("counts", True, f"{len(items)} items; no recipe to compare them with")
    have = Counter((item.task.name, item.absence) for item in items)
    want = recipe.counts()
    wrong = [
        f"{task}/{absence}: {have[task, absence]} of {want[task, absence]}"
        for task, absence in sorted(have | want)
        if have[task, absence] != want[task, absence]
    ]
    return listed("counts", wrong, f"{len(items)} items, as recipe {recipe.name} says for each task and absence")


def balance(items: Sequence[Item], recipe: Recipe | None) -> Finding:
    """The share of items that cannot be answered."""
    low, high = UNANSWERABLE_SHARE
    parts = {"all": list(items)} | {
        group: [item for item in items if item.task.group == group] for group in omni_persona.GROUPS
    }
    shares = {name: sum(not item.answerable for item in part) / len(part) for name, part in parts.items() if part}
    # A recipe may be unbalanced in a group on purpose (the published one is); its own counts, checked above, then
    # decide.
    judged = shares if recipe is None else {"all": shares["all"]}
    passed = all(low <= share <= high for share in judged.values())
    return Finding("balance", passed, "unanswerable: " + ", ".join(f"{n} {100 * s:.0f} %" for n, s in shares.items()))


def positions(items: Sequence[Item]) -> Finding:
    """Check that targets are equally frequent at every position."""
    from scipy.stats import chisquare

    # Sibling questions share a target, so each set of memories counts once.
    places = {
        item.source_sample_id: place
        for item in items
        for place, context in enumerate(item.contexts)
        if context.concept_id == item.target_concept_id
    }
    slots = max(len(item.contexts) for item in items)
    counts = [sum(place == slot for place in places.values()) for slot in range(slots)]
    detail = f"targets at {counts} of {slots} positions"
    if not places:
        return Finding("positions", True, detail)
    chance = float(chisquare(counts).pvalue)
    return Finding("positions", chance >= CHANCE, f"{detail} (chi-square p = {chance:.3f})")


def repeated_ids(items: Sequence[Item]) -> Rule:
    """An id that occurs twice."""
    counts = Counter(item.augmented_id for item in items)
    return lambda item: "occurs twice" if counts[item.augmented_id] > 1 else None


def wrong_contexts(items: Sequence[Item], recipe: Recipe | None) -> Rule:
    """A wrong number of memories, or siblings with different memories."""
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


def contradiction(item: Item) -> str | None:
    """Labels that contradict each other."""
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


def unfounded_gold(item: Item) -> str | None:
    """A gold answer that the target's note does not state, or that another note states."""
    if not item.answerable:
        return None
    stating = [context.concept_id for context in item.contexts if states(context.text, item.gold_answer)]
    return None if stating == [item.target_concept_id] else f"{item.gold_answer!r} is stated by {stating or 'nobody'}"


def reused_query(item: Item) -> str | None:
    """A query picture or clip that also occurs in a context."""
    remembered = {medium.data for context in item.contexts for medium in (context.image, context.audio)}
    asked = [medium.data for medium in (item.query_image, item.query_audio) if medium is not None]
    return "its query's picture or clip stands in a context" if remembered.intersection(asked) else None


def wrong_cue(item: Item) -> str | None:
    """A query medium that does not match the query modality."""
    has = (item.query_image is not None, item.query_audio is not None)
    want = (item.task.group == "I2I", item.task.group == "A2A")
    if has == want:
        return None
    names = ["a picture" * has[0], "a clip" * has[1]]
    return f"a query of {item.task.group} comes with {' and '.join(filter(None, names)) or 'neither picture nor clip'}"
