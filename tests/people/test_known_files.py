"""Media that have not changed are not read again; whatever changes them in any way is noticed."""

import os
import shutil
import time
from dataclasses import astuple

import numpy as np
import pytest
from pool_folder import PoolFolder
from slow_cases import slow_but

from omni_persona_build import dataset_rows, pipeline
from omni_persona_build.pipeline import build
from omni_persona_build.prepare import prepare
from omni_persona_build.recipes import load_recipe
from omni_persona_people import known_files, media_files
from omni_persona_people.errors import PoolError
from omni_persona_people.known_files import TABLE, Content, KnownFiles, stamp_of
from omni_persona_people.media_files import MediaReader
from omni_persona_people.pool import read_pool
from omni_persona_people.pool_cache import PoolCache


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """A pool that was read an hour ago, by its clock."""
    folder = PoolFolder(tmp_path / "people", 2).folder
    now = time.time_ns
    monkeypatch.setattr(known_files.time, "time_ns", lambda: now() + 3600 * 10**9)
    read_pool(folder, cache=PoolCache(folder))
    return folder


@pytest.fixture
def read(monkeypatch):
    """The media that are read, by path."""
    paths = []
    real = media_files.read_medium
    monkeypatch.setattr(media_files, "read_medium", lambda file: paths.append(file) or real(file))
    return paths


def _people(folder):
    return read_pool(folder, cache=PoolCache(folder))


def _as_known(people):
    """All that is known of people's media."""
    return [
        (medium.digest, medium.stored, medium.size, medium.suffix, medium.traced, getattr(medium, "seconds", None))
        for person in people
        for medium in person.media()
    ]


def test_what_has_not_changed_is_not_read_again(pool, read):
    people = _people(pool)
    assert read == []
    assert _as_known(people) == _as_known(read_pool(pool))
    assert len(read) == 16
    assert [person.pictures[0].read() for person in people] == [
        (pool / f"media/p{number}/i0.png").read_bytes() for number in range(2)
    ]


def _rewritten(file):
    data = bytearray(file.read_bytes())
    data[-20] ^= 1  # in the checksum of the picture's last part
    file.write_bytes(data)


def _replaced(file):
    copy = file.with_name("copy.png")
    shutil.copy2(file, copy)
    copy.replace(file)


def _touched(file):
    os.utime(file, ns=(0, 0))


def _relinked(file):
    file.rename(file.with_name("there.png"))
    file.symlink_to("there.png")


@pytest.mark.parametrize("change", [_rewritten, _replaced, _touched, _relinked])
@pytest.mark.parametrize("times_set_back", [False, True])
def test_a_file_that_was_changed_is_read_again(pool, read, change, times_set_back):
    target = pool / "media/p0/i0.png"
    before = target.stat()
    change(target)
    if times_set_back:
        os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    if change is _rewritten:
        with pytest.raises(PoolError, match=r"i0\.png"):
            _people(pool)
    else:
        _people(pool)
    assert read == [target]


def test_a_copy_of_a_pool_is_read_again(pool, read, tmp_path):
    shutil.copytree(pool, tmp_path / "copy")
    _people(tmp_path / "copy")
    assert len(read) == 16


def test_a_file_that_changed_a_moment_ago_is_not_trusted(tmp_path, read):
    folder = PoolFolder(tmp_path / "people", 2).folder
    for _ in range(2):
        _people(folder)
    assert len(read) == 32
    assert stamp_of(folder / "media/p0/i0.png") is None


def test_a_file_that_changes_while_it_is_read_is_not_known(pool, monkeypatch, read):
    target = pool / "media/p0/i0.png"
    _touched(target)
    content_of = media_files.content_of

    def changes_meanwhile(data, kind):
        os.utime(target, ns=(1, 1))
        return content_of(data, kind)

    monkeypatch.setattr(media_files, "content_of", changes_meanwhile)
    _people(pool)
    monkeypatch.setattr(media_files, "content_of", content_of)
    _people(pool)
    assert read == [target, target]


def test_a_file_that_is_gone_or_none_is_told_of_as_ever(pool):
    target = pool / "media/p0/i0.png"
    target.unlink()
    with pytest.raises(PoolError, match=r"no file 'media/p0/i0\.png'"):
        _people(pool)
    os.mkfifo(target)
    with pytest.raises(PoolError, match=r"no file 'media/p0/i0\.png'; it is a folder, a pipe or a device"):
        _people(pool)


def test_a_clip_is_not_taken_for_the_picture_of_its_path(pool):
    reader = MediaReader(pool.resolve(), PoolCache(pool), keep_metadata=False)
    reader.read("media/p0/i0.png", "picture")
    with pytest.raises(media_files.MediaError, match="not"):
        reader.read("media/p0/i0.png", "clip")


def test_the_table_of_another_user_is_not_believed(pool, read, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other user"))
    _people(pool)
    assert len(read) == 16


def test_what_is_known_comes_back_as_it_was_written(tmp_path):
    cache = PoolCache(tmp_path)
    file = tmp_path / "ß 誰.png"
    file.write_bytes(b"x")
    os.utime(file, (0, 0))
    content = Content("a" * 64, "b" * 64, 1 << 40, 7, ".png", 1.1)
    known = KnownFiles(cache)
    known._now["ß 誰.png", "picture"] = ("1 2 3 4", content)
    known.keep()
    again = KnownFiles(PoolCache(tmp_path))
    assert again.content("ß 誰.png", "clip", "1 2 3 4") is None
    assert again.content("ß 誰.png", "picture", None) is None
    assert astuple(again.content("ß 誰.png", "picture", "1 2 3 4")) == astuple(content)
    assert all(not np.issubdtype(column.dtype, np.object_) for column in PoolCache(tmp_path).columns(TABLE).values())


@pytest.mark.parametrize(
    "apart_bytes",
    slow_but([dataset_rows.APART_BYTES], [0, dataset_rows.APART_BYTES]),
    ids=["written apart", "written here"],
)
def test_a_content_that_changes_after_the_pool_was_read_ends_the_build(tmp_path, monkeypatch, apart_bytes):
    monkeypatch.setattr(dataset_rows, "APART_BYTES", apart_bytes)
    pool = PoolFolder(tmp_path / "people", 12).folder

    def prepared_then_changed(*arguments):
        prepared = prepare(*arguments)
        for picture in prepared.made.graph.people[0].pictures:
            picture.path.write_bytes(b"other")
        return prepared

    monkeypatch.setattr(pipeline, "prepare", prepared_then_changed)
    with pytest.raises(PoolError, match=r"\.png changed while the benchmark was built"):
        build(pool, load_recipe("tiny"), tmp_path / "omni-persona")
    assert [one.name for one in tmp_path.iterdir()] == [pool.name]


def test_a_change_that_its_times_do_not_tell_is_told_with_what_to_do(tmp_path, monkeypatch):
    """As by a memory map, or a disk that fails."""
    monkeypatch.setattr(known_files, "stamp_of", lambda file: "the same")
    monkeypatch.setattr(media_files, "stamp_of", lambda file: "the same")
    pool = PoolFolder(tmp_path / "people", 12).folder
    _people(pool)
    for picture in (pool / "media").glob("*/i*.png"):
        _rewritten(picture)
    with pytest.raises(PoolError, match=r"remove \.omni-persona/files\.npz in the pool"):
        build(pool, load_recipe("tiny"), tmp_path / "omni-persona")
