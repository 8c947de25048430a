"""Fill a person's profile: first with what the dialogue states, then with invented values for missing fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from omni_persona_people.persona_line import Profile
from omni_persona_people.refine import prompts
from omni_persona_people.refine.draft import Draft
from omni_persona_people.refine.exchange import WHOLE, Asker, Flaws, closed_object
from omni_persona_people.rules.values import value_flaw
from omni_persona_people.rules.wording import ASKED_FIELDS, CUE_STATEMENTS, FILLERS

FIELDS = tuple(Profile.model_fields)
"""Fields that may be extracted from a dialogue."""
WANTED = tuple(
    field
    for field in FIELDS
    if field in CUE_STATEMENTS or field in FILLERS or any(field in asked for asked in ASKED_FIELDS.values())
)
"""Fields that a benchmark asks for, describes people by, or pads notes with; invented if no text states them."""

_FOUND = closed_object({"value": {"type": "string"}, "evidence": {"type": "string"}})
_Read = Callable[[str, Any], str]
"""Gets the value for a field from a parsed reply. Raises `ValueError` that says what is wrong with it."""


async def fill_profile(draft: Draft, asker: Asker) -> None:
    """Add values to the fields that have none: extracted if the dialogue states them, otherwise invented."""
    missing = [field for field in FIELDS if field not in draft.values]
    flaws: Flaws = {}
    if missing and draft.dialogue.strip():
        flaws = await _extract(draft, asker, missing)
    lacking = [field for field in WANTED if field not in draft.values]
    if lacking:
        flaws |= await _invent(draft, asker, lacking)
    draft.refuse(
        "profile", {what: why for what, why in flaws.items() if what in draft.given or what not in draft.values}
    )


async def _extract(draft: Draft, asker: Asker, missing: Sequence[str]) -> Flaws:
    dialogue = _folded(draft.dialogue)

    def read(field: str, found: Any) -> str:
        if not isinstance(found, dict) or set(found) != {"value", "evidence"}:
            raise ValueError("expected an object with value and evidence")
        value, evidence = found["value"], found["evidence"]
        if not isinstance(value, str) or not isinstance(evidence, str):
            raise ValueError("expected value and evidence to be texts")
        if len(evidence.split()) < 2 or not re.search(rf"(?<!\w){re.escape(_folded(evidence))}(?!\w)", dialogue):
            raise ValueError("the evidence is not a passage of two or more words of the dialogue")
        return value.strip()

    payload = {"fields": missing, "given": draft.values, "dialogue": draft.dialogue}
    schema = closed_object({field: {"anyOf": [_FOUND, {"type": "null"}]} for field in missing})
    return await _fill(
        draft, asker, missing, "extracted", prompts.message(prompts.EXTRACT, payload, missing), schema, read
    )


async def _invent(draft: Draft, asker: Asker, missing: Sequence[str]) -> Flaws:
    def read(field: str, found: Any) -> str:
        if not isinstance(found, str):
            raise ValueError("expected a text")
        return found.strip()

    payload = {
        "fields": missing,
        "given": draft.values,
        "spoken": draft.entry.spoken(),
        "spark": prompts.spark(draft.entry.persona_id),
    }
    schema = closed_object({field: {"type": "string"} for field in missing})
    return await _fill(
        draft, asker, missing, "invented", prompts.message(prompts.ENRICH, payload, missing), schema, read
    )


async def _fill(
    draft: Draft, asker: Asker, missing: Sequence[str], how: str, prompt: str, schema: dict[str, Any], read: _Read
) -> Flaws:
    """Ask for values and keep those that pass the rules and contradict nothing. Returns the flaws of the rest."""
    # A value found in what a person says naturally shares words with it.
    spoken = draft.entry.spoken() if how == "invented" else ()

    async def accept(reply: dict[str, Any]) -> Flaws:
        flaws: Flaws = {}
        proposed: dict[str, str] = {}
        if strange := sorted(ascii(key) for key in reply if key not in FIELDS):
            flaws[WHOLE] = f"contains fields that were not requested: {', '.join(strange)[:100]}"
        for field, found in reply.items():
            if field in flaws or field not in FIELDS or found is None:
                continue
            try:
                value = read(field, found)
            except ValueError as error:
                flaws[field] = str(error)
                continue
            if field in draft.values:
                if field in draft.given and _folded(value) != _folded(draft.values[field]):
                    flaws[field] = f"contradicts the given value, {draft.values[field]!r}"
            elif field not in missing:
                flaws[field] = "was not requested"
            elif reason := value_flaw(
                field, value, draft.values | proposed, draft.entry.name, spoken, draft.statements
            ):
                flaws[field] = reason
            else:
                proposed[field] = value
        if proposed:
            contradicting = await _contradictions(draft, asker, proposed)
            flaws |= contradicting
            for field, value in proposed.items():
                if field not in contradicting:
                    draft.add_value(field, value, asker.client.model, how)
        if how == "invented":
            # An extraction may omit what the dialogue does not state; an invention may not omit a field.
            flaws |= {field: "is missing" for field in missing if field not in draft.values and field not in flaws}
        return flaws

    flaws = await asker.exchange(prompt, schema, accept)
    if how == "extracted" or WHOLE not in flaws:
        return flaws
    # An unusable reply leaves each field unchanged, and that is reported for each field.
    left = [field for field in missing if field not in draft.values]
    return dict.fromkeys(left, flaws.pop(WHOLE)) | flaws if left else flaws


async def _contradictions(draft: Draft, asker: Asker, proposed: dict[str, str]) -> Flaws:
    """Ask which of the proposed values contradict what is known. A value that was not checked is not accepted."""
    contradicting: Flaws = {}

    async def accept(reply: dict[str, Any]) -> Flaws:
        named = reply.get("contradictions")
        if set(reply) != {"contradictions"} or not isinstance(named, list):
            return {WHOLE: "expected one list, contradictions"}
        if not all(isinstance(field, str) and field in proposed for field in named):
            return {"contradictions": f"expected some of {', '.join(proposed)}"}
        contradicting.update(dict.fromkeys(named, "contradicts what is given or proposed beside it"))
        return {}

    schema = closed_object({"contradictions": {"type": "array", "items": {"type": "string"}}})
    payload = {"given": draft.values, "proposed": proposed}
    unclear = await asker.exchange(prompts.message(prompts.CHECK, payload), schema, accept)
    if unclear:
        reason = "; ".join(f"{what}: {why}" for what, why in unclear.items())
        return dict.fromkeys(proposed, f"could not be checked against what is given: {reason}")
    return contradicting


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
