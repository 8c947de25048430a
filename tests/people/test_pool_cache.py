"""What a build keeps of a pool: used where nothing changed, made anew where something did, harmless where broken."""

import hashlib
import json
import os
import shutil
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image
from slow_cases import slow_but

from omni_persona_build.graph import PersonaGraph
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import Recipe, load_recipe
from omni_persona_people import known_files, media_files, near_copies
from omni_persona_people.errors import PoolError
from omni_persona_people.invent import EMBEDDED_POOL
from omni_persona_people.pool import read_pool
from omni_persona_people.pool_cache import FOLDER, PoolCache
from omni_persona_perception import Perception

FEW = Recipe.model_validate({"name": "few", "tasks": {"visual_to_bio": {"answerable": 2}}})


def _files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write_noise(path):
    """A picture like no other."""
    pixels = np.random.default_rng(99).integers(0, 255, (64, 64, 3)).astype("uint8")
    Image.fromarray(pixels).save(path)


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
        real = getattr(media_files, name)
        monkeypatch.setattr(media_files, name, lambda data, real=real: seen.append(data) or real(data))
    return seen


def test_a_second_build_decodes_and_describes_nothing_and_gives_the_same_bytes(pool, tmp_path, decoded, monkeypatch):
    monkeypatch.setattr(known_files, "_SETTLED", 0)  # the files of the pool are new
    first, second = tmp_path / "a" / "omni-persona", tmp_path / "b" / "omni-persona"
    build(pool.folder, load_recipe("tiny"), first)
    assert len(decoded) == 12 * 8
    kept = _files(pool.folder / FOLDER)
    facts = {"picture-facts.npz", "clip-facts.npz", "picture-measures.npz", "clip-measures.npz"}
    facts |= {"no-near-copies.npz", "pictures-areas.npz", "clips-areas.npz", "files.npz"}
    facts.add("searched-for-near-copies.npz")
    assert set(kept) == {"print-picture.npz", "print-clip.npz", "light-face.npz", "light-voice.npz"} | facts
    build(pool.folder, load_recipe("tiny"), second)
    assert len(decoded) == 12 * 8
    assert _files(first) == _files(second)
    assert _files(pool.folder / FOLDER) == kept


def test_a_table_that_a_killed_build_left_unfinished_is_removed(pool, tmp_path):
    unfinished = pool.folder / FOLDER / ".print-picture.npz.0123456789abcdef.tmp"
    unfinished.parent.mkdir()
    unfinished.write_bytes(b"half a table")
    build(pool.folder, FEW, tmp_path / "omni-persona")
    assert [file for file in _files(pool.folder / FOLDER) if not file.endswith(".npz")] == []


def test_vectors_are_made_once_for_each_content_and_each_perception(pool):
    calls: list[bytes] = []
    people = read_pool(pool.folder)
    made = [PersonaGraph.of(people, perception=_counting(calls), cache=PoolCache(pool.folder)) for _ in range(2)]
    assert len(calls) == 12 * (2 + 2)
    assert made[0].likeness(people[0], people[1]) == made[1].likeness(people[0], people[1])
    # A medium of another content is described; the others are not again.
    write_noise(pool.folder / "media/p0/i0.png")
    again = read_pool(pool.folder)
    PersonaGraph.of(again, perception=_counting(calls), cache=PoolCache(pool.folder))
    assert calls[48:] == [(pool.folder / "media/p0/i0.png").read_bytes()]


def test_a_file_that_changed_is_read_again(pool, decoded):
    read_pool(pool.folder, cache=PoolCache(pool.folder))
    before = len(decoded)
    target = pool.folder / "media/p0/i0.png"
    target.write_bytes(b"not a picture any more")
    with pytest.raises(PoolError, match=r"personas.jsonl:1: media/p0/i0.png: not a readable picture"):
        read_pool(pool.folder, cache=PoolCache(pool.folder))
    assert len(decoded) == before  # its first bytes show that it is no picture


def test_a_content_that_changed_behind_its_time_is_noticed(pool, tmp_path, decoded):
    build(pool.folder, FEW, tmp_path / "first")
    before = len(decoded)
    target = pool.folder / "media/p0/i0.png"
    stat = target.stat()
    write_noise(target)
    os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    people = read_pool(pool.folder, cache=PoolCache(pool.folder))
    assert people[0].pictures[0].read() == target.read_bytes()
    assert len(decoded) == before + 1


def test_a_content_that_changes_while_a_benchmark_is_built_is_noticed_when_it_is_written(pool, tmp_path):
    people = read_pool(pool.folder)
    target = pool.folder / "media/p0/i0.png"
    write_noise(target)
    with pytest.raises(PoolError, match=r"i0.png changed while the benchmark was built"):
        people[0].pictures[0].read()
    target.unlink()
    with pytest.raises(PoolError, match=r"i0.png: cannot be read"):
        people[0].pictures[0].read()


