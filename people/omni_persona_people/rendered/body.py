"""Add a person to Blender's scene: body, eyes, brows, teeth, clothes, glasses, hair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona_people.rendered import hair, materials
from omni_persona_people.rendered.looks import FRAME_COLOURS, Identity
from omni_persona_people.rendered.makehuman import BODY_POINTS, LEFT_EYE, MOUTH, RIGHT_EYE, MakeHuman, Points
from omni_persona_people.rendered.shape import target_weights
from omni_persona_people.rendered.shots import EXPRESSIONS, Shot
from omni_persona_people.rendered.strands import Skull


@dataclass(frozen=True)
class Marks:
    """Positions in the scene, in metres."""

    eyes: Points
    """Left and right eye, shape (2, 3)."""
    top: float
    """Height of the crown."""


def placed(points: Points) -> Points:
    """Convert MakeHuman's coordinates (decimetres, Y up) to Blender's (metres, Z up, facing -Y)."""
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1) * 0.1


def add_person(identity: Identity, shot: Shot, human: MakeHuman) -> Marks:
    """Add everything that belongs to a person; the scene should be empty."""
    shape = target_weights(identity, human)
    at_rest = human.shape(shape)
    points = human.shape(_together(shape, EXPRESSIONS[shot.expression]))
    marks = Marks(
        np.stack([placed(points[eye]).mean(axis=0) for eye in (LEFT_EYE, RIGHT_EYE)]),
        float(placed(points[:BODY_POINTS])[:, 2].max()),
    )
    skull = _skull(points, human, marks)
    mouth = placed(at_rest[MOUTH]).mean(axis=0)
    _add_body(identity, shot, points, human, skull, mouth)
    _add_eyes(identity, shot, points, human, marks)
    brows = materials.hair_rgb(identity) * (0.55 if identity.grey < 0.5 else 0.8) + 0.003
    for name, colour in (
        (f"eyebrows/{identity.brow}", brows.tolist()),
        ("eyelashes/eyelashes02", (0.01, 0.008, 0.006)),
    ):
        _add_proxy(name, points, human, materials.cut_out(name, human.texture(name), colour))
    teeth = materials.textured("teeth", human.texture("teeth/Teeth_Base"), 0.3, 0.3, brightness=1.6)
    _add_proxy("teeth/Teeth_Base", points, human, teeth)
    dye = materials.DYES[shot.garment.kind]
    _add_proxy(dye.proxy, points, human, materials.cloth(shot.garment, human))
    if identity.glasses:
        _add_glasses(*identity.glasses, marks, skull)
    for number, grown in enumerate(hair.strands(identity, skull, mouth)):
        _add_strands(f"hair {number}", grown, materials.hair(identity))
    return marks


def _together(first: dict[str, float], second: dict[str, float]) -> dict[str, float]:
    return {name: first.get(name, 0) + second.get(name, 0) for name in {**first, **second}}


def _skull(points: Points, human: MakeHuman, marks: Marks) -> Skull:
    surface = placed(points[:BODY_POINTS])
    faces = np.array(human.base[2])
    triangles = np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])
    corners = surface[triangles]
    corners = corners[corners[:, :, 2].min(axis=1) > marks.top - 0.42]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(normals, axis=1, keepdims=True)
    kept = size[:, 0] > 1e-12
    return Skull(corners[kept], normals[kept] / size[kept], marks.eyes.mean(axis=0), marks.top)


def add_mesh(name: str, points: Points, faces: Sequence[Sequence[int]], material: Any, smooth: bool = True) -> Any:
    """Add a mesh object; points in Blender's metres."""
    import bpy

    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points.tolist(), [], [list(face) for face in faces])
    mesh.polygons.foreach_set("use_smooth", [smooth] * len(faces))
    mesh.materials.append(material)
    made = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(made)
    return made


def _set_uv(made: Any, uv: Points, uv_faces: Sequence[Sequence[int]]) -> None:
    layer = made.data.uv_layers.new()
    layer.data.foreach_set("uv", np.concatenate([uv[face].ravel() for face in uv_faces]).astype(np.float32))


def _add_proxy(name: str, points: Points, human: MakeHuman, material: Any) -> Any:
    proxy = human.proxy(name)
    made = add_mesh(name, placed(proxy.fitted(points)), proxy.faces, material)
    _set_uv(made, proxy.uv, proxy.uv_faces)
    return made


def _add_body(identity: Identity, shot: Shot, points: Points, human: MakeHuman, skull: Skull, mouth: Points) -> None:
    _, uv, faces, uv_faces = human.base
    hidden = human.proxy(materials.DYES[shot.garment.kind].proxy).hidden
    kept = [number for number, face in enumerate(faces) if not hidden[face].all()]
    surface = placed(points[:BODY_POINTS])
    made = add_mesh("body", surface, [faces[number] for number in kept], materials.skin(identity, human))
    _set_uv(made, uv, [uv_faces[number] for number in kept])
    smooth = made.modifiers.new("smooth", "SUBSURF")
    smooth.levels = smooth.render_levels = 1
    covers = {"buzz": 0.55, "bald": 0.12, "receding": 0.35, "fringe": 0.3}
    masks = {"scalp": (_nearest(surface, skull, hair.hairline(skull, identity.hair)), covers.get(identity.hair, 0.85))}
    if identity.beard:
        strength = {"stubble": 0.28, "short": 0.4, "full": 0.5, "moustache": 0.3, "goatee": 0.35}[identity.beard]
        masks["beard"] = (_nearest(surface, skull, hair.beard_area(skull, mouth, identity.beard)), strength)
    for name, (mask, strength) in masks.items():
        made.data.attributes.new(name, "FLOAT", "POINT").data.foreach_set("value", (mask * strength).astype(np.float32))


