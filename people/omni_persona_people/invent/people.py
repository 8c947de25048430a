"""Puts a person together: facts, looks, voice and lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from omni_persona_people.invent.looks import Face, Shot, Wardrobe, shots
from omni_persona_people.invent.profiles import Biographies
from omni_persona_people.invent.scripts import Script, Talk
from omni_persona_people.invent.voices import Speaker, Voices

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
"""In the order in which they are written."""


@dataclass(frozen=True)
class Person:
    """Everything that is drawn of a person before a picture or a clip is made."""

    name: str
    gender: str
    """`female` or `male`."""
    profile: dict[str, str]
    face: Face
    shots: tuple[Shot, Shot, Shot, Shot]
    """Two references, two queries."""
    speaker: Speaker
    scripts: tuple[Script, Script, Script, Script]
    """Two references, two queries."""


def draw_people(seed: int) -> Iterator[Person]:
    """Draws people without end, women and men by turns.

    Person i is the same however many are taken: it depends on `seed` and on the people before it, with whom
    it shares the decks (see `Deck`), but on nobody after it.
    """
    # One generator for each deck holder and each person: no draw of one moves the draws of another.
    holders = [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, k))) for k in range(4)]
    biographies, wardrobe = Biographies(holders[0]), Wardrobe(holders[1])
    voices, talk = Voices(holders[2]), Talk(holders[3])
    index = 0
    while True:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1, index)))
        yield _draw("male" if index % 2 else "female", rng, biographies, wardrobe, voices, talk)
        index += 1


def _draw(
    gender: str,
    rng: np.random.Generator,
    biographies: Biographies,
    wardrobe: Wardrobe,
    voices: Voices,
    talk: Talk,
) -> Person:
    look = wardrobe.look(gender, rng)
    speaker, voice_identity = voices.speaker(gender, rng)
    facts = biographies.biography(gender, {"hairstyle": look.hairstyle, "clothing": look.clothing.words})
    facts |= {"appearance": look.appearance, "voice_identity": voice_identity}
    return Person(
        name=facts["name"],
        gender=gender,
        profile={field: facts[field] for field in PROFILE_FIELDS},
        face=look.face,
        shots=shots(look, rng),
        speaker=speaker,
        scripts=talk.scripts(facts, speaker),
    )
