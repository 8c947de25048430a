"""Grow strands of hair on a head: roots, directions and fall, without a renderer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Points = NDArray[np.float64]
Comb = Callable[[Points, Points], Points]
"""(points, normals) -> the direction in which hair is combed there, all of shape (n, 3)."""


@dataclass(frozen=True)
class Skull:
    """The surface that hair grows from and lies on; metres, Z up, facing -Y."""

    corners: Points
    """Triangles, shape (n, 3, 3)."""
    normals: Points
    """Outward normals, shape (n, 3)."""
    eyes: Points
    """The point between the eyes, shape (3,)."""
    top: float
    """Height of the crown."""

    @property
    def centres(self) -> Points:
        """Centres of the triangles, shape (n, 3)."""
        return np.asarray(self.corners.mean(axis=1))

    def places(self, points: Points) -> tuple[Points, Points, Points]:
        """Distances from the midline and behind the eyes (metres); height above the eyes (relative to the crown)."""
        away = points - self.eyes
        return np.abs(away[:, 0]), away[:, 1], away[:, 2] / (self.top - self.eyes[2])


@dataclass(frozen=True)
class Growth:
    """How a kind of hair grows; lengths in metres."""

    length: float
    lift: float
    """How far it stands off at the root, against the combing direction."""
    weight: float
    """Downward pull."""
    stiffness: float = 0.25
    steps: int = 12
    wave: float = 0.0
    """Radius of curls."""
    turns: float = 0.0
    """Curls per metre."""
    clump: float = 0.3
    """How far tips gather in clumps, 0 to 1."""
    jitter: float = 0.1
    volume: float = 0.0
    """Maximum distance from the head; 0 sets no limit."""
    gap: float = 0.0025
    """Minimum distance from the skin."""


def roots(skull: Skull, density: NDArray[np.float64], count: int, rng: np.random.Generator) -> tuple[Points, Points]:
    """Random points on the skull and their normals, both (count, 3); density: of each triangle, 0 to 1."""
    edges = skull.corners[:, 1] - skull.corners[:, 0], skull.corners[:, 2] - skull.corners[:, 0]
    areas = np.linalg.norm(np.cross(*edges), axis=1) * density
    chosen = rng.choice(len(areas), count, p=areas / areas.sum())
    inside = rng.random((count, 2))
    inside[inside.sum(axis=1) > 1] = 1 - inside[inside.sum(axis=1) > 1]
    along, across = edges[0][chosen], edges[1][chosen]
    return skull.corners[chosen, 0] + inside[:, :1] * along + inside[:, 1:] * across, skull.normals[chosen]


def grow(
    start: tuple[Points, Points],
    lengths: NDArray[np.float64],
    growth: Growth,
    comb: Comb,
    skull: Skull,
    rng: np.random.Generator,
    parting: float | None = None,
) -> Points:
    """Strands from their roots, shape (n, steps + 1, 3).

    parting: position of the parting from the midline, for hair long enough to hang; None for shorter hair.
    """
    rooted, normals = start
    tree = cKDTree(skull.centres)
    direction = _unit(normals * growth.lift + comb(rooted, normals) + rng.normal(0, growth.jitter, rooted.shape))
    point, points, step = rooted.copy(), [rooted.copy()], (lengths / growth.steps)[:, None]
    pace = min(1.0, 12 / growth.steps)
    for number in range(growth.steps):
        done = (number + 1) / growth.steps
        fall = growth.weight * (0.4 + 1.2 * done) * pace
        combed = comb(point, normals) * growth.stiffness * max(0.0, 1 - 2 * done) * pace
        direction = _unit(direction + fall * np.array([0, 0, -1.0]) + combed)
        moved = point + direction * step
        moved = _above(moved, tree, skull, growth, done)
        if parting is not None:
            moved = _beside_face(moved, rooted, skull, parting)
        direction, point = _unit(moved - point), moved
        points.append(point.copy())
    strands = np.stack(points, axis=1)
    if growth.wave:
        strands = _curled(strands, normals, lengths, growth, rng)
    return _clumped(strands, rooted, growth, rng) if growth.clump else strands


def _above(points: Points, tree: cKDTree, skull: Skull, growth: Growth, done: float) -> Points:
    """Points pushed out of the head and, for hair with a volume, kept near it."""
    _, nearest = tree.query(points)
    outward = skull.normals[nearest]
    height = ((points - skull.centres[nearest]) * outward).sum(axis=1)
    neck = points[:, 2] < skull.eyes[2] - 0.16
    least = np.where(neck, 0.008, growth.gap * (0.4 + 0.6 * min(1.0, 2 * done)))
    points = points + outward * np.maximum(0, least - height)[:, None]
    if growth.volume:
        extra = np.clip(height - growth.volume * (0.5 + 0.5 * done), 0, 0.03)
        extra = extra * (outward[:, 2] > -0.6) * (points[:, 2] > skull.eyes[2] - 0.13)
        points = points - outward * (extra * 0.7)[:, None]
    return points


def _beside_face(points: Points, rooted: Points, skull: Skull, parting: float) -> Points:
    """Strands moved aside where they would hang over eyes and cheeks."""
    away = points - skull.eyes
    before = (away[:, 1] < 0.06) & (away[:, 2] < 0.085) & (away[:, 2] > -0.26)
    side = np.where(rooted[:, 0] > parting, 1.0, -1.0)
    least = 0.030 + 0.045 * np.clip((0.085 - away[:, 2]) / 0.07, 0, 1)
    short = np.clip(least - points[:, 0] * side, 0, 0.022) * before
    moved = points.copy()
    moved[:, 0] += side * short
    # And moved back a little, behind the cheekbones.
    moved[:, 1] += 0.35 * short
    return moved


def _curled(
    strands: Points, normals: Points, lengths: NDArray[np.float64], growth: Growth, rng: np.random.Generator
) -> Points:
    turn = rng.random((len(strands), 1)) * 2 * np.pi
    along = np.linspace(0, 1, strands.shape[1])[None] * lengths[:, None]
    radius = growth.wave * np.minimum(1, along / 0.02)
    angle = 2 * np.pi * growth.turns * along + turn
    side = _unit(np.cross(normals, [0, 0, 1.0]))
    up = np.cross(side, normals)
    wave = (radius * np.sin(angle))[..., None] * side[:, None] + (radius * np.cos(angle))[..., None] * up[:, None] * 0.7
    return np.asarray(strands + wave)


def _clumped(strands: Points, rooted: Points, growth: Growth, rng: np.random.Generator) -> Points:
    leaders = rng.choice(len(strands), max(8, len(strands) // 40), replace=False)
    _, nearest = cKDTree(rooted[leaders]).query(rooted)
    pull = (np.linspace(0, 1, strands.shape[1]) ** 1.3 * growth.clump)[None, :, None]
    return np.asarray(strands + pull * (strands[leaders[nearest]] - strands))


def _unit(vectors: Points) -> Points:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))
