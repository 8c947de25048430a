"""Who speaks: a mixture of two voice packs of one gender and accent, and the words that are true of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from omni_persona_people.deck import Deck

# Median pitch of each voice pack in Hz, measured on one sentence by autocorrelation.
PITCHES: dict[str, dict[str, float]] = {
    "female": {
        "af_alloy": 144,
        "af_aoede": 180,
        "af_bella": 189,
        "af_heart": 186,
        "af_jessica": 205,
        "af_kore": 154,
        "af_nova": 159,
        "af_river": 179,
        "af_sarah": 180,
        "af_sky": 156,
        "bf_alice": 202,
        "bf_emma": 181,
        "bf_isabella": 203,
        "bf_lily": 185,
    },
    "male": {
        "am_adam": 113,
        "am_echo": 105,
        "am_eric": 154,
        "am_fenrir": 132,
        "am_liam": 120,
        "am_michael": 110,
        "am_onyx": 84,
        "am_puck": 109,
        "bm_daniel": 122,
        "bm_fable": 112,
        "bm_george": 137,
        "bm_lewis": 88,
    },
}

ACCENTS = {"a": ("gmw/en-US", "an American accent"), "b": ("gmw/en", "a British accent")}
"""First letter of a pack -> espeak-ng's voice for its phonemes, and its words."""

_LEVELS = {
    "female": ((165, "low"), (186, "medium-pitched"), (math.inf, "high")),
    "male": ((106, "low"), (120, "medium-pitched"), (math.inf, "high")),
}
_PACES = ((0.96, "unhurried"), (1.04, "of middling speed"), (math.inf, "brisk"))
_CHARACTERS = 15.5
"""Spoken in a second at speed 1, about."""

SHARES = (0.54, 0.62, 0.7, 0.78)
Mixture = tuple[str, str, float]
"""Two packs and the share of the first."""

MOODS = {"glad": (1.06, 1.015, 1.5), "calm": (1.0, 1.0, 0.0), "low": (0.93, 0.985, -1.5)}
"""Mood -> factors of speed and pitch, and decibels: as far as this voice can show how somebody feels."""


@dataclass(frozen=True)
class NaturalSpeaker:
    """One person's voice."""

    packs: tuple[str, str]
    """The one that dominates, and what is mixed in."""
    share: float
    """Of the first pack, one of `SHARES`."""
    shift: float
    """Factor by which pitch and formants are moved, 0.94 to 1.06."""
    speed: float
    """1 is Kokoro's own."""

    @property
    def tempo(self) -> float:
        """About how many characters are spoken in a second."""
        return _CHARACTERS * self.speed

    @property
    def accent(self) -> str:
        """espeak-ng's voice for the phonemes."""
        return ACCENTS[self.packs[0][0]][0]


class NaturalVoices:
    """Deals speakers to people one after another; no mixture twice before all have been dealt."""

    def __init__(self, deck_rng: np.random.Generator, taken: frozenset[Mixture] = frozenset()) -> None:
        """taken: mixtures that other people have; they are not dealt."""
        self._mixtures = {
            gender: Deck([mixture for mixture in _mixtures(pitches) if mixture not in taken], deck_rng)
            for gender, pitches in PITCHES.items()
        }

    def speaker(self, gender: str, rng: np.random.Generator) -> tuple[NaturalSpeaker, str]:
        """Deals a voice and its words ("a woman's voice, low, brisk, with a British accent")."""
        first, second, share = self._mixtures[gender].draw()
        shift, speed = rng.uniform(0.94, 1.06), rng.uniform(0.9, 1.1)
        speaker = NaturalSpeaker((first, second), share, round(float(shift), 4), round(float(speed), 3))
        whose = "a man's voice" if gender == "male" else "a woman's voice"
        level = next(word for most, word in _LEVELS[gender] if pitch(speaker, gender) < most)
        pace = next(word for most, word in _PACES if speaker.speed < most)
        return speaker, f"{whose}, {level}, {pace}, with {ACCENTS[first[0]][1]}"


def _mixtures(packs: Iterable[str]) -> list[Mixture]:
    return [(first, second, share) for (first, second), share in product(permutations(packs, 2), SHARES)]


def pitch(speaker: NaturalSpeaker, gender: str) -> float:
    """About the median pitch of a speaker in Hz."""
    first, second = (math.log(PITCHES[gender][pack]) for pack in speaker.packs)
    return math.exp(speaker.share * first + (1 - speaker.share) * second) * speaker.shift
