"""Turn planned samples into questions over memories: choose people, media, facts and words that leave no way around.

The rules a sample keeps stand in `flaw`. Two of them carry the benchmark:

- Of K notes, K - 1 state the asked attribute, whether the question can be answered or not, and all notes state equally
  many facts. So neither the notes alone nor their lengths tell whom the question means, or whether it can be answered.
- What tells one person from the others (a face, a voice, a described fact, words said) is given once in the question
  and once in that person's memory, in the modality of the group, and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

import omni_persona
from omni_persona_build import wording
from omni_persona_build.circles import neighbourhoods
from omni_persona_build.errors import BuildError
from omni_persona_build.fit import people_needed
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.plan import PlannedItem, PlannedSample
from omni_persona_build.pool import Clip, Persona, Picture
from omni_persona_build.recipe import Recipe
from omni_persona_build.words import alike, share_words, states

Medium = TypeVar("Medium", Picture, Clip)

ATTEMPTS = 100
"""Draws from a neighbourhood before a wider one is tried, and after the widest the next person."""


@dataclass(frozen=True)
class Memory:
    """What is remembered of one person."""

    persona: Persona
    picture: Picture
    clip: Clip
    facts: tuple[tuple[str, str], ...]
    """The (field, value) pairs its note states."""
    note: str

    def value(self, field: str) -> str | None:
        """What the note states for a field, or None."""
        return dict(self.facts).get(field)


@dataclass(frozen=True)
class Question:
    """One item of a sample."""

    item: PlannedItem
    asked: str
    """The profile field asked for."""
    cue_field: str | None
    """T2T: the field that describes the person."""
    cue: str | None
    """T2T: the described value; T2Any: the spoken content."""
    text: str


@dataclass(frozen=True)
class Sample:
    """K memories and the questions over them. `queried` stands at `position`, or nowhere."""

    queried: Persona
    position: int | None
    memories: tuple[Memory, ...]
    query_picture: Picture | None
    query_clip: Clip | None
    questions: tuple[Question, ...]


def assemble(
    graph: PersonaGraph,
    recipe: Recipe,
    plans: Sequence[PlannedSample],
    rng: np.random.Generator,
    questions: Mapping[str, Sequence[str]] = wording.NONE,
    circle: Sequence[int] | None = None,
    left_over: list[PlannedSample] | None = None,
) -> Iterator[Sample]:
    """Fill planned samples, everybody being asked about equally often as far as the rules allow.

    questions: the pool's own, by asked field. circle: the people that memories are of, as indices; None for all.
    left_over: takes the plans that nobody fits. Without it, raises `BuildError` where nobody fits a sample.
    """
    circle = range(len(graph.people)) if circle is None else circle
    able = graph.with_company(people_needed(recipe), circle)
    near = neighbourhoods(graph, circle, recipe.distractors, recipe.contexts)
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
    queried = graph.people[index]
    places = recipe.contexts - (planned.position is not None)
    for part in parts:
        others = part[part != index]
        if len(others) < places:
            continue
        for _ in range(ATTEMPTS):
            people = [graph.people[other] for other in rng.choice(others, places, replace=False)]
            if planned.position is not None:
                people.insert(planned.position, queried)
            drawn = _draw(planned, queried, people, _facts_of_a_note(recipe), rng, questions)
            reason = drawn if isinstance(drawn, str) else flaw(drawn)
            if isinstance(drawn, Sample) and reason is None:
                return drawn
            refused[str(reason)] += 1
    return None


def _facts_of_a_note(recipe: Recipe) -> int:
    """The facts of the longest notes: what the questions of a sample ask for, and what T2T describes somebody by."""
    described = any(counts.total for name, counts in recipe.tasks.items() if omni_persona.TASKS[name].group == "T2T")
    return recipe.items_per_sample + described


def _draw(
    planned: PlannedSample,
    queried: Persona,
    people: Sequence[Persona],
    most_facts: int,
    rng: np.random.Generator,
    own_questions: Mapping[str, Sequence[str]],
) -> Sample | str:
    """Draw fields, media and words; a string says which need could not be met.

    most_facts: what notes are filled up to, as far as everybody's profile allows: if some samples had longer notes
    than others, they would tell which questions are asked beside, and so whether somebody may be missing.
    """
    groups = {item.task.group for item in planned.items}
    asked = [str(rng.choice(wording.askable(item.task.asked_group, groups))) for item in planned.items]
    cue_field = None
    if "T2T" in groups:
        cues = [field for field in wording.CUE_STATEMENTS if _value(queried, field) and field not in asked]
        if not cues:
            return f"{queried.persona_id} has no field to be described by"
        cue_field = str(rng.choice(cues))

    stated: list[list[str]] = [[] for _ in people]
    for item, field in zip(planned.items, asked, strict=True):
        silent = planned.position if item.absence == "absent_attribute" else None
        if silent is None:
            silent = int(rng.choice([place for place in range(len(people)) if place != planned.position]))
        for place, persona in enumerate(people):
            if place == silent:
                continue
            if _value(persona, field) is None:
                return f"too few people with {field}"
            stated[place].append(field)
    if cue_field is not None:
        for place, persona in enumerate(people):
            if _value(persona, cue_field) is not None:
                stated[place].append(cue_field)
    spare = [
        [
            field
            for field in wording.FILLERS
            if field not in asked and field != cue_field and _value(persona, field) is not None
        ]
        for persona in people
    ]
    possible = min(len(fields) + len(more) for fields, more in zip(stated, spare, strict=True))
    length = max(*(len(fields) for fields in stated), min(most_facts, possible))
    for fields, more, persona in zip(stated, spare, people, strict=True):
        missing = length - len(fields)
        if missing > len(more):
            return f"{persona.persona_id} has too few fields to fill a note"
        fields += [str(field) for field in rng.choice(more, missing, replace=False)] if missing else []

    memories = []
    for fields, persona in zip(stated, people, strict=True):
        facts = tuple((field, str(_value(persona, field))) for field in fields)
        memories.append(
            Memory(
                persona,
                _pick(persona.pictures, rng),
                _pick(persona.clips, rng),
                facts,
                wording.note(facts, rng, persona.statements),
            )
        )
    said = _pick(queried.clips, rng) if planned.position is None else memories[planned.position].clip
    questions = []
    for item, field in zip(planned.items, asked, strict=True):
        cue = phrase = None
        if item.task.group == "T2T":
            assert cue_field is not None
            cue = str(_value(queried, cue_field))
            phrase = wording.describe(cue_field, cue)
        elif item.task.group == "T2Any":
            if not said.transcript:
                return f"a clip of {queried.persona_id} has no transcript"
            phrase, cue = wording.heard(said.transcript, queried.profile.topic)
        text = wording.question(item.task.group, field, phrase, rng, own_questions.get(field, ()))
        questions.append(Question(item, field, cue_field if item.task.group == "T2T" else None, cue, text))
    return Sample(
        queried,
        planned.position,
        tuple(memories),
        _pick(queried.query_pictures, rng) if "I2I" in groups else None,
        _pick(queried.query_clips, rng) if "A2A" in groups else None,
        tuple(questions),
    )


def _value(persona: Persona, field: str) -> str | None:
    value = getattr(persona.profile, field)
    return None if value is None else str(value)


def _pick(media: Sequence[Medium], rng: np.random.Generator) -> Medium:
    return media[int(rng.integers(len(media)))]


def flaw(sample: Sample) -> str | None:
    """The first rule that a sample breaks, in words, or None."""
    media = [memory.picture.digest for memory in sample.memories] + [memory.clip.digest for memory in sample.memories]
    media += [medium.digest for medium in (sample.query_picture, sample.query_clip) if medium is not None]
    if len(set(media)) < len(media):
        return "a picture or clip stands twice"
    target = None if sample.position is None else sample.memories[sample.position]
    others = [memory for place, memory in enumerate(sample.memories) if place != sample.position]
    if sample.query_clip is not None and (reason := _speech_flaw(sample.query_clip, target)):
        return reason
    for question in sample.questions:
        for rule in (_answer_flaw, _described_flaw, _heard_flaw):
            if reason := rule(question, _value(sample.queried, question.asked), target, others):
                return reason
    return None


def _speech_flaw(query: Clip, target: Memory | None) -> str | None:
    """A voice must be known by its sound: the query clip says nothing that the note or the memory's clip does."""
    if not query.transcript or target is None:
        return None
    if share_words(query.transcript, target.note):
        return "the query clip says what the note states"
    if target.clip.transcript and alike(query.transcript, target.clip.transcript):
        return "the query clip says what the memory's clip says"
    return None


