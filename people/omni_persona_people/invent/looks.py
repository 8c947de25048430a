"""The looks of a drawn person: face, clothes, and what differs between pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from omni_persona_people.deck import Deck
from omni_persona_people.invent.artwork import (
    BACKDROP_COLOURS,
    BACKDROPS,
    BEARDS,
    CALM,
    CLOTH_COLOURS,
    EARRINGS,
    GARMENTS,
    GLASSES,
    HAIR,
    HAIR_COLOURS,
    LIVELY,
    PALE,
    SKINS,
    Garment,
    Hair,
)
from omni_persona_people.invent.overlap import share_a_word

_CONTRAST = 62.0
"""Minimum distance of neighbouring colours (Euclidean, RGB 0..255); below it, hair blends into skin."""


@dataclass(frozen=True)
class Face:
    """What is the same in every picture of a person; colours as `#rrggbb`."""

    gender: str
    skin: str
    hair: str
    hair_colour: str | None
    """None if neither head nor chin shows hair."""
    beard: str | None
    glasses: str | None
    frame: str | None
    """Colour of the glasses."""
    freckles: bool
    earrings: str | None
    soft_brows: bool


@dataclass(frozen=True)
class Shot:
    """What differs between pictures of one person."""

    garment: Garment
    mouth: str
    eyes: str
    brows: str
    backdrop: str
    """`plain`, `wall`, `stripes`, `disc` or `slope`."""
    colours: tuple[str, str]
    """Colours of the backdrop: a colour and a shade of it."""
    zoom: float
    """1 shows the whole artwork."""
    shift: tuple[float, float]
    """Offset right and down, in units of the 280-unit frame."""
    tilt: float
    """Rotation in degrees, clockwise."""
    blur: float
    """Blur: standard deviation in pixels. It is random, so that sharpness and file size do not reveal detailed hair."""


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)


def _apart(first: str, *others: str | None) -> bool:
    return all(np.linalg.norm(_rgb(first) - _rgb(other)) >= _CONTRAST for other in others if other)


def _coloured(words: str, colour: str) -> str:
    """`words` with the colour in place of {c}, and "an" for "a" before a vowel."""
    return words.replace("a {c}", "an {c}" if colour[0] in "aeiou" else "a {c}").replace("{c}", colour)


def _hair_words(hair: Hair, beard: str | None, colour: str) -> str:
    if not beard:
        return _coloured(hair.words, colour)
    # Head and chin have the same hair colour, which is named once.
    on_chin = _coloured(beard, colour) if "{c}" not in hair.words else beard.replace("{c} ", "")
    return f"{_coloured(hair.words, colour)} and {on_chin}"


@dataclass(frozen=True)
class Look:
    """A person's face, the description of the hair, and the clothes in the reference pictures."""

    face: Face
    hairstyle: str
    clothing: Garment

    @property
    def appearance(self) -> str:
        """Hair and clothes in one phrase."""
        return f"{self.hairstyle}, wearing {self.clothing.words}"


class Wardrobe:
    """Deals looks to one person after another; no look repeats, and no word repeats before all are used."""

    def __init__(self, deck_rng: np.random.Generator) -> None:
        self._hair = {gender: Deck(styles, deck_rng) for gender, styles in HAIR.items()}
        self._hair_colours = Deck(tuple(HAIR_COLOURS), deck_rng)
        self._beards = Deck(BEARDS, deck_rng)
        self._skins = Deck(SKINS, deck_rng)
        self._glasses = Deck(GLASSES, deck_rng)
        self._garments = Deck(GARMENTS, deck_rng)
        self._cloth_colours = Deck(tuple(CLOTH_COLOURS), deck_rng)
        self._faces: set[Face] = set()
        self._hairstyles: set[str] = set()
        self._clothes: set[str] = set()

    def look(self, gender: str, rng: np.random.Generator) -> Look:
        """Deal a face that nobody had before, and clothes whose description shares no word with that of the hair."""
        face, hairstyle = self._face(gender, rng)
        return Look(face, hairstyle, self._clothing(face, hairstyle))

    def _face(self, gender: str, rng: np.random.Generator) -> tuple[Face, str]:
        hair = self._hair[gender].draw()
        beard, beard_words = self._beards.draw() if gender == "male" else (None, None)
        skin = self._skins.draw()
        names = [name for name, colour in HAIR_COLOURS.items() if _apart(colour, skin)]
        new = [name for name in names if _hair_words(hair, beard_words, name) not in self._hairstyles]
        colour = self._hair_colours.draw(lambda name: name in (new or names))
        shows_hair = "{c}" in hair.words or beard is not None
        face = Face(
            gender=gender,
            skin=skin,
            hair=hair.part,
            hair_colour=HAIR_COLOURS[colour] if shows_hair else None,
            beard=beard,
            glasses=None,
            frame=None,
            freckles=False,
            earrings=None,
            soft_brows=False,
        )
        while True:
            face = self._details(face, hair, rng)
            if face not in self._faces:
                break
        words = _hair_words(hair, beard_words, colour)
        self._faces.add(face)
        self._hairstyles.add(words)
        return face, words

    def _details(self, face: Face, hair: Hair, rng: np.random.Generator) -> Face:
        glasses, frame = self._glasses.draw()
        return replace(
            face,
            glasses=glasses,
            frame=frame,
            freckles=bool(rng.random() < 0.25),
            earrings=EARRINGS[rng.integers(len(EARRINGS))] if hair.ears else None,
            soft_brows=bool(rng.random() < 0.5),
        )

    def _clothing(self, face: Face, hairstyle: str) -> Garment:
        part, graphic, words = self._garments.draw(
            lambda garment: _is_seen(garment[0], face) and not share_a_word(garment[2], hairstyle)
        )
        names = [name for name in _cloth_colours(part, face.skin) if not share_a_word(name, hairstyle)]
        new = [name for name in names if _coloured(words, name) not in self._clothes]
        colour = self._cloth_colours.draw(lambda name: name in (new or names))
        garment = Garment(part, graphic, CLOTH_COLOURS[colour], _coloured(words, colour))
        self._clothes.add(garment.words)
        return garment


