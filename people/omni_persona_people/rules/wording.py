"""Our templates: how a note states a fact, and how a question points at a person and asks.

A note is one or two sentences about a person who is never named; `they` reveals no gender. Questions about looks, mood
and the like ask for what was *noted*, because a picture or a clip may also show something of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from omni_persona_people.rules.content_words import content_words

STATEMENTS: dict[str, tuple[str, ...]] = {
    "role": ("work as {a}", "earn their living as {a}"),
    "affiliation": ("are employed by {the}", "have a contract with {the}"),
    "major": ("once studied {x}", "hold a degree in {x}"),
    "hobby": ("put their free time into {x}", "spend their free time on {x}"),
    "interest": ("are interested in {x}", "are very interested in {x}"),
    "MBTI": ("have the personality type {x}", "came out as {x} in a personality test"),
    "quote": ("like to say “{q}”", "have the motto “{q}”"),
    "topic": ("talked to me about {x}", "spoke about {x}"),
    "clothing": ("were wearing {x}", "were dressed in {x}"),
    "hairstyle": ("had {x}", "could be recognised by {x}"),
    "appearance": ("looked like this: {x}", "had this appearance: {x}"),
    "emotion": ("seemed {x}", "came across as {x}"),
    "location": ("met me in {x}", "ran into me in {x}"),
    "environment": ("spoke with me {x}", "spoke with me for a while {x}"),
    "food_preference": ("like to eat {x}", "are fond of {x}"),
    "travel_experience": ("once travelled {x}", "have fond memories of travelling {x}"),
    "life_event": ("recently {x}", "told me that they {x}"),
}
"""Field -> templates that state its value, read after `they` in a note and, for a cue, after `who`.

{x} the value, {q} the value without its final stop, {a} the value with `a` or `an`, {the} the value as a name.
"""

CUE_STATEMENTS: dict[str, str] = {
    "role": "works as {a}",
    "affiliation": "is employed by {the}",
    "major": "once studied {x}",
    "hobby": "puts their free time into {x}",
    "interest": "is interested in {x}",
    "food_preference": "likes to eat {x}",
    "travel_experience": "once travelled {x}",
    "life_event": "recently {x}",
    "location": "met me in {x}",
    "environment": "spoke with me {x}",
}
"""Field -> how a T2T question describes a person by it, read after `the person who`."""

LONG = ("appearance", "topic", "quote", "life_event")
"""Fields whose values are long enough to be placed at the end of a sentence."""

FILLERS = (
    "food_preference",
    "travel_experience",
    "life_event",
    "hobby",
    "interest",
    "role",
    "major",
    "affiliation",
    "MBTI",
)
"""Fields used to pad a note that would otherwise be shorter than the others."""

POINTERS: dict[str, tuple[str, ...]] = {
    "I2I": ("the person in this photo", "the person with this face", "the person shown here"),
    "A2A": ("the person speaking in this clip", "the person with this voice", "the speaker you hear here"),
    "T2T": ("the person who {cue}", "the one who {cue}", "my acquaintance who {cue}"),
    "T2Any": ("the person who can be heard {cue}", "the person you hear {cue}", "the speaker {cue}"),
}
"""Group -> phrases that point at a person."""

HEARD_TOPIC = "talking about {x}"
HEARD_WORDS = "saying “{q}”"

QUESTIONS: dict[str, tuple[str, ...]] = {
    "role": ("What does {who} do for a living?", "Which job do my notes give for {who}?"),
    "affiliation": ("Who employs {who}?", "Which employer do my notes give for {who}?"),
    "major": ("What did {who} study?", "Which degree subject do my notes give for {who}?"),
    "hobby": ("What is the hobby of {who}?", "How does {who} spend their free time, according to my notes?"),
    "interest": ("Which interest do my notes give for {who}?", "What is {who} interested in?"),
    "MBTI": ("Which personality type does {who} have?", "What was the personality test result of {who}?"),
    "quote": (
        "Which motto did I write down for {who}?",
        "What does {who} like to say, according to my notes?",
    ),
    "topic": (
        "Which topic did I note for my talk with {who}?",
        "According to my notes, what did {who} talk to me about?",
    ),
    "clothing": ("Which clothes did I note for {who}?", "According to my notes, what was {who} wearing?"),
    "hairstyle": (
        "Which hairstyle did I note for {who}?",
        "According to my notes, what kind of hair did {who} have?",
    ),
    "appearance": ("Which appearance did I note for {who}?", "According to my notes, how did {who} look?"),
    "emotion": ("Which mood did I note for {who}?", "According to my notes, how did {who} seem to feel?"),
    "location": (
        "Which place did I note for my meeting with {who}?",
        "According to my notes, in which town did I meet {who}?",
    ),
    "environment": (
        "Which setting did I note for my talk with {who}?",
        "According to my notes, in what surroundings did {who} speak with me?",
    ),
}
"""Asked field -> questions; {who} is replaced by the pointer."""

ASKED_FIELDS: dict[str, tuple[str, ...]] = {
    "bio": ("role", "affiliation", "major", "hobby", "interest", "MBTI"),
    "dialogue": ("quote", "topic"),
    "image": ("clothing", "hairstyle", "appearance"),
    "emotion": ("emotion",),
    "environment": ("location", "environment"),
}
"""Asked group -> the profile fields that our questions ask for (a subset of `omni_persona.SUBFIELDS`)."""


NONE: Mapping[str, Sequence[str]] = MappingProxyType({})
"""No own wording."""


def _fill(template: str, value: str) -> str:
    article = "an" if value[:1].lower() in "aeiou" else "a"
    # A name keeps its own article; one without an article gets none, which suits names of firms and of places alike.
    return template.format(x=value, q=value.rstrip(" ."), a=f"{article} {value}", the=value)


def note(
    facts: Sequence[tuple[str, str]],
    rng: np.random.Generator,
    own: Mapping[str, Sequence[str]] = NONE,
    avoided: Collection[str] = (),
) -> str:
    """One or two sentences that state facts, given as (field, value), in random order.

    own: field -> the person's own clauses for it, used in the same way as our templates. avoided: stems of words that
    no clause holds, wherever a field has another clause.
    """
    order = [facts[index] for index in rng.permutation(len(facts))]
    half = (len(order) + 1) // 2
    words = frozenset(avoided)
    return " ".join(_sentence(part, rng, own, words) for part in (order[:half], order[half:]) if part)


def sayable(field: str, value: str, avoided: frozenset[str], own: Mapping[str, Sequence[str]] = NONE) -> bool:
    """Whether a clause states a value without any word whose stem is to be avoided."""
    return any(words.isdisjoint(avoided) for words in clause_words(field, value, tuple(own.get(field, ()))))


@lru_cache(maxsize=1 << 14)
def clause_words(field: str, value: str, own: tuple[str, ...] = ()) -> tuple[frozenset[str], ...]:
    """Stems of the content words of each clause that states a value. own: the person's own clauses for the field."""
    return tuple(content_words(clause) for clause in _clauses(field, value, own))