def _answer_flaw(question: Question, gold: str | None, target: Memory | None, others: Sequence[Memory]) -> str | None:
    """One note answers an answerable question; nothing of the target answers an unanswerable one."""
    if question.item.absence == "none":
        if gold is None or target is None or target.value(question.asked) != gold:
            return "the note does not state the answer"
        for other in others:
            value = other.value(question.asked)
            if states(other.note, gold) or (value is not None and alike(value, gold)):
                return f"two people share their {question.asked}"
    if question.item.absence == "absent_attribute" and gold is not None and target is not None:
        if share_words(gold, target.note):
            return f"the note gives the absent {question.asked} away"
        if target.clip.transcript and share_words(gold, target.clip.transcript):
            return f"the clip gives the absent {question.asked} away"
    return None


def _described_flaw(
    question: Question, gold: str | None, target: Memory | None, others: Sequence[Memory]
) -> str | None:
    """T2T: the description fits the queried person's note alone, and does not hold the answer."""
    if question.item.task.group != "T2T" or question.cue is None or question.cue_field is None:
        return None
    if gold is not None and share_words(question.cue, gold):
        return "the description gives the answer away"
    for other in others:
        value = other.value(question.cue_field)
        if states(other.note, question.cue) or (value is not None and alike(value, question.cue)):
            return f"two people share their {question.cue_field}"
    return None


def _heard_flaw(question: Question, gold: str | None, target: Memory | None, others: Sequence[Memory]) -> str | None:
    """T2Any: what was said can be heard from the queried person alone, and read in no note."""
    if question.item.task.group != "T2Any" or question.cue is None:
        return None
    if gold is not None and share_words(question.cue, gold):
        return "what was said gives the answer away"
    for memory in [*others, *([target] if target else [])]:
        if share_words(question.cue, memory.note):
            return "a note holds what was said"
    for other in others:
        if other.clip.transcript is None or alike(question.cue, other.clip.transcript):
            return "two people say the same, or nobody knows what one of them says"
    return None
