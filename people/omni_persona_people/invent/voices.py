"""A person's synthetic voice: settings of the speech synthesiser, and words that describe them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from omni_persona_people.deck import Deck

LOWEST_PITCH, HIGHEST_PITCH = 10, 90
"""Range of the synthesiser's pitch setting (0..99) in use; the ends of the scale sound strained."""


@dataclass(frozen=True)
class Speaker:
    """One setting of espeak-ng."""

    accent: str
    """Voice file, e.g. `gmw/en-US`."""
    variant: str
    """Voice variant: formants, breath and roughness."""
    pitch: int
    """Pitch setting, 0..99."""
    liveliness: int
    """Pitch range, 0..99; the default is 50."""
    rate: int
    """Nominal words per minute; most variants speak about a sixth faster."""

    @property
    def voice(self) -> str:
        """The name of accent and variant in espeak-ng's syntax."""
        return f"{self.accent}+{self.variant}"

    @property
    def tempo(self) -> float:
        """Approximate number of characters spoken per second."""
        return _CHARACTERS * self.rate / 160


# Median pitch in Hz of each variant at pitch settings 20, 50 and 80, measured by autocorrelation on one sentence. Left
# out: variants that nearly equal another one, that an English recogniser does not understand, that whisper or sound
# like robots, and those of the Klatt synthesiser, which reads uninitialised memory and therefore never speaks a
# sentence the same way twice.
_PITCHES = {
    "male": {
        "m1": (76, 96, 130),
        "m2": (76, 103, 143),
        "m3": (84, 108, 143),
        "m5": (81, 106, 141),
        "m6": (79, 104, 140),
        "m7": (88, 109, 143),
        "Denis": (77, 101, 137),
        "Gene": (74, 97, 134),
        "grandpa": (83, 107, 143),
        "Hugo": (93, 112, 142),
        "michel": (83, 107, 144),
        "iven4": (82, 103, 136),
        "robert": (82, 100, 129),
        "sandro": (78, 101, 136),
        "gustave": (85, 109, 144),
    },
    "female": {
        "f1": (140, 184, 251),
        "f2": (156, 200, 269),
        "f3": (173, 218, 286),
        "f4": (137, 182, 251),
        "f5": (159, 210, 286),
        "steph": (132, 186, 266),
        "Annie": (214, 251, 306),
        "aunty": (107, 171, 272),
        "grandma": (171, 208, 262),
    },
}

# Characters spoken per second at a nominal 160 words per minute (measured: 16 to 19, by accent and sentence).
_CHARACTERS = 18.5

# Accents that a small English recogniser understands; it misses half of the words of the others (Scottish, Caribbean,
# West Midlands).
_ACCENTS = {
    "gmw/en": "a standard British accent",
    "gmw/en-GB-x-rp": "a Received Pronunciation accent",
    "gmw/en-GB-x-gbclan": "a Lancashire accent",
    "gmw/en-US": "a General American accent",
    "gmw/en-US-nyc": "a New York accent",
}

# Words for a pitch in Hz, by gender.
_LEVELS = {
    "very low": {"male": 84.0, "female": 162.0},
    "low": {"male": 95.0, "female": 182.0},
    "medium-pitched": {"male": 107.0, "female": 205.0},
    "high": {"male": 121.0, "female": 231.0},
    "very high": {"male": 136.0, "female": 260.0},
}
_RATES = {"slow": 122, "unhurried": 137, "brisk": 153}
_LIVELINESS = {"even": 30, "lively": 72}

_WORDS = tuple(product(_LEVELS, _RATES, _LIVELINESS, _ACCENTS))


class Voices:
    """Deals speakers to one person after another; no setting is repeated."""

    def __init__(self, deck_rng: np.random.Generator) -> None:
        self._variants = {gender: Deck(tuple(pitches), deck_rng) for gender, pitches in _PITCHES.items()}
        self._words = Deck(_WORDS, deck_rng)
        self._speakers: set[Speaker] = set()

    def speaker(self, gender: str, rng: np.random.Generator) -> tuple[Speaker, str]:
        """Deal a setting that nobody had before, and its description ("a man's voice, low, brisk, ...")."""
        variant = self._variants[gender].draw()
        level, rate, liveliness, accent = self._words.draw(
            lambda words: (
                LOWEST_PITCH
                <= pitch_setting(gender, variant, _LEVELS[words[0]][gender], _LIVELINESS[words[2]])
                <= HIGHEST_PITCH
            )
        )
        while True:
            # Varied around the middle of each word's range, so that thousands of people do not share a few settings.
            hertz = _LEVELS[level][gender] * float(rng.uniform(0.97, 1.03))
            lively = _LIVELINESS[liveliness] + int(rng.integers(-5, 6))
            pitch = pitch_setting(gender, variant, hertz, lively)
            pitch = round(min(max(pitch, LOWEST_PITCH), HIGHEST_PITCH))
            speaker = Speaker(accent, variant, pitch, lively, _RATES[rate] + int(rng.integers(-3, 4)))
            if speaker not in self._speakers:
                break
        self._speakers.add(speaker)
        whose = "a man's voice" if gender == "male" else "a woman's voice"
        return speaker, f"{whose}, {level}, {rate} and {liveliness}, with {_ACCENTS[accent]}"


def pitch_setting(gender: str, variant: str, hertz: float, liveliness: int) -> float:
    """The pitch setting at which a variant speaks at about `hertz`; may be outside 0..99."""
    low, middle, high = np.log2(_PITCHES[gender][variant])
    # A wider pitch range extends further up than down (measured: 3 per cent for each ten of the setting).
    octave = np.log2(hertz / (1 + 0.003 * (liveliness - 50)))
    # Pitch is log-linear on either side of the middle setting.
    slope = (middle - low) / 30 if octave < middle else (high - middle) / 30
    return float(50 + (octave - middle) / slope)