def test_a_picture_is_never_taken_for_a_clip(pool):
    read_pool(pool.folder, cache=PoolCache(pool.folder))
    pool.lines[0]["audios"][0]["path"] = pool.lines[0]["images"][0]["path"]
    pool.save()
    with pytest.raises(PoolError, match=r"i0.png: not a readable clip"):
        read_pool(pool.folder, cache=PoolCache(pool.folder))


@pytest.mark.parametrize("content", slow_but([b"no archive"], [b"", b"no archive", b"PK\x03\x04 half an archive"]))
def test_what_is_kept_may_be_broken_or_half_written(pool, tmp_path, decoded, content):
    build(pool.folder, FEW, tmp_path / "first")
    for kept in (pool.folder / FOLDER).iterdir():
        kept.write_bytes(content)
    build(pool.folder, FEW, tmp_path / "second")
    assert len(decoded) == 2 * 12 * 8
    assert _files(tmp_path / "first") == _files(tmp_path / "second")


KINDS = {"print-picture": 3072, "print-clip": 1024, "light-face": 2000, "light-voice": 19}


def _table(path, **columns):
    with path.open("wb") as file:
        np.savez(file, **columns)


def _spoil(kind, path, digests):
    """A table that holds what no build of ours would write."""
    width = KINDS[path.stem]
    good = np.full((len(digests), width), 1 / np.sqrt(width), np.float32)
    tables = {
        "not a number": {"key": digests, "vector": np.full_like(good, np.nan)},
        "without end": {"key": digests, "vector": np.full_like(good, np.inf)},
        "too large": {"key": digests, "vector": np.full_like(good, 1e30)},
        "too long": {"key": digests, "vector": np.ones((len(digests), width + 5), np.float32)},
        "too short": {"key": digests, "vector": np.ones((len(digests), 1), np.float32)},
        "of another kind": {"key": digests, "vector": good.astype(complex)},
        "doubles": {"key": digests, "vector": good.astype(np.float64)},
        "flat": {"key": digests, "vector": good[:, 0]},
        "fewer keys": {"key": digests[:-1], "vector": good},
        "keys of bytes": {"key": np.array(digests, "S"), "vector": good},
        "objects": {"key": np.array(digests, object), "vector": good},
        "no vectors": {"key": digests},
        "the old table": {"key": digests, "size": np.ones(len(digests)), "seconds": np.full(len(digests), 5.0)},
    }
    if kind in tables:
        _table(path, **tables[kind])
    elif kind == "packed":
        with path.open("wb") as file:
            np.savez_compressed(file, key=digests, vector=np.zeros((4000, width), np.float32))
    elif kind == "lying of its size":
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 3072), }".ljust(117) + b"\n"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("key.npy", b"")
            archive.writestr("vector.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a link in a circle":
        path.symlink_to(path.name)


POISON = (
    *("not a number", "without end", "too large", "too long", "too short", "of another kind", "doubles", "flat"),
    *("fewer keys", "keys of bytes", "objects", "no vectors", "the old table", "packed", "lying of its size"),
    *("a folder", "a pipe", "a link in a circle"),
)
FEW_POISONS = ("not a number", "too long", "objects", "lying of its size", "a pipe")


@pytest.fixture(scope="module")
def clean(shared_pool, tmp_path_factory):
    """What a build of the pool gives that trusts nothing that was kept."""
    out = tmp_path_factory.mktemp("clean") / "omni-persona"
    folder = tmp_path_factory.mktemp("pool") / "pool"
    shutil.copytree(shared_pool.folder, folder, ignore=shutil.ignore_patterns(FOLDER))
    build(folder, FEW, out)
    return _files(out)


@pytest.mark.parametrize("kind", slow_but(FEW_POISONS, POISON))
def test_a_poisoned_cache_is_dropped_and_changes_nothing(shared_pool, tmp_path, clean, kind):
    folder = shutil.copytree(shared_pool.folder, tmp_path / "pool", ignore=shutil.ignore_patterns(FOLDER))
    (folder / FOLDER).mkdir()
    for name in KINDS:
        suffixes = (".png",) if name in ("print-picture", "light-face") else (".wav",)
        media = sorted(path for path in folder.rglob("*") if path.suffix in suffixes)
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in media]
        _spoil(kind, folder / FOLDER / f"{name}.npz", digests)
    build(folder, FEW, tmp_path / "omni-persona")
    assert _files(tmp_path / "omni-persona") == clean


def _forged(table, vectors):
    """What the author of a pool may wish that others believe: one table's vectors, changed."""
    if table == "clip-facts":
        return vectors * 10  # of lengths
    if table.startswith("print-"):
        return np.repeat(vectors[:1], len(vectors), axis=0)  # all are near copies
    return np.roll(vectors, 1, axis=0)  # each is somebody else


