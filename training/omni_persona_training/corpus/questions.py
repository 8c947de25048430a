"""Questions about memories: the dataset's own items and their twins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from omni_persona import ABSTENTION, Context, Item
from omni_persona_runner.prompt import Prompt
from omni_persona_training.corpus.example import Example
from omni_persona_training.corpus.referential import NOTHING, Pair
from omni_persona_training.corpus.source import Source
from omni_persona_training.corpus.studio import Studio, example

BY_LIKENESS = ("I2I", "A2A")
"""Groups whose queried person is identified by face or voice: replacing the person leaves no match."""


@dataclass(frozen=True)
class Asked:
    """An answerable item and the unanswerable items over the same contexts."""

    item: Item
    unanswerable: tuple[Item, ...]


def asked_items(source: Source) -> dict[str, list[Asked]]:
    """Group -> its answerable items with their companions."""
    groups: dict[str, list[Asked]] = {}
    for scene in source.scenes:
        absent = tuple(item for item in scene.items if item.absence == "absent_attribute")
        for item in scene.items:
            if item.answerable:
                groups.setdefault(item.task.group, []).append(Asked(item, absent))
    return groups


def question(studio: Studio, groups: Mapping[str, Sequence[Asked]], kind: str) -> Pair:
    """An answerable item, and an unanswerable twin with the same contexts or the same query.

    kind: why the twin cannot be answered. `absent_attribute` is another question over the same contexts;
    `absent_persona` the same question with another person in the queried person's place.
    """
    asked = studio.pick(groups[studio.pick(sorted(groups))])
    order = studio.shuffled(range(len(asked.item.contexts)))
    item = _ordered(asked.item, order)
    if kind == "absent_persona":
        absent = _without_person(studio, item)
    else:
        absent = _ordered(studio.pick(asked.unanswerable), order) if asked.unanswerable else None
    if absent is None:
        return NOTHING
    twin = f"question {item.augmented_id} {studio.rng.integers(1 << 40)}"
    return _example(item, twin), _example(absent, twin)


def _ordered(item: Item, order: Sequence[int]) -> Item:
    """The item with its contexts in a new order."""
    return replace(item, contexts=tuple(item.contexts[place] for place in order))


def _without_person(studio: Studio, item: Item) -> Item | None:
    """The same question with another person in the queried person's place; None if it must be drawn again."""
    if item.task.group not in BY_LIKENESS:
        return None
    substitute = studio.pick(studio.pick(studio.source.scenes).memories)
    scene = next(one for one in studio.source.scenes if one.sample_id == item.source_sample_id)
    if substitute.person in {memory.person for memory in scene.memories}:
        return None

    def placed(one: Context) -> Context:
        if one.concept_id != item.target_concept_id:
            return one
        return Context(one.concept_id, substitute.image, substitute.audio, substitute.text, False)

    contexts = tuple(map(placed, item.contexts))
    return replace(item, absence="absent_persona", target_concept_id=None, contexts=contexts, gold_answer=ABSTENTION)


def _example(item: Item, twin: str) -> Example:
    places = [place for place, one in enumerate(item.contexts, start=1) if one.concept_id == item.target_concept_id]
    return example(
        "text_qa",
        tuple(Prompt().conversation(item)),
        "question",
        item.gold_answer,
        item.source_sample_id,
        absence=item.absence,
        context=places[0] if places else 0,
        twin=twin,
    )
