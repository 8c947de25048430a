"""How often media are decoded, and solvers fitted."""

import hashlib
import shutil
import sys
from collections import Counter
from importlib import import_module

import numpy as np
import pytest
from pool_folder import PoolFolder
from slow_cases import slow_but

from omni_persona_build.checks import check, examine
from omni_persona_build.checks import described as checks_described
from omni_persona_build.checks.known_media import TABLES
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import load_recipe
from omni_persona_people.pool import read_pool
from omni_persona_people.pool_cache import PoolCache
from omni_persona_perception import clips, likeness, pictures


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A pool, a dataset of it, and what is found in the dataset where nothing is known of its media."""
    folder = tmp_path_factory.mktemp("made")
    pool, out = PoolFolder(folder / "pool", people=16).folder, folder / "omni-persona"
    build(pool, load_recipe("tiny"), out)
    return pool, out, examine(out)


@pytest.fixture
def decoded(monkeypatch):
    """How often each content was decoded, by the decoder's name and the content's hash."""
    times: Counter[tuple[str, str]] = Counter()

    def counted(name, decode):
        def count(data, *given):
            times[name, hashlib.sha256(data).hexdigest()] += 1
            return decode(data, *given)

        return count

    for module, name in ((clips, "decode_audio"), (pictures, "decode_image")):
        real = getattr(module, name)
        for user in [one for one in sys.modules.values() if getattr(one, name, None) is real]:
            monkeypatch.setattr(user, name, counted(name, real))
    return times


def test_each_medium_is_decoded_once_by_check_and_by_reading_a_pool(tmp_path, monkeypatch, decoded):
    """All clips are taken for suspected copies, which need their samples."""
    pool = PoolFolder(tmp_path / "pool", people=16)
    compared: list[float] = []
    monkeypatch.setattr(likeness, "_LIKE_SPECTRUM", -1.0)
    monkeypatch.setattr(likeness, "_aligned", lambda *both: compared.append(0.0) or 0.0)
    read_pool(pool.folder)
    assert compared
    assert set(decoded.values()) == {1}
    build(pool.folder, load_recipe("tiny"), tmp_path / "omni-persona")
    decoded.clear()
    compared.clear()
    check(tmp_path / "omni-persona")
    assert compared
    assert set(decoded.values()) == {1}


@pytest.mark.slow
def test_what_a_build_knows_of_media_is_not_computed_again(made, tmp_path, monkeypatch, decoded):
    """A check after a build decodes and describes nothing, and one of a pool known in part the rest, once."""
    original, out, alone = made
    pool = shutil.copytree(original, tmp_path / "pool")
    described: Counter[str] = Counter()
    for name in ("face_vectors", "voice_vectors", "picture_print", "picture_facts", "clip_facts"):
        real = getattr(checks_described, name)
        monkeypatch.setattr(
            checks_described, name, lambda *given, name=name, real=real: described.update([name]) or real(*given)
        )
    decoded.clear()
    assert examine(out, known=PoolCache(pool)) == alone
    assert not decoded
    assert not described
    for sort in TABLES:
        (pool / ".omni-persona" / f"{TABLES[sort]['measures']}.npz").unlink()
        (pool / ".omni-persona" / f"{TABLES[sort]['vector']}.npz").unlink()
    assert examine(out, known=PoolCache(pool)) == alone
    assert set(decoded.values()) == {1}
    assert set(described) == {"face_vectors", "voice_vectors"}
    # The vectors of media that are for queries alone are compared by nobody.
    assert described.total() < len(decoded)
    decoded.clear()
    described.clear()
    assert examine(out, known=PoolCache(pool)) == alone
    assert not decoded
    assert not described


@pytest.mark.parametrize("width", slow_but([1], [1, 5000]))
def test_cached_descriptions_of_another_form_are_not_used(made, tmp_path, width):
    original, out, alone = made
    pool = shutil.copytree(original, tmp_path / "pool")
    keys = [*PoolCache(pool).known("print-picture"), *PoolCache(pool).known("print-clip")]
    for tables in TABLES.values():
        for table in tables.values():
            (pool / ".omni-persona" / f"{table}.npz").unlink(missing_ok=True)
            PoolCache(pool).learn(table, {key: np.ones(width, np.float32) for key in keys})
    if width == 1:  # that is the form of a picture's measures
        (pool / ".omni-persona" / f"{TABLES['image']['measures']}.npz").unlink()
    assert examine(out, known=PoolCache(pool)) == alone


@pytest.mark.slow
def test_findings_and_leaks_share_what_the_solvers_say(built, monkeypatch):
    fitted: Counter[str] = Counter()

    def counted(name, fit):
        def count(*given):
            fitted[name] += 1
            return fit(*given)

        return count

    # The package has functions of the same names as these modules.
    for part, name in (("shortcuts", "fitted_scores"), ("query_media", "scores_on_strangers")):
        module = import_module(f"omni_persona_build.checks.{part}")
        monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    findings, leaks = examine(built, with_leaks=False)
    assert leaks == []
    # The second is fitted for pictures and for clips.
    assert fitted == {"fitted_scores": 1, "scores_on_strangers": 2}
    fitted.clear()
    again, leaks = examine(built)
    assert again == findings
    assert len(leaks) == 144
    assert fitted == {"fitted_scores": 1, "scores_on_strangers": 2}
