"""The appearance of a rendered person: what is the same in every picture, and words that describe it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omni_persona_people.deck import Deck

YOUNGEST, OLDEST = 18, 80

ANCESTRIES = ("african", "asian", "caucasian")
"""MakeHuman's three ancestries of shapes and skins; people are mixtures of them."""


@dataclass(frozen=True)
class Hair:
    """A hairstyle: its name for the renderer, and its description with {c} for the colour."""

    style: str
    words: str


HAIR: dict[str, tuple[Hair, ...]] = {
    "female": (
        Hair("bob", "a chin-length {c} bob"),
        Hair("long", "long straight {c} hair"),
        Hair("wavy", "long wavy {c} hair"),
        Hair("shoulder", "shoulder-length {c} hair"),
        Hair("back", "{c} hair pulled back"),
        Hair("bun", "{c} hair in a high bun"),
        Hair("pixie", "very short {c} hair, brushed to one side"),
        Hair("curly", "short curly {c} hair"),
    ),
    "male": (
        Hair("short", "short {c} hair"),
        Hair("side", "{c} hair combed to one side"),
        Hair("swept", "{c} hair brushed back"),
        Hair("buzz", "closely cropped {c} hair"),
        Hair("curly", "short curly {c} hair"),
        Hair("shoulder", "shoulder-length {c} hair"),
    ),
}
"""Hairstyles for everybody; tightly curled hair and thinning hair have separate lists."""
_COILED = {
    "female": (
        Hair("afro", "a round {c} afro"),
        Hair("buzz", "closely cropped {c} hair"),
        Hair("curly", "short curly {c} hair"),
        Hair("bun", "{c} hair in a high bun"),
        Hair("back", "{c} hair pulled back"),
        Hair("longcurly", "long curly {c} hair"),
    ),
    "male": (
        Hair("buzz", "closely cropped {c} hair"),
        Hair("afro", "a round {c} afro"),
        Hair("curly", "short curly {c} hair"),
    ),
}
_THINNING = (Hair("bald", "a shaved head"), Hair("receding", "receding {c} hair"), Hair("fringe", "a bald crown"))

_BEARDS = {
    None: "",
    "stubble": "stubble",
    "short": "a short beard",
    "full": "a full beard",
    "moustache": "a moustache",
    "goatee": "a goatee",
}

FRAMES = {"round": "round", "oval": "oval", "square": "square"}
FRAME_COLOURS = {
    "black": (0.012, 0.012, 0.014),
    "brown": (0.10, 0.04, 0.015),
    "gold-rimmed": (0.55, 0.38, 0.12),
    "red": (0.30, 0.02, 0.03),
    "blue": (0.02, 0.05, 0.20),
}


@dataclass(frozen=True)
class Identity:
    """What is the same in every picture of a person."""

    seed: int
    """Seed of the face's shape, which is drawn when it is rendered."""
    gender: str
    age: int
    """Age in years, `YOUNGEST` to `OLDEST`."""
    ancestry: tuple[float, float, float]
    """Shares of `ANCESTRIES`; they sum to 1."""
    weight: float
    """-1 thin to 1 heavy."""
    muscle: float
    """-1 to 1."""
    tone: float
    """Brightness of the skin: 1 is that of its ancestry, less is darker."""
    freckles: float
    """0 none to 1 many."""
    hair: str
    """A hairstyle."""
    melanin: float
    """Hair colour: 0 blond to 1 black."""
    redness: float
    """Red of the hair: 0 to 1, ginger."""
    grey: float
    """Share of grey hair."""
    beard: str | None
    glasses: tuple[str, str] | None
    """One of `FRAMES` and one of `FRAME_COLOURS`."""
    eyes: str
    """An eye texture of MakeHuman: `brown`, `blue`, ..."""
    brow: str


@dataclass(frozen=True)
class Look:
    """A person's identity, and descriptions of hair and head that are true of every picture."""

    identity: Identity
    hairstyle: str
    details: str
    """Age, glasses, freckles."""


_BROWS = {
    "female": ("eyebrow001", "eyebrow003", "eyebrow006", "eyebrow009", "eyebrow010"),
    "male": ("eyebrow002", "eyebrow004", "eyebrow005", "eyebrow007", "eyebrow008"),
}
_EYES = {
    "caucasian": ("blue", "green", "grey", "brown", "brownlight", "lightblue", "bluegreen"),
    "asian": ("brown", "brown", "brownlight"),
    "african": ("brown", "brown", "brownlight"),
}
_BANDS = ((18, 24), (25, 32), (33, 40), (41, 48), (49, 56), (57, 64), (65, 72), (73, 80))


