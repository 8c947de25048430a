"""Check before any work whether a pool can fill a recipe, and report each count that falls short, and by how much.

Only recipes that can never be filled are refused here. Which people fit together in a sample is found out during
assembly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import omni_persona
from omni_persona_build.recipes import Recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_people.persona import Persona
from omni_persona_people.rules import wording

MOST_NAMED = 5
"""Maximum number of shortfalls that are listed; the rest are only counted."""
UNKNOWN = "of unknown gender"

ByGender = Mapping[str, Sequence[Persona]]
"""Gender -> the people who may share a set of memories."""


def people_needed(recipe: Recipe) -> int:
    """The number of people of one gender in a sample: those in the contexts, plus the one who is missing from them."""
    return recipe.contexts + any(counts.absent_persona for counts in recipe.tasks.values())


def require_fit(people: Sequence[Persona], recipe: Recipe) -> None:
    """Raise `BuildError` naming the first `MOST_NAMED` counts that fall short, if the pool cannot fill the recipe."""
    lacking = list(_lacking_media(people, recipe))
    # With too few people every other count falls short, too, so report only that.
    counts = list(_too_few_people(people, recipe))
    counts = counts or [*_lacking_fields(people, recipe), *_lacking_cues(people, recipe)]
    if not lacking and not counts:
        return
    # A person without a medium is reported with file and line, a count with the file alone.
    file = people[0].where.rpartition(":")[0]
    shown = [*lacking, *counts][:MOST_NAMED]
    more = len(lacking) + len(counts) - len(shown)
    where = "" if lacking else f"{file}: "
    raise BuildError(where + "; ".join(shown) + (f"; and {more} more" if more else ""))


def require_one_gender(sizes: Mapping[str, int], recipe: Recipe, file: str) -> None:
    """Raise `BuildError` if no gender has enough people to fill a sample."""
    if reason := _gender_too_small(sizes, recipe):
        raise BuildError(f"{file}: {reason}")


def _lacking_media(people: Sequence[Persona], recipe: Recipe) -> Iterator[str]:
    """People without a medium that the recipe needs: the first with file and line, and the number of others."""
    groups = recipe.groups
    lacking = [
        [
            (persona, "has one picture; I2I needs two, one for memories and one for queries")
            for persona in people
            if "I2I" in groups and not persona.query_pictures
        ],
        [
            (persona, "has one clip; A2A needs two, one for memories and one for queries")
            for persona in people
            if "A2A" in groups and not persona.query_clips
        ],
        [
            (persona, "has a clip without a transcript; T2Any queries quote what was said")
            for persona in people
            if "T2Any" in groups and not all(clip.transcript for clip in persona.clips)
        ],
        [(persona, reason) for persona in people if (reason := _wrong_length(persona, recipe))],
    ]
    for (persona, reason), *others in filter(None, lacking):
        more = f" (and {len(others)} {'other' if len(others) == 1 else 'others'})" if others else ""
        yield f"{persona.where}: {persona.persona_id} {reason}{more}"


def _wrong_length(persona: Persona, recipe: Recipe) -> str | None:
    low, high = recipe.clip_seconds
    for clip in (*persona.clips, *persona.query_clips):
        if not low <= clip.seconds <= high:
            lasts = f"has {clip.path.name}, which lasts {clip.seconds:.1f} s"
            return f"{lasts}; recipe {recipe.name} takes {low:g} to {high:g} s"
    return None


def _too_few_people(people: Sequence[Persona], recipe: Recipe) -> Iterator[str]:
    # People of unknown gender are grouped later, by the pitch of their voices.
    if reason := _gender_too_small(Counter(persona.gender or UNKNOWN for persona in people), recipe):
        yield reason


def _gender_too_small(sizes: Mapping[str, int], recipe: Recipe) -> str | None:
    needed, most = people_needed(recipe), max(sizes.values())
    if most >= needed:
        return None
    missing = _missing(needed - most)
    absent = " and one who is in none of them" * (needed - recipe.contexts)
    return (
        f"a question over K = {recipe.contexts} memories{absent} needs {needed} people of one gender, "
        f"got {_listed(sizes)}: {missing}"
    )


def _lacking_fields(people: Sequence[Persona], recipe: Recipe) -> Iterator[str]:
    """Tasks that ask for a field which too few people of one gender have."""
    # Everybody drawn needs the asked field, including the person who is missing and the one whose note omits it.
    needed, different = people_needed(recipe), recipe.contexts - 1
    for fields, tasks in _asking(recipe).items():
        have = {field: _having(people, field) for field in fields}
        best = max(fields, key=lambda field: max(have[field].values(), default=0))
        most = max(have[best].values(), default=0)
        if most < needed:
            one_of = "" if len(fields) == 1 else "one of "
            yield (
                f"{', '.join(tasks)}: needs {needed} people of one gender whose profile states "
                f"{one_of}{', '.join(fields)}; the pool has {_listed(have[best])}"
                f"{'' if len(fields) == 1 else f' with {best}, and fewer with the others'}: {_missing(needed - most)}"
            )
        elif max(_different(people, field) for field in fields) < different:
            yield (
                f"{', '.join(tasks)}: needs {different} people of one gender each of whom has another "
                f"{' or '.join(fields)}; too many values in the pool are equal"
            )


def _asking(recipe: Recipe) -> dict[tuple[str, ...], list[str]]:
    """Fields that may be asked for -> the recipe's tasks that ask for one of them."""
    asking: dict[tuple[str, ...], list[str]] = {}
    for name, counts in recipe.tasks.items():
        if counts.total:
            task = omni_persona.TASKS[name]
            asking.setdefault(tuple(wording.askable(task.asked_group, {task.group})), []).append(name)
    return asking


def _having(people: Sequence[Persona], field: str) -> dict[str, int]:
    """Gender -> the number of its people who have a field."""
    return {
        gender: sum(persona.value(field) is not None for persona in group)
        for gender, group in _by_gender(people).items()
    }


def _different(people: Sequence[Persona], field: str) -> int:
    """The maximum number of people of one gender with pairwise different values of a field."""
    return max(
        len({value.casefold() for persona in group if (value := persona.value(field)) is not None})
        for group in _by_gender(people).values()
    )


def _lacking_cues(people: Sequence[Persona], recipe: Recipe) -> Iterator[str]:
    """T2T tasks for which too few people can be described by one field and asked for another."""
    told_apart = [field for field in wording.CUE_STATEMENTS if _different(people, field) >= recipe.contexts]
    described = [
        name
        for fields, tasks in _asking(recipe).items()
        for name in tasks
        if omni_persona.TASKS[name].group == "T2T" and not any(set(fields) != {cue} for cue in told_apart)
    ]
    if described:
        yield (
            f"{', '.join(described)}: needs {recipe.contexts} people of one gender to describe by one field, "
            f"each of whom has another value; the pool has too few for any of {', '.join(wording.CUE_STATEMENTS)}"
        )


def _by_gender(people: Sequence[Persona]) -> ByGender:
    by_gender: dict[str, list[Persona]] = {}
    for persona in people:
        by_gender.setdefault(persona.gender or UNKNOWN, []).append(persona)
    return by_gender


def _listed(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {gender}" for gender, count in sorted(sizes.items()))


def _missing(number: int) -> str:
    return f"{number} more of one gender {'is' if number == 1 else 'are'} missing"