def test_good_tables_of_another_user_are_dropped(shared_pool, tmp_path, clean, monkeypatch):
    folder = shutil.copytree(shared_pool.folder, tmp_path / "pool", ignore=shutil.ignore_patterns(FOLDER))
    tables = ("picture-facts", "clip-facts", *KINDS)
    with monkeypatch.context() as other:
        other.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
        build(folder, FEW, tmp_path / "theirs")
        for table in tables:
            known = PoolCache(folder).known(table)
            forged = dict(zip(known, _forged(table, np.stack(list(known.values()))), strict=True))
            PoolCache(folder).learn(table, forged)
            assert all(np.array_equal(PoolCache(folder).known(table)[key], forged[key]) for key in forged)
    assert [PoolCache(folder).known(table) for table in tables] == [{}] * len(tables)
    build(folder, FEW, tmp_path / "omni-persona")
    assert _files(tmp_path / "omni-persona") == clean
    assert all(PoolCache(folder).known(table) for table in tables)


def test_a_table_under_the_name_of_another_is_dropped(pool):
    cache = PoolCache(pool.folder)
    cache.learn("light-face", {"a": np.ones(3, np.float32)})
    shutil.copy(pool.folder / FOLDER / "light-face.npz", pool.folder / FOLDER / "light-voice.npz")
    assert list(PoolCache(pool.folder).known("light-face")) == ["a"]
    assert PoolCache(pool.folder).known("light-voice") == {}


@pytest.mark.parametrize("place", [0, 200, -40, -1])
def test_a_table_with_another_byte_is_dropped(pool, place):
    PoolCache(pool.folder).learn("light-face", {"a": np.ones(3, np.float32)})
    file = pool.folder / FOLDER / "light-face.npz"
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    assert PoolCache(pool.folder).known("light-face") == {}


def test_a_folder_that_is_a_link_is_neither_read_nor_written(pool, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (pool.folder / FOLDER).symlink_to(elsewhere)
    build(pool.folder, FEW, tmp_path / "first")
    assert list(elsewhere.iterdir()) == []


def test_a_table_that_is_a_link_is_replaced_and_what_it_led_to_is_left(pool, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("a thesis")
    (pool.folder / FOLDER).mkdir()
    (pool.folder / FOLDER / "print-clip.npz").symlink_to(precious)
    build(pool.folder, FEW, tmp_path / "first")
    assert precious.read_text() == "a thesis"
    assert not (pool.folder / FOLDER / "print-clip.npz").is_symlink()


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


def test_the_embedded_pool_is_left_as_it_was_shipped(embedded_built):
    before = json.loads((embedded_built / "before").read_text(encoding="utf-8"))
    assert sorted(path.name for path in EMBEDDED_POOL.iterdir()) == before


def test_what_is_kept_says_nothing_of_profiles(pool, tmp_path):
    build(pool.folder, FEW, tmp_path / "first")
    kept = b"".join(_files(pool.folder / FOLDER).values())
    for line in pool.lines:
        assert line["name"].encode() not in kept
        assert json.dumps(line["profile"]["hobby"]).strip('"').encode() not in kept


def test_near_copies_are_sought_again_only_in_a_pool_that_changed(pool, monkeypatch):
    sought = []
    for name in ("near_pictures", "near_clips"):
        real = getattr(near_copies, name)
        monkeypatch.setattr(near_copies, name, lambda *given, name=name, real=real: sought.append(name) or real(*given))
    both = ["near_pictures", "near_clips"]
    read_pool(pool.folder, cache=PoolCache(pool.folder))
    assert sought == both
    read_pool(pool.folder, cache=PoolCache(pool.folder))
    assert sought == both
    lines = [json.loads(line) for line in pool.file.read_text().splitlines()]
    first, second = (line["images"] for line in lines[:2])
    first[0], second[0] = second[0], first[0]
    pool.file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    read_pool(pool.folder, cache=PoolCache(pool.folder))
    assert sought == 2 * both


def test_comparing_pictures_is_reported_where_they_are_compared(pool):
    steps = []
    read_pool(pool.folder, cache=PoolCache(pool.folder), comparing=lambda *now: steps.append(now))
    assert steps[-1] == (48, 48)
    read_pool(pool.folder, cache=PoolCache(pool.folder), comparing=lambda *now: pytest.fail("compared again"))


def test_near_copies_are_told_each_time(pool):
    lines = [json.loads(line) for line in pool.file.read_text().splitlines()]
    lines[1]["images"][0] = lines[0]["images"][0]
    pool.file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for _ in range(2):
        with pytest.raises(PoolError, match="the same picture"):
            read_pool(pool.folder, cache=PoolCache(pool.folder))
