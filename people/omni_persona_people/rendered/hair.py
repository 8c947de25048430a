"""Hairstyles and beards: which strands grow where, and how dark the skin below them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from omni_persona_people.rendered.looks import Identity
from omni_persona_people.rendered.strands import Comb, Growth, Points, Skull, grow, roots


@dataclass(frozen=True)
class Strands:
    """Strands with their thickness at root and tip, metres."""

    points: Points
    thick: tuple[float, float]


@dataclass(frozen=True)
class Style:
    """A hairstyle: the number of strands, how they grow and how they are combed."""

    count: int
    growth: Growth
    back: float = 0.0
    side: float = 0.0
    """Combing away from the parting; negative combs everything to one side."""
    down: float = 0.0
    forward: float = 0.0
    tapered: bool = False
    """Shorter at the sides."""
    hangs: bool = False
    """Long enough to hang next to the face."""
    thick: float = 0.00026


STYLES: dict[str, Style] = {
    "buzz": Style(16000, Growth(0.006, 0.6, 0.0, clump=0.0), back=0.3, thick=0.00013),
    "short": Style(
        13000, Growth(0.042, 0.5, 0.12, clump=0.3, volume=0.018, jitter=0.16), forward=0.3, down=0.1, tapered=True
    ),
    "side": Style(13000, Growth(0.065, 0.45, 0.12, clump=0.35, volume=0.02), side=-0.55, back=0.15, tapered=True),
    "swept": Style(
        13000, Growth(0.08, 0.55, 0.1, clump=0.35, volume=0.026, wave=0.001, turns=12), back=0.6, tapered=True
    ),
    "pixie": Style(13000, Growth(0.07, 0.4, 0.15, clump=0.3, volume=0.016), side=-0.4, forward=0.15, tapered=True),
    "curly": Style(
        12000,
        Growth(0.05, 0.8, 0.1, steps=20, clump=0.5, wave=0.005, turns=50, jitter=0.16, volume=0.035),
        tapered=True,
    ),
    "afro": Style(15000, Growth(0.075, 1.3, 0.0, steps=20, clump=0.25, wave=0.006, turns=70, jitter=0.18)),
    "bob": Style(13000, Growth(0.19, 0.25, 1.2, steps=16, clump=0.35, volume=0.017), side=0.5, back=0.1, hangs=True),
    "shoulder": Style(
        13000,
        Growth(0.25, 0.25, 1.1, steps=18, clump=0.4, volume=0.017, wave=0.002, turns=10),
        side=0.45,
        back=0.15,
        hangs=True,
    ),
    "long": Style(
        13000,
        Growth(0.38, 0.2, 1.2, steps=20, clump=0.4, volume=0.015, wave=0.001, turns=6),
        side=0.45,
        back=0.15,
        hangs=True,
    ),
    "wavy": Style(
        12000,
        Growth(0.33, 0.25, 1.0, steps=26, clump=0.55, volume=0.022, wave=0.009, turns=14),
        side=0.45,
        back=0.15,
        hangs=True,
    ),
    "longcurly": Style(
        10000,
        Growth(0.24, 0.5, 0.7, steps=34, clump=0.5, volume=0.035, wave=0.008, turns=40),
        side=0.35,
        back=0.1,
        hangs=True,
    ),
    "back": Style(15000, Growth(0.13, 0.1, 0.0, clump=0.15, volume=0.007), back=1.2, down=0.05),
    "bun": Style(15000, Growth(0.13, 0.12, 0.0, clump=0.15, volume=0.008), back=1.0, down=-0.6),
    "receding": Style(10000, Growth(0.028, 0.5, 0.06, clump=0.2, volume=0.014), back=0.4),
    "fringe": Style(8000, Growth(0.022, 0.35, 0.06, clump=0.1, volume=0.012), down=0.4),
}
_KNOT = {"back": 0.0, "bun": 0.85}
"""Height on the head at which hair is tied: 0 at the back, 1 at the crown."""


def hairline(skull: Skull, style: str) -> NDArray[np.float64]:
    """Density of hair on each triangle, 0 to 1; it fades out at the edge, so that no hard line is visible."""
    x, y, z = skull.places(skull.centres)
    steps = ((-0.03, 0.62), (0.03, 0.60), (0.055, 0.30), (0.075, 0.03), (0.105, 0.0), (0.125, -0.30), (0.16, -0.55))
    line = np.interp(y, [behind for behind, _ in steps], [height for _, height in steps])
    # Slightly lower in the middle of the forehead than above the temples.
    line = line + np.where(y < 0.05, 0.10 * np.clip(x / 0.055, 0, 1) ** 2, 0)
    if style == "receding":
        line = line + np.where(y < 0.07, 0.12 + 0.25 * np.exp(-(((x - 0.045) / 0.025) ** 2)), 0)
    density = np.clip((z - line) / 0.10, 0, 1) * (y > -0.02)
    if style in ("fringe", "bald"):
        density = density * np.clip((0.42 - z) / 0.15, 0, 1) * np.clip((y - 0.045) / 0.03, 0, 1)
    ears = (x > 0.077) & (z < 0.14) & (z > -0.7) & (y < 0.12)
    return np.asarray(density * ~ears)


def beard_area(skull: Skull, mouth: Points, beard: str) -> NDArray[np.float64]:
    """Density of the beard on each triangle, 0 to 1."""
    centres = skull.centres
    x, y, _ = skull.places(centres)
    z = centres[:, 2] - mouth[2]
    edge = 0.016 + 0.35 * np.maximum(0, y - 0.02) + 0.2 * np.maximum(0, x - 0.03)
    jaw = np.clip((edge - z) / 0.012, 0, 1) * np.clip((z + 0.078) / 0.015, 0, 1) * np.clip((0.078 - y) / 0.02, 0, 1)
    lip = np.clip((0.034 - x) / 0.006, 0, 1) * np.clip((z - 0.006) / 0.003, 0, 1) * np.clip((0.025 - z) / 0.004, 0, 1)
    chin = np.clip((0.028 - x) / 0.006, 0, 1) * np.clip((-0.012 - z) / 0.004, 0, 1) * (y < 0.02)
    burns = ((y > 0.03) & (z > -0.01) & (y < 0.075) & (centres[:, 2] < skull.eyes[2] - 0.005) & (x > 0.05)) * 1.0
    mouth_itself = (np.abs(z) < 0.0115) & (x < 0.027) & (y < 0.03)
    area = {
        "stubble": np.maximum(jaw, lip),
        "short": np.maximum.reduce([jaw, lip, burns]),
        "full": np.maximum.reduce([jaw, lip, burns]),
        "moustache": lip * (y < 0.01),
        "goatee": np.maximum(chin, lip * (y < 0.01)),
    }[beard]
    below_nose = centres[:, 2] < skull.eyes[2] - 0.048
    return np.asarray(area * ~mouth_itself * (below_nose | (burns > 0)))


def strands(identity: Identity, skull: Skull, mouth: Points) -> Iterator[Strands]:
    """All strands of a person: head, tail or bun, beard."""
    rng = np.random.default_rng([identity.seed, 1])
    if identity.hair in STYLES:
        yield from _head(identity, skull, rng)
    if identity.beard:
        yield _beard(identity.beard, skull, mouth, rng)


def _head(identity: Identity, skull: Skull, rng: np.random.Generator) -> Iterator[Strands]:
    name = identity.hair
    style = STYLES[name]
    parting = float(rng.choice([-0.03, 0.0, 0.03])) if style.hangs else 0.0
    flank = float(rng.choice([-1.0, 1.0]))
    start = roots(skull, hairline(skull, name), style.count, rng)
    lengths = style.growth.length * rng.uniform(0.8, 1.1, style.count) * float(rng.uniform(0.9, 1.1))
    if style.tapered:
        _, _, height = skull.places(start[0])
        lengths = lengths * np.clip(0.35 + 0.75 * height, 0.22, 1)
    comb = _comb(style, parting, flank)
    knot = _knot(name, skull) if name in _KNOT else None
    if knot is not None:
        lengths = np.minimum(lengths, np.linalg.norm(start[0] - knot, axis=1) * 1.05)
        comb = _towards(knot)
    yield Strands(
        grow(start, lengths, style.growth, comb, skull, rng, parting if style.hangs else None),
        (style.thick, style.thick * 0.4),
    )
    if name == "bun" and knot is not None:
        yield _bun(knot, rng)


def _knot(name: str, skull: Skull) -> Points:
    """A point slightly outside the back of the head, where hair is tied."""
    angle = _KNOT[name] * np.pi / 2
    way = np.array([0, np.cos(angle), np.sin(angle)])
    middle = skull.eyes + np.array([0, 0.09, 0.03])
    away = skull.centres - middle
    central = np.abs(away[:, 0]) < 0.02
    reach = float((away[central] @ way).max())
    return np.asarray(middle + way * (reach + (0.014 if name == "bun" else 0.004)))


def _comb(style: Style, parting: float, flank: float) -> Comb:
    def comb(points: Points, normals: Points) -> Points:
        direction = np.zeros_like(points)
        direction[:, 1] = style.back - style.forward
        direction[:, 2] = -style.down
        direction[:, 0] = style.side * (np.sign(points[:, 0] - parting) if style.side > 0 else -flank)
        return direction

    return comb


def _towards(knot: Points) -> Comb:
    def comb(points: Points, normals: Points) -> Points:
        way = knot - points
        return np.asarray(1.2 * way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6))

    return comb


def _bun(knot: Points, rng: np.random.Generator) -> Strands:
    """A ball of loops."""
    count, turns = 3500, np.linspace(0, 2 * np.pi, 16)[None, :, None]
    axes = rng.normal(size=(count, 3)) * [1.0, 1.0, 0.45]
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    first = np.cross(axes, [0.3, 0.5, 0.8])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(axes, first)
    radius = (0.026 + rng.normal(0, 0.002, (count, 1, 1))) * np.ones_like(turns)
    rings = radius * (np.cos(turns) * first[:, None] + np.sin(turns) * second[:, None])
    return Strands(np.asarray(knot + rings), (0.0003, 0.0003))


_BEARDS = {
    "stubble": (4000, Growth(0.0022, 0.6, 0.1, steps=4, clump=0, jitter=0.3, gap=0.0006)),
    "short": (7000, Growth(0.008, 0.6, 0.15, steps=5, clump=0.1, jitter=0.25, gap=0.0008)),
    "full": (9000, Growth(0.022, 0.6, 0.2, steps=6, clump=0.2, jitter=0.25, gap=0.0008, wave=0.0008, turns=40)),
    "moustache": (1800, Growth(0.008, 0.5, 0.2, steps=5, clump=0.1, jitter=0.2, gap=0.0008)),
    "goatee": (3200, Growth(0.012, 0.6, 0.2, steps=5, clump=0.1, jitter=0.25, gap=0.0008)),
}


def _beard(beard: str, skull: Skull, mouth: Points, rng: np.random.Generator) -> Strands:
    count, growth = _BEARDS[beard]
    start = roots(skull, beard_area(skull, mouth, beard), count, rng)
    lengths = growth.length * rng.uniform(0.6, 1.2, count)
    down: Comb = lambda points, normals: np.tile([0.0, 0.0, -0.5], (len(points), 1))  # noqa: E731
    return Strands(grow(start, lengths, replace(growth, stiffness=0.2), down, skull, rng), (0.00012, 0.00006))
