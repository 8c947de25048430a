"""Bounds rule out most pairs of pictures before they are compared; what is found is what comparing every pair finds."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from omni_persona_perception import likeness, picture_views
from omni_persona_perception.likeness import WAYS, near_pictures
from omni_persona_perception.picture_views import unit_rows

SIDE = 32
LIKE_GREY = 0.85
ALL_EDGES = (0.0, 0.01, 0.02, 0.03, 0.045, 0.06)

CHANGES = {
    "noise": lambda picture, amount, rng: picture + amount * 0.5 * rng.normal(size=picture.shape),
    "mirrored": lambda picture, amount, rng: picture[:, ::-1] + amount * 0.5 * rng.normal(size=picture.shape),
    "cropped": lambda picture, amount, rng: _stretched(picture, (amount / 10, amount / 5, amount / 10, amount / 5)),
    "one edge": lambda picture, amount, rng: _stretched(picture, (amount / 6, amount / 6, 0, 0)),
    "tone": lambda picture, amount, rng: picture ** (1 + 2 * amount),
    "one block": lambda picture, amount, rng: _patched(picture, amount, rng),
    "another": lambda picture, amount, rng: rng.random(picture.shape),
    "nothing": lambda picture, amount, rng: np.zeros_like(picture),
}
"""Ways to make a picture of another one; the amount, 0 to 1, spans what is a copy and what is none."""


def _scene(rng):
    coarse = rng.random((6, 6, 3))
    places = np.linspace(0, 5, SIDE)
    tall = np.stack([_interpolated(places, coarse[:, column]) for column in range(6)], axis=1)
    return np.stack([_interpolated(places, row) for row in tall])


def _interpolated(places, values):
    return np.stack([np.interp(places, np.arange(len(values)), channel) for channel in values.T], axis=-1)


def _stretched(picture, crop):
    """A picture without a share of its rows and columns, stretched to its old size; by `numpy.interp` alone."""
    above, high, before, wide = crop
    for start, share in ((above, high), (before, wide)):
        places = np.clip((start + (np.arange(SIDE) + 0.5) / SIDE * (1 - share)) * SIDE - 0.5, 0, SIDE - 1)
        picture = np.stack([_interpolated(places, picture[:, column]) for column in range(SIDE)], axis=0)
    return picture


def _patched(picture, amount, rng):
    changed = picture.copy()
    row, column = rng.integers(0, 28, 2)
    changed[row : row + 4, column : column + 4] += amount
    return changed


@pytest.fixture(scope="module", autouse=True)
def bounds_for_few_pictures_too():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picture_views, "_FEW", 0)
        yield


@st.composite
def prints_of_copies(draw, most=9):
    """Prints of a few scenes and of pictures made from them; shape (n, 3072)."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scenes = [_scene(rng) for _ in range(draw(st.integers(1, 2)))]
    made = [
        CHANGES[draw(st.sampled_from(sorted(CHANGES)))](scenes[rng.integers(len(scenes))], draw(st.floats(0, 1)), rng)
        for _ in range(draw(st.integers(0, most - len(scenes))))
    ]
    return unit_rows(np.clip(np.stack([*scenes, *made]), 0, 2).astype(np.float32))


def _crops(way):
    crops = [(share, 2 * share, share, 2 * share) for share in ALL_EDGES]
    for share in way.one_edge:
        crops.append((share / 2, share, share / 2, share))
        crops += [(0, share, 0, 0), (share, share, 0, 0), (0, 0, 0, share), (0, 0, share, share)]
    return crops


def _closest(way, seen, whole):
    """Correlation with the most similar crop, and how much the block that differs most does; in 64 bits."""
    seen, whole = (way.seen(one).astype(float).reshape(SIDE, SIDE, 3) for one in (seen, whole))
    found = []
    for crop in _crops(way):
        view = _stretched(whole, crop)
        view = (view - view.mean()) / np.linalg.norm(view - view.mean())
        for turned in (seen, seen[:, ::-1]):
            alike = float((turned * view).sum())
            difference = (turned - alike * view) ** 2
            blocks = [difference[r : r + 4, c : c + 4].sum() for r in range(0, SIDE, 4) for c in range(0, SIDE, 4)]
            found.append((alike, max(blocks) * 64))
    return max(found)


def _grey(picture):
    small = picture.astype(float).reshape(16, 2, 16, 2, 3).mean(axis=(1, 3, 4))
    return (small - small.mean()) / max(np.linalg.norm(small - small.mean()), 1e-9)


def _verdict(one, other):
    """Whether two prints are near copies, by the definition and in 64 bits; None if that is too close to tell."""
    alike = max((_grey(one) * _grey(other)).sum(), (_grey(one) * _grey(other)[:, ::-1]).sum())
    margins = [alike - LIKE_GREY]
    if alike < LIKE_GREY:
        return None if abs(margins[0]) < 1e-4 else False
    verdicts = []
    for way in WAYS:
        for seen, whole in ((one, other), (other, one)):
            correlation, changed = _closest(way, seen, whole)
            margins += [correlation - way.least, way.most_changed - changed]
            verdicts.append(correlation >= way.least and changed <= way.most_changed)
    return None if min(map(abs, margins)) < 1e-4 else any(verdicts)


