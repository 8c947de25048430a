"""What differs between pictures of a person: pose, expression, clothes, light, backdrop, distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Garment:
    """A garment: its kind, its colour and the words for both."""

    kind: str
    colour: str
    words: str


GARMENTS: dict[str, str] = {
    "crew": "{a} {c} T-shirt",
    "v-neck": "{a} {c} V-neck top",
    "sweatshirt": "{a} {c} sweatshirt",
    "shirt": "{a} {c} open-collared shirt",
    "striped": "a shirt with {c} stripes",
    "jacket": "{a} {c} jacket over a striped shirt",
    "suit": "{a} {c} suit and a tie",
    "dungarees": "a pale top under {c} braces",
}
"""Kind -> description, with {c} for the colour and {a} for its article."""

COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.52, 0.03, 0.03),
    "orange": (0.70, 0.20, 0.03),
    "yellow": (0.75, 0.52, 0.06),
    "green": (0.05, 0.25, 0.08),
    "olive": (0.10, 0.098, 0.035),
    "turquoise": (0.03, 0.36, 0.36),
    "light-blue": (0.25, 0.45, 0.68),
    "navy": (0.012, 0.018, 0.055),
    "purple": (0.16, 0.04, 0.28),
    "pink": (0.70, 0.22, 0.35),
    "white": (0.80, 0.79, 0.76),
    "grey": (0.25, 0.25, 0.26),
    "brown": (0.075, 0.033, 0.015),
    "beige": (0.52, 0.40, 0.26),
    "burgundy": (0.19, 0.01, 0.035),
    "black": (0.012, 0.012, 0.013),
}
"""Linear RGB."""
_SUITS = ("navy", "grey", "brown", "black", "burgundy", "olive")
_STRIPES = ("red", "orange", "yellow", "green", "turquoise", "light-blue", "purple", "pink", "white")
_BRACES = tuple(name for name in COLOURS if name != "white")


def garments() -> tuple[Garment, ...]:
    """All garments."""
    return tuple(
        Garment(kind, colour, words.format(a="an" if colour[0] in "aeiou" else "a", c=colour))
        for kind, words in GARMENTS.items()
        for colour in _colours(kind)
    )


def _colours(kind: str) -> tuple[str, ...]:
    return {"suit": _SUITS, "striped": _STRIPES, "dungarees": _BRACES, "jacket": _SUITS}.get(kind, tuple(COLOURS))


EXPRESSIONS: dict[str, dict[str, float]] = {
    "calm": {"mouthSmileLeft": 0.12, "mouthSmileRight": 0.12, "browInnerUp": 0.1},
    "smiling": {
        "mouthSmileLeft": 0.62,
        "mouthSmileRight": 0.62,
        "cheekSquintLeft": 0.45,
        "cheekSquintRight": 0.45,
        "eyeSquintLeft": 0.12,
        "eyeSquintRight": 0.12,
    },
    "laughing": {
        "mouthSmileLeft": 0.8,
        "mouthSmileRight": 0.8,
        "jawOpen": 0.14,
        "mouthUpperUpLeft": 0.35,
        "mouthUpperUpRight": 0.35,
        "cheekSquintLeft": 0.6,
        "cheekSquintRight": 0.6,
        "eyeSquintLeft": 0.25,
        "eyeSquintRight": 0.25,
    },
    "serious": {"mouthPressLeft": 0.2, "mouthPressRight": 0.2, "browInnerUp": 0.1},
    "surprised": {
        "browInnerUp": 0.6,
        "browOuterUpLeft": 0.5,
        "browOuterUpRight": 0.5,
        "eyeWideLeft": 0.35,
        "eyeWideRight": 0.35,
        "jawOpen": 0.1,
    },
    "talking": {"jawOpen": 0.12, "mouthFunnel": 0.2, "browInnerUp": 0.25},
    "worried": {"browInnerUp": 0.6, "mouthFrownLeft": 0.25, "mouthFrownRight": 0.25},
    "amused": {"mouthSmileLeft": 0.55, "mouthSmileRight": 0.2, "browOuterUpRight": 0.3, "mouthDimpleLeft": 0.3},
}
"""Expression -> MakeHuman's face units with their weights."""

BACKDROPS = ("blurred", "gradient", "bricks", "panels", "window")


@dataclass(frozen=True)
class Shot:
    """One picture; angles in degrees."""

    seed: int
    """Seed of the renderer's noise."""
    garment: Garment
    expression: str
    yaw: float
    """Rotation of the camera around the head, -28 to 28."""
    pitch: float
    roll: float
    gaze: tuple[float, float]
    """Deviation of the gaze from the camera, radians."""
    zoom: float
    shift: tuple[float, float]
    """Offset of the head in the frame, metres."""
    light: tuple[float, float]
    """Azimuth and height of the main light."""
    softness: float
    """Size of the main light, metres."""
    warmth: float
    """Colour of the light: -1 cold to 1 warm."""
    fill: float
    """Strength of the second light relative to the first."""
    exposure: float
    """Exposure in stops."""
    backdrop: str
    hue: float
    shade: tuple[float, float]
    """Saturation and brightness of the backdrop, 0 to 1."""


def draw_shot(rng: np.random.Generator, garment: Garment) -> Shot:
    """Draw a picture's parameters, independently of the person and of other pictures."""

    def between(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 3)

    return Shot(
        seed=int(rng.integers(2**31)),
        garment=garment,
        expression=str(rng.choice(list(EXPRESSIONS))),
        yaw=between(-28, 28),
        pitch=between(-6, 8),
        roll=between(-5, 5),
        gaze=(round(float(rng.normal(0, 0.05)), 3), round(float(rng.normal(0, 0.03)), 3)),
        zoom=between(0.96, 1.2),
        shift=(between(-0.015, 0.015), between(-0.01, 0.01)),
        light=(between(-65, 65), between(15, 50)),
        softness=between(0.6, 1.6),
        warmth=between(-1, 1),
        fill=between(0.3, 0.8),
        exposure=between(-0.3, 0.3),
        backdrop=str(rng.choice(BACKDROPS)),
        hue=between(0, 1),
        shade=(between(0, 1), between(0, 1)),
    )
