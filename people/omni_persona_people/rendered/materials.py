"""Blender materials: skin, hair, cloth, eyes and so on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from omni_persona_people.rendered.looks import ANCESTRIES, Identity
from omni_persona_people.rendered.makehuman import MakeHuman
from omni_persona_people.rendered.shots import COLOURS, Garment

# Factors for MakeHuman's skins, which look chalky (asian) and too red (african) in our light.
_TINTS = {"african": (0.98, 1.0, 0.98), "asian": (0.90, 0.80, 0.68), "caucasian": (0.98, 0.93, 0.88)}
GREY_HAIR = np.array([0.13, 0.128, 0.125])
"""Linear RGB of hair without pigment: a brighter colour looks platinum."""


def new(name: str) -> tuple[Any, Any, Any, Any]:
    """A new material with its nodes, its links and its principled shader."""
    import bpy

    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes = made.node_tree.nodes
    return made, nodes, made.node_tree.links, nodes["Principled BSDF"]


def image(nodes: Any, path: Path) -> Any:
    """A node with the colours of an image file."""
    import bpy

    node = nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.load(str(path), check_existing=True)
    node.interpolation = "Cubic"
    return node


def mixed(nodes: Any, links: Any, kind: str, share: Any, first: Any, second: Any) -> Any:
    """The output of a node that blends two colours; share, first and second are sockets or values."""
    node = nodes.new("ShaderNodeMix")
    node.data_type, node.blend_type, node.clamp_factor = "RGBA", kind, True
    for socket, value in ((0, share), (6, first), (7, second)):
        if hasattr(value, "links"):
            links.new(value, node.inputs[socket])
        else:
            node.inputs[socket].default_value = value if socket == 0 else (*value, 1)
    return node.outputs[2]


def ranged(nodes: Any, links: Any, value: Any, low: float, high: float, to: tuple[float, float] = (0, 1)) -> Any:
    """The output of a node that maps `low..high` smoothly to `to`, and clamps to it."""
    node = nodes.new("ShaderNodeMapRange")
    node.interpolation_type = "SMOOTHSTEP"
    for socket, number in ((1, low), (2, high), (3, to[0]), (4, to[1])):
        node.inputs[socket].default_value = number
    links.new(value, node.inputs[0])
    return node.outputs[0]


def noise(nodes: Any, links: Any, scale: float, kind: str = "ShaderNodeTexNoise") -> Any:
    """A noise pattern in object coordinates, so that it stays in place when the body moves."""
    node, place = nodes.new(kind), nodes.new("ShaderNodeTexCoord")
    node.inputs["Scale"].default_value = scale
    links.new(place.outputs["Object"], node.inputs["Vector"])
    return node.outputs[0]


def ages(age: int) -> list[tuple[str, float]]:
    """The two nearest ages of MakeHuman's skins, and their shares."""
    stages = (("young", 28), ("middleage", 48), ("old", 70))
    for (younger, low), (older, high) in pairwise(stages):
        if age <= high:
            share = float(np.clip((age - low) / (high - low), 0, 1))
            return [(younger, 1 - share), (older, share)]
    return [("old", 1.0)]


def skin(identity: Identity, human: MakeHuman) -> Any:
    """A blend of the skins of the two nearest ages and of all ancestries, with pores, blotches and freckles.

    The mesh attribute `scalp` (0 to 1) adds the colour of hair shining through, and `beard` that of shaven skin.
    """
    made, nodes, links, shader = new("skin")
    colour: Any = None
    total = 0.0
    for (stage, part), (ancestry, share) in (
        (age, pair) for age in ages(identity.age) for pair in zip(ANCESTRIES, identity.ancestry, strict=True)
    ):
        weight = part * share
        if weight < 0.02:
            continue
        texture = image(nodes, human.texture(f"skins/{stage}_{ancestry}_{identity.gender}")).outputs[0]
        tint = [value * identity.tone for value in _TINTS[ancestry]]
        tinted = mixed(nodes, links, "MULTIPLY", 1.0, texture, tint)
        total += weight
        colour = tinted if colour is None else mixed(nodes, links, "MIX", weight / total, colour, tinted)
    blotches = ranged(nodes, links, noise(nodes, links, 30.0), 0.5, 0.75, (0, 0.18))
    colour = mixed(nodes, links, "MULTIPLY", blotches, colour, (1.0, 0.78, 0.74))
    if identity.freckles:
        dots = ranged(nodes, links, noise(nodes, links, 260.0, "ShaderNodeTexVoronoi"), 0.1, 0.32, (0.45, 0))
        where = ranged(nodes, links, noise(nodes, links, 45.0), 0.4, 0.6, (0, identity.freckles))
        both = nodes.new("ShaderNodeMath")
        both.operation = "MULTIPLY"
        links.new(dots, both.inputs[0])
        links.new(where, both.inputs[1])
        colour = mixed(nodes, links, "MULTIPLY", both.outputs[0], colour, (0.5, 0.3, 0.2))
    roots = (hair_rgb(identity) * 0.6 + 0.01).tolist()
    for attribute in ("scalp", "beard"):
        mask = nodes.new("ShaderNodeAttribute")
        mask.attribute_name = attribute
        colour = mixed(nodes, links, "MIX", mask.outputs["Fac"], colour, roots)
    links.new(colour, shader.inputs["Base Color"])
    dark = identity.ancestry[0]
    shader.inputs["Subsurface Weight"].default_value = 0.28 - 0.18 * dark
    shader.inputs["Subsurface Radius"].default_value = (1, 0.4, 0.25)
    shader.inputs["Subsurface Scale"].default_value = 0.004
    links.new(ranged(nodes, links, noise(nodes, links, 60.0), 0, 1, (0.42, 0.62)), shader.inputs["Roughness"])
    shader.inputs["Specular IOR Level"].default_value = 0.35
    bump = nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = 0.25 + 0.005 * max(identity.age - 30, 0)
    bump.inputs["Distance"].default_value = 0.0005
    links.new(noise(nodes, links, 320.0), bump.inputs["Height"])
    links.new(bump.outputs[0], shader.inputs["Normal"])
    return made


