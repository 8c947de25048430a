"""Media of one search are told apart only if that search compared them."""

from itertools import combinations

import numpy as np
import pytest
from PIL import Image
from pool_folder import PoolFolder

from omni_persona_build import checks
from omni_persona_build.checks import examine
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import load_recipe
from omni_persona_people.near_copies import SEARCHED, told_apart
from omni_persona_people.pool import read_pool
from omni_persona_people.pool_cache import PoolCache


@pytest.fixture
def pool(tmp_path):
    return PoolFolder(tmp_path / "people", 12)


def test_those_of_one_use_of_one_person_are_not_compared(pool):
    people = read_pool(pool.folder, cache=PoolCache(pool.folder))
    rows = PoolCache(pool.folder).known(SEARCHED)
    uses = {
        medium.digest: (person.persona_id, asks)
        for person in people
        for asks, media in ((False, [*person.pictures, *person.clips]), (True, person.query_pictures))
        for medium in media
    }
    for one, other in combinations(uses, 2):
        assert told_apart(rows[one], rows[other]) == told_apart(rows[other], rows[one]) == (uses[one] != uses[other])


def test_those_of_two_searches_are_not_compared(pool):
    read_pool(pool.folder, cache=PoolCache(pool.folder))
    before = PoolCache(pool.folder).known(SEARCHED)
    target = pool.folder / "media/p0/i0.png"
    noise = np.random.default_rng(9).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(target)
    people = read_pool(pool.folder, cache=PoolCache(pool.folder))
    after = PoolCache(pool.folder).known(SEARCHED)
    one, other = people[0].pictures[0].digest, people[1].pictures[0].digest
    assert one not in before
    assert told_apart(after[one], after[other])
    assert not told_apart(after[one], before[other])
    assert not told_apart(None, after[other])
    assert not told_apart(after[one][:3], after[other])


@pytest.mark.slow
def test_near_copies_that_no_search_of_the_pool_compared_are_found(pool, tmp_path, monkeypatch):
    out = tmp_path / "omni-persona"
    build(pool.folder, load_recipe("tiny"), out)
    compared: list[int] = []
    real = checks.media.near_pictures

    def counted(prints, wanted):
        compared.append(len(prints))
        return real(prints, wanted)

    monkeypatch.setattr(checks.media, "near_pictures", counted)
    known = PoolCache(pool.folder)
    findings = {one.check: one for one in examine(out, known=known)[0]}
    assert (findings["near copies"].passed, compared) == (True, [])
    # Of pictures that are not of one search, all are compared.
    known.known(SEARCHED).clear()
    assert {one.check: one for one in examine(out, known=known)[0]} == findings
    assert len(compared) == 1
