"""Checks against the record of how items were built: absent information is absent, and cues are only where allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from omni_persona import Item
from omni_persona_artifacts.construction import FILE, Construction, Placed
from omni_persona_build.checks.finding import Finding, Rule, each_of, listed
from omni_persona_people.rules.content_words import alike, share_words, states


def findings(items: Sequence[Item], construction: Construction | None) -> list[Finding]:
    """The checks that need `data/construction.parquet`; a single finding that says so if the file is missing."""
    if construction is None:
        return [Finding("absent truths", None, f"there is no {FILE}")]
    missing = [
        item.augmented_id for item in items if len(construction.get(item.augmented_id, ())) != len(item.contexts)
    ]
    if missing:
        return [listed("absent truths", missing, "")]
    placed = {item.augmented_id: construction[item.augmented_id] for item in items}
    rules: dict[str, tuple[Callable[[Item, Sequence[Placed]], str | None], str]] = {
        "absent people": (_person, "are in no context"),
        "absent attributes": (_attribute, "are told by neither the note nor the clip"),
        "descriptions": (_described, "fit one note"),
        "spoken words": (_spoken, "stand in one clip and no note"),
    }

    def of_item(rule: Callable[[Item, Sequence[Placed]], str | None]) -> Rule:
        return lambda item: rule(item, placed[item.augmented_id])

    return [
        *each_of(items, [(check, of_item(rule), promise) for check, (rule, promise) in rules.items()]),
        listed("shared media", _shared(items, placed), "nobody's picture or clip is another person's"),
    ]


def _person(item: Item, placed: Sequence[Placed]) -> str | None:
    here = [one["concept_id"] for one in placed if one["person"] == one["queried_person"]]
    expected = [] if item.target_concept_id is None else [item.target_concept_id]
    return None if here == expected else f"the queried person stands at {here or 'no context'}, not at {expected}"


def _attribute(item: Item, placed: Sequence[Placed]) -> str | None:
    if item.absence != "absent_attribute":
        return None
    for context, one in zip(item.contexts, placed, strict=True):
        if context.concept_id != item.target_concept_id or one["withheld"] is None:
            continue
        if share_words(one["withheld"], context.text):
            return f"the note tells of {one['withheld']!r}"
        if one["transcript"] and share_words(one["withheld"], one["transcript"]):
            return f"the clip tells of {one['withheld']!r}"
    return None


def _described(item: Item, placed: Sequence[Placed]) -> str | None:
    cue = placed[0]["cue"]
    if item.task.group != "T2T" or cue is None:
        return None
    fitting = [context.concept_id for context in item.contexts if states(context.text, cue)]
    expected = [] if item.target_concept_id is None else [item.target_concept_id]
    return None if fitting == expected else f"{cue!r} fits {fitting or 'nobody'}"


def _spoken(item: Item, placed: Sequence[Placed]) -> str | None:
    cue = placed[0]["cue"]
    if item.task.group != "T2Any" or cue is None:
        return None
    for context, one in zip(item.contexts, placed, strict=True):
        if share_words(cue, context.text):
            return f"the note of {context.concept_id} holds words of {cue!r}"
        if context.concept_id != item.target_concept_id and alike(cue, one["transcript"] or ""):
            return f"{context.concept_id} says {cue!r}, too"
    return None


def _shared(items: Sequence[Item], placed: Mapping[str, Sequence[Placed]]) -> list[str]:
    owner: dict[bytes, str] = {}
    wrong = []
    for item in items:
        owned = [
            (medium, one["person"])
            for context, one in zip(item.contexts, placed[item.augmented_id], strict=True)
            for medium in (context.image, context.audio)
        ]
        asked = placed[item.augmented_id][0]["queried_person"]
        owned += [(medium, asked) for medium in (item.query_image, item.query_audio) if medium is not None]
        for medium, person in owned:
            if owner.setdefault(medium.data, person) != person:
                wrong.append(f"{item.augmented_id}: {medium.name} is of {owner[medium.data]} and of {person}")
    return wrong