def hair_rgb(identity: Identity) -> np.ndarray:
    """Approximate colour of the hair, linear RGB."""
    light = (1 - identity.melanin) ** 1.3
    pigment = np.array([0.012, 0.008, 0.006]) + light * np.array([0.62, 0.40, 0.20])
    pigment = pigment * (1 - identity.redness * np.array([-0.15, 0.35, 0.6]) * (identity.redness > 0.5))
    return np.asarray(pigment * (1 - identity.grey) + GREY_HAIR * identity.grey)


def hair(identity: Identity) -> Any:
    """A material for strands in the identity's colour."""
    made, nodes, links, shader = new("hair")
    nodes.remove(shader)
    strands = nodes.new("ShaderNodeBsdfHairPrincipled")
    # The first setting determines which others can be set.
    strands.parametrization = "COLOR" if identity.grey else "MELANIN"
    if identity.grey:
        strands.inputs["Color"].default_value = (*hair_rgb(identity), 1)
    else:
        strands.inputs["Melanin"].default_value = identity.melanin
        strands.inputs["Melanin Redness"].default_value = identity.redness
        strands.inputs["Random Color"].default_value = 0.25
    strands.inputs["Roughness"].default_value = 0.38
    strands.inputs["Radial Roughness"].default_value = 0.5
    strands.inputs["Random Roughness"].default_value = 0.2
    links.new(strands.outputs[0], nodes["Material Output"].inputs[0])
    return made


def cut_out(name: str, path: Path, colour: Sequence[float]) -> Any:
    """One colour with a texture's transparency: for brows and lashes."""
    made, nodes, links, shader = new(name)
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = 0.6
    shader.inputs["Specular IOR Level"].default_value = 0.1
    links.new(image(nodes, path).outputs[1], shader.inputs["Alpha"])
    return made


def textured(name: str, path: Path, roughness: float, specular: float, brightness: float = 1.0) -> Any:
    """A texture's colours and transparency."""
    made, nodes, links, shader = new(name)
    picture = image(nodes, path)
    links.new(mixed(nodes, links, "MULTIPLY", 1.0, picture.outputs[0], (brightness,) * 3), shader.inputs["Base Color"])
    links.new(picture.outputs[1], shader.inputs["Alpha"])
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Specular IOR Level"].default_value = specular
    return made


def plain(name: str, colour: Sequence[float], roughness: float, metallic: float = 0.0) -> Any:
    """A single colour."""
    made, _, _, shader = new(name)
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Metallic"].default_value = metallic
    return made


@dataclass(frozen=True)
class Dye:
    """How a garment's texture gets another colour. Brightness and saturation refer to linear colours, 0 to 1."""

    proxy: str
    by: str
    """The property that selects the cloth to dye: `value`, `saturation`, or empty to dye everything."""
    edges: tuple[float, float]
    """Range over which the effect rises from none to full; it falls if the first value is the larger."""
    full: float
    """Brightness of the texture at which the dye has its exact colour; 0 if the texture only shades it."""


DYES = {
    "crew": Dye("clothes/male_casualsuit06", "", (0, 0), 0),
    "v-neck": Dye("clothes/female_sportsuit01", "", (0, 0), 0),
    "sweatshirt": Dye("clothes/male_casualsuit04", "value", (0.75, 0.5), 0.35),
    "shirt": Dye("clothes/male_casualsuit01", "", (0, 0), 0.17),
    "striped": Dye("clothes/male_casualsuit03", "value", (0.05, 0.15), 0.4),
    "jacket": Dye("clothes/male_casualsuit05", "saturation", (0.5, 0.35), 0.07),
    "suit": Dye("clothes/male_elegantsuit01", "value", (0.12, 0.05), 0.03),
    "dungarees": Dye("clothes/male_worksuit01", "saturation", (0.2, 0.4), 0.6),
}
"""Kind of garment -> its mesh and dye."""


def cloth(garment: Garment, human: MakeHuman) -> Any:
    """A garment's texture with its colour replaced; folds and seams remain visible."""
    dye = DYES[garment.kind]
    path = human.texture(dye.proxy)
    made, nodes, links, shader = new("cloth")
    if not dye.full:
        path = path.with_name(path.name.replace("diffuse", "ao"))
    texture = image(nodes, path).outputs[0]
    split = nodes.new("ShaderNodeSeparateColor")
    split.mode = "HSV"
    links.new(texture, split.inputs[0])
    shade = nodes.new("ShaderNodeCombineColor")
    bright = ranged(nodes, links, split.outputs[2], 0.0, dye.full or 1.0, (0.2, 0.75))
    for socket in range(3):
        links.new(bright, shade.inputs[socket])
    colour = mixed(nodes, links, "MULTIPLY", 1.0, shade.outputs[0], COLOURS[garment.colour])
    if dye.by:
        low, high = sorted(dye.edges)
        to = (0, 1) if dye.edges[0] < dye.edges[1] else (1, 0)
        share = ranged(nodes, links, split.outputs[2 if dye.by == "value" else 1], low, high, to)
        grey = nodes.new("ShaderNodeHueSaturation")
        grey.inputs["Saturation"].default_value = 0.0
        links.new(texture, grey.inputs["Color"])
        colour = mixed(nodes, links, "MIX", share, grey.outputs[0], colour)
    links.new(colour, shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = 0.85
    shader.inputs["Specular IOR Level"].default_value = 0.1
    return made
