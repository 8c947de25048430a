"""Parts and colours of the avatar artwork, with the words that describe them.

Part names are members of the `python_avatars` enumerations. Only parts of the original Avataaars set are used (its art
is free for personal and commercial use). Parts are left out if they hide the face (hats, sunglasses) or the clothes
(long dreadlocks), show lettering, ignore their colour, or would be described differently by different people.
"""

from __future__ import annotations

from dataclasses import dataclass


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


HAIR = {
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

HAIR_COLOURS = {
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

BEARDS = (
    (None, None),
    (None, None),
    (None, None),
    ("BEARD_LIGHT", "a trimmed {c} beard"),
    ("BEARD_MEDIUM", "a full {c} beard"),
    ("BEARD_MAGESTIC", "a long bushy {c} beard"),
    ("MOUSTACHE_FANCY", "a twirled {c} moustache"),
    ("MOUSTACHE_MAGNUM", "a thick {c} moustache"),
)

SKINS = ("#ffdbb4", "#f3c9a0", "#edb98a", "#d08b5b", "#ae5d29", "#8a5534", "#614335")

FRAMES = ("#22262a", "#b8862b", "#a8324a", "#2f5d9b")
GLASSES: tuple[tuple[str | None, str | None], ...] = (
    *[(None, None)] * 9,
    *[(part, frame) for part in ("ROUND", "PRESCRIPTION_1", "PRESCRIPTION_2") for frame in FRAMES],
)
EARRINGS = (None, None, "#d9a521", "#c8ced6")

CLOTH_COLOURS = {
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
PALE = ("white", "cream")

GARMENTS = (
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
CALM = (
    ("DEFAULT", "DEFAULT", "DEFAULT"),
    ("SMILE", "DEFAULT", "DEFAULT"),
    ("TWINKLE", "HAPPY", "RAISED_EXCITED"),
    ("SERIOUS", "DEFAULT", "DEFAULT"),
    ("DEFAULT", "HAPPY", "DEFAULT"),
    ("TWINKLE", "DEFAULT", "UP_DOWN"),
)
LIVELY = (
    ("SMILE", "WINK", "RAISED_EXCITED"),
    ("DISBELIEF", "SURPRISED", "RAISED_EXCITED"),
    ("SAD", "DEFAULT", "SAD_CONCERNED"),
    ("SERIOUS", "SIDE", "UP_DOWN"),
    ("TWINKLE", "CLOSED", "DEFAULT"),
    ("SMILE", "SQUINT", "UP_DOWN"),
    ("SERIOUS", "SQUINT", "ANGRY"),
    ("CONCERNED", "SIDE", "SAD_CONCERNED"),
)

BACKDROPS = ("plain", "wall", "stripes", "disc", "slope")
# A colour and a shade of it: the backdrop must not outweigh the face when whole pictures are compared.
BACKDROP_COLOURS = (
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