@pytest.mark.slow
@settings(deadline=None, max_examples=15)
@given(prints_of_copies(most=5))
def test_pairs_are_those_of_comparing_every_pair_in_64_bits(prints):
    found = set(near_pictures(prints))
    for one, other in combinations(range(len(prints)), 2):
        verdict = _verdict(prints[one], prints[other])
        assert verdict is None or verdict == ((one, other) in found)


def _greys(prints):
    """The correlation of the quarter prints of each two pictures, of which one may be mirrored."""
    grey = unit_rows(prints.reshape(-1, 16, 2, 16, 2, 3).mean(axis=(2, 4, 5)))
    mirrored = unit_rows(grey.reshape(-1, 16, 16)[:, :, ::-1])
    return {(i, j): max(grey[i] @ grey[j], grey[i] @ mirrored[j]) for i, j in combinations(range(len(prints)), 2)}


def _every_pair(prints, ways, like_grey=LIKE_GREY):
    """The near copies among pictures, each pair compared closely, without any bound."""
    views = [[way.views(one) for way in ways] for one in prints]

    def seen_in(seen, whole):
        return any(way.is_seen(prints[seen], own) for way, own in zip(ways, views[whole], strict=True))

    return [
        (one, other)
        for (one, other), grey in _greys(prints).items()
        if grey >= like_grey and (seen_in(one, other) or seen_in(other, one))
    ]


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(prints_of_copies(), st.data())
def test_bounds_rule_out_no_pair(prints, data):
    pairs = near_pictures(prints)
    assert pairs == _every_pair(prints, WAYS)
    assert near_pictures(prints, lambda one, other: (one + other) % 3 == 0) == [p for p in pairs if sum(p) % 3 == 0]
    changed = data.draw(st.sets(st.integers(0, len(prints) - 1)))
    assert near_pictures(prints, changed=changed) == [pair for pair in pairs if changed & set(pair)]


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(prints_of_copies(), st.sampled_from(WAYS), st.data())
def test_a_pair_exactly_at_the_threshold_is_found_and_one_just_below_is_not(prints, way, data):
    assume(len(prints) > 1)
    one, other = sorted(data.draw(st.lists(st.integers(0, len(prints) - 1), min_size=2, max_size=2, unique=True)))
    likenesses = [_likeness(way, prints[seen], prints[whole]) for seen, whole in ((one, other), (other, one))]
    least = max(likenesses)
    assume(least > 0.9)
    for threshold in (least, np.nextafter(least, np.float32(2)), np.nextafter(least, np.float32(0))):
        ways = (replace(way, least=float(threshold), most_changed=np.inf),)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(likeness, "WAYS", ways)
            found = near_pictures(prints)
        assert found == _every_pair(prints, ways)
        if threshold > least:
            assert (one, other) not in found


@settings(deadline=None, max_examples=15)
@given(prints_of_copies(), st.data())
def test_quarter_prints_exactly_at_their_threshold_are_compared(prints, data):
    pairs = near_pictures(prints)
    assume(pairs)
    pair = data.draw(st.sampled_from(pairs))
    grey = _greys(prints)[pair]
    for threshold in (grey, np.nextafter(grey, np.float32(2))):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(likeness, "_LIKE_GREY", float(threshold))
            found = near_pictures(prints)
        assert found == _every_pair(prints, WAYS, threshold)
        assert (pair in found) == (threshold == grey)


def _likeness(way, seen, whole):
    own = way.seen(seen).reshape(SIDE, SIDE, 3)
    both = np.stack([own.reshape(-1), own[:, ::-1].reshape(-1)])
    return (both @ way.views(whole).T).max()


def test_a_crop_that_shows_nothing_hides_no_copy():
    rng = np.random.default_rng(0)
    framed = np.full((SIDE, SIDE, 3), 0.5)
    framed[0], framed[-1], framed[:, 0] = rng.random((3, SIDE, 3))
    again = framed + 0.01 * rng.normal(size=framed.shape)
    assert near_pictures(unit_rows(np.stack([framed, _scene(rng), again]).astype(np.float32))) == [(0, 2)]


def test_progress_ends_with_all_pictures_and_never_goes_back():
    steps = []
    rng = np.random.default_rng(0)
    prints = unit_rows(np.stack([_scene(rng) for _ in range(5)]).astype(np.float32))
    near_pictures(prints, progress=lambda *now: steps.append(now))
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == ((0, 5), (5, 5))


def test_of_no_picture_and_of_one_there_are_no_pairs():
    assert near_pictures(np.zeros((0, 3072), np.float32)) == []
    assert near_pictures(unit_rows(_scene(np.random.default_rng(0))[None].astype(np.float32))) == []