class Casting:
    """Deals looks to one person after another, so that ages, ancestries and styles are equally frequent."""

    def __init__(self, deck_rng: np.random.Generator) -> None:
        self._bands = {gender: Deck(_BANDS, deck_rng) for gender in HAIR}
        mixtures = [(first, second) for first in range(3) for second in range(3)]
        self._mixtures = {gender: Deck(mixtures, deck_rng) for gender in HAIR}
        styles = {("plain", gender): HAIR[gender] for gender in HAIR}
        styles |= {("coiled", gender): _COILED[gender] for gender in HAIR}
        self._styles = {key: Deck(cards, deck_rng) for key, cards in styles.items()}
        self._thinning = Deck(_THINNING, deck_rng)
        self._beards = Deck((None, None, None, "stubble", "short", "full", "moustache", "goatee", "stubble"), deck_rng)
        glasses = [(frame, colour) for frame in FRAMES for colour in FRAME_COLOURS]
        self._glasses = Deck(glasses, deck_rng)
        self._wears = Deck((True, False, False, False), deck_rng)
        self._words: set[str] = set()

    def look(self, gender: str, rng: np.random.Generator) -> Look:
        """Deal a look; hair that somebody else has is drawn again if that can give a different description."""
        low, high = self._bands[gender].draw()
        age = int(rng.integers(low, high + 1))
        ancestry = self._ancestry(gender, rng)
        main = ANCESTRIES[int(np.argmax(ancestry))]
        for _ in range(6):
            identity, hair = self._identity(gender, age, ancestry, main, rng)
            words = _hair_words(hair, identity)
            if words not in self._words:
                break
        self._words.add(words)
        return Look(identity, words, _details(identity))

    def _ancestry(self, gender: str, rng: np.random.Generator) -> tuple[float, float, float]:
        first, second = self._mixtures[gender].draw()
        share = float(rng.uniform(0.55, 0.85))
        parts = [0.0, 0.0, 0.0]
        parts[first] += share
        parts[second] += 1 - share
        return round(parts[0], 3), round(parts[1], 3), round(1 - round(parts[0], 3) - round(parts[1], 3), 3)

    def _identity(
        self, gender: str, age: int, ancestry: tuple[float, float, float], main: str, rng: np.random.Generator
    ) -> tuple[Identity, Hair]:
        hair = self._hair(gender, age, main, rng)
        melanin, redness = _pigment(ancestry, rng)
        grey = 0.0
        if age > 42 and rng.random() < (age - 36) / 36:
            grey = round(float(rng.uniform(0.35, 0.95)), 2)
        beard = self._beards.draw() if gender == "male" else None
        glasses = self._glasses.draw() if self._wears.draw() else None
        fair = ancestry[2] > 0.7
        identity = Identity(
            seed=int(rng.integers(2**31)),
            gender=gender,
            age=age,
            ancestry=ancestry,
            weight=round(float(rng.triangular(-0.7, 0.0, 0.9)), 2),
            muscle=round(float(rng.uniform(-0.5, 0.5)), 2),
            tone=round(float(rng.uniform(0.8, 1.06)), 3),
            freckles=round(float(rng.uniform(0.3, 0.9)), 2) if fair and rng.random() < 0.25 else 0.0,
            hair=hair.style,
            melanin=melanin,
            redness=redness,
            grey=grey,
            beard=beard,
            glasses=glasses,
            eyes=str(rng.choice(_EYES[main])),
            brow=str(rng.choice(_BROWS[gender])),
        )
        return identity, hair

    def _hair(self, gender: str, age: int, main: str, rng: np.random.Generator) -> Hair:
        if gender == "male" and age > 34 and rng.random() < (age - 20) / 130:
            return self._thinning.draw()
        kind = "coiled" if main == "african" and rng.random() < 0.85 else "plain"
        return self._styles[kind, gender].draw()


def _pigment(ancestry: tuple[float, float, float], rng: np.random.Generator) -> tuple[float, float]:
    """Melanin and redness of the hair."""
    if ancestry[2] < 0.7:
        return round(float(rng.uniform(0.88, 1.0)), 3), 0.2
    if rng.random() < 0.14:
        return round(float(rng.uniform(0.38, 0.5)), 3), round(float(rng.uniform(0.75, 0.95)), 2)
    return float(rng.choice([0.22, 0.34, 0.5, 0.62, 0.76, 0.9])), round(float(rng.uniform(0.1, 0.3)), 2)


def hair_colour(identity: Identity) -> str:
    """The word for the colour of the hair."""
    if identity.grey:
        return "white" if identity.grey > 0.7 else "grey"
    if identity.redness > 0.6:
        return "ginger"
    for most, word in ((0.28, "blond"), (0.42, "dark-blond"), (0.56, "light-brown"), (0.7, "brown")):
        if identity.melanin < most:
            return word
    return "dark-brown" if identity.melanin < 0.87 else "black"


def _hair_words(hair: Hair, identity: Identity) -> str:
    words = hair.words.replace("{c}", hair_colour(identity))
    beard = _BEARDS[identity.beard]
    if beard and "{c}" not in hair.words:
        beard = beard.replace("a ", f"a {hair_colour(identity)} ", 1) if beard.startswith("a ") else beard
    joined = f"{words} and {beard}" if beard else words
    return joined.replace(", brushed to one side and", " and")


def _details(identity: Identity) -> str:
    decade = identity.age // 10
    names = {1: "late teens", 2: "twenties", 3: "thirties", 4: "forties", 5: "fifties", 6: "sixties", 7: "seventies"}
    part = "early" if identity.age % 10 < 4 else "mid" if identity.age % 10 < 7 else "late"
    age = "late teens" if decade == 1 else "about eighty" if decade == 8 else f"{part} {names[decade]}"
    words = [f"in their {age}" if decade != 8 else age]
    if identity.glasses:
        frame, colour = identity.glasses
        words.append(f"{FRAMES[frame]} {colour} glasses")
    if identity.freckles:
        words.append("freckles")
    return ", ".join(words)
