"""Turn planned samples into questions over memories: choose people, media, facts and words that leave no way around.

A sample is drawn until it keeps the rules of `flaws`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.errors import BuildError
from omni_persona_build.feasibility import people_needed
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.partitions import neighbourhoods
from omni_persona_build.plan import PlannedSample
from omni_persona_build.recipe import Recipe
from omni_persona_build.sample import Facts, Memory, Question, Sample
from omni_persona_build.sample_rules import READ, SAID_TWICE, flaw, says_the_same, stated_fields, tells_of_itself
from omni_persona_people import wording
from omni_persona_people.pool import Clip, Persona, Picture

Medium = TypeVar("Medium", Picture, Clip)

ATTEMPTS = 100
"""Draws from a neighbourhood before a wider one is tried, and after the widest the next person."""


def assemble(
    graph: PersonaGraph,
    recipe: Recipe,
    plans: Sequence[PlannedSample],
    rng: np.random.Generator,
    questions: Mapping[str, Sequence[str]] = wording.NONE,
    partition: Sequence[int] | None = None,
    left_over: list[PlannedSample] | None = None,
) -> Iterator[Sample]:
    """Fill planned samples, everybody having a turn to stand in one equally often, as far as the rules allow.

    Who of a sample is asked about is drawn by chance, whosever turn it is: there are people whom the rules let stand
    beside others less easily, and who would be known as the ones whose turn it is.

    questions: the pool's own, by asked field. partition: the people that memories are of, as indices; None for all.
    left_over: takes the plans that nobody fits. Without it, raises `BuildError` where nobody fits a sample.
    """
    partition = range(len(graph.people)) if partition is None else partition
    able = graph.of_common_gender(people_needed(recipe), partition)
    near = neighbourhoods(graph, partition, recipe.distractors, recipe.contexts)
    turns: list[int] = []
    for planned in plans:
        refused: Counter[str] = Counter()
        if len(turns) < len(able):
            # Whoever is still due comes first; the new round is appended whole.
            turns += [able[index] for index in rng.permutation(len(able))]
        for index in dict.fromkeys(turns):
            sample = _sample(graph, recipe, planned, index, near[index], rng, refused, questions)
            if sample is not None:
                turns.remove(index)
                yield sample
                break
        else:
            if left_over is not None:
                left_over.append(planned)
                continue
            tasks = ", ".join(item.task.name for item in planned.items)
            reasons = "; ".join(f"{reason} ({count} x)" for reason, count in refused.most_common(3))
            raise BuildError(f"the pool cannot fill a sample of {tasks}: {reasons}")


def _sample(
    graph: PersonaGraph,
    recipe: Recipe,
    planned: PlannedSample,
    index: int,
    parts: Sequence[NDArray[np.intp]],
    rng: np.random.Generator,
    refused: Counter[str],
    questions: Mapping[str, Sequence[str]],
) -> Sample | None:
    """A sample with the person of an index in it, drawn from the nearest of parts that can fill it."""
    number = recipe.contexts + (planned.position is None)
    for part in parts:
        others = part[part != index]
        if len(others) < number - 1:
            continue
        for _ in range(ATTEMPTS):
            drawn_people = rng.permutation([index, *rng.choice(others, number - 1, replace=False)])
            people = [graph.people[one] for one in drawn_people]
            queried = people.pop() if planned.position is None else people[planned.position]
            drawn = _draw(graph, recipe, planned, queried, people, rng, questions)
            reason = drawn if isinstance(drawn, str) else flaw(drawn, graph.common_words)
            if isinstance(drawn, Sample) and reason is None:
                return drawn
            refused[str(reason)] += 1
    return None


def _draw(
    graph: PersonaGraph,
    recipe: Recipe,
    planned: PlannedSample,
    queried: Persona,
    people: Sequence[Persona],
    rng: np.random.Generator,
    own_questions: Mapping[str, Sequence[str]],
) -> Sample | str:
    """Draw fields, media and words; a string says which need could not be met."""
    groups = {item.task.group for item in planned.items}
    places = range(len(people))
    asked = [str(rng.choice(wording.askable(item.task.asked_group, groups))) for item in planned.items]
    cue_field = None
    if "T2T" in recipe.groups:
        described = [*people, queried] if "T2T" in groups else people
        cues = [field for field in wording.CUE_STATEMENTS if field not in asked and not _lacking(described, field)]
        if not cues:
            return "too few people with a field in common to be described by"
        cue_field = str(rng.choice(cues))

    silent: dict[str, Sequence[int]] = {}
    for item, field in zip(planned.items, asked, strict=True):
        absent = item.absence == "absent_attribute"
        silent[field] = [place for place in places if (place == planned.position) == absent]
    for kind in sorted(recipe.asked_groups - {item.task.asked_group for item in planned.items}):
        # Nobody asks for it here, which the notes must not tell; nor, by telling looks, that no face is shown.
        fields = [field for field in wording.askable(kind, recipe.groups) if field != cue_field]
        quiet = [
            place
            for place in places
            if planned.position is None or (place == planned.position) == (kind in planned.left_out)
        ]
        if fields := [field for field in fields if _can_be_left_out(people, field, quiet)]:
            silent[str(rng.choice(fields))] = quiet
    facts = _facts(people, silent, cue_field, rng)
    if isinstance(facts, str):
        return facts
    query_clip = _pick(queried.query_clips, rng) if "A2A" in groups else None
    new = query_clip is not None and query_clip.transcript not in graph.common_words
    clips = _clips(people, facts, [query_clip] if query_clip is not None and new else [], "T2Any" in recipe.groups, rng)
    if isinstance(clips, str):
        return clips
    memories = [
        Memory(persona, _pick(persona.pictures, rng), clip, stated, wording.note(stated, rng, persona.statements))
        for persona, clip, stated in zip(people, clips, facts, strict=True)
    ]
    said = _pick(queried.clips, rng) if planned.position is None else memories[planned.position].clip
    questions = []
    for item, field in zip(planned.items, asked, strict=True):
        cue = phrase = None
        if item.task.group == "T2T":
            assert cue_field is not None
            cue = str(queried.value(cue_field))
            phrase = wording.describe(cue_field, cue)
        elif item.task.group == "T2Any":
            if not said.transcript:
                return f"a clip of {queried.persona_id} has no transcript"
            phrase, cue = wording.heard(said.transcript, queried.profile.topic)
        text = wording.question(item.task.group, field, phrase, rng, own_questions.get(field, ()))
        questions.append(Question(item, field, cue, text))
    return Sample(
        queried,
        planned.position,
        cue_field,
        "T2Any" in recipe.groups,
        tuple(memories),
        _pick(queried.query_pictures, rng) if "I2I" in groups else None,
        query_clip,
        tuple(questions),
    )


def _facts(
    people: Sequence[Persona],
    silent: Mapping[str, Sequence[int]],
    cue_field: str | None,
    rng: np.random.Generator,
) -> list[Facts] | str:
    """What each note states, as (field, value): equally many facts, or a string that says which need is not met.

    silent: field -> the places of which one, drawn here, is of the note that leaves it out; all others state it.
    """
    stated: list[list[str]] = [[] if cue_field is None else [cue_field] for _ in people]
    for field, places in silent.items():
        if not _can_be_left_out(people, field, places):
            return f"too few people with {field}"
        quiet = int(rng.choice(_lacking(people, field) or places))
        for place, fields in enumerate(stated):
            if place != quiet:
                fields.append(field)
    spare = [
        [
            field
            for field in wording.FILLERS
            if field not in silent and field != cue_field and persona.value(field) is not None
        ]
        for persona in people
    ]
    possible = min(len(fields) + len(more) for fields, more in zip(stated, spare, strict=True))
    length = max(*(len(fields) for fields in stated), min(len(silent) + (cue_field is not None), possible))
    for fields, more, persona in zip(stated, spare, people, strict=True):
        missing = length - len(fields)
        if missing > len(more):
            return f"{persona.persona_id} has too few fields to fill a note"
        fields += [str(field) for field in rng.choice(more, missing, replace=False)] if missing else []
    return [
        tuple((field, str(persona.value(field))) for field in fields)
        for fields, persona in zip(stated, people, strict=True)
    ]


def _clips(
    people: Sequence[Persona], facts: Sequence[Facts], unlike: Sequence[Clip], heard: bool, rng: np.random.Generator
) -> list[Clip] | str:
    """A clip of each person, or a string that says which need is not met.

    unlike: what nobody may say. heard: whether people must be told apart by what they say.
    """
    fields = stated_fields(facts)
    clips: dict[int, Clip] = {}
    for place in rng.permutation(len(people)).tolist():
        others = [*unlike, *(clips.values() if heard else ())]
        fitting = [clip for clip in people[place].clips if not any(says_the_same(clip, other) for other in others)]
        if not fitting:
            return SAID_TWICE
        if heard:
            fitting = [clip for clip in fitting if not tells_of_itself(people[place], clip, fields)]
        if not fitting:
            return READ
        clips[place] = _pick(fitting, rng)
    return [clips[place] for place in range(len(people))]


def _can_be_left_out(people: Sequence[Persona], field: str, places: Sequence[int]) -> bool:
    """Whether one note at some places can leave out a field that all others state."""
    lacking = _lacking(people, field)
    return len(lacking) <= 1 and set(lacking) <= set(places)


def _lacking(people: Sequence[Persona], field: str) -> list[int]:
    """Places of those whose profile does not have a field."""
    return [place for place, persona in enumerate(people) if persona.value(field) is None]


def _pick(media: Sequence[Medium], rng: np.random.Generator) -> Medium:
    return media[int(rng.integers(len(media)))]
