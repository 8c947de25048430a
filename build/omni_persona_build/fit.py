"""Whether a pool can serve a recipe, said before any work is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import omni_persona
from omni_persona_build.errors import BuildError
from omni_persona_build.pool import Persona
from omni_persona_build.recipe import Recipe


def people_needed(recipe: Recipe) -> int:
    """People of one gender that a sample needs: those in the contexts, and the one who is in none of them."""
    return recipe.contexts + any(counts.absent_persona for counts in recipe.tasks.values())


def require_fit(people: Sequence[Persona], recipe: Recipe) -> None:
    """Raise `BuildError` that names file and line where somebody lacks a medium that the recipe asks for."""
    groups = {omni_persona.TASKS[name].group for name, counts in recipe.tasks.items() if counts.total}
    for persona in people:
        who = f"{persona.where}: {persona.persona_id}"
        if "I2I" in groups and not persona.query_pictures:
            raise BuildError(f"{who} has one picture; I2I needs two, one to remember and another to ask with")
        if "A2A" in groups and not persona.query_clips:
            raise BuildError(f"{who} has one clip; A2A needs two, one to remember and another to ask with")
        if "T2Any" in groups and not all(clip.transcript for clip in persona.clips):
            raise BuildError(f"{who} has a clip without a transcript; T2Any asks by what was said")
        low, high = recipe.clip_seconds
        for clip in (*persona.clips, *persona.query_clips):
            if not low <= clip.seconds <= high:
                lasts = f"{clip.path.name} lasts {clip.seconds:.1f} s"
                raise BuildError(f"{who}: {lasts}; recipe {recipe.name} takes {low:g} to {high:g} s")
    genders = Counter(persona.gender for persona in people)
    needed = people_needed(recipe)
    if None not in genders:
        require_company(genders, recipe, people[0].where.rpartition(":")[0])
    elif len(people) < needed:
        raise BuildError(f"K = {recipe.contexts} needs {needed} people, got {len(people)}")


def require_company(sizes: Counter[str | None] | Counter[str], recipe: Recipe, file: str) -> None:
    """Raise `BuildError` where no gender has people enough to fill a sample."""
    needed = people_needed(recipe)
    if max(sizes.values()) < needed:
        have = ", ".join(f"{count} {gender}" for gender, count in sorted(sizes.items(), key=str))
        raise BuildError(f"{file}: K = {recipe.contexts} needs {needed} people of one gender, got {have}")
