"""A speaker: a mixture of two voice packs of one gender and accent, and words that describe it."""

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
"""First letter of a pack -> espeak-ng's voice for its phonemes, and its description."""

_LEVELS = {
    "female": ((165, "low"), (186, "medium-pitched"), (math.inf, "high")),
    "male": ((106, "low"), (120, "medium-pitched"), (math.inf, "high")),
}
_PACES = ((0.96, "unhurried"), (1.04, "of middling speed"), (math.inf, "brisk"))
_CHARACTERS = 15.5
"""Approximate number of characters spoken per second at speed 1."""

SHARES = (0.54, 0.62, 0.7, 0.78)
Mixture = tuple[str, str, float]
"""Two packs and the share of the first."""

MOODS = {"glad": (1.06, 1.015, 1.5), "calm": (1.0, 1.0, 0.0), "low": (0.93, 0.985, -1.5)}
"""Mood -> factors of speed and pitch, and gain in dB: the only means by which these voices can express a mood."""


@dataclass(frozen=True)
class NaturalSpeaker:
    """One person's voice."""

    packs: tuple[str, str]
    """The dominant pack, and the one mixed in."""
    share: float
    """Share of the first pack, one of `SHARES`."""
    shift: float
    """Factor for pitch and formants, 0.94 to 1.06."""
    speed: float
    """Speaking speed; 1 is Kokoro's default."""

    @property
    def tempo(self) -> float:
        """Approximate number of characters spoken per second."""
        return _CHARACTERS * self.speed

    @property
    def accent(self) -> str:
        """espeak-ng's voice for the phonemes."""
        return ACCENTS[self.packs[0][0]][0]


class NaturalVoices:
    """Deals speakers to one person after another; no mixture is repeated before all have been dealt."""

    def __init__(self, deck_rng: np.random.Generator, taken: frozenset[Mixture] = frozenset()) -> None:
        """taken: mixtures of other people, which are not dealt."""
        self._mixtures = {
            gender: Deck([mixture for mixture in _mixtures(pitches) if mixture not in taken], deck_rng)
            for gender, pitches in PITCHES.items()
        }

    def speaker(self, gender: str, rng: np.random.Generator) -> tuple[NaturalSpeaker, str]:
        """Deal a voice and its description ("a woman's voice, low, brisk, with a British accent")."""
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
    """Approximate median pitch of a speaker in Hz."""
    first, second = (math.log(PITCHES[gender][pack]) for pack in speaker.packs)
    return math.exp(speaker.share * first + (1 - speaker.share) * second) * speaker.shift
