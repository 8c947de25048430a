"""Camera, lights, backdrop, and render settings."""

from __future__ import annotations

import colorsys
import math
from pathlib import Path
from typing import Any

import numpy as np

from omni_persona_people.rendered import materials
from omni_persona_people.rendered.body import Marks, add_mesh
from omni_persona_people.rendered.shots import Shot

_FAR = 1.15
"""Distance from the camera to the head in metres."""
_SPAN = 0.37
"""Width of the picture at the head in metres, at zoom 1."""


def light(shot: Shot, marks: Marks) -> None:
    """Add camera, lights, world and backdrop for a shot."""
    import bpy
    from mathutils import Vector

    eyes = marks.eyes.mean(axis=0)
    target = Vector((shot.shift[0], eyes[1] + 0.07, eyes[2] - 0.03 + shot.shift[1]))
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    camera.location = target + _direction(shot.yaw, shot.pitch) * _FAR
    facing = (target - camera.location).to_track_quat("-Z", "Y").to_euler()
    camera.rotation_euler = facing
    camera.rotation_euler.rotate_axis("Z", math.radians(shot.roll))
    camera.data.angle = 2 * math.atan(_SPAN / shot.zoom / 2 / _FAR)
    camera.data.dof.use_dof = True
    camera.data.dof.focus_distance, camera.data.dof.aperture_fstop = _FAR - 0.1, 5.6
    first, second = _shades(shot)
    _add_backdrop(shot, target + (target - camera.location).normalized() * 1.6, facing, first, second)
    azimuth, height = shot.light
    _add_light(target, azimuth, height, 28, shot.softness, _warmth(shot.warmth))
    _add_light(target, -azimuth, 10, 15 * shot.fill, 1.8, (1.0, 1.0, 1.0))
    _add_light(target, 180 + azimuth * 0.5, 35, 9, 0.8, (1.0, 0.97, 0.92))
    world = bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs[0].default_value = (*(np.array(second) * 0.4 + 0.5), 1)
    background.inputs[1].default_value = 0.4


def _direction(azimuth: float, height: float) -> Any:
    from mathutils import Vector

    a, h = math.radians(azimuth), math.radians(height)
    return Vector((math.sin(a) * math.cos(h), -math.cos(a) * math.cos(h), math.sin(h)))


def _warmth(warmth: float) -> tuple[float, float, float]:
    if warmth > 0:
        return 1.0, 0.95 - 0.09 * warmth, 0.88 - 0.2 * warmth
    return 0.95 + 0.07 * warmth, 0.97, 1.0


def _add_light(
    target: Any, azimuth: float, height: float, power: float, size: float, colour: tuple[float, float, float]
) -> None:
    import bpy

    lamp = bpy.data.lights.new("light", "AREA")
    lamp.shape, lamp.energy, lamp.size, lamp.color = "DISK", power, size, colour
    made = bpy.data.objects.new("light", lamp)
    made.location = target + _direction(azimuth, height) * 1.6
    made.rotation_euler = (target - made.location).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(made)


Colour = tuple[float, float, float]


def _shades(shot: Shot) -> tuple[Colour, Colour]:
    saturation, value = shot.shade
    first = colorsys.hsv_to_rgb(shot.hue, 0.08 + 0.4 * saturation, 0.12 + 0.6 * value)
    second = colorsys.hsv_to_rgb((shot.hue + 0.08) % 1, 0.05 + 0.3 * saturation, 0.06 + 0.4 * value)
    return first, second


def _add_backdrop(shot: Shot, place: Any, facing: Any, first: Colour, second: Colour) -> None:
    corners = np.array([[-2, -2, 0], [2, -2, 0], [2, 2, 0], [-2, 2, 0]], dtype=float)
    made, nodes, links, shader = materials.new("backdrop")
    nodes.remove(shader)
    emission = nodes.new("ShaderNodeEmission")
    emission.inputs[1].default_value = 0.55
    links.new(_pattern(shot, nodes, links, first, second), emission.inputs[0])
    links.new(emission.outputs[0], nodes["Material Output"].inputs[0])
    wall = add_mesh("backdrop", corners, [[0, 1, 2, 3]], made, smooth=False)
    wall.location, wall.rotation_euler = place, facing


def _pattern(shot: Shot, nodes: Any, links: Any, first: Colour, second: Colour) -> Any:
    """The backdrop's colour: blurs, a gradient, bricks, panels, or a bright window next to the head."""
    place = nodes.new("ShaderNodeTexCoord").outputs["Object"]
    if shot.backdrop == "blurred":
        texture = nodes.new("ShaderNodeTexNoise")
        texture.inputs["Scale"].default_value = 1.0 + 3 * shot.hue
        links.new(place, texture.inputs["Vector"])
        return materials.mixed(
            nodes, links, "MIX", materials.ranged(nodes, links, texture.outputs[0], 0.35, 0.65), first, second
        )
    if shot.backdrop == "bricks":
        texture = nodes.new("ShaderNodeTexBrick")
        texture.inputs["Scale"].default_value = 2.5
        texture.inputs["Color1"].default_value = (*first, 1)
        texture.inputs["Color2"].default_value = (*(value * 0.85 for value in first), 1)
        texture.inputs["Mortar"].default_value = (*second, 1)
        links.new(place, texture.inputs["Vector"])
        return texture.outputs[0]
    split = nodes.new("ShaderNodeSeparateXYZ")
    links.new(place, split.inputs[0])
    if shot.backdrop == "gradient":
        share = materials.ranged(nodes, links, split.outputs[1], -0.5, 0.5)
        return materials.mixed(nodes, links, "MIX", share, second, first)
    if shot.backdrop == "panels":
        wave = nodes.new("ShaderNodeTexWave")
        wave.inputs["Scale"].default_value = 0.6 + shot.hue
        links.new(place, wave.inputs["Vector"])
        share = materials.ranged(nodes, links, wave.outputs[1], 0.02, 0.10)
        return materials.mixed(nodes, links, "MIX", share, second, first)
    edge = 0.1 + 0.2 * shot.shade[0]
    across = materials.ranged(nodes, links, split.outputs[0], edge - 0.06, edge + 0.06)
    bright = tuple(min(1.0, 0.55 + 0.5 * value) for value in first)
    return materials.mixed(nodes, links, "MIX", across, second, bright)


def expose(shot: Shot, size: int, samples: int, threads: int, out: Path) -> None:
    """Render the scene to a PNG."""
    import bpy

    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device, cycles.samples, cycles.seed = "CPU", samples, shot.seed % 2**31
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.use_adaptive_sampling = False
    cycles.max_bounces, cycles.transparent_max_bounces = 4, 8
    cycles.diffuse_bounces, cycles.glossy_bounces, cycles.transmission_bounces = 2, 2, 3
    cycles.caustics_reflective = cycles.caustics_refractive = False
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Medium High Contrast"
    scene.view_settings.exposure = shot.exposure + 0.05
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(out)
    bpy.ops.render.render(write_still=True)
