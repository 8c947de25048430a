"""Convert an identity to the weights of MakeHuman's targets."""

from __future__ import annotations

import re
from itertools import product

import numpy as np

from omni_persona_people.rendered.looks import ANCESTRIES, Identity
from omni_persona_people.rendered.makehuman import MakeHuman

_SPREAD = {
    "nose": 0.22,
    "mouth": 0.17,
    "chin": 0.18,
    "cheek": 0.18,
    "forehead": 0.17,
    "eyes": 0.15,
    "ears": 0.17,
    "head": 0.17,
    "eyebrows": 0.13,
}
"""Standard deviation of a feature by folder. With larger ones, people are easy to distinguish but few look real."""
_ASYMMETRY = 0.09
# Left out: these make faces look hurt, angry or not human.
_LEFT_OUT = re.compile(
    "trans-in|trans-out|jaw-drop|pointed|head-trans|head-age|nubian|nose-trans|head-angle|mouth-angles|prognathism|"
    "eyebrows-angle|eye-corner|eyefold-angle|eye-trans|eye-push|mouth-trans|eye-height|cleft|upperlip-ext|lowerlip-ext"
)
_DIRECTION = re.compile("-(incr|decr|up|down|in|out|concave|convex|forward|backward|compress|uncompress)$")
# Head shapes that exclude each other: at most one is used.
_HEADS = ("head-oval", "head-round", "head-rectangular", "head-square", "head-triangular", "head-diamond")


# MakeHuman's neutral faces look stern, with narrow eyes, so everybody's eyes are opened a little.
_FRIENDLY = {
    "eyebrows/eyebrows-angle-up": 0.45,
    **{f"eyes/{side}-eye-scale-incr": 0.22 for side in "lr"},
    **{f"eyes/{side}-eye-height2-incr": 0.35 for side in "lr"},
}


def old_share(age: int) -> float:
    """Position of an age between MakeHuman's young adult (25) and its oldest (90), 0 to 1."""
    return float(np.clip((age - 25) / 65, 0, 1))


def target_weights(identity: Identity, human: MakeHuman) -> dict[str, float]:
    """Target -> weight. The same identity gives the same face."""
    rng = np.random.default_rng(identity.seed)
    weights = {**_body(identity), **_features(human, rng), **_asymmetry(human, rng)}
    for name, strength in _FRIENDLY.items():
        weights[name] = weights.get(name, 0) + strength
    return weights


def _body(identity: Identity) -> dict[str, float]:
    """Weights for the whole body: ancestry, age, weight and muscle."""
    old, weights = old_share(identity.age), {}
    ages = (("young", 1 - old), ("old", old))
    for name, share in zip(ANCESTRIES, identity.ancestry, strict=True):
        for age, part in ages:
            weights[f"macrodetails/{name}-{identity.gender}-{age}"] = share * part
    muscles = _between(identity.muscle, "minmuscle", "averagemuscle", "maxmuscle")
    sizes = _between(identity.weight, "minweight", "averageweight", "maxweight")
    for (age, a), (muscle, m), (size, s) in product(ages, muscles, sizes):
        weights[f"macrodetails/universal-{identity.gender}-{age}-{muscle}-{size}"] = a * m * s
    aged = (identity.age - 36) / 44
    weights["head/head-age-incr" if aged > 0 else "head/head-age-decr"] = abs(aged) * (0.75 if aged > 0 else 0.5)
    return weights


def _between(value: float, low: str, middle: str, high: str) -> tuple[tuple[str, float], tuple[str, float]]:
    return (middle, 1 - abs(value)), (high if value > 0 else low, abs(value))


def _features(human: MakeHuman, rng: np.random.Generator) -> dict[str, float]:
    """Weights for nose, mouth, chin and so on; left and right nearly alike."""
    weights: dict[str, float] = {}
    for folder, spread in _SPREAD.items():
        directions: dict[str, set[str]] = {}
        for name in human.target_names(folder):
            if not _LEFT_OUT.search(name) and name not in _HEADS:
                plain = re.sub("^[lr]-", "", name)
                directions.setdefault(_DIRECTION.sub("", plain), set()).add(plain)
        for either in directions.values():
            strength = float(np.clip(rng.normal(0, spread), -2.2 * spread, 2.2 * spread))
            ways = sorted(either)
            chosen = ways[0] if strength > 0 or len(ways) == 1 else ways[1]
            for side in ("l-", "r-") if folder in ("cheek", "eyes", "ears") else ("",):
                weights[f"{folder}/{side}{chosen}"] = abs(strength) * float(rng.uniform(0.92, 1.08))
    weights[f"head/{_HEADS[int(rng.integers(len(_HEADS)))]}"] = float(rng.uniform(0, 0.3))
    return weights


def _asymmetry(human: MakeHuman, rng: np.random.Generator) -> dict[str, float]:
    names = sorted({name[:-2] for name in human.target_names("asym") if not re.search("breast|trunk", name)})
    sides = rng.choice(["l", "r"], len(names))
    strengths = np.abs(rng.normal(0, _ASYMMETRY, len(names)))
    return {f"asym/{name}-{side}": float(x) for name, side, x in zip(names, sides, strengths, strict=True)}
