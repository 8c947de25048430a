"""Write clauses that state a person's facts, so that notes vary in wording."""

from __future__ import annotations

from typing import Any

from omni_persona_people.refine import prompts
from omni_persona_people.refine.draft import Draft
from omni_persona_people.refine.exchange import WHOLE, Asker, Flaws, closed_object
from omni_persona_people.rules.clauses import MOST_CLAUSES, STATING, clause_flaw
from omni_persona_people.rules.wording import STATEMENTS


async def write_statements(draft: Draft, asker: Asker) -> None:
    """Add clauses to the fields that have a value and no clauses of their own."""
    missing = [field for field in STATEMENTS if field in draft.values and field not in draft.statements]
    if not missing:
        return
    good: dict[str, list[str]] = {field: [] for field in missing}

    async def accept(reply: dict[str, Any]) -> Flaws:
        flaws: Flaws = {}
        if strange := sorted(ascii(key) for key in reply if key not in STATEMENTS):
            flaws[WHOLE] = f"contains fields that were not requested: {', '.join(strange)[:100]}"
        for field in missing:
            clauses = reply.get(field)
            if good[field] and clauses is None:
                continue
            if not isinstance(clauses, list) or not clauses or not all(isinstance(one, str) for one in clauses):
                flaws[field] = "expected a list of clauses"
                continue
            for clause in map(_tidied, clauses[:MOST_CLAUSES]):
                reason = clause_flaw(clause, field, draft.values, draft.entry.name, draft.entry.spoken())
                if reason is not None:
                    flaws[field] = f"{clause[:80]!r} {reason}"
                elif clause not in good[field] and len(good[field]) < MOST_CLAUSES:
                    good[field].append(clause)
        return flaws

    payload = {
        "facts": {field: draft.values[field] for field in missing},
        "spoken": draft.entry.spoken(),
        "words": {field: list(STATING[field]) for field in missing if field in STATING},
        "ours": {field: list(STATEMENTS[field]) for field in missing},
    }
    schema = closed_object({field: {"type": "array", "items": {"type": "string"}} for field in missing})
    flaws = await asker.exchange(prompts.message(prompts.CLAUSES, payload), schema, accept)
    for field in missing:
        if good[field]:
            draft.add_clauses(field, good[field], asker.client.model)
    whole = flaws.get(WHOLE, "is missing")
    draft.refuse("statements", {field: flaws.get(field, whole) for field in missing if not good[field]})


def _tidied(clause: str) -> str:
    """A clause without surrounding spaces, with curly quotation marks in place of pairs of straight ones."""
    opening, _, rest = clause.strip().partition('"')
    quoted, closed, after = rest.partition('"')
    return f"{opening}“{quoted}”{after}" if closed else clause.strip()