def _nearest(surface: Points, skull: Skull, density: NDArray[np.float64]) -> NDArray[np.float64]:
    """Transfer densities from triangles to the points of the body."""
    from scipy.spatial import cKDTree

    away, nearest = cKDTree(skull.centres).query(surface, k=4)
    values = density[nearest].mean(axis=1)
    return np.where(away[:, 0] < 0.02, values, 0.0)


def _add_eyes(identity: Identity, shot: Shot, points: Points, human: MakeHuman, marks: Marks) -> None:
    path = human.data / "proxies/eyes/HighPolyEyes/textures" / f"{identity.eyes}_eye.png"
    made = _add_proxy("eyes/HighPolyEyes", points, human, materials.textured("eyes", path, 0.12, 0.35, brightness=0.8))
    flat = np.empty(len(made.data.vertices) * 3, np.float32)
    made.data.vertices.foreach_get("co", flat)
    places = flat.reshape(-1, 3)
    # The eyes follow the camera most of the way.
    turn = math.radians(shot.yaw) * 0.75 + shot.gaze[0]
    tilt = -(math.radians(shot.pitch) * 0.6 + shot.gaze[1])
    rotation = np.array([[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0], [0, 0, 1]]) @ (
        np.array([[1, 0, 0], [0, math.cos(tilt), -math.sin(tilt)], [0, math.sin(tilt), math.cos(tilt)]])
    )
    for centre, side in zip(marks.eyes, (1, -1), strict=True):
        one = places[:, 0] * side > 0
        places[one] = (places[one] - centre) @ rotation.T + centre
    made.data.vertices.foreach_set("co", places.ravel())


def _add_strands(name: str, grown: hair.Strands, material: Any) -> None:
    import bpy

    count, points, _ = grown.points.shape
    curves = bpy.data.hair_curves.new(name)
    curves.add_curves([points] * count)
    curves.attributes["position"].data.foreach_set("vector", grown.points.reshape(-1).astype(np.float32))
    radius = curves.attributes.get("radius") or curves.attributes.new("radius", "FLOAT", "POINT")
    radius.data.foreach_set("value", np.tile(np.linspace(*grown.thick, points), count).astype(np.float32))
    curves.materials.append(material)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new(name, curves))


_RIMS = {"round": (0.0215, 0.0215, 2.0), "oval": (0.0245, 0.018, 2.3), "square": (0.0245, 0.0172, 4.5)}
"""Half width and half height in metres, and the exponent of a superellipse."""


def _add_glasses(frame: str, colour: str, marks: Marks, skull: Skull) -> None:
    """Add two rims, a bridge and two temples, modelled by us."""
    wide, high, power = _RIMS[frame]
    spread = np.abs(marks.eyes[:, 0]).mean() + 0.001
    middle = marks.eyes.mean(axis=0)
    front = _front(skull, middle, spread) - 0.006
    angle = np.linspace(0, 2 * np.pi, 49)
    x = wide * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** (2 / power)
    z = high * np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** (2 / power)
    height = middle[2] - 0.003
    paths = []
    for side in (-1, 1):
        rim = np.stack([side * spread + x, front + 0.10 * np.abs(x + side * 0) * (x * side > 0), height + z], axis=1)
        paths.append(rim)
        hinge = np.array([side * (spread + wide), front + 0.10 * wide, height + 0.004])
        ear = np.array([side * _half_width(skull), middle[1] + 0.085, height - 0.002])
        behind = [hinge * [1.02, 1, 1] + [0, 0.012, 0], ear, ear + np.array([0, 0.02, -0.02])]
        paths.append(np.stack([hinge, *behind]))
    gap = spread - wide
    bend = np.linspace(-1, 1, 9)
    arch = height + 0.004 + 0.003 * (1 - bend**2)
    paths.append(np.stack([gap * bend, np.full(9, front - 0.001), arch], axis=1))
    metallic = 1.0 if "gold" in colour else 0.0
    material = materials.plain("glasses", FRAME_COLOURS[colour], 0.3, metallic)
    _add_wires(paths, 0.0008 if metallic else 0.0016, material)


def _front(skull: Skull, middle: Points, spread: float) -> float:
    """The foremost skin near the eyes; rims are placed in front of it."""
    away = skull.centres - middle
    near = (np.abs(np.abs(away[:, 0]) - spread) < 0.022) & (np.abs(away[:, 2]) < 0.016)
    return float(skull.centres[near, 1].min())


def _half_width(skull: Skull) -> float:
    x, y, z = skull.places(skull.centres)
    return float(np.quantile(x[(y > 0.06) & (y < 0.09) & (np.abs(z) < 0.2)], 0.5)) + 0.004


def _add_wires(paths: Sequence[Points], radius: float, material: Any) -> None:
    import bpy

    for path in paths:
        curve = bpy.data.curves.new("wire", "CURVE")
        curve.dimensions, curve.bevel_depth, curve.bevel_resolution = "3D", radius, 2
        spline = curve.splines.new("POLY")
        spline.points.add(len(path) - 1)
        spline.points.foreach_set("co", np.hstack([path, np.ones((len(path), 1))]).ravel())
        curve.materials.append(material)
        bpy.context.scene.collection.objects.link(bpy.data.objects.new("wire", curve))
