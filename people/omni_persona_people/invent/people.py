"""Draw all properties of a person: facts, looks, voice and scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from omni_persona_people.deck import Deck
from omni_persona_people.invent.looks import Face, Shot, Wardrobe, shots
from omni_persona_people.invent.overlap import share_a_word
from omni_persona_people.invent.profiles import USUAL_AGE, Biographies
from omni_persona_people.invent.scripts import Script, Talk
from omni_persona_people.invent.voices import Speaker, Voices
from omni_persona_people.natural.speakers import Mixture, NaturalSpeaker, NaturalVoices
from omni_persona_people.rendered.looks import Casting, Identity
from omni_persona_people.rendered.shots import Shot as RenderedShot
from omni_persona_people.rendered.shots import draw_shot, garments

PROFILE_FIELDS = (
    "role",
    "affiliation",
    "major",
    "hobby",
    "interest",
    "topic",
    "quote",
    "location",
    "environment",
    "emotion",
    "appearance",
    "clothing",
    "hairstyle",
    "voice_identity",
    "source_style",
    "travel_experience",
    "food_preference",
    "life_event",
    "MBTI",
)
"""The fields in the order in which they are written."""

Faces = Literal["drawn", "rendered"]
VoiceKind = Literal["synthetic", "natural"]


@dataclass(frozen=True)
class Taken:
    """Values of other people, which are not dealt again."""

    texts: frozenset[str] = field(default_factory=frozenset)
    """Names, topics, quotes and sentences."""
    mixtures: frozenset[Mixture] = field(default_factory=frozenset)
    """Mixtures of natural voices."""


@dataclass(frozen=True)
class Person:
    """Everything that is drawn for a person before a picture or a clip is made."""

    name: str
    gender: str
    """`female` or `male`."""
    profile: dict[str, str]
    face: Face | Identity
    shots: tuple[Shot, ...] | tuple[RenderedShot, ...]
    """Two references, two queries."""
    speaker: Speaker | NaturalSpeaker
    scripts: tuple[Script, ...]
    """Two references, two queries."""


def draw_people(
    seed: int, faces: Faces = "drawn", voices: VoiceKind = "synthetic", taken: Taken | None = None
) -> Iterator[Person]:
    """Draw an endless sequence of people, women and men alternately.

    Person i does not depend on how many people are drawn: only on the arguments and on earlier people, through shared
    decks (see `Deck`).
    """
    taken = taken or Taken()
    # A separate generator for each deck holder and each person, so that their draws are independent.
    holders = [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, k))) for k in range(4)]
    biographies, talk = Biographies(holders[0], taken.texts), Talk(holders[3], taken.texts)
    dress = _rendered(holders[1]) if faces == "rendered" else _drawn(holders[1])
    speakers = NaturalVoices(holders[2], taken.mixtures) if voices == "natural" else Voices(holders[2])
    index = 0
    while True:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1, index)))
        yield _draw("male" if index % 2 else "female", rng, biographies, dress, speakers, talk)
        index += 1


@dataclass(frozen=True)
class _Looks:
    """A person's looks, and their description."""

    face: Face | Identity
    shots: tuple[Shot, ...] | tuple[RenderedShot, ...]
    words: dict[str, str]
    """`hairstyle` and `clothing`."""
    appearance: str
    age: int


Dress = Callable[[str, np.random.Generator], _Looks]
"""Returns looks for a given gender that nobody had before."""


def _drawn(deck_rng: np.random.Generator) -> Dress:
    wardrobe = Wardrobe(deck_rng)

    def dress(gender: str, rng: np.random.Generator) -> _Looks:
        look = wardrobe.look(gender, rng)
        words = {"hairstyle": look.hairstyle, "clothing": look.clothing.words}
        return _Looks(look.face, shots(look, rng), words, look.appearance, USUAL_AGE)

    return dress


def _rendered(deck_rng: np.random.Generator) -> Dress:
    casting, wardrobe = Casting(deck_rng), Deck(garments(), deck_rng)

    def dress(gender: str, rng: np.random.Generator) -> _Looks:
        look = casting.look(gender, rng)
        worn = wardrobe.draw(lambda garment: not share_a_word(garment.words, look.hairstyle))
        # The looks in a query are drawn from all values, including those of the memory.
        others = [garments()[index] for index in rng.integers(len(garments()), size=2)]
        taken = tuple(draw_shot(rng, garment) for garment in (worn, worn, *others))
        words = {"hairstyle": look.hairstyle, "clothing": worn.words}
        appearance = f"{look.details}, with {look.hairstyle}, wearing {worn.words}"
        return _Looks(look.identity, taken, words, appearance, look.identity.age)

    return dress


def _draw(
    gender: str,
    rng: np.random.Generator,
    biographies: Biographies,
    dress: Dress,
    speakers: Voices | NaturalVoices,
    talk: Talk,
) -> Person:
    looks = dress(gender, rng)
    speaker, voice_identity = speakers.speaker(gender, rng)
    facts, mood = biographies.biography(gender, looks.words, looks.age)
    facts |= {"appearance": looks.appearance, "voice_identity": voice_identity}
    return Person(
        name=facts["name"],
        gender=gender,
        profile={name: facts[name] for name in PROFILE_FIELDS},
        face=looks.face,
        shots=looks.shots,
        speaker=speaker,
        scripts=talk.scripts(facts, mood, speaker, rng),
    )