def _sentence(
    facts: Sequence[tuple[str, str]],
    rng: np.random.Generator,
    own: Mapping[str, Sequence[str]],
    avoided: frozenset[str],
) -> str:
    # Long values contain commas and verbs; at the end they cannot be confused with a following clause.
    order = sorted(facts, key=lambda fact: fact[0] in LONG)
    clauses = [_clause(field, value, tuple(own.get(field, ())), rng, avoided) for field, value in order]
    joined = clauses[0] if len(clauses) == 1 else f"{', '.join(clauses[:-1])} and {clauses[-1]}"
    return f"They {joined}."


def _clauses(field: str, value: str, own: Sequence[str]) -> tuple[str, ...]:
    """All clauses that state a value."""
    return (*(_fill(template, value) for template in STATEMENTS[field]), *own)


def _clause(field: str, value: str, own: tuple[str, ...], rng: np.random.Generator, avoided: frozenset[str]) -> str:
    clauses = _clauses(field, value, own)
    words = clause_words(field, value, own)
    ways = [clause for clause, held in zip(clauses, words, strict=True) if held.isdisjoint(avoided)]
    # Always a single draw: a pool without own clauses gives the same bytes as before.
    return (ways or clauses)[int(rng.integers(len(ways or clauses)))]


def describe(field: str, value: str) -> str:
    """The cue of a T2T question, read after `the person who`."""
    return _fill(CUE_STATEMENTS[field], value)


def askable(asked_group: str, groups: Collection[str]) -> list[str]:
    """The fields that an item may ask for if items of `groups` share its memories."""
    # The query's face shows hair and looks, so a note that stated them could replace the face.
    shown = ("hairstyle", "appearance") if "I2I" in groups else ()
    return [field for field in ASKED_FIELDS[asked_group] if field not in shown]


def heard(transcript: str, topic: str | None, limit: int = 14) -> tuple[str, str]:
    """The cue of a T2Any question, and its spoken content: the topic if the clip mentions it, else words said.

    limit: the maximum number of words quoted; a longer transcript is cut there.
    """
    if topic and topic.casefold() in transcript.casefold():
        return _fill(HEARD_TOPIC, topic), topic
    words = transcript.split()
    said = " ".join(words[:limit]) + (" …" if len(words) > limit else "")
    return _fill(HEARD_WORDS, said), said


def question(group: str, asked: str, cue: str | None, rng: np.random.Generator, own: Sequence[str] = ()) -> str:
    """A question of a group about an asked field; `cue` describes the person in T2T and T2Any.

    own: the pool's own questions about that field, used in the same way as ours.
    """
    who = str(rng.choice(POINTERS[group])).format(cue=cue)
    return str(rng.choice((*QUESTIONS[asked], *own))).format(who=who)
