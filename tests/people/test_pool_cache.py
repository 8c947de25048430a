"""What a build keeps of a pool: used where nothing changed, made anew where something did, harmless where broken."""

import json
import os
import shutil

import numpy as np
import pytest

from omni_persona_build.graph import PersonaGraph
from omni_persona_build.pipeline import build
from omni_persona_build.recipe import Recipe, load_recipe
from omni_persona_people import pool as pool_module
from omni_persona_people.errors import PoolError
from omni_persona_people.invent import EMBEDDED_POOL
from omni_persona_people.pool import read_pool
from omni_persona_people.pool_cache import FOLDER, PoolCache
from omni_persona_perception import Perception

FEW = Recipe.model_validate({"name": "few", "tasks": {"visual_to_bio": {"answerable": 2}}})


def _files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _counting(calls):
    """A perception that says of what it is asked."""

    def vectors(data):
        calls.extend(data)
        return np.array([[len(one), one[0], one[-1] + 1] for one in data], np.float32)

    return Perception("counting", vectors, vectors, lambda texts: np.eye(len(texts), dtype=np.float32))


@pytest.fixture
def decoded(monkeypatch):
    """The media that are decoded while a pool is read."""
    seen = []
    for name in ("decode_image", "decode_audio"):
        real = getattr(pool_module, name)
        monkeypatch.setattr(pool_module, name, lambda data, real=real: seen.append(data) or real(data))
    return seen


def test_a_second_build_decodes_and_describes_nothing_and_gives_the_same_bytes(pool, tmp_path, decoded):
    first, second = tmp_path / "a" / "omni-persona", tmp_path / "b" / "omni-persona"
    build(pool.folder, load_recipe("tiny"), first)
    assert len(decoded) == 12 * 8
    kept = _files(pool.folder / FOLDER)
    assert set(kept) == {"files.npz", "light-face.npz", "light-voice.npz"}
    build(pool.folder, load_recipe("tiny"), second)
    assert len(decoded) == 12 * 8
    assert _files(first) == _files(second)
    assert _files(pool.folder / FOLDER) == kept


def test_vectors_are_made_once_for_each_content_and_each_perception(pool):
    calls: list[bytes] = []
    people = read_pool(pool.folder)
    made = [PersonaGraph.of(people, perception=_counting(calls), remembered=PoolCache(pool.folder)) for _ in range(2)]
    assert len(calls) == 12 * (2 + 2)
    assert made[0].likeness(people[0], people[1]) == made[1].likeness(people[0], people[1])
    # A medium of another content is described; the others are not again.
    shutil.copy(pool.folder / "media/p1/i3.png", pool.folder / "media/p0/i0.png")
    again = read_pool(pool.folder)
    PersonaGraph.of(again, perception=_counting(calls), remembered=PoolCache(pool.folder))
    assert calls[48:] == [(pool.folder / "media/p1/i3.png").read_bytes()]


def test_a_file_that_changed_is_read_again(pool, decoded):
    read_pool(pool.folder, remembered=PoolCache(pool.folder))
    before = len(decoded)
    target = pool.folder / "media/p0/i0.png"
    target.write_bytes(b"not a picture any more")
    with pytest.raises(PoolError, match=r"personas.jsonl:1: media/p0/i0.png: not a readable picture"):
        read_pool(pool.folder, remembered=PoolCache(pool.folder))
    assert len(decoded) == before + 1


def test_a_content_that_changed_behind_its_time_is_noticed_when_it_is_written(pool, tmp_path):
    build(pool.folder, FEW, tmp_path / "first")
    for target in (pool.folder / "media").rglob("*.png"):
        stat, data = target.stat(), bytearray(target.read_bytes())
        data[-1] ^= 1
        target.write_bytes(data)
        os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(PoolError, match=r"i\d.png changed while the benchmark was built"):
        build(pool.folder, FEW, tmp_path / "second")


def test_a_picture_is_never_taken_for_a_clip(pool):
    read_pool(pool.folder, remembered=PoolCache(pool.folder))
    pool.lines[0]["audios"][0]["path"] = pool.lines[0]["images"][0]["path"]
    pool.save()
    with pytest.raises(PoolError, match=r"i0.png: not a readable clip"):
        read_pool(pool.folder, remembered=PoolCache(pool.folder))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 half an archive"])
def test_what_is_kept_may_be_broken_or_half_written(pool, tmp_path, decoded, content):
    build(pool.folder, FEW, tmp_path / "first")
    for kept in (pool.folder / FOLDER).iterdir():
        kept.write_bytes(content)
    build(pool.folder, FEW, tmp_path / "second")
    assert len(decoded) == 2 * 12 * 8
    assert _files(tmp_path / "first") == _files(tmp_path / "second")


def test_nothing_that_is_kept_is_unpickled(pool, tmp_path):
    (pool.folder / FOLDER).mkdir()
    with (pool.folder / FOLDER / "files.npz").open("wb") as file:
        np.savez(file, key=np.array([{"an": "object"}], dtype=object))
    assert len(read_pool(pool.folder, remembered=PoolCache(pool.folder))) == 12


def test_a_pool_that_cannot_be_written_to_is_read_all_the_same(pool, tmp_path):
    (pool.folder / FOLDER).write_text("a file where the folder would be")
    build(pool.folder, FEW, tmp_path / "first")
    assert (pool.folder / FOLDER).is_file()


def test_a_pool_that_is_marked_read_only_is_left_alone(pool, tmp_path):
    pool.folder.chmod(0o555)
    try:
        build(pool.folder, FEW, tmp_path / "first")
        assert not (pool.folder / FOLDER).exists()
    finally:
        pool.folder.chmod(0o755)


def test_the_embedded_pool_is_left_as_it_was_shipped(tmp_path):
    before = sorted(path.name for path in EMBEDDED_POOL.iterdir())
    build(EMBEDDED_POOL, FEW, tmp_path / "first")
    assert sorted(path.name for path in EMBEDDED_POOL.iterdir()) == before


def test_what_is_kept_says_nothing_of_profiles(pool, tmp_path):
    build(pool.folder, FEW, tmp_path / "first")
    kept = b"".join(_files(pool.folder / FOLDER).values())
    for line in pool.lines:
        assert line["name"].encode() not in kept
        assert json.dumps(line["profile"]["hobby"]).strip('"').encode() not in kept
