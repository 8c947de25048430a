"""The key by which a user's tables are known: made once, private, and never anything else of the user's."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from omni_persona_people.cache_key import FILE, cache_key
from omni_persona_people.pool_cache import FOLDER, PoolCache


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The folder of a user who has no key yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches" / "omni-persona"


def test_a_key_is_random_kept_and_private(place, monkeypatch, tmp_path):
    before = os.umask(0)
    try:
        key = cache_key()
    finally:
        os.umask(before)
    assert key is not None and len(key) == 32
    assert cache_key() == key == (place / FILE).read_bytes()
    assert stat.S_IMODE((place / FILE).stat().st_mode) == 0o600
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "others"))
    assert cache_key() not in (None, key)


def test_a_first_use_by_many_at_once_leaves_one_key(place):
    with ThreadPoolExecutor(16) as many:
        keys = list(many.map(lambda _: cache_key(), range(64)))
    assert None not in keys
    assert cache_key() in keys
    assert [path.name for path in place.iterdir()] == [FILE]


def _linked_folder(place):
    place.parent.mkdir()
    place.with_name("elsewhere").mkdir()
    (place.with_name("elsewhere") / FILE).write_bytes(b"x" * 32)
    (place.with_name("elsewhere") / FILE).chmod(0o600)
    place.symlink_to("elsewhere")


def _key(content=b"x" * 32, mode=0o600):
    def make(place):
        place.mkdir(parents=True)
        (place / FILE).write_bytes(content)
        (place / FILE).chmod(mode)

    return make


def _instead(make):
    def put(place):
        place.mkdir(parents=True)
        make(place / FILE)

    return put


def _thesis(file):
    file.with_name("thesis").write_bytes(b"x" * 32)
    file.with_name("thesis").chmod(0o600)
    file.symlink_to("thesis")


NO_KEYS = {
    "one that others can read": _key(mode=0o644),
    "one that others can write": _key(mode=0o620),
    "a short one": _key(b"x" * 31),
    "a long one": _key(b"x" * 33),
    "an empty one": _key(b""),
    "a link to a file of the user's": _instead(_thesis),
    "a dangling link": _instead(lambda file: file.symlink_to("nowhere")),
    "a link to itself": _instead(lambda file: file.symlink_to(file.name)),
    "a pipe": _instead(os.mkfifo),
    "a folder": _instead(os.mkdir),
    "a device": _instead(lambda file: file.symlink_to("/dev/zero")),
    "a folder that is a link": _linked_folder,
}


@pytest.mark.parametrize("kind", NO_KEYS)
def test_what_is_no_private_key_is_left_as_it_is_and_reported(place, kind, pool, caplog):
    NO_KEYS[kind](place)
    before = sorted(str(path) for path in place.parent.rglob("*"))
    assert cache_key() is None
    assert f"{place / FILE} is no file of 32 bytes that only you can read and write" in caplog.text
    cache = PoolCache(pool.folder)
    cache.learn("light-face", {"a": np.ones(3, np.float32)})
    assert list(cache.known("light-face")) == ["a"]
    assert not (pool.folder / FOLDER).exists()
    assert sorted(str(path) for path in place.parent.rglob("*")) == before


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs a system that tells owners")
def test_a_key_of_another_user_is_not_used(place, monkeypatch):
    assert cache_key() is not None
    monkeypatch.setattr(os, "geteuid", lambda: (place / FILE).stat().st_uid + 1)
    assert cache_key() is None


HOMELESS = {
    "an empty home": {"HOME": ""},
    "a relative home": {"HOME": "here"},
    "a relative place": {"HOME": "", "XDG_CACHE_HOME": "here"},
    "a file for a home": {"HOME": "{file}"},
    "a place in a file": {"XDG_CACHE_HOME": "{file}/caches"},
    "a place that cannot be made": {"XDG_CACHE_HOME": "/proc/nowhere"},
    "a home that nobody can name": {"HOME": "/" + "x" * 300},
}


@pytest.mark.parametrize("case", HOMELESS)
def test_without_a_home_all_is_computed_anew_and_nothing_written(case, tmp_path, monkeypatch, pool, caplog):
    (tmp_path / "file").write_text("mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name, value in HOMELESS[case].items():
        monkeypatch.setenv(name, value.format(file=tmp_path / "file"))
    before = sorted(tmp_path.rglob("*"))
    for _ in range(2):
        cache = PoolCache(pool.folder)
        assert cache.known("light-face") == {}
        cache.learn("light-face", {"a": np.ones(3, np.float32)})
    assert sorted(tmp_path.rglob("*")) == before
    assert caplog.text == ""


def test_without_a_place_of_its_own_the_key_is_among_the_caches_of_the_home(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_key() == (tmp_path / ".cache" / "omni-persona" / FILE).read_bytes()
