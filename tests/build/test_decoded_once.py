"""How often media are decoded, and solvers fitted."""

import hashlib
import sys
from collections import Counter
from importlib import import_module

from pool_folder import PoolFolder

from omni_persona_build.checks import check, examine
from omni_persona_build.pipeline import build
from omni_persona_build.recipe import load_recipe
from omni_persona_people.pool import read_pool
from omni_persona_perception import clips, likeness, pictures


def test_each_medium_is_decoded_once_by_check_and_by_reading_a_pool(tmp_path, monkeypatch):
    """All clips are taken for suspected copies, which need their samples."""
    pool = PoolFolder(tmp_path / "pool", people=16)
    decoded: Counter[tuple[str, str]] = Counter()
    compared: list[float] = []

    def counted(name, decode):
        def count(data, *given):
            decoded[name, hashlib.sha256(data).hexdigest()] += 1
            return decode(data, *given)

        return count

    for module, name in ((clips, "decode_audio"), (pictures, "decode_image")):
        real = getattr(module, name)
        for user in [one for one in sys.modules.values() if getattr(one, name, None) is real]:
            monkeypatch.setattr(user, name, counted(name, real))
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
