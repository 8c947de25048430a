"""The looks of a drawn person: parts and colours of the avatar artwork, and words that describe them.

Part names are members of the `python_avatars` enumerations. Only parts of the original Avataaars set are used (its art
is free for personal and commercial use). Parts are left out if they hide the face (hats, sunglasses) or the clothes
(long dreadlocks), show lettering, ignore their colour, or would be described differently by different people.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from omni_persona_people.deck import Deck
from omni_persona_people.invent.overlap import share_a_word

_CONTRAST = 62.0
"""Minimum distance of neighbouring colours (Euclidean, RGB 0..255); below it, hair blends into skin."""


@dataclass(frozen=True)
class Hair:
    """A hair style: its part, its description with {c} for the colour, and whether the ears are visible."""

    part: str
    words: str
    ears: bool = True


@dataclass(frozen=True)
class Garment:
    """A garment: parts, description (with article) and colour as `#rrggbb`."""

    part: str
    graphic: str | None
    colour: str
    words: str


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


_HAIR = {
    "female": (
        Hair("BIG_HAIR", "big wavy {c} hair", ears=False),
        Hair("BOB", "a chin-length {c} bob", ears=False),
        Hair("BUN", "{c} hair wound into a bun"),
        Hair("CURLY", "a cloud of {c} curls", ears=False),
        Hair("CURVY", "long rippling {c} hair", ears=False),
        Hair("FRO", "a large round {c} afro", ears=False),
        Hair("FRO_BAND", "a {c} afro held back by a light-blue headband", ears=False),
        Hair("LONG_NOT_TOO_LONG", "shoulder-length {c} hair with a side parting", ears=False),
        Hair("MIA_WALLACE", "a {c} bob with a blunt fringe", ears=False),
        Hair("STRAIGHT_1", "long {c} hair swept over one shoulder", ears=False),
        Hair("STRAIGHT_STRAND", "straight {c} hair with a wispy fringe", ears=False),
        Hair("SHAGGY_MULLET", "a flicked {c} mullet", ears=False),
        Hair("SHAGGY", "short {c} hair with a long swept fringe"),
    ),
    "male": (
        Hair("NONE", "a shaved head"),
        Hair("SIDES", "a bald head with {c} hair at the temples"),
        Hair("CAESAR", "close-cropped {c} hair"),
        Hair("CAESAR_SIDE_PART", "cropped {c} hair with a shaved parting"),
        Hair("SHORT_CURLY", "short curly {c} hair"),
        Hair("SHORT_DREADS_1", "cropped {c} hair in tiny coils"),
        Hair("SHORT_DREADS_2", "springy {c} dreadlocks all round the head"),
        Hair("SHORT_FLAT", "short spiky {c} hair"),
        Hair("SHORT_ROUND", "a neat rounded {c} crop"),
        Hair("SHORT_WAVED", "{c} hair combed up into a wave"),
        Hair("FRIZZLE", "a {c} quiff above shaved sides"),
        Hair("SHAGGY", "short {c} hair with a long swept fringe"),
        Hair("SHAGGY_MULLET", "a flicked {c} mullet", ears=False),
        Hair("FRO", "a large round {c} afro", ears=False),
        Hair("BUN", "{c} hair in a topknot"),
    ),
}

_HAIR_COLOURS = {
    "jet-black": "#1b1414",
    "dark-brown": "#4a312c",
    "chestnut": "#7a4230",
    "auburn": "#9c4a24",
    "ginger": "#d2621f",
    "sandy": "#c9a467",
    "golden-blonde": "#e3bb4e",
    "platinum": "#efe4cb",
    "silver": "#b4bac2",
    "dyed-pink": "#ee86ad",
    "dyed-turquoise": "#2fa7a5",
    "dyed-violet": "#7d4fb0",
}

_BEARDS = (
    (None, None),
    (None, None),
    (None, None),
    ("BEARD_LIGHT", "a trimmed {c} beard"),
    ("BEARD_MEDIUM", "a full {c} beard"),
    ("BEARD_MAGESTIC", "a long bushy {c} beard"),
    ("MOUSTACHE_FANCY", "a twirled {c} moustache"),
    ("MOUSTACHE_MAGNUM", "a thick {c} moustache"),
)

_SKINS = ("#ffdbb4", "#f3c9a0", "#edb98a", "#d08b5b", "#ae5d29", "#8a5534", "#614335")

_FRAMES = ("#22262a", "#b8862b", "#a8324a", "#2f5d9b")
_GLASSES: tuple[tuple[str | None, str | None], ...] = (
    *[(None, None)] * 9,
    *[(part, frame) for part in ("ROUND", "PRESCRIPTION_1", "PRESCRIPTION_2") for frame in _FRAMES],
)
_EARRINGS = (None, None, "#d9a521", "#c8ced6")

_CLOTH_COLOURS = {
    "red": "#d64545",
    "orange": "#f08a24",
    "mustard": "#dba92f",
    "green": "#3e9b5f",
    "olive": "#7b8340",
    "teal": "#1f8a8a",
    "sky-blue": "#7cc4f0",
    "navy": "#25406b",
    "purple": "#7b4fa3",
    "lilac": "#c3a6de",
    "pink": "#f47fa8",
    "white": "#f7f7f7",
    "black": "#26292e",
    "grey": "#9aa0a6",
    "brown": "#7a5236",
    "cream": "#f3e7c9",
    "maroon": "#7a2638",
    "mint": "#a9e5c4",
}
# White details are invisible on these.
_PALE = ("white", "cream")

_GARMENTS = (
    ("BLAZER_SHIRT", None, "a dark blazer over a {c} T-shirt"),
    ("BLAZER_SWEATER", None, "a dark blazer over a {c} jumper with a white collar"),
    ("COLLAR_SWEATER", None, "a {c} jumper with a white collar"),
    ("HOODIE", None, "a {c} hoodie"),
    ("OVERALL", None, "a pair of {c} dungarees"),
    ("SHIRT_CREW_NECK", None, "a {c} crew-neck top"),
    ("SHIRT_SCOOP_NECK", None, "a {c} scoop-neck top"),
    ("SHIRT_V_NECK", None, "a {c} V-neck top"),
    ("GRAPHIC_SHIRT", "BEAR", "a {c} T-shirt with a bear's face on it"),
    ("GRAPHIC_SHIRT", "DEER", "a {c} T-shirt with a deer on it"),
    ("GRAPHIC_SHIRT", "DIAMOND", "a {c} T-shirt with a diamond on it"),
    ("GRAPHIC_SHIRT", "PIZZA", "a {c} T-shirt with a slice of pizza on it"),
    ("GRAPHIC_SHIRT", "SKULL", "a {c} T-shirt with a skull on it"),
)

# Mouth, eyes, brows.
_CALM = (
    ("DEFAULT", "DEFAULT", "DEFAULT"),
    ("SMILE", "DEFAULT", "DEFAULT"),
    ("TWINKLE", "HAPPY", "RAISED_EXCITED"),
    ("SERIOUS", "DEFAULT", "DEFAULT"),
    ("DEFAULT", "HAPPY", "DEFAULT"),
    ("TWINKLE", "DEFAULT", "UP_DOWN"),
)
_LIVELY = (
    ("SMILE", "WINK", "RAISED_EXCITED"),
    ("DISBELIEF", "SURPRISED", "RAISED_EXCITED"),
    ("SAD", "DEFAULT", "SAD_CONCERNED"),
    ("SERIOUS", "SIDE", "UP_DOWN"),
    ("TWINKLE", "CLOSED", "DEFAULT"),
    ("SMILE", "SQUINT", "UP_DOWN"),
    ("SERIOUS", "SQUINT", "ANGRY"),
    ("CONCERNED", "SIDE", "SAD_CONCERNED"),
)

_BACKDROPS = ("plain", "wall", "stripes", "disc", "slope")
# A colour and a shade of it: the backdrop must not outweigh the face when whole pictures are compared.
_BACKDROP_COLOURS = (
    ("#dfe7ee", "#cfdae4"),
    ("#bcd8c1", "#accbb2"),
    ("#f6d9a8", "#eccb93"),
    ("#b4cdea", "#a2bedf"),
    ("#ecccd7", "#e0bbc8"),
    ("#d5cbe9", "#c5b9de"),
    ("#f2efe6", "#e5e0d2"),
    ("#a9cdc4", "#98beb4"),
    ("#e0c4ab", "#d3b498"),
    ("#f4e79c", "#e9d985"),
    ("#f0bfae", "#e4ad9a"),
    ("#c9ced3", "#b9bfc6"),
    ("#c3dfe6", "#b0d0d9"),
    ("#d9e2b0", "#cad59c"),
)


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
        self._hair = {gender: Deck(styles, deck_rng) for gender, styles in _HAIR.items()}
        self._hair_colours = Deck(tuple(_HAIR_COLOURS), deck_rng)
        self._beards = Deck(_BEARDS, deck_rng)
        self._skins = Deck(_SKINS, deck_rng)
        self._glasses = Deck(_GLASSES, deck_rng)
        self._garments = Deck(_GARMENTS, deck_rng)
        self._cloth_colours = Deck(tuple(_CLOTH_COLOURS), deck_rng)
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
        names = [name for name, colour in _HAIR_COLOURS.items() if _apart(colour, skin)]
        new = [name for name in names if _hair_words(hair, beard_words, name) not in self._hairstyles]
        colour = self._hair_colours.draw(lambda name: name in (new or names))
        shows_hair = "{c}" in hair.words or beard is not None
        face = Face(
            gender=gender,
            skin=skin,
            hair=hair.part,
            hair_colour=_HAIR_COLOURS[colour] if shows_hair else None,
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
            earrings=_EARRINGS[rng.integers(len(_EARRINGS))] if hair.ears else None,
            soft_brows=bool(rng.random() < 0.5),
        )

    def _clothing(self, face: Face, hairstyle: str) -> Garment:
        part, graphic, words = self._garments.draw(
            lambda garment: _is_seen(garment[0], face) and not share_a_word(garment[2], hairstyle)
        )
        names = [name for name in _cloth_colours(part, face.skin) if not share_a_word(name, hairstyle)]
        new = [name for name in names if _coloured(words, name) not in self._clothes]
        colour = self._cloth_colours.draw(lambda name: name in (new or names))
        garment = Garment(part, graphic, _CLOTH_COLOURS[colour], _coloured(words, colour))
        self._clothes.add(garment.words)
        return garment


def _is_seen(part: str, face: Face) -> bool:
    """Whether the beard leaves visible what the description of a garment names."""
    return face.beard != "BEARD_MAGESTIC" or part not in ("BLAZER_SWEATER", "COLLAR_SWEATER", "SHIRT_V_NECK")


def _cloth_colours(part: str, skin: str) -> list[str]:
    white_details = part in ("BLAZER_SWEATER", "COLLAR_SWEATER", "GRAPHIC_SHIRT", "HOODIE")
    return [
        name
        for name, colour in _CLOTH_COLOURS.items()
        if _apart(colour, skin) and not (white_details and name in _PALE)
    ]


def shots(look: Look, rng: np.random.Generator) -> tuple[Shot, Shot, Shot, Shot]:
    """Four pictures of a look: two references, then two queries.

    The references show exactly the look's clothes. Everything else, and the clothes in the queries, is drawn from all
    values, including those in other pictures.
    """
    worn = [look.clothing, look.clothing, _any_garment(look, rng), _any_garment(look, rng)]
    result = []
    for garment in worn:
        mouth, eyes, brows = (_CALM + _LIVELY)[rng.integers(len(_CALM + _LIVELY))]
        shot = Shot(
            garment=garment,
            mouth=mouth,
            eyes=eyes,
            brows=brows,
            backdrop=str(rng.choice(_BACKDROPS)),
            colours=_backdrop_colours(look.face, garment, rng),
            zoom=round(float(rng.uniform(0.94, 1.01)), 3),
            shift=(round(float(rng.uniform(-5, 5)), 1), round(float(rng.uniform(5, 8)), 1)),
            tilt=round(float(rng.uniform(-2, 2)), 2),
            blur=round(float(rng.uniform(0, 1.4)), 2),
        )
        result.append(shot)
    return result[0], result[1], result[2], result[3]


def _any_garment(look: Look, rng: np.random.Generator) -> Garment:
    seen = [garment for garment in _GARMENTS if _is_seen(garment[0], look.face)]
    part, graphic, words = seen[rng.integers(len(seen))]
    names = _cloth_colours(part, look.face.skin)
    name = names[rng.integers(len(names))]
    return Garment(part, graphic, _CLOTH_COLOURS[name], _coloured(words, name))


def _backdrop_colours(face: Face, garment: Garment, rng: np.random.Generator) -> tuple[str, str]:
    near = (face.skin, face.hair_colour, garment.colour)
    clear = [colours for colours in _BACKDROP_COLOURS if all(_apart(colour, *near) for colour in colours)]
    clear = clear or list(_BACKDROP_COLOURS)
    return clear[rng.integers(len(clear))]
