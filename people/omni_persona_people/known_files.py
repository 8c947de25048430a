"""What is known of a pool's files that were read before, as long as they have not changed.

A file is taken for unchanged if its inode, size and times are those of the file that was read, as `git` and `make` do;
its time of change cannot be set back. So reading a pool again needs not read its media. The bytes that go into a
dataset are compared with their SHA-256 when they are written, whatever is known here.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from omni_persona_people.pool_cache import PoolCache

TABLE = "files"
_SETTLED = 3 * 10**9
"""Nanoseconds since its last change after which a file's times are trusted: clocks of file systems are coarse, and two
changes within one tick look like one."""


@dataclass(frozen=True)
class Content:
    """What is known from a file's bytes without decoding them."""

    stored: str
    """SHA-256 of the file, in hex."""
    bare: str
    """SHA-256 of the file without personal metadata."""
    size: int
    bare_size: int
    suffix: str
    seconds: float
    """Duration of a clip; 0 for a picture."""


class KnownFiles:
    """The contents of files by path and kind of medium, as a table of a pool's cache."""

    def __init__(self, cache: PoolCache) -> None:
        self._cache = cache
        self._known = _unpacked(cache.columns(TABLE)) if os.name == "posix" else {}
        self._now: dict[tuple[str, str], tuple[str, Content]] = {}

    def sha256(self, path: str, file: Path) -> str | None:
        """SHA-256 of a file that was read before and has not changed since, in hex."""
        known = [self._known[path, kind] for kind in ("picture", "clip") if (path, kind) in self._known]
        stamp = stamp_of(file) if known else None
        return next((content.stored for before, content in known if before == stamp), None)

    def content(self, path: str, kind: str, stamp: str | None) -> Content | None:
        """What was read under a path in a pool; None if nothing was, or if the file has another stamp now."""
        known = self._known.get((path, kind))
        if known is None or known[0] != stamp:
            return None
        self._now[path, kind] = known
        return known[1]

    def learn(self, path: str, kind: str, before: str | None, file: Path, content: Content) -> None:
        """Enter what was read. before: the file's stamp before it was read; nothing is entered if it changed since."""
        if before is not None and before == stamp_of(file):
            self._now[path, kind] = (before, content)

    def keep(self) -> None:
        """Write what was read or found unchanged, in place of what was known, if that differs."""
        if self._now and self._now != self._known and os.name == "posix":
            self._cache.write_columns(TABLE, _packed(self._now))


def stamp_of(file: Path) -> str | None:
    """Inode, size and times of a regular file; None for anything else, and for one that changed a moment ago: another
    change might leave its times as they are.
    """
    try:
        found = file.stat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode) or time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) < _SETTLED:
        return None
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def _packed(known: Mapping[tuple[str, str], tuple[str, Content]]) -> dict[str, Any]:
    rows = [
        {"path": path, "kind": kind, "stamp": stamp, **asdict(content)}
        for (path, kind), (stamp, content) in sorted(known.items())
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _unpacked(columns: Mapping[str, Any]) -> dict[tuple[str, str], tuple[str, Content]]:
    if not columns:
        return {}
    rows = zip(*(columns[name].tolist() for name in ("path", "kind", "stamp", *Content.__annotations__)), strict=True)
    return {(path, kind): (stamp, Content(*content)) for path, kind, stamp, *content in rows}