def _is_seen(part: str, face: Face) -> bool:
    """Whether the beard leaves visible what the description of a garment names."""
    return face.beard != "BEARD_MAGESTIC" or part not in ("BLAZER_SWEATER", "COLLAR_SWEATER", "SHIRT_V_NECK")


def _cloth_colours(part: str, skin: str) -> list[str]:
    white_details = part in ("BLAZER_SWEATER", "COLLAR_SWEATER", "GRAPHIC_SHIRT", "HOODIE")
    return [
        name for name, colour in CLOTH_COLOURS.items() if _apart(colour, skin) and not (white_details and name in PALE)
    ]


def shots(look: Look, rng: np.random.Generator) -> tuple[Shot, Shot, Shot, Shot]:
    """Four pictures of a look: two references, then two queries.

    The references show exactly the look's clothes. Everything else, and the clothes in the queries, is drawn from all
    values, including those in other pictures. A query that would be almost a copy of a reference, in the same clothes
    before the same backdrop, is drawn again.
    """
    worn = [look.clothing, look.clothing, _any_garment(look, rng), _any_garment(look, rng)]
    result = [shot_of(look.face, garment, rng) for garment in worn]
    references = {_scene(shot) for shot in result[:2]}
    for place in (2, 3):
        while _scene(result[place]) in references:
            result[place] = shot_of(look.face, _any_garment(look, rng), rng)
    return result[0], result[1], result[2], result[3]


def _scene(shot: Shot) -> tuple[Garment, str, tuple[str, str]]:
    """What fills most of a picture: the clothes and the backdrop."""
    return shot.garment, shot.backdrop, shot.colours


def shot_of(face: Face, garment: Garment, rng: np.random.Generator) -> Shot:
    """A picture of a face and clothes, all else drawn."""
    mouth, eyes, brows = (CALM + LIVELY)[rng.integers(len(CALM + LIVELY))]
    return Shot(
        garment=garment,
        mouth=mouth,
        eyes=eyes,
        brows=brows,
        backdrop=str(rng.choice(BACKDROPS)),
        colours=_backdrop_colours(face, garment, rng),
        zoom=round(float(rng.uniform(0.94, 1.01)), 3),
        shift=(round(float(rng.uniform(-5, 5)), 1), round(float(rng.uniform(5, 8)), 1)),
        tilt=round(float(rng.uniform(-2, 2)), 2),
        blur=round(float(rng.uniform(0, 1.4)), 2),
    )


def _any_garment(look: Look, rng: np.random.Generator) -> Garment:
    seen = [garment for garment in GARMENTS if _is_seen(garment[0], look.face)]
    part, graphic, words = seen[rng.integers(len(seen))]
    names = _cloth_colours(part, look.face.skin)
    name = names[rng.integers(len(names))]
    return Garment(part, graphic, CLOTH_COLOURS[name], _coloured(words, name))


def _backdrop_colours(face: Face, garment: Garment, rng: np.random.Generator) -> tuple[str, str]:
    near = (face.skin, face.hair_colour, garment.colour)
    clear = [colours for colours in BACKDROP_COLOURS if all(_apart(colour, *near) for colour in colours)]
    clear = clear or list(BACKDROP_COLOURS)
    return clear[rng.integers(len(clear))]
