"""The user's own key, by which the tables of `pool_cache` are known as written by this user on this machine.

The key is random and lies outside of all pools, in `$XDG_CACHE_HOME/omni-persona/` or `~/.cache/omni-persona/`, so that
who made a pool cannot forge a table of it. It protects no secret: if it is removed, tables are computed again.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
from pathlib import Path

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import make_folder, write_atomically

FILE = "pool-cache.key"
_BYTES = 32

_log = logging.getLogger("omni_persona")


def cache_key() -> bytes | None:
    """The user's key, created if there is none; None where no private file can be had, such as without a home."""
    folder = _folder()
    if folder is None:
        return None
    if not os.path.lexists(folder / FILE):
        try:
            make_folder(folder)
            # Of two processes that come here at once the later one wins: the tables of the other are computed again.
            write_atomically(folder / FILE, secrets.token_bytes(_BYTES), mode=0o600)
        except ArtifactError:
            return None
    key = _read(folder)
    if key is None:
        _log.warning(
            "%s is no file of %d bytes that only you can read and write, so nothing is cached beside pools; remove it "
            "to get a new one",
            folder / FILE,
            _BYTES,
        )
    return key


def _folder() -> Path | None:
    """The folder of the user's caches of this package, which may not exist; None if the user has no home."""
    caches = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # A relative place is ignored, as the XDG specification asks: it would lead into the current folder.
    if not caches.is_absolute():
        if os.environ.get("HOME") == "":
            return None
        try:
            caches = Path.home() / ".cache"
        except RuntimeError:
            return None
    return caches / "omni-persona" if caches.is_absolute() else None


def _read(folder: Path) -> bytes | None:
    """The key, if nobody else can have read or written it."""
    flags = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    try:
        with open(folder / FILE, "rb", opener=lambda path, mode: os.open(path, mode | flags)) as file:
            found = os.fstat(file.fileno())
            # Windows tells neither owners nor who may read.
            private = not hasattr(os, "geteuid") or (found.st_uid == os.geteuid() and not found.st_mode & 0o077)
            good = stat.S_ISREG(found.st_mode) and found.st_size == _BYTES and private and not folder.is_symlink()
            return file.read() if good else None
    except OSError:
        return None
