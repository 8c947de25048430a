"""Attacks without the needed modality, over several seeds: at chance, or the check fails and says which."""

import numpy as np
import pytest
from pool_folder import FIELDS, PoolFolder

from omni_persona_build.checks import check
from omni_persona_build.pipeline import build
from omni_persona_build.recipe import load_recipe

PARTS = ("shortcuts", "query media", "missing")
SEEDS = 5


def _findings(pool, folder):
    built = []
    for seed in range(SEEDS):
        built.append(folder / str(seed) / "omni-persona")
        build(pool, load_recipe("v2_2"), built[-1], seed=seed)
    return {one.check: one for one in check(built[0], only=PARTS, others=built[1:])}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_pool_with_a_fourth_of_its_fields_empty_gives_nobody_away(tmp_path):
    pool = PoolFolder(tmp_path / "pool", 24)
    rng = np.random.default_rng(0)
    for line in pool.lines:
        for field in FIELDS:
            if rng.random() < 0.25:
                del line["profile"][field]
        line["gender"] = "female"
    pool.save()
    found = _findings(pool.folder, tmp_path)
    assert [one for one in found.values() if one.passed is False] == []
